{{/*
A Job's pod, by (dict "root" $ "component" "of its labels" "account" "its ServiceAccount" "usesApi" false
"name" "of the container" "image" .Values.image "resources" ... "args" (list ...)); and if it needs them
"env", list items as text, "mounts" and "volumes". Retried where it runs.
*/}}
{{- define "dronewatch-lib.jobPod" -}}
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
    - name: {{ .name }}
      image: {{ include "dronewatch-lib.image" (list .root .image) }}
      imagePullPolicy: {{ (include "dronewatch-lib.global" .root | fromYaml).image.pullPolicy }}
      args: {{- toYaml .args | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      {{- with .env }}
      env: {{- . | nindent 8 }}
      {{- end }}
      resources: {{- toYaml .resources | nindent 8 }}
      securityContext: {{- include "dronewatch-lib.containerSecurityContext" .root | nindent 8 }}
      {{- with .mounts }}
      volumeMounts: {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- with .volumes }}
  volumes: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
