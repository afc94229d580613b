"""Changes of the members, as the driver sees them: one entry of the log each, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw.errors import Unavailable
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import Configuration
from nacos_tw.timers import guarded

Waiting = tuple[int, int, "Deferred[Configuration]"]
"""Index and term of the entry, and who waits for it to be committed."""


class Membership:
    """
    The members that one node's log names.

    @ivar changed: called with the configuration and whether the log has it (a new cluster's list is the operator's): at
        the start, and whenever it is another one.
    """

    log = Logger()

    def __init__(self) -> None:
        self.changed: Callable[[Configuration, bool], None] = lambda config, begun: None
        self._told: tuple[Configuration, bool] | None = None
        self._waiting: list[Waiting] = []

    def propose(self, core: Core, config: Configuration, now: float) -> Deferred[Configuration] | None:
        """
        Append a configuration on the leader.

        @return: fires when it is committed; fails with Unavailable when this node leads no more. None: it cannot be
            appended now, see L{Core.propose_config}.
        """
        at = core.propose_config(config, now)
        if at is None:
            return None
        waiting: Deferred[Configuration] = Deferred()
        self._waiting.append((*at, waiting))
        return waiting

    def look(self, core: Core) -> None:
        """The core may have got further."""
        begun = core.log.config is not None
        if self._told is None or self._told[0] is not core.config or self._told[1] is not begun:
            self._told = core.config, begun
            guarded(self.log, "a listener of the members", lambda: self.changed(core.config, begun))
        for each in self._waiting[:]:
            index, term, waiting = each
            if index <= core.commit and core.log.term(index) in (term, None):
                self._waiting.remove(each)
                waiting.callback(core.config)
            elif core.term != term or core.leading is None:
                self._waiting.remove(each)
                waiting.errback(Unavailable("this node leads no more; the change may be made later, or not"))

    def stop(self) -> None:
        """Nobody is told any more."""
        waiting, self._waiting = self._waiting, []
        for _, _, each in waiting:
            each.errback(Unavailable("the node is stopping"))
