"""Real nodes that ask for logins, for tests: users, tokens, and what they may."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.config_nodes import ConfigCluster
from tests.system.nodes import Answer, RealNode, started, wait_for
from tests.system.reuse import reused

AUTH = "/nacos/v1/auth"
IDENTITY = {"X-Test-Servers": "an identity for these tests"}
"""Header that the nodes take for an administrator's, so that a test need not log in to prepare something."""
LOGINS = "\n".join(
    [
        "nacos.core.auth.enabled=true",
        *(f"nacos.core.auth.server.identity.key={key}" for key in IDENTITY),
        *(f"nacos.core.auth.server.identity.value={value}" for value in IDENTITY.values()),
    ]
)
SOON = 8.0
"""Seconds for what takes milliseconds where the machine is not busy. Nodes that were not told look every ten."""


class LoginCluster(ConfigCluster):
    """Nodes with logins."""

    def ready_for(self, name: str = "nacos") -> None:
        """Until all nodes know that user."""
        for node in self.nodes:
            wait_for(functools.partial(self.knows, node, name), why=f"{node.address} to know {name}")

    def knows(self, node: RealNode, name: str) -> bool:
        answer = administer(node, "GET", "/users/search", username=name)
        if answer.status != 200:
            raise ValueError(answer)
        return name in answer.json


def administer(node: RealNode, method: str, path: str, **params: Any) -> Answer:
    """A request of an administrator."""
    return node.request(method, AUTH + path, params, headers=IDENTITY, timeout=30)


def changed(node: RealNode, method: str, path: str, **params: Any) -> None:
    """A change that succeeds."""
    answer = administer(node, method, path, **params)
    assert answer.status == 200 and answer.json["code"] == 200, answer


def create(node: RealNode, name: str, password: str, *rights: tuple[str, str]) -> None:
    """A user with a role of its own, and what it may."""
    changed(node, "POST", "/users", username=name, password=password)
    changed(node, "POST", "/roles", username=name, role=f"role-{name}")
    for resource, action in rights:
        changed(node, "POST", "/permissions", role=f"role-{name}", resource=resource, action=action)


def try_login(node: RealNode, name: str, password: str) -> Answer:
    return node.request("POST", AUTH + "/login", {"username": name, "password": password}, timeout=30)


def log_in(node: RealNode, name: str, password: str) -> str:
    """A token."""
    answer = try_login(node, name, password)
    assert answer.status == 200, answer
    token: str = answer.json["accessToken"]
    return token


def me(node: RealNode, token: str) -> Answer:
    """Who a node takes a token for."""
    return node.request("GET", AUTH + "/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def reads(node: RealNode, token: str, tenant: str) -> int:
    """The status of a token's read of a config that is not there: 404 if it may read the namespace."""
    params = {"dataId": "none", "group": "g", "tenant": tenant, "accessToken": token}
    return node.request("GET", "/nacos/v1/cs/configs", params, timeout=30).status


def token_key(node: RealNode) -> bytes:
    """The key on a node's disk, b"" if there is none."""
    try:
        with open(os.path.join(node.home, "data", "auth", "token-key"), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def logs(node: RealNode, name: str = "nacos.log") -> str:
    with open(os.path.join(node.home, "logs", name), encoding="utf-8") as file:
        return file.read()


@reused
def shared_logins(
    size: int, properties: str, arguments: tuple[str, ...] = ("-p", "embedded"), wait: bool = True
) -> LoginCluster:
    """Started for the first that asks, ended later; who uses it leaves all nodes running."""
    found = started(LoginCluster(size, f"{LOGINS}\n{properties}", arguments))
    if wait:
        found.ready_for()
    return found


class LoginCase(SynchronousTestCase):
    """What the tests of logins share."""

    def setUp(self) -> None:
        self.name: str = self.id().rpartition(".")[2]

    def cluster(
        self, size: int = 3, properties: str = "", arguments: Sequence[str] = ("-p", "embedded"), start: bool = True
    ) -> LoginCluster:
        """A cluster that ends with the test."""
        found = LoginCluster(size, f"{LOGINS}\n{properties}", arguments)
        self.addCleanup(found.close)
        if start:
            found.start()
        return found

    def everywhere(self, nodes: Sequence[RealNode], what: Callable[[RealNode], Any], wanted: Any) -> None:
        """Each node gives this, soon."""
        for node in nodes:
            wait_for(lambda node=node: what(node) == wanted, why=f"{node.address}: {wanted}", limit=SOON)  # type: ignore[misc]


def at_the_same_time(*jobs: Callable[[], Any]) -> list[Any]:
    """What each gives."""
    found: list[Any] = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def run(place: int) -> None:
        barrier.wait(30)
        found[place] = jobs[place]()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found
