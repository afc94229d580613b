"""UDP push: telling subscribed clients of a changed service at once (docs/spec/naming-v1.md#11)."""

from __future__ import annotations

import datetime
import errno
import socket
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.application import service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from nacos_tw.clocks import onward
from nacos_tw.naming.acks import LONGEST_ACK, AckKey, Acks, read_ack
from nacos_tw.naming.subscribers import Agents, Subscriber, Subscribers
from nacos_tw.timers import Periodic

if TYPE_CHECKING:
    from nacos_tw.naming.model import ServiceKey
    from nacos_tw.naming.switches import Switches

GZIP_FROM = 1024
"""Bytes from which a datagram is compressed as a whole."""

LARGEST = 65_507
"""Bytes that a datagram can carry over IPv4."""

RECEIVE_BUFFER = 1 << 20
"""Bytes asked for, since thousands of acknowledgements come within milliseconds of a push."""

BATCH = 200
"""Datagrams sent before the reactor gets its turn."""

TURN = 0.005
"""Seconds after which it gets its turn in any case."""

PAUSE = 0.01
"""Seconds to wait when the socket takes no more."""

TRIES = 100
"""How often a datagram is tried while the socket takes none."""

RESENT_AT_ONCE = 2000
"""Datagrams sent a second time per second."""

SHOWN = 100
"""Unacknowledged packets that push/state shows."""

_FULL = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS))


Render = Callable[["ServiceKey", str, str, str], bytes]
"""(service, clusters, client's ip, agent) to the JSON object of GET /list with cacheMillis = pushCacheMillis."""


class Packet:
    """
    One rendering of one service.

    @ivar number: its id, C{lastRefTime} on the wire; greater than that of any packet before.
    @ivar payload: the datagram, compressed where it must be; None if there is none that could be sent.
    """

    __slots__ = ("number", "payload")

    def __init__(self, number: int, data: bytes) -> None:
        self.number = number
        text = b'{"type":"dom","data":%b,"lastRefTime":%d}' % (msgspec.json.encode(data.decode()), number)
        if len(text) >= GZIP_FROM:
            packer = zlib.compressobj(wbits=31)
            text = packer.compress(text) + packer.flush()
        self.payload: bytes | None = text if len(text) <= LARGEST else None


class _Socket(DatagramProtocol):
    """One UDP socket: packets go out, acknowledgements come back to it."""

    noisy = False

    def __init__(self, received: Callable[[bytes, str, int], None]) -> None:
        self._received = received

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._received(datagram, addr[0], addr[1])


