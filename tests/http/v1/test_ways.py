"""Which modules hot requests enter, from the carrier's bytes to the answer's, and what handlers do not look at."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.python.filepath import FilePath
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import http
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.v1.beat import BeatsV1
from nacos_tw.http.v2.listing import InstanceListV2
from nacos_tw.http.v3.client_instances import ClientInstancesV3
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.settings.settings import HttpSettings
from tests.http.v1.fakes import GUARD
from tests.http.v1.local import P1, LocalTestCase
from tests.naming.building import register
from tests.naming.cluster import NamingNodes

PACKAGE = "nacos_tw."
HEAD = "HTTP/1.1\r\nHost: a\r\nUser-Agent: Nacos-Java-Client:v1.4.8\r\n\r\n"
LIST = f"GET /nacos/v1/ns/instance/list?serviceName=p1&clientIP=10.0.0.9&udpPort=0 {HEAD}".encode()
BEAT = f"PUT /nacos/v1/ns/instance/beat?serviceName=p1&ip=10.0.0.1&port=8080 {HEAD}".encode()


class Way:
    """
    Records, while it is entered, each time that the code of one module of ours is entered from that of another.

    @ivar entered: the modules, in order.
    """

    def __init__(self) -> None:
        self.entered: list[str] = []

    def _called(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call":
            return
        module = frame.f_globals.get("__name__", "")
        caller = frame.f_back
        while caller is not None and not caller.f_globals.get("__name__", "").startswith(PACKAGE):
            caller = caller.f_back
        if module.startswith(PACKAGE) and (caller is None or caller.f_globals["__name__"] != module):
            self.entered.append(module.removeprefix(PACKAGE))

    def __enter__(self) -> Way:
        sys.setprofile(self._called)
        return self

    def __exit__(self, *rest: object) -> None:
        sys.setprofile(None)


CARRIED = ["http.front", "http.call", "http.routing", "http.guard", "http.authorization"]
"""The way to any handler, where no logins are asked for."""
ANSWER = "http.output", "http.counters", "metrics.tally"
"""The way of any answer, and what counts it."""


class WayTests(LocalTestCase):
    """Each request is one that a client has sent before, as nearly all are."""

    def connect(self, area: Any, clock: Any) -> None:
        """A connection to a server of one area."""
        factory = FrontFactory([area], "/nacos", HttpSettings(), clock, wall=clock.seconds)
        self.front: Any = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1234))
        self.transport = StringTransport()
        self.front.makeConnection(self.transport)

    def way(self, request: bytes, wait: Callable[[], object] = lambda: None) -> list[str]:
        """What the second of two such requests enters before it waits, but for the way and the count of its answer."""
        for _ in range(2):
            self.transport.clear()
            with Way() as way:
                self.front.dataReceived(request)
            wait()
            self.assertTrue(self.transport.value().startswith(b"HTTP/1.1 200"), self.transport.value())
        found = [module for module in way.entered if not module.startswith(ANSWER)]
        self.assertEqual(found[: len(CARRIED)], CARRIED)
        return found[len(CARRIED) :]

    def test_list(self) -> None:
        """At most five modules, none twice; it is four."""
        self.add()
        self.connect(self.lists(), self.clock)
        self.assertEqual(
            self.way(LIST),
            ["http.v1.listing", "http.call", "access.operations", "naming.operations.discovery"],
        )

    def test_newer_lists(self) -> None:
        """In v2 and v3 the same, by way of what these share; no parameter is looked at."""
        self.add()
        naming: Any = self.naming
        discovery = Discovery(naming)
        for path, module, area in (
            ("/v2/ns", "v2.listing", InstanceListV2.make(GUARD, discovery, lambda: 10000)),
            (
                "/v3/client/ns",
                "v3.client_instances",
                ClientInstancesV3.make(GUARD, Instances(naming), Beats(naming), discovery),
            ),
        ):
            self.connect(area, self.clock)
            self.assertEqual(
                self.way(f"GET /nacos{path}/instance/list?serviceName=p1 {HEAD}".encode()),
                [
                    "http.api.routes",
                    f"http.{module}",
                    "http.answers",
                    "access.operations",
                    "naming.operations.discovery",
                ],
            )

    def test_beat(self) -> None:
        """At a follower, into the batch that goes to the leader: at most eight modules."""
        nodes = NamingNodes()
        name = nodes.follower()
        naming = nodes.namings[name]
        naming.register(register(service=P1))
        nodes.run_until(lambda: P1 in naming.registry.services)
        self.connect(BeatsV1("/v1/ns/instance", GUARD, Beats(naming)), nodes.clock)
        self.assertEqual(
            list(dict.fromkeys(self.way(BEAT, lambda: nodes.run(0.5)))),
            [
                "http.v1.beat", "access.operations", "naming.operations.beats", "naming.naming", "raft.node",
                "raft.forwarding", "raft.renewals",
            ],
        )  # fmt: skip


class ReachTests(SynchronousTestCase):
    """What handlers do not look at, besides what the import contracts forbid."""

    def test_no_look_at_the_registry(self) -> None:
        """Handlers of every version ask operations; only what puts the node together knows the parts."""
        folder = FilePath(http.__file__).parent()
        for path in folder.walk():
            if path.basename().endswith(".py") and path.basename() != "assembly.py":
                for node in ast.walk(ast.parse(path.getContent())):
                    looked = node.attr if isinstance(node, ast.Attribute) else ""
                    self.assertNotIn(looked, ("registry", "overlay", "provisional", "by_number"), path.path)
