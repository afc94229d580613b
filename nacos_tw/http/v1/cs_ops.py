"""C{/v1/cs} for operators and other nodes: health, metrics, communication, ops (docs/spec/config-v1.md#7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.config.configs import Configs
from nacos_tw.config.model import group_key, tenant_of
from nacos_tw.config.watchers import Watchers
from nacos_tw.http.call import DEFAULT_GROUP, Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import PLAIN, Reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import TRUE, json_utf8
from nacos_tw.http.v1.core import change_log_level
from nacos_tw.http.v1.listener import watching
from nacos_tw.metrics.exposition import Family, counter, gauge

DONE = Reply(200, b"200", PLAIN)


@attrs.frozen
class ConfigOpsV1:
    """
    The rest of C{/v1/cs}.

    @ivar set_log_level: see L{nacos_tw.http.v1.core.ClusterCoreV1}.
    """

    prefix: ClassVar[str] = "/v1/cs"
    app = Klein()
    guard: Guard
    configs: Configs
    watchers: Watchers
    set_log_level: Callable[[str, str], None] | None = None

    @serve(app, "GET", "/health", needs="open")
    def health(self, call: Call) -> Reply:
        """C{UP}, or what is wrong with the database; always with status 200."""
        return Reply(200, self.configs.health().encode(), PLAIN)

    @serve(app, "GET", "/metrics/cluster", needs="open")
    def cluster_metrics(self, call: Call) -> Reply:
        """What clients on gRPC tell of themselves: there are none."""
        reading.needed(call, "ip")
        return json_utf8({})

    @serve(app, "GET", "/metrics/current", needs="open")
    def node_metrics(self, call: Call) -> Reply:
        """The same of this node."""
        reading.needed(call, "ip")
        return json_utf8({})

    # -- what nodes of 1.4 ask each other

    @serve(app, "GET", "/communication/dataChange", needs="admin")
    def data_change(self, call: Call) -> Reply:
        """A node of 1.4 on the same database has changed a config: it is read again. (Ours tell each other on 7848.)"""
        self.configs.data_changed(reading.key_of(call))
        return TRUE

    @serve(app, "GET", "/communication/configWatchers", needs="read:config")
    async def config_watchers(self, call: Call) -> Reply:
        """Who listens to a config at this node."""
        data_id, group = reading.needed(call, "dataId"), reading.needed(call, "group") or DEFAULT_GROUP
        return watching(await self.watchers.local_watchers((tenant_of(call.params.get("tenant")), group, data_id)))

    @serve(app, "GET", "/communication/watcherConfigs", needs="admin")
    async def watcher_configs(self, call: Call) -> Reply:
        """What an address listens to at this node."""
        found = await self.watchers.local_watched(reading.needed(call, "ip"))
        return watching({group_key(key): md5 for key, md5 in found.items()})

    # -- for operators

    @serve(app, "POST", "/ops/localCache", needs="admin")
    def dump(self, call: Call) -> Reply:
        """Begin to compare what this node serves with the database."""
        self.configs.dump()
        return DONE

    @serve(app, "PUT", "/ops/log", needs="admin")
    def log_level(self, call: Call) -> Reply:
        """Set a log's level."""
        change_log_level(self.set_log_level, call)
        return DONE


def config_monitor(configs: Configs) -> dict[str, float]:
    """Nacos's own gauges of the module C{config}, for the family C{nacos_monitor}."""
    return {"longPolling": configs.listeners.waiting, "configCount": len(configs.cache)}


def config_families(configs: Configs) -> Iterator[Family]:
    """The configuration centre in the metrics."""
    cache, listeners = configs.cache, configs.listeners
    yield gauge("nacos_config_count", "Configs that this node knows.", len(cache))
    yield gauge("nacos_config_long_polls", "Polls that wait.", listeners.waiting)
    yield gauge("nacos_config_listened_keys", "Configs that polls wait for, per poll.", listeners.keys_waited)
    yield gauge("nacos_config_resident_bytes", "Bytes of contents in memory.", cache.resident_bytes)
    yield gauge("nacos_config_healthy", "Whether configs can be written and are up to date.", int(not configs.reason()))
    check = configs.check
    if check is not None:
        yield gauge("nacos_config_md5_differs", "Stored contents that differ from their md5.", len(check.differing))
        yield counter("nacos_config_md5_checked_total", "Stored contents compared with their md5.", check.checked)
        yield counter("nacos_config_md5_found_total", "Of these, those that differed.", check.found)
        yield counter("nacos_config_md5_healed_total", "Of those, those that another node gave back.", check.healed)
