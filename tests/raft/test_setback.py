"""
A voter whose disk goes back must not break an election, once a node that has seen more of it has told it so.

C{NACOS_TW_SETBACKS} sets how many seeds are run, C{NACOS_TW_SETBACK} runs one alone.
"""

from __future__ import annotations

import os
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import AnyMessage, AppendEntries
from nacos_tw.raft.disk.startsfile import NAME, keep_starts, read_starts
from nacos_tw.raft.net.codec import Hello
from nacos_tw.raft.net.starts import KEPT, Starts
from tests.raft.disks import MemoryDisk
from tests.raft.group import Group
from tests.raft.mutants import _Mutant
from tests.raft.nodes import FOLDER, Nodes
from tests.raft.test_rollback import Lenient

SEEDS = int(os.environ.get("NACOS_TW_SETBACKS", "300"))
ONLY = os.environ.get("NACOS_TW_SETBACK")


class IgnoresSetbacks(_Mutant):
    """Votes as before, whatever others remember of it."""

    def went_back(self, why: str, term: int, now: float) -> bool:
        return False


class Setbacks:
    """
    One node's disk goes back while some others lag; then those that know what it had die.

    With the victim's vote those that lag would be a majority, which has forgotten what was acknowledged.
    """

    def __init__(self, seed: int, core: type[Core] = Core) -> None:
        self.dice = dice = Random(seed)
        names = "ABC" if dice.random() < 0.7 else "ABCDE"
        self.group = Group(names, seed, core=core)
        self._number = 0
        shuffled = dice.sample(names, len(names))
        half = len(names) // 2
        self.victim, self.late, self.knowing = shuffled[0], shuffled[1 : 1 + half], shuffled[1 + half :]
        self.told = False
        self.group.watch = self._watch

    def _watch(self, sender: str, name: str, message: AnyMessage) -> None:
        core = self.group.members[name].core
        if name == self.victim and isinstance(message, AppendEntries) and core is not None:
            self.told = self.told or message.acked > core.log.last_index

    def _write(self, count: int) -> None:
        group, wanted = self.group, len(self.group.acked) + count
        while len(group.acked) < wanted:
            group.run_until(lambda group: group.leaders)
            self._number += 1
            group.propose(group.leader, b"%d" % self._number)
            group.run(self.dice.choice((0.001, 0.02)))
            if self.dice.random() < 0.05:
                name = self.dice.choice((self.victim, *self.knowing))
                group.snapshot(name, self.dice.choice((0, 3)))

    def run(self) -> bool:
        """
        @return: whether the victim was told before those that know more died; else nothing is promised.
        @raise AssertionError: something that was acknowledged is lost.
        """
        dice, group, victim = self.dice, self.group, self.victim
        self._write(1 + dice.randrange(4))
        group.run_until(Group.settled)
        copy = group.members[victim].disk.copy()
        restarts = dice.randrange(3)
        for _ in range(restarts):
            group.crash(victim)
            group.run(dice.choice((0.05, 2)))
            group.start(victim)
            group.run_until(Group.settled)
        group.split(self.late)
        self._write(2 + dice.randrange(8))
        group.crash(victim)
        group.put_back(victim, copy)
        group.start(victim)
        self.told = bool(restarts)
        group.run(dice.random() * 0.3) if restarts else self._until_told()
        for name in self.knowing:
            group.crash(name)
        group.heal()
        group.run(dice.choice((1, 5)))
        if group.leaders:
            group.propose(group.leader, b"instead")
            group.run(0.5)
        if not self.told:
            return False
        group.finish()
        return True

    def _until_told(self) -> None:
        """The leader of the others, if there is one, tells it."""
        end = self.group.now + 0.5
        while not self.told and self.group.now < end:
            self.group.step()


