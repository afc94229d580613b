"""
Measures requests per CPU-second of gRPC: of nodes, of the carrier alone, or of any server that is running.

    python bench/grpcload.py [--nodes 1|3] [--requests 30000] [--ops health,config-query] [--shapes 64x1,8x16]
    python bench/grpcload.py --carrier [--engine connection,reference] [--ops health,small]
    python bench/grpcload.py --url 127.0.0.1:9848 [--url ...] --pid 4711 [--pid ...]

Each connection says who it is first (ConnectionSetupRequest on its stream), as other tools cannot. Then it keeps so
many calls in flight as the shape says (connections x calls of each), written together. Connections are spread over the
nodes.

 - health: HealthCheckRequest;
 - config-query: one of 100 configs of 1 KB;
 - service-query: one of 100 services of 10 instances;
 - instance: InstanceRequest, each of a service that the connection has no instance of yet;
 - publish: ConfigPublishRequest of 1 KB, each of a config that was not there yet;
 - small: a request that is decoded, one look-up, an answer of 1.1 KB (of the carrier alone, without a node's handlers).

"Per CPU-second" is requests by the user and system time of all server processes. On a machine that does other things at
the same time only rows of one run compare. The client is not what is measured; it takes a core.
"""

from __future__ import annotations

import argparse
import itertools
import os
import select
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence

import msgspec
import nodes
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
CONFIGS, SERVICES, INSTANCES = 100, 100, 10
CONTENT = "spring.datasource.url=jdbc:mysql://db.internal:3306/orders?useSSL=false\\n" * 14

Body = Callable[[str, int], str]
"""(name of the connection, number of its call) to the JSON of a request."""


def instance(service: str, ip: str, port: int) -> str:
    """The JSON of a registration."""
    return (
        f'{{"headers":{{}},"module":"naming","namespace":"public","serviceName":"{service}",'
        f'"groupName":"DEFAULT_GROUP","type":"registerInstance","instance":{{"ip":"{ip}","port":{port},"weight":1.0,'
        '"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",'
        '"metadata":{"preserved.register.source":"SPRING_CLOUD"}}}'
    )


def config(data_id: str, content: str = "") -> str:
    """The JSON of a query or, with a content, of a publish."""
    more = f',"content":"{content}","additionMap":{{}}' if content else ""
    return f'{{"headers":{{}},"module":"config","dataId":"{data_id}","group":"BENCH","tenant":""{more}}}'


def service(name: str) -> str:
    """The JSON of a query."""
    return (
        f'{{"headers":{{}},"module":"naming","namespace":"public","serviceName":"{name}","groupName":"DEFAULT_GROUP",'
        '"cluster":"","healthyOnly":false,"udpPort":0}'
    )


OPS: dict[str, tuple[str, Body]] = {
    "health": ("HealthCheckRequest", lambda name, number: '{"headers":{},"module":"internal"}'),
    "small": ("SmallRequest", lambda name, number: '{"headers":{},"module":"internal","key":"k17"}'),
    "config-query": ("ConfigQueryRequest", lambda name, number: config(f"bench-{number % CONFIGS}")),
    "service-query": ("ServiceQueryRequest", lambda name, number: service(f"bench-{number % SERVICES}")),
    "instance": (
        "InstanceRequest",
        lambda name, number: instance(f"load-{number}", "10.1.0.1", 1 + int(name, 16) % 65535),
    ),
    "publish": ("ConfigPublishRequest", lambda name, number: config(f"load-{name}-{number}", CONTENT)),
    "seed-configs": ("ConfigPublishRequest", lambda name, number: config(f"bench-{number % CONFIGS}", CONTENT)),
    "seed-instances": ("InstanceRequest", lambda name, number: instance(f"bench-{number}", "10.2.0.1", int(name, 16))),
}
DEFAULT = "health,config-query,service-query,instance,publish"


