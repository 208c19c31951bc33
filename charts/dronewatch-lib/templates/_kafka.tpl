{{/* How a pod reaches Kafka: SCRAM-SHA-512 over TLS, password and CA from Strimzi's Secrets. */}}

{{- define "dronewatch-lib.kafkaCluster" -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- $global.kafka.cluster | default .Release.Name -}}
{{- end }}

{{- define "dronewatch-lib.kafkaBootstrapServers" -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- $global.kafka.bootstrapServers | default (printf "%s-kafka-bootstrap:9093" (include "dronewatch-lib.kafkaCluster" .)) -}}
{{- end }}

{{- define "dronewatch-lib.kafkaCaSecret" -}}
{{- $global := include "dronewatch-lib.global" . | fromYaml -}}
{{- $global.kafka.caSecret | default (printf "%s-cluster-ca-cert" (include "dronewatch-lib.kafkaCluster" .)) -}}
{{- end }}

{{/* Of (list $ "component"): the KafkaUser's name, which is the user's and its Secret's too. */}}
{{- define "dronewatch-lib.kafkaUser" -}}
{{- printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "dronewatch-lib.kafkaEnv" -}}
- name: DRONEWATCH_KAFKA_BOOTSTRAP_SERVERS
  value: {{ include "dronewatch-lib.kafkaBootstrapServers" . | quote }}
- name: DRONEWATCH_KAFKA_SECURITY_PROTOCOL
  value: SASL_SSL
- name: DRONEWATCH_KAFKA_SASL_MECHANISM
  value: SCRAM-SHA-512
- name: DRONEWATCH_KAFKA_USERNAME
  value: {{ include "dronewatch-lib.kafkaUser" (list . .Chart.Name) }}
- name: DRONEWATCH_KAFKA_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "dronewatch-lib.kafkaUser" (list . .Chart.Name) }}
      key: password
- name: DRONEWATCH_KAFKA_CA_FILE
  value: /etc/dronewatch/kafka/ca.crt
{{- end }}

{{- define "dronewatch-lib.kafkaVolume" -}}
- name: kafka-ca
  secret:
    secretName: {{ include "dronewatch-lib.kafkaCaSecret" . }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}

{{- define "dronewatch-lib.kafkaVolumeMount" -}}
- name: kafka-ca
  mountPath: /etc/dronewatch/kafka
  readOnly: true
{{- end }}
