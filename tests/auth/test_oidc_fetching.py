"""Asking a provider over TLS from a process that has Twisted without pyOpenSSL, as a node that speaks no TLS has."""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import sys
import threading
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase
from twisted.web import resource, server

from nacos_tw.auth.oidc.fetching import LARGEST, Fetcher
from nacos_tw.errors import Unavailable
from tests.system.nodes import ROOT
from tests.tls.pairs import FolderCase, ca, node

PROGRAM = """
import sys
from nacos_tw import tls_on_demand
tls_on_demand.hide()
import twisted.internet.endpoints, twisted.web.client
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from nacos_tw.auth.oidc.fetching import Fetcher
asked = Deferred.fromCoroutine(Fetcher(reactor, sys.argv[2], 60.0)(sys.argv[1]))
asked.addErrback(lambda failure: str(failure.value)).addCallback(print).addCallback(lambda _: reactor.stop())
reactor.run()
"""


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:  # noqa: N802
        """One answer."""
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b'{"a":"b"}')

    def log_message(self, *args: object) -> None:
        """Nothing."""


class TlsTests(FolderCase):
    """L{nacos_tw.auth.oidc.fetching.Fetcher}."""

    def test_certificate(self) -> None:
        """The provider's certificate must be of the authorities that are given."""
        pair = node("localhost", "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.write("c.pem", pair.certificate_pem), self.write("k.pem", pair.key_pem))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_port}/x"
        for authority, said in (("ours", "(200, {'a': 'b'})"), ("theirs", "its certificate is not accepted")):
            file = self.write(f"{authority}.pem", ca(authority).certificate_pem)
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, url, file],
                env={**os.environ, "PYTHONPATH": ROOT},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            self.assertIn(said, done.stdout, done.stderr)


class Careless(resource.Resource):
    """Answers without an end, or not at all."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    def render_GET(self, request: Any) -> int:  # noqa: N802
        """What the path says."""
        self.heard.append(request)
        if request.path == b"/endless":
            request.write(b" " * (LARGEST + 1))
        return server.NOT_DONE_YET


class BoundsTests(TestCase):
    """What is asked with an access token, as everything else, has a time and a size."""

    async def test_bounds(self) -> None:
        """Neither an answer without end nor silence is waited for; what is told of it has no token."""
        careless = Careless()
        site = server.Site(careless)
        port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        for path, seconds in (("endless", 300.0), ("silent", 0.2)):
            fetch = Fetcher(reactor, "", seconds)
            url = f"http://127.0.0.1:{port.getHost().port}/{path}"
            try:
                await fetch(url, bearer="s3cret-token")
            except Unavailable as error:
                self.assertIn("does not answer", str(error))
                self.assertNotIn("s3cret-token", str(error))
            else:
                self.fail(path)
        self.assertEqual(careless.heard[0].getHeader("authorization"), "Bearer s3cret-token")
        for request in careless.heard:
            if request.channel is not None:
                request.channel.forceAbortClient()
