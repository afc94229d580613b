"""
Who listens to which configs over gRPC, and telling them (docs/spec/grpc.md#8): a transport of changes of configs.

A client is told only that a config has changed; it asks then which of those that it listens to differ from what it has.
So a change that comes while it has not yet acknowledged the one before needs to be told once more, not each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.config.model import ConfigKey
from nacos_tw.grpc.connections import ClientConnection, Connections, PushFailed
from nacos_tw.grpc.messages import Push

NOTIFY = "ConfigChangeNotifyRequest"
ACK_TIME = 3.0
"""Seconds that a client has to acknowledge."""
RETRY = 2.0
"""Seconds after the first failure; one more such time after each further one."""
TRIES = 50
"""Failures after which the client is given up."""
MOST = 30_000
"""Configs that one client may listen to; its own limit is 3,000 a connection."""


@attrs.define(eq=False)
class Listener:
    """
    That a client listens to a config.

    @ivar named: the config as the client named it.
    @ivar md5: that the client has, as far as it said.
    @ivar identity: who asked for it.
    @ivar telling: it is being told; C{again}: it has changed since.
    @ivar failures: in a row.
    """

    client: ClientConnection
    named: ConfigKey
    md5: str
    identity: Identity
    telling: bool = False
    again: bool = False
    failures: int = 0
    retry: IDelayedCall | None = None


class ConfigListeners:
    """The clients that listen."""

    log = Logger()

    def __init__(self, clock: IReactorTime, connections: Connections) -> None:
        self._clock = clock
        self._connections = connections
        self._by_key: dict[ConfigKey, dict[ClientConnection, Listener]] = {}
        self._by_client: dict[ClientConnection, dict[ConfigKey, Listener]] = {}
        connections.on_left(self.left)

    def __len__(self) -> int:
        return sum(map(len, self._by_client.values()))

    def of(self, key: ConfigKey) -> list[Listener]:
        """Who listens to a config."""
        return list(self._by_key.get(key, {}).values())

    def of_client(self, client: ClientConnection) -> list[Listener]:
        """What a client listens to."""
        return list(self._by_client.get(client, {}).values())

    def __iter__(self) -> Iterator[tuple[ConfigKey, Listener]]:
        for key, held in self._by_key.items():
            for listener in held.values():
                yield key, listener

    def listen(
        self, client: ClientConnection, key: ConfigKey, named: ConfigKey, md5: str, identity: Identity = EVERYBODY
    ) -> bool:
        """
        Tell a client of each change from now on.

        @param key: the tenant normalised; C{named}: as the client has it.
        @return: False if it listens to too many.
        """
        held = self._by_client.get(client)
        known = None if held is None else held.get(key)
        if known is not None:
            known.named, known.md5, known.identity = named, md5, identity
            return True
        if not client.open or (held is not None and len(held) >= MOST):
            return False
        listener = Listener(client, named, md5, identity)
        self._by_client.setdefault(client, {})[key] = listener
        self._by_key.setdefault(key, {})[client] = listener
        return True

    def forget(self, client: ClientConnection, key: ConfigKey) -> None:
        """Tell it no more."""
        held = self._by_client.get(client)
        listener = None if held is None else held.pop(key, None)
        if listener is None or held is None:
            return
        if not held:
            del self._by_client[client]
        self._end(key, listener)

    def dismiss(self, may: Callable[[Identity, ConfigKey], bool]) -> None:
        """Rights have changed: those who may not any more are told no more."""
        for key, listener in list(self):
            if not may(listener.identity, key):
                self.forget(listener.client, key)

    def left(self, client: ClientConnection) -> None:
        """A client has gone."""
        for key, listener in self._by_client.pop(client, {}).items():
            self._end(key, listener)

    def _end(self, key: ConfigKey, listener: Listener) -> None:
        others = self._by_key[key]
        del others[listener.client]
        if not others:
            del self._by_key[key]
        listener.again = False
        if listener.retry is not None:
            listener.retry.cancel()
            listener.retry = None

    # -- changes

    def changed(self, key: ConfigKey) -> None:
        """A config has changed, for some clients at least: all who listen to it are told."""
        held = self._by_key.get(key)
        if held is None:
            return
        pushes: dict[ConfigKey, Push] = {}
        for listener in list(held.values()):
            if listener.telling or listener.retry is not None:
                listener.again = listener.telling
                continue
            push = pushes.get(listener.named)
            if push is None:
                push = pushes[listener.named] = notice(listener.named)
            self._tell(key, listener, push)

    def _tell(self, key: ConfigKey, listener: Listener, push: Push) -> None:
        listener.telling, listener.again = True, False
        done = self._connections.push(listener.client, push, ACK_TIME)
        done.addCallbacks(lambda _: self._told(key, listener), lambda why: self._failed(why, key, listener))
        done.addErrback(lambda failure: self.log.failure("a listener could not be told", failure))

    def _holds(self, key: ConfigKey, listener: Listener) -> bool:
        return self._by_key.get(key, {}).get(listener.client) is listener

    def _told(self, key: ConfigKey, listener: Listener) -> None:
        listener.telling, listener.failures = False, 0
        if listener.again and self._holds(key, listener):
            self._tell(key, listener, notice(listener.named))

    def _failed(self, failure: object, key: ConfigKey, listener: Listener) -> None:
        failure.trap(PushFailed)  # type: ignore[attr-defined]
        listener.telling = False
        if not self._holds(key, listener):
            return
        listener.failures += 1
        if listener.failures >= TRIES:
            self.log.info("client {id} acknowledges no changes, and is dropped", id=listener.client.id)
            listener.client.end()
            self._connections.remove(listener.client)
            return
        listener.retry = self._clock.callLater(RETRY * listener.failures, self._retry, key, listener)

    def _retry(self, key: ConfigKey, listener: Listener) -> None:
        listener.retry = None
        self._tell(key, listener, notice(listener.named))


def notice(named: ConfigKey) -> Push:
    """That a config has changed."""
    tenant, group, data_id = named
    return Push(NOTIFY, {"dataId": data_id, "group": group, "tenant": tenant}, "config")
