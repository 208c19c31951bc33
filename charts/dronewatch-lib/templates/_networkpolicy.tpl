{{/*
NetworkPolicies, from the library's tables `peers` and `flows`. By (list $ "peer" ...): one policy
for each of these peers, which must be pods of the release.
*/}}
{{- define "dronewatch-lib.networkPolicies" -}}
{{- $root := index . 0 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
{{- if $global.networkPolicy.enabled -}}
{{- if $global.kafka.bootstrapServers -}}
{{- fail "global.networkPolicy knows Kafka only as a Strimzi cluster of the namespace: with global.kafka.bootstrapServers write the policies yourself." -}}
{{- end -}}
{{- range rest . }}
---
{{ include "dronewatch-lib.networkPolicy" (list $root .) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dronewatch-lib.networkPolicy" -}}
{{- $root := index . 0 -}}
{{- $peer := index . 1 -}}
{{- $flows := (index $root.Values "dronewatch-lib").flows -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ printf "%s-%s" $root.Release.Name $peer }}
  labels: {{- include "dronewatch-lib.labels" (list $root $peer) | nindent 4 }}
spec:
  podSelector: {{- include "dronewatch-lib.podsOf" (list $root $peer) | nindent 4 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range $flows }}
    {{- if eq .to $peer }}
    - from:
        {{- include "dronewatch-lib.peer" (list $root .from) | nindent 8 }}
      ports:
        - port: {{ .port }}
    {{- end }}
    {{- end }}
  egress:
    - to:
        {{- include "dronewatch-lib.peer" (list $root "dns") | nindent 8 }}
      ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    {{- range $flow := $flows }}
    {{- if eq .from $peer }}
    {{- with include "dronewatch-lib.peer" (list $root .to) }}
    - to:
        {{- . | nindent 8 }}
      ports: {{- include "dronewatch-lib.portsOf" (list $root $flow) | nindent 8 }}
    {{- end }}
    {{- end }}
    {{- end }}
{{- end }}

{{- define "dronewatch-lib.podsOf" -}}
{{- $root := index . 0 -}}
{{- $peer := index (index $root.Values "dronewatch-lib").peers (index . 1) -}}
matchLabels:
  {{- if $peer.component }}
  app.kubernetes.io/instance: {{ $root.Release.Name }}
  app.kubernetes.io/component: {{ $peer.component }}
  {{- else }}
  strimzi.io/cluster: {{ include "dronewatch-lib.kafkaCluster" $root }}
  strimzi.io/name: {{ printf "%s-%s" (include "dronewatch-lib.kafkaCluster" $root) $peer.strimzi }}
  {{- end }}
{{- end }}

{{/* A peer as a list item of `from` or `to`; nothing for one outside that has no address. */}}
{{- define "dronewatch-lib.peer" -}}
{{- $root := index . 0 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
{{- $peer := index (index $root.Values "dronewatch-lib").peers (index . 1) -}}
{{- if $peer.namespace -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ get $global.networkPolicy.namespaces $peer.namespace }}
{{- else if $peer.external -}}
{{- with (get $global.networkPolicy $peer.external).cidr -}}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- else if and (eq (index . 1) "store") $global.s3.endpoint -}}
- ipBlock:
    cidr: {{ $global.networkPolicy.externalStore.cidr }}
{{- else -}}
- podSelector: {{- include "dronewatch-lib.podsOf" . | nindent 4 }}
{{- end }}
{{- end }}

{{/* Ports of a flow, by (list $ flow): what is outside may listen elsewhere. */}}
{{- define "dronewatch-lib.portsOf" -}}
{{- $root := index . 0 -}}
{{- $flow := index . 1 -}}
{{- $global := include "dronewatch-lib.global" $root | fromYaml -}}
{{- $external := (index (index $root.Values "dronewatch-lib").peers $flow.to).external -}}
{{- if $external }}
{{- range (get $global.networkPolicy $external).ports }}
- port: {{ . }}
{{- end }}
{{- else if and (eq $flow.to "store") $global.s3.endpoint }}
- port: {{ $global.networkPolicy.externalStore.port }}
{{- else }}
- port: {{ $flow.port }}
{{- end }}
{{- end }}
