"""
The driver under faults, from seeds: everything answered is there once, on all nodes, in one order.

C{NACOS_TW_STORMS=2000} runs that many seeds instead of some hundred; C{NACOS_TW_STORM=17} runs one.
"""

from __future__ import annotations

import os
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.raft.nodes import Nodes

SEEDS = int(os.environ.get("NACOS_TW_STORMS", "150"))


class Storm:
    """Random things happen to a cluster, some to the nodes and some to those who write."""

    def __init__(self, seed: int, steps: int = 120) -> None:
        dice = self.dice = Random(seed)
        names = dice.choice(("ABC", "ABC", "ABC", "ABCDE", "AB"))
        self.nodes = Nodes(
            names,
            seed,
            slow=dice.choice((0.0, 0.002, 0.02)),
            snapshot_bytes=dice.choice((300, 2000, 10**9)),
            trailing=dice.choice((0, 3, 30)),
            request_timeout=dice.choice((1.0, 3.0, 5.0)),
            patience=dice.choice((0.5, 2.0)),
            mend_every=0.5,
        )
        self.steps = steps
        # Each storm has some kinds of faults; all at once would leave nothing to work.
        self.faults = dice.sample(
            (
                self.crash, self.blink, self.cut, self.stall, self.flap, self.fill, self.hand_over, self.break_disk,
                self.wipe, self.depose, self.snapshot, self.weather, self.close,
            ),
            dice.randint(1, 6),
        )  # fmt: skip

    def run(self) -> None:
        dice, nodes = self.dice, self.nodes
        if dice.random() < 0.8:
            nodes.elect()
        for _ in range(self.steps):
            for _ in range(dice.choice((0, 1, 1, 2, 5))):
                self.write()
            if dice.random() < 0.15:
                dice.choice(self.faults)()
            if dice.random() < 0.08:
                self.mend()
            nodes.run(dice.choice((0.0, 0.001, 0.005, 0.02, 0.1, 0.3)))
            nodes.check_answers()
        nodes.check_agreement()
        nodes.settle()

    def write(self) -> None:
        if not self.nodes.up:
            return
        name = self.dice.choice(self.nodes.up)
        kind = self.dice.random()
        if kind < 0.4:
            self.nodes.renew(name)
        elif kind < 0.45:
            self.nodes.propose(name, b"bad%d" % self.nodes._count)
        else:
            self.nodes.propose(name)

    def mend(self) -> None:
        self.nodes.heal()
        for name in self.nodes.names:
            if self.nodes.members[name].node is None:
                self.nodes.start(name)

    def any(self) -> str:
        return self.dice.choice(self.nodes.names)

    def two(self) -> list[str]:
        return self.dice.sample(self.nodes.names, 2)

    def crash(self) -> None:
        self.nodes.crash(self.any())

    def blink(self) -> None:
        name = self.any()
        if self.nodes.members[name].node is not None:
            self.nodes.crash(name)
            self.nodes.start(name)

    def close(self) -> None:
        name = self.any()
        if self.nodes.members[name].node is not None:
            self.nodes.stop(name)

    def cut(self) -> None:
        if self.dice.random() < 0.5:
            self.nodes.cut(*self.two())
        else:
            self.nodes.isolate(self.any())

    def stall(self) -> None:
        if self.dice.random() < 0.5:
            self.nodes.links[tuple(self.two())].stalled = True
        else:
            self.nodes.isolate(self.any(), notice=False)

    def flap(self) -> None:
        self.nodes.flap(*self.two())

    def fill(self) -> None:
        self.nodes.links[tuple(self.two())].full = True

    def hand_over(self) -> None:
        leader = self.nodes.leader
        if leader:
            self.nodes.node(leader).transfer(self.dice.choice((None, *self.nodes.names)))

    def break_disk(self) -> None:
        disk = self.nodes.members[self.any()].disk
        disk.fail_at = disk.calls + self.dice.randint(1, 4)

    def wipe(self) -> None:
        """Damage a log, if all others are sound and the cluster could do without this node."""
        nodes = self.nodes
        if len(nodes.names) < 3 or len(nodes.up) < len(nodes.names):
            return
        if any(nodes.node(name)._reopening.store.hard.recovering or nodes.node(name).failure for name in nodes.names):
            return
        name = self.any()
        nodes.crash(name)
        nodes.wipe(name)
        nodes.start(name)

    def depose(self) -> None:
        """The leader dies, or is cut off, with fresh writes."""
        leader = self.nodes.leader
        if leader:
            for name in self.nodes.up:
                self.nodes.propose(name)
                self.nodes.renew(name)
            self.nodes.run(self.dice.random() * 0.01)
            if self.dice.random() < 0.6:
                self.nodes.crash(leader)
            else:
                self.nodes.isolate(leader, notice=self.dice.random() < 0.7)

    def snapshot(self) -> None:
        if self.nodes.up:
            self.nodes.node(self.dice.choice(self.nodes.up)).take_snapshot()

    def weather(self) -> None:
        self.nodes.lateness = self.dice.choice((0.003, 0.003, 0.05, 0.4))


class StormTests(SynchronousTestCase):
    """Many seeds; a failing one says so and can be run again alone."""

    def test_storms(self) -> None:
        """Every promise holds in each of them."""
        only = os.environ.get("NACOS_TW_STORM")
        for seed in [int(only)] if only else range(SEEDS):
            storm = Storm(seed)
            try:
                storm.run()
            except BaseException as error:
                faults = ", ".join(fault.__name__ for fault in storm.faults)
                raise AssertionError(f"seed {seed} ({faults}; {len(storm.nodes.names)} nodes): {error}") from error
