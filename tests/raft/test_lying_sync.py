"""
A sync that lies: a disk says that what was written is there, and a power failure takes it.

That breaks what Raft stands on: its node forgets entries that it acknowledged and votes that it gave. What must hold
with one such disk of three: the nodes are equal in the end, and what was acknowledged is there, or a node that knows
better says that the cluster contradicts it. Where all three had it nothing is lost. C{NACOS_TW_LIES} sets how many
seeds are run, C{NACOS_TW_LIE} runs one alone.
"""

from __future__ import annotations

import os
import random

from twisted.trial.unittest import SynchronousTestCase

from tests.raft.disks import MemoryDisk
from tests.raft.nodes import Asked, Nodes

SEEDS = int(os.environ.get("NACOS_TW_LIES", "40"))
ONLY = os.environ.get("NACOS_TW_LIE")
LIAR = "B"


class LyingDisk(MemoryDisk):
    """
    After a power failure it is as it was at one of its syncs, whatever it has said since.

    @ivar lost: how often it was further than that.
    """

    lost = 0

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        super().__init__(files)
        self._moments: list[dict[str, bytes]] = []

    def sync(self, fd: int) -> None:
        """It is there, it says."""
        super().sync(fd)
        self._moments.append(self.image())

    def after_power_loss(self, dice: random.Random) -> MemoryDisk:
        """What was there at some time."""
        found = dice.choice(self._moments) if self._moments else self.image()
        LyingDisk.lost += found != self.image()
        return LyingDisk(found)


class Life:
    """
    Three nodes that write while B loses power again and again, and now and then another one its process.

    @ivar acknowledged: what was answered.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.nodes = nodes = Nodes(seed=seed, start=False, snapshot_bytes=600, trailing=3)
        nodes.members[LIAR].disk = LyingDisk()
        for name in nodes.names:
            nodes.start(name)
        nodes.elect()
        self.contradicted = 0
        self.asked: list[Asked] = []

    def restart(self, name: str, pause: float) -> None:
        """Power off and on."""
        self.contradicted += self.nodes.node(name).status().contradictions
        self.nodes.crash(name)
        self.nodes.run(pause)
        self.nodes.start(name)

    def run(self, steps: int = 40) -> None:
        """All that."""
        dice, nodes = self.dice, self.nodes
        for _ in range(steps):
            chance = dice.random()
            if chance < 0.75:
                name = dice.choice(nodes.up)
                self.asked += [nodes.propose(name) for _ in range(dice.randrange(1, 4))]
            elif chance < 0.9:
                self.restart(LIAR, dice.choice((0.0, 0.01, 1.5)))
            elif chance < 0.95:
                self.restart(dice.choice("AC"), dice.choice((0.0, 0.5)))
            else:
                nodes.isolate(dice.choice(nodes.names))
                nodes.run(dice.choice((0.1, 3.0)))
                nodes.heal()
            nodes.run(dice.choice((0.0, 0.002, 0.05, 1.0)))
        self.settle()

    def settle(self) -> None:
        """All is well again, and all have the same."""
        nodes = self.nodes
        nodes.heal()
        nodes.elect(60)
        nodes.run_until(lambda: not any(nodes.node(name).reason() for name in nodes.names), 60)
        last = nodes.propose(nodes.leader)
        nodes.run_until(lambda: last.succeeded)
        nodes.run_until(lambda: len({tuple(nodes.done(name)) for name in nodes.names}) == 1)

    def missing(self) -> list[bytes]:
        """What was acknowledged, and is not there."""
        done = set(self.nodes.done("A"))
        return [asked.what for asked in self.asked if asked.succeeded and asked.what not in done]

    def told(self) -> int:
        """How often a node said that the cluster contradicts it."""
        return self.contradicted + sum(self.nodes.node(name).status().contradictions for name in self.nodes.names)


class LyingSyncTests(SynchronousTestCase):
    """One disk of three."""

    def test_nothing_is_lost_in_silence(self) -> None:
        """Whatever B forgets, and whoever leads then."""
        before, acknowledged = LyingDisk.lost, 0
        for seed in [int(ONLY)] if ONLY else range(SEEDS):
            life = Life(seed)
            try:
                life.run()
                missing = life.missing()
                if missing and not life.told():
                    raise AssertionError(f"{missing} are lost, and nobody says so")
            except Exception as error:
                raise AssertionError(f"NACOS_TW_LIE={seed}: {type(error).__name__}: {error}") from error
            acknowledged += sum(asked.succeeded for asked in life.asked)
        self.flushLoggedErrors()
        self.assertGreater(acknowledged, 10)
        self.assertGreater(LyingDisk.lost, before)

    def test_the_others_have_it(self) -> None:
        """What all three had acknowledged is there, however far back B falls, and though B is asked first."""
        for seed in range(10):
            life = Life(1000 + seed)
            nodes = life.nodes
            for _ in range(8):
                life.asked.append(nodes.propose(life.dice.choice(nodes.names)))
                nodes.run(0.1)
            nodes.run_until(lambda nodes=nodes: len({tuple(nodes.done(name)) for name in nodes.names}) == 1)  # type: ignore[misc]
            for name in (LIAR, nodes.leader):
                life.restart(name, 0.5)
                life.settle()
            self.assertEqual(life.missing(), [], seed)
            self.assertEqual(life.told(), 0, seed)
        self.flushLoggedErrors()
