"""9848 on real sockets, plain and with TLS, and its settings."""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.errors import SettingsError
from nacos_tw.grpc.connections import Connections
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.dispatch import Dispatcher
from nacos_tw.grpc.payloads import Metadata, write_request
from nacos_tw.grpc.service import Grpc
from nacos_tw.settings.grpc import GrpcSettings, grpc
from nacos_tw.settings.reading import Reader
from nacos_tw.tls.grpc import GrpcTls
from nacos_tw.tls.making import Span, make_ca, make_node
from tests.grpc.engine.behaviour import call_frames
from tests.grpc.engine.peers import GREETING

TLS = "nacos.remote.server.rpc.tls."


def read(case: SynchronousTestCase | TestCase, *lines: str) -> GrpcSettings:
    path = case.mktemp()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return grpc(Reader.open(path, {}, {}), "/home/nacos", 8848)


def check(port: int, context: ssl.SSLContext | None = None) -> tuple[bytes, str | None]:
    """What a ServerCheckRequest is answered with, and what ALPN said."""
    with socket.create_connection(("127.0.0.1", port), 60) as plain:
        connection: Any = plain if context is None else context.wrap_socket(plain)
        with connection:
            request = write_request(Metadata("ServerCheckRequest"), b"{}")
            connection.sendall(GREETING + call_frames(1, request))
            heard = b""
            while b"grpc-status" not in heard:
                data = connection.recv(65536)
                if not data:
                    break
                heard += data
            return heard, None if context is None else connection.selected_alpn_protocol()


class ServiceTests(TestCase):
    """The service."""

    def serve(self, settings: GrpcSettings) -> Any:
        over = {} if settings.tls is None else {"over": GrpcTls(settings.tls, 0, reactor).listening}
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        connections = Connections(reactor, Counters(), "127.0.0.1", {})  # type: ignore[arg-type]
        dispatcher = Dispatcher({}, connections, connections.counters, reactor)  # type: ignore[arg-type]
        service = Grpc(settings, endpoint, connections, dispatcher, reactor, **over)
        self.addCleanup(service.stopService)
        return service

    def files(self) -> list[str]:
        folder = self.mktemp()
        os.mkdir(folder)
        span = Span.days(1)
        ca = make_ca("ca", span)
        node = make_node(ca, ["127.0.0.1"], span)
        paths = [os.path.abspath(os.path.join(folder, name)) for name in ("node.pem", "key.pem", "ca.pem")]
        for path, data in zip(paths, (node.certificate_pem, node.key_pem, ca.certificate_pem), strict=True):
            with open(path, "wb") as file:
                file.write(data() if callable(data) else data)
        return paths

    async def test_plain(self) -> None:
        service = self.serve(GrpcSettings())
        port = (await service.listen()).getHost().port
        service.startService()
        heard, _ = await deferToThread(check, port)
        self.assertIn(b'"supportAbilityNegotiation":true,"success":true}', heard)

    async def test_tls_and_plain(self) -> None:
        """With TLS, plain clients are served on the same port, unless that is switched off; ALPN says h2."""
        certificate, key, ca = self.files()
        lines = [f"{TLS}enableTls=true", f"{TLS}certChainFile={certificate}", f"{TLS}certPrivateKey={key}"]
        context = ssl.create_default_context(cafile=ca)
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        for more, plain in (([], True), ([f"{TLS}compatibility=false"], False)):
            service = self.serve(read(self, *lines, *more))
            port = (await service.listen()).getHost().port
            service.startService()
            heard, chosen = await deferToThread(check, port, context)
            self.assertIn(b"ServerCheckResponse", heard)
            self.assertEqual(chosen, "h2")
            try:
                heard, _ = await deferToThread(check, port)
            except OSError:
                heard = b""
            self.assertEqual(b"ServerCheckResponse" in heard, plain)


class SettingsTests(SynchronousTestCase):
    """The keys."""

    def test_defaults(self) -> None:
        self.assertEqual(read(self), GrpcSettings())

    def test_message(self) -> None:
        """The old common key counts where the new one is not set."""
        old, new = (
            "nacos.remote.server.grpc.maxinbound.message.size",
            "nacos.remote.server.grpc.sdk.max-inbound-message-size",
        )
        self.assertEqual(read(self, f"{old}=2000000").message, 2_000_000)
        self.assertEqual(read(self, f"{old}=2000000", f"{new}=3000000").message, 3_000_000)

    def test_tls(self) -> None:
        lines = [f"{TLS}enableTls=true", f"{TLS}certChainFile=conf/a.pem"]
        self.assertRaises(SettingsError, read, self, *lines)
        found = read(self, *lines, f"{TLS}certPrivateKey=/k.pem").tls
        assert found is not None
        self.assertEqual((found.files.certificate, found.files.private_key), ("/home/nacos/conf/a.pem", "/k.pem"))
        self.assertEqual((found.files.client_auth, found.compatible), ("none", True))

    def test_mutual(self) -> None:
        """Clients are asked for a certificate only of a CA that is named."""
        lines = [
            f"{TLS}enableTls=true",
            f"{TLS}certChainFile=a",
            f"{TLS}certPrivateKey=k",
            f"{TLS}mutualAuthEnable=true",
        ]
        self.assertRaises(SettingsError, read, self, *lines)
        found = read(self, *lines, f"{TLS}trustCollectionCertFile=ca.pem").tls
        assert found is not None
        self.assertEqual((found.files.client_auth, found.files.trust), ("need", "/home/nacos/ca.pem"))
