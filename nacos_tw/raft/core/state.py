"""
The memory of a core, which its parts (L{election<nacos_tw.raft.core.election>}, L{follower
<nacos_tw.raft.core.follower>}, L{leader<nacos_tw.raft.core.leader>}) share: term, role, log, timers, and the
work that they queue for the driver.
"""

from __future__ import annotations

from collections.abc import Iterable

from nacos_tw.raft.core.election import Election
from nacos_tw.raft.core.follower import Follower
from nacos_tw.raft.core.leader import Leader
from nacos_tw.raft.core.log import Log
from nacos_tw.raft.core.marks import Mark, Marks
from nacos_tw.raft.core.messages import AnyMessage, Configuration, Entry, HardState
from nacos_tw.raft.core.ready import Dice, IncomingChunk, Ready, Role, Timing
from nacos_tw.raft.core.saves import Saves

_NEVER = float("inf")
_DEFAULT = Timing()


class State:
    """
    What a node knows, and the only three ways to change its role. Times are seconds on the driver's
    clock, which never goes back.

    @ivar node: this node's name.
    @ivar deadline: when L{tick} wants to be called next.
    @ivar role, term, vote: as in the paper; C{vote} is "" when there is none.
    @ivar log: the log in memory.
    @ivar config: the configuration in force: the newest in log or snapshot, else the constructor's.
    @ivar commit: the highest index known to be committed.
    @ivar applied_index: the highest index that the state machine has applied.
    @ivar leader_commit: the highest commit index that a leader told.
    @ivar recovering: whether this node lost its log and does not vote until it has caught up.
    @ivar met: term and commit index of the first leader that was heard since this start; None: none was.
    @ivar last_heard: when the leader was last heard.
    @ivar leader_lost: whether the link to the leader closed since.
    @ivar now: when the last input came.
    @ivar rounds, rounds_confirmed: the newest confirmation round this node opened as leader; the newest
        that a majority acknowledged since the last Ready, else 0.
    @ivar leading: the leader's part, while this node leads.
    @ivar resigned: why this node led no more when it last did; "" if it never has.
    @ivar contradiction: what this node holds against its leader's log, as a sentence; "" for nothing. The core has
        stopped then.
    @ivar contradicts_log: whether it is the log that does; else only what was applied from it in an earlier life.
    """

    __slots__ = (
        "_after", "_follower", "_given", "_known", "_leader", "_links", "_marks", "_now_out",
        "_patience", "_reads", "_restoring", "_stopped", "_token", "_wanted", "applied_index", "beats", "chunk",
        "commit", "config", "contradiction", "contradicts_log",
        "deadline", "dirty", "election", "last_heard", "leader_commit", "leader_lost",
        "leading", "log", "max_bytes", "max_inflight", "met", "node", "now", "random", "recovering", "role", "rounds",
        "resigned", "rounds_confirmed", "saves", "term",
        "timing", "vote",
    )  # fmt: skip

    def __init__(
        self,
        node: str,
        config: Configuration,
        hard: HardState,
        log: Log,
        random: Dice,
        now: float,
        timing: Timing = _DEFAULT,
        max_bytes: int = 512 * 1024,
        max_inflight: int = 64,
        commit: int = 0,
        marks: Iterable[Mark] = (),
    ) -> None:
        """
        @param config: in force as long as neither log nor snapshot hold one; a leader moves the
            cluster there, one voter at a time.
        @param hard, log: from this node's disk. The driver has restored the state machine from
            C{log.snapshot}, if there is one.
        @param max_bytes: about how much entry data goes into one message or one C{Ready.committed}.
        @param max_inflight: how many messages with entries may be on their way to one follower.
        @param commit: the highest index that was known to be committed before this start.
        @param marks: entries that parts of the state had applied before this start.
        """
        self.node, self.log, self.random, self.timing = node, log, random, timing
        self.max_bytes, self.max_inflight = max_bytes, max_inflight
        self._wanted = config
        self.config = log.config or config
        self.term, self.vote, self.recovering = hard.term, hard.vote, hard.recovering
        self.saves = Saves(hard, log.last_index)
        self.role = Role.FOLLOWER
        self.resigned = ""
        self._leader = ""
        self.leading: Leader | None = None
        self.commit = self.applied_index = self._given = log.snapshot.index if log.snapshot else 0
        self.contradiction, self.contradicts_log = "", False
        self._marks = Marks(marks)
        if commit > log.last_index:
            commit = 0  # the log has lost its end since, and what is there now may be another's
        self.commit = max(self.commit, commit, self._marks.known(log))
        self.leader_commit = self._restoring = self._token = self.rounds = self.rounds_confirmed = 0
        self.last_heard, self.leader_lost = -_NEVER, False
        self.met: tuple[int, int] | None = None
        self._now_out: list[tuple[str, AnyMessage]] = []
        self._after: list[tuple[str, AnyMessage]] = []
        self._reads: list[tuple[str, int, int]] = []
        self.beats: list[bytes] = []
        self.chunk: IncomingChunk | None = None
        self._links: set[str] = set()
        self.now, self._stopped, self.dirty = now, False, self._given < self.commit
        self._known = (self.role, self.term, self._leader)
        self.election = Election(self)
        self._follower = Follower(self)
        if self.recovering and self.config.voters == (node,):
            self.recovering, self.dirty = False, True  # there is nobody to recover from
        self._patience = self.election.draw()
        # A node that is alone has nobody to wait for.
        self.deadline = now if self.config.voters == (node,) else now + self._patience

    # -- facts

    @property
    def leader(self) -> str | None:
        """The leader of this term, if it is known and was heard of in time."""
        return self._leader or None

    @property
    def may_stand(self) -> bool:
        """
        Whether this node could become leader: it is a voter and not recovering. As long as it does not
        know that it was voted out for good, it stands: its log may be the only one that can win (thesis,
        4.2.2).
        """
        if self.recovering:
            return False
        if self.node in self.config.voters:
            return True
        log, commit = self.log, self.commit
        named = log.named_since(commit, self.node)
        if log.config_at(commit) is None:
            named = named or self.node in self._wanted.voters
        return named and log.config_index > commit

    # -- output

    def ready(self) -> Ready | None:
        """The work that has come up since the last call; None when there is none."""
        if not self.dirty or self._stopped:
            return None
        if self.leading is not None:
            self.leading.flush()
        self.dirty = False
        saves = self.saves
        hard = saves.handed
        changed = hard.term != self.term or hard.vote != self.vote or hard.recovering != self.recovering
        if changed:
            hard = HardState(self.term, self.vote, self.recovering)
        entries = self.log.tail(saves.unsaved) if saves.unsaved <= self.log.last_index else ()
        known = (self.role, self.term, self._leader)
        work = Ready(
            self._token + 1,
            hard if changed else None,
            entries,
            tuple(self._now_out),
            tuple(self._after),
            self._committed(),
            self.chunk,
            tuple(self._reads),
            self.rounds_confirmed,
            tuple(self.beats),
            self.commit,
            known != self._known,
        )
        if changed or entries or self.chunk is not None:
            saves.hand_out(work.token, hard, self.log.last_index, self.now)
        elif (
            not (self._now_out or self._after or work.committed or self._reads or work.confirmed or self.beats)
            and not work.role_changed
        ):
            return None
        self._known = known
        self._emptied()
        return work

    def _emptied(self) -> None:
        self._token += 1
        for queue in (self._now_out, self._after, self._reads, self.beats):
            queue.clear()
        self.chunk = None
        self.rounds_confirmed = 0

    def _committed(self) -> tuple[Entry, ...]:
        if self._given >= self.commit or self._restoring:
            return ()
        entries = self.log.slice(self._given + 1, self.commit, self.max_bytes)
        self._given = entries[-1].index
        if self._given < self.commit:
            self.dirty = True
        return entries

    # -- for the parts of the core (election, follower, leader)

    def send_now(self, peer: str, message: AnyMessage) -> None:
        """Queue a message that promises nothing."""
        self._now_out.append((peer, message))
        self.dirty = True

    def send_saved(self, peer: str, message: AnyMessage) -> None:
        """Queue a message that may leave only when all of the memory of now is on disk."""
        self._after.append((peer, message))
        self.dirty = True

    def want_chunk(self, peer: str, index: int, offset: int) -> None:
        """Have the driver read a piece of the snapshot that ends at C{index}."""
        self._reads.append((peer, index, offset))
        self.dirty = True

    def take_chunk(self, chunk: IncomingChunk) -> None:
        """Queue a piece of the leader's snapshot for the disk; with the last one the log restarts."""
        self.chunk = chunk
        self.dirty = True
        if not chunk.done:
            return
        meta = chunk.meta
        self.saves.restart(meta.index, min(self.commit, self.log.last_index))
        self.log.restart(meta)
        self.commit = self._given = self._restoring = meta.index
        self.log_changed()

    def set_vote(self, candidate: str) -> None:
        """Vote in this term; it is on disk before the answer leaves."""
        self.vote = candidate
        self.dirty = True

    def hear(self, sender: str, now: float) -> bool:
        """The leader of this term was heard; return whether C{sender} can be that."""
        if self.role is not Role.FOLLOWER:
            if self.role is Role.LEADER:
                return False
            self.become_follower(self.term, sender)
        elif sender != self._leader:
            if self._leader:
                return False
            self.become_follower(self.term, sender)
        self.last_heard = now
        if not self.leader_lost:
            # What still comes in after the leader's link closed was sent by a process that is gone.
            self.deadline = now + self._patience
        return True

    def arm(self) -> None:
        """Draw a timeout, and let it begin now."""
        self._patience = self.election.draw()
        self.deadline = self.now + self._patience

    def commit_to(self, index: int) -> None:
        """Everything up to C{index} is committed."""
        if index > self.commit:
            self.commit = min(index, self.log.last_index)
            self.dirty = True
            if self._marks.left:
                self._compare_marks()
        if self.recovering:
            self.check_recovered()

    def _compare_marks(self) -> None:
        """What was applied before this start must be part of what is committed now."""
        other = self._marks.contradicts(self.log, self.commit, self.term)
        if other is not None:
            self.contradict(
                f"entry {other.index} of term {other.term} is part of this node's state, but not of the cluster's log",
                log=False,
            )

    def contradict(self, what: str, *, log: bool = True) -> None:
        """What this node knows to be committed is not what the cluster has now: it takes no part until its driver has
        put that away."""
        self.contradiction, self.contradicts_log = what, log
        self.stop()

    def stop(self) -> None:
        """Never act again: nothing more comes out, whatever goes in."""
        self._stopped = True
        self.leading = None
        self.role = Role.FOLLOWER
        self._leader = ""
        self.deadline = _NEVER
        self.dirty = False

    def log_changed(self) -> None:
        """The log grew or was cut: there is something to save, and a configuration may have come or gone."""
        self.dirty = True
        config = self.log.config or self._wanted
        if config is not self.config:
            self.config = config
            if self.leading is not None:
                self.leading.config_changed()

    def check_recovered(self) -> None:
        """
        A node that lost its log may vote again when it has, on disk, everything that it can have
        acknowledged before: all that its leader had committed when it began to catch up, and an entry
        of that leader's own term, before which nothing can be missing.
        """
        target = self._follower.target
        if 0 <= target <= self.commit <= self.saves.stable and self.log.term(self.commit) == self.term:
            self.recovering = False
            self.dirty = True

    # -- roles

    def become_follower(self, term: int, leader: str, why: str = "") -> None:
        """
        Follow C{leader} ("" when it is not known) in C{term}, which is not below the current one.

        @param why: what ends the lead of a node that leads; kept in L{resigned}.
        """
        led = self.role is Role.LEADER
        if led:
            self.resigned = why
        self._reset(Role.FOLLOWER, term, leader)
        if leader:
            self.election.haste = -1
        if leader or led:
            self.arm()

    def become_candidate(self, *, pre: bool) -> None:
        """Stand for election in the next term; with C{pre} only ask whether that would succeed."""
        if self.role is Role.LEADER:
            raise RuntimeError("a leader cannot stand for election")
        if pre:
            self._reset(Role.PRE_CANDIDATE, self.term, "")
        else:
            self._reset(Role.CANDIDATE, self.term + 1, "")
            self.vote = self.node

    def become_leader(self) -> None:
        """Lead the term for which this node was elected."""
        if self.role is not Role.CANDIDATE:
            raise RuntimeError("only a candidate can become leader")
        self._reset(Role.LEADER, self.term, self.node)
        self.election.haste = -1
        self.leading = Leader(self, self._wanted, self.now)
        self.leading.begin()

    def _reset(self, role: Role, term: int, leader: str) -> None:
        if term > self.term:
            self.term, self.vote = term, ""
            self._follower.reset()
        self.role, self._leader = role, leader
        self.leading = None
        self.leader_lost = False
        self.dirty = True