class SetbackTests(SynchronousTestCase):
    """In the simulation: nothing is lost; and what would lose it is found."""

    def test_nothing_is_lost(self) -> None:
        """By a voter that has forgotten what it acknowledged, and is told so by whoever has seen it or leads."""
        told = 0
        for seed in [int(ONLY)] if ONLY else range(SEEDS):
            try:
                told += Setbacks(seed).run()
            except Exception as error:
                raise AssertionError(f"NACOS_TW_SETBACK={seed}: {type(error).__name__}: {error}") from error
        self.assertTrue(ONLY or told > SEEDS // 2, told)

    def test_mutant_is_found(self) -> None:
        """A core that votes nevertheless loses what was acknowledged, with a start between and without."""
        for seed in range(100):
            try:
                Setbacks(seed, IgnoresSetbacks).run()
            except AssertionError:
                return
        self.fail("it went unnoticed")

    def _three(self) -> tuple[Group, dict[str, object]]:
        """A cluster whose folders were copied; since then each node was started anew, and more was written."""
        group = Group("ABC", 7, checks=Lenient())
        group.run_until(Group.settled)
        copies = {name: group.members[name].disk.copy() for name in group.names}
        for name in group.names:
            group.crash(name)
            group.start(name)
            group.run_until(Group.settled)
        group.propose(group.leader, b"more")
        group.run_until(Group.settled)
        for name in group.names:
            group.crash(name)
        group.run(1)
        return group, copies  # type: ignore[return-value]

    def test_all_alike(self) -> None:
        """A whole cluster that is restored from one night's copies begins: nobody knows more than the others."""
        group, copies = self._three()
        for name in group.names:
            group.put_back(name, copies[name])  # type: ignore[arg-type]
            group.start(name)
        group.run_until(lambda group: group.leaders, 5)
        self.assertFalse([name for name in group.names if group.core(name).recovering])

    def test_majority(self) -> None:
        """Two of three recover, and elect nobody without the third's log: only an operator can say what counts."""
        group, copies = self._three()
        for name in "AB":
            group.put_back(name, copies[name])  # type: ignore[arg-type]
        for name in "CAB":
            group.start(name)
        group.run(20)
        self.assertEqual(group.leaders, [])
        self.assertEqual([group.core(name).recovering for name in "ABC"], [True, True, False])

    def test_too_late(self) -> None:
        """Those two alone go on; when the third returns, what leads goes on leading."""
        group, copies = self._three()
        group.acked.clear()
        for name in "AB":
            group.put_back(name, copies[name])  # type: ignore[arg-type]
            group.start(name)
        group.run_until(lambda group: group.leaders and group.core(group.leader).leading.settled)
        leader, term = group.leader, group.core(group.leader).term
        group._greet(leader, "C")  # not yet up
        group.members[leader].disk.starts -= 1
        self.assertFalse(group.core(leader).went_back("C has seen start 2", 1, group.now))
        group.run(3)
        self.assertEqual((group.leaders, group.core(leader).term), ([leader], term))

    def test_leader_that_has_committed_nothing(self) -> None:
        """It resigns, and another one leads, by its vote or without."""
        group = Group("ABC", 3)
        group.run_until(lambda group: group.leaders)
        name = group.leader
        group.members[name].forgot = True
        self.assertTrue(group.act(name, lambda core: core.went_back("B has seen start 9", 1, group.now)))
        self.assertEqual(group.leaders, [])
        self.assertIn("B has seen start 9", group.core(name).resigned)
        group.run_until(lambda group: group.leaders and group.leader != name)
        group.run_until(Group.settled)
        self.assertEqual((group.core(name).recovering, group.core(name).setback), (False, ""))

    def test_alone(self) -> None:
        """There is nobody to recover from."""
        group = Group("A")
        group.run_until(lambda group: group.leaders)
        self.assertFalse(group.core("A").went_back("a ghost has seen start 9", 1, group.now))


class StartsTests(SynchronousTestCase):
    """What is remembered, and what is said of a node."""

    def hello(self, starts: int, run: int, id: str = "x") -> Hello:
        return Hello(1, "a:1", "b:1", b"", id=id, starts=starts, run=run)

    def test_behind(self) -> None:
        """Who is ahead is remembered; who is not is told how far it was."""
        starts, news = Starts({}), [0]
        starts.on_news = lambda: news.append(len(starts.known))
        for count, run, behind in (
            (1, 5, 0), (1, 5, 0), (2, 6, 0), (2, 7, 2), (1, 5, 2), (3, 8, 0), (7, 9, 0), (7, 9, 0), (0, 0, 0),
        ):  # fmt: skip
            self.assertEqual(starts.behind(self.hello(count, run)), behind, (count, run))
        self.assertEqual(starts.known, {"x": (7, 9)})
        self.assertEqual(len(news), 5)

    def test_others(self) -> None:
        """Each by its id; of versions without one, and without a count, nothing is remembered; nor of too many."""
        starts = Starts({"x": (4, 1)})
        self.assertEqual(starts.behind(self.hello(1, 1, "y")), 0)
        self.assertEqual(starts.behind(self.hello(1, 1, "")), 0)
        self.assertEqual(starts.behind(self.hello(0, 0)), 0)
        self.assertEqual(starts.known, {"x": (4, 1), "y": (1, 1)})
        for number in range(KEPT):
            starts.behind(self.hello(1, 1, f"z{number}"))
        self.assertEqual(len(starts.known), KEPT)
        self.assertNotIn("x", starts.known)

    def test_file(self) -> None:
        """It is read as it was kept; a damaged one is as none."""
        disk = MemoryDisk()
        disk.make_folder(FOLDER)
        self.assertEqual(read_starts(FOLDER, disk), {})
        keep_starts(FOLDER, {"x": (4, 1 << 61)}, disk)
        self.assertEqual(read_starts(FOLDER, disk), {"x": (4, 1 << 61)})
        for data in (b"", b"{", b"[1]", b'{"x": 1}', b'{"x": ["a", 1]}', b"\xff"):
            disk.put(f"{FOLDER}/{NAME}", data)
            self.assertEqual(read_starts(FOLDER, disk), {}, data)


class DriverTests(SynchronousTestCase):
    """The driver with its log on disk."""

    def test_is_told(self) -> None:
        """It says why it is not ready, counts on behind what was seen, and votes again when it has everything."""
        nodes = Nodes(seed=3)
        nodes.elect()
        name = nodes.follower()
        node = nodes.node(name)
        self.assertEqual(node.start_told[0], 1)
        for other in nodes.names:
            if other != name:
                nodes.cut(name, other)
        node.remembered("B", 6, 1)
        node.remembered("C", 6, 1)
        self.assertIn("gone back to an older state; no leader is known", self.reason(nodes, name))
        self.assertTrue(node.status().recovering)
        self.assertEqual(node.start_told[0], 7)
        nodes.crash(name)
        node = nodes.start(name)
        self.assertEqual((node.start_told[0], node.status().recovering), (8, True))
        nodes.heal()
        nodes.run_until(lambda: not node.reason())
        self.assertFalse(node.status().recovering)
        node.remembered("B", 7, 1)  # said of an earlier start
        self.assertFalse(node.status().recovering)
        nodes.settle()

    def reason(self, nodes: Nodes, name: str) -> str:
        node = nodes.node(name)
        nodes.run_until(lambda: node.status().leader == "")
        return node.reason()

    def test_leads_already(self) -> None:
        """It goes on, and says what it was told."""
        nodes = Nodes(seed=3)
        leader = nodes.elect()
        asked = nodes.propose(leader)
        nodes.run_until(lambda: asked.succeeded)
        nodes.node(leader).remembered("B", 6, 1)
        nodes.run(3.0)
        self.assertEqual((nodes.leader, nodes.node(leader).start_told[0]), (leader, 7))
        self.assertFalse(nodes.node(leader).status().recovering)
        nodes.settle()

    def test_leader_tells(self) -> None:
        """A disk that goes back without a start between: the leader has the node's word for more."""
        nodes = Nodes(seed=9)
        nodes.elect()
        name = nodes.follower()
        nodes.stop(name)
        nodes.start(name)
        nodes.elect()
        copy = nodes.members[name].disk.image()
        for _ in range(5):
            asked = nodes.propose(nodes.leader)
            nodes.run_until(lambda asked=asked: asked.succeeded)  # type: ignore[misc]
        nodes.run(1.0)
        nodes.crash(name)
        nodes.members[name].disk = MemoryDisk(copy)
        said: list[str] = []
        node = nodes.start(name)
        nodes.watch = lambda sender, receiver, frame: said.append(node.core.setback)
        nodes.run_until(lambda: not node.reason())
        self.assertTrue(any("had its word for more" in each for each in said), said)
        nodes.settle()
