"""The probes themselves, against fake and real servers (docs/spec/naming-v1.md#10.2)."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError, TimeoutError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.naming.checkers import Http, Mysql, Tcp
from nacos_tw.naming.checks import http, mysql, tcp
from nacos_tw.naming.checks.http import NotHttpError, request, status_of
from nacos_tw.naming.checks.mysql import READ_ONLY, check
from nacos_tw.naming.checks.result import Outcome


class Joined(SynchronousTestCase):
    """A probe on a memory reactor."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def probe(self, probe: Any, checker: Any, port: int = 8080) -> Deferred[Any]:
        return Deferred.fromCoroutine(probe(self.reactor, "10.0.0.1", port, checker))

    def connect(self) -> tuple[Any, StringTransport]:
        """The last connection attempt succeeds."""
        factory = self.reactor.tcpClients[-1][2]
        protocol = factory.buildProtocol(IPv4Address("TCP", "10.0.0.1", 8080))
        transport = StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def refuse(self, error: Exception) -> None:
        """The last connection attempt fails."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(self.reactor.connectors[-1], Failure(error))


class TcpTests(Joined):
    """A connect decides."""

    def test_connected(self) -> None:
        """A connection within half a second is good, and is closed again."""
        result = self.probe(tcp.probe_tcp, Tcp())
        self.assertEqual((self.reactor.tcpClients[0][:2], self.reactor.tcpClients[0][3]), (("10.0.0.1", 8080), 0.5))
        self.assertNoResult(result)
        _, transport = self.connect()
        self.assertEqual(self.successResultOf(result).outcome, Outcome.OK)
        self.assertTrue(transport.disconnecting)

    def test_not_connected(self) -> None:
        """A refusal fails at once, anything else counts."""
        for error, outcome in (
            (ConnectionRefusedError(), Outcome.FAIL_NOW),
            (TimeoutError(), Outcome.FAIL),
            (ConnectError(string="no route"), Outcome.FAIL),
            (DNSLookupError("no such host"), Outcome.FAIL),
        ):
            result = self.probe(tcp.probe_tcp, Tcp())
            self.refuse(error)
            self.assertEqual(self.successResultOf(result).outcome, outcome, error)

    def test_impossible_port(self) -> None:
        """A port that no connection can be made to counts as failed, without any attempt."""
        for port in (0, -1, 65536):
            self.assertEqual(self.successResultOf(self.probe(tcp.probe_tcp, Tcp(), port)).outcome, Outcome.FAIL)
        self.assertEqual(self.reactor.tcpClients, [])


class HttpTests(Joined):
    """A status decides."""

    def ask(self, *answers: bytes, checker: Http = Http()) -> Any:  # noqa: B008
        result = self.probe(http.probe_http, checker)
        protocol, self.transport = self.connect()
        for answer in answers:
            protocol.dataReceived(answer)
        self.protocol = protocol
        return result

    def test_statuses(self) -> None:
        """200 is good; 503 and 302 count as failures, all others fail at once."""
        for status, outcome in (
            (200, Outcome.OK),
            (503, Outcome.FAIL),
            (302, Outcome.FAIL),
            (204, Outcome.FAIL_NOW),
            (404, Outcome.FAIL_NOW),
            (500, Outcome.FAIL_NOW),
        ):
            result = self.ask(b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\n\r\n" % status)
            self.assertEqual(self.successResultOf(result).outcome, outcome, status)
            self.assertTrue(self.transport.disconnecting)
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_byte_by_byte(self) -> None:
        """The answer may come in pieces."""
        result = self.ask(*(bytes([byte]) for byte in b"HTTP/1.0 200\r\n"))
        self.assertEqual(self.successResultOf(result).outcome, Outcome.OK)

    def test_request(self) -> None:
        """The GET names the address, the path and the custom headers, and says who asks."""
        self.ask(checker=Http(path="/ok?a=b", headers="X-One:1|Host: shop |User-Agent:mine"))
        lines = self.transport.value().decode().split("\r\n")
        self.assertEqual(lines[0], "GET /ok?a=b HTTP/1.1")
        self.assertEqual(lines[-2:], ["", ""])
        self.assertEqual(
            set(lines[1:-2]), {"Host: shop", "User-Agent: mine", "Accept: */*", "Connection: close", "X-One: 1"}
        )

    def test_request_defaults(self) -> None:
        """Without a path the root is asked; an IPv6 host is in brackets."""
        text = request("::1", 80, Http())
        self.assertTrue(text.startswith(b"GET / HTTP/1.1\r\n"))
        self.assertIn(b"\r\nHost: [::1]:80\r\n", text)
        self.assertIn(b"\r\nUser-Agent: VIPServer\r\n", text)
        self.assertTrue(request("h", 1, Http(path="ok")).startswith(b"GET /ok HTTP/1.1\r\n"))

    def test_nothing_can_be_smuggled(self) -> None:
        """Neither the path nor the headers can break out of their line, or announce a body."""
        headers = "A:1\r\nB: 2|C\nD:1|Content-Length:5|Transfer-Encoding:chunked|Connection:keep-alive|: x|é:1"
        text = request("h", 1, Http(path="/a b\r\nX: y\u20ac", headers=headers))
        self.assertEqual(
            text,
            b"GET /a%20b%0D%0AX:%20y%E2%82%AC HTTP/1.1\r\nHost: h:1\r\nUser-Agent: VIPServer\r\nAccept: */*\r\n"
            b"Connection: close\r\n\r\n",
        )

    def test_not_http(self) -> None:
        """What is no response counts as a failure."""
        for answer in (b"SSH-2.0-x\r\n", b"HTTP/1.1 2x0 OK\r\n", b"HTTP/1.1 2000 OK\r\n", b"HTTP/2 200\r\n", b"\r\n"):
            result = self.successResultOf(self.ask(answer))
            self.assertEqual(result.outcome, Outcome.FAIL, answer)

    def test_endless_answer(self) -> None:
        """Only so much is read."""
        result = self.ask(b"HTTP/1.1 200 " + b"x" * 20_000)
        self.assertEqual(self.successResultOf(result).outcome, Outcome.FAIL)
        self.assertTrue(self.transport.disconnecting)

    def test_silence(self) -> None:
        """Half a second without a status is a failure."""
        result = self.ask(b"HTTP/1.1 ")
        self.reactor.advance(0.49)
        self.assertNoResult(result)
        self.reactor.advance(0.02)
        self.assertEqual(self.successResultOf(result), (Outcome.FAIL, "timeout"))
        self.assertTrue(self.transport.disconnecting)
        self.protocol.connectionLost()

    def test_closed_early(self) -> None:
        """A connection that ends without a status is a failure."""
        result = self.ask()
        self.protocol.connectionLost()
        self.assertEqual(self.successResultOf(result).outcome, Outcome.FAIL)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_refused(self) -> None:
        """A refused connection fails at once."""
        result = self.probe(http.probe_http, Http())
        self.refuse(ConnectionRefusedError())
        self.assertEqual(self.successResultOf(result).outcome, Outcome.FAIL_NOW)

    def test_interim_responses_are_passed_over(self) -> None:
        """The first status that is no 1xx decides."""
        self.assertEqual(status_of(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"), 200)
        self.assertIsNone(status_of(b"HTTP/1.1 103 Early\r\nLink: x\r\n"))
        self.assertIsNone(status_of(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1"))
        self.assertRaises(NotHttpError, status_of, b"HTTP/1.1 103 Early\r\n\r\nnonsense")


class Driver:
    """A DB-API module that does what the test says."""

    class Error(Exception):
        """Base of its errors."""

    def __init__(self, row: Any = None, error: Exception | None = None, execute: Exception | None = None) -> None:
        self.row, self.error, self.execute_error = row, error, execute
        self.asked: dict[str, Any] = {}
        self.ran: list[str] = []
        self.closed = False

    def connect(self, **how: Any) -> Driver:
        self.asked = how
        if self.error is not None:
            raise self.error
        return self

    def cursor(self) -> Driver:
        return self

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def execute(self, command: str) -> None:
        self.ran.append(command)
        if self.execute_error is not None:
            raise self.execute_error

    def fetchone(self) -> Any:
        return self.row

    def close(self) -> None:
        self.closed = True


def caused(error: Exception, cause: Exception) -> Exception:
    """The error, raised from a cause."""
    error.__cause__ = cause
    return error


class MysqlTests(SynchronousTestCase):
    """A command decides."""

    def check(self, driver: Driver, command: str = "select 1") -> Any:
        return check(driver, "10.0.0.1", 3306, Mysql("root", "secret", command))

    def test_command_runs(self) -> None:
        """The command runs with the checker's user at the given address, with short time limits."""
        driver = Driver()
        self.assertEqual(self.check(driver).outcome, Outcome.OK)
        limits = {"connect_timeout": 0.5, "read_timeout": 0.5, "write_timeout": 0.5}
        who = {"host": "10.0.0.1", "port": 3306, "user": "root", "password": "secret"}
        self.assertEqual((driver.asked, driver.ran, driver.closed), (who | limits, ["select 1"], True))

    def test_slave(self) -> None:
        """The one command that asks for it finds a read-only server; other commands' rows mean nothing."""
        self.assertEqual(self.check(Driver(row=("read_only", "ON")), READ_ONLY).outcome, Outcome.FAIL)
        self.assertEqual(self.check(Driver(row=("read_only", "OFF")), READ_ONLY).outcome, Outcome.OK)
        self.assertEqual(self.check(Driver(row=None), READ_ONLY).outcome, Outcome.OK)
        self.assertEqual(self.check(Driver(row=("read_only", "ON"))).outcome, Outcome.OK)

    def test_errors(self) -> None:
        """An SQL error fails at once, a timeout and anything else counts."""
        for driver, outcome in (
            (Driver(execute=Driver.Error("syntax")), Outcome.FAIL_NOW),
            (Driver(error=Driver.Error("refused")), Outcome.FAIL_NOW),
            (Driver(error=caused(Driver.Error("cannot connect"), OSError("x"))), Outcome.FAIL_NOW),
            (Driver(error=caused(Driver.Error("cannot connect"), builtin_timeout())), Outcome.FAIL),
            (Driver(execute=caused(Driver.Error("lost"), builtin_timeout())), Outcome.FAIL),
            (Driver(error=RuntimeError("no cryptography")), Outcome.FAIL),
        ):
            self.assertEqual(self.check(driver).outcome, outcome, driver.error)
        original = Driver.Error("cannot connect")
        original.original_exception = builtin_timeout()  # type: ignore[attr-defined]
        self.assertEqual(self.check(Driver(error=original)).outcome, Outcome.FAIL)

    def test_closed_after_an_error(self) -> None:
        """The connection is closed in any case."""
        driver = Driver(execute=Driver.Error("syntax"))
        self.check(driver)
        self.assertTrue(driver.closed)

    def test_runs_in_a_thread(self) -> None:
        """The probe takes a thread of the reactor's."""
        pool = SimpleNamespace(
            callInThreadWithCallback=lambda done, work, *more, **named: done(True, work(*more, **named))
        )
        reactor = SimpleNamespace(getThreadPool=lambda: pool, callFromThread=lambda work, *more: work(*more))
        probing = mysql.probe_mysql(reactor, "10.0.0.1", 3306, Mysql(cmd="select 1"), lambda: Driver())
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(probing)).outcome, Outcome.OK)

    def test_driver_is_loaded_late(self) -> None:
        """The driver is PyMySQL, which is not imported before it is needed."""
        self.assertNotIn("pymysql", vars(mysql))
        try:
            self.assertEqual(mysql.load_driver().__name__, "pymysql")
        except ImportError as error:
            self.assertEqual(error.name, "pymysql")

    def test_without_driver(self) -> None:
        """Without the driver every probe fails, and that is logged once."""
        seen: list[Any] = []
        self.patch(mysql, "log", SimpleNamespace(warn=lambda *text: seen.append(text)))
        self.patch(mysql, "_missing_driver_told", False)

        def load() -> Any:
            raise ImportError("no pymysql")

        for _ in range(2):
            probing = mysql.probe_mysql(None, "10.0.0.1", 3306, Mysql(), load)
            self.assertEqual(self.successResultOf(Deferred.fromCoroutine(probing)).outcome, Outcome.FAIL)
        self.assertEqual(len(seen), 1)


