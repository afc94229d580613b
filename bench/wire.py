"""A small HTTP client for the benchmarks: blocking, keep-alive; requests as the Java client 1.4 sends them."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

NAMING = "/nacos/v1/ns"
CONFIGS = "/nacos/v1/cs/configs"
GROUP = "BENCH"
LINE = "spring.datasource.url=jdbc:mysql://db.internal:3306/orders?useSSL=false\n"
METADATA = '{"preserved.register.source":"SPRING_CLOUD"}'
HEADERS = (
    "Host: 127.0.0.1:8848\r\n"
    "User-Agent: Nacos-Java-Client:v1.4.8\r\n"
    "Client-Version: 1.4.8\r\n"
    "Accept-Charset: UTF-8\r\n"
    "Accept-Encoding: gzip,deflate,sdch\r\n"
    "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n"
    "Request-Module: Naming\r\n"
    "Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r\n"
    "Connection: keep-alive\r\n"
)

token = ""
"""Sent with each request, as the Java client sends it, if there is one."""

Answer = tuple[int, bytes]
"""Status and body."""


class Connection:
    """One connection; it may be used again after an error, which closes it."""

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        """
        @param address: C{ip:port}.
        @param timeout: seconds for each step.
        """
        self.address = address
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._buffer = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it, if it is open."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def ask(self, request: bytes) -> Answer:
        """Send a request and wait for the answer; OSError when there is none."""
        self.send(request)
        return self.receive()

    def send(self, request: bytes) -> None:
        """Send a request."""
        if self._socket is None:
            host, _, port = self.address.rpartition(":")
            self._socket = socket.create_connection((host.strip("[]"), int(port)), self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
        except OSError:
            self.close()
            raise

    def receive(self) -> Answer:
        """Wait for the answer to the oldest request that has none."""
        try:
            head = self._until(self._find_head).split(b"\r\n")
            length = next((int(line[15:]) for line in head if line[:15].lower() == b"content-length:"), 0)
            return int(head[0][9:12]), self._until(lambda buffer: length if len(buffer) >= length else -1)
        except OSError:
            self.close()
            raise

    @staticmethod
    def _find_head(buffer: bytes) -> int:
        end = buffer.find(b"\r\n\r\n")
        return end + 4 if end >= 0 else -1

    def _until(self, measure: Any) -> bytes:
        """Read until C{measure} knows how many bytes of the buffer are wanted (not -1); these."""
        while (size := measure(self._buffer)) < 0:
            assert self._socket is not None
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("closed by the server")
            self._buffer += data
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found


def ask_all(address: str, requests: Iterable[bytes], connections: int = 64) -> list[Answer]:
    """Send many requests over several connections, one at a time on each; the answers in the same order."""
    lines = [Connection(address, 30.0) for _ in range(connections)]
    answers: list[Answer] = []
    waiting = iter(requests)
    while True:
        used = [(line, request) for line, request in zip(lines, waiting, strict=False)]
        for line, request in used:
            line.send(request)
        answers.extend(line.receive() for line, _ in used)
        if len(used) < len(lines):
            break
    for line in lines:
        line.close()
    return answers


# -- requests


def request(method: str, path: str, parameters: Mapping[str, object] | None = None, body: str = "") -> bytes:
    """A request with its parameters in the query."""
    parameters = {**(parameters or {}), "accessToken": token} if token else parameters
    target = f"{path}?{urlencode(parameters)}" if parameters else path
    length = "" if method == "GET" else f"Content-Length: {len(body)}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{HEADERS}RequestId: {uuid.uuid4()}\r\n{length}\r\n{body}".encode()


def get(path: str, **parameters: object) -> bytes:
    """A GET."""
    return request("GET", path, parameters)


def register(service: str, ip: str, port: int = 8080, ephemeral: bool = True) -> bytes:
    """The registration of an instance."""
    return request(
        "POST",
        f"{NAMING}/instance",
        {
            "namespaceId": "public",
            "serviceName": f"DEFAULT_GROUP@@{service}",
            "groupName": "DEFAULT_GROUP",
            "clusterName": "DEFAULT",
            "ip": ip,
            "port": port,
            "weight": "1.0",
            "enable": "true",
            "healthy": "true",
            "ephemeral": str(ephemeral).lower(),
            "metadata": METADATA,
        },
    )


def beat(service: str, ip: str, port: int = 8080) -> bytes:
    """A heartbeat that says all about its instance."""
    described = {
        "cluster": "DEFAULT",
        "ip": ip,
        "metadata": json.loads(METADATA),
        "period": 5000,
        "port": port,
        "scheduled": False,
        "serviceName": f"DEFAULT_GROUP@@{service}",
        "stopped": False,
        "weight": 1.0,
    }
    name = {"namespaceId": "public", "serviceName": f"DEFAULT_GROUP@@{service}", "clusterName": "DEFAULT"}
    body = urlencode({"beat": json.dumps(described, separators=(",", ":"))})
    return request("PUT", f"{NAMING}/instance/beat", {**name, "ip": ip, "port": port}, body)


def instance_list(service: str) -> bytes:
    """The question for a service's instances."""
    return get(
        f"{NAMING}/instance/list",
        healthyOnly="false",
        namespaceId="public",
        clientIP="127.0.0.1",
        serviceName=f"DEFAULT_GROUP@@{service}",
        udpPort=0,
        clusters="",
    )


def json_of(answer: Answer) -> Any:
    """The JSON of an answer; ValueError if it is no success."""
    if answer[0] != 200:
        raise ValueError(answer)
    return json.loads(answer[1])


def addresses_in(answer: Answer) -> set[tuple[str, int]]:
    """The ip and port of each host in an instance list."""
    return {(host["ip"], host["port"]) for host in json_of(answer)["hosts"]}


def publish(data_id: str, content: str) -> bytes:
    """The publishing of a config."""
    return request("POST", CONFIGS, body=urlencode({"dataId": data_id, "group": GROUP, "content": content}))


# -- the data that is measured with


def config_name(number: int) -> str:
    """The name of a seeded config, counted from 0."""
    return f"bench.{number:06d}"


def config_content(data_id: str) -> str:
    """1 KB."""
    return (f"name={data_id}\n" + LINE * 20)[:1024]


def seed_configs(address: str, count: int) -> None:
    """Publish configs of 1 KB."""
    names = map(config_name, range(count))
    answers = ask_all(address, (publish(name, config_content(name)) for name in names))
    refused = [answer for answer in answers if answer != (200, b"true")]
    if refused:
        raise SystemExit(f"{len(refused)} of {count} were refused: {refused[0]}")


def seeded_name(service: int) -> str:
    """The name of a seeded service, counted from 0."""
    return f"bench.{service:04d}"


def seeded_ip(service: int, instance: int) -> str:
    """The address of a seeded service's instance, both counted from 0; port 8080."""
    return f"10.{instance}.{service // 256}.{service % 256}"


def seed(address: str, services: int, instances: int, make: Any = register) -> None:
    """
    Register C{instances} instances with each of C{services} services (or send their beats).

    @param make: L{register} or L{beat}.
    """
    pairs = [(service, instance) for instance in range(instances) for service in range(services)]
    answers = ask_all(address, (make(seeded_name(each), seeded_ip(each, number)) for each, number in pairs))
    refused = [answer for answer in answers if answer[0] != 200]
    if refused:
        raise SystemExit(f"{len(refused)} of {len(pairs)} were refused: {refused[0]}")
