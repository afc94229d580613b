"""
Clients on streams over which nothing is certain: they read late or not at all, acknowledge or not, and go away.

The world stands in for naming and for the connections of a transport; the transport is the real one, or one that is
written here. What a client was told of a service must never go back, and in the end it must be the last state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from nacos_tw.access.identity import NOBODY
from nacos_tw.grpc.connections import PushFailed, Waiter
from nacos_tw.grpc.messages import Ack, Push
from nacos_tw.grpc.naming_push import ServicePushes
from nacos_tw.grpc.payloads import Reader
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.revisions import Revisions
from nacos_tw.naming.subscriptions import Audience, Subscriber, SubscribingClient, Subscriptions

TURN = 0.001

State = tuple[int, int]
"""Of a service: which one it is, counted from 0, and the revision that stands on messages."""

SERVICES: list[ServiceKey] = [("public", "g@@a"), ("public", "g@@b")]


Render = Callable[[ServiceKey, str], msgspec.Raw]


class Connection:
    """
    A client's connection.

    @ivar unread: messages on their way, each with what acknowledges it.
    @ivar told: what the client was told of each service, in order.
    @ivar wants: what it is subscribed to.
    """

    version, app, ip = "agent", "app", "10.0.0.1"
    waiting: Any = ()

    def __init__(self, number: int) -> None:
        self.id = f"client {number}"
        self.open = True
        self.unread: list[tuple[ServiceKey, State, Deferred[None] | None]] = []
        self.told: dict[ServiceKey, list[State]] = {}
        self.wants: set[ServiceKey] = set()

    @property
    def queued(self) -> int:
        """Bytes, a lot for each message, so that two are too many."""
        return len(self.unread) * 20_000


class Connections:
    """As L{nacos_tw.grpc.connections.Connections}; what is not acknowledged in time fails."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: list[Callable[[Any], object]] = []
        self._number = 0

    def on_left(self, listener: Callable[[Any], object]) -> None:
        self._left.append(listener)

    def push(self, client: Connection, push: Push, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        if not client.open:
            done.errback(PushFailed("gone"))
            return done
        push.take_number(1, "")
        _, body = Reader().read(push.payload)
        place, *state = msgspec.json.decode(body)["serviceInfo"]
        client.unread.append((SERVICES[place], tuple(state), done))

        def late() -> None:
            if not done.called:
                done.errback(PushFailed("late"))

        self._clock.callLater(seconds, late)
        return done

    def send(self, client: Connection, push: Push, waiter: Waiter, until: float) -> int:
        if not client.open:
            return 0
        self._number = number = self._number + 1
        done = self.push(client, push, until - self._clock.seconds())
        done.addCallbacks(
            lambda _: waiter.taken(number, Ack()), lambda failure: waiter.not_taken(number, str(failure.value))
        )
        return number

    def lose(self, client: Connection) -> None:
        client.open = False
        for _, _, done in client.unread:
            if done is not None and not done.called:
                done.errback(PushFailed("gone"))
        for listener in self._left:
            listener(client)


class Wish(Subscriber):
    """@ivar writes: of the transport below, how often it wrote; C{connection}: where to."""

    __slots__ = ("connection", "writes")

    def __init__(self, client: SubscribingClient, service: ServiceKey, connection: Connection) -> None:
        super().__init__(client, service)
        self.connection = connection
        self.writes = 0


class Third:
    """A transport of its own, written from what naming says about transports."""

    def __init__(
        self,
        clock: Clock,
        connections: Connections,
        subscriptions: Subscriptions,
        render: Callable[[ServiceKey, str], Any],
    ) -> None:
        self._clock, self._connections, self._render = clock, connections, render
        self.audience: Audience[Wish] = subscriptions.audience(self.push)
        connections.on_left(lambda client: self.audience.ended(client.id))
        self.running = True
        self.audience.start()

    def subscribe(self, connection: Connection, service: ServiceKey, clusters: str, identity: object) -> bool:
        if self.audience.find(connection.id, service) is not None:
            return True
        client = SubscribingClient(connection.id, connection.ip, "agent", "app", connection.ip)
        return self.audience.add(Wish(client, service, connection))

    def unsubscribe(self, connection: Connection, service: ServiceKey, clusters: str) -> None:
        found = self.audience.find(connection.id, service)
        if found is not None:
            self.audience.remove(found)

    def push(self, service: ServiceKey, subscribers: list[Wish]) -> Iterator[bool]:
        rendered: Any = None
        for wish in subscribers:
            if rendered is None or self.audience.outdated():
                rendered = self._render(service, "")
            self.write(wish, rendered)
            yield True

    def write(self, wish: Wish, rendered: Any = None) -> None:
        if not self.running or self.audience.find(wish.client.key, wish.service) is not wish:
            return
        if wish.connection.queued > 32_768:
            self._clock.callLater(0.1, self.write, wish)
            return
        wish.writes += 1
        state = self._render(wish.service, "") if rendered is None else rendered
        done = self._connections.push(wish.connection, Push("X", {"serviceInfo": state}, "naming"), 5.0)
        done.addErrback(self._failed, wish, wish.writes)

    def _failed(self, failure: Any, wish: Wish, number: int) -> None:
        if number == wish.writes:
            self._clock.callLater(1.0, self.write, wish)

    def stopService(self) -> None:  # noqa: N802 - Twisted's name
        self.running = False
        self.audience.stop()


class Turning(Clock):
    """A clock that shows the reactor's turns: what is due at once is due with the next one, a millisecond later."""

    def callLater(self, when: float, *call: Any, **more: Any) -> Any:  # noqa: N802 - Twisted's name
        return super().callLater(max(when, TURN), *call, **more)


class World:
    """
    @ivar states: number of each service's state.
    """

    def __init__(self, seed: int, transport: Callable[..., Any]) -> None:
        self.random = Random(seed)
        self.clock = Turning()
        self.clock.advance(1000)
        self.states = dict.fromkeys(SERVICES, 0)
        self.subscriptions = Subscriptions(self.clock, revisions=Revisions(self.clock.seconds))
        self.connections = Connections(self.clock)
        self.pushes = transport(self.clock, self.connections, self.subscriptions, self.render)
        self.clients = [Connection(number) for number in range(6)]
        # Few writes fit into a turn: changes fall between the clients of one push.
        for audience in self.subscriptions._audiences:
            audience._turns._steps = 1

    def render(self, service: ServiceKey, clusters: str) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode((SERVICES.index(service), *self.state(service))))

    def state(self, service: ServiceKey) -> State:
        return self.states[service], self.subscriptions.revisions.of(service)

    # -- what happens

    def change(self) -> None:
        service = self.random.choice(SERVICES)
        self.states[service] += 1
        self.subscriptions.changed([service])

    def subscribe(self) -> None:
        """The answer goes over the stream, too."""
        client, service = self.random.choice(self.clients), self.random.choice(SERVICES)
        if client.open and self.pushes.subscribe(client, service, "", NOBODY):
            client.wants.add(service)
            client.unread.append((service, self.state(service), None))

    def unsubscribe(self) -> None:
        client, service = self.random.choice(self.clients), self.random.choice(SERVICES)
        self.pushes.unsubscribe(client, service, "")
        client.wants.discard(service)

    def read(self) -> None:
        """Some of what is there, and not each acknowledgement arrives."""
        self.take(self.random.choice(self.clients), self.random.randint(1, 3), 0.7, 0.1)

    def take(self, client: Connection, count: int, acknowledged: float, refused: float) -> None:
        for service, state, done in client.unread[:count]:
            if done is not None and self.random.random() < refused:
                # Whatever became of it at the client, it did not take it, and says so or nothing.
                if not done.called and self.random.random() < 0.5:
                    done.errback(PushFailed("refused"))
                continue
            client.told.setdefault(service, []).append(state)
            if done is not None and not done.called and self.random.random() < acknowledged:
                done.callback(None)
        del client.unread[:count]

    def lose(self) -> None:
        """One goes, another one comes in its place."""
        if self.random.random() < 0.2:
            place = self.random.randrange(len(self.clients))
            self.connections.lose(self.clients[place])
            self.clients[place] = Connection(self.random.randrange(10**9))

    def time(self) -> None:
        self.clock.advance(self.random.choice((TURN, TURN, TURN, TURN, 0.05, 0.1, 1.0, 6.0)))

    def live(self, steps: int) -> None:
        """Random things happen; then all clients read whatever comes, until nothing does."""
        things = [self.change] * 3 + [self.subscribe] * 6 + [self.read] * 4 + [self.time] * 5
        things += [self.unsubscribe, self.lose]
        for _ in range(steps):
            self.random.choice(things)()
        for turn in range(300):
            self.clock.advance(0.1)
            for client in self.clients:
                self.take(client, len(client.unread), 1.0, 0.3 if turn < 100 else 0.0)

    # -- what must hold

    def went_back(self) -> list[tuple[str, State, State]]:
        """What a client was told after something newer, or without a revision that says that it is newer."""
        return [
            (client.id, one, other)
            for client in self.clients
            for told in client.told.values()
            for one, other in zip(told, told[1:], strict=False)
            if other < one or (other[0] > one[0] and other[1] <= one[1])
        ]

    def missing(self) -> list[tuple[str, ServiceKey]]:
        """Who does not know the last state of what it wants to hear of."""
        return [
            (client.id, service)
            for client in self.clients
            for service in client.wants
            if client.told[service][-1][0] != self.states[service]
        ]


def grpc(clock: Clock, connections: Any, subscriptions: Subscriptions, render: Any) -> ServicePushes:
    """The transport of gRPC."""
    made = ServicePushes(clock, connections, subscriptions, render, at_once=2)
    made.startService()
    return made
