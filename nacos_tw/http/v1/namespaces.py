"""C{/v1/console/namespaces} (docs/spec/config-v1.md#11.1 to #11.6)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, succeed

from nacos_tw.config.configs import Configs
from nacos_tw.config.model import tenant_of
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_reading import needed
from nacos_tw.http.v1.config_replies import console_result
from nacos_tw.http.v1.faces import Millis
from nacos_tw.namespaces import store
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.namespaces.store import QUOTA, Namespace

TRUE = Reply(200, b"true", JSON)
FALSE = Reply(200, b"false", JSON)
LONGEST_DESC = 256


def _outcome(done: Any) -> Reply:
    return TRUE if done else FALSE


@attrs.frozen
class NamespacesV1:
    """
    Namespaces.

    @ivar new_id: makes the id of one that is created without.
    """

    prefix: ClassVar[str] = "/v1/console/namespaces"
    app = Klein()
    guard: Guard
    configs: Configs
    millis: Millis
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())

    @serve(app, "GET", "", needs="user")
    def namespaces(self, call: Call) -> Deferred[Reply]:
        """All of them, the public one first; with C{show=all} one; with C{checkNamespaceIdExist=true} whether it is."""
        if call.params.get("show") == "all":
            return self._one(tenant_of(needed(call, "namespaceId")))
        if call.params.get("checkNamespaceIdExist") == "true":
            number = needed(call, "customNamespaceId")
            if not number:
                return succeed(FALSE)
            return self.configs.query(store.exists, number).addCallback(_outcome)
        found = self.configs.query(store.namespaces)
        return found.addCallback(lambda items: console_result([listed(item) for item in items]))

    def _one(self, number: str) -> Deferred[Reply]:
        def shown(found: Namespace | None) -> Reply:
            if found is None:
                raise BadParameter(f"namespaceId [ {number} ] not exist")
            return json_reply(detail(found))

        return self.configs.query(store.namespace, number).addCallback(shown)

    @serve(app, "POST", "", needs="write:console")
    def create(self, call: Call) -> Deferred[Reply]:
        """Create one; C{false} for an id or a name that cannot be, or an id that is."""
        number, name = needed(call, "customNamespaceId"), needed(call, "namespaceName")
        desc = _desc(call)
        number = number or self.new_id()
        if not store.is_valid_id(number) or not store.is_valid_name(name) or not tenant_of(number):
            return succeed(FALSE)
        return self.configs.write(CreateNamespace(number, name, desc, self.millis())).addCallback(_outcome)

    @serve(app, "PUT", "", needs="write:console")
    def update(self, call: Call) -> Deferred[Reply]:
        """Rename one; C{true} for an unknown one too, and nothing is done."""
        number, name = needed(call, "namespace"), needed(call, "namespaceShowName")
        desc = _desc(call)
        if not store.is_valid_name(name):
            return succeed(FALSE)
        return self.configs.write(UpdateNamespace(number, name, desc, self.millis())).addCallback(_outcome)

    @serve(app, "DELETE", "", needs="write:console")
    def delete(self, call: Call) -> Deferred[Reply]:
        """Remove one, but nothing that is in it."""
        return self.configs.write(DeleteNamespace(needed(call, "namespaceId"))).addCallback(_outcome)


def _desc(call: Call) -> str | None:
    desc = call.params.get("namespaceDesc")
    if desc and len(desc) > LONGEST_DESC:
        raise BadParameter(f"too long namespaceDesc, over {LONGEST_DESC}")
    return desc


def listed(namespace: Namespace) -> dict[str, Any]:
    """A namespace of the list."""
    return {
        "namespace": namespace.id,
        "namespaceShowName": namespace.name,
        "namespaceDesc": namespace.desc,
        "quota": QUOTA,
        "configCount": namespace.configs,
        "type": namespace.kind,
    }


def detail(namespace: Namespace) -> dict[str, Any]:
    """A namespace by itself."""
    found = listed(namespace)
    return {**{name: found[name] for name in found if name != "namespaceDesc"}, "namespaceDesc": namespace.desc}
