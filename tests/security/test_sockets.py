"""Break-ins by raw sockets: trickles, endless headers, floods and clients that do not read. All in bounded memory."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator

from tests.security.probing import SecurityCase, peak
from tests.system.config_nodes import CONFIGS, publish, shared_configs
from tests.system.nodes import wait_for
from tests.waiting import wait_for_sockets, wait_readable

LIVE = "/nacos/v1/console/health/liveness"
PING = f"GET {LIVE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
ELSEWHERE = b"GET /nacos/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
"""After it the other carrier has the connection."""
POST = f"POST {CONFIGS} HTTP/1.1\r\nHost: x\r\n".encode()
GROWTH = 250
"""MB that the process may take in all while one of these goes on."""
MEBI = 2**20


def trickle(connection: socket.socket, data: bytes = b"x") -> bytes:
    """Send a byte again and again, with breaks in which to listen, until the other side closes; what it said."""
    found = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        readable = wait_readable([connection], 0.1)
        try:
            if readable:
                part = connection.recv(65536)
                if not part:
                    return found
                found += part
            else:
                connection.send(data)
        except ConnectionError:
            return found
    raise AssertionError(f"the connection goes on for ever; it got {found[:300]!r}")


def flood(connection: socket.socket, parts: Iterator[bytes]) -> bytes:
    """Send all parts, reading meanwhile, until the other side closes; what it said."""
    found = b""
    connection.setblocking(False)
    waiting = memoryview(b"")
    more = True
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if not waiting and more:
            waiting = memoryview(next(parts, b""))
            more = bool(waiting)
        readable, writable = wait_for_sockets([connection], [connection] if waiting else [], 1)
        try:
            if readable:
                part = connection.recv(MEBI)
                if not part:
                    return found
                found += part
            if writable:
                waiting = waiting[connection.send(waiting) :]
        except ConnectionError:
            return found
    raise AssertionError(f"the connection goes on for ever; it got {found[:300]!r}")


def status(answer: bytes) -> int:
    """The status of the last response in it; 0 for none."""
    heads = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return int(heads[-1].split()[1]) if heads else 0


def closed(connections: list[socket.socket], ask: bytes = b"") -> int:
    """
    How many of them the other side has closed.

    @param ask: sent again where the answer to it was that the node stood still, which it does where much else goes on.
    """
    for connection in connections if ask else ():
        with contextlib.suppress(OSError):
            if connection.recv(12, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"HTTP/1.1 503":
                connection.recv(65536)
                connection.sendall(ask)
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLHUP | select.POLLERR)
    return len(poll.poll(0))


def endless(line: bytes, size: int = 64 * MEBI) -> Iterator[bytes]:
    """A line again and again."""
    block = line * (65536 // len(line) + 1)
    for _ in range(size // len(block)):
        yield block


class RawCase(SecurityCase):
    """Attacks on either carrier, of a node that does not wait for long."""

    properties = "nacos.http.header-timeout-ms=3000\nnacos.http.idle-timeout-ms=4000\n"

    def each(self) -> Iterator[tuple[str, socket.socket]]:
        """A connection that each carrier has."""
        yield "front", self.socket()
        other = self.socket()
        other.sendall(ELSEWHERE)
        found = b""
        while b"}" not in found:
            found += other.recv(65536)
        self.assertEqual(status(found), 404)
        yield "site", other


class SlowTests(RawCase):
    """Clients that take their time."""

    def test_one_byte_at_a_time(self) -> None:
        """A head that trickles in is given up after nacos.http.header-timeout-ms, whoever reads it."""
        for carrier, connection in self.each():
            with self.served():
                connection.sendall(b"GET / HTTP/1.1\r\nX-A: ")
                self.assertEqual(trickle(connection), b"", carrier)

    def test_one_header_at_a_time(self) -> None:
        """So is one that goes on header by header (Slowloris)."""
        for carrier, connection in self.each():
            with self.served():
                connection.sendall(b"GET / HTTP/1.1\r\n")
                self.assertIn(status(trickle(connection, b"X-a: b\r\n")), (0, 400), carrier)

    def test_nothing_at_all(self) -> None:
        """A connection on which nothing is said is closed after nacos.http.idle-timeout-ms."""
        for carrier, connection in self.each():
            connection.settimeout(60)
            self.assertEqual(connection.recv(1), b"", carrier)

    def test_empty_lines(self) -> None:
        """Line ends before a request do not keep a connection open."""
        for carrier, connection in self.each():
            with self.served():
                self.assertIn(status(trickle(connection, b"\r\n")), (0, 400), carrier)

    def test_many_slow_clients(self) -> None:
        """Hundreds of them do not keep another one out."""
        slow = [self.socket() for _ in range(400)]
        with self.served(), peak(self.node.pid) as most:
            for connection in slow:
                with contextlib.suppress(ConnectionError):  # given up already, if this machine is that slow
                    connection.sendall(b"GET / HTTP/1.1\r\nX-A: " + b"x" * 16000)
            for connection in slow:
                connection.settimeout(60)
                with contextlib.suppress(ConnectionError):
                    self.assertEqual(connection.recv(1), b"")
        self.assertLess(most[0], GROWTH)

    def test_readers_of_large_answers_that_do_not_read(self) -> None:
        """Who asks for megabytes again and again and reads none of it is closed; one answer is kept for each."""
        self.assertTrueAnswer(publish(self.node, "large", "x" * (8 * MEBI)))
        ask = f"GET {CONFIGS}?dataId=large&group=g HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        readers = [self.socket() for _ in range(8)]
        for connection in readers:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with self.served(), peak(self.node.pid) as most:
            for connection in readers:
                connection.sendall(ask * 50)
            for connection in readers:
                poll = select.poll()
                poll.register(connection, select.POLLHUP | select.POLLERR)
                self.assertTrue(poll.poll(300_000), "the connection of a client that does not read stays open")
        self.assertLess(most[0], GROWTH)


class UnreadTests(RawCase):
    """Answers that are not read, within the time in which they may be."""

    properties = "nacos.http.answers-bytes=64MB\n"

    def test_many_readers_of_large_answers(self) -> None:
        """Hundreds of clients that read megabytes slowly: those that are too many are closed, by either carrier."""
        self.assertTrueAnswer(publish(self.node, "large", "x" * (8 * MEBI)))
        ask = f"GET {CONFIGS}?dataId=large&group=g HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for carrier in range(2):
            readers = [[found for _, found in self.each()][carrier] for _ in range(60)]
            with self.served(), peak(self.node.pid) as most:
                for connection in readers:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    with contextlib.suppress(ConnectionError):
                        connection.sendall(ask)
                wait_for(lambda readers=readers: closed(readers, ask) > 30, why="those that are too many to be closed")  # type: ignore[misc]
            self.assertLess(most[0], GROWTH)
            self.assertLess(closed(readers), 60)
            for connection in readers:
                connection.close()
        wait_for(lambda: self.megabytes() < 150, why="what was not read to be gone")


class EndlessTests(RawCase):
    """Requests that do not end."""

    def refused(self, start: bytes, line: bytes, *wanted: int) -> None:
        """Both carriers refuse what begins so and goes on for ever, in little memory, while others are served."""
        for carrier, connection in self.each():
            with self.served(), peak(self.node.pid) as most:
                connection.sendall(start)
                answer = flood(connection, endless(line))
            self.assertIn(status(answer), wanted, f"{carrier}: {answer[-500:]!r}")
            self.assertLess(most[0], GROWTH, carrier)

    def test_endless_headers(self) -> None:
        """Headers end at nacos.http.header-bytes. (The answer may be lost with the connection.)"""
        self.refused(b"GET / HTTP/1.1\r\n", b"X-a: b\r\n", 400, 0)

    def test_endless_header(self) -> None:
        """So does one of them."""
        self.refused(b"GET / HTTP/1.1\r\nX-a: ", b"x", 400, 0)

    def test_endless_request_line(self) -> None:
        """So does a request line."""
        self.refused(b"GET /", b"x", 400, 0)

    def test_endless_chunks(self) -> None:
        """A body without a length ends at the same size as one with."""
        self.refused(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n", 413, 0)

    def test_endless_chunk_extension(self) -> None:
        """What may stand behind the size of a chunk has a limit."""
        self.refused(POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x", 400, 0)

    def test_endless_chunk_size(self) -> None:
        """So has the size."""
        self.refused(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 400, 0)

    def test_endless_trailers(self) -> None:
        """So have headers behind the last chunk."""
        self.refused(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-a: b\r\n", 400, 0)


class HugeTests(RawCase):
    """Requests that are large or say that they are."""

    def answered(self, request: bytes) -> int:
        """The status that both carriers give before they close."""
        found = set()
        for _, connection in self.each():
            with self.served(), peak(self.node.pid) as most:
                found.add(status(flood(connection, iter([request]))))
            self.assertLess(most[0], GROWTH)
        self.assertEqual(len(found - {0}), 1, found)
        return max(found)

    def test_a_hundred_thousand_headers(self) -> None:
        """They are more than may be."""
        head = b"".join(b"X-%d: x\r\n" % number for number in range(100_000))
        self.assertEqual(self.answered(f"GET {LIVE} HTTP/1.1\r\n".encode() + head + b"\r\n"), 400)

    def test_more_headers_than_may_be(self) -> None:
        """Also where their bytes are few enough."""
        head = b"".join(b"X-%d: x\r\n" % number for number in range(101))
        self.assertEqual(self.answered(f"GET {LIVE} HTTP/1.1\r\n".encode() + head + b"\r\n"), 400)

    def test_both_length_headers(self) -> None:
        """A request with two kinds of length is refused, not served by either (request smuggling)."""
        smuggled = b"0\r\n\r\nGET /nacos/v1/cs/configs?dataId=smuggled HTTP/1.1\r\n\r\n"
        for both in (
            b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(smuggled),
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        ):
            self.assertEqual(self.answered(POST + both + smuggled), 400, both)

    def test_huge_chunk_sizes(self) -> None:
        """The size of a chunk is never believed, whether it fits into a machine word or not."""
        for size in (b"fffffff", b"7fffffff", b"ffffffffffffffff", b"1" + b"0" * 16, b"f" * 1000):
            for _, connection in self.each():
                with self.served(), peak(self.node.pid) as most:
                    connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")
                    answer = flood(connection, endless(b"x", 32 * MEBI))
                self.assertIn(status(answer), (400, 413, 0), size)
                self.assertLess(most[0], GROWTH)

    def test_huge_lengths(self) -> None:
        """A body that is announced as too large is refused before it comes."""
        for size in (b"99999999999", b"9" * 19, b"9" * 5000):
            found = self.answered(POST + b"Content-Length: " + size + b"\r\n\r\n")
            self.assertEqual(found, 413 if len(size) < 15 else found)
            self.assertIn(found, (400, 413))


class BodyTests(RawCase):
    """Bodies that do not come to an end."""

    properties = "nacos.http.bodies-bytes=16MB\n"

    def test_many_bodies_that_stop_before_their_end(self) -> None:
        """Hundreds of clients that each leave a megabyte behind: what is too much for all together is refused."""
        start = POST + b"Content-Length: 1048000\r\n\r\n" + b"x" * 1_000_000
        connections = [self.socket() for _ in range(200)]
        with self.served(), peak(self.node.pid) as most:
            for connection in connections:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(start)
            self.assertTrueAnswer(publish(self.node, "small", "x"))

            def refused() -> bool:
                return len(wait_readable(connections, 1)) > 150

            wait_for(refused, why="the clients that are too many to be refused")
        self.assertLess(most[0], 150)
        for connection in connections:
            connection.close()
        wait_for(lambda: publish(self.node, "large", "x" * 900_000).text == "true")


class FloodTests(RawCase):
    """Many requests at once."""

    def test_pipelined_flood(self) -> None:
        """Tens of thousands of requests in one go are answered in order, in bounded memory."""
        count = 30_000
        for carrier, connection in self.each():
            with self.served(), peak(self.node.pid) as most:
                last = PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
                answer = flood(connection, iter([*[PING * 1000] * (count // 1000), last]))
            self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), count + 1, carrier)
            self.assertLess(most[0], GROWTH, carrier)

    def test_pipelined_flood_that_does_not_read(self) -> None:
        """The same from clients that read nothing: they are not read from either, and closed in the end."""
        connections = [connection for _ in range(3) for _, connection in self.each()]
        with self.served(), peak(self.node.pid) as most:
            for connection in connections:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.setblocking(False)
                sent, data = 1, PING * 1000
                while sent:  # until nothing goes any more
                    _, writable = wait_for_sockets([], [connection], 0.2)
                    try:
                        sent = connection.send(data) if writable else 0
                    except ConnectionError:
                        sent = 0
            for connection in connections:
                poll = select.poll()
                poll.register(connection, select.POLLHUP | select.POLLERR)
                self.assertTrue(poll.poll(300_000), "the connection of a client that does not read stays open")
        self.assertLess(most[0], GROWTH)

    def test_flood_of_connections(self) -> None:
        """Connections that come and go leave nothing behind."""
        with self.served(), peak(self.node.pid) as most:
            for _ in range(2000):
                with socket.create_connection((self.node.host, self.node.port), 30) as connection:
                    connection.send(b"GET / HT")
        self.assertLess(most[0], GROWTH)

    def test_more_connections_than_may_be(self) -> None:
        """Those over nacos.http.max-connections are closed at once; the first stay."""
        node = shared_configs(1, "nacos.http.max-connections=16\n").nodes[0]
        kept = [socket.create_connection((node.host, node.port), 30) for _ in range(16)]
        for connection in kept:
            self.addCleanup(connection.close)
            connection.sendall(PING)
            self.assertEqual(status(connection.recv(65536)), 200)
        with socket.create_connection((node.host, node.port), 30) as late:
            late.settimeout(30)
            try:
                late.sendall(PING)
                self.assertEqual(late.recv(65536), b"")
            except ConnectionError:
                pass
        kept[0].sendall(PING)
        self.assertEqual(status(kept[0].recv(65536)), 200)
