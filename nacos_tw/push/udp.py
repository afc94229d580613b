"""UDP push: the transport of naming's subscriptions for clients of 1.x (docs/spec/naming-v1.md#11)."""

from __future__ import annotations

import datetime
import errno
import socket
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.application import service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.interfaces import IReactorTime, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from nacos_tw.clocks import onward
from nacos_tw.naming.subscriptions import MOST, Subscriber, SubscribingClient, Subscriptions
from nacos_tw.push.acks import LONGEST_ACK, AckKey, Acks, Pending, read_ack
from nacos_tw.push.agents import Agents, agent_version, canonical
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

TRIES = 100
"""How often a datagram is tried while the socket takes none."""

GRACE = 1.0
"""
Seconds that a subscription outlives pushCacheMillis. A client polls again pushCacheMillis after it has the last answer,
so without this every subscription would be gone for some milliseconds before each poll.
"""

RESENT_AT_ONCE = 2000
"""Datagrams sent a second time per second."""

SHOWN = 100
"""Unacknowledged packets that push/state shows."""

_FULL = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS))


Render = Callable[["ServiceKey", str, str, str], bytes]
"""(service, clusters, client's ip, agent) to the JSON object of GET /list with cacheMillis = pushCacheMillis."""


class UdpClient(SubscribingClient):
    """
    A client with a UDP port.

    @ivar ip: canonical text.
    @ivar grouped: whether hosts carry the grouped service name for this agent (Java clients from 1.0.0,
        docs/spec/naming-v1.md#3.6).
    """

    __slots__ = ("grouped",)

    def __init__(self, key: tuple[str, int, str], ip: str, app: str) -> None:
        """@param key: address as the client wrote it, port and agent."""
        _, port, agent = key
        super().__init__(key, f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}", agent, app, ip, port)
        self.grouped = agent.startswith("Nacos-Java-Client") and agent_version(agent) >= (1, 0, 0)


class UdpSubscriber(Subscriber):
    """
    A wish that lasts until it is not repeated.

    @ivar last: when the client last asked.
    @ivar newest: the packet sent last, see L{Acks.sent}.
    """

    __slots__ = ("last", "newest")
    client: UdpClient

    def __init__(self, client: UdpClient, service: ServiceKey, clusters: str) -> None:
        super().__init__(client, service, clusters)
        self.last = 0.0
        self.newest: Pending | None = None


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


class UdpPush(service.Service):
    """
    The clients of this node with a UDP port, and the datagrams to them.

    @ivar audience: their subscriptions.
    @ivar damaged: datagrams that were no acknowledgement.
    @ivar acks: the counters of the metrics and of C{/operator/push/state}.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        subscriptions: Subscriptions,
        render: Render,
        switches: Callable[[], Switches],
        *,
        most: int = MOST,
        today: Callable[[], datetime.date] = datetime.date.today,
        seconds: Callable[[], float] = onward,
    ) -> None:
        """
        @param reactor: provides L{IReactorTime} and L{IReactorUDP}.
        @param render: called once per push for each pair of clusters and kind of agent, with the first such
            subscriber's ip and agent. What it raises is logged, and the subscribers concerned hear nothing.
        @param switches: the switches as they are now.
        @param most: subscriptions that are taken in at most.
        @param today: the date by the operator's clock; when it changes, the counters start anew.
        @param seconds: since 1970, for the packets' numbers; clients take those for times.
        """
        self._clock: IReactorTime = reactor
        self._udp: IReactorUDP = reactor
        self._render = render
        self._switches = switches
        self._today = today
        self._seconds = seconds
        self._day = today()
        self._agents = Agents()
        self.audience = subscriptions.audience(self._push, most)
        self.acks = Acks()
        self.damaged = 0
        self._number = 0
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
        self.audience.start()

    def stopService(self) -> Deferred[Any]:
        """
        Send no more.

        @return: fires when the sockets are closed.
        """
        super().stopService()
        for job in self._jobs:
            job.stopService()
        self.audience.stop()
        ports, self._ports = self._ports, []
        self._sockets.clear()
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    # -- subscribers

    def subscribe(self, service: ServiceKey, clusters: str, ip: str, port: int, agent: str, app: str = "") -> bool:
        """
        A client has asked for a service's instances and named its UDP port.

        @param clusters: as the client wrote them.
        @param ip: its address; only addresses work, names do not.
        @param agent: its User-Agent, or SubscribingClient-Version.
        @return: whether it will be told of changes; else it must poll by C{defaultCacheMillis}.
        """
        switches = self._switches()
        if not switches.push_enabled or not self._agents.pushed(agent, switches):
            return False
        key = (ip, port, agent)
        found = self.audience.find(key, service, clusters)
        if found is None:
            client = self._client(key, app)
            if client is None:
                return False
            found = UdpSubscriber(client, service, clusters)
            if not self.audience.add(found):
                return False
        if found.newest is not None:
            # The answer says how it is now: what went before must not be sent again behind it.
            found.newest.payload = None
            found.newest = None
        found.client.app = app
        found.last = self._clock.seconds()
        return (":" in found.client.ip) in self._sockets

    def _client(self, key: tuple[str, int, str], app: str) -> UdpClient | None:
        """One that may be known by another subscription; None if no datagram can go to the address."""
        for known in self.audience.of_client(key):
            return known.client
        ip = canonical(key[0])
        if ip is None or not 0 < key[1] < 65536 or (":" in ip) not in self._sockets:
            return None
        return UdpClient(key, ip, app)

    def _sweep(self) -> None:
        oldest = self._oldest()
        for subscriber in list(self.audience):
            if subscriber.last < oldest:
                self.audience.remove(subscriber)

    def _oldest(self) -> float:
        """Who has not asked since then is not told any more."""
        return self._clock.seconds() - self._switches().default_push_cache_millis / 1000 - GRACE

    # -- sending

    def _push(self, service: ServiceKey, subscribers: list[UdpSubscriber]) -> Iterator[bool]:
        """Send with every step; a step that could not is False, and is tried again with the next."""
        if not self._switches().push_enabled:
            return
        packets: dict[tuple[str, bool], Packet | None] = {}
        oldest = self._oldest()
        for subscriber in subscribers:
            if subscriber.last < oldest:
                self.audience.remove(subscriber)
                continue
            shape = (subscriber.clusters, subscriber.client.grouped)
            for _ in range(TRIES):
                if self.audience.outdated():
                    packets.clear()
                if shape not in packets:
                    packets[shape] = self._packet(subscriber)
                packet = packets[shape]
                if packet is None or self._send(subscriber, packet):
                    break
                yield False
            else:
                self.acks.unsendable()
            yield True

    def _packet(self, subscriber: UdpSubscriber) -> Packet | None:
        """What this subscriber and all of its shape are told; None if it could not be rendered."""
        self._number = max(self._number + 1, int(self._seconds() * 1e9))
        try:
            client = subscriber.client
            data = self._render(subscriber.service, subscriber.clusters, client.ip, client.agent)
            return Packet(self._number, data)
        except Exception:
            self.log.failure("cannot render {service} for push", service=subscriber.service)
            return None

    def _send(self, subscriber: UdpSubscriber, packet: Packet) -> bool:
        """
        Send one packet to one subscriber and count it.

        @return: False if the socket takes no more now; nothing was counted.
        """
        key = (subscriber.client.ip, subscriber.client.port, packet.number)
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
            self.log.debug("cannot push to {address}: {error}", address=subscriber.client.address, error=error)
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
