"""C{/v1/console/namespaces} (docs/spec/config-v1.md#11.1 to #11.6)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.operations import rule_of
from nacos_tw.config.model import tenant_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_reading import needed
from nacos_tw.http.v1.config_replies import console_result
from nacos_tw.namespaces.model import QUOTA, Namespace
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.namespaces.problems import NamespaceRefused
from nacos_tw.namespaces.requests import All, NewNamespace, OneNamespace, Renaming

TRUE = Reply(200, b"true", JSON)
FALSE = Reply(200, b"false", JSON)


def _outcome(done: Any) -> Reply:
    return TRUE if done else FALSE


@attrs.frozen
class NamespacesV1:
    """Namespaces."""

    prefix: ClassVar[str] = "/v1/console/namespaces"
    app = Klein()
    guard: Guard
    namespaces: Namespaces

    @serve(app, "GET", "", needs=rule_of(Namespaces.all))
    def get_namespaces(self, call: Call) -> Deferred[Reply]:
        """All namespaces; with C{show=all} one of them; with C{checkNamespaceIdExist=true} whether it exists."""
        if call.params.get("show") == "all":
            number = tenant_of(needed(call, "namespaceId"))
            return self.namespaces.detail(call, OneNamespace(number)).addCallback(lambda one: json_reply(detail(one)))
        if call.params.get("checkNamespaceIdExist") == "true":
            number = needed(call, "customNamespaceId")
            if not number:
                return succeed(FALSE)
            return self.namespaces.exists(call, OneNamespace(number)).addCallback(_outcome)
        found = self.namespaces.all(call, All())
        return found.addCallback(lambda items: console_result([listed(item) for item in items]))

    @serve(app, "POST", "", needs=rule_of(Namespaces.create))
    def create(self, call: Call) -> Deferred[Reply]:
        """Create a namespace; C{false} for an id or a name that is not allowed, or an id that is taken."""
        number, name = needed(call, "customNamespaceId"), needed(call, "namespaceName")
        try:
            request = NewNamespace(number, name, call.params.get("namespaceDesc"))
        except NamespaceRefused:
            return succeed(FALSE)
        return self.namespaces.create(call, request).addCallback(_outcome)

    @serve(app, "PUT", "", needs=rule_of(Namespaces.update))
    def update(self, call: Call) -> Deferred[Reply]:
        """Rename a namespace; C{true} also if it does not exist, and nothing is done."""
        number, name = needed(call, "namespace"), needed(call, "namespaceShowName")
        try:
            request = Renaming(number, name, call.params.get("namespaceDesc"))
        except NamespaceRefused:
            return succeed(FALSE)
        return self.namespaces.update(call, request).addCallback(_outcome)

    @serve(app, "DELETE", "", needs=rule_of(Namespaces.delete))
    def delete(self, call: Call) -> Deferred[Reply]:
        """Remove a namespace, but nothing that is in it."""
        return self.namespaces.delete(call, OneNamespace(needed(call, "namespaceId"))).addCallback(_outcome)


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
