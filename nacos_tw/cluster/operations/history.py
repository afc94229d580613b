"""The last ten minutes of all nodes, for the console's charts. Ours, not Nacos's."""

from __future__ import annotations

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.requests import Span
from nacos_tw.metrics.history import History, Story
from nacos_tw.questions import Answering, Others, Question

HISTORY: Question[int, Story] = Question("history", int, Story)
"""What happened at another node in the last seconds."""


class Histories(Operations):
    """What the nodes' L{History} objects kept."""

    __slots__ = ("_history", "_others")

    def __init__(self, history: History, others: Others) -> None:
        self._history = history
        self._others = others

    @operation(Rule("user"))
    async def all(self, caller: Caller, request: Span) -> list[Story]:
        """Of all nodes that answer, this node's first, by this node's clock."""
        others = await self._others.ask_all(HISTORY, request.seconds)
        own = self._history.told(request.seconds)
        return [own, *(story.by_clock(own.now) for story in others)]


def history_questions(history: History) -> dict[str, Answering]:
    """What other nodes may ask."""
    return HISTORY.answered_by(lambda peer, seconds: history.told(seconds))
