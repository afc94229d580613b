"""
What clients of 2.x cost a node, and how soon they hear of changes.

    python bench/grpcclients.py [--nodes 1] [--clients 1000] [--measure idle,published,push]
    python bench/grpcclients.py --measure rest --clients 10000 [--seconds 20]
    python bench/grpcclients.py --nodes 3 --measure churn --clients 1000 --seconds 600
    python bench/grpcclients.py --nodes 3 --measure latency [--times 200]
    python bench/grpcclients.py --url 127.0.0.1:9848 --pid 4711 [...]

 - idle: memory of a connected client that does nothing;
 - published: memory of one that publishes a service and subscribes to one;
 - push: time on a processor for telling all clients of a change, until the last has acknowledged it, ten times;
 - rest: clients that each publish an instance, subscribe to ten services and check their health every 5 s: the share
   of a core that they cost, and memory;
 - churn: clients that each publish an instance of a service and subscribe to it, and of whom a sixtieth goes, and as
   many come, each second: memory and open files meanwhile and when all have gone, and whether every node lists just
   who is there;
 - latency: from registering at one node to the push at another, and from publishing a config at one to the notice at
   another, on nodes that do nothing else. Both ends are this process.

So many clients need as many open files here, and at the nodes: the limit is raised as far as the system allows
(C{ulimit -Hn}).

Memory is what the resident memory of the process has grown by. A server that is running may be given by its address
and process, of a cluster several of each.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import grpcload
import nodes
from hpack import Encoder
from wire import Connection, get, json_of

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from nacos_tw.descriptors import SPARE
from nacos_tw.grpc.engine.frames import DATA, END_HEADERS, END_STREAM, HEADERS, PING, frame
from nacos_tw.grpc.payloads import Reader

ACKS = {
    "NotifySubscriberRequest": "NotifySubscriberResponse",
    "ConfigChangeNotifyRequest": "ConfigChangeNotifyResponse",
    "ClientDetectionRequest": "ClientDetectionResponse",
}
SUBSCRIBED = 10
SERVICES = 100
"""Of clients that come and go."""
BEAT = 5.0

_read = Reader().read


class Client:
    """
    One connection: calls one after the other, and acknowledges what it is told.

    @ivar told: what it was told, by type, with the time; C{answered}: calls that were answered.
    """

    def __init__(self, address: tuple[str, int], module: str = "naming") -> None:
        encoder = Encoder()
        self.socket = grpcload.connected(address, encoder, module)
        self._blocks = [grpcload.headers(encoder, "/Request/request") for _ in range(2)]
        self._next = 3
        self._rest = b""
        self._parts: dict[int, bytes] = {}
        self.answered = 0
        self.told: dict[str, int] = {}
        self.hear: Callable[[str, bytes], None] = lambda type_, body: None

    def _stream(self, type_: str, body: str) -> None:
        self.socket.sendall(frame(DATA, 0, 1, grpcload.message(type_, body)))

    def call(self, type_: str, body: str) -> None:
        """Send a request; C{answered} grows when its answer is there."""
        block = self._blocks.pop(0) if len(self._blocks) > 1 else self._blocks[0]
        number, self._next = self._next, self._next + 2
        self.socket.sendall(
            frame(HEADERS, END_HEADERS, number, block) + frame(DATA, END_STREAM, number, grpcload.message(type_, body))
        )

    def read(self) -> None:
        """Take what has come."""
        data = self._rest + self.socket.recv(2**18)
        if not data:
            raise SystemExit("the server closed a connection")
        at, end = 0, len(data)
        while end - at >= 9:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if end - at < 9 + length:
                break
            number = int.from_bytes(data[at + 5 : at + 9], "big")
            body = data[at + 9 : at + 9 + length]
            if data[at + 3] == DATA:
                self._message(number, body)
            elif data[at + 3] == HEADERS and data[at + 4] & END_STREAM:
                self._parts.pop(number, None)
                self.answered += 1
            elif data[at + 3] == PING and not data[at + 4]:
                self.socket.sendall(frame(PING, 1, 0, body))
            at += 9 + length
        self._rest = data[at:]

    def _message(self, number: int, data: bytes) -> None:
        data = self._parts.get(number, b"") + data
        while len(data) >= 5 and len(data) >= 5 + (size := int.from_bytes(data[1:5], "big")):
            metadata, body = _read(data[5 : 5 + size])
            data = data[5 + size :]
            if metadata.type == "ErrorResponse" or b'"resultCode":500' in body[:40]:
                raise SystemExit(f"the server answered with an error: {body[:300]!r}")
            if number == 1:
                self._heard(metadata.type, body)
        self._parts[number] = data

    def _heard(self, type_: str, body: bytes) -> None:
        if type_ in ACKS:
            id_ = json.loads(body)["requestId"]
            self._stream(ACKS[type_], f'{{"resultCode":200,"errorCode":0,"requestId":"{id_}","success":true}}')
        self.told[type_] = self.told.get(type_, 0) + 1
        self.hear(type_, body)


class Clients:
    """Clients that one loop serves."""

    def __init__(self) -> None:
        self.all: list[Client] = []
        self._by_file: dict[int, Client] = {}
        self._poll = select.epoll()

    def add(self, client: Client) -> Client:
        """Serve a client too."""
        self.all.append(client)
        self._by_file[client.socket.fileno()] = client
        self._poll.register(client.socket.fileno(), select.EPOLLIN)
        return client

    def remove(self, client: Client) -> None:
        """End a client."""
        self.all.remove(client)
        del self._by_file[client.socket.fileno()]
        self._poll.unregister(client.socket.fileno())
        client.socket.close()

    def connect(self, addresses: Sequence[tuple[str, int]], count: int) -> None:
        """Connect so many more, spread over the nodes."""
        for number in range(count):
            self.add(Client(addresses[number % len(addresses)]))
            if number % 50 == 49:
                self.turn(0.0)
        self.run(0.5)

    def turn(self, seconds: float) -> None:
        """Read what is there."""
        for number, _ in self._poll.poll(seconds):
            client = self._by_file.get(number)
            if client is not None:
                client.read()

    def run(self, seconds: float) -> None:
        """Serve for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.turn(left)

    def until(self, reached: Callable[[], bool], why: str, seconds: float = 60.0) -> None:
        """Serve until something is so."""
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {why}")
            self.turn(0.2)

    def ask(self, requests: Sequence[tuple[Client, str, str]], at_once: int = 200) -> None:
        """Send requests, a bounded number at a time, and wait for the answers."""
        for first in range(0, len(requests), at_once):
            some = requests[first : first + at_once]
            before = {client: client.answered for client, _, _ in some}
            counts: dict[Client, int] = {}
            for client, type_, body in some:
                client.call(type_, body)
                counts[client] = counts.get(client, 0) + 1
            self.until(
                lambda before=before, counts=counts: all(c.answered >= before[c] + n for c, n in counts.items()),
                "answers",
            )  # type: ignore[misc]  # noqa: E501

    def close(self) -> None:
        """End them all."""
        for client in self.all:
            client.socket.close()


