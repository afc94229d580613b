"""
Every operation of C{/openapi.json}, of every API, at a real node that asks for logins: with values that the description
allows and with such as it does not. No answer has a status that is not declared, and none is a failure of the server.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import Answer, RealNode
from tests.system.shared import shared

PROPERTIES = "# for every operation\nnacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"
SEED = 20261129
ROUNDS = 3
"""Calls of each operation, as an administrator."""
ODD = (
    "", " ", "0", "-1", "1", "x", "true", "null", "undefined", "*", "%", "a,b", "{}", "[]", "a@@b", "@@", "..",
    '{"type":"TCP"}', "\u4e2d\u6587", "\u00e4" * 300, "9" * 40, "1e400", "NaN", "2147483648", "public", "10.0.0.1",
    "10.0.0.1:80#true", "\x02\x01", "'; drop table config_info; --", "\U0001f600",
)  # fmt: skip
LEFT_OUT = {
    "POST /v1/cs/configs/listener": "it waits",
    "POST /v3/admin/core/snapshot": "its answers are large",
}
REFUSING = "/ns/raft/", "/core/ops/raft"
"""Where Nacos tells with 500 that something is not done."""


class EveryOperationTests(SynchronousTestCase):
    """With one node, which is this test's alone."""

    def setUp(self) -> None:
        self.node: RealNode = shared(1, PROPERTIES).nodes[0]
        answer = self.node.request("POST", "/nacos/v3/auth/user/login?username=nacos&password=first")
        self.admin = {"accessToken": answer.json["accessToken"]}
        paths = self.node.request("GET", "/nacos/openapi.json").json["paths"]
        self.operations: dict[str, dict[str, Any]] = {
            f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()
        }
        self.assertGreater(len(self.operations), 330)

    def call(self, name: str, values: dict[str, str], headers: dict[str, str], body: bytes = b"") -> Answer:
        """One call; what the path names is put there."""
        method, _, path = name.partition(" ")
        for field in [each for each in values if f"{{{each}}}" in path]:
            path = path.replace(f"{{{field}}}", "x")
            values = {other: value for other, value in values.items() if other != field}
        sent = {"Content-Type": "application/json", **headers} if body else headers
        return self.node.request(method, f"/nacos{path}", values, body=body or None, headers=sent, timeout=120)

    def values(self, one: dict[str, Any], dice: random.Random) -> Iterator[dict[str, str]]:
        """Parameters of one call after the other: of the right kind mostly, then odd ones."""
        for number in range(ROUNDS):
            found = {}
            for each in one["parameters"]:
                if each["in"] == "header" or (not each["required"] and dice.random() < 0.5):
                    continue
                schema = each["schema"]
                if number and dice.random() < 0.4:
                    found[each["name"]] = dice.choice(ODD)
                elif "enum" in schema:
                    found[each["name"]] = dice.choice(schema["enum"])
                else:
                    right = {"integer": "1", "number": "0.5", "boolean": "true"}
                    found[each["name"]] = right.get(schema["type"], dice.choice(("x", "public", "10.0.0.1")))
            yield found

    def test_driven(self) -> None:
        """As an administrator, with right and with odd values: each answer is one that is declared."""
        dice = random.Random(SEED)
        found: list[tuple[str, dict[str, str], Answer]] = []
        for name, one in self.operations.items():
            if name in LEFT_OUT or "/auth/" in name or "/core/cluster/member" in name or "/raft/leader" in name:
                continue
            for values in self.values(one, dice):
                body = dice.choice((b"", b"{}", b"[]", b"null", b"x", b'{"a":')) if "requestBody" in one else b""
                answer = self.call(name, values, self.admin, body)
                expected = answer.status == 500 and any(part in name for part in REFUSING)
                if (answer.status >= 500 and not expected) or str(answer.status) not in one["responses"]:
                    found.append((name, values, answer))
        shown = "\n".join(f"{name} {json.dumps(values)}: {answer}" for name, values, answer in found)
        self.assertEqual(found, [], shown)
