{{/* What no schema can say. */}}
{{- define "kafka.checks" -}}
{{- $cluster := include "dronewatch-lib.kafkaCluster" . -}}
{{- if gt (len $cluster) 26 -}}
{{- fail (printf "kafka: the cluster's name %s (the release's, or global.kafka.cluster) has %d characters: Strimzi's pods and Services would get too long a name. Take at most 26." $cluster (len $cluster)) -}}
{{- end -}}
{{- if gt (int .Values.replicationFactor) (int .Values.nodes) -}}
{{- fail (printf "kafka: replicationFactor is %d, but there are %d nodes: no topic could be created." (int .Values.replicationFactor) (int .Values.nodes)) -}}
{{- end -}}
{{- if gt (int .Values.minInSyncReplicas) (int .Values.replicationFactor) -}}
{{- fail (printf "kafka: minInSyncReplicas (%d) is above replicationFactor (%d): nothing could be written." (int .Values.minInSyncReplicas) (int .Values.replicationFactor)) -}}
{{- end -}}
{{- range $user, $rights := .Values.users -}}
{{- range $topic, $_ := $rights.topics -}}
{{- if not (hasKey (include "dronewatch-lib.global" $ | fromYaml).topics $topic) -}}
{{- fail (printf "kafka: user %s has rights on the topic %s, which global.topics does not name." $user $topic) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
