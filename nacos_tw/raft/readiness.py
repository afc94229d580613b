"""Whether a node can do its part, as far as the leader and the log are concerned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sized

from nacos_tw.raft.core.core import Core, Role

BEHIND = 2.0
"""Seconds by which what a node has applied may be behind what the leader had committed."""
STALL = 2.0
"""Seconds without a look at the clock after which the process counts as having stood still."""
DOUBT = 2.0
"""Seconds after that for which what comes over the links may be older than it looks: it was sent meanwhile."""


class Readiness:
    """Whether one node knows a leader and has caught up with it."""

    def __init__(self, core: Core, seconds: Callable[[], float], patience: float) -> None:
        """@param patience: seconds for which the absence of a leader means nothing."""
        self._seconds = seconds
        self._patience = patience
        self._hopeless = ""
        self.restarted(core)

    def restarted(self, core: Core) -> None:
        """The node begins with a core that is made from the disk."""
        self._core = core
        self._caught_up, self._catch_up_to = False, 0
        self.leaderless_since: float | None = self._seconds()
        self._looked = self._seconds()
        self._woken: float | None = None
        self._behind: tuple[int, float] | None = None

    def leader_changed(self) -> None:
        """The core may know another leader, or none, from now on. What it missed without one is not known."""
        if self._core.leader is None:
            if self.leaderless_since is None:
                self.leaderless_since = self._seconds()
        elif self.leaderless_since is not None:
            self.leaderless_since = None
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._caught_up, self._catch_up_to, self._behind = False, 0, None

    def look(self, applied: int) -> None:
        """
        Note how far the node is. Called at least each second while the process runs.

        @param applied: the index of the last entry that was applied.
        """
        now = self._seconds()
        if now - self._looked > STALL and len(self._core.config.voters) > 1:
            self._woken = now
            self._begin_anew()
        elif self._woken is not None and now - self._woken > DOUBT:
            self._woken = None
            self._begin_anew()
        self._looked = now
        if self._behind is not None and applied < self._behind[0]:
            return
        committed = self._committed()
        self._behind = (committed, now) if committed > applied else None

    def _committed(self) -> int:
        """The last index that the leader is known to have committed."""
        core = self._core
        return core.commit if core.role is Role.LEADER else core.leader_commit

    @property
    def led(self) -> bool:
        """Whether a leader is known, or its absence is too young to mean anything."""
        since = self.leaderless_since
        return since is None or self._seconds() - since < self._patience

    def hopeless(self, damaged: Collection[str]) -> str:
        """
        Why no leader can be elected, whoever comes back; "" if one can be.

        @param damaged: the other members that say that they have lost their logs, or a part of them.
        """
        core = self._core
        own = [core.node] if core.recovering else []
        lost = sorted({*damaged, *own}.intersection(core.config.voters))
        if core.leader is not None or 2 * len(lost) < len(core.config.voters) or not lost:
            return ""
        return (
            f"no leader can be elected: the logs of {len(lost)} of {len(core.config.voters)} members are damaged or "
            f"older than they were ({', '.join(lost)}), and those do not vote; see nacos-tw recover"
        )

    def became_hopeless(self, damaged: Collection[str]) -> str:
        """L{hopeless}, when it is another than when this was last called; else ""."""
        before, self._hopeless = self._hopeless, self.hopeless(damaged)
        return self._hopeless if self._hopeless != before else ""

    def reason(self, applied: int, links: Callable[[], Sized], damaged: Collection[str] = ()) -> str:
        """
        Why the node is not in order, as a sentence; "" when it is.

        @param applied: the index of the last entry that was applied.
        @param links: gives the other voters that it can send to.
        @param damaged: see L{hopeless}.
        """
        core = self._core
        self.look(applied)
        if hopeless := self.hopeless(damaged):
            return hopeless
        if core.setback and core.leader is None:
            return "this node's disk has gone back to an older state; no leader is known to fetch what it lacks from"
        if core.setback:
            return "this node's disk has gone back to an older state; what it lacks is being fetched from the leader"
        if core.recovering:
            if core.leader is None:
                return "the log of this node was damaged and set aside; no leader is known to fetch it from"
            return "the log of this node was lost and is being fetched from the leader"
        if core.leader is None:
            return f"no leader: {1 + len(links())} of {len(core.config.voters)} nodes are connected"
        if not self._caught_up and not self._catches_up(applied):
            return "the log is not applied yet since the start, or since there was no leader"
        if self._woken is not None:
            return "this node stood still, and does not know yet what it missed"
        if self._behind is not None and self._looked - self._behind[1] > BEHIND:
            return f"{self._committed() - applied} log entries behind the leader"
        return ""

    def _catches_up(self, applied: int) -> bool:
        """
        Whether what was ever answered is applied: it stands before an entry of this leader's own term, and before
        what it first told.
        """
        core = self._core
        if not self._catch_up_to:
            self._catch_up_to = self._committed()
        wanted = max(core.commit, self._catch_up_to)
        self._caught_up = bool(self._catch_up_to) and applied >= wanted and core.log.term(core.commit) == core.term
        return self._caught_up
