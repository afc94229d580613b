"""
A small server of 9848 as a process of its own, for clients that are real.

C{python -m tests.grpc.server PORT [connection|reference]}: says "listening PORT" on its first line.
"""

from __future__ import annotations

import sys
from typing import Any

from msgspec import Struct
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import deferLater
from twisted.logger import globalLogBeginner, textFileLogObserver

from nacos_tw.grpc.connections import Connections
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.dispatch import Asked, Dispatcher, Handler
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.listener import CarrierFactory
from nacos_tw.grpc.messages import Response
from nacos_tw.serving import Listener


class Echo(Struct):
    """A request that every test may send."""

    text: str = ""
    late: float = 0.0


class EchoResponse(Response, kw_only=True):
    text: str


def echo(asked: Asked[Echo]) -> Any:
    answer = EchoResponse(text=asked.request.text)
    return deferLater(reactor, asked.request.late, lambda: answer) if asked.request.late else answer


def engines(name: str) -> Any:
    if name == "connection":
        return Connection
    from nacos_tw.grpc.engine.reference import Reference

    return Reference


def main(port: int, engine: str = "connection") -> None:
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    counters = Counters()
    connections = Connections(reactor, counters, "127.0.0.1", {"supportPersistentInstanceByGrpc": True})  # type: ignore[arg-type]
    handlers = {"EchoRequest": Handler(Echo, echo)}
    dispatcher = Dispatcher(handlers, connections, counters, reactor)  # type: ignore[arg-type]
    factory = CarrierFactory(dispatcher, reactor, counters=counters, engine=engines(engine))  # type: ignore[arg-type]
    listener = Listener(TCP4ServerEndpoint(reactor, port, backlog=1024, interface="127.0.0.1"), factory)

    def joined(client: Any) -> None:
        print(f"joined {client.id} {client.version} {client.module} {client.abilities}", flush=True)

    connections.on_joined(joined)
    connections.on_left(lambda client: print(f"left {client.id}", flush=True))

    async def start() -> None:
        listening = await listener.listen()
        listener.startService()
        connections.startService()
        print(f"listening {listening.getHost().port}", flush=True)

    Deferred.fromCoroutine(start())
    reactor.addSystemEventTrigger("before", "shutdown", listener.stopService)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
