"""Whether a node can do its part, as far as the leader and the log are concerned."""

from __future__ import annotations

from collections.abc import Callable, Sized

from nacos_tw.raft.core import Core, Role

FAR_BEHIND = 2000
"""Entries behind the leader from which a node says that it is not ready."""


class Health:
    """Whether one node knows a leader and has caught up with it."""

    def __init__(self, core: Core, seconds: Callable[[], float], patience: float) -> None:
        """@param patience: seconds for which the absence of a leader means nothing."""
        self._seconds = seconds
        self._patience = patience
        self.restarted(core)

    def restarted(self, core: Core) -> None:
        """The node begins with a core that is made from the disk."""
        self._core = core
        self._caught_up, self._catch_up_to = False, 0
        self._leaderless_since: float | None = self._seconds()

    def leader_changed(self) -> None:
        """The core may know another leader, or none, from now on."""
        if self._core.leader is not None:
            self._leaderless_since = None
        elif self._leaderless_since is None:
            self._leaderless_since = self._seconds()

    @property
    def led(self) -> bool:
        """Whether a leader is known, or its absence is too young to mean anything."""
        since = self._leaderless_since
        return since is None or self._seconds() - since < self._patience

    def reason(self, applied: int, links: Callable[[], Sized]) -> str:
        """
        Why the node is not in order, as a sentence; "" when it is.

        @param applied: the index of the last entry that was applied.
        @param links: gives the other voters that it can send to.
        """
        core = self._core
        if core.recovering:
            return "the log was lost and is being fetched from the leader"
        if core.leader is None:
            return f"no leader: {1 + len(links())} of {len(core.config.voters)} nodes are connected"
        if not self._caught_up and not self._catches_up(applied):
            return "the log is not applied yet since the start"
        if core.leader_commit - applied > FAR_BEHIND:
            return f"{core.leader_commit - applied} log entries behind the leader"
        return ""

    def _catches_up(self, applied: int) -> bool:
        """
        Whether what was ever answered is applied: it stands before an entry of this leader's own term, and before
        what it first told.
        """
        core = self._core
        if not self._catch_up_to:
            self._catch_up_to = core.commit if core.role is Role.LEADER else core.leader_commit
        wanted = max(core.commit, self._catch_up_to)
        self._caught_up = bool(self._catch_up_to) and applied >= wanted and core.log.term(core.commit) == core.term
        return self._caught_up
