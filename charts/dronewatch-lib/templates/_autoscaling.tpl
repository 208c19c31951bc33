{{/* Replicas that follow the load: a HorizontalPodAutoscaler on CPU, or KEDA on consumer lag. */}}

{{- define "dronewatch-lib.autoscaling" -}}
{{- include "dronewatch-lib.checkReplicas" . -}}
{{- if .Values.autoscaling.enabled -}}
{{- if .Values.autoscaling.lag.enabled -}}
{{- include "dronewatch-lib.scaledObject" . }}
---
{{ include "dronewatch-lib.triggerAuthentication" . }}
{{- else -}}
{{- include "dronewatch-lib.horizontalPodAutoscaler" . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dronewatch-lib.horizontalPodAutoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . .Chart.Name) | nindent 4 }}
  annotations:
    # An upgrade to lag makes KEDA's before it removes this one; KEDA would refuse.
    validations.keda.sh/hpa-ownership: "false"
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "dronewatch-lib.fullname" . }}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .Values.autoscaling.cpuUtilization }}
  behavior: {{- include "dronewatch-lib.scalingBehavior" . | nindent 4 }}
{{- end }}

{{/* Up at once, down slowly: each change of members makes the group rebalance. */}}
{{- define "dronewatch-lib.scalingBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - type: Pods
      value: 4
      periodSeconds: 15
scaleDown:
  stabilizationWindowSeconds: {{ .Values.autoscaling.scaleDownSeconds }}
  policies:
    - type: Pods
      value: 1
      periodSeconds: 30
{{- end }}

{{- define "dronewatch-lib.scaledObject" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . .Chart.Name) | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "dronewatch-lib.fullname" . }}
    envSourceContainerName: {{ .Chart.Name }}
  pollingInterval: 10
  minReplicaCount: {{ .Values.autoscaling.minReplicas }}
  maxReplicaCount: {{ .Values.autoscaling.maxReplicas }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "dronewatch-lib.scalingBehavior" . | nindent 8 }}
  triggers:
    - type: kafka
      metricType: AverageValue
      metadata:
        bootstrapServers: {{ include "dronewatch-lib.kafkaBootstrapServers" . | replace "-kafka-bootstrap:" (printf "-kafka-bootstrap.%s.svc:" .Release.Namespace) | quote }}
        consumerGroup: {{ .Chart.Name }}
        topic: reports
        lagThreshold: {{ include "dronewatch-lib.lagThreshold" . | quote }}
        offsetResetPolicy: earliest
        sasl: scram_sha512
        tls: enable
      authenticationRef:
        name: {{ include "dronewatch-lib.fullname" . }}
{{- end }}

{{/*
Records of lag that one replica may have. What it buffers before it commits counts as lag, so at the
planned rate the lag of a healthy replica reaches rate x flush age, and a bit more for the put.
*/}}
{{- define "dronewatch-lib.lagThreshold" -}}
{{- $lag := .Values.autoscaling.lag -}}
{{- mulf $lag.reportsPerSecondPerReplica (addf (include (printf "%s.flushAgeSeconds" .Chart.Name) .) $lag.slackSeconds) | ceil | int64 -}}
{{- end }}

{{- define "dronewatch-lib.triggerAuthentication" -}}
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "dronewatch-lib.fullname" . }}
  labels: {{- include "dronewatch-lib.labels" (list . .Chart.Name) | nindent 4 }}
spec:
  env:
    - parameter: username
      name: DRONEWATCH_KAFKA_USERNAME
      containerName: {{ .Chart.Name }}
  secretTargetRef:
    - parameter: password
      name: {{ include "dronewatch-lib.kafkaUser" (list . .Chart.Name) }}
      key: password
    - parameter: ca
      name: {{ include "dronewatch-lib.kafkaCaSecret" . }}
      key: ca.crt
{{- end }}

{{/* What no schema can say. */}}
{{- define "dronewatch-lib.checkReplicas" -}}
{{- $partitions := int (include "dronewatch-lib.global" . | fromYaml).topics.reports.partitions -}}
{{- $scaling := .Values.autoscaling -}}
{{- if $scaling.enabled -}}
{{- if gt (int $scaling.maxReplicas) $partitions -}}
{{- fail (printf "%s: autoscaling.maxReplicas is %d, but the topic reports has %d partitions (global.topics.reports.partitions): a replica beyond them would get none. Lower the one or raise the other." .Chart.Name (int $scaling.maxReplicas) $partitions) -}}
{{- end -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "%s: autoscaling.minReplicas (%d) is above autoscaling.maxReplicas (%d)." .Chart.Name (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- else -}}
{{- if gt (int .Values.replicas) $partitions -}}
{{- fail (printf "%s: replicas is %d, but the topic reports has %d partitions (global.topics.reports.partitions): a replica beyond them would get none." .Chart.Name (int .Values.replicas) $partitions) -}}
{{- end -}}
{{- if $scaling.lag.enabled -}}
{{- fail (printf "%s: autoscaling.lag.enabled needs autoscaling.enabled." .Chart.Name) -}}
{{- end -}}
{{- end -}}
{{- end }}
