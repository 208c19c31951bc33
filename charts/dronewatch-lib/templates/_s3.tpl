{{/* How a pod reaches the store. */}}

{{- define "dronewatch-lib.s3Endpoint" -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- $global.s3.endpoint | default (printf "http://%s-minio:9000" .Release.Name) -}}
{{- end }}

{{/* Of (list $ "component"): the Secret with its accessKey and secretKey. */}}
{{- define "dronewatch-lib.s3Secret" -}}
{{- $root := index . 0 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
{{- get $global.s3.existingSecrets (index . 1) | default (printf "%s-minio-%s" $root.Release.Name (index . 1)) -}}
{{- end }}

{{- define "dronewatch-lib.s3Env" -}}
{{- include "dronewatch-lib.s3EnvOf" (list . .Chart.Name) }}
{{- end }}

{{/* Of (list $ "user"): where the store is, and that user's key. */}}
{{- define "dronewatch-lib.s3EnvOf" -}}
{{- $root := index . 0 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
- name: DRONEWATCH_S3_ENDPOINT
  value: {{ include "dronewatch-lib.s3Endpoint" $root | quote }}
- name: DRONEWATCH_S3_REGION
  value: {{ $global.s3.region | quote }}
- name: DRONEWATCH_S3_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "dronewatch-lib.s3Secret" . }}
      key: accessKey
- name: DRONEWATCH_S3_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "dronewatch-lib.s3Secret" . }}
      key: secretKey
{{- end }}
