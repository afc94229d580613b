"""
Raft without I/O: messages, times and proposals go in, work for a driver comes out.

A L{Core} has no thread, socket, file or clock and draws no number that was not passed in. The driver
calls L{Core.step} for each message, L{Core.tick} when L{Core.deadline} has come, L{Core.propose} and
so on, takes L{Core.ready} after each of them, and does what it says, in the order of its fields.
Saves may overlap: a second Ready may come before the first is on disk, as long as saves finish in
order and C{Ready.messages} wait for their own and all earlier ones.

The core's parts are L{Election}, L{Follower} and L{Leader}, which decide; L{Persistence} and L{Delivery}, which keep
count of what the disk and the state machine have; and L{Outbox}, where the next Ready gathers.

Sources: Ongaro and Ousterhout 2014 ("paper"), Ongaro's dissertation ("thesis").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from nacos_tw.raft.core.delivery import Delivery
from nacos_tw.raft.core.election import Election
from nacos_tw.raft.core.follower import Follower
from nacos_tw.raft.core.leader import Leader
from nacos_tw.raft.core.log import Log
from nacos_tw.raft.core.marks import OTHER_STATE, Mark, Marks
from nacos_tw.raft.core.messages import (
    AnyMessage,
    AppendEntries,
    AppendResponse,
    Configuration,
    HardState,
    InstallSnapshot,
    RequestVote,
    SnapshotMeta,
    SnapshotResponse,
    TimeoutNow,
    VoteResponse,
)
from nacos_tw.raft.core.outbox import Outbox
from nacos_tw.raft.core.persistence import Persistence
from nacos_tw.raft.core.progress import Progress
from nacos_tw.raft.core.ready import Dice, IncomingChunk, Ready, Role, Timing

__all__ = ["Core", "IncomingChunk", "Log", "Ready", "Role", "Timing"]

_NEVER = float("inf")
_DEFAULT = Timing()
_NO_PROGRESS: Mapping[str, Progress] = MappingProxyType({})


class Core:
    """
    One node's part in Raft. Times are seconds on the driver's clock, which never goes back.

    @ivar node: this node's name.
    @ivar deadline: when L{tick} wants to be called next.
    @ivar role, term, vote: as in the paper; C{vote} is "" when there is none.
    @ivar log: the log in memory.
    @ivar config: the configuration in force: the newest in log or snapshot, else the constructor's.
    @ivar wanted: the configuration with which a new cluster begins.
    @ivar must_wait: whether a cluster must not begin yet: as long as the log names no members nobody is voted for.
    @ivar commit: the highest index known to be committed.
    @ivar leader_commit: the highest commit index that a leader told.
    @ivar recovering: whether this node lost its log, or a part of it, and does not vote until it has caught up.
    @ivar setback: how it is known, while it recovers, that its disk is an older one; "" where it is not.
    @ivar met: term and commit index of the first leader that was heard since this start; None: none was.
    @ivar last_heard: when the leader was last heard.
    @ivar leader_lost: whether the link to the leader closed since.
    @ivar now: when the last input came.
    @ivar rounds: the newest confirmation round this node opened as leader.
    @ivar persistence, delivery, outbox: see the modules of those names.
    @ivar leading: the leader's part, while this node leads.
    @ivar resigned: why this node led no more when it last did; "" if it never has.
    @ivar contradiction: what this node holds against its leader's log, as a sentence; "" for nothing. The core has
        stopped then.
    @ivar contradicts_log: whether it is the log that does; else only what was applied from it in an earlier life.
    """

    __slots__ = (
        "_leader", "_marks", "_stopped", "commit", "config", "contradiction", "contradicts_log", "deadline", "delivery",
        "dirty", "election", "follower", "must_wait", "last_heard", "leader_commit", "leader_lost", "leading", "log",
        "max_bytes", "max_inflight", "met", "node", "now", "outbox", "persistence", "random", "recovering", "resigned",
        "role", "rounds", "setback", "term", "timing", "vote", "wanted",
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
        @param config: in force as long as neither log nor snapshot hold one.
        @param hard, log: from this node's disk. The driver has restored the state machine from
            C{log.snapshot}, if there is one.
        @param max_bytes: about how much entry data goes into one message or one C{Ready.committed}.
        @param max_inflight: how many messages with entries may be on their way to one follower.
        @param commit: the highest index that was known to be committed before this start.
        @param marks: entries that parts of the state had applied before this start.
        """
        self.node, self.log, self.random, self.timing = node, log, random, timing
        self.max_bytes, self.max_inflight = max_bytes, max_inflight
        self.wanted, self.must_wait = config, False
        self.config = log.config or config
        self.term, self.vote, self.recovering = hard.term, hard.vote, hard.recovering
        self.setback = ""
        self.persistence = Persistence(hard, log.last_index)
        self.role = Role.FOLLOWER
        self.resigned = ""
        self._leader = ""
        self.leading: Leader | None = None
        self.commit = log.snapshot.index if log.snapshot else 0
        self.contradiction, self.contradicts_log = "", False
        self._marks = Marks(marks)
        if commit > log.last_index:
            commit = 0  # the log has lost its end since, and what is there now may be another's
        self.commit = max(self.commit, commit, self._marks.known(log))
        self.leader_commit = self.rounds = 0
        self.last_heard, self.leader_lost = -_NEVER, False
        self.met: tuple[int, int] | None = None
        self.delivery = Delivery(log.snapshot.index if log.snapshot else 0)
        self.outbox = Outbox((self.role, self.term, self._leader))
        self.now, self._stopped, self.dirty = now, False, self.delivery.given < self.commit
        self.election = Election(self)
        self.follower = Follower(self)
        if self.recovering and self.config.voters == (node,):
            self.recovering, self.dirty = False, True  # there is nobody to recover from
        self.election.arm()
        if self.config.voters == (node,):
            self.deadline = now  # there is nobody to wait for

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
        return SnapshotMeta(index, term, self.log.config_at(index) or self.wanted, self.log.leads.until(index))

    @property
    def leader(self) -> str | None:
        """The leader of this term, if it is known and was heard of in time."""
        return self._leader or None

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
            self.follower.on_append(sender, message, now)
        elif isinstance(message, AppendResponse):
            if self.leading is not None:
                self.leading.on_append_response(sender, message, now)
        elif isinstance(message, VoteResponse):
            self.election.on_response(sender, message, now)
        elif isinstance(message, InstallSnapshot):
            self.follower.on_snapshot(sender, message, now)
        elif isinstance(message, SnapshotResponse):
            if self.leading is not None:
                self.leading.on_snapshot_response(sender, message, now)
        elif isinstance(message, TimeoutNow) and sender == self._leader and self.leading is None:
            self.election.take_over(now)

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

        @return: as L{propose}; None also when an earlier change is not committed yet, or no entry of this term is, or
            when more than one voter would come or go.
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

    def persisted(self, token: int, now: float) -> None:
        """Everything of the Ready with that token, and of all before it, is on disk."""
        if self._stopped:
            return
        self.now = now
        if not self.persistence.done(token):
            return
        self.election.own_vote(now)
        if self.leading is not None:
            self.leading.advance()
        if self.recovering:
            self.follower.check_recovered()

    def applied(self, index: int) -> None:
        """The state machine has applied the log up to C{index}, or was restored from a snapshot of it."""
        if self.delivery.applied(index):
            self.dirty = True

    def snapshot_taken(self, meta: SnapshotMeta, first: int) -> None:
        """The driver saved a snapshot of its own; entries before C{first} may be forgotten."""
        newest = self.log.snapshot.index if self.log.snapshot else 0
        if self._stopped or not newest < meta.index <= self.commit or self.log.term(meta.index) != meta.term:
            return
        self.log.compact(meta, min(first, self.persistence.unsaved, self.delivery.given + 1))
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
        if self.leading is not None:
            self.leading.connected(peer)
        self.election.connected(peer, now)

    def disconnected(self, peer: str, now: float) -> None:
        """The link to a peer closed. If it is the leader, its process has probably died."""
        if self._stopped:
            return
        self.now = now
        if self.leading is not None:
            self.leading.disconnected(peer)
        self.election.disconnected(peer, now)

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

    # -- output

    def ready(self) -> Ready | None:
        """The work that has come up since the last call; None when there is none."""
        if not self.dirty or self._stopped:
            return None
        if self.leading is not None:
            self.leading.flush()
        persistence, outbox, log = self.persistence, self.outbox, self.log
        hard = persistence.handed
        changed = hard.term != self.term or hard.vote != self.vote or hard.recovering != self.recovering
        if changed:
            hard = HardState(self.term, self.vote, self.recovering)
        entries = log.tail(persistence.unsaved) if persistence.unsaved <= log.last_index else ()
        committed = self.delivery.next(log, self.commit, self.max_bytes)
        self.dirty = self.delivery.more(self.commit)
        if changed or entries or outbox.chunk is not None:
            persistence.hand_out(outbox.token, hard, log.last_index, self.now)
        known = (self.role, self.term, self._leader)
        return outbox.take(hard if changed else None, entries, committed, self.commit, known)

    # -- for the parts of the core (election, follower, leader)

    def send_now(self, peer: str, message: AnyMessage) -> None:
        """Queue a message that promises nothing."""
        self.outbox.at_once.append((peer, message))
        self.dirty = True

    def send_persisted(self, peer: str, message: AnyMessage) -> None:
        """Queue a message that may leave only when all of the memory of now is on disk."""
        self.outbox.after_persist.append((peer, message))
        self.dirty = True

    def set_vote(self, candidate: str) -> None:
        """Vote in this term; it is on disk before the answer leaves."""
        self.vote = candidate
        self.dirty = True

    def commit_to(self, index: int) -> None:
        """Everything up to C{index} is committed."""
        if index > self.commit:
            self.commit = min(index, self.log.last_index)
            self.dirty = True
            other = self._marks.contradicts(self.log, self.commit, self.term) if self._marks.left else None
            if other is not None:
                self.contradict(OTHER_STATE.format(mark=other), log=False)
        if self.recovering:
            self.follower.check_recovered()

    def contradict(self, what: str, *, log: bool = True) -> None:
        """What this node knows to be committed is not what the cluster has now: it takes no part until its driver has
        put that away."""
        self.contradiction, self.contradicts_log = what, log
        self.stop()

    def went_back(self, why: str, term: int, now: float) -> bool:
        """
        This node's disk is an older one: what it acknowledged since, and for whom it voted, is forgotten. From now on
        it is as one that lost its log.

        @param why: how that is known, as a part of a sentence.
        @param term: of who knows it. The term is forgotten, too, and a leader of before it must not be followed: the
            entries that this node acknowledged since are not in its log.
        @return: False: there is nobody to recover from; or it leads already, by an entry of its own term: what could
            be prevented has happened, and nobody would lead if this node did not.
        """
        if self._stopped or self.config.voters == (self.node,):
            return False
        if self.leading is not None and self.log.term(self.commit) == self.term:
            return False
        if not self.recovering:
            self.now, self.recovering, self.setback = now, True, why
            self.met, self.follower.target = None, -1
            self.dirty = True
        if term > self.term or self.role is not Role.FOLLOWER:
            self.become_follower(max(term, self.term), "", f"its disk is an older one: {why}")
            self.election.arm()
        return True

    def stop(self) -> None:
        """Never act again: nothing more comes out, whatever goes in."""
        self._stopped = True
        self.leading = None
        self.role = Role.FOLLOWER
        self._leader = ""
        self.deadline = _NEVER
        self.dirty = False

    def found(self, config: Configuration, *, must_wait: bool, now: float) -> None:
        """With whom a cluster is to begin, and whether not yet. Says nothing once the log names its members."""
        self.now = now
        if self.log.config is None:
            hurry = self.must_wait and not must_wait
            self.wanted = self.config = config
            self.must_wait = must_wait
            if hurry:
                self.election.hurry(now)

    def log_changed(self) -> None:
        """The log grew or was cut: there is something to save, and a configuration may have come or gone."""
        self.dirty = True
        config = self.log.config or self.wanted
        if config is not self.config:
            self.config = config
            if self.leading is not None:
                self.leading.config_changed()

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
            self.election.arm()

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
        self.leading = Leader(self, self.now)
        self.leading.begin()

    def _reset(self, role: Role, term: int, leader: str) -> None:
        if term > self.term:
            self.term, self.vote = term, ""
            self.follower.reset()
        self.role, self._leader = role, leader
        self.leading = None
        self.leader_lost = False
        self.dirty = True
