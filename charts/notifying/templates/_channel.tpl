{{/*
What one channel needs. These templates take a part: the chart's root context with the `channel`'s
name beside it.
*/}}

{{/* Names of the enabled channels, as a YAML list. */}}
{{- define "notifying.enabled" -}}
{{- range $channel, $settings := .Values.channels }}
{{- if $settings.enabled }}
- {{ $channel }}
{{- end }}
{{- end }}
{{- end }}

{{- define "notifying.part" -}}
{{- include "dronewatch-lib.fullname" . }}-{{ .channel -}}
{{- end }}

{{- define "notifying.component" -}}
notifying-{{ .channel }}
{{- end }}

{{/* A log takes all: nothing of it is ever tried again. */}}
{{- define "notifying.isRetried" -}}
{{- if ne .channel "log" }}true{{ end -}}
{{- end }}

{{- define "notifying.settings" -}}
window_seconds: {{ .Values.windowSeconds }}
session_timeout_seconds: {{ .Values.sessionTimeoutSeconds }}
{{ include (printf "notifying.settings.%s" .channel) . }}
{{- end }}

{{- define "notifying.settings.email" -}}
{{- $email := .Values.channels.email -}}
give_up_hours: {{ .Values.giveUpHours }}
email_to: {{ join "," $email.to | quote }}
email_from: {{ $email.from | quote }}
email_per_minute: {{ $email.perMinute }}
smtp_host: {{ $email.smtp.host | quote }}
smtp_port: {{ $email.smtp.port | default "" }}
smtp_security: {{ $email.smtp.security }}
smtp_user: {{ $email.smtp.user | quote }}
smtp_ca_file: {{ ternary "/etc/dronewatch/channel/ca.crt" "" (ne $email.smtp.caSecret "") | quote }}
{{- end }}

{{- define "notifying.settings.webhook" -}}
{{- $webhook := .Values.channels.webhook -}}
give_up_hours: {{ .Values.giveUpHours }}
webhook_url: {{ $webhook.url | quote }}
webhook_per_minute: {{ $webhook.perMinute | default "" }}
webhook_ca_file: {{ ternary "/etc/dronewatch/channel/ca.crt" "" (ne $webhook.caSecret "") | quote }}
{{- end }}

{{- define "notifying.settings.log" -}}{{- end }}

{{/* The channel's secret as a variable: its name, the Secret, the key there. */}}
{{- define "notifying.secret" -}}
{{- if eq .channel "email" -}}
{{- $smtp := .Values.channels.email.smtp -}}
{{- toYaml (list "DRONEWATCH_SMTP_PASSWORD" $smtp.existingSecret "password") -}}
{{- else if eq .channel "webhook" -}}
{{- toYaml (list "DRONEWATCH_WEBHOOK_SECRET" .Values.channels.webhook.existingSecret "secret") -}}
{{- end -}}
{{- end }}

{{- define "notifying.env" -}}
{{- with include "notifying.secret" . | fromYamlArray }}
{{- if index . 1 -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* The Secret with the CA of the channel's server; empty for the public ones. */}}
{{- define "notifying.caSecret" -}}
{{- if eq .channel "email" -}}
{{- .Values.channels.email.smtp.caSecret -}}
{{- else if eq .channel "webhook" -}}
{{- .Values.channels.webhook.caSecret -}}
{{- end -}}
{{- end }}

{{/* What no schema can say. */}}
{{- define "notifying.checks" -}}
{{- $settings := get .Values.channels .channel -}}
{{- $partitions := int (include "dronewatch-lib.global" . | fromYaml).topics.alerts.partitions -}}
{{- if gt (int $settings.replicas) $partitions -}}
{{- fail (printf "notifying: channels.%s.replicas is %d, but the topic alerts has %d partitions (global.topics.alerts.partitions): a replica beyond them would get none." .channel (int $settings.replicas) $partitions) -}}
{{- end -}}
{{- if eq .channel "email" -}}
{{- if not (and $settings.to $settings.from $settings.smtp.host) -}}
{{- fail "notifying: channels.email is enabled, but does not say from whom, to whom and by which server: set channels.email.from, .to and .smtp.host." -}}
{{- end -}}
{{- if ne (empty $settings.smtp.user) (empty $settings.smtp.existingSecret) -}}
{{- fail "notifying: a login needs both channels.email.smtp.user and .existingSecret, the Secret with its password." -}}
{{- end -}}
{{- if and $settings.smtp.user (eq $settings.smtp.security "none") -}}
{{- fail "notifying: channels.email.smtp.user needs TLS: with security none the password would travel in the clear." -}}
{{- end -}}
{{- else if eq .channel "webhook" -}}
{{- if not (and $settings.url $settings.existingSecret) -}}
{{- fail "notifying: channels.webhook is enabled, but channels.webhook.url does not say where to, or .existingSecret not where the key of the signatures is." -}}
{{- end -}}
{{- end -}}
{{- end }}