def builtin_timeout() -> Exception:
    """Python's own TimeoutError, which sockets raise."""
    return socket.timeout("timed out")  # noqa: UP041


class Answering(Protocol):
    """Answers whatever comes with a page."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self.transport.loseConnection()


class RealTests(TestCase):
    """The probes over real sockets."""

    async def test_open_and_closed_port(self) -> None:
        """An open port is good for both checkers, a closed one fails."""
        for module in (tcp, http):
            self.patch(module, "TIMEOUT", 60.0)  # on a machine that is busy anything may take long
        reactor: Any = real_reactor
        port = reactor.listenTCP(0, Factory.forProtocol(Answering), interface="127.0.0.1")
        number = port.getHost().port
        self.assertEqual((await tcp.probe_tcp(reactor, "127.0.0.1", number, Tcp())).outcome, Outcome.OK)
        self.assertEqual((await http.probe_http(reactor, "127.0.0.1", number, Http("/ok"))).outcome, Outcome.OK)
        await port.stopListening()
        self.assertEqual((await tcp.probe_tcp(reactor, "127.0.0.1", number, Tcp())).outcome, Outcome.FAIL_NOW)
        self.assertEqual((await http.probe_http(reactor, "127.0.0.1", number, Http())).outcome, Outcome.FAIL_NOW)

    async def test_mysql_thread(self) -> None:
        """The MYSQL command runs outside of the reactor's thread."""
        threads: list[int] = []

        class Noting(Driver):
            def execute(self, command: str) -> None:
                threads.append(threading.get_ident())

        result = await mysql.probe_mysql(real_reactor, "127.0.0.1", 3306, Mysql(cmd="select 1"), Noting)
        self.assertEqual(result.outcome, Outcome.OK)
        self.assertNotEqual(threads, [threading.get_ident()])
