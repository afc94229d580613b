"""
Hostile and slow peers against a real process, while a second client is served: each costs bounded memory, and ends.

What the engine itself does with them is in L{tests.grpc.engine.behaviour}.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from typing import Any

from hpack import Encoder
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nacos_tw.grpc.engine.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from nacos_tw.grpc.payloads import Metadata, write_request
from tests.grpc.engine.behaviour import BLOCK, GZIP, call_frames
from tests.grpc.engine.peers import STREAM, UNARY, compressed, framed, headers
from tests.grpc.process import PATIENCE, Attacker, Caller, Process

SETTLED = frame(SETTINGS, 0, 0)
MOST_MEMORY = 64 * 2**20
"""Bytes by which the process may grow in all of this."""

H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"

server: Process | None = None


def the_server() -> Process:
    global server
    if server is None:
        server = Process()
        atexit.register(server.close)
    return server


class HostileTests(SynchronousTestCase):
    """One attacker and one client."""

    def setUp(self) -> None:
        self.server = the_server()
        self.caller = Caller(self.server.port)
        self.addCleanup(self.caller.close)
        self.caller.setup()
        self.memory = self.server.memory

    def attack(self, first: bytes, again: Any, rounds: int = 400, ends: bool = True) -> Attacker:
        """
        Send C{first}, then C{again} (bytes, or what makes them of the round) over and over.

        @param ends: whether the server is to end it.
        """
        attacker = Attacker(self.server.port, PREFACE + SETTLED + first)
        self.addCleanup(attacker.close)
        for count in range(rounds):
            if not attacker.send(again(count) if callable(again) else again):
                break
            if count % 50 == 0:
                self.served()
        if ends:
            end = time.monotonic() + PATIENCE
            while attacker.open and time.monotonic() < end:
                attacker.read()
            self.assertFalse(attacker.open, "the connection goes on")
        self.served()
        self.assertLess(self.server.memory - self.memory, MOST_MEMORY)
        return attacker

    def served(self) -> None:
        """The other client is."""
        self.assertEqual(self.caller.ask("HealthCheckRequest", {})[0], "HealthCheckResponse")
        self.assertIn(b'"text":"well"', self.caller.ask("EchoRequest", {"text": "well"})[1])

    def test_rapid_reset(self) -> None:
        encoder = Encoder()

        def some(count: int) -> bytes:
            return b"".join(
                call_frames(number, block=encoder.encode(headers(UNARY))) + frame(RST_STREAM, 0, number, b"\0\0\0\x08")
                for number in range(40 * count + 1, 40 * count + 41, 2)
            )

        self.attack(b"", some)

    def test_continuation_flood(self) -> None:
        self.attack(frame(HEADERS, 0, 1, BLOCK), frame(CONTINUATION, 0, 1, b"\x10\1a\1b" * 100))

    def test_hpack_bomb(self) -> None:
        encoder = Encoder()
        first = call_frames(1, block=encoder.encode([*headers(UNARY), (b"x", b"y" * 3000)]))
        self.attack(first, call_frames(3, block=encoder.encode(headers(UNARY)) + b"\xbe" * 10_000))

    def test_gzip_bombs(self) -> None:
        """Messages that are a thousand times larger than they look: just too large, and just not."""
        for size in (11 * 2**20, 10 * 2**20):
            data, encoder = compressed(bytes(size)), Encoder()

            def bomb(count: int, data: bytes = data, encoder: Encoder = encoder) -> bytes:
                head = frame(HEADERS, END_HEADERS, 2 * count + 1, encoder.encode(headers(UNARY, *GZIP)))
                return head + frame(DATA, END_STREAM, 2 * count + 1, data)

            self.attack(b"", bomb)

    def test_settings_flood(self) -> None:
        self.attack(b"", frame(SETTINGS, 0, 0, b"\0\4\0\0\xff\xff") * 50)

    def test_ping_flood(self) -> None:
        self.attack(b"", frame(PING, 0, 0, b"12345678") * 50)

    def test_empty_frames(self) -> None:
        self.attack(frame(HEADERS, END_HEADERS, 1, BLOCK), frame(DATA, 0, 1) * 50)

    def test_window_of_one(self) -> None:
        """A client that takes an answer byte by byte."""
        self.attack(
            frame(SETTINGS, 0, 0, b"\0\4\0\0\0\0") + call_frames(1, b"x" * 100),
            frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1") * 50,
        )

    def test_half_messages(self) -> None:
        """As many calls as allowed, each with half a message, for as long as the server lets them."""
        encoder = Encoder()

        def some(count: int) -> bytes:
            return frame(HEADERS, END_HEADERS, 2 * count + 1, encoder.encode(headers(UNARY))) + frame(
                DATA, 0, 2 * count + 1, framed(b"x" * 2000)[:1000]
            )

        self.attack(b"", some, rounds=200, ends=False)

    def test_large_messages_that_stop(self) -> None:
        """Messages of 10 MiB announced on many connections hold promises, not memory."""
        for _ in range(20):
            attacker = Attacker(
                self.server.port,
                PREFACE
                + SETTLED
                + frame(HEADERS, END_HEADERS, 1, BLOCK)
                + frame(DATA, 0, 1, b"\0\0\x9f\xff\xf0" + bytes(1000)),
            )
            self.addCleanup(attacker.close)
        self.served()
        self.assertLess(self.server.memory - self.memory, MOST_MEMORY)

    def test_never_reads(self) -> None:
        """A client that asks on and reads no answer is not read from any more."""
        encoder = Encoder()
        setup = write_request(Metadata("ConnectionSetupRequest"), b"{}")
        echo = write_request(Metadata("EchoRequest"), b'{"text":"%b"}' % (b"x" * 12_000))
        attacker = Attacker(
            self.server.port,
            PREFACE
            + frame(SETTINGS, 0, 0, b"\0\4\x7f\xff\xff\xff")
            + frame(WINDOW_UPDATE, 0, 0, b"\x7f\0\0\0")
            + frame(HEADERS, END_HEADERS, 1, encoder.encode(headers(STREAM)))
            + frame(DATA, 0, 1, framed(setup)),
        )
        self.addCleanup(attacker.close)
        for count in range(300):
            calls = b"".join(
                call_frames(number, echo, block=encoder.encode(headers(UNARY)))
                for number in range(20 * count + 3, 20 * count + 23, 2)
            )
            if not attacker.send(calls, reads=False) or attacker.stuck:
                break
            self.served()
        self.assertTrue(attacker.stuck or not attacker.open)
        self.served()
        self.assertLess(self.server.memory - self.memory, MOST_MEMORY)

    def test_byte_by_byte(self) -> None:
        """A slow peer holds up nobody."""
        attacker = Attacker(self.server.port, b"")
        self.addCleanup(attacker.close)
        for byte in PREFACE + SETTLED + call_frames(1):
            attacker.send(bytes((byte,)))
            if byte % 16 == 0:
                self.served()
        self.served()

    def test_noise(self) -> None:
        """Peers that speak no HTTP/2."""
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\0\x05hello", os.urandom(3000)):
            attacker = Attacker(self.server.port, words)
            self.addCleanup(attacker.close)
            end = time.monotonic() + PATIENCE
            while attacker.open and time.monotonic() < end:
                attacker.read()
            self.assertFalse(attacker.open)
        self.served()

    def test_connections_that_come_and_go(self) -> None:
        for _ in range(200):
            attacker = Attacker(self.server.port, PREFACE + SETTLED + call_frames(1))
            attacker.close()
        self.served()


class ConformanceTests(SynchronousTestCase):
    """The program h2spec."""

    def test_h2spec(self) -> None:
        """All of it passes."""
        program = shutil.which("h2spec") or self._built()
        port = the_server().port
        done = subprocess.run(
            [program, "-h", "127.0.0.1", "-p", str(port), "-o", "20"], capture_output=True, text=True, timeout=600
        )
        last = done.stdout.strip().splitlines()[-1]
        failed = [line for line in done.stdout.splitlines() if "×" in line]
        self.assertEqual(failed, [])
        self.assertRegex(last, r"^\d{3} tests, \d{3} passed, 0 skipped, 0 failed$")
        self.assertEqual(done.returncode, 0)

    def _built(self) -> str:
        """Built once for all runs."""
        folder = os.path.join(tempfile.gettempdir(), "nacos-tw-h2spec")
        program = os.path.join(folder, "h2spec")
        if os.path.exists(program):
            return program
        if shutil.which("go") is None:
            raise SkipTest("there is no Go here, of which h2spec is made")
        environ = {**os.environ, "GOBIN": folder, "GOFLAGS": "-mod=mod"}
        done = subprocess.run(["go", "install", H2SPEC], env=environ, capture_output=True, text=True, timeout=600)
        if done.returncode or not os.path.exists(program):
            raise SkipTest(f"h2spec cannot be fetched: {done.stderr[-300:]}")
        return program
