"""Every route of a whole node has a rule, the rule is the one that is written down here, and it is kept to."""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.operations import rule_of
from nacos_tw.access.rules import Rule
from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load
from tests.security.guarded import GuardedCase, line, query
from tests.security.rules import EVERYBODY, RULES, WHO
from tests.security.rules_api import RULES as LATER_RULES

KINDS = {
    "open": ("open", ("",)),
    "login": ("user", ("",)),
    "read naming": ("read", ("naming",)),
    "read services": ("read", ("services",)),
    "read config": ("read", ("config",)),
    "read configs": ("read", ("configs",)),
    "write naming": ("write", ("naming",)),
    "write config": ("write", ("config",)),
    "switches": ("write", ("switches",)),
}
"""What a rule is in a route's declaration; what is not here has several ways."""
LATER = ("/v2/", "/v3/")
"""Where the later APIs are; their routes are held to L{tests.security.rules_api}."""
SUBJECT = {
    "namespaceId": "dev", "serviceName": "s", "groupName": "g", "tenant": "dev", "dataId": "d", "group": "g",
}  # fmt: skip
"""Names that all routes find what they look for in. Nothing of that exists, so nothing is changed."""


def administrative(needs: Rule) -> bool:
    return needs.action == "admin" or (needs.action in ("read", "write") and needs.kind in ("accounts", "console"))


