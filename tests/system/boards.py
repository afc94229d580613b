"""What the Grafana boards ask that Nacos publishes: the older one, and that for 2.4 and later.

C{$instance} is the instance that is chosen in the board, or all.
"""

from __future__ import annotations

_HTTP = "http_server_requests_seconds"
_GRPC = "grpc_server_requests_seconds"
_OF = "instance=~'$instance'"
_OLD_URI = "uri=~'/v1/cs/configs|/nacos/v1/ns/instance|/nacos/v1/ns/health'"
_NEW_URI = "uri=~'.*/cs/configs|.*/ns/instance.*'"
_HEAP = f'sum(jvm_memory_used_bytes{{area="heap", {_OF}}})/sum(jvm_memory_max_bytes{{area="heap", {_OF}}}) * 100'
_HEAP_OF_ALL = 'sum(jvm_memory_used_bytes{area="heap"})/sum(jvm_memory_max_bytes{area="heap"}) * 100'


def _rt(family: str) -> str:
    return f"sum(rate({family}_sum{{{_OF}}}[1m]))/sum(rate({family}_count{{{_OF}}}[1m])) * 1000"


def _pool(name: str) -> str:
    return f'avg(grpc_server_executor{{module="core",type="grpcSdkServer",{_OF},name="{name}"}}) by (name)'


def _failures(name: str) -> str:
    return f"sum(rate(nacos_exception_total{{name='{name}'}}[1m])) * 60"


OLDER = (
    'count(nacos_monitor{name="configCount"})',
    "max(nacos_monitor{name='serviceCount'})",
    "max(nacos_monitor{name='domCount'})",
    "max(nacos_monitor{name='ipCount'})",
    f"max(nacos_monitor{{name='configCount', {_OF}}})",
    "sum(nacos_monitor{name='longPolling'})",
    f"sum(nacos_monitor{{name='getConfig', {_OF}}}) by (name)",
    f"max(system_cpu_usage{{{_OF}}}) * 100",
    _HEAP,
    f"max(jvm_threads_daemon_threads{{{_OF}}})",
    f'max(rate(jvm_gc_pause_seconds_count{{action="end of major GC",{_OF}}}[5m])) * 300',
    f"sum(rate({_HTTP}_count{{{_OF}}}[1m]))",
    _rt(_HTTP),
    f"sum(rate({_HTTP}_sum{{uri=~'/v1/cs/configs|/nacos/v1/ns', {_OF}}}[1m])/"
    f"rate({_HTTP}_count{{{_OLD_URI}, {_OF}}}[1m])) by (method,uri) * 1000",
    f"sum(nacos_monitor{{name='longPolling', {_OF}}})",
    f"max(system_load_average_1m{{{_OF}}})",
    f"sum(rate({_HTTP}_count{{{_OLD_URI}, {_OF}}}[1m])) by (method,uri)",
    f"sum(rate({_HTTP}_count[1m]))",
    f"sum(nacos_monitor{{name='leaderStatus', {_OF}}})",
    f"sum(nacos_monitor{{name='avgPushCost', {_OF}}})",
    f"max(nacos_monitor{{name='maxPushCost', {_OF}}})",
    f"sum(nacos_monitor{{name='publish', {_OF}}}) by (name)",
    f"sum(rate(nacos_monitor{{name=~'.*HealthCheck', {_OF}}}[1m])) by (name) * 60",
    "max(system_cpu_usage) * 100",
    "max(system_load_average_1m)",
    _HEAP_OF_ALL,
    "max(jvm_threads_daemon_threads)",
    'max(rate(jvm_gc_pause_seconds_count{action="end of major GC"}[5m])) * 300',
    "sum(nacos_monitor{name='notifyTask'})",
    f"sum(rate({_HTTP}_sum[1m]))/sum(rate({_HTTP}_count[1m])) * 1000",
    "max(nacos_monitor{name='longPolling'})",
    "sum(nacos_monitor{name='failedPush'})",
    *map(_failures, ("unhealth", "db", "illegalArgument", "disk", "configNotify", "leaderSendBeatFailed", "nacos")),
)
NEWER = (
    f'count(nacos_monitor{{name="configCount",{_OF}}})',
    f"max(nacos_monitor{{name='serviceCount',{_OF}}})",
    f"max(nacos_monitor{{name='ipCount',{_OF}}})",
    f"max(nacos_monitor{{name='configCount', {_OF}}})",
    f"sum(nacos_monitor{{name='longPolling',{_OF}}})",
    f"sum(nacos_monitor{{name='longConnection', {_OF}}}) by (name)",
    f"max(system_cpu_usage{{{_OF}}}) * 100",
    _HEAP,
    f"max(jvm_threads_daemon_threads{{{_OF}}})",
    f'sum(increase(jvm_gc_pause_seconds_count{{action="end of major GC",{_OF}}}[1m]))',
    f"sum(rate({_HTTP}_count{{{_OF}}}[1m])) + sum(rate({_GRPC}_count{{{_OF}}}[1m]))",
    f"({_rt(_HTTP)} + {_rt(_GRPC)}) / 2",
    f"sum(nacos_monitor{{name='subscriberCount',{_OF}}})",
    f"max(nacos_monitor{{name='longPolling',{_OF}}})",
    f"sum(nacos_config_subscriber{{{_OF}}}) by (instance)",
    f"sum(rate({_HTTP}_sum{{{_NEW_URI}, {_OF}}}[1m])/rate({_HTTP}_count{{{_NEW_URI}, {_OF}}}[1m])) "
    "by (method,uri) * 1000 > 0",
    _rt(_HTTP),
    f"sum(rate({_HTTP}_sum{{{_NEW_URI}, {_OF}}}[1m])) > 0",
    f"sum(rate({_HTTP}_sum{{{_OF}}}[1m]))",
    f'sum(nacos_monitor{{module="naming",name="pushPendingTaskCount",{_OF}}})',
    f"sum(rate({_GRPC}_sum{{{_OF}}}[1m])/rate({_GRPC}_count{{ {_OF}}}[1m])) by (requestClass) * 1000 > 0",
    _rt(_GRPC),
    f"sum(rate({_GRPC}_sum{{{_OF}}}[1m])) by (requestClass) > 0",
    f"sum(rate({_GRPC}_sum{{{_OF}}}[1m]))",
    f'sum(nacos_monitor{{module="config",name="notifyClientTask",{_OF}}})',
    _HEAP_OF_ALL,
    f"max(increase(jvm_gc_pause_seconds_count{{{_OF}}}[1m])) by (action)",
    f'sum(nacos_monitor{{module="core",name="longConnection",{_OF}}}) by (instance)',
    *map(_pool, ("poolSize", "maximumPoolSize", "activeCount", "inQueueTaskCount")),
)
