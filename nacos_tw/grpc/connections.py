"""The clients that are connected: who they are, what is pushed to them, and which of them are silent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.grpc.carrier import Carrier
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.messages import DETECTION, OK, RESET, SETUP_ACK, Ack, ConnectionSetupRequest, Push
from nacos_tw.grpc.payloads import Metadata
from nacos_tw.memo import BoundedMemo
from nacos_tw.timers import Periodic, guarded

SWEEP = 1.0
"""Seconds between two looks at who is silent and which pushes are not answered; these times are exact to that."""
SILENCE = 20.0
"""Seconds after which a client is asked whether it is there; C{DETECTION_TIME}: in so many it must say so."""
DETECTION_TIME = 5.0
RESET_TIME = 3.0
MOST_LABELS = 64
"""Labels of a client, and abilities; more are not taken."""


class PushFailed(Exception):
    """A client has not taken a push: it is gone, did not answer in time, or answered with a failure."""


class Waiter(Protocol):
    """Who wants to know what becomes of a push. What these methods raise nobody catches."""

    def taken(self, number: int, ack: Ack) -> object:
        """The client has taken it."""

    def not_taken(self, number: int, why: str) -> object:
        """It has not, see L{PushFailed}."""


class ClientConnection:
    """
    A client that has said who it is.

    @ivar id: C{milliseconds_address_port}.
    @ivar ip: as the client declares it; C{remote_ip}, C{remote_port}: where it comes from.
    @ivar version: C{Nacos-Java-Client:v2.5.1}; C{app}: label AppName, else "-".
    @ivar module: what it is for: C{naming}, C{config}, C{lock}, C{ai}; "" if it did not say.
    @ivar namespace: of config clients, as it was sent; None for others.
    @ivar labels: all that were sent; C{abilities}: None for a client that does not negotiate.
    @ivar since: milliseconds since 1970; C{last_active}: seconds of the clock.
    @ivar stream: where its pushes go.
    @ivar open: whether it is still there.
    @ivar waiting: by its number each push that it has not answered, with the second until which it has time, and who
        waits for the answer; None for none.
    """

    __slots__ = (
        "_carrier",
        "abilities",
        "app",
        "id",
        "ip",
        "labels",
        "last_active",
        "module",
        "namespace",
        "open",
        "remote_ip",
        "remote_port",
        "since",
        "stream",
        "version",
        "waiting",
    )

    def __init__(
        self, carrier: Carrier, stream: int, metadata: Metadata, setup: ConnectionSetupRequest, now: float
    ) -> None:
        self._carrier = carrier
        self.stream = stream
        self.id = connection_id(carrier)
        self.remote_ip, self.remote_port = carrier.host, carrier.port
        self.ip = metadata.client_ip or carrier.host
        self.version = sys.intern(setup.clientVersion or "")
        self.labels = _shared(setup.texts())
        self.app = self.labels.get("AppName") or "-"
        self.module = self.labels.get("module", "")
        self.namespace = None if setup.tenant is None else sys.intern(setup.tenant)
        table = setup.abilityTable
        self.abilities = None if table is None else _shared({name: bool(has) for name, has in table.items()})
        self.since = carrier.serial
        self.last_active = now
        self.open = True
        self.waiting: dict[int, tuple[float, Waiter]] | None = None

    @property
    def queued(self) -> int:
        """Bytes of pushes that it has not taken."""
        return self._carrier.engine.queued(self.stream)

    def said(self, name: str) -> str:
        """A header of the call that is read now, where carriers keep it, see L{Carrier}; "" if there is none."""
        head = self._carrier.head
        return "" if head is None else head.value(name.encode()).decode("utf-8", "replace")

    def send(self, payload: bytes) -> bool:
        """Write a payload; False when it is gone."""
        return self.open and self._carrier.send(self.stream, payload)

    def cut_off(self, reason: str) -> None:
        """Close its connection: it does not take what is sent to it."""
        self._carrier.end("unread", reason)

    def end(self) -> None:
        """Take it off: the client sees its stream end, and goes elsewhere."""
        self._carrier.finish(self.stream)
        self._carrier.drain()


V = TypeVar("V")

_said: BoundedMemo[tuple[Any, ...], Any] = BoundedMemo(2**20)
"""What clients say of themselves, by its items: most say the same. It is never changed in place."""


def _shared(said: dict[str, V]) -> dict[str, V]:
    """The one of all equal dicts that is kept."""
    items = tuple(said.items())
    found: dict[str, V] | None = _said.get(items)
    if found is None:
        found = said
        if len(said) <= MOST_LABELS:
            _said.keep(items, said, 500 + sum([len(str(part)) for item in items for part in item]))
    return found


def connection_id(carrier: Carrier) -> str:
    """In the form that other tools take apart: milliseconds, address, port."""
    return f"{carrier.serial}_{carrier.host}_{carrier.port}"


class _Answer:
    """A L{Waiter} with a Deferred."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done: Deferred[Ack] = Deferred()

    def taken(self, number: int, ack: Ack) -> None:
        self.done.callback(ack)

    def not_taken(self, number: int, why: str) -> None:
        self.done.errback(PushFailed(why))


