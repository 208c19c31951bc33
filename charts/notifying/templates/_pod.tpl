{{/* The pods of one channel; all of it takes a part, see _channel.tpl. */}}

{{- define "notifying.deployment" -}}
{{- $component := include "notifying.component" . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "notifying.part" . }}
  labels: {{- include "dronewatch-lib.labels" (list . $component) | nindent 4 }}
spec:
  replicas: {{ (get .Values.channels .channel).replicas }}
  revisionHistoryLimit: 3
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {{- include "dronewatch-lib.selectorLabels" (list . $component) | nindent 6 }}
  template:
    metadata:
      labels: {{- include "dronewatch-lib.podLabels" (list . $component) | nindent 8 }}
      {{- with .Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- include "notifying.podSpec" . | nindent 6 }}
{{- end }}

{{- define "notifying.podSpec" -}}
serviceAccountName: {{ include "dronewatch-lib.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with include "dronewatch-lib.pullSecrets" . }}
imagePullSecrets: {{- . | nindent 2 }}
{{- end }}
securityContext: {{- include "dronewatch-lib.podSecurityContext" (include "dronewatch-lib.user" .) | nindent 2 }}
{{- with include "dronewatch-lib.placement" . }}
{{- . }}
{{- end }}
topologySpreadConstraints: {{- include "dronewatch-lib.spread" (list . (include "notifying.component" .)) | nindent 2 }}
containers:
  - name: notifying
    args: [services.notifying, {{ .channel }}]
    ports:
      - name: health
        containerPort: 8080
    {{- include "dronewatch-lib.probes" "health" | nindent 4 }}
    {{- include "notifying.container" . | nindent 4 }}
  {{- if include "notifying.isRetried" . }}
  - name: retries
    args: [services.notifying, {{ .channel }}, --retries, --health-port=8081]
    ports:
      - name: health-retries
        containerPort: 8081
    {{- include "dronewatch-lib.probes" "health-retries" | nindent 4 }}
    {{- include "notifying.container" . | nindent 4 }}
  {{- end }}
volumes:
  {{- include "dronewatch-lib.kafkaVolume" . | nindent 2 }}
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- with include "notifying.caSecret" . }}
  - name: channel-ca
    secret:
      secretName: {{ . }}
      items:
        - key: ca.crt
          path: ca.crt
  {{- end }}
{{- end }}

{{/* What both containers have. */}}
{{- define "notifying.container" -}}
image: {{ include "dronewatch-lib.image" (list . .Values.image) }}
imagePullPolicy: {{ (include "dronewatch-lib.global" . | fromYaml).image.pullPolicy }}
# Why it ended is its last line, which `kubectl describe` then shows.
terminationMessagePolicy: FallbackToLogsOnError
env:
  {{- include "dronewatch-lib.settings" . | nindent 2 }}
  {{- include "dronewatch-lib.kafkaEnv" . | nindent 2 }}
  {{- with include "notifying.env" . }}
  {{- . | nindent 2 }}
  {{- end }}
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext: {{- include "dronewatch-lib.containerSecurityContext" . | nindent 2 }}
volumeMounts:
  {{- include "dronewatch-lib.kafkaVolumeMount" . | nindent 2 }}
  - name: tmp
    mountPath: /tmp
  {{- if include "notifying.caSecret" . }}
  - name: channel-ca
    mountPath: /etc/dronewatch/channel
    readOnly: true
  {{- end }}
{{- end }}
