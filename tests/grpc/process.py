"""The small server of L{tests.grpc.server} as a process, and raw connections to it."""

from __future__ import annotations

import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import msgspec

from nacos_tw.grpc.engine.frames import PREFACE
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.payloads import Metadata, Reader, write_request
from tests.grpc.engine.peers import METHODS, STREAM, Peer

ROOT = pathlib.Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds after which something will not happen any more."""


class Process:
    """The server; it listens when this returns."""

    def __init__(self, *arguments: str) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.grpc.server", "0", *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])

    @property
    def memory(self) -> int:
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self._process.pid}/statm").read_text()
        return int(status.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> int:
        """End it as an operator does; its code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            if self._process.stdout is not None:
                self._process.stdout.close()


class _Remote:
    """Stands in a Peer for its engine."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def receive(self, data: bytes, now: float) -> list[Any]:
        self.socket.sendall(data)
        return []

    def take(self) -> bytes:
        ready, _, _ = select.select([self.socket], [], [], 0.001)
        return self.socket.recv(65536) if ready else b""


class Caller(Peer):
    """A client that keeps to the rules."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._rest = b""
        super().__init__(lambda shared: _Remote(self.socket), shared=Shared(METHODS, None))  # type: ignore[arg-type, return-value]
        self.reader = Reader()

    def _hear(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while len(data) - at >= 9 and len(data) - at >= 9 + int.from_bytes(data[at : at + 3], "big"):
            at += 9 + int.from_bytes(data[at : at + 3], "big")
        self._rest = data[at:]
        super()._hear(data[:at])

    def setup(self) -> None:
        """Say who we are."""
        request = write_request(Metadata("ConnectionSetupRequest"), b'{"abilityTable":{},"labels":{"module":"naming"}}')
        stream = self.call(request, STREAM, end=False)
        self._until(lambda: bool(self.answers[stream].messages))

    def ask(self, type_: str, body: Any) -> tuple[str, bytes]:
        """A unary request and its answer."""
        number = self.call(write_request(Metadata(type_), msgspec.json.encode(body)))
        self._until(lambda: self.answers[number].ended)
        metadata, answer = self.reader.read(self.answers[number].messages[0])
        return metadata.type, answer

    def _until(self, true: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "the answer does not come"
            self.exchange()

    def close(self) -> None:
        self.socket.close()


class Attacker:
    """
    A connection that sends what it likes.

    @ivar stuck: the server does not take all that is sent.
    """

    def __init__(self, port: int, first: bytes = PREFACE) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setblocking(False)
        self.heard = b""
        self.open = True
        self.stuck = False
        self.send(first)

    def send(self, data: bytes, reads: bool = True) -> bool:
        """Send it, as far as the server takes it at once; False when the server has closed."""
        at = 0
        while self.open and at < len(data):
            _, writable, _ = select.select([], [self.socket], [], 0.2 if reads else 0.0)
            if not writable and not reads:
                self.stuck = True
                return True
            try:
                if writable:
                    at += self.socket.send(data[at:])
                if reads:
                    self.read()
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                self.open = False
        return self.open

    def read(self) -> None:
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    self.open = False
                    return
                self.heard = (self.heard + data)[-100_000:]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.open = False

    def close(self) -> None:
        self.socket.close()
