"""C{/v1/ns/api/allDomNames}, the one route of 1.4's oldest API that no other area has (docs/spec/naming-v1.md#18)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.naming.model import split_name
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.requests import Search
from nacos_tw.push.agents import agent_version

OLD_DNS = (1, 0, 1)
"""The last version of Nacos-DNS that wants a bare array."""


@attrs.frozen
class LegacyV1:
    """Names of all services."""

    prefix: ClassVar[str] = "/v1/ns/api"
    app = Klein()
    guard: Guard
    services: Services

    @serve(app, "GET", "/allDomNames", needs=rule_of(Services.search))
    def all_dom_names(self, call: Call) -> Reply:
        """All bare names by namespace; for an old Nacos-DNS those of the public one."""
        found = self.services.search(call, Search("", ""))
        names = {namespace: [split_name(name)[1] for name in grouped] for namespace, grouped in found.items()}
        doms: Any = names
        agent = call.agent
        if agent.startswith("Nacos-DNS") and agent_version(agent) <= OLD_DNS:
            doms = names.get("public", [])
        return json_reply({"count": sum(map(len, names.values())), "doms": doms})
