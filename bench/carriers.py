"""
Compares the two carriers of the HTTP API with the least that Twisted can do.

    python bench/carriers.py [--seconds 5] [--rounds 3] [--connections 64]

Each of four servers, one after the other, answers C{GET /nacos/v1/ns/instance/list} with the same 2.7 KB, loaded
by wrk on the loopback interface:

 - klein: Klein's resource on twisted.web's Site;
 - front: the server's own protocol on httptools, with the same handler function and a cached reply;
 - bare: a Twisted protocol that writes the same bytes for every piece of input, without parsing it;
 - direct: the same, but past the transport, straight to the socket: the front writes so too, so this is its limit.

It prints requests per second and requests per CPU-second (user and system time of the server process). A ratio between
rows of one run means something, a bare number only on the same machine. Needs wrk.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from typing import Any, ClassVar

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = (
    "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40bench.1&namespaceId=public&clusters=&healthyOnly=false"
)
BODY = b'{"name":"DEFAULT_GROUP@@bench.1","hosts":[' + b",".join([b'{"ip":"10.0.0.1","port":8080}'] * 88) + b"]}"
HEADERS = (
    "User-Agent: Nacos-Java-Client:v1.4.8",
    "Client-Version: 1.4.8",
    "Accept-Charset: UTF-8",
    "Accept-Encoding: gzip,deflate,sdch",
    "Content-Type: application/x-www-form-urlencoded;charset=UTF-8",
    "Request-Module: Naming",
    "RequestId: 0f0e6a0e-6d0a-4c36-9a3c-0c7b7d7f2b11",
    "Accept: text/html, image/gif, image/jpeg, */*; q=0.2",
)


def area() -> Any:
    """An area with one route that gives a cached reply."""
    import attrs
    from klein import Klein

    from nacos_tw.http.authorization import EverybodyMay
    from nacos_tw.http.call import Call
    from nacos_tw.http.guard import Guard
    from nacos_tw.http.reply import Reply, raw_json_reply
    from nacos_tw.http.routing import serve

    cached = {True: raw_json_reply(BODY), False: raw_json_reply(BODY)}
    by_target: dict[bytes, dict[bool, Reply]] = {}

    @attrs.frozen
    class Bench:
        prefix: ClassVar[str] = "/v1/ns"
        guard: Guard
        app = Klein()

        @serve(app, "GET", "/instance/list", needs="open")
        def instance_list(self, call: Call) -> Reply:
            found = by_target.get(call.target)
            if found is None:
                found = by_target[call.target] = cached
            return found[call.java_agent]

    return Bench(Guard(EverybodyMay(), lambda call: None))


def factory(kind: str) -> Any:
    """The factory of one of the four servers."""
    from twisted.internet import protocol, reactor

    from nacos_tw.http.listener import FrontFactory
    from nacos_tw.http.wire import render
    from nacos_tw.settings.settings import HttpSettings

    if kind in ("bare", "direct"):
        from nacos_tw.http.reply import raw_json_reply

        wire = render(raw_json_reply(BODY), b"Mon, 23 Nov 2026 12:00:00 GMT")

        class Bare(protocol.Protocol):
            def dataReceived(self, data: bytes) -> None:
                self.transport.write(wire)  # type: ignore[union-attr]

        class Direct(protocol.Protocol):
            def dataReceived(self, data: bytes) -> None:
                self.transport.socket.send(wire)  # type: ignore[union-attr]

        return protocol.Factory.forProtocol(Direct if kind == "direct" else Bare)
    front = FrontFactory([area()], "/nacos", HttpSettings(), reactor)
    return front.site if kind == "klein" else front


def serve_kind(kind: str) -> None:
    """Be one of the servers until killed."""
    from twisted.internet import reactor

    port = reactor.listenTCP(0, factory(kind), backlog=1024, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(kind: str, seconds: int, connections: int, headers: tuple[str, ...]) -> tuple[float, float]:
    """
    Load one server.

    @return: requests per second, requests per CPU-second.
    """
    command = [sys.executable, __file__, "--serve", kind]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(HERE)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}{TARGET}"
            load = ["wrk", "-t1", f"-c{connections}", *(part for header in headers for part in ("-H", header))]
            subprocess.run([*load, "-d1", url], check=True, capture_output=True)
            before = cpu_seconds(server.pid)
            output = subprocess.run([*load, f"-d{seconds}", url], check=True, capture_output=True, text=True).stdout
            used = cpu_seconds(server.pid) - before
        finally:
            server.kill()
    found = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if found is None or "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{kind}: {output}")
    return int(found[1]) / float(found[2]), int(found[1]) / used


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--serve", choices=("klein", "front", "bare", "direct"))
    arguments = parser.parse_args()
    if arguments.serve:
        serve_kind(arguments.serve)
        return
    print("| server | headers | requests/s | requests per CPU-second | of bare |")
    print("| --- | --- | --- | --- | --- |")
    for headers in ((), HEADERS):
        best: dict[str, tuple[float, float]] = {}
        for _ in range(arguments.rounds):
            for kind in ("bare", "direct", "front", "klein"):
                found = measure(kind, arguments.seconds, arguments.connections, headers)
                best[kind] = max(best.get(kind, (0.0, 0.0)), found, key=lambda pair: pair[1])
        for kind, (rate, per_cpu) in best.items():
            share = per_cpu / best["bare"][1]
            print(f"| {kind} | {1 + len(headers)} | {rate:,.0f} | {per_cpu:,.0f} | {share:.0%} |")


if __name__ == "__main__":
    main()
