"""ConfigBatchListenRequest: a client says to which configs it listens, and hears at once which it has to read again."""

from __future__ import annotations

from typing import Any

from nacos_tw.config.listeners import normal
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.config.operations.subscribing import ListenedConfigs, Subscribing
from nacos_tw.errors import Unavailable
from nacos_tw.grpc.checking import check
from nacos_tw.grpc.client_labels import app_labels, vip_tag
from nacos_tw.grpc.config_messages import (
    ChangedConfig,
    ConfigBatchListenRequest,
    ConfigChangeBatchListenResponse,
    ListenContext,
)
from nacos_tw.grpc.config_push import MOST, ConfigPushes
from nacos_tw.grpc.dispatch import Asked, Handler


class ConfigListening:
    """The handler."""

    def __init__(self, subscribing: Subscribing, pushes: ConfigPushes) -> None:
        self._subscribing = subscribing
        self._pushes = pushes

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {
            "ConfigBatchListenRequest": Handler(ConfigBatchListenRequest, self.listen, ConfigChangeBatchListenResponse)
        }

    def listen(self, asked: Asked[ConfigBatchListenRequest]) -> ConfigChangeBatchListenResponse:
        """Listen, or listen no more."""
        named = [(_named(context), context.md5 or "") for context in asked.request.configListenContexts]
        pushes = self._pushes
        listener = pushes.listener(asked.client, app_labels(asked.client))
        if not asked.request.listen:
            pushes.release(listener, [key for key, _ in named])
            return ConfigChangeBatchListenResponse(changedConfigs=[])
        if len(listener.md5s) + len(named) > MOST:
            raise Unavailable("a client listens to too many configs")
        listener.identity, listener.vip_tag = asked.identity, vip_tag(asked)
        by_tenant: dict[str, list[tuple[ConfigKey, str]]] = {}
        for each in named:
            by_tenant.setdefault(tenant_of(each[0][0]), []).append(each)
        if pushes.reminders:
            for key, _ in named:
                pushes.reminders.asked(asked.client, normal(key))
        changed: list[ConfigKey] = []
        for tenant, listened in by_tenant.items():
            changed += self._subscribing.listen(asked, ListenedConfigs(tenant, listened, pushes.audience, listener))
        return ConfigChangeBatchListenResponse(changedConfigs=[_shown(key) for key in changed])


def _named(context: ListenContext) -> ConfigKey:
    """The config as the client named it."""
    tenant, group, data_id = context.tenant or "", context.group or "", context.dataId or ""
    check(("namespaceId/tenant", tenant), ("dataId", data_id), ("group", group))
    return tenant, group, data_id


def _shown(named: ConfigKey) -> ChangedConfig:
    return ChangedConfig(named[2], named[1], named[0])
