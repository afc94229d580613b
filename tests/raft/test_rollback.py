"""
Disks that go back: folders that are restored from older copies, of one node and of a majority.

Raft's promises end there, as nodes have forgotten what they acknowledged and for whom they voted. What must hold: that
all nodes are equal in the end, and that none that knew more keeps silent. C{NACOS_TW_ROLLBACKS} sets how many seeds are
run, C{NACOS_TW_ROLLBACK} runs one alone.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.follower import Follower
from nacos_tw.raft.core.leads import begins, first_config, first_entry
from nacos_tw.raft.core.log import Log, decode_config
from nacos_tw.raft.core.messages import (
    COMMAND,
    CONFIG,
    NOOP,
    AnyMessage,
    AppendEntries,
    Configuration,
    Entry,
    HardState,
    Message,
    SnapshotMeta,
)
from nacos_tw.raft.disk.segment import Group as SavedGroup
from tests.raft.chaos import Chaos
from tests.raft.checks import Checks
from tests.raft.disks import MemoryDisk
from tests.raft.group import Group
from tests.raft.member import Disk, Member
from tests.raft.mutants import _Mutant
from tests.raft.nodes import Nodes

SEEDS = int(os.environ.get("NACOS_TW_ROLLBACKS", "400"))
ONLY = os.environ.get("NACOS_TW_ROLLBACK")


class Lenient(Checks):
    """Promises that forgetful disks break are not looked at."""

    def role_changed(self, member: Member, core: Core) -> None: ...
    def appended(self, core: Core, entries: tuple[Entry, ...]) -> None: ...
    def contradicted(self, member: Member, core: Core) -> None: ...
    def restored(self, name: str, index: int, state: int) -> None: ...

    def applied(self, name: str, entry: Entry, state: int) -> None:
        self.log[entry.index] = (entry.term, entry.data, state)

    def committed(self, group: Group, member: Member) -> None:
        assert member.core is not None
        self.commit = member.core.commit


class Nothing(dict[tuple[int, int], bytes]):
    """Stays empty: what a majority had may be lost with it."""

    def __setitem__(self, at: tuple[int, int], data: bytes) -> None: ...


class Rollback:
    """
    A cluster that writes, is copied, writes on, and of which some nodes are started from their copies.

    @ivar restored: those.
    """

    def __init__(self, seed: int, core: type[Core] = Core) -> None:
        self.dice = dice = Random(seed)
        names = "ABC" if dice.random() < 0.7 else "ABCDE"
        self.group = Group(names, seed, core=core, checks=Lenient())
        self.group.max_bytes = dice.choice((60, 400))
        self._number = 0
        many = dice.random() < 0.75
        self.restored = dice.sample(names, len(names) // 2 + 1 if many else 1)
        self.others = [name for name in names if name not in self.restored]

    def _write(self, least: int, settle: bool = True) -> None:
        """Write, and now and then lose the leader or take a snapshot."""
        dice, group = self.dice, self.group
        for _ in range(least + dice.randrange(12)):
            group.run_until(lambda group: group.leaders)
            self._number += 1
            group.propose(group.leader, b"%d" % self._number)
            group.run(dice.choice((0.001, 0.01, 0.1)))
            chance = dice.random()
            if chance < 0.1 and group.leaders:
                leader = group.leader
                group.crash(leader)
                if dice.random() < 0.5 and settle:
                    group.run_until(lambda group: group.leaders)
                group.start(leader)
            elif chance < 0.2:
                name = dice.choice(group.names)
                if group.members[name].core is not None:
                    group.snapshot(name, dice.choice((0, 3)))
        if settle:
            group.run_until(Group.settled)

    def run(self) -> bool:
        """
        Do it.

        @return: False: a majority has been told that it has forgotten something, and elects nobody.
        @raise AssertionError: nodes differ in the end, or one that knew more has said nothing.
        """
        dice, group = self.dice, self.group
        if dice.random() < 0.9:  # else the copies are of empty folders
            self._write(1)
        copies = {name: group.members[name].disk.copy() for name in self.restored}
        self._write(2)
        alive = dice.random() < 0.4
        knew = {name: self._known(name, alive) for name in self.others}
        for name in group.names:
            if name in self.restored or not alive:
                group.crash(name)
        if alive and dice.random() < 0.5:
            group.run(3)
        self._put_back(copies)
        many = len(self.restored) > 1
        late = [name for name in self.others if many and not alive and dice.random() < 0.5]
        for name in group.names:
            if name not in late:
                group.call(dice.random() * 0.1, group.start, name)
        if late and not self._hopeless():
            self._write(dice.choice((0, 5, 30)), settle=False)
            for name in late:
                group.start(name)
        if late:
            group.run(1)
        if many:
            if self._hopeless():
                return False
            group.acked = Nothing()
        group.finish()
        self._write(0)
        self._check(knew)
        return True

    def _hopeless(self) -> bool:
        """Whether so many know that they have forgotten something that nobody can be elected: nobody keeps silent."""
        group = self.group
        group.run(3)
        voters = [group.members[name].core for name in group.names]
        forgot = sum(core is not None and core.recovering for core in voters)
        return not group.leaders and 2 * forgot >= len(voters)

    def _put_back(self, copies: dict[str, Disk]) -> None:
        for name, disk in copies.items():
            member = self.group.members[name]
            if self.dice.random() < 0.1:
                disk.mark = member.disk.mark  # only the log was restored
            self.group.put_back(name, disk)

    def _known(self, name: str, alive: bool) -> tuple[int, int]:
        """Lead and index of the last entry that a node knows to be committed; after a restart, what its disk says."""
        core, disk = self.group.core(name), self.group.members[name].disk
        known = core.commit if alive else max(disk.commit, disk.mark.index if disk.mark else 0)
        return core.log.leads.at(known), known

    def _check(self, knew: dict[str, tuple[int, int]]) -> None:
        group = self.group
        said = [member.contradictions for member in group.members.values() if member.contradictions]
        if said and len(self.restored) == 1:
            raise AssertionError(f"nothing was lost, but: {said}")
        states = {(member.applied, member.state) for member in group.members.values()}
        if len(states) != 1:
            raise AssertionError(f"the nodes differ: {states}")
        log = group.core(group.leader).log
        for name, (lead, index) in knew.items():
            same = log.leads.at(index) in (lead, 0)
            if not same and not group.members[name].contradictions and log.first == 1:
                raise AssertionError(f"{name} says nothing of what was lost behind {index}")


class OfBefore(_Mutant):
    """A core of a version without numbers of leads, which compares nothing at or below its commit index."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def on_append(self, sender: str, message: AppendEntries, now: float) -> None:
            super().on_append(sender, msgspec.structs.replace(message, lead=0), now)

        def _contradicts(self, sender: str, message: AppendEntries) -> bool:
            return False

    def become_leader(self) -> None:
        super().become_leader()
        if self.log.last_term != self.term:
            return
        (first,) = self.log.tail(self.log.last_index)
        config = b"" if first.kind == NOOP else msgspec.msgpack.encode(self.log.config)
        self.log.truncate(first.index)
        self.log.append((Entry(first.index, first.term, first.kind, config),))
        self.log_changed()

    def send_now(self, peer: str, message: AnyMessage) -> None:
        if isinstance(message, AppendEntries):
            message = msgspec.structs.replace(message, lead=0)
        super().send_now(peer, message)

    def snapshot_meta(self, index: int) -> SnapshotMeta | None:
        meta = super().snapshot_meta(index)
        return meta and msgspec.structs.replace(meta, leads=())


