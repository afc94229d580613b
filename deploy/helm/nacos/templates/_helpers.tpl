{{- define "nacos.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "nacos.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nacos.selector" -}}
app.kubernetes.io/name: {{ include "nacos.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "nacos.labels" -}}
{{ include "nacos.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "nacos.secret" -}}
{{- .Values.nacos.existingSecret | default (include "nacos.fullname" .) -}}
{{- end -}}

{{/* The secret of the nodes: the given one, else that of the release before, else a new one. */}}
{{- define "nacos.raftSecret" -}}
{{- $before := (lookup "v1" "Secret" .Release.Namespace (include "nacos.fullname" .)) | default dict -}}
{{- if .Values.nacos.raftSecret -}}
{{- .Values.nacos.raftSecret -}}
{{- else if (get ($before.data | default dict) "raft-secret") -}}
{{- get $before.data "raft-secret" | b64dec -}}
{{- else -}}
{{- randAlphaNum 48 -}}
{{- end -}}
{{- end -}}