def cpu_seconds(pids: Sequence[int]) -> float:
    """Time on a processor of processes with all their threads so far, user and system."""
    spent = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                spent += int(file.read().split()[0])
    return spent / 1e9


def headers(encoder: Encoder, path: str) -> bytes:
    """A header block as grpc's C core sends it."""
    return encoder.encode(
        [
            (":scheme", "http"), (":method", "POST"), (":authority", "127.0.0.1:9848"), (":path", path),
            ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-bench/1.0"),
        ]
    )  # fmt: skip


def connected(address: tuple[str, int], encoder: Encoder, module: str = "naming") -> socket.socket:
    """A connection whose client has said on its stream who it is, and lets the server send as much as it likes."""
    found = socket.create_connection(address, 30)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    setup = f'{{"clientVersion":"bench","abilityTable":{{}},"labels":{{"source":"sdk","module":"{module}"}}}}'
    found.sendall(
        PREFACE
        + frame(SETTINGS, 0, 0, b"\0\4" + WIDE.to_bytes(4, "big"))
        + window_update(0, WIDE - 65535)
        + SETTINGS_ACK
        + frame(HEADERS, END_HEADERS, 1, headers(encoder, "/BiRequestStream/requestBiStream"))
        + frame(DATA, 0, 1, message("ConnectionSetupRequest", setup))
    )
    return found


def message(type_: str, body: str) -> bytes:
    """A request with its prefix, as it stands in DATA."""
    payload = write_request(Metadata(type_, {}, "127.0.0.1"), body.encode())
    return b"\0" + len(payload).to_bytes(4, "big") + payload


class Connection:
    """
    One client with so many calls in flight.

    @ivar done: calls that were answered.
    """

    def __init__(self, address: tuple[str, int], op: str, calls: int, name: str = "") -> None:
        """
        @param name: a hexadecimal number, for what it writes.
        """
        type_, self._body = OPS[op]
        self._name = name or uuid.uuid4().hex[:8]
        encoder = Encoder()
        self.socket = connected(address, encoder)
        self._first = headers(encoder, "/Request/request")
        self._block = headers(encoder, "/Request/request")  # all of it is in the table by now
        self._metadata = Metadata(type_, {"app": "bench"}, "127.0.0.1")
        self._numbers = itertools.count()
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
            request = write_request(self._metadata, self._body(self._name, next(self._numbers)).encode())
            data = b"\0" + len(request).to_bytes(4, "big") + request
            out.append(frame(HEADERS, END_HEADERS, self._next, block) + frame(DATA, END_STREAM, self._next, data))
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
                if b"ErrorResponse" in data[at : at + 60] or b'"resultCode":500' in data[at : at + length]:
                    raise SystemExit(f"the server answered with an error: {data[at : at + 200]!r}")
            at += 9 + length
        self._rest = data[at:]


class Load:
    """Connections of one operation and shape."""

    def __init__(
        self, addresses: Sequence[tuple[str, int]], op: str, count: int, calls: int, names: bool = False
    ) -> None:
        """
        @param names: number the connections from 1, so that what they write is known.
        """
        self.connections = [
            Connection(addresses[number % len(addresses)], op, calls, f"{number + 1:x}" if names else "")
            for number in range(count)
        ]
        self._by_file = {connection.socket.fileno(): connection for connection in self.connections}
        self._poll = select.epoll()
        for number in self._by_file:
            self._poll.register(number, select.EPOLLIN)
        time.sleep(0.3)  # until they are known: a server may take the stream and the first call in any order
        for connection in self.connections:
            connection.prime()

    @property
    def done(self) -> int:
        """Calls that were answered."""
        return sum(one.done for one in self.connections)

    def run(self, until: int) -> None:
        """Keep calls in flight until so many were answered."""
        quiet = time.monotonic()
        while self.done < until:
            found = self._poll.poll(1.0)
            if found:
                quiet = time.monotonic()
            elif time.monotonic() - quiet > 30:
                raise SystemExit(f"no answers any more, after {self.done}")
            for number, _ in found:
                connection = self._by_file[number]
                connection.read()
                if not connection.waiting:
                    connection.fill()

    def close(self) -> None:
        """Close the connections."""
        for connection in self.connections:
            connection.socket.close()


