"""
What the clients of an address, on any node, report of their configs (docs/spec/grpc.md#8, ClientConfigMetricRequest).
Only Java clients answer; for others this waits a second or two in vain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, DeferredList

from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import NacosError

METRICS = "config-client-metrics"
"""The kind of the question under which nodes ask each other."""

_encode = msgspec.msgpack.encode
_decode_question = msgspec.msgpack.Decoder(tuple[str, ConfigKey | None]).decode
_decode_metrics = msgspec.msgpack.Decoder(dict[str, Any]).decode


class ClientMetrics:
    """The question."""

    def __init__(self, listeners: Listeners, ask_all: Callable[[str, bytes], Awaitable[list[bytes]]]) -> None:
        """@param ask_all: asks all other members; gives the answers of those that answer."""
        self._listeners = listeners
        self._ask_all = ask_all

    async def here(self, ip: str, key: ConfigKey | None) -> dict[str, Any]:
        """
        What the clients of this node say, all together.

        @param key: a config, of which they say what they have of it; None: how they are in general.
        """
        asked = [said for ask in self._listeners.asking for said in ask(ip, key)]
        found: dict[str, Any] = {}
        for succeeded, metrics in await DeferredList(asked, consumeErrors=True):
            if succeeded:
                found.update(metrics)
        return found

    def asked(self, peer: str, body: bytes) -> Deferred[bytes]:
        """Answer another node's L{METRICS}. @raise ValueError: the question is none."""
        return Deferred.fromCoroutine(self._encoded(*_decode_question(body)))

    async def _encoded(self, ip: str, key: ConfigKey | None) -> bytes:
        return _encode(await self.here(ip, key))

    async def everywhere(self, ip: str, key: ConfigKey | None) -> dict[str, Any]:
        """What those of all nodes say; of nodes that do not answer, nothing."""
        others = Deferred.fromCoroutine(self._others(_encode((ip, key))))
        found = await self.here(ip, key)
        for answer in await others:
            try:
                found.update(_decode_metrics(answer))
            except msgspec.MsgspecError:
                continue  # another version's
        return found

    async def _others(self, body: bytes) -> list[bytes]:
        try:
            return await self._ask_all(METRICS, body)
        except (NacosError, OSError):
            return []
