"""A real node with logins, set up as carelessly as Nacos's documents allow, and users with few rights."""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import Answer, RealCluster, RealNode, started, wait_for
from tests.system.reuse import reused

ADMIN_PASSWORD = "first-P@ss word"
PUBLISHED_TOKEN_KEY = "SecretKey012345678901234567890123456789012345678901234567890123456789"
"""What an unconfigured Nacos 1.4 signs with."""
PROPERTIES = f"""
nacos.core.auth.enabled=true
nacos.core.auth.admin.password={ADMIN_PASSWORD}
nacos.core.auth.default.token.secret.key={PUBLISHED_TOKEN_KEY}
nacos.core.auth.enable.userAgentAuthWhite=true
nacos.core.auth.server.identity.key=serverIdentity
nacos.core.auth.server.identity.value=security
"""
RIGHTS: dict[str, tuple[tuple[str, str], ...]] = {
    "reader": (("dev:*:*", "r"),),
    "writer": (("dev:*:*", "w"),),
    "other": (("prod:*:*", "rw"), ("dev:other:*", "rw")),
    "narrow": (("dev:g:naming/s", "rw"), ("dev:g:config/d", "rw")),
    "nothing": (),
}
"""Users, and (resource, action) of what each may do."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Guarded:
    """
    The node.

    @ivar tokens: of each user of L{RIGHTS}, and of C{admin}.
    @ivar passwords: likewise.
    """

    def __init__(self, properties: str = PROPERTIES) -> None:
        self.cluster = RealCluster(1, properties)
        self.node: RealNode = self.cluster.nodes[0]
        self.node.by_script = True  # its memory is looked at: a fork has less of its own
        started(self.cluster)
        self.passwords = {"admin": ADMIN_PASSWORD, **{name: f"p4ss of {name}" for name in RIGHTS}}
        wait_for(lambda: "administrator, nacos, was made" in self.logs("nacos.log"), why="the first administrator")
        self.tokens = {"admin": self.log_in("nacos", ADMIN_PASSWORD)}
        for name, rights in RIGHTS.items():
            self.create(name, self.passwords[name], rights)
            self.tokens[name] = self.log_in(name, self.passwords[name])

    def close(self) -> None:
        """End it."""
        self.cluster.close()

    @property
    def key(self) -> bytes:
        """What the node signs with."""
        with open(os.path.join(self.node.home, "data", "auth", "token-key"), "rb") as file:
            return file.read()

    def logs(self, name: str) -> str:
        """What stands in a file of its logs."""
        with open(os.path.join(self.node.home, "logs", name), encoding="utf-8") as file:
            return file.read()

    def log_in(self, name: str, password: str) -> str:
        """A token."""
        found = self.node.request("POST", "/nacos/v1/auth/login", {"username": name, "password": password})
        assert found.status == 200, found
        token: str = found.json["accessToken"]
        return token

    def create(self, name: str, password: str, rights: tuple[tuple[str, str], ...] = ()) -> None:
        """A user whose role has its name."""
        self.ok("POST", "/v1/auth/users", username=name, password=password)
        if rights:
            self.ok("POST", "/v1/auth/roles", username=name, role=f"role-{name}")
        for resource, action in rights:
            self.ok("POST", "/v1/auth/permissions", role=f"role-{name}", resource=resource, action=action)

    def ok(self, method: str, path: str, **params: Any) -> Answer:
        """What an administrator does."""
        found = self.ask("admin", method, path, **params)
        assert found.status == 200, found
        return found

    def ask(self, who: str, method: str, path: str, **params: Any) -> Answer:
        """One request of a user; "" for nobody."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.node.request(method, "/nacos" + path, params, headers=headers)


@reused
def guarded() -> Guarded:
    """The one of this test run; started for the first that asks."""
    return Guarded()


class Line(http.client.HTTPConnection):
    """
    A kept connection to one of the carriers. (A connection that asked for an unknown path stays with twisted.web.)
    """

    def __init__(self, node: RealNode, carrier: str) -> None:
        super().__init__(node.host, node.port, timeout=30)
        if carrier == "klein":
            assert self.ask("GET", "/no/such/path").status == 404

    def ask(self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
        """One request; the target goes out as it is."""
        self.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            self.putheader(name, value)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            self.putheader("Content-Length", str(len(body or b"")))
        self.endheaders(body)
        answer = self.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@contextlib.contextmanager
def line(node: RealNode, carrier: str) -> Iterator[Line]:
    """One that is closed with the block."""
    with contextlib.closing(Line(node, carrier)) as found:
        yield found


class GuardedCase(SynchronousTestCase):
    """What the tests of break-ins share."""

    def setUp(self) -> None:
        self.guarded = guarded()
        self.node = self.guarded.node

    def bearer(self, who: str) -> dict[str, str]:
        """The header that says who it is."""
        return {"Authorization": f"Bearer {self.guarded.tokens[who]}"} if who else {}

    def both(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer to a request, which is the same from both carriers."""
        found = []
        for carrier in ("front", "klein"):
            with line(self.node, carrier) as connection:
                found.append(connection.ask(method, target, headers, body))
        self.assertEqual(found[0].status, found[1].status, (method, target, found))
        return found[0]

    def assertRefused(self, answer: Answer, text: str, what: object = "") -> None:
        """It is Spring's document with that message."""
        self.assertEqual((answer.status, answer.json["message"]), (403, text), (what, answer))


def query(**params: Any) -> str:
    """A query string with its question mark."""
    return "?" + urlencode(params)