def subscription(service: str) -> str:
    """The JSON of a subscription."""
    return (
        f'{{"headers":{{}},"module":"naming","namespace":"public","serviceName":"{service}",'
        '"groupName":"DEFAULT_GROUP","subscribe":true,"clusters":""}'
    )


def address_of(number: int) -> str:
    """Each has its own."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def publication(number: int, service: str) -> str:
    """The JSON of a registration, of an address of its own."""
    return grpcload.instance(service, address_of(number), 8080)


def take(numbers: Iterator[int], count: int) -> list[int]:
    """So many of them."""
    return list(itertools.islice(numbers, count))


Row = list[object]


class Target:
    """The servers that are measured."""

    def __init__(self, addresses: Sequence[tuple[str, int]], pids: Sequence[int]) -> None:
        self.addresses = addresses
        self.pids = pids

    def memory(self) -> float:
        """KB that the processes have in memory."""
        time.sleep(1.0)
        return sum(map(nodes.resident, self.pids)) * 1000

    def idle(self, count: int) -> list[Row]:
        """Memory of clients that do nothing."""
        clients = Clients()
        clients.connect(self.addresses, 10)  # what the first one needs is there
        before = self.memory()
        clients.connect(self.addresses, count)
        rows: list[Row] = [["an idle client", f"{(self.memory() - before) / count:.1f} KB"]]
        clients.close()
        return rows

    def published(self, count: int) -> list[Row]:
        """Memory of clients that publish and subscribe."""
        clients = Clients()
        clients.connect(self.addresses, 10)
        before = self.memory()
        clients.connect(self.addresses, count)
        some = clients.all[10:]
        clients.ask([(client, "InstanceRequest", publication(n, f"own-{n}")) for n, client in enumerate(some)])
        clients.ask([(client, "SubscribeServiceRequest", subscription(f"own-{n}")) for n, client in enumerate(some)])
        clients.run(2.0)
        rows: list[Row] = [
            ["a client with a service published and one subscribed", f"{(self.memory() - before) / count:.1f} KB"]
        ]
        clients.close()
        return rows

    def push(self, count: int, times: int = 10) -> list[Row]:
        """Time for telling all."""
        clients = Clients()
        clients.connect(self.addresses, count)
        clients.ask([(client, "SubscribeServiceRequest", subscription("pushed")) for client in clients.all])
        publisher = clients.add(Client(self.addresses[0]))
        clients.run(1.0)
        spent = 0.0
        for number in range(times):
            before = sum(client.told.get("NotifySubscriberRequest", 0) for client in clients.all)
            began = grpcload.cpu_seconds(self.pids)
            clients.ask([(publisher, "InstanceRequest", publication(number, "pushed"))])
            clients.until(
                lambda before=before: (
                    sum(c.told.get("NotifySubscriberRequest", 0) for c in clients.all) >= before + count
                ),  # type: ignore[misc]  # noqa: E501
                "pushes",
            )
            clients.run(0.3)
            spent += grpcload.cpu_seconds(self.pids) - began
        clients.close()
        return [[f"{count:,} pushes, acknowledged", f"{1000 * spent / times:.0f} CPU-ms"]]

    def rest(self, count: int, seconds: float) -> list[Row]:
        """What clients cost that only live."""
        clients = Clients()
        before = self.memory()
        clients.connect(self.addresses, count)
        every = clients.all
        clients.ask([(client, "InstanceRequest", publication(n, f"own-{n % 1000}")) for n, client in enumerate(every)])
        for which in range(SUBSCRIBED):
            clients.ask(
                [
                    (client, "SubscribeServiceRequest", subscription(f"own-{(n * SUBSCRIBED + which) % 1000}"))
                    for n, client in enumerate(every)
                ]
            )
        clients.run(5.0)
        began, cpu = time.monotonic(), grpcload.cpu_seconds(self.pids)
        sent = 0
        while (now := time.monotonic() - began) < seconds:
            while sent < min(seconds, now) / BEAT * count:
                every[sent % count].call("HealthCheckRequest", '{"headers":{},"module":"internal"}')
                sent += 1
            clients.turn(0.01)
        share = (grpcload.cpu_seconds(self.pids) - cpu) / (time.monotonic() - began)
        memory = self.memory()
        clients.close()
        return [
            [f"{count:,} clients at rest", f"{share:.2f} of a core"],
            [
                "memory of the process with them; for each",
                f"{memory / 1000:.0f} MB; {(memory - before) / count:.1f} KB",
            ],
        ]

    def churn(self, count: int, seconds: float) -> list[Row]:
        """What stays of clients that come and go."""
        clients = Clients()
        here: dict[Client, int] = {}
        numbers = itertools.count(1)
        files = [self.files()]
        memory: list[float] = []

        def come(some: int) -> None:
            new = {clients.add(Client(self.addresses[n % len(self.addresses)])): n for n in take(numbers, some)}
            clients.run(0.2)  # until they are known
            clients.ask([(one, "InstanceRequest", publication(n, f"churn-{n % SERVICES}")) for one, n in new.items()])
            clients.ask(
                [(one, "SubscribeServiceRequest", subscription(f"churn-{n % SERVICES}")) for one, n in new.items()]
            )
            here.update(new)

        for part in range(0, count, 200):
            come(min(200, count - part))
        began, replaced = time.monotonic(), 0
        while (past := time.monotonic() - began) < seconds:
            due = min(int(past * count / 60) - replaced, 200)
            for client in list(here)[: max(due, 0)]:
                clients.remove(client)
                del here[client]
            if due > 0:
                come(due)
                replaced += due
            clients.run(0.2)
            if not memory and past > seconds / 10:
                memory.append(self.memory())
        memory.append(self.memory())
        files.append(self.files())
        self._listed(clients, set(map(address_of, here.values())))
        clients.close()
        self._listed(Clients(), set())
        memory.append(self.memory())
        files.append(self.files())
        return [
            [f"clients that came and went in {seconds:.0f} s, beside {count:,}", f"{replaced:,}"],
            [
                "memory after a tenth of the time; at its end; when all have gone",
                "; ".join(f"{each / 1000:.0f} MB" for each in memory),
            ],
            ["open files before; at the end; when all have gone", "; ".join(map(str, files))],
            ["lists", "of every node just who was there"],
        ]

    def files(self) -> int:
        """Files that the processes have open."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids)

    def _listed(self, clients: Clients, expected: set[str]) -> None:
        """Wait until every node lists these addresses, and no others."""

        def shown(address: tuple[str, int]) -> set[str]:
            found: set[str] = set()
            with Connection(f"{address[0]}:{address[1] - 1000}", 30.0) as connection:
                for number in range(SERVICES):
                    answer = connection.ask(get(f"/nacos/v1/ns/instance/list?serviceName=churn-{number}"))
                    found.update(host["ip"] for host in json_of(answer)["hosts"])
            return found

        clients.until(
            lambda: all(shown(address) == expected for address in self.addresses),
            "every node to list who is there",
            120.0,
        )

    def latency(self, times: int) -> list[Row]:
        """From a change at one node to the word of it at another."""
        clients = Clients()
        first, last = self.addresses[0], self.addresses[-1]
        writer, hearer = clients.add(Client(first)), clients.add(Client(last))
        heard: list[float] = []
        hearer.hear = lambda type_, body: heard.append(time.perf_counter())
        pushes, notices = [], []
        for number in range(times):
            service = f"late-{number}"
            clients.ask([(hearer, "SubscribeServiceRequest", subscription(service))])
            clients.run(0.15)
            pushes.append(self._once(clients, writer, heard, "InstanceRequest", publication(number, service)))
        for number in range(times):
            name = f"late-{number}"
            listen = (
                '{"headers":{},"module":"config","listen":true,"configListenContexts":'
                f'[{{"group":"BENCH","dataId":"{name}","tenant":"","md5":""}}]}}'
            )
            clients.ask([(hearer, "ConfigBatchListenRequest", listen)])
            clients.run(0.02)
            notices.append(
                self._once(clients, writer, heard, "ConfigPublishRequest", grpcload.config(name, "x" * 1000))
            )
        clients.close()
        return [
            [what, "; ".join(f"p{100 * share:.0f} {nodes.percentile(found, share):.1f} ms" for share in (0.5, 0.99))]
            for what, found in (
                ("registered at one node, pushed by another", pushes),
                ("published, told by another", notices),
            )
        ]

    @staticmethod
    def _once(clients: Clients, writer: Client, heard: list[float], type_: str, body: str) -> float:
        heard.clear()
        before, began = writer.answered, time.perf_counter()
        writer.call(type_, body)
        clients.until(lambda: bool(heard) and writer.answered > before, "word of a change")
        return 1000 * (heard[0] - began)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--measure", default="idle,published,push")
    parser.add_argument("--seconds", type=float, default=20.0, help="of rest, and of churn")
    parser.add_argument("--times", type=int, default=200, help="of latency")
    parser.add_argument("--url", action="append", help="of gRPC; may be given several times, as --pid")
    parser.add_argument("--pid", type=int, action="append")
    wanted = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < wanted.clients + SPARE:
        raise SystemExit(f"{wanted.clients} clients need {wanted.clients + SPARE} open files; ulimit -Hn says {hard}")

    def rows(target: Target) -> list[Row]:
        found: list[Row] = []
        for what in wanted.measure.split(","):
            if what in ("idle", "published", "push"):
                found += getattr(target, what)(wanted.clients)
            elif what in ("rest", "churn"):
                found += getattr(target, what)(wanted.clients, wanted.seconds)
            else:
                found += target.latency(wanted.times)
        return found

    if wanted.url:
        found = rows(Target([grpcload.grpc_of(url) for url in wanted.url], wanted.pid))
    else:
        with nodes.started(wanted.nodes) as started:
            found = rows(Target([grpcload.grpc_of(each, 1000) for each in started.addresses], started.pids))
    print(nodes.table(["what", "measured"], found))


if __name__ == "__main__":
    main()
