"""
Where members are, asked of those that a node reaches while it finds no leader. Two that have moved know each other's
old address only, if neither has read of it in its log; and who has been away may know few of those who are members now.
"""

from __future__ import annotations

from twisted.application import service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw.membership import Group
from nacos_tw.questions import Answering, Others, Question
from nacos_tw.raft.net.roster import Told
from nacos_tw.timers import Periodic

LOOK = 1.0
"""Seconds between two looks at whether to ask."""
WHEREABOUTS: Question[tuple[()], Told] = Question("whereabouts", tuple[()], Told, "msgpack")
"""With whom does that node have links, and where are they? Older versions do not know the question."""


class Whereabouts(service.MultiService):
    """Asks for one node, and answers."""

    def __init__(self, group: Group, others: Others, clock: IReactorTime) -> None:
        """@param group: this is started and stopped with it."""
        super().__init__()
        self._group = group
        self._others = others
        Periodic(clock, LOOK, self._look).setServiceParent(self)
        self.setServiceParent(group)

    def questions(self) -> dict[str, Answering]:
        """What other nodes ask."""
        return WHEREABOUTS.answered_by(lambda peer, asked: self._group.linked(peer))

    def _look(self) -> Deferred[None] | None:
        return Deferred.fromCoroutine(self._ask()) if self._group.seeks else None

    async def _ask(self) -> None:
        for told in await self._others.ask_all(WHEREABOUTS, ()):
            if self._group.seeks:
                self._group.told(told)
