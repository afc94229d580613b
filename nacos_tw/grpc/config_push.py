"""
Telling clients of changes of configs on their streams: a transport of L{nacos_tw.config.listeners}
(docs/spec/grpc.md#8).

A client is only told that a config has changed; it then asks which of its configs differ from what it has. So changes
that come before it has acknowledged the last message need one more message, not one each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.config.listeners import Listeners, StandingListener
from nacos_tw.config.model import ConfigKey, group_key, tenant_of
from nacos_tw.grpc.config_fuzzy import ConfigWatching
from nacos_tw.grpc.config_reminders import Reminders
from nacos_tw.grpc.connections import ClientConnection, Connections, PushFailed
from nacos_tw.grpc.messages import Ack, Push

NOTIFY, METRICS = "ConfigChangeNotifyRequest", "ClientConfigMetricRequest"
METRICS_TIME = 1.0
"""Seconds that a client has to say what it has; clients in Go and Python never say it."""
ACK_TIME = 3.0
"""Seconds that a client has to acknowledge."""
RETRY = 2.0
"""Seconds after the first failure; one more such time after each further one."""
TRIES = 50
"""Failures after which the client is given up."""
MOST = 30_000
"""Configs that one client may listen to; its own limit is 3,000 a connection."""


@attrs.define(eq=False)
class Telling:
    """
    A client is being told of a config.

    @ivar again: it has changed since.
    @ivar times: it was told so often before, and has not asked.
    @ivar failures: in a row.
    @ivar retry: it is told again then.
    """

    again: bool = False
    times: int = 0
    failures: int = 0
    retry: IDelayedCall | None = None


class StreamListener(StandingListener):
    """
    A client that listens.

    @ivar connection: its stream.
    @ivar identity: who asked for it.
    @ivar telling: what it is told of just now.
    """

    __slots__ = ("connection", "identity", "telling")

    def __init__(self, connection: ClientConnection, labels: dict[str, str]) -> None:
        super().__init__(connection.ip, "", labels)
        self.connection = connection
        self.identity: Identity = EVERYBODY
        self.telling: dict[ConfigKey, Telling] = {}


class ConfigPushes:
    """
    The clients that listen on streams.

    @ivar audience: they; C{watching}: those who watch by patterns.
    @ivar reminders: those who were told and have not asked since.
    @ivar on_told: called when a client has acknowledged the last state of a config, or is not told of it any more
        (False); None: nobody wants to know.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, connections: Connections, listeners: Listeners) -> None:
        self._clock = clock
        self._connections = connections
        self._by_client: dict[ClientConnection, StreamListener] = {}
        self.audience = listeners.audience(self._changed, lambda: list(self._by_client.values()))
        self._due: dict[tuple[StreamListener, ConfigKey], None] = {}
        self._working: IDelayedCall | None = None
        self.on_told: Callable[[StreamListener, ConfigKey, bool], object] | None = None
        connections.on_left(self.left)
        listeners.asking.append(self.ask)
        self.watching = ConfigWatching(clock, connections, listeners)
        self.reminders = Reminders(clock, self._tell_again)

    def __len__(self) -> int:
        return sum(len(listener.md5s) for listener in self._by_client.values())

    @property
    def telling(self) -> int:
        """Clients that are being told of a config, or are about to be, each config by itself."""
        return len(self._due) + sum(len(listener.telling) for listener in self._by_client.values())

    def __iter__(self) -> Iterator[StreamListener]:
        return iter(list(self._by_client.values()))

    def count(self, connection: ClientConnection) -> int:
        """How many configs a client listens to."""
        listener = self._by_client.get(connection)
        return 0 if listener is None else len(listener.md5s)

    def keys(self, connection: ClientConnection) -> list[ConfigKey]:
        """The configs that a client listens to."""
        listener = self._by_client.get(connection)
        return [] if listener is None else list(listener.md5s)

    def listener(self, connection: ClientConnection, labels: dict[str, str]) -> StreamListener:
        """The one of a client, for L{Audience.hold<nacos_tw.config.listeners.Audience.hold>}."""
        found = self._by_client.get(connection)
        if found is None:
            found = StreamListener(connection, labels)
            if connection.open:
                self._by_client[connection] = found
        return found

    def release(self, listener: StreamListener, keys: Iterable[ConfigKey]) -> None:
        """A client listens to these no more."""
        for key in self.audience.release(listener, keys):
            self._end(listener, key)
        if not listener.md5s:
            self._by_client.pop(listener.connection, None)

    def dismiss(self, may: Callable[[Identity, ConfigKey], bool]) -> None:
        """Rights have changed: those who may not any more are told no more."""
        for listener in self:
            self.release(listener, [key for key in listener.md5s if not may(listener.identity, key)])
        self.watching.watches.dismiss(lambda identity, namespace: may(identity, (tenant_of(namespace), "", "")))

    def left(self, connection: ClientConnection) -> None:
        """A client has gone."""
        listener = self._by_client.pop(connection, None)
        if listener is not None:
            self.release(listener, list(listener.md5s))

    def _end(self, listener: StreamListener, key: ConfigKey) -> None:
        self._due.pop((listener, key), None)
        self.reminders.forget(listener.connection, key)
        telling = listener.telling.pop(key, None)
        if telling is not None and telling.retry is not None:
            telling.retry.cancel()
        if self.on_told is not None:
            self.on_told(listener, key, False)

    # -- changes

    def _changed(self, key: ConfigKey, listeners: Iterable[StreamListener]) -> None:
        """See L{nacos_tw.config.listeners}."""
        for listener in listeners:
            telling = listener.telling.get(key)
            if telling is None:
                self._due[listener, key] = None
            elif telling.retry is None:
                telling.again = True
        if self._due and self._working is None:
            self._working = self._clock.callLater(0, self._work)

    def _work(self) -> None:
        self._working = None
        due, self._due = self._due, {}
        pushes: dict[ConfigKey, Push] = {}
        for listener, key in due:
            if key in listener.md5s:
                named = listener.name(key)
                push = pushes.get(named)
                if push is None:
                    push = pushes[named] = notice(named)
                telling = listener.telling[key] = Telling()
                self._tell(listener, key, telling, push)

    def _tell(self, listener: StreamListener, key: ConfigKey, telling: Telling, push: Push) -> None:
        telling.again = False
        self.reminders.told(listener.connection, key, telling.times)
        done = self._connections.push(listener.connection, push, ACK_TIME)
        done.addCallbacks(
            lambda _: self._told(listener, key, telling), lambda why: self._failed(why, listener, key, telling)
        )
        done.addErrback(lambda failure: self.log.failure("a listener could not be told", failure))

    def _told(self, listener: StreamListener, key: ConfigKey, telling: Telling) -> None:
        if listener.telling.get(key) is not telling:
            return
        if telling.again:
            telling.failures = telling.times = 0
            self._tell(listener, key, telling, notice(listener.name(key)))
        else:
            del listener.telling[key]
            if self.on_told is not None:
                self.on_told(listener, key, True)

    def _tell_again(self, client: ClientConnection, key: ConfigKey, times: int) -> None:
        """See L{Reminders}."""
        listener = self._by_client.get(client)
        if listener is None or key not in listener.md5s or (listener, key) in self._due:
            return
        if key in listener.telling:
            self.reminders.told(client, key, times - 1)  # it has not even acknowledged
            return
        telling = listener.telling[key] = Telling(times=times)
        self._tell(listener, key, telling, notice(listener.name(key)))

    def _failed(self, failure: object, listener: StreamListener, key: ConfigKey, telling: Telling) -> None:
        failure.trap(PushFailed)  # type: ignore[attr-defined]
        if listener.telling.get(key) is not telling:
            return
        telling.failures += 1
        if telling.failures >= TRIES:
            self.log.info("client {id} acknowledges no changes, and is dropped", id=listener.connection.id)
            listener.connection.end()
            self._connections.remove(listener.connection)
            return
        telling.retry = self._clock.callLater(RETRY * telling.failures, self._retry, listener, key, telling)

    def _retry(self, listener: StreamListener, key: ConfigKey, telling: Telling) -> None:
        telling.retry = None
        self._tell(listener, key, telling, notice(listener.name(key)))

    # -- what clients have

    def ask(self, ip: str, key: ConfigKey | None) -> list[Deferred[dict[str, Any]]]:
        """
        Ask the clients of an address what they have of a config; see L{Tells<nacos_tw.config.listeners.Tells>}.

        @return: each fires with what one says, C{{}} for one that does not answer.
        """
        asked = []
        for connection in self._connections:
            if connection.ip == ip and connection.module in ("config", ""):
                listener = self._by_client.get(connection)
                named = key if key is None or listener is None else listener.name(key)
                said = self._connections.push(connection, question(named), METRICS_TIME)
                asked.append(said.addCallbacks(_metrics, _nothing))
        return asked


def question(named: ConfigKey | None) -> Push:
    """What a client has of a config: in its memory, and in the file that it keeps."""
    keys = [] if named is None else [{"type": kind, "key": group_key(named)} for kind in ("cacheData", "snapshotData")]
    return Push(METRICS, {"metricsKeys": keys}, "config")


def _metrics(ack: Ack) -> dict[str, Any]:
    return ack.metrics if isinstance(ack.metrics, dict) else {}


def _nothing(failure: Failure) -> dict[str, Any]:
    failure.trap(PushFailed)
    return {}


def notice(named: ConfigKey) -> Push:
    """That a config has changed."""
    tenant, group, data_id = named
    return Push(NOTIFY, {"dataId": data_id, "group": group, "tenant": tenant}, "config")
