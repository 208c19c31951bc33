{{/* Of Strimzi's pods: its default provider does not make them fit the restricted standard. */}}
{{- define "kafka.podTemplate" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  fsGroup: 0
  seccompProfile:
    type: RuntimeDefault
{{- with include "dronewatch-lib.pullSecrets" . }}
imagePullSecrets: {{- . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "kafka.affinity" . }}
affinity: {{- . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Strimzi's pods know no nodeSelector: it is said as a node affinity. */}}
{{- define "kafka.affinity" -}}
{{- $affinity := deepCopy .Values.affinity -}}
{{- if .Values.nodeSelector -}}
{{- $terms := list -}}
{{- range $key, $value := .Values.nodeSelector -}}
{{- $terms = append $terms (dict "key" $key "operator" "In" "values" (list $value)) -}}
{{- end -}}
{{- $_ := set $affinity "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" (list (dict "matchExpressions" $terms)))) -}}
{{- end -}}
{{- with $affinity }}{{ toYaml . }}{{ end -}}
{{- end }}

{{- define "kafka.containerSecurityContext" -}}
allowPrivilegeEscalation: false
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}
