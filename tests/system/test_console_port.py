"""The console's own port, with real nodes."""

from __future__ import annotations

import http.client
import json
import ssl
from urllib.parse import urlencode

from twisted.trial.unittest import SynchronousTestCase

from tests import ports
from tests.system.homes import Home, listening
from tests.system.nodes import READ, Answer, RealNode
from tests.system.secured import HTTPS, TlsCluster

LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"


def ask(
    node: RealNode, port: int, method: str, path: str, token: str = "", context: ssl.SSLContext | None = None,
    **fields: str,
) -> Answer:  # fmt: skip
    """One request to another port of a node."""
    connection = (
        http.client.HTTPConnection(node.host, port, timeout=READ)
        if context is None
        else http.client.HTTPSConnection(node.host, port, timeout=READ, context=context)
    )
    try:
        target = f"{path}?{urlencode(fields)}" if fields else path
        connection.request(method, target, headers={"Authorization": f"Bearer {token}"} if token else {})
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
    finally:
        connection.close()


class ConsolePortTests(Home):
    """One node that stands alone."""

    def test_port(self) -> None:
        """
        Pages, the API of browsers and logins on the root of their own port; nothing for clients; 8848 has all as ever.
        It is the address that the start names.
        """
        port = ports.free_port()
        node = self.node(properties=f"nacos.console.port={port}\n{LOGINS}")
        node.start("-m", "standalone")
        self.assertRegex(node.log, rf"Console: http://[^/]+:{port}/\n")
        for path, at in (("/v3/console", port), ("/nacos/v3/console", node.port)):
            for probe in ("liveness", "readiness"):
                self.assertEqual(ask(node, at, "GET", f"{path}/health/{probe}").json["data"], "ok", (path, probe))
        for path, at in (("/actuator/health", port), ("/nacos/actuator/health", node.port)):
            self.assertEqual(ask(node, at, "GET", path).json, {"status": "UP"}, path)
        links = ask(node, port, "GET", "/actuator").json["_links"]
        self.assertEqual(ask(node, port, "GET", links["health"]["href"]).status, 200)
        page = ask(node, port, "GET", "/")
        self.assertEqual((page.status, page.headers["content-type"]), (200, "text/html;charset=UTF-8"))
        self.assertEqual(ask(node, port, "GET", "/v3/console/core/namespace/list").status, 403)
        login = ask(node, port, "POST", "/v3/auth/user/login", username="nacos", password="first")
        token = login.json["accessToken"]
        config = {"dataId": "d", "groupName": "g", "content": "c"}
        done = ask(node, port, "POST", "/v3/console/cs/config", token, **config)
        self.assertEqual((done.status, done.json["data"]), (200, True))
        read = ask(node, node.port, "GET", "/nacos/v3/client/cs/config", token, dataId="d", groupName="g")
        self.assertEqual(read.json["data"]["content"], "c")
        for path in ("/v3/client/cs/config", "/v3/admin/core/state", "/nacos/v3/console/health/liveness"):
            self.assertEqual(ask(node, port, "GET", path, token).status, 404, path)
        self.assertEqual(node.request("GET", "/nacos/").status, 200)

    def test_server_only(self) -> None:
        """A node of the type server has no pages and no port for them; its APIs are there."""
        port = ports.free_port()
        node = self.node(properties=f"nacos.deployment.type=server\nnacos.console.port={port}")
        node.start("-m", "standalone")
        self.assertRaises(OSError, ask, node, port, "GET", "/")
        self.assertEqual(node.request("GET", "/nacos/").status, 404)
        self.assertEqual(node.request("GET", "/nacos/v3/console/health/readiness").status, 200)

    def test_taken(self) -> None:
        """A port that something else has stops the start."""
        port = ports.free_port()
        node = self.node(properties=f"nacos.console.port={port}")
        with listening(port):
            said = self.refused(node, "-m", "standalone")
        self.assertIn(f"port {port} is taken", said)
        self.assertIn("nacos.console.port", said)


class SecureTests(SynchronousTestCase):
    """With a certificate on 8848."""

    def test_tls(self) -> None:
        """The console's port speaks TLS too, and nothing else."""
        port = ports.free_port()
        cluster = TlsCluster(1, f"{HTTPS}nacos.console.port={port}\nnacos.console.contextPath=/desk\n")
        self.addCleanup(cluster.close)
        cluster.start()
        node = cluster.nodes[0]
        got = ask(node, port, "GET", "/desk/v3/console/health/readiness", context=node.tls)
        self.assertEqual(json.loads(got.body)["data"], "ok")
        self.assertRegex(node.log, rf"Console: https://[^/]+:{port}/desk/\n")
        self.assertRaises((OSError, http.client.HTTPException), ask, node, port, "GET", "/desk/")
