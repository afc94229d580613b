"""What a test tells the node by HTTP, and what that does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.access.rules import Rule
from nacos_tw.config.commands import Remove
from nacos_tw.grpc.dispatch import Asked, Handler, RequestFailed
from nacos_tw.http.call import Call
from nacos_tw.http.errors import Rejected
from nacos_tw.http.guard import Check, Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.namespaces.commands import DeleteNamespace
from nacos_tw.namespaces.store import namespaces
from nacos_tw.naming.commands import RemoveService
from nacos_tw.service import NacosNode, millis

PREFIX = "/testing"
SPARED = PREFIX, "/v1/console/health/", "/v3/console/health/", "/v3/admin/core/state"
"""Paths that do not fail unless they are named: what waits for a node asks them."""
SPARED_TYPES = frozenset({"HealthCheckRequest", "ServerCheckRequest"})
WANTED = "the test wanted this request to fail"


@attrs.define
class Failures:
    """
    Those to come.

    @ivar left: how many; C{status}: what is answered; C{match}: "" for any request.
    """

    left: int = 0
    status: int = 503
    match: str = ""

    def of_path(self, path: str) -> bool:
        """Whether a request of HTTP fails; it is counted if it does."""
        matches = path.startswith(self.match) if self.match.startswith("/") else not self.match
        return self._counted(matches and not path.startswith(PREFIX) and (bool(self.match) or not _spared(path)))

    def of_type(self, type_: str) -> bool:
        """Likewise one of gRPC."""
        return self._counted(type_ == self.match if self.match else type_ not in SPARED_TYPES)

    def _counted(self, fails: bool) -> bool:
        if fails and self.left:
            self.left -= 1
            return True
        return False


def _spared(path: str) -> bool:
    return path.startswith(SPARED)


@attrs.frozen
class FailingCheck:
    """The check before each handler of HTTP, with the failures that a test wanted before it."""

    inner: Check
    failures: Failures

    def check(self, needs: Rule, call: Call) -> Any:
        """See L{nacos_tw.http.guard.Check.check}."""
        if self.failures.of_path(call.path):
            raise Rejected(self.failures.status, WANTED)
        return self.inner.check(needs, call)


def fail_types(handlers: Mapping[str, Handler[Any]], failures: Failures) -> None:
    """Have the handlers of gRPC fail as the test wants it."""
    for type_, handler in handlers.items():
        handler.serve = _failing(type_, handler.serve, failures)


def _failing(type_: str, inner: Any, failures: Failures) -> Any:
    def serve(asked: Asked[Any]) -> Any:
        if failures.of_type(type_):
            raise RequestFailed(failures.status, WANTED)
        return inner(asked)

    return serve


@attrs.frozen
class ControlArea:
    """What a test asks. Whoever reaches the port may: it is of a test, on this machine."""

    prefix: ClassVar[str] = PREFIX
    app = Klein()
    guard: Guard
    node: NacosNode
    failures: Failures

    @serve(app, "POST", "/reset", needs="open")
    async def reset(self, call: Call) -> Reply:
        """Remove everything."""
        self.failures.left = 0
        naming, configs = self.node.naming, self.node.configs
        for service in list(naming.registry.services):
            await naming.change(RemoveService(service))
        if configs is not None:
            for key in list(configs.cache):
                await configs.write(Remove(key, millis()))
            for namespace in await configs.query(namespaces):
                if namespace.id:
                    await configs.write(DeleteNamespace(namespace.id))
        return json_reply({"done": True})

    @serve(app, "POST", "/fail", needs="open")
    def fail(self, call: Call) -> Reply:
        """Have requests fail."""
        self.failures.match = call.get("match")
        self.failures.status = call.integer("status", 503)
        self.failures.left = call.integer("count", 1)
        return self.failing(call)

    @serve(app, "GET", "/fail", needs="open")
    def failing(self, call: Call) -> Reply:
        """How many are to come."""
        return json_reply({"left": self.failures.left})

    @serve(app, "GET", "/listeners", needs="open")
    def listeners(self, call: Call) -> Reply:
        """How many clients listen to a config."""
        configs = self.node.configs
        namespace = call.get("namespace")
        key = "" if namespace == "public" else namespace, call.get("group"), call.get("dataId")
        found = 0 if configs is None else configs.listeners.count(key)
        return json_reply({"count": found})

    @serve(app, "GET", "/subscribers", needs="open")
    def subscribers(self, call: Call) -> Reply:
        """How many clients are told of a service."""
        service = call.get("namespace", "public"), f"{call.get('group')}@@{call.get('service')}"
        subscribed = [each for each in self.node.naming.subscriptions if each.service == service]
        return json_reply({"count": len(subscribed)})
