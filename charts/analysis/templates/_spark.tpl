{{/* The operator counts runs by the label app_type, unless it was told another: so they are told apart. */}}
{{- define "analysis.labels" -}}
{{ include "dronewatch-lib.labels" (list . "analysis") }}
app_type: {{ .Release.Namespace }}
{{- end }}

{{/*
The nightly runs' name. With a mark of the schedule: the operator keeps to the next time it once
worked out, so a changed schedule must be a new object. It adds a time of 20 characters itself, and
-ui-svc for a Service: 63 in all.
*/}}
{{- define "analysis.nightlyName" -}}
{{- $name := include "dronewatch-lib.fullname" . | trunc 23 | trimSuffix "-" -}}
{{- printf "%s-nightly-%s" $name (sha256sum .Values.nightly.schedule | trunc 4) -}}
{{- end }}

{{/* A SparkApplication's spec, by (dict "root" $ "arrival" (dict "from" ... "to" ...)). */}}
{{- define "analysis.spec" -}}
{{- $root := .root -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
type: Python
pythonVersion: "3"
mode: cluster
sparkVersion: {{ $root.Values.sparkVersion | quote }}
image: {{ include "dronewatch-lib.image" (list $root $root.Values.image) }}
imagePullPolicy: {{ $global.image.pullPolicy }}
{{- with $global.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
mainApplicationFile: local:///opt/dronewatch/bin/analyse.py
arguments: {{- include "analysis.arguments" . | nindent 2 }}
sparkConf: {{- include "analysis.sparkConf" $root | nindent 2 }}
# An answer that could not be given will not be given by asking again at once.
restartPolicy:
  type: Never
driver:
  cores: {{ $root.Values.driver.cores }}
  coreRequest: {{ $root.Values.driver.coreRequest | quote }}
  memory: {{ $root.Values.driver.memory | quote }}
  memoryOverhead: {{ $root.Values.driver.memoryOverhead | quote }}
  serviceAccount: {{ include "dronewatch-lib.fullname" $root }}-driver
  labels: {{- include "dronewatch-lib.podLabels" (list $root "analysis-driver") | nindent 4 }}
  template: {{- include "analysis.podTemplate" (dict "root" $root "role" "driver") | nindent 4 }}
executor:
  instances: {{ $root.Values.executor.instances }}
  cores: {{ $root.Values.executor.cores }}
  coreRequest: {{ $root.Values.executor.coreRequest | quote }}
  memory: {{ $root.Values.executor.memory | quote }}
  memoryOverhead: {{ $root.Values.executor.memoryOverhead | quote }}
  serviceAccount: {{ include "dronewatch-lib.fullname" $root }}-executor
  labels: {{- include "dronewatch-lib.podLabels" (list $root "analysis-executor") | nindent 4 }}
  template: {{- include "analysis.podTemplate" (dict "root" $root "role" "executor") | nindent 4 }}
{{- end }}

{{- define "analysis.arguments" -}}
{{- $global := include "dronewatch-lib.global" .root | fromYaml -}}
- run
- --archive=s3a://{{ $global.s3.bucket }}
- --results=s3a://{{ $global.s3.bucket }}/results
{{- with .arrival.from }}
- --from={{ . }}
{{- end }}
{{- with .arrival.to }}
- --to={{ . }}
{{- end }}
- --question=all
{{- range $name, $_ := .root.Values.questions }}
- --sql=/etc/dronewatch/questions/{{ $name }}.sql
{{- end }}
- --time-zone={{ .root.Values.timeZone }}
- --agitation-below={{ .root.Values.agitationBelow }}
- --human-codes={{ join "," .root.Values.humanCodes }}
{{- end }}

{{- define "analysis.sparkConf" -}}
{{- $fixed := dict
  "spark.log.level" "WARN"
  "spark.metrics.namespace" "dronewatch"
  "spark.metrics.conf.*.sink.prometheusServlet.class" "org.apache.spark.metrics.sink.PrometheusServlet"
  "spark.metrics.conf.*.sink.prometheusServlet.path" "/metrics/prometheus"
  "spark.ui.prometheus.enabled" "true"
  "spark.driver.port" "7078"
  "spark.driver.blockManager.port" "7079"
  "spark.blockManager.port" "7079"
  "spark.eventLog.enabled" "false"
  "spark.kubernetes.driver.pod.excludedFeatureSteps" "org.apache.spark.deploy.k8s.features.NetworkPolicyFeatureStep"
-}}
{{- merge (dict) .Values.sparkConf $fixed | toYaml -}}
{{- end }}

{{/*
The pods' own shape, as a template that Spark itself reads: it needs no webhook of the operator.
The driver alone knows the store's password; it hands it to the executors with their work.
*/}}
{{- define "analysis.podTemplate" -}}
{{- $root := .root -}}
{{- $isDriver := eq .role "driver" -}}
spec:
  enableServiceLinks: false
  automountServiceAccountToken: {{ $isDriver }}
  securityContext: {{- include "dronewatch-lib.podSecurityContext" "185" | nindent 4 }}
  {{- with include "dronewatch-lib.placement" $root }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: spark-kubernetes-{{ .role }}
      # The driver leaves there why it failed; if it could not, `kubectl describe` shows its last lines.
      terminationMessagePolicy: FallbackToLogsOnError
      securityContext: {{- include "dronewatch-lib.containerSecurityContext" $root | nindent 8 }}
      {{- if $isDriver }}
      env: {{- include "dronewatch-lib.s3Env" $root | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if and $isDriver $root.Values.questions }}
        - name: questions
          mountPath: /etc/dronewatch/questions
          readOnly: true
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if and $isDriver $root.Values.questions }}
    - name: questions
      configMap:
        name: {{ include "dronewatch-lib.fullname" $root }}-questions
    {{- end }}
{{- end }}
