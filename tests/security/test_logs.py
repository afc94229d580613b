"""What clients say goes into no log but by its names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.security.guarded import FORM, GuardedCase, line, query
from tests.security.rules import RULES

PASSWORD, CONTENT = "MARKED-p4ssword", "MARKED-content"
ODD = ("/nothing", "/v1/ns/nothing", "/v1/auth/nothing", "/")


class SecretsTests(GuardedCase):
    """A node that logs as much as it can."""

    def setUp(self) -> None:
        super().setUp()
        if "logged" not in self.guarded.tokens:
            self.guarded.create("logged", PASSWORD, (("dev:*:*", "rw"),))
            self.guarded.tokens["logged"] = self.guarded.log_in("logged", PASSWORD)
        self.token = self.guarded.tokens["logged"]
        self.level("DEBUG")
        self.addCleanup(self.level, "INFO")

    def level(self, level: str) -> None:
        self.guarded.ok("PUT", "/v1/core/ops/log", logName="root", logLevel=level)

    def requests(self) -> Iterator[tuple[str, str, bytes | None]]:
        """Method, path and body: of each route and method, of paths that are none, with everything in the query."""
        marked = {"dataId": "d", "group": "g", "tenant": "dev", "content": CONTENT, "pageNo": "x", "ids": "x"}
        by_token = query(**marked, accessToken=self.token)
        by_password = query(**marked, username="logged", password=PASSWORD)
        for name in RULES:
            method, _, path = name.partition(" ")
            yield method, path + by_token, None
            if "login" not in path:
                yield method, path + by_password, None
        for path in (*ODD, "/v1/cs/configs", "/v1/ns/instance", "/v1/auth/login"):
            for method in ("GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "BREW"):
                yield method, path + by_token, None
        yield "POST", "/v1/auth/login", f"username=logged&password={PASSWORD}".encode()
        yield "POST", "/v1/auth/login", f"username=logged&password={PASSWORD}%zz&content={CONTENT}".encode()

    def test_no_secret_in_any_log(self) -> None:
        """Neither a token nor a password nor a content, at the finest level, whatever was asked and how it ended."""
        for carrier in ("front", "klein"):
            for method, target, body in self.requests():
                with line(self.node, carrier) as connection:
                    connection.ask(method, "/nacos" + target, {} if body is None else FORM, body)
        folder = os.path.join(self.node.home, "logs")
        secrets = [PASSWORD, CONTENT, self.token, *self.token.split(".")[1:]]
        for name in os.listdir(folder):
            text = self.guarded.logs(name)
            self.assertEqual([secret for secret in secrets if secret in text], [], name)
            self.assertNotIn("HEAD request", text, name)
        self.assertIn("logged", self.guarded.logs("audit.log"))
