"""
Telling clients of services' changes on their streams: a transport of L{nacos_tw.naming.subscriptions}
(docs/spec/grpc.md#7.4).

A state is rendered once for all subscribers of the same clusters of a service. It is sent to each client at once, in
order; only the acknowledgement of the last one counts. A client that does not read, or has not acknowledged it, is sent
the current state a moment later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from nacos_tw.access.identity import Identity
from nacos_tw.grpc.connections import ClientConnection, Connections
from nacos_tw.grpc.fuzzy import FuzzyWatches
from nacos_tw.grpc.messages import Ack, Push
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.subscriptions import Subscriber, SubscribingClient, Subscriptions

NOTIFY = "NotifySubscriberRequest"
ACK_TIME = 5.0
"""Seconds that a client has to acknowledge."""
RETRY = 1.0
"""Seconds after which it is sent the state of then."""
FULL = 32 * 1024
"""Bytes that a client has not taken, from which on it is sent no more."""
AT_ONCE = 16
"""Clients that are told in one step, as long as what they are told is less than C{FULL} bytes."""
PUSH_TIMEOUT = 60.0
"""Seconds that a client may leave so much; then its connection ends, though it may go on asking."""

Render = Callable[[ServiceKey, str], msgspec.Raw]
"""(service, clusters) to the service as clients read it."""


class StreamSubscriber(Subscriber):
    """
    A client's wish to hear of a service; it waits for the answers to its own pushes.

    @ivar connection: its stream.
    @ivar identity: who subscribed.
    @ivar again: to be called if the client has not taken the last push.
    @ivar newest: number of the push that was sent last; C{retry}: it is sent another one then.
    """

    __slots__ = ("again", "connection", "identity", "newest", "retry")

    def __init__(
        self,
        client: SubscribingClient,
        service: ServiceKey,
        clusters: str,
        connection: ClientConnection,
        identity: Identity,
        again: Callable[[StreamSubscriber], object],
    ) -> None:
        super().__init__(client, service, clusters)
        self.connection = connection
        self.identity = identity
        self.again = again
        self.newest = 0
        self.retry: IDelayedCall | None = None

    def taken(self, number: int, ack: Ack) -> None:
        """See L{nacos_tw.grpc.connections.Waiter}."""

    def not_taken(self, number: int, why: str) -> None:
        """See L{nacos_tw.grpc.connections.Waiter}."""
        if number == self.newest:
            self.again(self)


class ServicePushes(Service):
    """
    The subscribers on streams.

    @ivar audience: they.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connections: Connections,
        subscriptions: Subscriptions,
        render: Render,
        enabled: Callable[[], bool] = lambda: True,
        at_once: int = AT_ONCE,
    ) -> None:
        """
        @param enabled: whether clients are told of changes at all (the switch C{pushEnabled}).
        @param at_once: see L{AT_ONCE}.
        """
        self._clock = clock
        self._connections = connections
        self._render = render
        self._enabled = enabled
        self._at_once = at_once
        self._when_not_taken = self._again  # one object for all subscribers
        self._revisions = subscriptions.revisions
        self.audience = subscriptions.audience(self._push)
        self.watches: FuzzyWatches | None = None
        self._full: dict[str, tuple[float, float]] = {}  # who has too much to read, by id: since when, seen last
        connections.on_left(self._left)

    def startService(self) -> None:
        """Push from now on."""
        super().startService()
        self.audience.start()

    def stopService(self) -> None:
        """Push no more."""
        super().stopService()
        self.audience.stop()
        for subscriber in self.audience:
            self._stop_retry(subscriber)

    def subscribe(self, connection: ClientConnection, service: ServiceKey, clusters: str, identity: Identity) -> bool:
        """
        Tell a client of each change from now on, and, the first time, of the state: clients that subscribe again after
        a failure drop the answer to that.

        @return: False if there is no room.
        """
        known = self.audience.find(connection.id, service, clusters)
        if known is not None:
            known.identity = identity
            return True
        others = self.audience.of_client(connection.id)
        client = others[0].client if others else _client(connection)
        subscriber = StreamSubscriber(client, service, clusters, connection, identity, self._when_not_taken)
        if not self.audience.add(subscriber):
            return False
        if self._revisions.renew(service):
            self.audience.renumbered(service)
        self.audience.tell(subscriber)
        return True

    def unsubscribe(self, connection: ClientConnection, service: ServiceKey, clusters: str) -> None:
        """Tell it no more."""
        known = self.audience.find(connection.id, service, clusters)
        if known is not None:
            self._remove(known)

    def dismiss(self, may: Callable[[StreamSubscriber], bool]) -> None:
        """Rights have changed: those who may not any more hear no more."""
        for subscriber in list(self.audience):
            if not may(subscriber):
                self._remove(subscriber)

    def _left(self, connection: ClientConnection) -> None:
        self._full.pop(connection.id, None)
        for subscriber in self.audience.of_client(connection.id):
            self._stop_retry(subscriber)
        self.audience.ended(connection.id)

    def _remove(self, subscriber: StreamSubscriber) -> None:
        self.audience.remove(subscriber)
        self._stop_retry(subscriber)

    def _stop_retry(self, subscriber: StreamSubscriber) -> None:
        if subscriber.retry is not None:
            subscriber.retry.cancel()
            subscriber.retry = None

    # -- pushes

    def _push(self, service: ServiceKey, subscribers: list[StreamSubscriber]) -> Iterator[bool]:
        """See L{nacos_tw.naming.subscriptions}."""
        if not self._enabled():
            return
        rendered: dict[str, Push] = {}
        until, told = 0.0, 0
        for subscriber in subscribers:
            if not subscriber.subscribed:
                continue
            if not told:  # nothing changes within a step
                until = self._clock.seconds() + ACK_TIME
                if self.audience.outdated():
                    rendered.clear()
            push = rendered.get(subscriber.clusters)
            if push is None:
                push = rendered[subscriber.clusters] = self._rendered(subscriber)
            self._send(subscriber, push, until)
            told += 1
            if told >= self._at_once or push.size >= FULL:
                told = 0
                yield True

    def _rendered(self, subscriber: StreamSubscriber) -> Push:
        info = self._render(subscriber.service, subscriber.clusters)
        return Push(NOTIFY, {"serviceInfo": info}, "naming")

    def _send(self, subscriber: StreamSubscriber, push: Push, until: float) -> None:
        connection = subscriber.connection
        # Who has answered all has read all.
        if (connection.waiting is not None or self._full) and self._is_full(connection):
            self._again(subscriber)
            return
        subscriber.newest = self._connections.send(connection, push, subscriber, until)
        if not subscriber.newest:
            self._again(subscriber)

    def _is_full(self, connection: ClientConnection) -> bool:
        """Whether a client has too much to read. One that has had for long is cut off."""
        if connection.queued <= FULL:
            if self._full:
                self._full.pop(connection.id, None)
            return False
        now = self._clock.seconds()
        since, seen = self._full.get(connection.id, (now, now))
        if now - seen > 3 * RETRY:
            since = now  # nobody has looked meanwhile
        self._full[connection.id] = since, now
        if now - since >= PUSH_TIMEOUT:
            self.log.info("client {id} does not read what it is told, and is dropped", id=connection.id)
            connection.cut_off("pushes are not read")
        return True

    def _again(self, subscriber: StreamSubscriber) -> None:
        if subscriber.retry is None and self.running and subscriber.subscribed:
            subscriber.retry = self._clock.callLater(RETRY, self._retry, subscriber)

    def _retry(self, subscriber: StreamSubscriber) -> None:
        subscriber.retry = None
        if subscriber.subscribed:
            self._send(subscriber, self._rendered(subscriber), self._clock.seconds() + ACK_TIME)


def _client(connection: ClientConnection) -> SubscribingClient:
    return SubscribingClient(connection.id, connection.ip, connection.version, connection.app, connection.ip)
