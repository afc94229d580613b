"""What can be asked of the registry of agents."""

from __future__ import annotations

from typing import Any

from nacos_tw.ai.agent_model import SERVICE, TYPES, URL, AgentEndpoint, interfaces_of
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.requests import OfName

LONGEST_NAME = 64


class OneAgent(OfName, frozen=True, gc=False, kw_only=True):
    """
    A version of an agent; "" is the latest, of what removes: all of them.

    @ivar type: how its address is found: C{URL}, C{SERVICE}, "" as it is stored.
    """

    version: str = ""
    type: str = ""

    def __post_init__(self) -> None:
        check_type(self.type)

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class AgentWrite(OneAgent, frozen=True, gc=False, kw_only=True):
    """
    A card to be published. C{type} "" keeps what is stored.

    @ivar card: an L{AgentCard<nacos_tw.ai.agent_model.AgentCard>}; C{latest}: whether the version becomes the latest.
    """

    card: Any
    latest: bool = False

    def __post_init__(self) -> None:
        check_type(self.type)
        check_card(self.card, self.type)

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**OfName.details(self), "version": self.card.version}


class AgentEndpoints(OfName, frozen=True, gc=False, kw_only=True):
    """Endpoints that a connection has of a version; none to have them no more."""

    client: str
    version: str
    endpoints: tuple[AgentEndpoint, ...] = ()


def check_type(type_: str) -> None:
    """@raise AiInvalid: it is neither."""
    if type_ and type_ not in TYPES:
        raise AiInvalid("registrationType", "choice", type_, TYPES)


def check_card(card: Any, type_: str) -> None:
    """@raise Lacks, AiInvalid: it lacks something, or the agent cannot be called so."""
    needed = ["name", "version"]
    if not interfaces_of(card):
        needed.append("protocol_version")
        if type_ != SERVICE:
            needed += ["preferred_transport", "url"]
    for field in needed:
        if not getattr(card, field):
            head, _, tail = field.partition("_")
            raise Lacks(f"agentCard.{head}{tail.title()}")
    if len(card.name) > LONGEST_NAME or not all(" " <= char <= "~" for char in card.name):
        raise AiInvalid(
            "agentCard.name", "name" if len(card.name) <= LONGEST_NAME else "length", card.name, LONGEST_NAME
        )


__all__ = ["SERVICE", "URL", "AgentEndpoints", "AgentWrite", "OneAgent"]
