"""What listens for DNS, over UDP and TCP."""

from __future__ import annotations

import errno
from collections import Counter
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, ServerFactory
from twisted.logger import Logger
from twisted.protocols.basic import Int16StringReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from nacos_tw.dns.answers import Answers
from nacos_tw.dns.clients import Allowance
from nacos_tw.dns.counters import Counters
from nacos_tw.dns.forwarding import Forwarder
from nacos_tw.dns.messages import SERVER_FAILURE, TCP_SIZE, Query, Refusal, parse
from nacos_tw.errors import StartError
from nacos_tw.memo import BoundedMemo

IDLE = 10.0
"""Seconds after which a silent connection is closed (RFC 7766 asks for some)."""
CONNECTIONS = 256
CONNECTIONS_PER_CLIENT = 16
PARSED = 2**20
"""Bytes of queries that are remembered, about: a client asks the same again and again, but for the id."""
PIPELINED = 50
"""Queries of one connection that may wait for an answer."""


class Responder:
    """Bytes of a query to bytes of its answer, whatever they come on."""

    log = Logger()

    def __init__(
        self, clock: Any, answers: Answers, allowance: Allowance, counters: Counters, forwarder: Forwarder | None
    ) -> None:
        """@param forwarder: of names that are not ours; None: they are refused."""
        self._clock = clock
        self._answers = answers
        self._allowance = allowance
        self._forwarder = forwarder
        self._parsed: BoundedMemo[bytes, Query] = BoundedMemo(PARSED)
        self.counters = counters

    def respond(self, data: bytes, client: str, over_tcp: bool) -> bytes | None | Deferred[bytes | None]:
        """
        @param client: its address.
        @return: the answer, now or later; None: there is none.
        """
        if not self._allowance.takes(client, self._clock.seconds()):
            self.counters.dropped += 1
            return None
        try:
            query = self._parsed.get(data[2:])
            if query is None:
                query = parse(data)
                if query is None:
                    self.counters.dropped += 1
                    return None
                self._parsed.keep(data[2:], query, len(data) + 500)
            reply = self._answers.answer(query, TCP_SIZE if over_tcp else query.size)
            return data[:2] + reply[2:] if reply else self._elsewhere(query, data, client, over_tcp)
        except Refusal as refusal:
            self.counters.count(None, refusal.code)
            return refusal.reply
        except Exception:
            self.log.failure("a query over DNS could not be answered")
            self.counters.dropped += 1
            return None

    def _elsewhere(self, query: Query, data: bytes, client: str, over_tcp: bool) -> bytes | Deferred[bytes | None]:
        forwarder = self._forwarder
        if forwarder is None or not forwarder.may(client):
            return data[:2] + self._answers.refuse(query)[2:]

        def answered(reply: bytes | None) -> bytes:
            return data[:2] + (reply or self._answers.refuse(query, SERVER_FAILURE))[2:]

        asking = Deferred.fromCoroutine(forwarder.ask(data, over_tcp))
        return asking.addCallback(answered)


class UdpServer(DatagramProtocol):
    """One query a packet."""

    noisy = False

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802
        """A query."""
        reply = self._responder.respond(datagram, addr[0], over_tcp=False)
        if isinstance(reply, Deferred):
            reply.addCallback(self._send, addr)
        else:
            self._send(reply, addr)

    def _send(self, reply: bytes | None, place: Any) -> None:
        if reply and self.transport is not None:
            self.transport.write(reply, place)


