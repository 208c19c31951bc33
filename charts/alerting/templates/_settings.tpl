{{/* What this component gives to the library's templates; see the library's _workload.tpl. */}}

{{- define "alerting.module" -}}
[services.alerting]
{{- end }}

{{- define "alerting.settings" -}}
reports_topic: reports
alerts_topic: alerts
rejected_topic: reports-rejected
group: alerting
human_codes: {{ join "," .Values.humanCodes | quote }}
agitation_below: {{ .Values.agitationBelow }}
alert_sources: {{ join "," .Values.alertSources | quote }}
session_timeout_seconds: {{ .Values.sessionTimeoutSeconds }}
{{- end }}

{{/* It commits about once a second. */}}
{{- define "alerting.flushAgeSeconds" -}}1{{- end }}

{{- define "alerting.strategy" -}}
type: RollingUpdate
rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
{{- end }}

{{- define "alerting.env" -}}{{- end }}
{{- define "alerting.volumes" -}}{{- end }}
{{- define "alerting.volumeMounts" -}}{{- end }}
