{{/*
A component that runs long. A chart that includes "dronewatch-lib.deployment" defines:
  <chart>.module     the container's arguments, a YAML list
  <chart>.settings   DRONEWATCH_* settings, a YAML map of their names in lower case
  <chart>.strategy   how the Deployment replaces its pods
  <chart>.env        further environment variables, YAML list items, may be empty
  <chart>.volumes, <chart>.volumeMounts   list items, may be empty
It may lay over the root context `ports` and `initContainers`, list items as text.
One that includes "dronewatch-lib.autoscaling" also defines:
  <chart>.flushAgeSeconds   how long a record may wait for its commit
*/}}
{{- define "dronewatch-lib.deployment" -}}
{{- $name := .Chart.Name -}}
{{- $scaling := .Values.autoscaling | default dict -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . $name) | nindent 4 }}
spec:
  {{- if not $scaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy: {{- include (printf "%s.strategy" $name) . | nindent 4 }}
  selector:
    matchLabels: {{- include "dronewatch-lib.selectorLabels" (list . $name) | nindent 6 }}
  template:
    metadata:
      labels: {{- include "dronewatch-lib.podLabels" (list . $name) | nindent 8 }}
      {{- with .Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "dronewatch-lib.fullname" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
      {{- with include "dronewatch-lib.pullSecrets" . }}
      imagePullSecrets: {{- . | nindent 8 }}
      {{- end }}
      securityContext: {{- include "dronewatch-lib.podSecurityContext" (include "dronewatch-lib.user" .) | nindent 8 }}
      {{- with include "dronewatch-lib.placement" . }}
      {{- . | nindent 6 }}
      {{- end }}
      topologySpreadConstraints: {{- include "dronewatch-lib.spread" (list . $name) | nindent 8 }}
      {{- with .initContainers }}
      initContainers: {{- . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ $name }}
          image: {{ include "dronewatch-lib.image" (list . .Values.image) }}
          imagePullPolicy: {{ (include "dronewatch-lib.global" . | fromYaml).image.pullPolicy }}
          args: {{- include (printf "%s.module" $name) . | nindent 12 }}
          # Why it ended is its last line, which `kubectl describe` then shows.
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            {{- include "dronewatch-lib.settings" . | nindent 12 }}
            {{- include "dronewatch-lib.kafkaEnv" . | nindent 12 }}
            {{- with include (printf "%s.env" $name) . }}
            {{- . | nindent 12 }}
            {{- end }}
          ports:
            - name: health
              containerPort: 8080
            {{- with .ports }}
            {{- . | nindent 12 }}
            {{- end }}
          {{- include "dronewatch-lib.probes" "health" | nindent 10 }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
          securityContext: {{- include "dronewatch-lib.containerSecurityContext" . | nindent 12 }}
          volumeMounts:
            {{- include "dronewatch-lib.kafkaVolumeMount" . | nindent 12 }}
            - name: tmp
              mountPath: /tmp
            {{- with include (printf "%s.volumeMounts" $name) . }}
            {{- . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "dronewatch-lib.kafkaVolume" . | nindent 8 }}
        - name: tmp
          emptyDir:
            sizeLimit: 256Mi
        {{- with include (printf "%s.volumes" $name) . }}
        {{- . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* <chart>.settings as environment variables; what is empty is left to the program's default. */}}
{{- define "dronewatch-lib.settings" -}}
- name: DRONEWATCH_LOG_FORMAT
  value: json
- name: DRONEWATCH_LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: DRONEWATCH_HEALTH_PORT
  value: "8080"
{{- range $setting, $value := include (printf "%s.settings" .Chart.Name) . | fromYaml }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- name: DRONEWATCH_{{ upper $setting }}
  value: {{ include "dronewatch-lib.text" $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* A value as a setting reads it: Helm keeps numbers as floats, which print as 1e+06. */}}
{{- define "dronewatch-lib.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/*
By the name of the port. live: the loop turns, whether or not Kafka or the store is up. ready: joined,
broker seen lately.
*/}}
{{- define "dronewatch-lib.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{- define "dronewatch-lib.spread" -}}
{{- $labels := include "dronewatch-lib.selectorLabels" . -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- $labels | nindent 6 }}
{{- end }}
{{- end }}

{{/* Every pod has an account of its own, and no token unless it needs the API. */}}
{{- define "dronewatch-lib.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . .Chart.Name) | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- define "dronewatch-lib.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . .Chart.Name) | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "dronewatch-lib.selectorLabels" (list . .Chart.Name) | nindent 6 }}
{{- end }}

{{/*
What Prometheus reads, by (dict "root" $ "component" "of the pods" "port" "its name" "paths" (list ...));
for pods that the chart itself does not make, also "pods", a map of their labels, and "namespace", if
they are elsewhere. Queries tell components apart by the label `component` that is put on here.
*/}}
{{- define "dronewatch-lib.podMonitor" -}}
{{- if include "dronewatch-lib.isMonitored" .root -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ printf "%s-%s" .root.Release.Name .component | trunc 52 | trimSuffix "-" }}
  labels:
    {{- include "dronewatch-lib.labels" (list .root .component) | nindent 4 }}
    {{- with (include "dronewatch-lib.global" .root | fromYaml).monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with .namespace }}
  namespaceSelector:
    matchNames: [{{ . }}]
  {{- end }}
  selector:
    {{- if .pods }}
    matchLabels: {{- toYaml .pods | nindent 6 }}
    {{- else }}
    matchLabels: {{- include "dronewatch-lib.selectorLabels" (list .root .component) | nindent 6 }}
    {{- end }}
  podMetricsEndpoints:
    {{- range .paths }}
    - port: {{ $.port }}
      path: {{ . }}
      interval: 15s
      relabelings:
        - targetLabel: component
          replacement: {{ $.component }}
        # Else two paths of a pod would write into one `up`.
        - sourceLabels: [__metrics_path__]
          targetLabel: metrics_path
    {{- end }}
{{- end }}
{{- end }}

{{/* "true" where monitoring is on and the Prometheus operator's CRDs are there. */}}
{{- define "dronewatch-lib.isMonitored" -}}
{{- if and (include "dronewatch-lib.global" . | fromYaml).monitoring.enabled (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") -}}
true
{{- end -}}
{{- end }}
