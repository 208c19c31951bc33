{{/* Where the database is: the pages, the first operator and the retention are told the same. */}}

{{/* "true" unless there is a PostgreSQL. */}}
{{- define "website.isSqlite" -}}
{{- if not .Values.database.existingSecret }}true{{ end -}}
{{- end }}

{{- define "website.databaseEnv" -}}
{{- if include "website.isSqlite" . -}}
- name: DRONEWATCH_DATABASE
  value: /var/lib/dronewatch/website.sqlite
{{- else -}}
- name: DRONEWATCH_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret }}
      key: url
- name: DRONEWATCH_DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret }}
      key: password
{{- end -}}
{{- end }}

{{- define "website.databaseVolume" -}}
{{- if include "website.isSqlite" . -}}
- name: database
  persistentVolumeClaim:
    claimName: {{ include "dronewatch-lib.fullname" . }}
{{- end -}}
{{- end }}

{{- define "website.databaseMount" -}}
{{- if include "website.isSqlite" . -}}
- name: database
  mountPath: /var/lib/dronewatch
{{- end -}}
{{- end }}

{{/*
SQLite's volume is held by one node, and its writers share memory: who else writes must run where the
pages do. Without a pod of theirs it waits.
*/}}
{{- define "website.besideThePages" -}}
podAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: {{- include "dronewatch-lib.selectorLabels" (list . .Chart.Name) | nindent 10 }}
{{- end }}
