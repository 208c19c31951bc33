{{/* What this component gives to the library's templates; see the library's _workload.tpl. */}}

{{- define "archiving.module" -}}
[services.archiving]
{{- end }}

{{- define "archiving.settings" -}}
reports_topic: reports
group: archiving
s3_bucket: {{ (include "dronewatch-lib.global" . | fromYaml).s3.bucket | quote }}
object_mebibytes: {{ .Values.objectMebibytes }}
object_age_seconds: {{ .Values.objectAgeSeconds }}
memory_mebibytes: {{ .Values.memoryMebibytes }}
session_timeout_seconds: {{ .Values.sessionTimeoutSeconds }}
{{- end }}

{{- define "archiving.flushAgeSeconds" -}}{{ .Values.objectAgeSeconds }}{{- end }}

{{- define "archiving.strategy" -}}
type: RollingUpdate
rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
{{- end }}

{{- define "archiving.env" -}}
{{ include "dronewatch-lib.s3Env" . }}
{{- end }}
{{- define "archiving.volumes" -}}{{- end }}
{{- define "archiving.volumeMounts" -}}{{- end }}
