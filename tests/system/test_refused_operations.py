"""
A call that is refused changes nothing: every operation of C{/openapi.json}, of every API, at a real node that asks for
logins, called by nobody, by a user without rights, and by an administrator without what has to be there. The node's own
hashes of all that it stores say whether anything has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.locks.machine import LockMachine
from nacos_tw.raft.hashing import Sum
from tests.system.nodes import Answer, RealCluster, RealNode, started, wait_for
from tests.system.reuse import reused

PROPERTIES = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"
SOME = 24
"""Operations between two looks at the hashes."""
KEPT = {
    "serviceName": "kept", "groupName": "g", "group": "g", "dataId": "kept", "content": "changed", "ip": "10.0.0.1",
    "port": "80", "clusterName": "DEFAULT", "username": "kept", "role": "kept", "resource": ":g:*", "action": "rw",
    "password": "second", "newPassword": "second", "customNamespaceId": "kept", "namespaceName": "changed",
    "grayName": "kept", "grayMatchRuleExp": "region=sh", "metadata": '{"a":"b"}', "entry": "pushEnabled",
    "value": "false", "address": "10.0.0.1:8848", "ids": "1", "promptKey": "kept", "version": "1.0.0",
}  # fmt: skip
"""Values that a call of that operation needs to change something."""
ENTERING = "/login"
"""They let in whoever has a token, and change nothing."""
LEFT_OUT = {
    "POST /v1/cs/configs/listener": "it waits",
    "POST /v3/admin/core/snapshot": "its answers are large",
}

PREPARED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/v3/auth/user", {"username": "kept", "password": "first"}),
    ("/v3/auth/user", {"username": "stranger", "password": "third"}),
    ("/v3/auth/role", {"role": "kept", "username": "kept"}),
    ("/v3/auth/permission", {"role": "kept", "resource": ":g:*", "action": "r"}),
    ("/v3/admin/core/namespace", {"namespaceId": "kept", "namespaceName": "kept"}),
    ("/v3/admin/ns/service", {"serviceName": "kept", "groupName": "g"}),
    ("/v3/admin/cs/config", {"dataId": "kept", "groupName": "g", "content": "first"}),
    ("/v3/admin/cs/config", {"dataId": "kept", "groupName": "g", "content": "tagged", "tag": "kept"}),
    ("/v3/admin/cs/config/gray", {
        "dataId": "kept", "groupName": "g", "content": "labelled", "grayName": "kept", "grayRuleExp": "a=b",
    }),
    ("/v3/admin/ai/prompt", {"promptKey": "kept", "version": "1.0.0", "template": "first"}),
)  # fmt: skip
"""Something of each kind that could be changed."""

OLDER_NAME = "dom"
"""Of a service: it would stand in for serviceName where that is missing."""

Call = tuple[str, dict[str, str], dict[str, str]]


def login(node: RealNode, username: str, password: str) -> dict[str, str]:
    """The headers of who has logged in."""
    query = {"username": username, "password": password}
    return {"accessToken": node.request("POST", "/nacos/v3/auth/user/login", query).json["accessToken"]}


def of_no_locks() -> str:
    """The hash of the state of locks before its first entry."""
    total = Sum()
    for piece in LockMachine().freeze().items():
        total.add(piece)
    return total.text()


def hashes(node: RealNode, admin: dict[str, str]) -> dict[str, str]:
    """Of all that is stored, part by part."""
    found = node.request("POST", "/nacos/v3/admin/core/raft/hash", headers=admin).json["data"]
    parts: dict[str, str] = found["members"][0]["parts"]
    return parts


@reused
def prepared() -> RealCluster:
    """A node on which nothing happens but these tests."""
    cluster = started(RealCluster(1, PROPERTIES))
    admin = login(cluster.nodes[0], "nacos", "first")
    for path, values in PREPARED:
        answer = cluster.nodes[0].request("POST", f"/nacos{path}", values, headers=admin)
        assert (answer.status, answer.json["code"]) == (200, 0), (path, answer)
    wait_for(
        lambda: hashes(cluster.nodes[0], admin)["locks"] != of_no_locks(),
        why="that all members know locks is agreed on",
    )
    return cluster


class RefusedOperationsTests(SynchronousTestCase):
    """With one node."""

    def setUp(self) -> None:
        self.node: RealNode = prepared().nodes[0]
        self.admin = login(self.node, "nacos", "first")
        self.stranger = login(self.node, "stranger", "third")
        paths = self.node.request("GET", "/nacos/openapi.json").json["paths"]
        self.operations: dict[str, dict[str, Any]] = {
            f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()
            if ENTERING not in path
        }  # fmt: skip
        self.assertGreater(len(self.operations), 330)

    def hashes(self) -> dict[str, str]:
        """Of all that is stored, part by part, but for sessions of commands: the question has one; and the members."""
        parts = hashes(self.node, self.admin)
        self.assertIn("registry", parts)
        members = self.node.request("GET", "/nacos/v3/console/core/cluster/member/list", headers=self.admin).json[
            "data"
        ]
        named = str([(each["name"], each["address"], each["role"]) for each in members["members"]])
        return {**{part: value for part, value in parts.items() if part != "sessions"}, "members": named}

    def call(self, name: str, values: dict[str, str], headers: dict[str, str]) -> Answer:
        """One call; what the path names is put there."""
        method, _, path = name.partition(" ")
        for field in [each for each in values if f"{{{each}}}" in path]:
            path = path.replace(f"{{{field}}}", values[field])
            values = {other: value for other, value in values.items() if other != field}
        return self.node.request(method, f"/nacos{path}", values, headers=headers, timeout=120)

    def values(self, one: dict[str, Any]) -> dict[str, str]:
        """For each parameter one that could change something."""
        found = {}
        for each in one["parameters"]:
            if each["in"] != "header" and each["name"] != OLDER_NAME:
                schema = each["schema"]
                usual = {"integer": "1", "number": "0.5", "boolean": "true"}.get(schema["type"], "kept")
                found[each["name"]] = KEPT.get(each["name"], schema.get("enum", [usual])[0])
        return found

    def by(self, headers: dict[str, str], secured: bool) -> Iterator[Call]:
        """Every operation, or those that ask for a login, once."""
        for name, one in self.operations.items():
            if name not in LEFT_OUT and ("security" in one or not secured):
                yield name, self.values(one), headers

    def lacking(self) -> Iterator[Call]:
        """Every operation as an administrator, without each of its parameters that has to be there."""
        for name, one in self.operations.items():
            values = self.values(one)
            for each in one["parameters"]:
                if each["required"] and each["in"] == "query" and name not in LEFT_OUT:
                    yield name, {other: value for other, value in values.items() if other != each["name"]}, self.admin

    def check(self, calls: Iterator[Call], fine: Callable[[Answer], bool]) -> None:
        """Make the calls; each has an answer that is fine, and none changes anything."""
        before = self.hashes()
        wrong: list[tuple[str, dict[str, str], Answer | None]] = []
        while some := list(islice(calls, SOME)):
            for call in some:
                answer = self.call(*call)
                if not fine(answer):
                    wrong.append((*call[:2], answer))
            after = self.hashes()
            if after != before:
                names = sorted({call[0] for call in some})
                changed = sorted(part for part in before if before[part] != after.get(part))
                if changed:
                    wrong.append((f"{changed} changed by one of {names}", {}, None))
                before = after
        self.assertEqual(wrong, [], "\n".join(map(str, wrong)))

    def test_nobody(self) -> None:
        """Without a login."""
        self.check(self.by({}, secured=True), lambda answer: answer.status in (400, 403))

    def test_stranger(self) -> None:
        """With the login of a user who has no rights: what such a user may do changes nothing either."""
        self.check(self.by(self.stranger, secured=True), lambda answer: answer.status < 500)

    def test_lacking(self) -> None:
        """As an administrator, without what has to be there."""
        self.check(self.lacking(), lambda answer: answer.status >= 400)
