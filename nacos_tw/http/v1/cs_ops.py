"""C{/v1/cs} for operators and other nodes: health, metrics, communication, ops (docs/spec/config-v1.md#7)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.config.listener_requests import ListenedBy, ListenersOf, MetricsOf
from nacos_tw.config.model import group_key, tenant_of
from nacos_tw.config.operations.listening import Listening
from nacos_tw.config.operations.localcache import LocalCache
from nacos_tw.config.requests import NoParameters, OneConfig
from nacos_tw.http.call import DEFAULT_GROUP, Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import PLAIN, Reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import TRUE, json_utf8, watching

DONE = Reply(200, b"200", PLAIN)


@attrs.frozen
class ConfigOpsV1:
    """The rest of C{/v1/cs}."""

    prefix: ClassVar[str] = "/v1/cs"
    app = Klein()
    guard: Guard
    local_cache: LocalCache
    listening: Listening

    @serve(app, "GET", "/health", needs=rule_of(LocalCache.health))
    def health(self, call: Call) -> Reply:
        """C{UP}, or what is wrong with the database; always with status 200."""
        return Reply(200, self.local_cache.health(call, NoParameters()).encode(), PLAIN)

    @serve(app, "GET", "/metrics/cluster", needs=rule_of(Listening.metrics))
    async def cluster_metrics(self, call: Call) -> Reply:
        """What the clients of an address report of a config that they have, or of themselves."""
        return json_utf8(await self.listening.metrics(call, _metrics_of(call)))

    @serve(app, "GET", "/metrics/current", needs=rule_of(Listening.metrics))
    async def node_metrics(self, call: Call) -> Reply:
        """The same for clients of this node."""
        return json_utf8(await self.listening.metrics(call, _metrics_of(call, here=True)))

    # -- what nodes of 1.4 ask each other

    @serve(app, "GET", "/communication/dataChange", needs=rule_of(LocalCache.refresh))
    def data_change(self, call: Call) -> Reply:
        """A node of 1.4 on the same database has changed a config: it is read again. (Ours tell each other on 7848.)"""
        self.local_cache.refresh(call, OneConfig(reading.key_of(call)))
        return TRUE

    @serve(app, "GET", "/communication/configWatchers", needs=rule_of(Listening.listeners))
    async def config_watchers(self, call: Call) -> Reply:
        """Who listens to a config at this node."""
        data_id, group = reading.needed(call, "dataId"), reading.needed(call, "group") or DEFAULT_GROUP
        key = tenant_of(call.params.get("tenant")), group, data_id
        return watching(await self.listening.listeners(call, ListenersOf(key, here=True)))

    @serve(app, "GET", "/communication/watcherConfigs", needs="admin")
    async def watcher_configs(self, call: Call) -> Reply:
        """What an address listens to at this node."""
        found = await self.listening.listened(call, ListenedBy(reading.needed(call, "ip"), here=True))
        return watching({group_key(key): md5 for key, md5 in found.items()})

    # -- for operators

    @serve(app, "POST", "/ops/localCache", needs=rule_of(LocalCache.compare))
    def compare_all(self, call: Call) -> Reply:
        """Begin to compare what this node serves with the database."""
        self.local_cache.compare(call, NoParameters())
        return DONE


def _metrics_of(call: Call, here: bool = False) -> MetricsOf:
    group = call.params.get("group") or DEFAULT_GROUP
    tenant = tenant_of(call.params.get("tenant"))
    return MetricsOf(reading.needed(call, "ip"), tenant, group, call.params.get("dataId") or "", here)
