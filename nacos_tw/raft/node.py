"""The driver: joins the Raft core with the disk, the network, the clock and the state machine.

The core decides, this module does: it hands the core what comes in, and works through each
L{Ready<nacos_tw.raft.core.Ready>} in its order: what may go out at once, then what must be on disk
first, then what is committed and can be applied and answered.

Commands of this node, whichever node leads: L{RaftNode.propose} puts them into an open batch; at
the end of the reactor's turn the batch becomes one log entry (on the leader) or one frame to the
leader. The Deferreds fire when this node applies the entry, so a read after a write on the same
node sees it. After a change of leader or of the connection to it all unanswered commands are sent
again, in order; L{Sessions} applies them once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import StoreDamaged, TimedOut, Unavailable
from nacos_tw.interfaces import IStateMachine
from nacos_tw.raft import codec
from nacos_tw.raft.core import Core, IncomingChunk, Ready, Role, Timing
from nacos_tw.raft.log import Log
from nacos_tw.raft.messages import COMMAND, AnyMessage, Configuration, Entry, SnapshotMeta
from nacos_tw.raft.peers import Peers
from nacos_tw.raft.proposals import Proposals
from nacos_tw.raft.renewals import Renewals
from nacos_tw.raft.sessions import BOOT_SHIFT, Sessions, encode_batch
from nacos_tw.raft.status import PeerStatus, RaftStatus
from nacos_tw.raft.store import Store
from nacos_tw.raft.writer import DirectWriter, Writer

SWEEP = 0.25
"""Seconds between looks at what has waited too long."""
CHUNK = 1024 * 1024
"""Bytes of a snapshot in one message."""
FAR_BEHIND = 2000
"""Entries behind the leader from which a node says that it is not ready."""


@attrs.frozen
class NodeOptions:
    """What a node's Raft part is given; times in seconds, sizes in bytes."""

    node: str
    voters: tuple[str, ...]
    folder: str
    shown: str = ""
    """What L{RaftNode.status} calls this node, if not by C{node}."""
    timing: Timing = Timing()
    request_timeout: float = 5.0
    patience: float = 2.0
    """How long a write waits for a leader to appear before it is refused at once."""
    snapshot_bytes: int = 8 * 1024 * 1024
    """Bytes of new entries after which a snapshot is taken (or its own size, if that is more)."""
    trailing: int = 1000
    """Entries kept behind a snapshot, so that a slow follower need not get all of it."""
    mend_every: float = 5.0


