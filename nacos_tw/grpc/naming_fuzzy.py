"""NamingFuzzyWatchRequest: a client wants to hear which services there are (docs/spec/grpc.md#8.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from nacos_tw.grpc.connections import Connections
from nacos_tw.grpc.dispatch import Asked, Handler, RequestFailed
from nacos_tw.grpc.fuzzy import CHANGED, FuzzyWatches, Kind
from nacos_tw.grpc.fuzzy_messages import (
    CANCEL,
    WATCH,
    FuzzyWatchRequest,
    NamingFuzzyWatchResponse,
    pattern_of,
    watched,
)
from nacos_tw.grpc.fuzzy_patterns import Key
from nacos_tw.grpc.messages import BAD_PARAMETER
from nacos_tw.grpc.phrases import or_null
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.watching import AllOfNamespace, Present, Watching


def _text(key: Key) -> str:
    return "@@".join(key)


def _key(text: str) -> Key | None:
    parts = text.split("@@", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


SERVICES = Kind(
    module="naming",
    prefix="Naming",
    member="serviceKey",
    text=_text,
    key=_key,
    added="ADD_SERVICE",
    deleted="DELETE_SERVICE",
    notice=lambda text, became: {"syncType": CHANGED, "serviceKey": text, "changedType": became},
    batch=10,
    ack=5.0,
    pause=lambda failures: 1.0,
)


class ServiceWatching:
    """
    The handler.

    @ivar watches: who watches.
    """

    def __init__(self, clock: Any, connections: Connections, present: Present) -> None:
        self._does = Watching()
        self._present = present
        self.watches = FuzzyWatches(
            clock, connections, SERVICES, self._keys, lambda key: present.has((key[0], f"{key[1]}@@{key[2]}"))
        )

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {"NamingFuzzyWatchRequest": Handler(FuzzyWatchRequest, self.watch, NamingFuzzyWatchResponse)}

    def watch(self, asked: Asked[FuzzyWatchRequest]) -> NamingFuzzyWatchResponse:
        """Watch, or watch no more."""
        pattern = pattern_of(asked.request)
        if asked.request.watchType == CANCEL:
            self.watches.cancel(asked.client, pattern.text)
            return NamingFuzzyWatchResponse()
        if asked.request.watchType != WATCH:
            raise RequestFailed(BAD_PARAMETER, f"Unsupported watch type {or_null(asked.request.watchType)}")
        self._does.watch(asked, AllOfNamespace(pattern.namespace))
        return watched(self.watches, asked, pattern, NamingFuzzyWatchResponse)

    def changed(self, services: Collection[ServiceKey]) -> None:
        """Some services differ, or are new, or gone."""
        if self.watches:
            for namespace, grouped in services:
                group, _, name = grouped.partition("@@")
                self.watches.changed((namespace, group, name))

    def _keys(self, namespace: str) -> Iterator[Key]:
        for grouped in self._present.names(namespace):
            group, _, name = grouped.partition("@@")
            yield namespace, group, name
