"""Lists the listeners of configs, on this node and on all (docs/spec/config-v1.md#3.11, #3.12, #7.3, #7.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from nacos_tw.config.client_metrics import ClientMetrics
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import NacosError

WATCHERS = "config-watchers"
WATCHED = "config-watched"
"""The kinds of questions under which nodes ask each other for them."""
ROUNDS = 3
GAP = 0.1
"""How often to look, seconds between: a client is between two polls at times."""

AskAll = Callable[[str, bytes], Awaitable[list[bytes]]]

_decode_key = msgspec.msgpack.Decoder(ConfigKey).decode
_decode_ip = msgspec.msgpack.Decoder(str).decode
_decode_watchers = msgspec.msgpack.Decoder(dict[str, str]).decode
_decode_watched = msgspec.msgpack.Decoder(list[tuple[ConfigKey, str]]).decode
_encode = msgspec.msgpack.encode


class Watchers:
    """
    The questions.

    @ivar metrics: what clients themselves say, see there.
    """

    def __init__(self, clock: IReactorTime, listeners: Listeners, ask_all: AskAll) -> None:
        """@param ask_all: asks all other members; gives the answers of those that answer."""
        self._clock = clock
        self._listeners = listeners
        self._ask_all = ask_all
        self.metrics = ClientMetrics(listeners, ask_all)

    # -- of this node

    async def local_watchers(self, key: ConfigKey) -> dict[str, str]:
        """The clients that listen to a config at this node: address to the md5 that it has."""
        found: dict[str, str] = {}
        for turn in range(ROUNDS):
            if turn:
                await deferLater(self._clock, GAP, lambda: None)
            found.update(self._listeners.watchers(key))
        return found

    async def local_watched(self, client_ip: str) -> dict[ConfigKey, str]:
        """The configs that a client listens to at this node, each with the md5 that it has."""
        found: dict[ConfigKey, str] = {}
        for turn in range(ROUNDS):
            if turn:
                await deferLater(self._clock, GAP, lambda: None)
            found.update(self._listeners.watched(client_ip))
        return found

    def asked_watchers(self, peer: str, body: bytes) -> Deferred[bytes]:
        """Answer another node's L{WATCHERS}. @raise ValueError: the question is none."""
        return Deferred.fromCoroutine(self._encoded_watchers(_decode_key(body)))

    def asked_watched(self, peer: str, body: bytes) -> Deferred[bytes]:
        """Answer another node's L{WATCHED}. @raise ValueError: the question is none."""
        return Deferred.fromCoroutine(self._encoded_watched(_decode_ip(body)))

    async def _encoded_watchers(self, key: ConfigKey) -> bytes:
        return _encode(await self.local_watchers(key))

    async def _encoded_watched(self, client_ip: str) -> bytes:
        return _encode(list((await self.local_watched(client_ip)).items()))

    # -- of all nodes

    async def watchers(self, key: ConfigKey) -> dict[str, str]:
        """The clients that listen to a config: address to md5, one entry per address."""
        asked = self._all(WATCHERS, _encode(key))
        found = await self.local_watchers(key)
        for answer in await asked:
            try:
                found = {**_decode_watchers(answer), **found}
            except msgspec.MsgspecError:
                continue  # another version's
        return found

    async def watched(self, client_ip: str) -> dict[ConfigKey, str]:
        """The configs that a client listens to, each with its md5."""
        asked = self._all(WATCHED, _encode(client_ip))
        found = await self.local_watched(client_ip)
        for answer in await asked:
            try:
                found = {**dict(_decode_watched(answer)), **found}
            except msgspec.MsgspecError:
                continue
        return found

    def _all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        """Begin to ask the others."""
        return Deferred.fromCoroutine(self._answers(what, body))

    async def _answers(self, what: str, body: bytes) -> list[bytes]:
        try:
            return await self._ask_all(what, body)
        except (NacosError, OSError):
            return []
