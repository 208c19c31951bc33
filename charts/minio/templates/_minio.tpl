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