class RaftNode:
    """
    One node's part in the replicated log; an L{IProposer<nacos_tw.interfaces.IProposer>}.

    @ivar on_applied: called after entries were applied and before their callers are answered.
    @ivar on_beats: called with the renewed numbers (bytes of an array of C{Q}) on every node.
    @ivar on_role: called when role, term or leader changed.
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
        peers: Peers | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        @param peers: the links to the other nodes; None for a node that stands alone.
        @param seconds: a clock that never goes back (the reactor's follows the wall clock).
        """
        self._seconds = seconds
        self.options = options
        self.node = options.node
        self._store = store
        self._writer = writer
        self._sessions = Sessions(machine)
        self._clock = clock
        self._random = random
        self.peers = peers
        self.on_applied: Callable[[], None] = lambda: None
        self.on_beats: Callable[[bytes], None] = lambda numbers: None
        self.on_role: Callable[[], None] = lambda: None
        self._proposals = Proposals(store.boot << BOOT_SHIFT, options.request_timeout)
        self._batch = 0
        self._renewals = Renewals(self._carry, self._acknowledge, options.request_timeout)
        self._expected: dict[str, int] = {}
        self._sent_next = -1
        self._held: deque[tuple[int, list[tuple[str, AnyMessage]]]] = deque()
        self._flush_due = self._draining = self._snapshotting = self.running = False
        self._timer: IDelayedCall | None = None
        self._sweeper: IDelayedCall | None = None
        self.failure = ""
        self._restore()

    # -- start and stop

    def _restore(self) -> None:
        """Build the core from what is on disk."""
        store, now = self._store, self._seconds()
        self._applied = 0
        if store.snapshot is not None:
            self._sessions.restore(store.read_snapshot())
            self._applied = store.snapshot.index
        self._snapshot_size = 0
        self._log_bytes = sum(len(entry.data) + 24 for entry in store.entries if entry.index > self._applied)
        config = Configuration(voters=self.options.voters)
        log = Log(store.snapshot, store.entries)
        self._core = Core(self.node, config, store.hard, log, self._random, now, self.options.timing)
        store.entries = []  # the core's log has them now
        self._leaderless_since: float | None = now
        self._known = (self._core.role, self._core.term, self._core.leader)

    def start(self) -> None:
        """Begin to take part."""
        self.running = True
        self._writer.failed = self._disk_failed
        self._sweep()
        self._drain()

    async def hand_over(self, limit: float = 0.5) -> None:
        """If this node leads, let another one take over, waiting at most C{limit} seconds."""
        core = self._core
        if core.role is not Role.LEADER or len(core.config.voters) < 2:
            return
        if not core.transfer(None, self._seconds()):
            return
        self._drain()
        end = self._seconds() + limit
        while self._core.leader in (None, self.node) and self._seconds() < end:
            pause: Deferred[None] = Deferred()
            self._clock.callLater(0.01, pause.callback, None)
            await pause

    def stop(self) -> None:
        """Take no further part; what still waits fails."""
        self.running = False
        for call in (self._timer, self._sweeper):
            if call is not None and call.active():
                call.cancel()
        self._core.stop()
        self._fail_waiting(Unavailable("the node is stopping"))

    # -- IProposer

    @property
    def is_leader(self) -> bool:
        """Whether this node leads now."""
        return self._core.role is Role.LEADER

    @property
    def available(self) -> bool:
        """Whether a leader is known, or its absence is too young to mean anything."""
        since = self._leaderless_since
        if self.failure:
            return False
        return since is None or self._seconds() - since < self.options.patience

    def propose(self, command: bytes) -> Deferred[Any]:
        """See L{IProposer.propose<nacos_tw.interfaces.IProposer.propose>}."""
        if not self.available:
            raise_later: Deferred[Any] = Deferred()
            raise_later.errback(Unavailable(self.reason() or "no leader"))
            return raise_later
        deferred = self._proposals.add(command, self._seconds())
        self._flush_soon()
        return deferred

    def renew(self, number: int) -> Deferred[None] | None:
        """See L{IProposer.renew<nacos_tw.interfaces.IProposer.renew>}. Without a leader the beat is
        counted here only."""
        core = self._core
        if (core.role is Role.LEADER and len(core.config.voters) == 1) or not self.available:
            self.on_beats(number.to_bytes(8, "little"))
            return None
        deferred = self._renewals.add(number, self._seconds())
        if not self._flush_due and self._renewals.can_fly:
            self._flush_soon()
        return deferred

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        """The reactor's turn is over: send off what it brought."""
        self._flush_due = False
        if not self.running:
            return
        core = self._core
        if core.role is Role.LEADER or core.leader is not None:
            self._send_commands(self._proposals.unsent(), again=False)
            self._renewals.flush()
        if core.role is Role.LEADER:
            self._drain()

    def _send_commands(self, batches: Any, again: bool) -> None:
        core = self._core
        if core.role is Role.LEADER:
            now = self._seconds()
            for first, commands in batches:
                data = encode_batch(self.node, first, commands)
                if core.propose(data, now) is None:
                    return  # handing over: all is sent again to the next leader
                self._log_bytes += len(data) + 24
        elif core.leader is not None and self.peers is not None:
            for first, commands in batches:
                restart = again or first != self._sent_next
                again = False
                frame = codec.Forward(core.term, self.node, first, tuple(commands), restart)
                self._sent_next = first + len(commands)
                if not self.peers.send(core.leader, frame):
                    self._sent_next = -1
                    return  # sent again when the link is up

    def _send_everything(self) -> None:
        self._renewals.again()
        self._send_commands(self._proposals.everything(), again=True)
        self._renewals.flush()

    # -- renewals

    def _carry(self, numbers: bytes) -> int | None:
        core = self._core
        if core.role is Role.LEADER:
            self.on_beats(numbers)
            return core.confirm(numbers, self._seconds())
        if core.leader is None or self.peers is None:
            return None
        self._batch += 1
        frame = codec.Beats(core.term, self._batch, numbers)
        return self._batch if self.peers.send(core.leader, frame) else None

    def _acknowledge(self, peer: str, batch: int) -> None:
        if self.peers is not None:
            self.peers.send(peer, codec.BeatsAck(batch, True))

    # -- IPeerEvents

    def frame_received(self, peer: str, frame: Any) -> None:
        """A frame came from another node."""
        if not self.running or self.failure:
            return
        core = self._core
        if type(frame) is codec.RaftFrame:
            core.step(peer, frame.message, self._seconds())
            self._drain()
        elif type(frame) is codec.Forward:
            self._forwarded(peer, frame)
        elif type(frame) is codec.Beats:
            if core.role is Role.LEADER and frame.term == core.term and len(frame.numbers) % 8 == 0:
                self._renewals.claim(peer, frame.batch, frame.numbers, self._seconds())
                if self._renewals.can_fly:
                    self._flush_soon()
        elif type(frame) is codec.BeatsAck:
            if core.role is not Role.LEADER and peer == core.leader:
                self._renewals.confirmed(frame.batch)
        elif type(frame) is codec.Refused and peer == core.leader and frame.term == core.term:
            self._send_commands(self._proposals.everything(), again=True)

    def _forwarded(self, peer: str, frame: codec.Forward) -> None:
        """A follower's commands, in order and without a gap since it last began anew."""
        core = self._core
        if core.role is not Role.LEADER or frame.term != core.term or frame.origin != peer:
            return  # the sender sends again when it hears of the leader
        if not frame.restart and self._expected.get(peer) != frame.first:
            if self.peers is not None:
                self.peers.send(peer, codec.Refused(core.term))
            return
        data = encode_batch(peer, frame.first, frame.commands)
        if core.propose(data, self._seconds()) is None:
            self._expected.pop(peer, None)
            return
        self._log_bytes += len(data) + 24
        self._expected[peer] = frame.first + len(frame.commands)
        if not self._flush_due:  # frames of one turn make up one AppendEntries
            self._flush_soon()

    def peer_connected(self, peer: str) -> None:
        """The link to a peer is up: what it may have missed is sent again."""
        self._core.connected(peer, self._seconds())
        if self.running:
            self._drain()
            if peer == self._core.leader:
                self._send_everything()

    def peer_disconnected(self, peer: str) -> None:
        """The link to or from a peer closed."""
        self._core.disconnected(peer, self._seconds())
        if self.running:
            self._drain()

    # -- working through the core's output

    def _drain(self) -> None:
        if self._draining:
            return
        self._draining = True
        try:
            core, fire = self._core, []  # type: ignore[var-annotated]
            while (ready := core.ready()) is not None:
                self._send_all(ready.messages_now)
                self._save(ready)
                for payload in ready.beats:
                    self.on_beats(payload)
                if ready.committed:
                    self._apply(ready.committed, fire)
                if ready.confirmed:
                    self._renewals.confirmed(ready.confirmed)
                for peer, index, offset in ready.snapshot_reads:
                    self._read_chunk(peer, index, offset)
                if ready.role_changed:
                    self._role_changed()
            if fire:
                self.on_applied()
                for deferred, result in fire:
                    _answer(deferred, result)
        finally:
            self._draining = False
        self._arm()

    def _send_all(self, messages: Iterable[tuple[str, AnyMessage]]) -> None:
        """Send messages; followers that are equally far get equal ones, which are encoded once."""
        peers = self.peers
        if peers is None:
            return
        last: AnyMessage | None = None
        payload = b""
        for peer, message in messages:
            if message != last:
                last, payload = message, codec.encode(codec.RaftFrame(message))
            peers.send_encoded(peer, payload)

    def _save(self, ready: Ready) -> None:
        """Save what must be on disk, then send what had to wait for it, in order."""
        chunk = ready.snapshot
        if chunk is not None:
            if ready.hard is not None or ready.entries:
                self._writer.save(ready.hard, ready.entries, _nothing)
            self._held.append((ready.token, list(ready.messages)))
            self._install(chunk)
        elif ready.hard is not None or ready.entries:
            self._held.append((ready.token, list(ready.messages)))
            self._writer.save(ready.hard, ready.entries, self._saved)
        elif ready.messages:
            if self._held:
                self._held[-1][1].extend(ready.messages)
            else:
                self._send_all(ready.messages)

    def _saved(self) -> None:
        if not self.running or self.failure:
            return
        token, messages = self._held.popleft()
        self._send_all(messages)
        self._core.saved(token, self._seconds())
        self._drain()

    def _apply(self, entries: tuple[Entry, ...], fire: list[tuple[Deferred[Any], Any]]) -> None:
        apply, node = self._sessions.apply, self.node
        for entry in entries:
            if entry.kind == COMMAND:
                origin, first, results = apply(entry.data)
                if origin == node:
                    fire.extend(self._proposals.applied(first, results))
            self._applied = entry.index
        self._core.applied(self._applied)
        if self._core.role is not Role.LEADER:
            self._log_bytes += sum(len(entry.data) + 24 for entry in entries)
        if not fire:
            self.on_applied()
        if self._log_bytes > max(self.options.snapshot_bytes, self._snapshot_size) and not self._snapshotting:
            self.take_snapshot()

    def _role_changed(self) -> None:
        core = self._core
        before, self._known = self._known, (core.role, core.term, core.leader)
        if before == self._known:
            return
        if core.leader is not None:
            self._leaderless_since = None
        elif self._leaderless_since is None:
            self._leaderless_since = self._seconds()
        if before[0] is not core.role or before[2] != core.leader:
            self.log.info(
                "raft: {role} in term {term}, leader {leader}",
                role=core.role.value,
                term=core.term,
                leader=core.leader or "unknown",
            )
        self._expected.clear()
        self.on_role()
        if core.leader is not None and (before[1], before[2]) != (core.term, core.leader):
            self._send_everything()

    def _arm(self) -> None:
        """Have tick called at the core's deadline; a timer that is early is left alone."""
        if not self.running or self.failure:
            return
        delay = max(0.0, self._core.deadline - self._seconds())
        timer = self._timer
        if timer is not None and timer.active():
            if timer.getTime() <= self._seconds() + delay:
                return
            timer.reset(delay)
        else:
            self._timer = self._clock.callLater(delay, self._tick)

    def _tick(self) -> None:
        now = self._seconds()
        if now >= self._core.deadline:
            self._core.tick(now)
        self._drain()

    def _sweep(self) -> None:
        """What has waited too long fails; without a leader beats are counted here only."""
        self._sweeper = self._clock.callLater(SWEEP, self._sweep)
        now = self._seconds()
        for deferred in self._proposals.expired(now):
            _answer(deferred, TimedOut("no majority confirmed the write in time; it may still be applied later"))
        for beat in self._renewals.expired(now):
            _answer(beat, TimedOut("no majority confirmed the beat in time"))
        if not self.available:
            self._fail_waiting(Unavailable(self.reason() or "no leader"))

    def _fail_waiting(self, error: Exception) -> None:
        for deferred in self._proposals.abandon():
            _answer(deferred, error)
        numbers, waiting = self._renewals.abandon()
        if waiting:
            self.on_beats(numbers)
            for beat in waiting:
                _answer(beat, None)

    # -- snapshots

    def take_snapshot(self) -> Deferred[Any]:
        """Save the state as of the last applied entry and let the log forget what it covers."""
        core = self._core
        meta = core.snapshot_meta(self._applied)
        if meta is None or self._snapshotting or core.sending_snapshot:
            return succeed(None)
        self._snapshotting = True
        data = self._sessions.snapshot()
        self._snapshot_size, self._log_bytes = len(data), 0
        first = max(1, meta.index - self.options.trailing)
        done = self._writer.run(partial(self._store.write_snapshot, meta, data))

        def written(_: Any) -> Deferred[Any]:
            core.snapshot_taken(meta, first)
            return self._writer.run(partial(self._store.compact, first))

        def ended(result: Any) -> Any:
            self._snapshotting = False
            return result

        done.addCallback(written)
        done.addBoth(ended)
        done.addErrback(self._snapshot_failed)
        return done

    def _snapshot_failed(self, failure: Failure) -> None:
        """The log goes on without it; a disk that takes nothing at all shows at the next save."""
        self.log.error("raft: a snapshot could not be written: {error}", error=failure.value)

    def _read_chunk(self, peer: str, index: int, offset: int) -> None:
        core = self._core

        def read(found: tuple[SnapshotMeta, bytes, bool]) -> None:
            meta, data, last = found
            core.send_chunk(peer, meta, offset, data, last, self._seconds())
            self._drain()

        def read_from_store() -> tuple[SnapshotMeta, bytes, bool]:
            data, last = self._store.read_chunk(index, offset, CHUNK)
            meta = self._store.snapshot
            if meta is None or meta.index != index:
                raise LookupError("the snapshot was replaced")
            return meta, data, last

        reading = self._writer.run(read_from_store)
        reading.addCallback(read)
        reading.addErrback(self._chunk_gone, peer)

    def _chunk_gone(self, failure: Failure, peer: str) -> None:
        self.log.info("raft: a snapshot chunk for {peer} could not be read: {error}", peer=peer, error=failure.value)

    def _install(self, chunk: IncomingChunk) -> None:
        """Write a chunk of the leader's snapshot; with the last one take over its state."""
        core = self._core

        def write() -> bytes | None:
            self._store.append_chunk(chunk.meta, chunk.offset, chunk.data, chunk.done)
            return self._store.read_snapshot() if chunk.done else None

        def written(state: bytes | None) -> None:
            if not self.running or core is not self._core:
                return
            if state is not None:
                self._take_over(chunk.meta, state)
            self._saved()

        self._writer.run(write).addCallbacks(written, lambda failure: self._disk_failed(failure.value))

    def _take_over(self, meta: SnapshotMeta, state: bytes) -> None:
        self.log.info("raft: took over the leader's snapshot at {index}", index=meta.index)
        self._sessions.restore(state)
        self._applied, self._snapshot_size, self._log_bytes = meta.index, len(state), 0
        self._core.applied(meta.index)
        self.on_applied()
        for deferred, result in self._proposals.caught_up(self._sessions.last.get(self.node, -1)):
            _answer(deferred, result)

    # -- trouble

    def _disk_failed(self, error: BaseException) -> None:
        """The disk refused: this node's log cannot go on. Never retry on the same files' state; look
        at the disk again from the start after a while."""
        if self.failure or not self.running:
            return
        self.failure = f"the Raft log cannot be written: {error}"
        self.log.error(
            "raft: stopped: {reason}; trying again in {pause} s", reason=self.failure, pause=self.options.mend_every
        )
        self._core.stop()
        self._held.clear()
        self._fail_waiting(Unavailable(self.failure))
        self.on_role()
        self._clock.callLater(self.options.mend_every, self._mend)

    def _mend(self) -> None:
        """Start again from the disk, as after a restart; a damaged log is set aside and fetched anew."""
        if not self.running:
            return
        try:
            self._store.close()
            self._store = reopen(self._store, alone=len(self.options.voters) == 1)
            self._writer.replace(self._store)
        except Exception as error:
            self.failure = f"the Raft log cannot be opened: {error}"
            self._clock.callLater(self.options.mend_every, self._mend)
            return
        self.failure = ""
        self._restore()
        self.log.info("raft: the log is usable again")
        if self.peers is not None:
            for peer in self._links():
                self._core.connected(peer, self._seconds())
        self.on_applied()
        self.on_role()
        self._drain()

    def close_store(self) -> None:
        """Close the files; after L{stop} and once the writer has ended."""
        self._store.close()

    def reason(self) -> str:
        """Why this node is not in order, as a sentence; "" when it is."""
        core = self._core
        if self.failure:
            return self.failure
        if core.recovering:
            return "the log was lost and is being fetched from the leader"
        if core.leader is None:
            up = 1 + len(self._links())
            return f"no leader: {up} of {len(core.config.voters)} nodes are connected"
        if core.leader_commit - self._applied > FAR_BEHIND:
            return f"{core.leader_commit - self._applied} log entries behind the leader"
        return ""

    def _links(self) -> list[str]:
        """The other members that this node can send to."""
        peers = self.peers
        return [] if peers is None else [name for name in self._core.config.voters if peers.connected(name)]

    def status(self) -> RaftStatus:
        """What this node knows of the cluster."""
        core = self._core
        reason = self.reason()
        return RaftStatus(
            node=self._shown(self.node),
            role="CANDIDATE" if core.role is Role.PRE_CANDIDATE else core.role.value,
            term=core.term,
            vote=self._shown(core.vote),
            leader=self._shown(core.leader or ""),
            commit=core.commit,
            applied=self._applied,
            last_index=core.last_index,
            leader_commit=core.leader_commit,
            voters=tuple(map(self._shown, core.config.voters)),
            learners=core.config.learners,
            healthy=not reason,
            reason=reason,
            recovering=core.recovering,
            log_bytes=self._store.size_on_disk(),
            peers=self._peer_status(),
        )

    def _shown(self, name: str) -> str:
        return self.options.shown if self.options.shown and name == self.node else name

    def _peer_status(self) -> dict[str, PeerStatus]:
        core, peers = self._core, self.peers
        if peers is None:
            return {}
        connected = self._links()
        found = {}
        for name in core.config.voters + core.config.learners:
            if name == self.node:
                continue
            progress = core.progress.get(name)
            match = progress.match if progress is not None else 0
            lag = core.last_index - match if core.role is Role.LEADER else 0
            found[name] = PeerStatus(name in connected, match, lag, peers.rtt.get(name, 0.0))
        return found

    def transfer(self, target: str | None) -> bool:
        """Hand leadership to C{target} or the most up-to-date voter; False when this is not possible."""
        done = self._core.transfer(target, self._seconds())
        self._drain()
        return done


def reopen(store: Store, alone: bool) -> Store:
    """
    Open a store's folder again.

    @param alone: the cluster has no other node; a damaged log then cannot be fetched from anywhere.
    @raise StoreDamaged: the log is damaged and C{alone}.
    """
    return open_store(store.folder, store.node, alone)


def open_store(folder: str, node: str, alone: bool) -> Store:
    """
    Open the log in a folder; in a cluster a damaged one is set aside and the node rejoins.

    @raise StartError: one clear line, also for a damaged log of a node that is C{alone}.
    """
    try:
        return Store.open(folder, node)
    except StoreDamaged as error:
        if alone:
            raise
        where = Store.set_aside(folder)
        RaftNode.log.error(
            "{error} The damaged files are kept in {where}; this node takes the log from the leader "
            "and does not vote until it has it.",
            error=str(error),
            where=where,
        )
        return Store.open(folder, node)


def _answer(deferred: Deferred[Any], result: Any) -> None:
    if deferred.called:
        return  # the caller has gone away
    if isinstance(result, BaseException):
        deferred.errback(result)
    else:
        deferred.callback(result)


def _nothing() -> None:
    pass
