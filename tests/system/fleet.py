"""
Many clients of 2.x in one process, as lean as can be: each has a connection, publishes an instance of a service,
subscribes to that service, and asks for its list again and again. As SDKs do they go to another node when they are
asked to, when their stream ends or their connection is lost, and register and subscribe again there.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from hpack import Encoder

from nacos_tw.grpc.engine.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    SETTINGS_ACK,
    frame,
    window_update,
)
from nacos_tw.grpc.payloads import Metadata, Reader, write_request
from tests.system.nodes import RealNode

STREAM = 1
ACK = 1
WIDE = 2**31 - 1
AGAIN = {300, 301, -401}
"""Codes after which clients try again by themselves: the node is starting; it does not know the client."""
GROUP = "DEFAULT_GROUP"
ASK = 1.0
"""Seconds between two questions of a client."""
PAUSE = 0.1
"""Seconds before a client that got no connection tries the next node."""
REDO = 3.0
"""Seconds before a client registers again what was refused, as SDKs do."""

Node = tuple[str, int]
"""Host and port of gRPC."""


def encoded() -> tuple[bytes, bytes, bytes]:
    """Blocks for the stream, for the first call and for all later ones, which are in the table by then."""
    encoder = Encoder()
    common = [("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "fleet")]
    blocks = []
    for path in ("/BiRequestStream/requestBiStream", "/Request/request", "/Request/request"):
        headers = [(":scheme", "http"), (":method", "POST"), (":authority", "fleet"), (":path", path), *common]
        blocks.append(encoder.encode(headers))
    return blocks[0], blocks[1], blocks[2]


BLOCKS = encoded()


def message(type_: str, body: dict[str, Any]) -> bytes:
    """As it stands in DATA."""
    payload = write_request(Metadata(type_, {}, "127.0.0.1"), json.dumps(body).encode())
    return b"\0" + len(payload).to_bytes(4, "big") + payload


class Client:
    """
    One of them.

    @ivar node: where it is connected; C{registered}: whether its instance is acknowledged there.
    @ivar listed: addresses of the last list that it was given, by an answer or a push.
    """

    def __init__(self, fleet: Fleet, number: int, service: str, ip: str, node: Node) -> None:
        self.fleet, self.service, self.ip, self.node = fleet, service, ip, node
        self._order = number
        self.listed: set[str] | None = None
        self.registered = False
        self.socket: socket.socket | None = None
        self.due = 0.0

    def __repr__(self) -> str:
        listed = "no list" if self.listed is None else f"{len(self.listed)} listed"
        asked = list(self._waiting.values()) if self.socket is not None else "not connected"
        return f"<{self.ip} of {self.service} at {self.node}: {listed}, waits for {asked}>"

    # -- connection

    def connect(self) -> None:
        """Open it and say who this is, register and subscribe, all at once: the node works in that order."""
        self.registered = False
        self.fleet.connected += 1
        try:
            self.socket = socket.create_connection(self.node, 10.0)
        except OSError:
            self._elsewhere()
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._next, self._rest, self._unseen = 3, b"", 0
        self._waiting: dict[int, str] = {}
        self._parts: dict[int, bytes] = {}
        self.fleet.selector.register(self.socket, selectors.EVENT_READ, self)
        setup = {"clientVersion": "fleet", "labels": {"source": "sdk", "module": "naming"}}
        opening = PREFACE + frame(SETTINGS, 0, 0, b"\0\4" + WIDE.to_bytes(4, "big")) + window_update(0, WIDE - 65535)
        opening += frame(HEADERS, END_HEADERS, STREAM, BLOCKS[0])
        self._write(opening + frame(DATA, 0, STREAM, message("ConnectionSetupRequest", setup)))
        self.register()

    def register(self) -> None:
        """Publish and subscribe."""
        instance = {"ip": self.ip, "port": 8080, "ephemeral": True, "healthy": True, "enabled": True, "weight": 1.0}
        self._ask("InstanceRequest", {"type": "registerInstance", "instance": instance})
        self._ask("SubscribeServiceRequest", {"subscribe": True, "clusters": ""})
        self.due = time.monotonic() + ASK

    def _redo(self) -> None:
        if self.socket is not None and not self.registered and not self._waiting:
            self.register()

    def ask(self) -> None:
        """For the list."""
        self.due = time.monotonic() + ASK
        if self.socket is not None and not self._waiting:
            self._ask("ServiceQueryRequest", {"cluster": "", "healthyOnly": False})

    def _ask(self, type_: str, body: dict[str, Any]) -> None:
        about = {"namespace": "public", "serviceName": self.service, "groupName": GROUP}
        block = BLOCKS[1] if self._next == 3 else BLOCKS[2]
        self._waiting[self._next] = type_
        data = frame(DATA, END_STREAM, self._next, message(type_, {**about, **body}))
        self._next += 2
        self._write(frame(HEADERS, END_HEADERS, self._next - 2, block) + data)

    def _write(self, data: bytes) -> None:
        if self.socket is not None:
            try:
                self.socket.sendall(data)
            except OSError:
                self.leave()

    def leave(self, node: Node | None = None) -> None:
        """The connection is over: to another node, the named one or the next."""
        self.close()
        self.registered = False
        if node is not None and node in self.fleet.nodes:
            self.node = node
            self.connect()
        else:
            self._elsewhere()

    def _elsewhere(self) -> None:
        nodes = self.fleet.nodes
        self._order += 1
        self.node = nodes[self._order % len(nodes)]
        self.fleet.later(PAUSE, self.connect)

    def close(self) -> None:
        """End it."""
        if self.socket is not None:
            self.fleet.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None

    # -- what comes

    def read(self) -> None:
        """Take frames."""
        assert self.socket is not None
        try:
            data = self.socket.recv(2**18)
        except OSError:
            data = b""
        if not data:
            self.leave()
            return
        data = self._rest + data
        at = 0
        while len(data) - at >= 9 and self.socket is not None:
            end = at + 9 + int.from_bytes(data[at : at + 3], "big")
            if end > len(data):
                break
            stream = int.from_bytes(data[at + 5 : at + 9], "big")
            self._frame(data[at + 3], data[at + 4], stream, data[at + 9 : end])
            at = end
        self._rest = data[at:]

    def _frame(self, kind: int, flags: int, stream: int, data: bytes) -> None:
        if kind == DATA:
            self._unseen += len(data)
            if self._unseen > 2**28:
                self._write(window_update(0, self._unseen))
                self._unseen = 0
            self._data(stream, data)
        elif kind in (HEADERS, RST_STREAM) and (flags & END_STREAM or kind == RST_STREAM):
            if stream == STREAM:
                self.leave()
            else:
                self._parts.pop(stream, None)
                if self._waiting.pop(stream, None) is not None and kind == RST_STREAM:
                    self.leave()
        elif kind == SETTINGS and not flags & ACK:
            self._write(SETTINGS_ACK)
        elif kind == PING and not flags & ACK:
            self._write(frame(PING, ACK, 0, data))
        elif kind == GOAWAY:
            self.leave()

    def _data(self, stream: int, data: bytes) -> None:
        held = self._parts.pop(stream, b"") + data
        while len(held) >= 5 and len(held) >= 5 + int.from_bytes(held[1:5], "big"):
            size = int.from_bytes(held[1:5], "big")
            metadata, body = self.fleet.reader.read(held[5 : 5 + size])
            held = held[5 + size :]
            if stream == STREAM:
                self._pushed(metadata.type, json.loads(body))
            else:
                self._answered(self._waiting.pop(stream, ""), json.loads(body))
        if held:
            self._parts[stream] = held

    def _pushed(self, type_: str, body: dict[str, Any]) -> None:
        answer = {"resultCode": 200, "errorCode": 0, "requestId": body.get("requestId"), "success": True}
        if type_.endswith("Request"):
            reply = message(type_.removesuffix("Request") + "Response", answer)
            self._write(frame(DATA, 0, STREAM, reply))
        if type_ == "NotifySubscriberRequest":
            self._list(body["serviceInfo"])
        elif type_ == "ConnectResetRequest":
            self.fleet.moved += 1
            self.leave((body["serverIp"], int(body["serverPort"]) + 1000) if body.get("serverIp") else None)

    def _answered(self, type_: str, body: dict[str, Any]) -> None:
        if body["resultCode"] != 200:
            if body["errorCode"] in AGAIN:
                self.leave()
            else:
                self.fleet.failures.append(f"{type_} at {self.node}: {body}")
                if type_ == "InstanceRequest":
                    self.fleet.later(REDO, self._redo)
        elif type_ == "InstanceRequest":
            self.registered = True
        elif "serviceInfo" in body:
            self._list(body["serviceInfo"])

    def _list(self, info: dict[str, Any]) -> None:
        self.listed = {host["ip"] for host in info["hosts"]}
        self.fleet.seen(self)


class Fleet:
    """
    All of them.

    @ivar failures: calls that failed with what clients do not try again after.
    @ivar required: what a client's list must have; C{lacking}: those that had it not.
    @ivar connected: how often a client connected.
    @ivar moved: how often one was asked to go to another node.
    """

    def __init__(self, nodes: Sequence[RealNode], services: int, each: int) -> None:
        """
        @param services: how many there are; C{each}: instances, and clients, of each.
        """
        self.nodes: list[Node] = [(node.host, node.port + 1000) for node in nodes]
        self.selector = selectors.DefaultSelector()
        self.reader = Reader()
        self.failures: list[str] = []
        self.lacking: list[str] = []
        self.required: Callable[[Client], set[str]] = lambda client: set()
        self.moved = self.lists = self.connected = 0
        self._order = itertools.count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self.expected: dict[str, set[str]] = {}
        self.clients: list[Client] = []
        for number in range(services * each):
            service, place = f"fleet-{number // each}", number % each
            ip = f"10.{number // each}.{place // 250}.{place % 250 + 1}"
            self.expected.setdefault(service, set()).add(ip)
            self.clients.append(Client(self, number, service, ip, self.nodes[number % len(self.nodes)]))

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call it then."""
        self._later.append((time.monotonic() + seconds, next(self._order), call))

    def seen(self, client: Client) -> None:
        """A client has a list."""
        self.lists += 1
        missing = self.required(client) - (client.listed or set())
        if missing:
            self.lacking.append(f"{client.service} at {client.node} without {sorted(missing)[:5]}")

    def connect(self) -> None:
        """All of them."""
        for number, client in enumerate(self.clients):
            client.connect()
            if number % 50 == 49:
                self.turn(0.0)

    def turn(self, seconds: float = 0.05) -> None:
        """What comes within that time, or is due."""
        for key, _ in self.selector.select(seconds):
            if key.data.socket is key.fileobj:
                key.data.read()
        now = time.monotonic()
        due = [each for each in self._later if each[0] <= now]
        if due:
            self._later = [each for each in self._later if each[0] > now]
            for _, _, call in sorted(due, key=lambda each: each[:2]):
                call()
        for client in self.clients:
            if client.due <= now and client.registered:
                client.ask()

    def run(self, until: Callable[[], object], limit: float = 240.0, why: str = "") -> None:
        """
        Let them work until something holds.

        @raise AssertionError: it did not, in so many seconds.
        """
        end = time.monotonic() + limit
        while not until():
            assert time.monotonic() < end, f"not in time: {why}; {self.missing()}; failed: {self.failures[:5]}"
            self.turn()

    def all_of(self, client: Client) -> set[str]:
        """All instances of its service: where nothing cuts a client off, its list has these."""
        return self.expected[client.service]

    def settled(self) -> bool:
        """Whether all are registered, and have a list with all."""
        return all(each.registered and each.listed == self.expected[each.service] for each in self.clients)

    def missing(self) -> str:
        """Who is not registered, or has not what L{settled} asks for."""
        without = [each for each in self.clients if not each.registered]
        short = [each for each in self.clients if each.listed != self.expected[each.service]]
        return f"not registered: {without[:5]} of {len(without)}; without the whole list: {short[:5]} of {len(short)}"

    def close(self) -> None:
        """End all connections."""
        for client in self.clients:
            client.close()
        self.selector.close()
