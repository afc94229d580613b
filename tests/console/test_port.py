"""The console's own port: what is served there, and that the pages find all that they ask for."""

from __future__ import annotations

import pathlib
import re
import shutil
import tempfile

import msgspec
from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.console.port import console_front
from nacos_tw.descriptors import Room
from nacos_tw.http.console_routes import FOR_PAGES, on_console_port
from nacos_tw.http.listener import FrontFactory
from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load
from tests.http.carriers import Client, Got, get

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "console" / "src"
ASKED = re.compile(r"[\"'`]/?(v[123]/[a-z]+/[A-Za-z0-9/]*[A-Za-z0-9])")


class ConsolePortTests(SynchronousTestCase):
    """A node that has all of its parts, but does not run."""

    def setUp(self) -> None:
        home = tempfile.mkdtemp(prefix="nacos-tw-port-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        given = {"nacos.standalone": "true", "nacos.console.port": "8080", "nacos.console.contextPath": "/desk"}
        self.node = NacosNode(load(home, {"HOME": home}, given), reactor)
        self.addCleanup(self.node.store.close)
        self.front: FrontFactory = console_front(
            self.node.areas.areas, self.node.guard, self.node.settings, Clock(), self.node.front, Room()
        )
        self.paths = {path.decode() for path in self.front.table}

    def ask(self, path: str) -> Got:
        """The answer to a GET."""
        protocol = self.front.buildProtocol(None)
        assert protocol is not None
        client = Client(protocol)
        client.send(get(path))
        found = client.got()
        client.leave()
        return found[0]

    def test_pages_find_their_routes(self) -> None:
        """Every path that the console's sources name is there."""
        found = {path for file in SOURCES.rglob("*.ts") for path in ASKED.findall(file.read_text("utf-8"))}
        found |= {path for file in SOURCES.rglob("*.vue") for path in ASKED.findall(file.read_text("utf-8"))}
        self.assertGreater(len(found), 20)
        missing = {path for path in found if f"/desk/{path}" not in self.paths}
        self.assertEqual(missing, set(), "name them in console_routes.py")
        unknown = {path for path in FOR_PAGES if path.encode() not in {p[6:] for p in self.node.front.table}}
        self.assertEqual(unknown, set(), "there are no such routes")

    def test_kinds(self) -> None:
        """What browsers ask for and accounts; nothing that only clients and operators do."""
        for path in ("/v3/console/cs/config/list", "/v3/auth/user/login", "/v2/console/namespace", "/actuator/health"):
            self.assertIn("/desk" + path, self.paths)
        for path in ("/v3/client/cs/config", "/v3/admin/cs/config", "/v1/ns/instance/beat", "/v1/cs/configs/listener"):
            self.assertNotIn("/desk" + path, self.paths)
        self.assertFalse(on_console_port("GET", "/v3/admin/core/state"))

    def test_answers(self) -> None:
        """Its own context path, its own description, the pages or how to build them."""
        self.assertEqual(self.ask("/desk/v3/console/health/liveness").status, 200)
        self.assertEqual(self.ask("/nacos/v3/console/health/liveness").status, 404)
        self.assertEqual(self.ask("/desk/v3/client/cs/config").status, 404)
        self.assertEqual(self.ask("/desk/").status, 200)
        described = msgspec.json.decode(self.ask("/desk/openapi.json").body)["paths"]
        self.assertIn("/v3/console/server/state", described)
        self.assertNotIn("/v3/client/cs/config", described)

    def test_shared_limits(self) -> None:
        """Counters, and what bodies and answers may take, are those of both ports together."""
        self.assertIs(self.front.counters, self.node.front.counters)
        self.assertIs(self.front.site.bodies, self.node.front.site.bodies)
        self.assertIs(self.front.site.answers, self.node.front.site.answers)
