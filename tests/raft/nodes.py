"""
Whole Raft parts (driver, forwarding, log on disk) joined by links in memory, on one clock.

Nothing here is a model: L{RaftNode}, L{Store} and the codec are the real ones. Made up are the disk
(L{MemoryDisk}), the links, and the clock. Links behave like TCP's: what is sent arrives in order, late, or
not at all once the link is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import attrs
import msgspec
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from nacos_tw.errors import BadParameter, Unavailable
from nacos_tw.interfaces import IStateMachine
from nacos_tw.raft.core.core import Role, Timing
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import DirectWriter
from nacos_tw.raft.node import SWEEP, RaftNode
from nacos_tw.raft.options import NodeOptions
from tests.raft.disks import MemoryDisk
from tests.raft.links import FakePeers, LateWriter, Link

TIMING = Timing(election=1.0, heartbeat=0.25, hurried=0.03)
FOLDER = "/data"


class Recorder:
    """A state machine that is the list of its commands; one that starts with C{bad} is refused."""

    def __init__(self) -> None:
        self.done: list[bytes] = []

    def apply(self, command: bytes) -> Any:
        if command.startswith(b"bad"):
            return BadParameter(command.decode())
        self.done.append(command)
        return len(self.done)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.done)

    def restore(self, data: bytes) -> None:
        self.done = msgspec.msgpack.decode(data, type=list[bytes])


@attrs.define(eq=False)
class Asked:
    """A command or a beat that somebody waits for."""

    at: str
    life: int
    what: bytes
    begun: float
    number: int = 0
    ended: float = -1.0
    result: Any = None
    replicated: bool = False
    """Of a beat: whether it was answered by a node that knew a leader."""

    @property
    def succeeded(self) -> bool:
        """Whether it was answered, not refused."""
        return self.ended >= 0 and not isinstance(self.result, Failure)


@attrs.define(eq=False)
class Member:
    """One node: a process while it is up, a disk always."""

    name: str
    disk: MemoryDisk
    machine: Any
    node: RaftNode | None = None
    writer: Any = None
    life: int = 0
    beats: set[int] = attrs.field(factory=set)


class Nodes:
    """
    A cluster.

    @ivar timeout: see L{NodeOptions}, as C{patience} and so on.
    @ivar slow: seconds that a save takes at most; 0 for none, within the call.
    @ivar lateness: seconds that a frame takes at most.
    @ivar wrong: answers that should not have been given.
    @ivar watch: called with (sender, receiver, frame) for each frame that arrives.
    """

    def __init__(
        self,
        names: str = "ABC",
        seed: int = 0,
        *,
        start: bool = True,
        slow: float = 0.0,
        machine: Callable[[str], IStateMachine] = lambda name: Recorder(),
        prepare: Callable[[Member], None] = lambda member: None,
        **options: Any,
    ) -> None:
        self.names = tuple(names)
        self.random = Random(seed)
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        self.slow = slow
        self.lateness = 0.003
        self.options = {"timing": TIMING, "request_timeout": 5.0, "patience": 2.0, **options}
        self.timeout: float = self.options["request_timeout"]
        self.watch: Callable[[str, str, Any], None] = lambda sender, receiver, frame: None
        self._machine = machine
        self._prepare = prepare
        self.members = {name: Member(name, MemoryDisk(), None) for name in self.names}
        self.links = {(a, b): Link(self, a, b) for a in self.names for b in self.names if a != b}
        self.cuts: set[frozenset[str]] = set()
        self.asked: list[Asked] = []
        self.wrong: list[str] = []
        self._count = 0
        if start:
            for name in self.names:
                self.start(name)

    def latency(self) -> float:
        return 0.0002 + self.random.random() * self.lateness

    # -- nodes

    def start(self, name: str) -> RaftNode:
        """Start a node from its disk."""
        member = self.members[name]
        assert member.node is None
        member.machine = self._machine(name)
        member.disk.fail_at = 0
        options = NodeOptions(name, self.names, FOLDER, disk=member.disk, **self.options)
        store = open_store(FOLDER, name, len(self.names) == 1, member.disk)
        member.writer = (
            LateWriter(store, self.clock, lambda: self.random.random() * self.slow)
            if self.slow
            else DirectWriter(store)
        )
        seconds = self.clock.seconds
        node = member.node = RaftNode(options, store, member.writer, member.machine, self.clock, self.random, seconds)
        member.life += 1
        if len(self.names) > 1:
            node.peers = FakePeers(self, name)  # type: ignore[assignment]
        node.on_beats = lambda numbers: member.beats.update(memoryview(numbers).cast("Q"))
        self._prepare(member)
        node.start()
        for other in self.names:
            if other != name:
                self._dial(name, other)
                self._dial(other, name)
        return node

    def crash(self, name: str) -> None:
        """Kill a node: what is not on its disk is lost."""
        member = self.members[name]
        node = member.node
        if node is None:
            return
        for other in self.names:
            if other != name:
                self.lose(name, other)
        node.running = False
        node.on_beats = lambda numbers: None
        node.stop()
        member.node = None
        member.life += 1
        member.writer.dead = True
        member.disk = member.disk.after_power_loss(self.random)

    def stop(self, name: str) -> None:
        """End a node in order."""
        member = self.members[name]
        node = member.node
        assert node is not None
        member.disk.fail_at = 0
        node.stop()
        for other in self.names:
            if other != name:
                self.lose(name, other)
        node.close_store()
        member.node = None
        member.life += 1
        member.writer.dead = True

    def wipe(self, name: str, *, noticed: bool = True) -> None:
        """
        A node that is down loses its log.

        @param noticed: it is set aside as damaged; else its folder is empty.
        """
        member = self.members[name]
        assert member.node is None
        if noticed:
            Store.quarantine(FOLDER, member.disk)
        else:
            member.disk = MemoryDisk()

    def node(self, name: str) -> RaftNode:
        """A node that is up."""
        node = self.members[name].node
        assert node is not None
        return node

    @property
    def up(self) -> list[str]:
        """The nodes that are up."""
        return [name for name in self.names if self.members[name].node is not None]

    def done(self, name: str) -> list[bytes]:
        """The commands that a node has applied."""
        return self.members[name].machine.done

    @property
    def leader(self) -> str:
        """Who leads in the highest term; "" for nobody."""
        leaders = [name for name in self.up if self.node(name).is_leader]
        return max(leaders, key=lambda name: self.node(name).status().term, default="")

    def follower(self) -> str:
        """A node that is up and does not lead."""
        return next(name for name in self.up if name != self.leader)

    # -- links

    def _dial(self, one: str, other: str) -> None:
        lives = self.members[one].life, self.members[other].life
        self.clock.callLater(0.005 + self.random.random() * 0.03, self._connect, one, other, lives)

    def _connect(self, one: str, other: str, lives: tuple[int, int]) -> None:
        node = self.members[one].node
        link = self.links[one, other]
        if node is None or self.members[other].node is None or link.up or frozenset((one, other)) in self.cuts:
            return
        if lives != (self.members[one].life, self.members[other].life):
            return
        link.up = True
        node.peer_connected(other)

    def lose(self, one: str, other: str) -> None:
        """The links between two nodes close; they dial again."""
        lost = [link for link in (self.links[one, other], self.links[other, one]) if link.up]
        for link in lost:
            link.close()
        for here, there in ((one, other), (other, one)):
            node = self.members[here].node
            if node is not None and lost:
                node.peer_disconnected(there)
            self._dial(here, there)

    def flap(self, one: str, other: str) -> None:
        """Only what C{one} dialed closes; both notice, and C{other} soon sees that C{one} lives."""
        link = self.links[one, other]
        node, there = self.members[one].node, self.members[other].node
        if not link.up or node is None or there is None:
            return
        link.close()
        node.peer_disconnected(other)
        there.peer_disconnected(one)
        self._dial(one, other)
        back, life = self.links[other, one], self.members[other].life
        epoch = back._epoch

        def alive() -> None:
            if back.up and back._epoch == epoch and self.members[other].life == life:
                self.node(other).peer_connected(one)

        self.clock.callLater(self.latency(), alive)

    def cut(self, one: str, other: str, *, notice: bool = True) -> None:
        """No link can be made between two nodes; C{notice}: those there are close, else nothing passes."""
        self.cuts.add(frozenset((one, other)))
        if notice:
            self.lose(one, other)
        else:
            for pair in ((one, other), (other, one)):
                self.links[pair].stalled = True

    def isolate(self, name: str, *, notice: bool = True) -> None:
        """Cut a node off."""
        for other in self.names:
            if other != name:
                self.cut(name, other, notice=notice)

    def heal(self) -> None:
        """All links work again; those that stood still all the while close, or go on."""
        cuts, self.cuts = self.cuts, set()
        for pair in sorted(map(sorted, cuts)):
            one, other = pair
            if self.random.random() < 0.5:
                self.lose(one, other)
            self._dial(one, other)
            self._dial(other, one)
        for link in self.links.values():
            link.full = False
            link.go_on()

    # -- use

    def propose(self, name: str, what: bytes = b"") -> Asked:
        """A command at a node, unlike any other unless C{what} says."""
        self._count += 1
        node = self.node(name)
        asked = Asked(
            name, self.members[name].life, what or b"%s%d" % (name.encode(), self._count), self.clock.rightNow
        )
        self.asked.append(asked)
        node.propose(asked.what).addBoth(self._ended, asked)
        return asked

    def renew(self, name: str, number: int = 0) -> Asked:
        """A beat at a node, of a number unlike any other."""
        self._count += 1
        node = self.node(name)
        asked = Asked(name, self.members[name].life, b"", self.clock.rightNow, number or self._count)
        self.asked.append(asked)
        waiting = node.renew(asked.number)
        if waiting is None:
            assert asked.number in self.members[name].beats
            asked.ended = self.clock.rightNow
        else:
            waiting.addBoth(self._ended, asked)
        return asked

    def _ended(self, result: Any, asked: Asked) -> None:
        node = self.members[asked.at].node
        if node is None or not node.running or self.members[asked.at].life != asked.life:
            return  # nobody hears it: the process is gone
        asked.ended, asked.result = self.clock.rightNow, result
        if not asked.succeeded:
            return
        if asked.number and node.available:
            asked.replicated = True
            have = [name for name in self.names if asked.number in self.members[name].beats]
            if len(have) <= len(self.names) // 2:
                self.wrong.append(f"beat {asked.number} of {asked.at} was answered, but only {have} have it")
        elif asked.what and (asked.what not in self.done(asked.at) if result is None else self._other(asked)):
            self.wrong.append(f"{asked.what!r} was answered by {result}, but {asked.at} has not applied it so")

    def _other(self, asked: Asked) -> bool:
        """Whether it was answered with the result of another command."""
        return self.done(asked.at)[asked.result - 1] != asked.what

    def run(self, seconds: float) -> None:
        """Let time pass."""
        clock = self.clock
        end = clock.rightNow + seconds
        while clock.calls and clock.calls[0].getTime() <= end:
            clock.rightNow = max(clock.rightNow, clock.calls[0].getTime())
            clock.advance(0)
        clock.rightNow = end

    def run_until(self, condition: Callable[[], Any], seconds: float = 20.0) -> float:
        """Let time pass until something holds; return how long that took."""
        begun = self.clock.rightNow
        while not condition():
            if self.clock.rightNow - begun > seconds:
                raise AssertionError(f"not within {seconds} s")
            self.run(0.005)
        return self.clock.rightNow - begun

    def elect(self, seconds: float = 20.0) -> str:
        """Wait until every node that is up knows one leader, which is up."""

        def settled() -> bool:
            known = {self.node(name).status().leader for name in self.up}
            return len(known) == 1 and known == {self.leader} and self.leader != ""

        self.run_until(settled, seconds)
        return self.leader

    # -- promises

    def check_answers(self) -> None:
        """Everything asked of a process that lived on was answered in time, and no answer was a wrong one."""
        assert not self.wrong, self.wrong[0]
        now, limit = self.clock.rightNow, self.timeout + SWEEP + 0.01
        for asked in self.asked:
            alive = self.members[asked.at].node is not None and self.members[asked.at].life == asked.life
            if asked.ended < 0:
                assert not alive or now - asked.begun <= limit, f"{asked} was never answered"
                continue
            assert asked.ended - asked.begun <= limit, f"{asked} took too long"
            if isinstance(asked.result, Failure):
                refused = asked.what.startswith(b"bad") and asked.result.check(BadParameter)
                assert refused or asked.result.check(Unavailable), asked.result.getTraceback()

    def check_agreement(self) -> None:
        """All nodes that are up have applied the same commands in the same order, each once."""
        logs = {name: self.done(name) for name in self.up}
        longest: list[bytes] = max(logs.values(), key=len, default=[])
        assert len(set(longest)) == len(longest), "a command was applied twice"
        for name, log in logs.items():
            assert log == longest[: len(log)], f"{name} has applied others"

    def check_nothing_lost(self) -> None:
        """What was answered was applied by every node."""
        there = set.intersection(*(set(self.done(name)) for name in self.names))
        for asked in self.asked:
            if asked.what and asked.succeeded:
                assert asked.what in there, f"{asked.what!r} was answered and is lost"

    def settle(self) -> None:
        """Mend everything, wait until all is quiet, and check all promises."""
        self.lateness = 0.003
        self.slow = min(self.slow, 0.004)
        for member in self.members.values():
            member.disk.fail_at = 0
        self.heal()
        for name in self.names:
            if self.members[name].node is None:
                self.start(name)
        self.run_until(lambda: not any(self.node(name).failure for name in self.names))
        self.elect()
        self.run(3.0)
        self.elect()
        last = [self.propose(name) for name in self.names]
        beats = [self.renew(name) for name in self.names]
        self.run_until(lambda: all(asked.ended >= 0 for asked in last + beats), self.timeout + 1)
        for asked in last + beats:
            assert asked.succeeded, f"{asked} failed in a healthy cluster: {asked.result}"
        self.run_until(lambda: len({len(self.done(name)) for name in self.names}) == 1)
        self.run(self.timeout + 1)
        self.check_answers()
        self.check_agreement()
        self.check_nothing_lost()
        assert self.leader, "no leader at the end"
        assert all(not self.node(name).reason() for name in self.names)


def roles(nodes: Nodes) -> list[Role]:
    """The roles of the nodes that are up."""
    return [nodes.node(name)._core.role for name in nodes.up]
