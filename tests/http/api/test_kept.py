"""Contents and lists of v2 and v3 that are given again: never a stale one, never to who may not have it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.rules import Rule
from nacos_tw.config.limits import Limits
from nacos_tw.config.operations.contents import Contents
from nacos_tw.http.api.contents import LARGEST
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import compile_routes
from nacos_tw.http.v2.configs import ConfigsV2
from nacos_tw.http.v2.listing import InstanceListV2
from nacos_tw.http.v3.client_configs import ClientConfigsV3
from nacos_tw.http.v3.client_instances import ClientInstancesV3
from nacos_tw.naming.commands import SetSwitch
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.instances import Instances
from tests.http.v1.configuring import ConfigCase
from tests.http.v1.local import LocalTestCase

V2, V3 = "/v2/cs/config", "/v3/client/cs/config"
GROUPS = {V2: "group", V3: "groupName"}
READER = Identity(
    "reader", False, [Permission("r", ":g:config/d", "r"), Permission("r", ":*:naming/p1", "r")], user=True
)
OTHER = Identity("other", False, [Permission("r", ":g:config/e", "r")], user=True)


class As:
    """A check that finds whoever is put there. @ivar identity: who it is."""

    identity = EVERYBODY

    def check(self, needs: Rule, call: Call) -> None:
        """See L{nacos_tw.http.guard.Check.check}."""
        call.identity = self.identity


class ContentTests(ConfigCase):
    """Config d of group g."""

    def setUp(self) -> None:
        super().setUp()
        contents = Contents(self.configs, Limits(), lambda: self.now, self.audit)
        self.who = As()
        guard = Guard(self.who)
        self.table.update(compile_routes([ConfigsV2.make(guard, contents), ClientConfigsV3.make(guard, contents)], ""))

    def ask(self, path: str, headers: dict[str, str] | None = None, body: str = "", **fields: str) -> Reply:
        """The answer about the config, or about another one."""
        given = urlencode({"dataId": "d", GROUPS[path]: "g", **fields})
        return self.reply("GET", f"{path}?{given}", body, headers)

    def content(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Any:
        """The content that was answered; None: there is none."""
        found = msgspec.json.decode(self.ask(path, headers, **fields).body)
        if found["code"]:
            return None
        return found["data"] if path == V2 else found["data"]["content"]

    def test_until_it_changes(self) -> None:
        """The same object for the same bytes and for others about the same config; then what there is now."""
        for path in (V2, V3):
            self.publish("a")
            first = self.ask(path)
            self.assertIs(self.ask(path), first)
            self.assertIs(self.ask(path, accessToken="x"), first)
            self.assertIs(self.ask(path, {"Vipserver-Tag": "x", "X-Forwarded-For": "1.1.1.1"}), first)
            self.assertEqual(self.content(path), "a")
            self.publish("b")
            self.assertEqual((self.content(path), self.content(path, accessToken="x")), ("b", "b"))
            self.get(method="DELETE")
            self.assertIsNone(self.content(path))

    def test_copies(self) -> None:
        """Whoever is meant gets the beta copy at once, and nobody else."""
        there = {"X-Forwarded-For": "1.1.1.1"}
        for path in (V2, V3):
            self.publish("a")
            self.content(path)
            self.publish("b", {"betaIps": "1.1.1.1"})
            self.assertEqual((self.content(path, there), self.content(path)), ("b", "a"))
            self.assertEqual((self.content(path, there), self.content(path)), ("b", "a"))
            self.get(method="DELETE", beta="true")
            self.assertEqual((self.content(path, there), self.content(path)), ("a", "a"))

    def test_tag(self) -> None:
        """A config is not taken for a tag's copy."""
        self.publish("a")
        for path in (V2, V3):
            self.content(path)
            self.assertIsNone(self.content(path, tag="x"))
            self.assertEqual(self.content(path), "a")

    def test_rights(self) -> None:
        """Bytes that somebody got an answer for give nothing to who may not read it, nor any longer to who might."""
        for path in (V2, V3):
            self.publish("a")
            self.who.identity = READER
            self.assertEqual(self.content(path), "a")
            first = self.ask(path)
            self.assertEqual(first.status, 200)
            for identity in (OTHER, NOBODY):
                self.who.identity = identity
                self.assertEqual([self.ask(path).status, self.ask(path, accessToken="x").status], [403, 403])
            self.who.identity = READER
            self.assertIs(self.ask(path), first)
            self.who.identity = EVERYBODY

    def test_not_kept(self) -> None:
        """A call with a body, whose parameters may be there; an answer that is large."""
        self.publish("a")
        self.publish("b", dataId="e")
        for path in (V2, V3):
            self.ask(path)
            target = f"{path}?{GROUPS[path]}=g"
            for data_id, content in (("d", b'"a"'), ("e", b'"b"'), ("d", b'"a"')):
                self.assertIn(content, self.reply("GET", target, f"dataId={data_id}").body)
        self.publish("x" * (LARGEST + 1))
        for path in (V2, V3):
            self.assertIsNot(self.ask(path), self.ask(path))


class ListTests(LocalTestCase):
    """Lists of p1."""

    def setUp(self) -> None:
        super().setUp()
        naming: Any = self.naming
        self.who = As()
        guard, discovery = Guard(self.who), Discovery(naming)
        self.lists_of: dict[str, Any] = {
            "/v2/ns/instance/list": InstanceListV2.make(
                guard, discovery, lambda: naming.registry.switches.default_push_cache_millis
            ),
            "/v3/client/ns/instance/list": ClientInstancesV3.make(guard, Instances(naming), Beats(naming), discovery),
        }

    def test_rights(self) -> None:
        """As those of contents."""
        self.add()
        for path, area in self.lists_of.items():
            self.area = area
            target = f"{path}?serviceName=p1"
            self.who.identity = READER
            first = self.reply("GET", target)
            self.assertEqual(first.status, 200)
            self.assertIs(self.reply("GET", target), first)
            self.assertIs(self.reply("GET", f"{target}&accessToken=x"), first)
            self.who.identity = OTHER
            self.assertEqual(self.reply("GET", target).status, 403)
            self.who.identity = READER
            self.assertIs(self.reply("GET", target), first)

    def test_switches(self) -> None:
        """What the switches say of the time that clients keep a list."""
        self.add()
        path = "/v2/ns/instance/list"
        self.area, target = self.lists_of[path], f"{path}?serviceName=p1"
        for millis in (10000, 20000):
            self.change(SetSwitch("pushCacheMillis", str(millis)))
            self.assertEqual(msgspec.json.decode(self.reply("GET", target).body)["data"]["cacheMillis"], millis)
