"""C{/v3/admin/ai/a2a} and C{/v3/console/ai/a2a}: agents, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.agent_model import AgentCard, AgentVersion, CardDetail
from nacos_tw.ai.agent_requests import AgentWrite, OneAgent
from nacos_tw.ai.jsons import read
from nacos_tw.ai.operations.agents import AgentCards
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.requests import Listing, OfName
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, boolean, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.v3.ai_parameters import blurred, tenant

PREFIXES = "/v3/admin/ai/a2a", "/v3/console/ai/a2a"

NAME = text("agentName", "The agent's name.")
VERSION = text("version", "The version.")
CARD = text("agentCard", "The card, as JSON. Has to be there.")
TYPE = text("registrationType", "How its address is found.", choices=("URL", "SERVICE"))
LATEST = boolean("setAsLatest", "Whether the version becomes the latest.")
SEARCH = text("search", "How names are compared. Has to be there.", choices=("accurate", "blur"))


def agent_name(call: Call) -> str:
    """@raise Lacks: it is not given."""
    name = NAME(call)
    if not name:
        raise Lacks("name")
    return name


def agent_write(call: Call, type_: str) -> AgentWrite:
    """
    A card to be agent_write.

    @raise Lacks, AiInvalid: it is not given, or not as it should be.
    """
    given = CARD(call)
    if not given:
        raise Lacks("agentCard")
    card = read(given, AgentCard, "agentCard")
    return AgentWrite(tenant=tenant(call), name=card.name or "", card=card, type=type_, latest=LATEST(call))


@attrs.frozen
class AgentsV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    agents: AgentCards

    @api(app, "POST", "", does=AgentCards.create, takes=(NAMESPACE, CARD, TYPE), gives="ok")
    async def create(self, call: Call) -> str:
        """Publish an agent that is not there yet."""
        await self.agents.create(call, agent_write(call, TYPE(call) or "URL"))
        return "ok"

    @api(app, "PUT", "", does=AgentCards.update, takes=(NAMESPACE, CARD, TYPE, LATEST), gives="ok")
    async def update(self, call: Call) -> str:
        """Change a version of an agent, or add one."""
        await self.agents.update(call, agent_write(call, TYPE(call)))
        return "ok"

    @api(app, "GET", "", does=AgentCards.card, takes=(NAMESPACE, NAME, VERSION, TYPE), gives="The card")
    def card(self, call: Call) -> CardDetail:
        """One version of an agent's card; the latest one where none is named."""
        request = OneAgent(tenant=tenant(call), name=agent_name(call), version=VERSION(call), type=TYPE(call))
        return self.agents.card(call, request)

    @api(app, "DELETE", "", does=AgentCards.remove, takes=(NAMESPACE, NAME, VERSION), gives="ok")
    async def remove(self, call: Call) -> str:
        """Remove a version of an agent, or all of it; succeeds if it does not exist."""
        await self.agents.remove(call, OneAgent(tenant=tenant(call), name=agent_name(call), version=VERSION(call)))
        return "ok"

    @api(
        app, "GET", "/list", does=AgentCards.page, takes=(NAMESPACE, NAME, SEARCH, PAGE_NO, PAGE_SIZE),
        gives="A page of agents",
    )  # fmt: skip
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the agents of a namespace, each with its versions."""
        if not SEARCH(call):
            raise AiInvalid("search", "choice", "", SEARCH.choices)
        request = Listing(
            tenant=tenant(call), name=NAME(call), blur=blurred(call, SEARCH), number=PAGE_NO(call), size=PAGE_SIZE(call)
        )
        return page_json(self.agents.page(call, request), lambda item: item)

    @api(app, "GET", "/version/list", does=AgentCards.versions, takes=(NAMESPACE, NAME), gives="The versions")
    def versions(self, call: Call) -> list[AgentVersion]:
        """All versions of an agent."""
        return self.agents.versions(call, OfName(tenant=tenant(call), name=agent_name(call)))
