{{/* What this component gives to the library's templates; see the library's _workload.tpl. */}}

{{- define "simulator.module" -}}
[simulator, run]
{{- end }}

{{- define "simulator.settings" -}}
topic: reports
mission: {{ .Values.mission }}
drones: {{ .Values.drones | int64 }}
interval_seconds: {{ .Values.intervalSeconds }}
speed: {{ .Values.speed | quote }}
rate: {{ .Values.rate | default "" }}
seed: {{ .Values.seed | int64 }}
fault_share: {{ .Values.faultShare }}
ledger: {{ ternary "/var/lib/dronewatch/ledger.jsonl" "" .Values.ledger.enabled }}
{{- end }}

{{/* Never two fleets at once: they would send the same drones' reports. */}}
{{- define "simulator.strategy" -}}
type: Recreate
{{- end }}

{{- define "simulator.env" -}}{{- end }}

{{- define "simulator.volumes" -}}
{{- if .Values.ledger.enabled }}
- name: ledger
  persistentVolumeClaim:
    claimName: {{ include "dronewatch-lib.fullname" . }}-ledger
{{- end }}
{{- end }}

{{- define "simulator.volumeMounts" -}}
{{- if .Values.ledger.enabled }}
- name: ledger
  mountPath: /var/lib/dronewatch
{{- end }}
{{- end }}
