"""The driver: joins the Raft core with the disk, the network, the clock and the state machine.

The core decides, this module does: it hands the core what comes in, and works through each
L{Ready<nacos_tw.raft.core.core.Ready>} in its order: what may go out at once, then what must be on disk
first, then what is committed and can be applied and answered. How commands and beats get to the
leader is in L{nacos_tw.raft.forwarding}, snapshots are in L{nacos_tw.raft.compaction}.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from nacos_tw.errors import Damaged, NacosError, Unavailable
from nacos_tw.interfaces import IStateMachine
from nacos_tw.raft.alarm import Alarm
from nacos_tw.raft.answers import Answers, answer_all
from nacos_tw.raft.applying import Applying
from nacos_tw.raft.compaction import Compaction
from nacos_tw.raft.core.core import Core, IncomingChunk, Role
from nacos_tw.raft.core.log import Log
from nacos_tw.raft.core.messages import Configuration, Entry
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import DirectWriter, Writer
from nacos_tw.raft.divergence import Divergence
from nacos_tw.raft.forwarding import ENTRY_OVERHEAD, Forwarding
from nacos_tw.raft.hashing import Hashing
from nacos_tw.raft.images import Images
from nacos_tw.raft.membership import Membership
from nacos_tw.raft.net import codec
from nacos_tw.raft.net.peers import Peers
from nacos_tw.raft.options import NodeOptions, Random
from nacos_tw.raft.persister import Persister
from nacos_tw.raft.readiness import Readiness
from nacos_tw.raft.reopening import Reopening
from nacos_tw.raft.reporting import NodeFacts, log_role, raft_status
from nacos_tw.raft.restoring import Restoring
from nacos_tw.raft.sessions import Sessions
from nacos_tw.raft.setback import Setback
from nacos_tw.raft.status import RaftStatus
from nacos_tw.timers import guarded, until

SWEEP = 0.25
"""Seconds between looks at what has waited too long."""


class RaftNode:
    """
    One node's part in the replicated log; an L{IProposer<nacos_tw.interfaces.IProposer>}.

    @ivar on_applied: called after entries were applied and before their callers are answered.
    @ivar on_beats: called with the renewed numbers (bytes of an array of C{Q}) on every node.
    @ivar on_role: called when role, term or leader changed.
    @ivar on_ready: called soon after the node came to be in order.
    @ivar on_restored: called soon after it is not L{restoring} any more.
    @ivar hashing: the hashes of the state, where the log asks for them.
    @ivar membership: the members that the log names, and who waits for a change of them.
    @ivar refusal: why a command is not to be taken now; "" if it is.
    @ivar shortage: why writes are refused for the sake of the disk; "" if they are not.
    @ivar damaged_members: the other members that say that they have lost their logs.
    """

    log = Logger()

    def __init__(
        self,
        options: NodeOptions,
        store: Store,
        writer: Writer | DirectWriter,
        machine: IStateMachine,
        clock: IReactorTime,
        random: Random,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """@param seconds: a clock that nobody sets."""
        self.options, self.node = options, options.node
        self.on_applied: Callable[[], None] = lambda: None
        self.on_beats: Callable[[bytes], None] = lambda numbers: None
        self.on_role: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_restored: Callable[[], None] = lambda: None
        self.membership = Membership()
        self.damaged_members: Callable[[], list[str]] = lambda: []
        self.expelled = self.waits_for = ""
        self.shortage: Callable[[], str] = lambda: ""
        self.refusal: Callable[[bytes], str] = lambda command: ""
        self.running = self._ready = self._flush_due = self._draining = False
        self._sessions = Sessions(machine)
        self._writer, self._clock, self._random, self.seconds = writer, clock, random, seconds
        self._peers: Peers | None = None
        self._persister = Persister(writer, self._install, self._persisted)
        self._sweeper: IDelayedCall | None = None
        self._alarm = Alarm(clock, seconds, self._tick)
        self._applying = Applying(self.node, self._sessions)
        self.hashing = Hashing(clock, writer)
        self._applying.on_mark = self.hashing.begin
        self._divergence = Divergence(self._applying)
        self._reopening = Reopening(options, store, writer, self._divergence, clock, self._restore, self._resume)
        self._setback = Setback(writer, lambda: self._reopening.store)
        self._restoring = Restoring(self.reason)
        self._core = self._restore()
        self._session = random.getrandbits(62)
        self._readiness = Readiness(self._core, seconds, options.patience)
        self._paced = Alarm(clock, seconds, self._flush)
        self._forwarding = Forwarding(
            self.node, self._session, self._core, seconds, self._flush_soon, self._paced.set, options.request_timeout
        )
        self._forwarding.on_beats = self._beats
        self._compaction = Compaction(
            self._core, store, writer, self._sessions, options.snapshot_bytes, options.trailing, seconds, self._drain
        )
        self.images = Images(self._compaction, writer, clock, seconds, lambda: self._applying.index, self.reason)

    def _restore(self) -> Core:
        """The state, and a core, from what is on disk."""
        store, options = self._reopening.store, self.options
        self._applying.restore(store)
        log = Log(store.snapshot, store.entries)
        if options.alone:
            self._sessions.align(log.last_index)
        config, now = Configuration(options.voters, members=options.members), self.seconds()
        core = Core(
            self.node, config, store.hard, log, self._random, now, options.timing, max_bytes=options.append_bytes,
            commit=store.commit, marks=self._sessions.marks(),
        )  # fmt: skip
        core.must_wait = options.must_wait
        store.entries = []  # the core's log has them now
        self._restoring.begin(self._applying.index, core.commit)
        self._known = (core.role, core.term, core.leader)
        return core

    @property
    def failure(self) -> str:
        """Why the Raft part has stopped; "" while it works."""
        return self.expelled or self._reopening.failure

    @property
    def peers(self) -> Peers | None:
        """The links to the other nodes; None for a node that stands alone."""
        return self._peers

    @peers.setter
    def peers(self, peers: Peers | None) -> None:
        self._peers = self._forwarding.peers = self._persister.peers = peers

    # -- start and stop

    def start(self) -> None:
        """Begin to take part."""
        self.running = True
        self._reopening.start()
        self._writer.failed = self._disk_failed
        self._sweep()
        self._drain()

    async def hand_over(self, limit: float = 0.5) -> None:
        """Before L{stop}: if this node leads, let another one take over, waiting at most C{limit} seconds. If nobody
        leads, what waits for that fails while callers can still hear it."""
        core = self._core
        if core.leader is None:
            self._abandon(Unavailable("the node is stopping and knows no leader"))
        if core.role is not Role.LEADER or len(core.config.voters) < 2 or not self.transfer(None):
            return
        await until(lambda: self._core.leader not in (None, self.node), self._clock, limit)

    def stop(self) -> None:
        """Take no further part; what still waits fails."""
        self.running = False
        self._reopening.stop()
        self._alarm.cancel()
        self._paced.cancel()
        self.hashing.stop()
        if self._sweeper is not None and self._sweeper.active():
            self._sweeper.cancel()
        self._core.stop()
        self.membership.stop()
        self._abandon(Unavailable("the node is stopping"))

    def close_store(self) -> None:
        """Close the files; after L{stop} and once the writer has ended."""
        self._reopening.store.close()

    # -- IProposer

    @property
    def is_leader(self) -> bool:
        """Whether this node leads now."""
        return self._core.role is Role.LEADER

    @property
    def available(self) -> bool:
        """Whether a leader is known, or its absence is too young to mean anything."""
        if self.expelled or self._reopening.failure:
            return False
        readiness = self._readiness
        return readiness.leaderless_since is None or readiness.led  # the former nearly always, twice for each write

    def propose(self, command: bytes) -> Deferred[Any]:
        """See L{IProposer.propose<nacos_tw.interfaces.IProposer.propose>}."""
        if not self.running or not self.available:
            return fail(Unavailable(self.reason() or "no leader"))
        if refused := self.refusal(command):
            return fail(Unavailable(refused))
        try:
            return self._forwarding.propose(command)
        except NacosError as error:
            return fail(error)

    def watch_taken(self, on_taken: Callable[[Sequence[bytes]], object]) -> None:
        """Called with the commands that this node, as leader, puts into its log."""
        self._forwarding.on_taken = on_taken

    def renew(self, number: int) -> Deferred[None] | None:
        """See L{IProposer.renew<nacos_tw.interfaces.IProposer.renew>}. Without a leader it is counted here only."""
        core = self._core
        if (
            (core.role is Role.LEADER and len(core.config.voters) == 1)
            or self.expelled  # not self.available, which would take one call more for each heartbeat
            or self._reopening.failure
            or (self._readiness.leaderless_since is not None and not self._readiness.led)
        ):
            self._beats(number.to_bytes(8, "little"))
            return None
        return self._forwarding.renew(number)

    def _beats(self, numbers: bytes) -> None:
        try:
            self.on_beats(numbers)
        except Exception:  # as guarded() does; heartbeats come too often for one more call
            self.log.failure("taking note of beats failed")

    def _tell(self, *listeners: Callable[[], None]) -> None:
        """What listens must not keep the log from going on."""
        for listener in listeners:
            guarded(self.log, "a listener of the log", listener)

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        """The reactor's turn is over: send off what it brought."""
        self._flush_due = False
        if not self.running or self.failure:
            return
        self._forwarding.flush()
        if self._core.role is Role.LEADER:
            self._drain()

    # -- from the links

    def frame_received(self, peer: str, frame: Any) -> None:
        """A frame came from another node."""
        if not self.running or self.expelled or self._reopening.failure:
            return
        if type(frame) is codec.RaftFrame:
            self._core.step(peer, frame.message, self.seconds())
            self._drain()
        else:
            self._forwarding.received(peer, frame)

    def peer_connected(self, peer: str) -> None:
        """The link to a peer is up: what it may have missed is sent again."""
        self._core.connected(peer, self.seconds())
        if self.running:
            self._drain()
            if peer == self._core.leader:
                self._forwarding.send_everything()

    def peer_disconnected(self, peer: str) -> None:
        """The link to or from a peer closed."""
        self._core.disconnected(peer, self.seconds())
        if self.running:
            self._drain()

    # -- working through the core's output

    def _drain(self) -> None:
        if self._draining:
            return
        self._draining = True
        answers: Answers = []
        try:
            self._work_off(answers)
        except Exception as error:
            # Some of what the core wanted is not done, and the core believes that it is.
            self.log.failure("raft: a step of the log failed")
            self._applying.doubted = True
            self._disk_failed(error)
        finally:
            self._draining = False
            if self._core.contradiction and not self.failure:
                self._contradicted()
            if self.running:
                self._setback.look(self._core)
                self.membership.look(self._core)
                if not self.expelled and not self._reopening.failure:
                    self._alarm.set(self._core.deadline)
        answer_all(answers)

    def _work_off(self, answers: Answers) -> None:
        core = self._core
        while (ready := core.ready()) is not None:
            self._persister.save(ready)
            for payload in ready.beats:
                self._beats(payload)
            if ready.committed:
                self._apply(ready.committed, answers)
            if ready.confirmed:
                self._forwarding.confirmed(ready.confirmed)
            for peer, index, offset in ready.snapshot_reads:
                self._compaction.send(peer, index, offset)
            if ready.role_changed:
                self._role_changed()

    def _persisted(self) -> None:
        if not self.running or self.failure:
            return
        self._core.persisted(self._persister.finished(), self.seconds())
        self._drain()

    def _apply(self, entries: tuple[Entry, ...], answers: Answers) -> None:
        self._applying.apply(entries, self._forwarding.applied, answers)
        self._core.applied(entries[-1].index)
        try:
            self._sessions.flush()
        except NacosError as error:
            # What was applied is not on disk: nobody is told that it is done.
            unknown = Unavailable(f"{error}; the write may be applied later")
            answers[:] = [(deferred, unknown) for deferred, _ in answers]
            self._disk_failed(error)
            return
        self._tell(self.on_applied)
        self._compaction.applied(self._applying.index, sum([len(entry.data) + ENTRY_OVERHEAD for entry in entries]))

    def _install(self, chunk: IncomingChunk) -> None:
        """Write a chunk of the leader's snapshot; with the last one take over its state."""
        core = self._core

        def written(state: bytes | None) -> None:
            if not self.running or core is not self._core:
                return
            if state is not None:
                self.log.info("raft: took over the leader's snapshot at {index}", index=chunk.meta.index)
                self._applying.take_over(state, chunk.meta)
                self._compaction.took_over(len(state))
                core.applied(chunk.meta.index)
                self._tell(self.on_applied)
                answer_all(self._forwarding.restored(self._sessions))
            self._persisted()

        receiving = self._compaction.receive(chunk).addCallback(written)
        receiving.addErrback(lambda failure: self._disk_failed(failure.value or failure))

    def _role_changed(self) -> None:
        core = self._core
        before, self._known = self._known, (core.role, core.term, core.leader)
        if before == self._known:
            return
        self._readiness.leader_changed()
        log_role(self.log, before, core)
        self._forwarding.leader_changed()
        self._tell(self.on_role)
        if core.leader is not None and (before[1], before[2]) != (core.term, core.leader):
            self._forwarding.send_everything()

    # -- time

    def _tick(self) -> None:
        self._core.tick(self.seconds())
        self._drain()

    def _sweep(self) -> None:
        """What has waited too long fails; without a leader beats are counted here only."""
        self._sweeper = self._clock.callLater(SWEEP, self._sweep)
        self._readiness.look(self._applying.index)
        answer_all(self._forwarding.expired())
        if not self.available:
            self._abandon(Unavailable(self.reason() or "no leader"))
        self._forwarding.retry()
        if not self.failure:
            self._persister.note(self._core.commit)
        ready, self._ready = self._ready, not self.reason()
        if self._ready and not ready:
            self._tell(self.on_ready)
        self._look_whether_restored()
        if news := self._readiness.became_hopeless(self.damaged_members()):
            self.log.error("raft: {why}", why=news)

    def _abandon(self, error: Exception) -> None:
        answers, numbers = self._forwarding.abandon(error)
        if numbers:
            self._beats(numbers)
        answer_all(answers)

    # -- trouble

    def _disk_failed(self, error: BaseException) -> None:
        """The disk refused: nothing of what is under way counts."""
        if self.failure or not self.running:
            return
        self._reopening.disk_failed(error)
        self._core.stop()
        self._halted()

    def _contradicted(self) -> None:
        """The cluster's log is not this node's."""
        self._reopening.diverged(self._divergence.contradicted(self._core))
        self._halted()

    def differs(self, what: str) -> bool:
        """
        This node's state is not that of most members: it is set aside, and the leader's is taken over.

        @param what: how it differs, for the operator.
        @return: False: not now, as this node leads or is stopped already.
        """
        if self.failure or not self.running or self.is_leader:
            return False
        self._core.stop()
        self._reopening.diverged(self._divergence.differs(what))
        self._halted()
        return True

    def _halted(self) -> None:
        self._persister.forget()
        self._tell(lambda: self._abandon(Unavailable(self.failure)), self.on_role)

    @property
    def start_told(self) -> tuple[int, int]:
        """Which start of this node this is, counted on its disk, and the number of its session."""
        return self._reopening.store.boot, self._session

    def remembered(self, peer: str, count: int, term: int) -> None:
        """A peer in that term has seen that many starts of this node, whose own count is not ahead of that."""
        if self.running and not self.failure:
            self._setback.remembered(self._core, peer, count, term, self.seconds())
            self._drain()

    def expel(self, why: str) -> None:
        """This node is no member any more: it takes no part."""
        self.expelled = why
        self._core.stop()
        self._halted()

    def reopen(self, error: Damaged) -> None:
        """A part of the state that is kept on disk turned out to be damaged: begin again with what the log holds."""
        self._disk_failed(error)

    def _resume(self, core: Core) -> None:
        """The log is open again."""
        self._core = self._forwarding.core = self._compaction.core = core
        self._readiness.restarted(core)
        self._compaction.store = self._reopening.store
        for peer in self._links():
            core.connected(peer, self.seconds())
        self._tell(self.on_applied, self.on_role)
        self._drain()

    # -- facts

    def reason(self) -> str:
        """Why this node is not in order, as a sentence; "" when it is."""
        waits = "" if self._core.log.config is not None else self.waits_for
        return (
            self.failure or waits or self._readiness.reason(self._applying.index, self._links, self.damaged_members())
        )

    @property
    def restoring(self) -> bool:
        """Whether this node lacks something that it once had, or that was there before it."""
        self._look_whether_restored()
        return self._restoring.under_way

    def _look_whether_restored(self) -> None:
        if self._restoring.ends(self._applying.index):
            self._clock.callLater(0, self._tell, self.on_restored)

    def _links(self) -> list[str]:
        """The other members that this node can send to."""
        return [name for name in self._core.config.voters if self._peers is not None and self._peers.connected(name)]

    def status(self) -> RaftStatus:
        """What this node knows of the cluster."""
        options, applied = self.options, self._applying.index
        facts = NodeFacts(
            self.node, options.shown or self.node, applied, self.reason() or self.shortage(), self._divergence.count
        )
        return raft_status(facts, self._core, self._peers, self._reopening.store.size_on_disk())

    def sizes(self) -> dict[str, int]:
        """The bytes of the files of the log by kind, see L{Store.sizes}."""
        return self._reopening.store.sizes()

    # -- orders

    def transfer(self, target: str | None) -> bool:
        """Hand leadership to C{target} or the most up-to-date voter; False when this is not possible."""
        done = self._core.transfer(target, self.seconds())
        self._drain()
        return done

    def found(self, config: Configuration, waits_for: str) -> None:
        """With whom a cluster is to begin, as long as the log names no members; C{waits_for}: why not yet, or ""."""
        self.waits_for = waits_for
        self._core.found(config, must_wait=bool(waits_for), now=self.seconds())
        self._drain()

    def change_members(self, config: Configuration) -> Deferred[Configuration] | None:
        """On the leader: see L{Membership.propose}."""
        changing = self.membership.propose(self._core, config, self.seconds())
        self._drain()
        return changing

    @property
    def core(self) -> Core:
        """The rules' part, to be read only: another one after the disk was opened anew."""
        return self._core

    def take_snapshot(self) -> Deferred[Any]:
        """Take a snapshot now; fires when it is saved."""
        return self._compaction.take(self._applying.index)
