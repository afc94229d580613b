"""
Measures requests per CPU-second of the gRPC carrier.

    python bench/grpcload.py [--engine connection,reference] [--requests 30000] [--ops health,small] [--shapes 64x1]
    python bench/grpcload.py --url 127.0.0.1:9848 --pid 4711 --ops health

It starts a process that serves requests with the carrier of nacos_tw, or takes a running server by its address and
process. Each connection says who it is first (ConnectionSetupRequest on its stream), as other tools cannot. Then it
keeps so many calls in flight as the shape says (connections x calls of each), written together.

 - health: HealthCheckRequest;
 - small: a request that is decoded, one look-up, an answer of 1.1 KB (only with the process of its own).

"Per CPU-second" is requests by the user and system time of the server process. On a machine that does other things at
the same time only rows of one run compare. The client is not what is measured; it takes a core.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import time

import msgspec
from hpack import Encoder

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from nacos_tw.grpc.engine.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    SETTINGS_ACK,
    frame,
    window_update,
)
from nacos_tw.grpc.payloads import Metadata, write_request

WIDE = 2**31 - 1
TYPES = {"health": "HealthCheckRequest", "small": "SmallRequest"}


def cpu_seconds(pid: int) -> float:
    """Time on a processor of a process of one thread so far, user and system."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def headers(encoder: Encoder, path: str) -> bytes:
    """A header block as grpc's C core sends it."""
    return encoder.encode(
        [
            (":scheme", "http"), (":method", "POST"), (":authority", "127.0.0.1:9848"), (":path", path),
            ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-bench/1.0"),
        ]
    )  # fmt: skip


