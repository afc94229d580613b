"""
Several cores on a simulated network, with simulated disks, from one seed.

Time is virtual: a heap of events (a message arrives, a save ends, a timer or an action is due), each
of which is one step. After each step the promises of Raft that could have been broken by it are
checked (L{Checks}), incrementally, so that a step costs some ten microseconds.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import msgspec

from nacos_tw.raft.core.core import Core, Log, Ready, Role, Timing
from nacos_tw.raft.core.marks import Mark
from nacos_tw.raft.core.messages import COMMAND, AnyMessage, Configuration, Entry, HardState, VoteResponse
from nacos_tw.raft.net.codec import Hello
from nacos_tw.raft.net.starts import Starts
from tests.raft.checks import Checks
from tests.raft.member import Disk, Member

TIMING = Timing(election=1.0, heartbeat=0.25, hurried=0.03)
CHUNK = 5
"""Bytes of a chunk of a snapshot: small, so that one takes several."""
_MESSAGE, _TICK, _SAVE, _CALL = range(4)


class Group:
    """
    A cluster of cores.

    @ivar loss, doubling, lateness: probabilities for each message to be lost, to come twice, to come
        up to a second late instead of within some milliseconds.
    @ivar slow_disk: probability of a save to take up to 0.3 s instead of some milliseconds.
    @ivar max_bytes: see L{Core}; an entry counts for some 24 bytes.
    @ivar names: of all nodes: the members that the cluster begins with, and spares, which are started when they are
        added.
    @ivar gone: nodes that died for good: nothing is expected of them.
    @ivar marks: whether a part of the state keeps itself on disk, and so knows at a start what was committed.
    """

    def __init__(
        self,
        names: str | list[str],
        seed: int = 0,
        *,
        learners: str = "",
        spares: str = "",
        core: type[Core] = Core,
        checks: Checks | None = None,
        start: bool = True,
    ) -> None:
        self.random = Random(seed)
        self.names = [*names, *learners, *spares]
        self.config = Configuration(tuple(names), tuple(learners))
        self.members = {name: Member(name, self.config) for name in self.names}
        self.checks = checks or Checks()
        self.now = 0.0
        self.steps = 0
        self.loss = self.doubling = self.lateness = 0.0
        self.slow_disk = 0.0
        self.max_bytes = 60
        self.marks = True
        self.cuts: set[tuple[str, str]] = set()
        self.gone: set[str] = set()
        self.acked: dict[tuple[int, int], bytes] = {}
        self.watch: Callable[[str, str, AnyMessage], None] | None = None
        self._core_type = core
        self._events: list[tuple[float, int, int, Any, Any]] = []
        self._count = 0
        if start:
            for name in self.config.names:
                self.start(name)

    # -- faults

    def cut(self, one: str, other: str, *, both: bool = True, notice: bool = False) -> None:
        """Let no message pass from one to the other; C{notice}: both see their links close."""
        self.cuts.add((one, other))
        if both:
            self.cuts.add((other, one))
        if notice:
            self._link(one, other, False)

    def isolate(self, name: str, *, notice: bool = False) -> None:
        """Cut a node off from all others."""
        for other in self.names:
            if other != name:
                self.cut(name, other, notice=notice)

    def split(self, group: Iterable[str]) -> None:
        """Cut a group of nodes off from the rest."""
        inside = set(group)
        for one in self.names:
            for other in self.names:
                if (one in inside) != (other in inside):
                    self.cuts.add((one, other))

    def heal(self) -> None:
        """All links work again."""
        pairs = {(min(pair), max(pair)) for pair in self.cuts}
        self.cuts.clear()
        for one, other in sorted(pairs):
            self._link(one, other, True)

    def crash(self, name: str, *, survive: int | None = 0) -> None:
        """Kill a node. The first C{survive} of its unfinished saves reach the disk (None: all)."""
        member = self.members[name]
        if member.core is None:
            return
        for ready, _ in member.pending[:survive]:
            member.disk.save(ready.hard, ready.entries, ready.snapshot, ready.commit)
        member.disk.partial = None
        member.core = None
        member.life += 1
        member.ticking = 0.0
        member.pending = []
        member.saving = False
        for other in self.names:
            if other != name and (name, other) not in self.cuts:
                self.call(self.random.random() * 0.02, self._closed, other, name)

    def start(self, name: str) -> None:
        """Start a node from its disk."""
        member = self.members[name]
        if member.core is not None or name in self.gone:
            return
        disk = member.disk
        disk.starts += 1
        member.run = self.steps * 1000 + self._count + 1
        member.frozen = False
        member.pending = []
        member.asked = {}
        member.applied = disk.snapshot.index if disk.snapshot else 0
        member.state = _state_of(disk.state) if disk.snapshot else 0
        member.core = self._core_type(
            name,
            member.wanted,
            disk.hard,
            Log(disk.snapshot, disk.entries),
            self.random,
            self.now,
            TIMING,
            self.max_bytes,
            4,
            disk.commit,
            [disk.mark] if disk.mark and self.marks else [],
        )
        self._drain(member)
        for other in self.names:
            if other != name and self.members[other].core is not None and (name, other) not in self.cuts:
                self._link(name, other, True)

    def wipe(self, name: str) -> None:
        """A node's log is found damaged at its start and set aside: it keeps term and vote only. What
        its former life sent or was sent is lost with its connections."""
        self.crash(name)
        member = self.members[name]
        disk = member.disk
        member.disk = Disk()
        member.disk.starts, member.disk.seen = disk.starts, disk.seen
        member.disk.hard = HardState(disk.hard.term, disk.hard.vote, True)
        member.wiped += 1
        self._lose_messages(name)

    def renew(self, name: str) -> None:
        """Start a node with an empty folder: it is another one, which comes in the place of one that is no member."""
        self.crash(name)
        member = self.members[name]
        member.disk = Disk()
        member.wiped += 1
        member.number += 1
        self._lose_messages(name)
        self.start(name)

    def put_back(self, name: str, disk: Disk) -> None:
        """A node that is down gets an older copy of its folder."""
        member = self.members[name]
        assert member.core is None
        member.disk, member.forgot = disk, True
        self._lose_messages(name)

    def _lose_messages(self, name: str) -> None:
        """What is on its way from or to a node is lost."""
        gone = [event for event in self._events if event[2] == _MESSAGE and name in event[4][:2]]
        if gone:
            self._events = [event for event in self._events if event not in gone]
            heapq.heapify(self._events)

    def freeze(self, name: str) -> None:
        """The disk of a node hangs: saves neither end nor fail, until it is started again."""
        self.members[name].frozen = True

    def _link(self, one: str, other: str, up: bool) -> None:
        for here, there in ((one, other), (other, one)):
            if up:
                self._greet(here, there)
            self.call(self.random.random() * 0.02, self._opened if up else self._closed, here, there)

    def _greet(self, here: str, there: str) -> None:
        """A node tells another one which start of it this is, and hears if that has seen a later one."""
        member, other = self.members[here], self.members[there]
        core = member.core
        if core is None or other.core is None or (here, there) in self.cuts or (there, here) in self.cuts:
            return
        known, id = Starts(other.disk.seen), f"{here}{member.number}"
        count = known.behind(Hello(1, here, there, b"", id=id, starts=member.disk.starts, run=member.run))
        other.disk.seen = known.known
        if count:
            member.disk.starts = count + 1
            core.went_back(f"{there} has seen start {count}", other.core.term, self.now)
            self._drain(member)

    def _opened(self, here: str, there: str) -> None:
        core = self.members[here].core
        if core is not None and self.members[there].core is not None and (here, there) not in self.cuts:
            core.connected(there, self.now)
            self._drain(self.members[here])

    def _closed(self, here: str, there: str) -> None:
        core = self.members[here].core
        if core is not None:
            core.disconnected(there, self.now)
            self._drain(self.members[here])

    # -- use

    def core(self, name: str) -> Core:
        """The core of a node that is up."""
        core = self.members[name].core
        assert core is not None
        return core

    @property
    def leaders(self) -> list[str]:
        """Who believes to lead."""
        return [m.name for m in self.members.values() if m.core is not None and m.core.role is Role.LEADER]

    @property
    def leader(self) -> str:
        """The one leader of the highest term."""
        return max(self.leaders, key=lambda name: self.core(name).term)

    def propose(self, name: str, data: bytes) -> tuple[int, int] | None:
        """Propose a command at a node."""
        member = self.members[name]
        at = self.core(name).propose(data, self.now)
        self._drain(member)
        return at

    def confirm(self, name: str, payload: bytes) -> int | None:
        """Open a confirmation round at a node."""
        member, core = self.members[name], self.core(name)
        current = core.log.term(core.commit) == core.term
        number = core.confirm(payload, self.now)
        if number is not None:
            member.asked[number] = (payload, self.checks.commit if current else 0)
            self._drain(member)
        return number

    def snapshot(self, name: str, trailing: int = 0) -> bool:
        """Take a snapshot of a node's state; the log keeps C{trailing} entries before its end."""
        member, core = self.members[name], self.core(name)
        meta = core.snapshot_meta(member.applied)
        if meta is None or member.pending:
            return False
        first = max(1, meta.index + 1 - trailing)
        disk = member.disk
        disk.snapshot, disk.state = meta, msgspec.msgpack.encode([member.state, "x" * 12])
        disk.entries = [entry for entry in disk.entries if entry.index >= first]
        core.snapshot_taken(meta, first)
        self._drain(member)
        return True

    def act(self, name: str, act: Callable[[Core], Any]) -> Any:
        """Do something with a core, and what comes of it."""
        result = act(self.core(name))
        self._drain(self.members[name])
        return result

    def call(self, delay: float, function: Callable[..., None], *args: Any) -> None:
        """Do something later."""
        self._push(delay, _CALL, function, args)

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        end = self.now + seconds
        events = self._events
        while events and events[0][0] <= end:
            self.step()
            events = self._events
        self.now = end

    def run_until(self, condition: Callable[[Group], Any], seconds: float = 30.0) -> float:
        """Let time pass until something holds; return how long that took."""
        begin = self.now
        while not condition(self):
            if self.now - begin > seconds or not self._events:
                raise AssertionError(f"not within {seconds} s")
            self.step()
        return self.now - begin

    def step(self) -> None:
        """One event."""
        self.now, _, kind, what, args = heapq.heappop(self._events)
        self.steps += 1
        if kind == _MESSAGE:
            sender, name, message = args
            if (sender, name) in self.cuts:
                return
            member = self.members[name]
            core = member.core
            if core is None:
                return
            if self.watch is not None:
                self.watch(sender, name, message)
            core.step(sender, message, self.now)
        elif kind == _TICK:
            member = what
            core = member.core
            if core is None or args != member.life:
                return
            member.ticking = 0.0
            core.tick(self.now)
        elif kind == _SAVE:
            member = what
            if args != member.life or not member.pending or member.frozen:
                return
            self._end_save(member)
        else:
            what(*args)
            return
        self._drain(member)

    # -- the driver's work

    def _push(self, delay: float, kind: int, what: Any, args: Any) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + delay, self._count, kind, what, args))

    def _drain(self, member: Member) -> None:
        core = member.core
        if core is None:
            return
        while core.dirty:
            ready = core.ready()
            if ready is None:
                break
            self._do(member, core, ready)
        if core.contradiction:
            self._contradicted(member, core)
            return
        assert member.forgot or not core.setback, f"{member.name} has forgotten nothing, but: {core.setback}"
        deadline = core.deadline
        if not member.ticking or deadline < member.ticking - 1e-9:
            member.ticking = max(deadline, self.now)
            self._push(member.ticking - self.now, _TICK, member, member.life)
        if core.commit > self.checks.commit:
            self.checks.committed(self, member)

    def _contradicted(self, member: Member, core: Core) -> None:
        """What L{nacos_tw.raft.node.RaftNode} does: the state is put away, the log too if it is that."""
        self.checks.contradicted(member, core)
        member.contradictions.append(core.contradiction)
        member.disk.mark = None
        if core.contradicts_log:
            self.wipe(member.name)
        else:
            self.crash(member.name)
        self.call(0.01, self.start, member.name)

    def _do(self, member: Member, core: Core, ready: Ready) -> None:
        if ready.role_changed:
            self.checks.role_changed(member, core)
            if core.role is not Role.LEADER:
                member.asked.clear()  # rounds end with the lead
        if ready.entries:
            self.checks.appended(core, ready.entries)
        for peer, message in ready.messages_now:
            self._send(member.name, peer, message)
        self._save(member, ready)
        if ready.committed:
            self._apply(member, core, ready.committed)
        for payload in ready.beats:
            self.checks.received(member.name, payload)
        if ready.confirmed:
            self.checks.confirmed(member, core, ready.confirmed)
        if ready.snapshot_reads:
            self._read(member, core, ready)

    def _read(self, member: Member, core: Core, ready: Ready) -> None:
        for peer, index, offset in ready.snapshot_reads:
            disk = member.disk
            if disk.snapshot is not None and disk.snapshot.index == index:
                data = disk.state[offset : offset + CHUNK]
                core.send_chunk(peer, disk.snapshot, offset, data, offset + CHUNK >= len(disk.state), self.now)

    def _save(self, member: Member, ready: Ready) -> None:
        if ready.hard is not None or ready.entries or ready.snapshot is not None:
            member.pending.append((ready, ready.messages))
            if not member.saving:
                self._begin_save(member)
        elif ready.messages:
            if member.pending:
                member.pending.append((ready, ready.messages))
            else:
                for peer, message in ready.messages:
                    self._send(member.name, peer, message)

    def _apply(self, member: Member, core: Core, entries: tuple[Entry, ...]) -> None:
        state = member.state
        for entry in entries:
            index = entry.index
            assert index == member.applied + 1, f"{member.name} applies {index} after {member.applied}"
            state = zlib.crc32(entry.data, state + entry.term)
            self.checks.applied(member.name, entry, state)
            member.applied = index
            if entry.kind == COMMAND and (member.disk.mark is None or member.disk.mark.index < index):
                member.disk.mark = Mark(index, entry.term)
            if entry.kind == COMMAND and core.role is Role.LEADER:
                self.acked[index, entry.term] = entry.data
        member.state = state
        core.applied(member.applied)

    def _begin_save(self, member: Member) -> None:
        member.saving = True
        delay = self.random.random() * (0.3 if self.random.random() < self.slow_disk else 0.004)
        self._push(delay, _SAVE, member, member.life)

    def _end_save(self, member: Member) -> None:
        """A group commit: some or all of what is waiting is on disk."""
        member.saving = False
        core, disk, pending = member.core, member.disk, member.pending
        assert core is not None
        count = len(pending) if self.random.random() < 0.7 else 1
        done, member.pending = pending[:count], pending[count:]
        for ready, _ in done:
            disk.save(ready.hard, ready.entries, ready.snapshot, ready.commit)
        if member.pending:
            self._begin_save(member)
        for ready, messages in done:
            for peer, message in messages:
                self._send(member.name, peer, message)
            if ready.snapshot is not None and ready.snapshot.done:
                assert disk.snapshot is not None
                member.applied, member.state = disk.snapshot.index, _state_of(disk.state)
                self.checks.restored(member.name, member.applied, member.state)
                core.applied(member.applied)
            core.persisted(ready.token, self.now)

    def _send(self, sender: str, peer: str, message: AnyMessage) -> None:
        if type(message) is VoteResponse and message.granted and not message.pre:
            self.checks.voted(self.members[sender], peer, message.term)
        if (sender, peer) in self.cuts or peer not in self.members:
            return
        dice = self.random.random
        if self.loss and dice() < self.loss:
            return
        delay = dice() if self.lateness and dice() < self.lateness else 0.0005 + dice() * 0.004
        self._push(delay, _MESSAGE, None, (sender, peer, message))
        if self.doubling and dice() < self.doubling:
            self._push(dice() * 0.3, _MESSAGE, None, (sender, peer, message))

    # -- the end

    def settled(self) -> bool:
        """Whether there is one leader, and all its members have applied all that it has."""
        leaders = self.leaders
        if len(leaders) != 1:
            return False
        core = self.core(leaders[0])
        members = [self.members[name] for name in core.config.names if name not in self.gone]
        return all(
            m.core is not None and not m.core.recovering and m.applied == core.last_index == core.commit
            for m in members
        )

    def finish(self, seconds: float = 40.0) -> None:
        """Mend everything, and see that the cluster comes to rest with all that was acknowledged."""
        self.loss = self.doubling = self.lateness = self.slow_disk = 0.0
        self.heal()
        for name, member in self.members.items():
            if member.frozen:
                self.crash(name)
            self.start(name)
        self.run_until(Group.settled, seconds)
        leader = self.core(self.leader)
        last = self.propose(leader.node, b"last")
        assert last is not None or len(leader.config.voters) > 0
        self.run_until(Group.settled, seconds)
        for (index, term), data in self.acked.items():
            assert self.checks.log[index][:2] == (term, data), f"acknowledged entry {index} is lost"


def _state_of(data: bytes) -> int:
    return int(msgspec.msgpack.decode(data)[0])
