"""AgentSpecs, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.agentspec_package import AGENTSPEC, AgentSpec
from nacos_tw.ai.operations.agentspecs import AgentSpecs
from nacos_tw.ai.problems import UpToDate
from nacos_tw.ai.requests import Listing
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, text
from nacos_tw.http.api.results import page_json, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_packages import (
    CLIENTS_NAME,
    LABEL,
    MD5,
    VERSION,
    PackagesV3,
    headers,
    package_routes,
    query_of,
)
from nacos_tw.http.v3.ai_parameters import tenant

CLIENT = "/v3/client/ai/agentspecs"
PREFIXES = "/v3/admin/ai/agentspecs", "/v3/console/ai/agentspecs"

NAME = text("agentSpecName", "The AgentSpec's name.")
CARD = text("agentSpecCard", "The AgentSpec, as JSON.")
KEYWORD = text("keyword", "What the name or the description holds.")


@attrs.frozen
class ClientAgentSpecsV3:
    """For clients."""

    prefix: ClassVar[str] = CLIENT
    app = Klein()
    guard: Guard
    agentspecs: AgentSpecs

    @api(
        app, "GET", "", does=AgentSpecs.content, takes=(NAMESPACE, CLIENTS_NAME, VERSION, LABEL, MD5), gives="It"
    )  # fmt: skip
    def agentspec(self, call: Call) -> Reply:
        """An AgentSpec: of a version, by a label, or the latest one."""
        request = query_of(call)
        try:
            thing, row, found = self.agentspecs.content(call, request)
        except UpToDate:
            return Reply(304, b"", headers=headers(b"AgentSpec", request.md5))
        found.biz_tags = thing.biz_tags
        answer = result(found)
        return Reply(answer.status, answer.body, answer.content_type, headers(b"AgentSpec", row.md5, row.version))

    @api(
        app, "GET", "/search", does=AgentSpecs.shown, takes=(NAMESPACE, KEYWORD, PAGE_NO, PAGE_SIZE), gives="A page"
    )  # fmt: skip
    def search(self, call: Call) -> dict[str, Any]:
        """A page of the AgentSpecs that clients get, by what their name or description holds."""
        namespace = tenant(call)
        request = Listing(tenant=namespace, name=KEYWORD(call), number=PAGE_NO(call), size=PAGE_SIZE(call))
        return page_json(
            self.agentspecs.shown(call, request),
            lambda thing: {
                "namespaceId": namespace or "public",
                "name": thing.name,
                "description": thing.description,
                "bizTags": thing.biz_tags,
                "updateTime": thing.update_time,
            },
        )


class AgentSpecsV3(PackagesV3[AgentSpec]):
    """What operators and browsers ask alike. Built for each of them."""

    app: ClassVar[Klein] = package_routes(NAME, CARD, "an AgentSpec")

    def __init__(self, prefix: str, guard: Guard, agentspecs: AgentSpecs) -> None:
        super().__init__(prefix, guard, AGENTSPEC, agentspecs)
