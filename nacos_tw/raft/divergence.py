"""
What a node does when its state differs from the cluster's: it reports that, sets its state aside, and begins anew.
"""

from __future__ import annotations

from twisted.logger import Logger

from nacos_tw.raft.applying import Applying
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.store import Store

_OLDER_COPIES = (
    "Nodes were restored from older copies of their folders: writes that were acknowledged are lost to the cluster"
)
_CHANGED = "Something else than the log has changed it: look at this machine's memory and disk"


class Divergence:
    """
    The states of one node that contradicted the cluster's.

    @ivar count: how many there were since the start.
    @ivar due: whether one is still to be put away.
    """

    log = Logger()

    def __init__(self, applying: Applying) -> None:
        self.count = 0
        self.due = False
        self._log_too = False
        self._applying = applying

    def contradicted(self, core: Core) -> str:
        """
        The leader's log is not the one that this node knows to be committed: nodes that had that were restored from
        older copies.

        @param core: has a L{contradiction<Core.contradiction>}.
        @return: the same as a reason why this node is not ready.
        """
        return self._found(core.contradiction, core.contradicts_log, _OLDER_COPIES)

    def differs(self, what: str) -> str:
        """
        The state is not what the log makes of it elsewhere. The log goes, too: its snapshots may hold that state.

        @param what: how it differs.
        @return: the same as a reason why this node is not ready.
        """
        return self._found(what, True, _CHANGED)

    def _found(self, what: str, log_too: bool, cause: str) -> str:
        self.count += 1
        self.due, self._log_too = True, log_too
        reason = f"this node's state contradicts the cluster's and is set aside: {what}"
        self.log.error(
            "raft: {reason}. {cause}. This node keeps its copy for you, and takes over the leader's state",
            reason=reason, cause=cause,
        )  # fmt: skip
        return reason

    def carry_out(self, folder: str, disk: Disk | None) -> None:
        """
        Put away what is due. If that fails halfway it may be called again; the start after a crash finds the rest.

        @param folder: of the log, which is closed.
        @raise nacos_tw.errors.NacosError, OSError: the disk refused.
        """
        if not self.due:
            return
        kept = []
        if self._log_too:
            kept.append(Store.quarantine(folder, disk))
            self._log_too = False
        kept += self._applying.quarantine()
        self.due = False
        places = ", ".join(kept) or "no file: nothing of it was on disk"
        self.log.error("raft: what contradicts the cluster is kept in {places}", places=places)
