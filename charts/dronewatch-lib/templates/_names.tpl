{{/* Names and labels. Every template of the library takes a chart's root context unless it says otherwise. */}}

{{/* The shared values: the library's defaults under what `global` says. */}}
{{- define "dronewatch-lib.global" -}}
{{- index .Values "dronewatch-lib" "global" | toYaml -}}
{{- end }}

{{- define "dronewatch-lib.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{/* Of a pod, by (list $ "component"): what selectors match. */}}
{{- define "dronewatch-lib.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Without versions: a new one alone restarts nothing. */}}
{{- define "dronewatch-lib.podLabels" -}}
{{ include "dronewatch-lib.selectorLabels" . }}
app.kubernetes.io/part-of: dronewatch
{{- end }}

{{- define "dronewatch-lib.labels" -}}
{{- $root := index . 0 -}}
{{ include "dronewatch-lib.podLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Image of (list $ .Values.image): registry/repository:tag. */}}
{{- define "dronewatch-lib.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
{{- $path := list $global.image.registry $image.repository | compact | join "/" -}}
{{- printf "%s:%s" $path (coalesce $image.tag $global.image.tag $root.Chart.AppVersion) -}}
{{- end }}

{{- define "dronewatch-lib.pullSecrets" -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- range $global.image.pullSecrets }}
- name: {{ . }}
{{- end }}
{{- end }}