class Connection:
    """One client with so many calls in flight."""

    def __init__(self, address: tuple[str, int], type_: str, calls: int) -> None:
        self.socket = socket.create_connection(address, 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        encoder = Encoder()
        setup = write_request(
            Metadata("ConnectionSetupRequest", {}, "127.0.0.1"),
            b'{"clientVersion":"bench","abilityTable":{},"labels":{"source":"sdk","module":"naming"}}',
        )
        self.socket.sendall(
            PREFACE
            + frame(SETTINGS, 0, 0, b"\0\4" + WIDE.to_bytes(4, "big"))
            + window_update(0, WIDE - 65535)
            + SETTINGS_ACK
            + frame(HEADERS, END_HEADERS, 1, headers(encoder, "/BiRequestStream/requestBiStream"))
            + frame(DATA, 0, 1, b"\0" + len(setup).to_bytes(4, "big") + setup)
        )
        self._first = headers(encoder, "/Request/request")
        self._block = headers(encoder, "/Request/request")  # all of it is in the table by now
        body = b'{"headers":{},"module":"internal","key":"k17"}'
        request = write_request(Metadata(type_, {"app": "bench"}, "127.0.0.1"), body)
        self._data = b"\0" + len(request).to_bytes(4, "big") + request
        self._calls = calls
        self._next = 3
        self._rest = b""
        self._unseen = 0
        self.waiting = 0
        self.done = 0

    def prime(self) -> None:
        """The first call, whose block fills the table."""
        self._write([self._first])

    def _write(self, blocks: list[bytes]) -> None:
        out = []
        for block in blocks:
            out.append(frame(HEADERS, END_HEADERS, self._next, block) + frame(DATA, END_STREAM, self._next, self._data))
            self._next += 2
        self.waiting += len(blocks)
        self.socket.sendall(b"".join(out))

    def fill(self) -> None:
        """So many calls as may be in flight."""
        if self._unseen > 2**29:
            self.socket.sendall(window_update(0, self._unseen))
            self._unseen = 0
        self._write([self._block] * (self._calls - self.waiting))

    def read(self) -> None:
        """Take answers: each ends with headers."""
        data = self._rest + self.socket.recv(2**18)
        at, end = 0, len(data)
        while end - at >= 9:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if end - at < 9 + length:
                break
            if data[at + 3] == HEADERS and data[at + 4] & END_STREAM:
                self.waiting -= 1
                self.done += 1
            elif data[at + 3] == DATA:
                self._unseen += length
                if b"ErrorResponse" in data[at : at + 60]:
                    raise SystemExit(f"the server answered with an error: {data[at : at + 200]!r}")
            at += 9 + length
        self._rest = data[at:]


def measure(address: tuple[str, int], pid: int, op: str, shape: str, requests: int) -> tuple[float, float]:
    """Requests per CPU-second of the server, and per second."""
    count, calls = map(int, shape.split("x"))
    connections = [Connection(address, TYPES[op], calls) for _ in range(count)]
    by_file = {connection.socket.fileno(): connection for connection in connections}
    poll = select.epoll()
    for number in by_file:
        poll.register(number, select.EPOLLIN)
    for connection in connections:
        connection.prime()

    def run(until: int) -> None:
        while sum(one.done for one in connections) < until:
            for number, _ in poll.poll(1.0):
                connection = by_file[number]
                connection.read()
                if not connection.waiting:
                    connection.fill()

    run(requests // 10)
    done, cpu, began = sum(one.done for one in connections), cpu_seconds(pid), time.monotonic()
    run(done + requests)
    done = sum(one.done for one in connections) - done
    spent, took = cpu_seconds(pid) - cpu, time.monotonic() - began
    for connection in connections:
        connection.socket.close()
    return done / max(spent, 1e-9), done / took


def serve(engine: str) -> None:
    """The process that is measured: the carrier with one small handler."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from nacos_tw.grpc.connections import Connections
    from nacos_tw.grpc.counters import Counters
    from nacos_tw.grpc.dispatch import Asked, Dispatcher, Handler
    from nacos_tw.grpc.engine.connection import Connection as Own
    from nacos_tw.grpc.listener import CarrierFactory
    from nacos_tw.grpc.messages import Response

    class SmallRequest(msgspec.Struct):
        key: str

    class SmallResponse(Response, kw_only=True):
        content: str

    known = {f"k{number}": "x" * 1000 for number in range(1000)}

    def small(asked: Asked[SmallRequest]) -> Response:
        return SmallResponse(content=known[asked.request.key])

    if engine == "reference":
        from nacos_tw.grpc.engine.reference import Reference as Own  # type: ignore[assignment] # noqa: F811
    counters = Counters()
    connections = Connections(reactor, counters)  # type: ignore[arg-type]
    dispatcher = Dispatcher({"SmallRequest": Handler(SmallRequest, small)}, connections, counters, reactor)  # type: ignore[arg-type]
    factory = CarrierFactory(dispatcher, reactor, counters=counters, engine=Own)  # type: ignore[arg-type]
    port = reactor.listenTCP(0, factory, backlog=1024, interface="127.0.0.1")  # type: ignore[attr-defined]
    print(port.getHost().port, flush=True)
    Deferred.debug = False
    reactor.run()  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="connection,reference")
    parser.add_argument("--requests", type=int, default=30_000, help="a tenth of it for the reference engine")
    parser.add_argument("--ops", default="health,small")
    parser.add_argument("--shapes", default="64x1,8x16")
    parser.add_argument("--url")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    print(f"{'engine':<12}{'operation':<10}{'shape':<8}{'per CPU-second':>15}{'requests/s':>12}")
    for engine in ["running"] if arguments.url else arguments.engine.split(","):
        started = None
        if arguments.url:
            host, _, port = arguments.url.rpartition(":")
            pid = arguments.pid
        else:
            command = [sys.executable, "-OO", os.path.abspath(__file__), "--serve", engine]
            started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert started.stdout is not None
            host, port, pid = "127.0.0.1", started.stdout.readline().strip(), started.pid
        try:
            for op in arguments.ops.split(","):
                for shape in arguments.shapes.split(","):
                    requests = arguments.requests // (10 if engine == "reference" else 1)
                    per_cpu, per_second = measure((host, int(port)), pid, op, shape, requests)
                    print(f"{engine:<12}{op:<10}{shape:<8}{per_cpu:>15,.0f}{per_second:>12,.0f}", flush=True)
        finally:
            if started is not None:
                started.kill()
                started.wait()


if __name__ == "__main__":
    main()
