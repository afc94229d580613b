"""Kinds of APIs: which route is of which, what asks for a login, and what is switched off."""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

import msgspec
from klein import Klein
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.rules import Rule
from nacos_tw.errors import Forbidden
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.classes import ByKind, Kind, checks, gone, kind_of
from nacos_tw.http.errors import Rejected
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, serve
from nacos_tw.http.successors import _FEW, successor
from nacos_tw.service import NacosNode
from nacos_tw.settings.auth import Asking
from nacos_tw.settings.settings import OlderApis, load

USER = Rule("user")
ALL = OlderApis()


class NobodyMay:
    """The check by logins, for who has none."""

    def check(self, needs: Rule, call: Call) -> None:
        raise Forbidden("unknown user!")


def let_in(asking: Asking, method: str, target: str, older: OlderApis = ALL) -> bool:
    """Whether who has no login gets to something that needs one."""
    call = Call.make(method, target, path=target.partition("?")[0])
    try:
        checks(asking, NobodyMay(), older).check(USER, call)
    except Forbidden:
        return False
    return True


class KindTests(SynchronousTestCase):
    """Of routes."""

    def test_kinds(self) -> None:
        """As Nacos marks them."""
        for text, kind in (
            ("POST /v1/ns/instance", Kind.CLIENT),
            ("PUT /v1/ns/instance", Kind.ADMIN),
            ("GET /v1/ns/operator/metrics", Kind.CLIENT),
            ("GET /v1/ns/operator/switches", Kind.ADMIN),
            ("GET /v1/ns/catalog/services", Kind.CONSOLE),
            ("GET /v1/cs/history", Kind.CONSOLE),
            ("POST /v1/auth/users/login", Kind.CLIENT),
            ("POST /v1/auth/users", Kind.ACCOUNTS),
            ("POST /v3/auth/user", Kind.ACCOUNTS),
            ("POST /v2/ns/instance", Kind.ADMIN),
            ("GET /v2/cs/config/searchDetail", Kind.CONSOLE),
            ("GET /v2/console/namespace", Kind.CONSOLE),
            ("GET /v3/client/cs/config", Kind.CLIENT),
            ("GET /v3/admin/cs/config", Kind.ADMIN),
            ("GET /v3/console/cs/config", Kind.CONSOLE),
            ("GET /v1/cs/communication/dataChange", Kind.NODES),
            ("GET /actuator/prometheus", Kind.NONE),
        ):
            method, _, path = text.partition(" ")
            self.assertEqual(kind_of(method, path), kind, text)

    def test_configs_of_browsers(self) -> None:
        """What v1 does with configs for browsers is told by parameters."""
        for name, kind in (("dataId", Kind.CLIENT), ("search", Kind.CONSOLE), ("delType", Kind.CONSOLE)):
            self.assertEqual(kind_of("GET", "/v1/cs/configs", lambda n=name: frozenset({n})), kind)  # type: ignore[misc]


class LoginTests(SynchronousTestCase):
    """Each kind has its switch."""

    def test_each(self) -> None:
        """A login is asked for by that kind alone, and for accounts by any."""
        paths = {
            "client": ("/v3/client/cs/config", "/v1/cs/configs?dataId=d"),
            "admin": ("/v3/admin/cs/config", "/v2/cs/config", "/v1/cs/capacity", "/v1/cs/communication/dataChange"),
            "console": ("/v3/console/cs/config", "/v2/console/namespace", "/v1/cs/configs?search=blur"),
        }
        for kind in paths:
            asking = Asking(**{other: other == kind for other in paths})
            for other, targets in paths.items():
                for target in targets:
                    self.assertEqual(let_in(asking, "GET", target), other != kind, (kind, target))
            for target in ("/v1/auth/users", "/v3/auth/user/list", "/of/no/kind"):
                self.assertFalse(let_in(asking, "GET", target), (kind, target))

    def test_alike(self) -> None:
        """Where all are alike there is nothing to tell apart."""
        logins = NobodyMay()
        self.assertIs(checks(Asking(True, True, True), logins, ALL), logins)
        self.assertIsInstance(checks(Asking(False, False, False), logins, ALL), EverybodyMay)
        self.assertIsInstance(checks(Asking(False, False, False), None, OlderApis(admin=False)), ByKind)


