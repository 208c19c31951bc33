{{/*
A Job cannot be changed, so its name carries a mark of its spec: whatever is changed makes a new Job,
and an upgrade that changes nothing leaves the old one. The new one finds the old one's checkpoints.
*/}}
{{- define "loading.jobName" -}}
{{- printf "%s-%s" (include "dronewatch-lib.fullname" .) (include "loading.jobSpec" . | sha256sum | trunc 8) -}}
{{- end }}

{{- define "loading.jobSpec" -}}
backoffLimit: {{ .Values.retries }}
# Never two at once, as they would share a checkpoint: the next pod comes when the last has ended.
podReplacementPolicy: Failed
podFailurePolicy:
  rules:
    # Bad usage stays bad.
    - action: FailJob
      onExitCodes:
        containerName: loading
        operator: In
        values: [2]
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
# No ttlSecondsAfterFinished: the next `helm upgrade` would make the Job again.
template: {{- include "loading.podTemplate" . | nindent 2 }}
{{- end }}

{{- define "loading.folder" -}}/var/lib/dronewatch{{- end }}

{{/* Of the source, on the Job's volume: a file of the same name from elsewhere is another file. */}}
{{- define "loading.subfolder" -}}
{{- list .Values.source.kind (include "loading.sourceName" .) .Values.source.edition | compact | join "-" -}}
{{- end }}

{{- define "loading.sourceName" -}}
{{- $ofBucket := ternary (include "dronewatch-lib.global" . | fromYaml).s3.bucket "" (eq .Values.source.kind "bucket") -}}
{{- .Values.source.name | default $ofBucket -}}
{{- end }}

{{/* Where the source's files stand, as a YAML list. */}}
{{- define "loading.files" -}}
{{- range .Values.source.files }}
- {{ ternary (printf "%s/%s" (include "loading.folder" $) (base .)) (printf "/srv/history/%s" .) (eq $.Values.source.kind "bucket") | quote }}
{{- end }}
{{- end }}

{{- define "loading.podTemplate" -}}
metadata:
  labels: {{- include "dronewatch-lib.podLabels" (list . .Chart.Name) | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  # What a pod that failed has said stays to be read.
  restartPolicy: Never
  serviceAccountName: {{ include "dronewatch-lib.fullname" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with include "dronewatch-lib.pullSecrets" . }}
  imagePullSecrets: {{- . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "dronewatch-lib.podSecurityContext" (include "dronewatch-lib.user" .) | nindent 4 }}
  {{- with include "dronewatch-lib.placement" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if eq .Values.source.kind "bucket" }}
  initContainers:
    - {{ include "loading.fetching" . | nindent 6 | trim }}
  {{- end }}
  containers:
    - {{ include "loading.container" . | nindent 6 | trim }}
  volumes: {{- include "loading.volumes" . | nindent 4 }}
{{- end }}

{{- define "loading.container" -}}
name: loading
image: {{ include "dronewatch-lib.image" (list . .Values.image) }}
imagePullPolicy: {{ (include "dronewatch-lib.global" . | fromYaml).image.pullPolicy }}
args:
  - services.loading
  - --topic=reports
  - --checkpoint={{ include "loading.folder" . }}
  - --rejected={{ include "loading.folder" . }}
  - --max-rejected={{ .Values.maxRejected }}
  {{- with .Values.rate }}
  - --rate={{ int64 . }}
  {{- end }}
  {{- include "loading.files" . | trim | nindent 2 }}
# Why it ended is its last line, which `kubectl describe` then shows.
terminationMessagePolicy: FallbackToLogsOnError
env: {{- include "dronewatch-lib.kafkaEnv" . | nindent 2 }}
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext: {{- include "dronewatch-lib.containerSecurityContext" . | nindent 2 }}
volumeMounts:
  {{- include "dronewatch-lib.kafkaVolumeMount" . | nindent 2 }}
  {{- include "loading.volumeMount" . | nindent 2 }}
  {{- if ne .Values.source.kind "bucket" }}
  - name: history
    mountPath: /srv/history
    readOnly: true
  {{- end }}
{{- end }}

{{/*
The loader reads files, and its image has no client of the store: so the objects are copied first,
whole, onto the volume that the Job has anyway. A copy that stands there is not made again.
*/}}
{{- define "loading.fetching" -}}
name: fetching
image: {{ include "dronewatch-lib.image" (list . .Values.fetching.image) }}
imagePullPolicy: {{ (include "dronewatch-lib.global" . | fromYaml).image.pullPolicy }}
args:
  - services.provisioning
  - fetch
  - --bucket={{ include "loading.sourceName" . }}
  - --folder={{ include "loading.folder" . }}
  {{- range .Values.source.files }}
  - {{ . | quote }}
  {{- end }}
terminationMessagePolicy: FallbackToLogsOnError
env: {{- include "dronewatch-lib.s3Env" . | nindent 2 }}
resources: {{- toYaml .Values.fetching.resources | nindent 2 }}
securityContext: {{- include "dronewatch-lib.containerSecurityContext" . | nindent 2 }}
volumeMounts: {{- include "loading.volumeMount" . | nindent 2 }}
{{- end }}

{{- define "loading.volumeMount" -}}
- name: progress
  mountPath: {{ include "loading.folder" . }}
  subPath: {{ include "loading.subfolder" . }}
{{- end }}

{{- define "loading.volumes" -}}
{{ include "dronewatch-lib.kafkaVolume" . }}
- name: progress
  persistentVolumeClaim:
    claimName: {{ include "dronewatch-lib.fullname" . }}
{{- if eq .Values.source.kind "claim" }}
- name: history
  persistentVolumeClaim:
    claimName: {{ .Values.source.name }}
    readOnly: true
{{- else if eq .Values.source.kind "configMap" }}
- name: history
  configMap:
    name: {{ .Values.source.name }}
{{- end }}
{{- end }}

{{/* What no schema can say. */}}
{{- define "loading.checks" -}}
{{- $names := list -}}
{{- range .Values.source.files -}}
{{- $names = append $names (base .) -}}
{{- end -}}
{{- if not (include "loading.sourceName" .) -}}
{{- fail (printf "loading: source.files says what to load, but source.name not from which %s." .Values.source.kind) -}}
{{- end -}}
{{- if lt (len (uniq $names)) (len $names) -}}
{{- fail "loading: two of source.files have one name: they would share a checkpoint. Load them one after the other, with another source.edition." -}}
{{- end -}}
{{- end }}
