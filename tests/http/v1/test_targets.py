"""Tests for L{nacos_tw.http.v1.targets}."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from nacos_tw.access.identity import Identity, Permission
from nacos_tw.access.rules import NotAllowed
from nacos_tw.http.call import Call
from nacos_tw.http.credentials import password_of
from nacos_tw.http.v1.targets import TargetsV1
from nacos_tw.naming.operations.targets import Targets
from tests.http.v1.fakes import GUARD, FakeNaming, HandlerTestCase

OF = "/prometheus/namespaceId/"


class TargetsTests(HandlerTestCase):
    """C{/prometheus}."""

    def setUp(self) -> None:
        super().setUp()
        self.naming = FakeNaming()
        self.area = TargetsV1(GUARD, Targets(self.naming))
        self.naming.add("s", "10.0.0.1", 80, metadata={"app.kind": "web", "a-b": "c"})
        self.naming.add("g@@s", "10.0.0.2", 81, healthy=False)
        self.naming.add("t", "2001:db8::1", 82, enabled=False, cluster="c1")
        self.naming.add("s", "10.0.0.3", 83, namespace="dev")

    def told(self, path: str) -> Any:
        return msgspec.json.decode(self.reply("GET", path).body)

    def addresses(self, path: str) -> set[str]:
        return {one["targets"][0] for one in self.told(path)}

    def test_shape(self) -> None:
        """As Nacos has it: an element for each instance, with its metadata as labels."""
        reply = self.reply("GET", f"{OF}public/service/s")
        self.assertEqual(reply.content_type, b"application/json; charset=UTF-8")
        self.assertIn(
            {
                "targets": ["10.0.0.1:80"],
                "labels": {"__meta_clusterName": "DEFAULT", "app_kind": "web", "a_b": "c"},
            },
            self.told(f"{OF}public/service/s"),
        )

    def test_what_the_node_does_not_know_yet(self) -> None:
        """A new node does not say that there is nothing, nor what of it there is so far."""
        self.naming.restoring = True
        for path in ("/prometheus", f"{OF}public", f"{OF}public/service/s"):
            reply = self.reply("GET", path)
            self.assertEqual(reply.status, 503)
            self.assertIn(b"does not know yet which services", reply.body)

    def test_which(self) -> None:
        """All, those of a namespace, of the services of a name in any group; whatever their health."""
        self.assertEqual(
            self.addresses("/prometheus"), {"10.0.0.1:80", "10.0.0.2:81", "[2001:db8::1]:82", "10.0.0.3:83"}
        )
        self.assertEqual(self.addresses(f"{OF}dev"), {"10.0.0.3:83"})
        self.assertEqual(self.addresses(f"{OF}public/service/s"), {"10.0.0.1:80", "10.0.0.2:81"})
        for nothing in (f"{OF}unknown", f"{OF}public/service/unknown"):
            self.assertEqual(self.reply("GET", nothing).body, b"[]")

    def test_escapes(self) -> None:
        self.naming.add("a b/c", "10.0.0.9", 90)
        self.assertEqual(self.addresses(f"{OF}public/service/a%20b%2Fc"), {"10.0.0.9:90"})

    def test_other_paths(self) -> None:
        for path in (f"{OF}public/service", f"{OF}public/other/s", f"{OF}public/service/s/more"):
            self.assertEqual(self.reply("GET", path).status, 404, path)

    def test_equal_ones(self) -> None:
        """Two services of one address with the same labels are one target."""
        self.naming.add("u", "10.0.0.3", 83, namespace="dev")
        self.assertEqual(len(self.told(f"{OF}dev")), 1)

    def test_rights(self) -> None:
        """Of all namespaces those are told that the caller may read; another one is refused."""
        call = Call.make("GET", "/prometheus")
        call.identity = Identity("u", False, [Permission("r", "dev:*:*", "r")], user=True)
        reply: Any = self.area.everywhere(call)
        self.assertEqual(reply.body.count(b"targets"), 1)
        for path, allowed in ((f"{OF}dev", True), (f"{OF}public", False)):
            asked = Call.make("GET", path)
            asked.identity = call.identity
            if allowed:
                self.area.within(asked)
            else:
                self.assertRaises(NotAllowed, self.area.within, asked)

    def test_basic(self) -> None:
        """Prometheus sends HTTP Basic, which counts here and nowhere else."""
        value = "Basic " + base64.b64encode(b"u:p:q").decode()
        self.assertEqual(password_of(Call.make("GET", "/prometheus", headers={"Authorization": value})), ("u", "p:q"))
        self.assertIsNone(password_of(Call.make("GET", "/v1/ns/service/list", headers={"Authorization": value})))
        for wrong in ("Basic !", "Basic dQ==", "Bearer x", ""):
            self.assertIsNone(password_of(Call.make("GET", "/prometheus", headers={"Authorization": wrong})), wrong)
