"""The hash of a state at one entry of the log is the same on every node, however the node has come there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Unavailable
from nacos_tw.interfaces import Pieces
from nacos_tw.raft.hashing import KEPT, Hashing, Sum
from nacos_tw.raft.sessions import MARK, Part
from tests.raft.hashed import HashedNodes

SEEDS = int(os.environ.get("NACOS_TW_HASHINGS", "25"))
ONLY = os.environ.get("NACOS_TW_HASHING")


class Threads:
    """Functions for threads, which are called when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[str], object]] = []

    def in_thread(self, fn: object) -> Deferred[str]:
        result: Deferred[str] = Deferred()
        self.waiting.append((result, fn))
        return result

    def work(self) -> None:
        for result, fn in self.waiting:
            result.callback(fn())  # type: ignore[operator]
        self.waiting = []


class HashingTests(SynchronousTestCase):
    """One node's."""

    def setUp(self) -> None:
        self.clock, self.threads = Clock(), Threads()
        self.hashing = Hashing(self.clock, self.threads)  # type: ignore[arg-type]

    def test_order(self) -> None:
        """The order of the pieces means nothing; each piece, and how often it is there, does."""
        texts = []
        for pieces in ((b"a", b"b"), (b"b", b"a"), (b"a",), (b"a", b"b", b"b"), (b"ab",)):
            total = Sum()
            for piece in pieces:
                total.add(piece)
            texts.append(total.text())
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(len(set(texts)), 4)

    def test_a_little_at_a_time(self) -> None:
        """The reactor gets its turn between; what is on disk is waited for."""
        read = 0

        def many() -> Iterator[bytes]:
            nonlocal read
            for number in range(20_000):
                read += 1
                yield b"%d" % number

        self.hashing.begin(5, {"memory": Part(Pieces(many())), "disk": Part(Pieces([b"x"]), True)})
        turns = 0
        while self.clock.calls:
            turn = self.clock.calls.pop(0)
            turn.called = 1
            turn.func(*turn.args)
            turns += 1
            self.assertTrue(self.hashing.pending(5))
        self.assertEqual(read, 20_000)
        self.assertGreater(turns, 10)
        self.assertIsNone(self.hashing.known(5))
        self.threads.work()
        found = self.hashing.known(5)
        assert found is not None
        self.assertEqual((self.hashing.last, sorted(found.parts)), (5, ["disk", "memory"]))
        self.assertFalse(self.hashing.pending(5))

    def test_newest(self) -> None:
        """Another mark takes the place of one that is under way; only the last ones are kept."""
        self.hashing.begin(1, {"memory": Part(Pieces([b"a"])), "disk": Part(Pieces([b"x"]), True)})
        self.clock.advance(0)
        self.hashing.begin(2, {"memory": Part(Pieces([b"a"]))})
        self.threads.work()
        self.clock.advance(0)
        self.assertIsNone(self.hashing.known(1))
        for index in range(3, 3 + KEPT):
            self.hashing.begin(index, {"memory": Part(Pieces([b"a"]))})
            self.clock.advance(0)
        self.assertIsNone(self.hashing.known(2))
        self.assertIsNotNone(self.hashing.known(2 + KEPT))

    def test_failure(self) -> None:
        """A part that cannot be read gives no hash, and keeps nothing from going on."""

        def damaged() -> Iterator[bytes]:
            yield b"a"
            raise ValueError("damaged")

        self.hashing.begin(1, {"memory": Part(Pieces(damaged()))})
        self.clock.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertFalse(self.hashing.pending(1))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Life:
    """A cluster that writes, crashes, is cut, takes snapshots, and hashes its states all the while."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.nodes = HashedNodes(seed=seed, slow=self.dice.choice((0.0, 0.01)), snapshot_bytes=400, trailing=2)
        self.hashes: dict[int, dict[str, str]] = {}
        self.compared = 0

    def look(self) -> None:
        """All that was ever hashed at one index is the same, of each part that a node has."""
        for name in self.nodes.up:
            for index, found in self.nodes.node(name).hashing._known.items():
                first = self.hashes.setdefault(index, {})
                for part, text in found.parts.items():
                    if first.setdefault(part, text) != text:
                        raise AssertionError(f"{name} has another {part} after entry {index}")
                self.compared += len(found.parts) > 1

    def step(self) -> None:
        """Something happens."""
        dice, nodes = self.dice, self.nodes
        chance = dice.random()
        up = nodes.up
        if chance < 0.5 and up:
            for _ in range(dice.randrange(1, 6)):
                nodes.propose(dice.choice(up), dice.choice((b"r", b"d")) + b"%d" % dice.randrange(1000))
        elif chance < 0.75 and up:
            nodes.node(dice.choice(up)).propose(MARK).addErrback(lambda failure: None)
        elif chance < 0.85 and len(up) > 1:
            nodes.crash(dice.choice(up))
        elif chance < 0.95 and len(up) < 3:
            nodes.start(next(name for name in nodes.names if name not in up))
        elif chance < 0.97:
            nodes.isolate(dice.choice(nodes.names), notice=dice.random() < 0.5)
        else:
            nodes.heal()
        nodes.run(dice.choice((0.0, 0.01, 0.3, 2.0)))
        self.look()

    def run(self) -> None:
        """Do it, and compare at the end: nobody differs."""
        nodes = self.nodes
        for _ in range(60):
            self.step()
        nodes.heal()
        for name in nodes.names:
            if name not in nodes.up:
                nodes.start(name)
        nodes.elect()
        nodes.run_until(lambda: not any(nodes.node(name).reason() for name in nodes.names))
        for _ in range(5):  # who has just come back may take a snapshot in the place of the entry, and has no hash then
            nodes.run(5.0)
            try:
                found = nodes.compare(self.dice.choice(nodes.names))
            except Unavailable:
                continue
            if found.undecided or any(each.differs for each in found.members):
                raise AssertionError(f"{found}")
            if all(each.parts for each in found.members):
                self.look()
                return
        raise AssertionError("not all could be compared")


class LifeTests(SynchronousTestCase):
    """Whatever happens, no node is taken for one that differs."""

    def test_no_false_alarm(self) -> None:
        """C{NACOS_TW_HASHINGS} says how many seeds are run, C{NACOS_TW_HASHING} runs one alone."""
        compared = 0
        for seed in [int(ONLY)] if ONLY else range(SEEDS):
            life = Life(seed)
            try:
                life.run()
            except Exception as error:
                raise AssertionError(f"NACOS_TW_HASHING={seed}: {type(error).__name__}: {error}") from error
            compared += life.compared
        self.assertGreater(compared, 10)