class TcpConnection(Int16StringReceiver, TimeoutMixin):
    """Queries, each behind its length."""

    factory: TcpServer
    address = ""
    _waiting = 0

    def connectionMade(self) -> None:  # noqa: N802
        """Too many are turned away."""
        transport: Any = self.transport
        self.address = transport.getPeer().host
        if not self.factory.opened(self):
            transport.abortConnection()
            return
        transport.registerProducer(self, True)  # who does not read is not read from
        self.setTimeout(IDLE)

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        """A query."""
        transport: Any = self.transport
        if transport.disconnecting:
            return
        self.resetTimeout()
        if self._waiting >= PIPELINED:
            self._abort()
            return
        reply = self.factory.responder.respond(string, self.address, over_tcp=True)
        if isinstance(reply, Deferred):
            self._waiting += 1
            reply.addCallback(self._answered)
        else:
            self._send(reply)

    def _answered(self, reply: bytes | None) -> None:
        self._waiting -= 1
        if self.connected:
            self._send(reply)

    def _send(self, reply: bytes | None) -> None:
        if reply is None:  # who asks too often, or sends what is no query
            transport: Any = self.transport
            transport.unregisterProducer()
            transport.loseConnection()
        else:
            self.sendString(reply)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client does not read."""
        super().pauseProducing()
        transport: Any = self.transport
        transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        """It reads again."""
        transport: Any = self.transport
        transport.resumeProducing()
        super().resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802
        """The connection ends."""

    def lengthLimitExceeded(self, length: int) -> None:  # noqa: N802
        """Cannot be: two bytes say the length."""

    def timeoutConnection(self) -> None:  # noqa: N802
        """Silent for too long, or a client that does not read."""
        self._abort()

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        """Gone."""
        self.setTimeout(None)
        self.factory.closed(self)

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()


if TYPE_CHECKING:
    _Factory = ServerFactory[TcpConnection]
else:  # versions of Twisted before 26 do not take what it makes
    _Factory = ServerFactory


class TcpServer(_Factory):
    """Connections of DNS."""

    noisy = False

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self._open: dict[TcpConnection, None] = {}
        self._of: Counter[str] = Counter()

    def buildProtocol(self, addr: Any) -> TcpConnection:  # noqa: N802
        """A connection."""
        connection = TcpConnection()
        connection.factory = self
        return connection

    def opened(self, connection: TcpConnection) -> bool:
        """Count one. @return: whether it may stay."""
        if len(self._open) >= CONNECTIONS or self._of[connection.address] >= CONNECTIONS_PER_CLIENT:
            return False
        self._open[connection] = None
        self._of[connection.address] += 1
        return True

    def closed(self, connection: TcpConnection) -> None:
        """One is gone."""
        if self._open.pop(connection, self) is None:
            self._of[connection.address] -= 1
            if not self._of[connection.address]:
                del self._of[connection.address]

    def end(self) -> None:
        """Close all."""
        for connection in list(self._open):
            transport: Any = connection.transport
            transport.loseConnection()


class DnsServer(Service):
    """
    Listens while it runs.

    @ivar counters: what was counted; C{responder}: what answers.
    """

    def __init__(self, reactor: Any, interface: str, port: int, responder: Responder) -> None:
        """@param interface: the address to listen on."""
        self._reactor = reactor
        self._place = port, interface
        self.responder = responder
        self.counters = responder.counters
        self._tcp = TcpServer(responder)
        self._ports: list[Any] = []

    async def listen(self) -> None:
        """
        Begin to listen, before the service starts if wanted.

        @raise StartError: when the port is taken.
        """
        port, interface = self._place
        try:
            self._ports.append(self._reactor.listenTCP(port, self._tcp, interface=interface))
            self._ports.append(self._reactor.listenUDP(port, UdpServer(self.responder), interface=interface))
        except CannotListenError as error:
            where = f"port {port} of {interface} (DNS)"
            if getattr(error.socketError, "errno", None) == errno.EADDRINUSE:
                text = f"{where} is taken by another process; stop it or set nacos.naming.dns.port"
            else:
                text = f"cannot listen on {where}: {error.socketError}; see nacos.naming.dns.bind-address"
            raise StartError(text) from None

    def stopService(self) -> Deferred[Any]:
        """Listen no more."""
        super().stopService()
        ports, self._ports = self._ports, []
        self._tcp.end()
        return gatherResults([maybeDeferred(port.stopListening) for port in ports])
