"""nacosctl over TLS: a real server, whose certificate is checked as the options say."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Failure, Unreachable
from nacos_tw.ctl.profiles import Target
from tests.tls.pairs import FolderCase, ca, node


class Answers(BaseHTTPRequestHandler):
    """Says whom it took the client for."""

    def do_GET(self) -> None:
        """One answer."""
        assert isinstance(self.connection, ssl.SSLSocket)
        body = b"known" if self.connection.getpeercert() else b"anybody"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Quiet(ThreadingHTTPServer):
    """A handshake that fails is the client's to tell."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing."""


class TlsTests(FolderCase):
    """The options C{--ca}, C{--cert}, C{--key} and C{--insecure}."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self.write("ca.pem", ca().certificate_pem)
        self.other = self.write("other.pem", ca("theirs").certificate_pem)

    def serve(self, host: str = "127.0.0.1", *, asks: bool = False) -> str:
        """A server with a certificate of that host; the address that it listens on. C{asks}: for the client's."""
        pair = node(host)
        chain = self.write(f"{host}.pem", pair.certificate_pem, pair.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        server = Quiet(("127.0.0.1", 0), Answers)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"127.0.0.1:{server.server_address[1]}"

    def ask(self, address: str, **options: str | bool) -> str:
        """What the server at an address says."""
        return Client(Target(addr=address, **options)).call("GET", "/").text  # type: ignore[arg-type]

    def test_checked(self) -> None:
        """By the CA that is named, and with the host that is asked; without a check only where that is wanted."""
        address = self.serve()
        self.assertEqual(self.ask(address, ca=self.ca), "anybody")  # no scheme: --ca says https
        self.assertEqual(self.ask(f"https://{address}", ca=self.ca), "anybody")
        self.assertEqual(self.ask(address, insecure=True), "anybody")
        for options in ({"ca": self.other}, {}):
            with self.assertRaises(Unreachable) as caught:
                self.ask(f"https://{address}", **options)
            self.assertIn("certificate verify failed", str(caught.exception).lower().replace("_", " "))
        with self.assertRaises(Unreachable):
            self.ask(address)  # plain HTTP
        named = self.serve("nacos.example")
        with self.assertRaises(Unreachable):
            self.ask(named, ca=self.ca)
        self.assertEqual(self.ask(named, ca=self.other, insecure=True), "anybody")

    def test_own_certificate(self) -> None:
        """A server that asks for one lets nobody in without; key and certificate may be in one file or in two."""
        address, pair = self.serve(asks=True), node("127.0.0.1", days=10)
        with self.assertRaises(Unreachable):
            self.ask(address, ca=self.ca)
        certificate, key = self.write("own.pem", pair.certificate_pem), self.write("own.key", pair.key_pem)
        self.assertEqual(self.ask(address, ca=self.ca, cert=certificate, key=key), "known")
        both = self.write("both.pem", pair.certificate_pem, pair.key_pem)
        self.assertEqual(self.ask(address, ca=self.ca, cert=both), "known")

    def test_files(self) -> None:
        """Those that are not there, or hold something else, are told in one line."""
        address = self.serve()
        for options in ({"ca": str(self.folder / "none.pem")}, {"ca": self.ca, "cert": self.ca}):
            with self.assertRaises(Failure) as caught:
                self.ask(address, **options)
            self.assertIn("TLS: ", str(caught.exception))