@attrs.frozen
class ConnectionLimits:
    """
    Clients that may be registered; 0 for no limit.

    @ivar all: of all; C{per_ip}: of one address, as it comes from.
    """

    all: int = 0
    per_ip: int = 0


class Connections(Service):
    """
    The table.

    @ivar counters: what was counted.
    @ivar server_ip: stands on pushes.
    @ivar abilities: what the server can do, for clients that ask.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        counters: Counters,
        server_ip: str = "",
        abilities: dict[str, bool] | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        self._clock = clock
        self.counters = self._counters = counters
        self.server_ip = server_ip
        self.abilities = abilities or {}
        self._limits = limits or ConnectionLimits()
        self._clients: dict[str, ClientConnection] = {}
        self._per_ip: dict[str, int] = {}
        self._last_request = 0
        self._joined: list[Callable[[ClientConnection], object]] = []
        self._left: list[Callable[[ClientConnection], object]] = []
        self._moving: list[Callable[[ClientConnection], object]] = []
        self._sweeping = Periodic(clock, SWEEP, self.sweep)

    def startService(self) -> None:
        """Look for silent clients from now on."""
        super().startService()
        self._sweeping.startService()

    def stopService(self) -> None:
        """Not any more."""
        super().stopService()
        self._sweeping.stopService()

    def __len__(self) -> int:
        return len(self._clients)

    def __iter__(self) -> Any:
        return iter(list(self._clients.values()))

    def get(self, id_: str) -> ClientConnection | None:
        """The client with that id; None if it is not here."""
        return self._clients.get(id_)

    def on_joined(self, listener: Callable[[ClientConnection], object]) -> None:
        """Hear of each client that has come; called before anything it asks is served."""
        self._joined.append(listener)

    def on_left(self, listener: Callable[[ClientConnection], object]) -> None:
        """Hear of each client that has gone, at once and once."""
        self._left.append(listener)

    def on_moving(self, listener: Callable[[ClientConnection], object]) -> None:
        """Hear of each client that has said that it goes to another node."""
        self._moving.append(listener)

    def register(
        self, carrier: Carrier, stream: int, metadata: Metadata, setup: ConnectionSetupRequest
    ) -> ClientConnection | None:
        """
        A client says who it is.

        @return: None if it is not taken: there are too many.
        """
        client = ClientConnection(carrier, stream, metadata, setup, self._clock.seconds())
        counters, limits = self._counters, self._limits
        of_ip = self._per_ip.get(client.remote_ip, 0)
        if (
            (limits.all and len(self._clients) >= limits.all)
            or (limits.per_ip and of_ip >= limits.per_ip)
            or len(client.labels) > MOST_LABELS
            or len(client.abilities or ()) > MOST_LABELS
        ):
            counters.refused += 1
            return None
        self._per_ip[client.remote_ip] = of_ip + 1
        self._clients[client.id] = client
        counters.registered += 1
        counters.registrations += 1
        for listener in self._joined:
            guarded(self.log, "what follows a client's coming", lambda hear=listener: hear(client))  # type: ignore[misc]
        carrier.begin(stream)
        if client.abilities is not None:
            self.tell(client, Push(SETUP_ACK, {"abilityTable": self.abilities}, "internal"))
        return client

    def remove(self, client: ClientConnection) -> None:
        """A client has gone, or is to go."""
        if not client.open:
            return
        client.open = False
        del self._clients[client.id]
        self._counters.registered -= 1
        left = self._per_ip[client.remote_ip] - 1
        if left:
            self._per_ip[client.remote_ip] = left
        else:
            del self._per_ip[client.remote_ip]
        for number in list(client.waiting or ()):
            self._fail(client, number, "the client is gone")
        for listener in self._left:
            guarded(self.log, "what follows a client's going", lambda hear=listener: hear(client))  # type: ignore[misc]

    # Pushes

    def tell(self, client: ClientConnection, push: Push) -> bool:
        """
        Send a push that wants no answer.

        @return: False when the client is gone.
        """
        self._counters.pushes += 1
        return client.send(push.unnumbered(self.server_ip))

    def push(self, client: ClientConnection, push: Push, seconds: float) -> Deferred[Ack]:
        """
        Send a push that is to be acknowledged.

        @param seconds: the client has so long.
        @return: fires with its answer when it has taken it; fails with L{PushFailed}.
        """
        answer = _Answer()
        if not self.send(client, push, answer, self._clock.seconds() + seconds):
            answer.done.errback(PushFailed("the client is gone"))
        return answer.done

    def send(self, client: ClientConnection, push: Push, waiter: Waiter, until: float) -> int:
        """
        Send a push that is to be acknowledged: the way for many of them.

        @param push: none that this client was sent before; many may be sent the same.
        @param until: the client has time until then, in seconds of the clock.
        @return: its number; 0 when the client is gone, then nobody is told.
        """
        if not push.number:
            self._last_request += 1
            push.take_number(self._last_request, self.server_ip)
        number, counters = push.number, self._counters
        counters.pushes += 1
        if not client.send(push.payload):
            counters.unanswered += 1
            return 0
        if client.waiting is None:
            client.waiting = {}
        assert number not in client.waiting
        client.waiting[number] = until, waiter
        return number

    @property
    def waiting(self) -> int:
        """Pushes that are not answered."""
        return sum(len(client.waiting) for client in self._clients.values() if client.waiting is not None)

    def acknowledged(self, client: ClientConnection, ack: Ack) -> None:
        """A client has answered a push."""
        now, number = self._clock.seconds(), ack.number
        if number is not None and ack.resultCode == OK:
            self.taken(client, number, ack, now)
            return
        client.last_active = now
        if number is not None:
            self._fail(client, number, f"the client answered with {ack.resultCode}")

    def taken(self, client: ClientConnection, number: int, ack: Ack, now: float) -> None:
        """A client has answered a push with success."""
        client.last_active = now
        waiter = _waiter(client, number)
        if waiter is not None:
            self._counters.acks += 1
            waiter.taken(number, ack)

    def _fail(self, client: ClientConnection, number: int, why: str) -> None:
        waiter = _waiter(client, number)
        if waiter is not None:
            self._counters.unanswered += 1
            waiter.not_taken(number, why)

    # Silence, and moving

    def sweep(self) -> None:
        """Give up pushes that are not answered, ask clients that are silent."""
        now = self._clock.seconds()
        for client in list(self._clients.values()):
            if client.waiting is not None:
                for number in [number for number, (until, _) in client.waiting.items() if now >= until]:
                    self._fail(client, number, "the client did not answer in time")
            if now - client.last_active >= SILENCE and client.open:
                # Not asked again while it has time to answer.
                client.last_active = now - SILENCE + DETECTION_TIME + 2 * SWEEP
                self._detect(client, now)

    def _detect(self, client: ClientConnection, now: float) -> None:
        def silent(failure: Any) -> None:
            failure.trap(PushFailed)
            if client.open:
                self._counters.detected += 1
                self.log.info("client {id} is silent, and is dropped", id=client.id)
                client.end()
                self.remove(client)

        self.push(client, Push(DETECTION, {}, "internal"), DETECTION_TIME).addErrback(silent)

    def reset(self, clients: Iterable[ClientConnection], server: str = "") -> list[Deferred[bool]]:
        """
        Ask clients to go to another node.

        @param server: C{ip:port} of its main port; "" for any.
        @return: each fires with whether a client has said that it will; none fails.
        """
        members: dict[str, str] = {}
        if server:
            members["serverIp"], _, members["serverPort"] = server.rpartition(":")
        push = Push(RESET, members, "internal")

        def moves(_: Ack, client: ClientConnection) -> bool:
            self._moves(client)
            return True

        return [
            self.push(client, push, RESET_TIME).addCallbacks(moves, _will_not, callbackArgs=(client,))
            for client in clients
        ]

    def send_away(self, client: ClientConnection) -> None:
        """End the stream of a client that does not know L{reset}: it connects again; what it published waits for it."""
        if client.open:
            self._moves(client)
            client.end()
            self.remove(client)

    def _moves(self, client: ClientConnection) -> None:
        for listener in self._moving:
            guarded(self.log, "what follows a client's moving", lambda hear=listener: hear(client))  # type: ignore[misc]


def _waiter(client: ClientConnection, number: int) -> Waiter | None:
    """Who waits for the answer to that push, and does not any more; None for nobody."""
    waiting = client.waiting
    found = None if waiting is None else waiting.pop(number, None)
    if not waiting:
        client.waiting = None
    return None if found is None else found[1]


def _will_not(failure: Failure) -> bool:
    failure.trap(PushFailed)
    return False
