"""A client of 2.x on a blocking socket: what a test needs of gRPC, with the library h2."""

from __future__ import annotations

import json
import socket
import ssl
import time
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded, StreamReset

from nacos_tw.grpc.payloads import Metadata, Reader, write_request
from tests.system.nodes import READ, RealNode


class GrpcClient:
    """
    Connected to a node, for C{naming}.

    @ivar stream: where the node's pushes come; they are not answered.
    """

    def __init__(
        self, node: RealNode, tls: ssl.SSLContext | None = None, token: str = "", labels: dict[str, str] | None = None
    ) -> None:
        """
        @param tls: what to speak TLS with, if it is to be spoken.
        @param token: of a login; C{labels}: what it says of itself, besides the usual.
        """
        self._headers = {"accessToken": token} if token else {}
        setup = {**SETUP, "labels": {**LABELS, **(labels or {})}}
        self._socket = socket.create_connection((node.host, node.port + 1000), READ)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname=node.host)
        self._h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._answers: dict[int, bytes] = {}
        self._ended: set[int] = set()
        self._reader = Reader()
        self.stream = self._send("/BiRequestStream/requestBiStream", "ConnectionSetupRequest", setup, end=False)
        self._until_registered()

    def _until_registered(self) -> None:
        """Until the node knows who this is: before, it answers 301."""
        end = time.monotonic() + READ
        while self.ask("HealthCheckRequest", {}).get("errorCode") == 301:
            assert time.monotonic() < end, "the connection is not registered"

    def _send(self, path: str, type_: str, body: dict[str, Any], *, end: bool = True) -> int:
        stream = self._h2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test")]
        headers += [("content-type", "application/grpc"), ("te", "trailers")]
        message = write_request(Metadata(type_, self._headers, "127.0.0.1"), json.dumps(body).encode())
        self._h2.send_headers(stream, headers)
        self._h2.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=end)
        self._socket.sendall(self._h2.data_to_send())
        return stream

    def ask(self, type_: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a unary request."""
        stream = self._send("/Request/request", type_, body)
        while stream not in self._ended:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the node closed the connection")
            for event in self._h2.receive_data(data):
                if isinstance(event, DataReceived):
                    self._answers[event.stream_id] = self._answers.get(event.stream_id, b"") + event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded | StreamReset):
                    self._ended.add(event.stream_id)
            self._socket.sendall(self._h2.data_to_send())
        _, found = self._reader.read(self._answers.pop(stream)[5:])
        answer: dict[str, Any] = json.loads(bytes(found))
        return answer

    def register(self, service: str, ip: str, port: int = 8080) -> dict[str, Any]:
        """Publish one instance of a service."""
        about = {"namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP"}
        return self.ask("InstanceRequest", {**about, "type": "registerInstance", "instance": {"ip": ip, "port": port}})

    def pushed(self) -> bytes:
        """What the node has pushed, as it came, as far as it was read while answers were waited for."""
        return self._answers.get(self.stream, b"")

    def close(self) -> None:
        """The connection ends."""
        self._socket.close()


LABELS = {"source": "sdk", "module": "naming"}
SETUP = {"clientVersion": "Nacos-Java-Client:v2.5.1", "labels": LABELS}