class Push(service.Service):
    """
    The subscribers of this node and the datagrams to them.

    @ivar subscribers_refused: subscriptions turned away for want of room.
    @ivar damaged: datagrams that were no acknowledgement.
    @ivar acks: the counters of the metrics and of C{/operator/push/state}.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        render: Render,
        switches: Callable[[], Switches],
        *,
        most: int = 100_000,
        delay: float = 0.1,
        today: Callable[[], datetime.date] = datetime.date.today,
        seconds: Callable[[], float] = onward,
    ) -> None:
        """
        @param reactor: provides L{IReactorTime} and L{IReactorUDP}.
        @param render: called once per push for each pair of clusters and kind of agent, with the first such
            subscriber's ip and agent. What it raises is logged, and the subscribers concerned hear nothing.
        @param switches: the switches as they are now.
        @param most: subscribers that are taken in at most.
        @param delay: seconds for which changes of services are gathered.
        @param today: the date by the operator's clock; when it changes, the counters start anew.
        @param seconds: since 1970, for the packets' numbers; clients take those for times.
        """
        self._clock: IReactorTime = reactor
        self._udp: IReactorUDP = reactor
        self._render = render
        self._switches = switches
        self._delay = delay
        self._today = today
        self._seconds = seconds
        self._day = today()
        self._agents = Agents()
        self._subscribers = Subscribers(most)
        self.acks = Acks()
        self.damaged = 0
        self._number = 0
        # Changed and not yet pushed; gathered until `_timer`, then worked off by `_sending`.
        self._changed: dict[ServiceKey, None] = {}
        self._sending: Iterator[bool] | None = None
        self._timer: IDelayedCall | None = None
        self._too_large: set[ServiceKey] = set()
        self._ports: list[Any] = []
        self._sockets: dict[bool, Any] = {}  # is it IPv6?
        self._jobs = [Periodic(self._clock, 1.0, self._tick), Periodic(self._clock, 20.0, self._sweep)]

    # -- life

    def startService(self) -> None:
        """Open the sockets: IPv4, and IPv6 where the host has it."""
        super().startService()
        for six, interface in ((False, "0.0.0.0"), (True, "::")):
            protocol = _Socket(self._received)
            try:
                port: Any = self._udp.listenUDP(0, protocol, interface, 2 * LONGEST_ACK)
            except (CannotListenError, OSError) as error:
                self.log.info("no push socket on {interface}: {error}", interface=interface, error=error)
                continue
            self._ports.append(port)
            self._sockets[six] = protocol
            handle = getattr(port, "socket", None)
            if handle is not None:
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        for job in self._jobs:
            job.startService()

    def stopService(self) -> Deferred[Any]:
        """
        Send no more.

        @return: fires when the sockets are closed.
        """
        super().stopService()
        for job in self._jobs:
            job.stopService()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._sending = None
        self._changed.clear()
        ports, self._ports = self._ports, []
        self._sockets.clear()
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    # -- subscribers

    def subscribe(
        self, service: ServiceKey, clusters: str, ip: str, port: int, agent: str, app: str = "", namespace: str = ""
    ) -> bool:
        """
        A client has asked for a service's instances and named its UDP port.

        @param clusters: as the client wrote them.
        @param ip: its address; only addresses work, names do not.
        @param agent: its User-Agent, or Client-Version.
        @return: whether it will be told of changes; else it must poll by C{defaultCacheMillis}.
        """
        switches = self._switches()
        if not switches.push_enabled or not self._agents.pushed(agent, switches):
            return False
        found = self._subscribers.add(service, clusters, ip, port, agent, app, namespace, self._clock.seconds())
        return found is not None and (":" in found.ip) in self._sockets

    def subscribers(self) -> Iterable[Subscriber]:
        """Who is told of changes, in no order. Some may have stopped asking up to 20 s ago."""
        return self._subscribers

    @property
    def subscribers_refused(self) -> int:
        return self._subscribers.refused

    def _sweep(self) -> None:
        self._subscribers.sweep(self._clock.seconds(), self._lifetime())

    def _lifetime(self) -> float:
        return self._switches().default_push_cache_millis / 1000

    # -- sending

    def service_changed(self, services: Iterable[ServiceKey]) -> None:
        """
        What these services' subscribers should see has changed.

        @param services: those that nobody has subscribed to cost a look-up.
        """
        subscribers = self._subscribers
        for key in services:
            if key in subscribers:
                self._changed[key] = None
        if self._changed and self._timer is None and self._sending is None and self.running:
            self._timer = self._clock.callLater(self._delay, self._start)

    def _start(self) -> None:
        self._sending = self._datagrams()
        self._turn()

    def _turn(self) -> None:
        """Send for a while, then let the reactor do other things."""
        self._timer = None
        assert self._sending is not None
        until = self._clock.seconds() + TURN
        try:
            for _ in range(BATCH):
                sent = next(self._sending, None)
                if sent is None:
                    return self._worked_off()
                if not sent or self._clock.seconds() > until:
                    break
        except Exception:
            self.log.failure("push failed")
            return self._worked_off()
        self._timer = self._clock.callLater(0.0 if sent else PAUSE, self._turn)

    def _worked_off(self) -> None:
        self._sending = None
        if self._changed:
            self._timer = self._clock.callLater(self._delay, self._start)

    def _datagrams(self) -> Iterator[bool]:
        """Sends with every step; a step that could not is False, and is tried again with the next."""
        changed, self._changed = self._changed, {}
        for key in changed:
            if self._switches().push_enabled:
                yield from self._push(key)

    def _push(self, key: ServiceKey) -> Iterator[bool]:
        # Changes from before this moment are in what is rendered now.
        self._changed.pop(key, None)
        packets: dict[tuple[str, bool], Packet | None] = {}
        for subscriber in self._subscribers.live(key, self._clock.seconds(), self._lifetime()):
            shape = (subscriber.clusters, subscriber.grouped)
            if shape not in packets:
                packets[shape] = self._packet(subscriber)
            packet = packets[shape]
            if packet is None:
                continue
            for _ in range(TRIES):
                if self._send(subscriber, packet):
                    break
                yield False
            else:
                self.acks.unsendable()
            yield True

    def _packet(self, subscriber: Subscriber) -> Packet | None:
        """What this subscriber and all of its shape are told; None if it could not be rendered."""
        self._number = max(self._number + 1, int(self._seconds() * 1e9))
        try:
            data = self._render(subscriber.service, subscriber.clusters, subscriber.ip, subscriber.agent)
            return Packet(self._number, data)
        except Exception:
            self.log.failure("cannot render {service} for push", service=subscriber.service)
            return None

    def _send(self, subscriber: Subscriber, packet: Packet) -> bool:
        """
        Send one packet to one subscriber and count it.

        @return: False if the socket takes no more now; nothing was counted.
        """
        key = (subscriber.ip, subscriber.port, packet.number)
        if key in self.acks:  # the same client under two agents' names
            return True
        if packet.payload is None:
            self._complain(subscriber.service)
            self.acks.unsendable()
            return True
        try:
            self._write(packet.payload, key)
        except MessageLengthError:
            self._complain(subscriber.service)
            self.acks.unsendable()
        except OSError as error:
            if error.errno in _FULL:
                return False
            self.log.debug("cannot push to {address}: {error}", address=subscriber.address, error=error)
            self.acks.unsendable()
        else:
            subscriber.newest = self.acks.sent(key, packet.payload, subscriber.newest, self._clock.seconds())
        return True

    def _write(self, payload: bytes, key: AckKey) -> None:
        self._sockets[":" in key[0]].transport.write(payload, key[:2])

    def _complain(self, key: ServiceKey) -> None:
        if key not in self._too_large:
            self._too_large.add(key)
            self.log.warn("{service} does not fit into a datagram; its subscribers must poll", service=key)

    # -- acknowledgements

    def _received(self, datagram: bytes, ip: str, port: int) -> None:
        number = read_ack(datagram)
        if number is None:
            self.damaged += 1
        else:
            self.acks.acked((ip, port, number), self._clock.seconds())

    def _tick(self) -> None:
        """Send again what is overdue; start counting anew at midnight."""
        for key, payload in self.acks.overdue(self._clock.seconds(), RESENT_AT_ONCE):
            try:
                self._write(payload, key)
            except (OSError, MessageLengthError) as error:
                self.log.debug("cannot push again to {ip}: {error}", ip=key[0], error=error)
        day = self._today()
        if day != self._day:
            self._day = day
            self._too_large.clear()
            self.acks.zero()

    def state(self, detail: bool = False, reset: bool = False) -> dict[str, object]:
        """
        The answer of C{/operator/push/state}.

        @param detail: adds costs in milliseconds, and the packets that wait to be acknowledged (a bounded number).
        @param reset: forgets these, after they were taken for the answer.
        """
        acks = self.acks
        total, succeeded = acks.total, acks.succeeded
        answer: dict[str, object] = {"succeed": succeeded, "total": total}
        answer["ratio"] = succeeded / total if total else 0
        if detail:
            waiting = acks.waiting(SHOWN)
            answer["data"] = [(zlib.decompress(p, 31) if p[:2] == b"\x1f\x8b" else p).decode() for p in waiting]
            answer["detail"] = {"avgPushCost": acks.average_cost, "maxPushCost": acks.worst_cost}
        answer["reset"] = reset
        if reset:
            acks.forget()
        return answer
