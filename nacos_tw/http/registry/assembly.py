"""The registry's port, built from the parts of a node."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IStreamServerEndpoint

from nacos_tw.ai.assembly import AiOperations
from nacos_tw.descriptors import Room
from nacos_tw.http.front import Front
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.registry.answers import RegistryAnswers
from nacos_tw.serving import Listener
from nacos_tw.settings.settings import HttpSettings


def registry_listener(
    does: AiOperations, place: IStreamServerEndpoint, limits: HttpSettings, clock: Any, room: Room
) -> Listener[Front]:
    """
    What listens there.

    @param place: where; C{room}: for connections, shared with the other ports.
    """
    answers = RegistryAnswers(does.mcp_registry)
    return Listener(place, FrontFactory([], "/", limits, clock, pages=answers.answer, room=room))
