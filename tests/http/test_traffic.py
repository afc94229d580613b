"""The filter before C{/v1/ns} (docs/spec/naming-v1.md#1.6, #1.7)."""

from __future__ import annotations

from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.rules import Rule
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.traffic import Traffic
from nacos_tw.naming.switches import Switches, apply_switch

LIST = "/nacos/v1/ns/instance/list?serviceName=p1"


class TrafficTests(SynchronousTestCase):
    """L{Traffic}."""

    def setUp(self) -> None:
        self.switches = Switches()
        self.traffic = Traffic(self, "/nacos")

    def set(self, entry: str, value: str) -> None:
        self.switches = apply_switch(self.switches, entry, value)

    def ask(self, method: str = "GET", target: str = LIST, agent: str = "curl/8") -> Reply | None:
        headers = {"User-Agent": agent}
        return self.traffic(Call.make(method, target, headers=headers, path=target.removeprefix("/nacos")))

    def test_nothing_set(self) -> None:
        """All pass; also where the status is UP by order."""
        self.assertIsNone(self.ask())
        self.set("overriddenServerStatus", "UP")
        self.assertIsNone(self.ask("POST"))

    def test_statuses(self) -> None:
        """What passes in which status."""
        for status, reads, writes in (
            ("DOWN", False, False),
            ("STARTING", False, False),
            ("PAUSED", False, False),
            ("READ_ONLY", True, False),
            ("WRITE_ONLY", False, True),
        ):
            self.set("overriddenServerStatus", status)
            self.assertEqual(self.ask() is None, reads, status)
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                self.assertEqual(self.ask(method) is None, writes, status)

    def test_text(self) -> None:
        """503, with the missing space, and no Content-Type."""
        self.set("overriddenServerStatus", "DOWN")
        reply = self.ask()
        self.assertEqual(
            (reply.status, reply.body, reply.content_type),
            (503, b"server is DOWNnow, please try again later!", None),
        )

    def test_other_servers(self) -> None:
        """They pass always: so the status can be set back."""
        self.set("overriddenServerStatus", "DOWN")
        self.assertIsNone(self.ask("PUT", "/nacos/v1/ns/operator/switches", "Nacos-Server:v1.4.8"))
        call = Call.make("PUT", LIST, headers={"Client-Version": "Nacos-Server"})
        self.assertIsNone(self.traffic(call))

    def test_limited(self) -> None:
        """A URL with its query that begins so gets that status and nothing else, from other servers too."""
        self.set("limitedUrlMap", "/nacos/v1/ns/instance/list?serviceName=p1:429,/nacos/v1/ns/catalog:403")
        for agent in ("curl/8", "Nacos-Server:v1"):
            reply = self.ask(target=LIST + "&clusters=", agent=agent)
            self.assertEqual((reply.status, reply.body, reply.content_type), (429, b"", None))
        self.assertEqual(self.ask(target="/nacos/v1/ns/catalog/services").status, 403)
        self.assertIsNone(self.ask(target="/nacos/v1/ns/instance/list?serviceName=q"))
        self.assertIsNone(self.ask(target="/v1/ns/catalog/services"))

    def test_guard(self) -> None:
        """Only what is under /v1/ns is asked about."""
        self.set("overriddenServerStatus", "DOWN")
        handler = SimpleNamespace(needs=Rule("open"))
        guard = Guard(EverybodyMay(), self.traffic)
        for path, passes in (("/v1/ns/instance", False), ("/v1/core/cluster/nodes", True), ("/v1/nsx", True)):
            call = Call.make("GET", f"/nacos{path}", path=path)
            self.assertEqual(guard.check(None, handler, call) is None, passes, path)
