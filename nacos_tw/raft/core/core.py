"""
Raft without I/O: messages, times and proposals go in, work for a driver comes out.

A L{Core} has no thread, socket, file or clock and draws no number that was not passed in. The driver
calls L{Core.step} for each message, L{Core.tick} when L{Core.deadline} has come, L{Core.propose} and
so on, takes L{Core.ready} after each of them, and does what it says, in the order of its fields.
Saves may overlap: a second Ready may come before the first is on disk, as long as saves finish in
order and C{Ready.messages} wait for their own and all earlier ones.

Sources: Ongaro and Ousterhout 2014 ("paper"), Ongaro's dissertation ("thesis").
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nacos_tw.raft.core.log import Log
from nacos_tw.raft.core.messages import (
    AnyMessage,
    AppendEntries,
    AppendResponse,
    Configuration,
    InstallSnapshot,
    RequestVote,
    SnapshotMeta,
    SnapshotResponse,
    TimeoutNow,
    VoteResponse,
)
from nacos_tw.raft.core.progress import Progress
from nacos_tw.raft.core.quorum import majority
from nacos_tw.raft.core.ready import IncomingChunk, Ready, Role, Timing
from nacos_tw.raft.core.state import State

__all__ = ["Core", "IncomingChunk", "Log", "Ready", "Role", "Timing"]

_NO_PROGRESS: Mapping[str, Progress] = MappingProxyType({})


class Core(State):
    """One node's part in Raft, as its driver sees it: facts and inputs here, L{ready<State.ready>} for
    the output. Times are seconds on the driver's clock, which never goes back."""

    __slots__ = ()

    # -- facts

    @property
    def last_index(self) -> int:
        """The last index of the log in memory."""
        return self.log.last_index

    @property
    def progress(self) -> Mapping[str, Progress]:
        """How far the others are, as the leader sees it; empty on other nodes."""
        return self.leading.progress if self.leading is not None else _NO_PROGRESS

    @property
    def sending_snapshot(self) -> bool:
        """Whether a snapshot is on its way to somebody: replacing it now would start that anew."""
        return self.leading is not None and self.leading.sending_snapshot

    def has_lease(self, now: float) -> bool:
        """Whether this node leads and a majority answered within the election timeout."""
        return self.leading is not None and self.leading.has_lease(now)

    def snapshot_meta(self, index: int) -> SnapshotMeta | None:
        """What to save with a snapshot of the state after C{index}; None when the log does not reach
        there (any more)."""
        term = self.log.term(index)
        newest = self.log.snapshot.index if self.log.snapshot else 0
        if term is None or not newest < index <= self.commit:
            return None
        return SnapshotMeta(index, term, self.log.config_at(index) or self._wanted, self.log.leads.until(index))

    # -- inputs

    def step(self, sender: str, message: AnyMessage, now: float) -> None:
        """Take a message from a peer. Whatever makes no sense is ignored, nothing is raised."""
        if self._stopped or sender == self.node:
            return
        self.now = now
        if isinstance(message, RequestVote):
            self.election.on_request(sender, message, now)
        elif message.term == self.term or self._admit(sender, message):
            self._take(sender, message, now)

    def _admit(self, sender: str, message: AnyMessage) -> bool:
        """Settle terms with a message of another one; return whether it is to be looked at."""
        if message.term < self.term:
            if isinstance(message, (AppendEntries, InstallSnapshot)):
                # A leader of the past learns of the present.
                self.send_now(sender, AppendResponse(self.term, False, 0, 0))
            return False
        if not (isinstance(message, VoteResponse) and message.granted and message.pre):
            self.become_follower(message.term, "", f"{sender} is in the newer term {message.term}")
        return True

    def _take(self, sender: str, message: AnyMessage, now: float) -> None:
        if isinstance(message, AppendEntries):
            self._follower.on_append(sender, message, now)
        elif isinstance(message, AppendResponse):
            if self.leading is not None:
                self.leading.on_append_response(sender, message, now)
        elif isinstance(message, VoteResponse):
            self.election.on_response(sender, message, now)
        elif isinstance(message, InstallSnapshot):
            self._follower.on_snapshot(sender, message, now)
        elif isinstance(message, SnapshotResponse):
            if self.leading is not None:
                self.leading.on_snapshot_response(sender, message, now)
        elif isinstance(message, TimeoutNow) and sender == self._leader and self.may_stand and self.leading is None:
            self.election.stand(now, pre=False, transfer=True)

    def tick(self, now: float) -> None:
        """Time has passed; to be called when C{deadline} has come."""
        if self._stopped or now < self.deadline:
            return
        self.now = now
        if self.leading is not None:
            self.leading.tick(now)
        else:
            self.election.timeout(now)

    def propose(self, data: bytes, now: float) -> tuple[int, int] | None:
        """
        Append a command.

        @return: index and term of its entry: it is committed if and when an entry with both comes
            in C{Ready.committed}. None when this node does not lead or is handing over.
        """
        if self.leading is None:
            return None
        self.now = now
        return self.leading.propose(data)

    def propose_config(self, config: Configuration, now: float) -> tuple[int, int] | None:
        """
        Append a configuration; it acts at once.

        @return: as L{propose}; None also when an earlier change is not committed yet, or when more
            than one voter would come or go.
        """
        if self.leading is None:
            return None
        self.now = now
        return self.leading.propose_config(config)

    def confirm(self, payload: bytes, now: float) -> int | None:
        """
        Open a confirmation round: C{payload} goes to the others with the next message, and once a
        majority has acknowledged it, C{Ready.confirmed} reaches the round's number.

        @return: the number, higher than any before on this node; None when this node does not lead.
        """
        if self.leading is None:
            return None
        self.now = now
        return self.leading.confirm(payload)

    def saved(self, token: int, now: float) -> None:
        """Everything of the Ready with that token, and of all before it, is on disk."""
        if self._stopped:
            return
        self.now = now
        if not self.saves.done(token):
            return
        self.election.own_vote(now)
        if self.leading is not None:
            self.leading.advance()
        if self.recovering:
            self.check_recovered()

    def applied(self, index: int) -> None:
        """The state machine has applied the log up to C{index}, or was restored from a snapshot of it."""
        self.applied_index = max(self.applied_index, index)
        if self._restoring and index >= self._restoring:
            self._restoring = 0
            self.dirty = True

    def snapshot_taken(self, meta: SnapshotMeta, first: int) -> None:
        """The driver saved a snapshot of its own; entries before C{first} may be forgotten."""
        newest = self.log.snapshot.index if self.log.snapshot else 0
        if self._stopped or not newest < meta.index <= self.commit or self.log.term(meta.index) != meta.term:
            return
        self.log.compact(meta, min(first, self.saves.unsaved, self._given + 1))
        if self.leading is not None:
            self.leading.snapshot_replaced()

    def send_chunk(self, peer: str, meta: SnapshotMeta, offset: int, data: bytes, done: bool, now: float) -> None:
        """The answer to C{Ready.snapshot_reads}: bytes of the snapshot C{meta} at C{offset} for a peer."""
        if self.leading is not None:
            self.now = now
            self.leading.send_chunk(peer, InstallSnapshot(self.term, meta, offset, data, done))

    def connected(self, peer: str, now: float) -> None:
        """The link to a peer came up."""
        if self._stopped:
            return
        self.now = now
        self._links.add(peer)
        if self.leading is not None:
            self.leading.connected(peer)
            return
        if peer == self._leader:
            self.leader_lost = False
        voters = self.config.voters
        if self._leader or self.role is Role.CANDIDATE or peer not in voters:
            if self.role is Role.CANDIDATE and peer in voters and peer not in self.election.votes:
                self.election.ask(peer)
            return
        reachable = sum(voter in self._links for voter in voters if voter != self.node) + 1
        if reachable >= majority(len(voters)):
            self.election.hurry(now)

    def disconnected(self, peer: str, now: float) -> None:
        """The link to a peer closed. If it is the leader, its process has probably died."""
        self._links.discard(peer)
        if self._stopped:
            return
        self.now = now
        if self.leading is not None:
            self.leading.disconnected(peer)
        elif peer == self._leader:
            self.leader_lost = True
            self.election.hurry(now)

    def transfer(self, target: str | None, now: float) -> bool:
        """
        Hand over the lead: no more proposals are taken until C{target} leads or the election timeout
        has passed.

        @param target: a voter; None for the one that is furthest.
        @return: whether it was begun (or is under way).
        """
        if self.leading is None:
            return False
        self.now = now
        return self.leading.transfer(target, now)
