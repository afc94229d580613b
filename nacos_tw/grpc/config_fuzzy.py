"""ConfigFuzzyWatchRequest: a client wants to hear which configs there are (docs/spec/grpc.md#8.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey, group_key, tenant_of
from nacos_tw.config.operations.subscribing import AllOfNamespace, Subscribing
from nacos_tw.grpc.connections import Connections
from nacos_tw.grpc.dispatch import Asked, Handler
from nacos_tw.grpc.fuzzy import FuzzyWatches, Kind
from nacos_tw.grpc.fuzzy_messages import (
    CANCEL,
    WATCH,
    ConfigFuzzyWatchResponse,
    FuzzyWatchRequest,
    pattern_of,
    watched,
)
from nacos_tw.grpc.fuzzy_patterns import Key


def _key(text: str) -> Key | None:
    parts = [part.replace("%2B", "+").replace("%25", "%") for part in text.split("+")]
    return (parts[2] if len(parts) == 3 else "public", parts[1], parts[0]) if len(parts) in (2, 3) else None


def _config(key: Key) -> ConfigKey:
    return tenant_of(key[0]), key[1], key[2]


_NOTICED = {"ADD_CONFIG": "CONFIG_CHANGED"}
"""What Nacos calls it in the notice of one config."""

CONFIGS = Kind(
    module="config",
    prefix="Config",
    member="groupKey",
    text=group_key,
    key=_key,
    added="ADD_CONFIG",
    deleted="DELETE_CONFIG",
    notice=lambda text, became: {"groupKey": text, "changeType": _NOTICED.get(became, became)},
    batch=20,
    ack=3.0,
    pause=lambda failures: 2.0 * failures,
    tries=50,
)


class ConfigWatching:
    """
    The handler.

    @ivar watches: who watches.
    """

    def __init__(self, clock: Any, connections: Connections, listeners: Listeners) -> None:
        self._does = Subscribing()
        self._present = listeners.present
        self.watches = FuzzyWatches(
            clock, connections, CONFIGS, self._keys, lambda key: self._present.has(_config(key))
        )
        listeners.on_existence.append(self._changed)

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {"ConfigFuzzyWatchRequest": Handler(FuzzyWatchRequest, self.watch, ConfigFuzzyWatchResponse)}

    def watch(self, asked: Asked[FuzzyWatchRequest]) -> ConfigFuzzyWatchResponse:
        """Watch, or watch no more; of any other wish nothing comes, as in Nacos."""
        pattern = pattern_of(asked.request)
        if asked.request.watchType == CANCEL:
            self.watches.cancel(asked.client, pattern.text)
        if asked.request.watchType != WATCH:
            return ConfigFuzzyWatchResponse()
        self._does.watch(asked, AllOfNamespace(tenant_of(pattern.namespace)))
        self._present.check_ready()
        return watched(self.watches, asked, pattern, ConfigFuzzyWatchResponse)

    def _changed(self, key: ConfigKey) -> None:
        self.watches.changed((key[0] or "public", key[1], key[2]))

    def _keys(self, namespace: str) -> Iterator[Key]:
        for _, group, data_id in self._present.keys(tenant_of(namespace)):
            yield namespace, group, data_id
