"""Lists the listeners of configs (docs/spec/config-v1.md#3.11, #3.12)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ as READS
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import Rule
from nacos_tw.config.listener_requests import ListenedBy, ListenersOf, MetricsOf
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.config.operations.contents import READ
from nacos_tw.config.watchers import Watchers


class Listening(Operations):
    """What all nodes know of it, or this one."""

    __slots__ = ("_watchers",)

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers

    @operation(READ)
    def listeners(self, caller: Caller, request: ListenersOf) -> Deferred[dict[str, str]]:
        """The clients that listen to a config: address to the md5 that each has."""
        find = self._watchers.local_watchers if request.here else self._watchers.watchers
        return Deferred.fromCoroutine(find(request.key))

    @operation(Rule("user"))
    def listened(self, caller: Caller, request: ListenedBy) -> Deferred[dict[ConfigKey, str]]:
        """What the clients of an address listen to, of what the caller may read: config to the md5 that it has."""
        return Deferred.fromCoroutine(self._listened(caller, request))

    @operation(READ)
    def metrics(self, caller: Caller, request: MetricsOf) -> Deferred[dict[str, Any]]:
        """What the clients of an address say themselves, in their own words; those in Java do."""
        metrics = self._watchers.metrics
        find = metrics.here if request.here else metrics.everywhere
        return Deferred.fromCoroutine(find(request.ip, request.key))

    async def _listened(self, caller: Caller, request: ListenedBy) -> dict[ConfigKey, str]:
        find = self._watchers.local_watched if request.here else self._watchers.watched
        may = caller.identity.may
        return {
            key: md5
            for key, md5 in (await find(request.ip)).items()
            if may(READS, config_resource(tenant_of(key[0]), key[1], key[2]))
        }