class GoneTests(SynchronousTestCase):
    """What is switched off."""

    app = Klein()
    prefix = "/v1/ns/instance"

    @serve(app, "POST", "", needs="open")
    def register(self, call: Call) -> Reply:
        self.called += 1
        return Reply(200, b"ok")

    def setUp(self) -> None:
        self.called = 0
        self.guard = Guard(checks(Asking(False, False, False), None, OlderApis(client=False)))

    def test_answer(self) -> None:
        """410 with Nacos's text, whatever the rule of the route; nothing is done."""
        call = Call.make("POST", "/nacos/v1/ns/instance?ip=1.1.1.1", path="/v1/ns/instance")
        reply = answer(self, GoneTests.register, call)
        assert isinstance(reply, Reply)
        found = msgspec.json.decode(reply.body)
        self.assertEqual((reply.status, found["status"], found["error"], self.called), (410, 410, "Gone", 0))
        self.assertEqual(found["path"], "/nacos/v1/ns/instance")
        self.assertEqual(
            found["message"],
            '{"code":40000,"message":"Current API will be deprecated, please use API(s) `POST '
            "${contextPath:nacos}/v3/client/ns/instance` instead, or set "
            '`nacos.core.api.compatibility.client.enabled=true` in application.properties.","data":null}',
        )

    def test_without_successor(self) -> None:
        """What v3 has nothing for says how to have it."""
        text = str(gone("GET", "/v1/auth/me", "some.switch"))
        self.assertIn("If wanted continue to use, please set `some.switch=true` in application.properties.", text)

    def test_switches(self) -> None:
        """Each switches its kind in v1 and v2, and nothing in v3 or between nodes."""
        for off, gone_ones in (
            ("client", {"GET /v1/ns/instance/list"}),
            ("admin", {"GET /v2/ns/instance/list", "GET /v1/core/cluster/nodes"}),
            ("console", {"GET /v1/auth/users", "GET /v2/console/namespace", "GET /v1/cs/configs?show=all"}),
        ):
            older = OlderApis(**{off: False})
            for name in (
                "GET /v1/ns/instance/list", "GET /v2/ns/instance/list", "GET /v1/core/cluster/nodes",
                "GET /v1/auth/users", "GET /v2/console/namespace", "GET /v1/cs/configs?show=all",
                "GET /v3/client/cs/config", "GET /v3/admin/cs/config", "GET /v3/console/cs/config", "GET /v3/auth/role",
                "GET /v1/cs/communication/dataChange", "POST /v1/core/cluster/report", "GET /openapi.json",
            ):  # fmt: skip
                method, _, target = name.partition(" ")
                call = Call.make(method, target, path=target.partition("?")[0])
                try:
                    checks(Asking(False, False, False), None, older).check(USER, call)
                    answered = True
                except Exception:
                    answered = False
                self.assertEqual(answered, name not in gone_ones, (off, name))


class NodeTests(SynchronousTestCase):
    """The routes of a whole node."""

    def node(self, **keys: str) -> NacosNode:
        home = tempfile.mkdtemp(prefix="nacos-tw-kinds-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        given = {name.replace("_", "."): value for name, value in keys.items()}
        node = NacosNode(load(home, {"HOME": home}, {"nacos.standalone": "true", **given}), reactor)
        self.addCleanup(node.store.close)
        return node

    def test_successors(self) -> None:
        """What is told to be in v3 is there, and what is told of is in v1 or v2."""
        table: Any = self.node(**{"nacos_core_auth_enabled": "true"}).front.table
        routes = {f"{each.method} {each.path}" for methods in table.values() for each in methods.values()}
        wrong = {}
        for name in sorted(routes):
            method, _, path = name.partition(" ")
            if path.startswith(("/v1/", "/v2/")) and kind_of(method, path) is not Kind.NODES:
                told = successor(method, path).replace("${contextPath:nacos}", "").partition("?")[0]
                if told not in routes | {""}:
                    wrong[name] = told
        self.assertEqual(wrong, {})
        unknown = {name for name in _FEW if name not in routes}
        self.assertEqual(unknown, set())

    def test_all_switched(self) -> None:
        """Of the real routes, each of v1 and v2 answers 410 by just the one switch of its kind, and no other ever."""
        table: Any = self.node(**{"nacos_core_auth_enabled": "true"}).front.table
        routes = [(each.method, each.path) for methods in table.values() for each in methods.values()]
        named = "client", "admin", "console"
        switched: dict[str, set[str]] = {name: set() for name in named}
        for name in named:
            check = checks(Asking(False, False, False), None, OlderApis(**{name: False}))
            for method, path in routes:
                try:
                    check.check(USER, Call.make(method, path, path=path))
                except Rejected as refusal:
                    self.assertEqual(refusal.status, 410)
                    switched[name].add(f"{method} {path}")
        older = {f"{method} {path}" for method, path in routes if path.startswith(("/v1/", "/v2/"))}
        inner = {name for name in older if "/v1/cs/communication/" in name or name.endswith("/v1/core/cluster/report")}
        self.assertEqual(set().union(*switched.values()), older - inner)
        self.assertEqual(sum(map(len, switched.values())), len(older - inner), "a route has one switch")
        self.assertEqual(
            switched["client"] - {name for name in older if "/v1/ns/api" in name},
            {
                "POST /v1/cs/configs", "GET /v1/cs/configs", "DELETE /v1/cs/configs", "POST /v1/cs/configs/listener",
                "POST /v1/ns/instance", "DELETE /v1/ns/instance", "GET /v1/ns/instance/list",
                "PUT /v1/ns/instance/beat", "GET /v1/ns/service/list", "GET /v1/ns/operator/metrics",
                "POST /v1/auth/login", "POST /v1/auth/users/login",
            },
        )  # fmt: skip
        of_v2 = {name for name in older if " /v2/" in name}
        shown = {
            name for name in of_v2
            if " /v2/console/" in name or " /v2/ns/catalog" in name or name.endswith("/searchDetail")
        }  # fmt: skip
        self.assertEqual((of_v2 & switched["console"], of_v2 & switched["admin"]), (shown, of_v2 - shown))

    def test_checks(self) -> None:
        """The settings come to the check."""
        off = {"nacos_core_api_compatibility_admin_enabled": "false"}
        found = self.node(nacos_core_auth_admin_enabled="true", **off).guard.authorization
        assert isinstance(found, ByKind)
        self.assertEqual(found.off, {"admin"})
        self.assertIsInstance(found.client, EverybodyMay)
        self.assertNotIsInstance(found.admin, EverybodyMay)
        self.assertIs(found.strict, found.admin)
        self.assertIsInstance(self.node().guard.authorization, EverybodyMay)
