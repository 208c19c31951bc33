{{/* The official image's user is root; MinIO needs none in particular. */}}
{{- define "minio.user" -}}1000{{- end }}

{{- define "minio.rootSecret" -}}
{{- .Values.existingSecret | default (printf "%s-minio-root" .Release.Name) -}}
{{- end }}

{{/* MinIO's own image stands in a registry of its own. */}}
{{- define "minio.image" -}}
{{- printf "%s:%s" .Values.image.repository .Values.image.tag -}}
{{- end }}

{{/* Where a server finds the drives, its own and the others'. */}}
{{- define "minio.drives" -}}
{{- $name := include "dronewatch-lib.fullname" . -}}
{{- $drives := ternary "/data-0" (printf "/data-{0...%d}" (sub (int .Values.drivesPerNode) 1)) (eq (int .Values.drivesPerNode) 1) -}}
{{- if eq (int .Values.nodes) 1 -}}
{{ $drives }}
{{- else -}}
{{- printf "http://%s-{0...%d}.%s-nodes.%s.svc:9000%s" $name (sub (int .Values.nodes) 1) $name .Release.Namespace $drives -}}
{{- end -}}
{{- end }}

{{/* What no schema can say. */}}
{{- define "minio.checks" -}}
{{- if has (int .Values.nodes) (list 2 3) -}}
{{- fail (printf "minio: nodes is %d. Take 1, or 4 and more: with fewer than 4 erasure coding survives the loss of none." (int .Values.nodes)) -}}
{{- end -}}
{{- end }}

{{/* A Job's pod, by (dict "root" $ "component" ... "account" ... "args" ... "mounts" ... "volumes" ...). */}}
{{- define "minio.jobPod" -}}
metadata:
  labels: {{- include "dronewatch-lib.podLabels" (list .root .component) | nindent 4 }}
spec:
  restartPolicy: OnFailure
  serviceAccountName: {{ .account }}
  automountServiceAccountToken: {{ .usesApi }}
  enableServiceLinks: false
  {{- with include "dronewatch-lib.pullSecrets" .root }}
  imagePullSecrets: {{- . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "dronewatch-lib.podSecurityContext" (include "dronewatch-lib.user" .root) | nindent 4 }}
  {{- with include "dronewatch-lib.placement" .root }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: provisioning
      image: {{ include "dronewatch-lib.image" (list .root .root.Values.provisioning.image) }}
      imagePullPolicy: {{ (include "dronewatch-lib.global" .root | fromYaml).image.pullPolicy }}
      args: {{- toYaml .args | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      resources: {{- toYaml .root.Values.provisioning.resources | nindent 8 }}
      securityContext: {{- include "dronewatch-lib.containerSecurityContext" .root | nindent 8 }}
      {{- with .mounts }}
      volumeMounts: {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- with .volumes }}
  volumes: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Before install and upgrade, in the order of the weight. */}}
{{- define "minio.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
