{{/* What this component gives to the library's templates; see the library's _workload.tpl. */}}

{{- define "website.module" -}}
[services.website]
{{- end }}

{{- define "website.settings" -}}
alerts_topic: alerts
group: website
host: 0.0.0.0
port: 8000
session_key_file: /etc/dronewatch/session/sessionKey
results: s3a://{{ (include "dronewatch-lib.global" . | fromYaml).s3.bucket }}/results
session_timeout_seconds: {{ .Values.sessionTimeoutSeconds }}
{{- if .Values.ingress.enabled }}
secure_cookies: "true"
trusted_proxies: {{ join "," .Values.ingress.trustedProxies | quote }}
{{- end }}
{{- if .Values.outlineConfigMap }}
map_file: /etc/dronewatch/outline/outline.geojson
{{- end }}
{{- end }}

{{/* A volume that one node holds, and a file that one writes: the old pod goes first. */}}
{{- define "website.strategy" -}}
{{- if include "website.isSqlite" . -}}
type: Recreate
{{- else -}}
type: RollingUpdate
rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
{{- end -}}
{{- end }}

{{- define "website.env" -}}
{{ include "website.databaseEnv" . }}
{{ include "dronewatch-lib.s3Env" . }}
{{- end }}

{{- define "website.ports" -}}
- name: http
  containerPort: 8000
{{- end }}

{{- define "website.volumes" -}}
- name: session
  secret:
    secretName: {{ include "website.secret" . }}
    items:
      - key: sessionKey
        path: sessionKey
{{ include "website.databaseVolume" . }}
{{- with .Values.outlineConfigMap }}
- name: outline
  configMap:
    name: {{ . }}
{{- end }}
{{- end }}

{{- define "website.volumeMounts" -}}
- name: session
  mountPath: /etc/dronewatch/session
  readOnly: true
{{ include "website.databaseMount" . }}
{{- if .Values.outlineConfigMap }}
- name: outline
  mountPath: /etc/dronewatch/outline
  readOnly: true
{{- end }}
{{- end }}

{{/* Before the pages are served somebody can sign in. */}}
{{- define "website.initContainers" -}}
- name: first-operator
  image: {{ include "dronewatch-lib.image" (list . .Values.image) }}
  imagePullPolicy: {{ (include "dronewatch-lib.global" . | fromYaml).image.pullPolicy }}
  args: [services.website.users, add, --first, --role=operator, {{ .Values.operator | quote }}]
  terminationMessagePolicy: FallbackToLogsOnError
  env:
    {{- include "website.databaseEnv" . | nindent 4 }}
    - name: DRONEWATCH_USER_PASSWORD
      valueFrom:
        secretKeyRef:
          name: {{ include "website.secret" . }}
          key: operatorPassword
  resources: {{- toYaml .Values.resources | nindent 4 }}
  securityContext: {{- include "dronewatch-lib.containerSecurityContext" . | nindent 4 }}
  volumeMounts:
    - name: tmp
      mountPath: /tmp
    {{- include "website.databaseMount" . | nindent 4 }}
{{- end }}

{{/* Strimzi makes one of the chart's own name, for the Kafka user. */}}
{{- define "website.secret" -}}
{{- .Values.existingSecret | default (printf "%s-keys" (include "dronewatch-lib.fullname" .)) -}}
{{- end }}

{{/* What no schema can say. */}}
{{- define "website.checks" -}}
{{- if and (include "website.isSqlite" .) (gt (int .Values.replicas) 1) -}}
{{- fail (printf "website: replicas is %d, but SQLite is one pod's. Name a PostgreSQL in database.existingSecret, or take one replica." (int .Values.replicas)) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "website: ingress is enabled, but ingress.host does not say under which name." -}}
{{- end -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- if and $global.networkPolicy.enabled .Values.database.existingSecret (not $global.networkPolicy.database.cidr) -}}
{{- fail "website: global.networkPolicy refuses the way to PostgreSQL. Name its address in global.networkPolicy.database.cidr." -}}
{{- end -}}
{{- end }}