class ComparesTerms(_Mutant):
    """Compares terms alone, as Raft does as long as nobody forgets."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def on_append(self, sender: str, message: AppendEntries, now: float) -> None:
            entries = message.entries
            message = AppendEntries(
                message.term, message.prev_index, message.prev_term, message.commit, entries, message.round,
                message.beats, message.floor,
            )  # fmt: skip
            super().on_append(sender, message, now)

        def _contradicts(self, sender: str, message: AppendEntries) -> bool:
            log: Log = self._core.log
            commit = self._core.commit
            for entry in message.entries:
                if entry.index <= commit and log.term(entry.index) not in (None, entry.term):
                    self._core.contradict("terms differ")
                    return True
            return False


class ComparesNothing(_Mutant):
    """Takes the leader for right, as before."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def _contradicts(self, sender: str, message: AppendEntries) -> bool:
            return False

    def contradict(self, what: str, *, log: bool = True) -> None: ...


class ForgetsCommit(_Mutant):
    """Does not know after a restart what was committed before it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args[:9], 0, [])


class RollbackTests(SynchronousTestCase):
    """One node, or a majority, goes on from an older copy."""

    def test_all_are_equal_and_none_is_silent(self) -> None:
        """Whatever was restored, and whoever leads then."""
        going = 0
        for seed in [int(ONLY)] if ONLY else range(SEEDS):
            try:
                going += Rollback(seed).run()
            except Exception as error:
                raise AssertionError(f"NACOS_TW_ROLLBACK={seed}: {type(error).__name__}: {error}") from error
        self.assertTrue(ONLY or going > SEEDS // 2, going)

    def test_silence_is_found(self) -> None:
        """Cores that compare less are found within some dozen seeds."""
        for mutant in (ComparesTerms, ComparesNothing, ForgetsCommit):
            for seed in range(200):
                try:
                    Rollback(seed, mutant).run()
                except AssertionError:
                    break
            else:
                self.fail(f"{mutant.__name__} went unnoticed")


class MixedTests(SynchronousTestCase):
    """While a cluster is upgraded node by node, and over logs of before."""

    def test_promises_hold(self) -> None:
        """Nodes of both versions, under all faults of the simulation."""

        def core(name: str, *args: Any) -> Core:
            return (OfBefore if name in "AB" else Core)(name, *args)

        for seed in range(100):
            Chaos(seed, core).run()  # type: ignore[arg-type]

    def test_formats(self) -> None:
        """What was written before can be read now, and what is written now can be read by those of before."""

        class Append(Message, frozen=True, array_like=True, tag=3):
            prev_index: int
            prev_term: int
            commit: int
            entries: tuple[Entry, ...] = ()
            round: int = 0
            beats: tuple[bytes, ...] = ()
            floor: int = 0

        class Meta(msgspec.Struct, frozen=True, array_like=True):
            index: int
            term: int
            config: Configuration

        class Saved(msgspec.Struct, frozen=True, array_like=True):
            hard: HardState | None
            entries: list[Entry]
            boot: int = 0

        entry, members = Entry(2, 1, NOOP, b""), Configuration(("A", "B"))
        encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode
        for before, now in (
            (Append(1, 1, 1, 0, (entry,), 3, (b"x",), 2), AppendEntries(1, 1, 1, 0, (entry,), 3, (b"x",), 2)),
            (Meta(5, 2, members), SnapshotMeta(5, 2, members)),
            (Saved(HardState(1, "A"), [entry], 4), SavedGroup(HardState(1, "A"), [entry], 4)),
        ):
            self.assertEqual(decode(encode(before), type=type(now)), now)
            self.assertEqual(decode(encode(now), type=type(before)), before)
        self.assertEqual(decode_config(first_config(members, 77)), members)
        self.assertEqual(begins(Entry(1, 1, CONFIG, first_config(members, 77))), 77)
        self.assertIsNone(begins(Entry(3, 1, CONFIG, encode(members))))

    def test_unknown_leads(self) -> None:
        """Where one side does not know the lead the term alone tells; where both do, both must be the same."""
        first, numbered = Entry(1, 1, NOOP, b""), Entry(2, 2, NOOP, first_entry(9))
        log = Log(None, [first, numbered, Entry(3, 2, COMMAND, b"x")])
        for index, term, lead, same in ((1, 1, 5, True), (3, 2, 0, True), (3, 2, 9, True), (3, 2, 8, False)):
            self.assertIs(log.same(index, term, lead), same)
            self.assertIs(log.contradicts(index, term, lead), not same)
        self.assertTrue(log.contradicts(3, 3, 0))


class DriverTests(SynchronousTestCase):
    """The driver with logs on disks that go back."""

    def test_majority(self) -> None:
        """Two of three go on from copies: the third says so, keeps its log beside, and has theirs."""
        nodes = Nodes(seed=5)
        nodes.elect()
        third, *victims = nodes.names

        def write(name: str, words: bytes) -> None:
            for number in range(5):
                asked = nodes.propose(name, b"%s%d" % (words, number))
                nodes.run_until(lambda asked=asked: asked.succeeded)  # type: ignore[misc]

        write("A", b"before")
        for name in nodes.names:
            nodes.stop(name)
        copies = {name: nodes.members[name].disk.image() for name in victims}
        for name in nodes.names:
            nodes.start(name)
        nodes.elect()
        write("A", b"after")
        for name in nodes.names:
            nodes.crash(name)
        for name in victims:
            nodes.members[name].disk = MemoryDisk(copies[name])
            nodes.start(name)
        nodes.run_until(lambda: nodes.leader in victims)
        write("B", b"instead")
        reasons: list[str] = []
        node = nodes.start(third)
        node.on_role = lambda: reasons.append(node.reason())
        nodes.elect()
        nodes.run_until(lambda: all(not nodes.node(name).reason() for name in nodes.names))
        write(third, b"last")
        nodes.run(1.0)
        self.assertEqual(nodes.done("A"), nodes.done("B"))
        self.assertEqual(nodes.done("B"), nodes.done("C"))
        told = [name for name in nodes.names if nodes.node(name).status().contradictions]
        self.assertIn(told, ([third], victims))
        if told == [third]:
            self.assertTrue(any("contradicts the cluster" in reason for reason in reasons), reasons)
            self.assertIn(b"instead4", nodes.done("A"))
        for name in told:
            self.assertTrue(any("/damaged-1/" in path for path in nodes.members[name].disk.image()))
        self.flushLoggedErrors()