def measure(
    addresses: Sequence[tuple[str, int]], pids: Sequence[int], op: str, shape: str, requests: int
) -> tuple[float, float]:
    """Requests per CPU-second of the servers, and per second."""
    count, calls = map(int, shape.split("x"))
    load = Load(addresses, op, count, calls)
    load.run(requests // 10)
    done, cpu, began = load.done, cpu_seconds(pids), time.monotonic()
    load.run(done + requests)
    done = load.done - done
    spent, took = cpu_seconds(pids) - cpu, time.monotonic() - began
    load.close()
    return done / max(spent, 1e-9), done / took


def seed(addresses: Sequence[tuple[str, int]]) -> Load:
    """What is asked for: configs, and services with instances, which live as long as these connections do."""
    configs = Load(addresses, "seed-configs", 1, 10)
    configs.run(CONFIGS)
    configs.close()
    time.sleep(1.0)  # a server may answer before it has applied
    instances = Load(addresses, "seed-instances", INSTANCES, 1, names=True)
    instances.run(SERVICES * INSTANCES)
    return instances


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


def row(engine: str, op: str, shape: str, figures: tuple[float, float]) -> None:
    """Print it."""
    print(f"{engine:<12}{op:<15}{shape:<8}{figures[0]:>15,.0f}{figures[1]:>12,.0f}", flush=True)


def load_servers(name: str, addresses: list[tuple[str, int]], pids: list[int], wanted: argparse.Namespace) -> None:
    """A row for each operation and shape."""
    seeded = seed(addresses)
    for op in (wanted.ops or DEFAULT).split(","):
        for shape in wanted.shapes.split(","):
            row(name, op, shape, measure(addresses, pids, op, shape, wanted.requests))
    seeded.close()


def load_carrier(engine: str, wanted: argparse.Namespace) -> None:
    """The same of one engine in a process of its own."""
    command = [sys.executable, "-OO", os.path.abspath(__file__), "--serve", engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        try:
            address = "127.0.0.1", int(started.stdout.readline())
            for op in (wanted.ops or "health,small").split(","):
                for shape in wanted.shapes.split(","):
                    requests = wanted.requests // (10 if engine == "reference" else 1)
                    row(engine, op, shape, measure([address], [started.pid], op, shape, requests))
        finally:
            started.kill()


def grpc_of(address: str, offset: int = 0) -> tuple[str, int]:
    """An address in two parts, with the port that gRPC has."""
    host, _, port = address.rpartition(":")
    return host, int(port) + offset


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--carrier", action="store_true", help="the carrier alone, without a node")
    parser.add_argument("--engine", default="connection,reference", help="with --carrier")
    parser.add_argument("--requests", type=int, default=30_000, help="a tenth of it for the reference engine")
    parser.add_argument("--ops", help=f"for nodes: {DEFAULT}; with --carrier: health,small")
    parser.add_argument("--shapes", default="64x1,8x16")
    parser.add_argument("--url", action="append", help="of gRPC; may be given several times, as --pid")
    parser.add_argument("--pid", type=int, action="append")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve)
        return
    print(f"{'server':<12}{'operation':<15}{'shape':<8}{'per CPU-second':>15}{'requests/s':>12}")
    if wanted.url:
        load_servers("running", [grpc_of(url) for url in wanted.url], wanted.pid, wanted)
    elif wanted.carrier:
        for engine in wanted.engine.split(","):
            load_carrier(engine, wanted)
    else:
        with nodes.started(wanted.nodes) as found:
            load_servers(
                f"{wanted.nodes} node(s)", [grpc_of(each, 1000) for each in found.addresses], found.pids, wanted
            )


if __name__ == "__main__":
    main()