class TableTests(SynchronousTestCase):
    """The compiled dispatch table of a node with everything."""

    def table(self) -> dict[str, Any]:
        """Every "method path" of a node that asks for logins, and its handler."""
        home = tempfile.mkdtemp(prefix="nacos-tw-rules-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        settings = load(home, {"HOME": home}, {"nacos.standalone": "true", "nacos.core.auth.enabled": "true"})
        node = NacosNode(settings, reactor)
        self.addCleanup(node.store.close)
        return {
            f"{route.method} {route.path}": route.handler
            for methods in node.front.table.values()
            for route in methods.values()
        }

    def routes(self) -> dict[str, object]:
        """The same with what its handler needs."""
        return {name: getattr(handler, "needs", None) for name, handler in self.table().items()}

    def test_declared(self) -> None:
        """There is no route without a rule."""
        routes = self.routes()
        self.assertGreater(len(routes), 100)
        self.assertEqual([name for name, needs in routes.items() if type(needs) is not Rule], [])

    def test_as_written(self) -> None:
        """The rules of v1 are these."""
        routes = {name: needs for name, needs in self.routes().items() if not name.partition(" ")[2].startswith(LATER)}
        self.assertEqual(sorted(routes.keys() ^ RULES.keys()), [])
        for name, rule in RULES.items():
            needs = routes[name]
            assert isinstance(needs, Rule)
            if rule == "administrator":
                self.assertTrue(administrative(needs) or needs == Rule("write", "cluster", True), (name, needs))
            elif (needs.action, needs.kind) != ("read", "cluster"):
                action, kinds = KINDS[rule]
                self.assertEqual((needs.action, needs.kind in kinds), (action, True), (name, needs))
            else:
                self.assertEqual(rule, "login", name)

    def test_later_apis_as_written(self) -> None:
        """Those of v2 and v3 are these: of the operation that a route comes to."""
        found: dict[str, set[str]] = {}
        for name, handler in self.table().items():
            if name.partition(" ")[2].startswith(LATER):
                rule = Rule("open") if handler.declared.does is None else rule_of(handler.declared.does)
                found.setdefault(f"{rule.action} {rule.kind}".strip(), set()).add(name)
        self.assertEqual(found, {rule: set(names) for rule, names in LATER_RULES.items()})

    def test_changes_are_recorded(self) -> None:
        """Whatever changes accounts, configs, namespaces or the cluster, and every login, goes into the audit log; what
        clients do all day (registrations, locks) does not."""
        for name, needs in self.routes().items():
            assert isinstance(needs, Rule)
            writes = name.partition(" ")[0] in ("POST", "PUT", "DELETE", "PATCH")
            silent = (
                "/v1/ns/", "/v1/cs/configs/listener", "/v1/core/cluster/report", "/v2/ns/", "/v3/admin/ns/",
                "/v3/client/ns/", "/v3/console/ns/", "/v2/core/cluster/node/list", "/v3/admin/core/cluster/node/list",
                "/v3/admin/core/lock",
                "/v1/auth/oidc/session",  # of a login that was recorded when the provider sent the browser back
                "/v3/admin/ai/mcp/import/validate", "/v3/console/ai/mcp/import/validate",
            )  # fmt: skip
            if writes and not name.partition(" ")[2].startswith(silent):
                self.assertTrue(needs.recorded, name)


class MatrixTests(GuardedCase):
    """Each route, asked by each user, through both carriers."""

    def test_matrix(self) -> None:
        """Who may gets an answer of the handler; everybody else 403, whatever the handler would say."""
        wrong = []
        for carrier in ("front", "klein"):
            with line(self.node, carrier) as connection:
                for name, rule in RULES.items():
                    method, _, path = name.partition(" ")
                    for who in sorted(EVERYBODY):
                        answer = connection.ask(method, f"/nacos{path}{query(**SUBJECT)}", self.bearer(who))
                        if (answer.status in (401, 403)) is (who in WHO[rule]):
                            wrong.append((carrier, name, who, answer))
        self.assertEqual(wrong, [])

    def test_refusals_say_why(self) -> None:
        """Nobody is asked who they are, the others are told that they may not."""
        path = "/nacos/v1/cs/configs" + query(**SUBJECT)
        self.assertRefused(self.both("GET", path), "unknown user!")
        self.assertRefused(self.both("GET", path, self.bearer("writer")), "authorization failed!")
        self.assertRefused(self.both("GET", path, self.bearer("nothing")), "authorization failed!")
        self.assertEqual(self.both("GET", path, self.bearer("reader")).status, 404)

    def test_refusals_of_newest(self) -> None:
        """v3 says it with a code as well: some of its clients look for one, others for Spring's document."""
        path = "/nacos/v3/admin/cs/config" + query(dataId="d", groupName="g", namespaceId="dev")
        for who, text in (("", "unknown user!"), ("nothing", "authorization failed!")):
            answer = self.both("GET", path, self.bearer(who))
            self.assertRefused(answer, text)
            self.assertEqual((answer.json["code"], answer.json["data"], answer.json["status"]), (10001, text, 403))
        self.assertNotIn("code", self.both("GET", "/nacos/v1/cs/configs" + query(**SUBJECT)).json)

    def test_failed_logins(self) -> None:
        """By v3 they are told alike, whoever it is and whatever is wrong."""
        for name, password in (("writer", "wrong"), ("whoever", "wrong"), ("writer", ""), ("", "")):
            answer = self.both("POST", "/nacos/v3/auth/user/login" + query(username=name, password=password))
            told = (403, "User not found! Please check user exist or password is right!")
            self.assertEqual((answer.status, answer.text), told, (name, password))

    def test_another_group(self) -> None:
        """A right for one group of a namespace is none for its other groups, nor for what is asked of all groups."""
        config, service = "/nacos/v1/cs/configs", "/nacos/v1/ns/instance/list"
        right = self.bearer("other")
        for path, groups in ((config, "group"), (service, "groupName")):
            given = {**SUBJECT, groups: "other"}
            self.assertNotEqual(self.both("GET", path + query(**given), right).status, 403)
            self.assertRefused(self.both("GET", path + query(**SUBJECT), right), "authorization failed!")
        searching = {"search": "blur", "tenant": "dev", "pageNo": 1, "pageSize": 9, "dataId": "", "group": ""}
        self.assertRefused(self.both("GET", config + query(**searching), right), "authorization failed!")
        exporting = {"export": "true", "tenant": "dev", "ids": "", "group": ""}
        self.assertRefused(self.both("GET", config + query(**exporting), right), "authorization failed!")
