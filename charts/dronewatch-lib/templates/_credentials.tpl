{{/*
A Job that makes the chart's Secrets that are missing, before anything needs them, by (dict "root" $
"component" "of the labels" "args" (list "which" "ones")). What it made stays, also after
`helm uninstall`: the data does, too. The chart's values say `provisioning.image` and `.resources`.
*/}}
{{- define "dronewatch-lib.credentials" -}}
{{- $root := .root -}}
{{- $name := printf "%s-credentials" (include "dronewatch-lib.fullname" $root) -}}
{{- $labels := include "dronewatch-lib.labels" (list $root .component) -}}
{{- $args := list "services.provisioning" "secrets" "--namespace" $root.Release.Namespace "--label" (printf "app.kubernetes.io/instance=%s" $root.Release.Name) "--label" "app.kubernetes.io/part-of=dronewatch" -}}
{{- $job := dict "root" $root "component" .component "account" $name "usesApi" true "name" "provisioning" "args" (concat $args .args) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- include "dronewatch-lib.hook" -20 | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- include "dronewatch-lib.hook" -20 | nindent 4 }}
rules:
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- include "dronewatch-lib.hook" -20 | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $root.Release.Namespace }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- include "dronewatch-lib.hook" -10 | nindent 4 }}
spec:
  backoffLimit: 6
  activeDeadlineSeconds: 600
  template: {{- include "dronewatch-lib.jobPod" (merge $job $root.Values.provisioning) | nindent 4 }}
{{- end }}

{{/* Before install and upgrade, in the order of the weight. */}}
{{- define "dronewatch-lib.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
