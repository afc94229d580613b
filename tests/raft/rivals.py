"""
Directed runs: faults in the orders in which a broken rule shows, which chance alone hardly ever strings together.

What happens is laid down, how it happens (who, how long, what arrives) is chosen by the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import Configuration
from tests.raft.group import Group


class Rivals:
    """
    Two leaders, one after the other, change the members in different ways, and neither change reaches all; then the
    first one stands again (Ongaro's message to raft-dev of July 2015 on single-server changes).

    Only an even number of voters has two majorities after one step that do not meet, so there are four.
    """

    def __init__(self, seed: int, core: type[Core] = Core) -> None:
        self._dice = Random(seed)
        self.group = Group("ABCD", seed, learners="E", core=core)
        self.group.max_bytes = 400
        self._number = 0

    def _write(self, name: str) -> None:
        self._number += 1
        self.group.propose(name, b"%d" % self._number)

    def _change(self, name: str, config: Configuration) -> None:
        """A change of the members at a node that leads, or that does no longer."""
        self.group.act(name, partial(Core.propose_config, config=config, now=self.group.now))

    def _without(self, config: Configuration, name: str) -> Configuration:
        voters = tuple(voter for voter in config.voters if voter != name)
        return Configuration(voters, (*config.learners, name))

    def _only(self, *names: str) -> None:
        """Messages pass within a group of nodes, and nowhere else."""
        self.group.cuts.clear()
        for one in self.group.names:
            for other in self.group.names:
                if one != other and not {one, other} <= set(names):
                    self.group.cuts.add((one, other))

    def run(self) -> Group:
        """
        Run, then mend everything and see the cluster settle.

        @raise AssertionError: a promise was broken.
        """
        dice, group = self._dice, self.group
        group.run_until(lambda group: group.leaders)
        for _ in range(dice.randrange(3)):
            self._write(group.leader)
        group.run_until(Group.settled)
        first, config = group.leader, group.config
        second, third, fourth = dice.sample([name for name in config.voters if name != first], 3)
        # The first one's change reaches nobody, or the newcomer.
        grows = dice.random() < 0.5
        self._only(first, *("E" if grows and dice.random() < 0.7 else ""))
        wanted = Configuration((*config.voters, "E")) if grows else self._without(config, dice.choice((second, third)))
        self._change(first, wanted)
        # The others elect another one, whose change reaches half of them.
        for one in (second, third, fourth):
            for other in (second, third, fourth):
                group.cuts.discard((one, other))
        if not wait(group, lambda: any(name in group.leaders for name in (second, third, fourth))):
            return self._mend()
        second, *others = sorted((second, third, fourth), key=lambda name: name not in group.leaders)
        third, fourth = dice.sample(others, 2)
        if dice.random() < 0.8:
            self._only(second, third)
        self._change(second, self._without(config, first))
        group.run(dice.choice((0.02, 0.1, 0.3)))
        # The first one stands again, among those that know the least.
        self._only(first, fourth, *("E" if dice.random() < 0.7 else ""))
        for name in (second, third):
            if dice.random() < 0.5:
                group.crash(name)
        wait(group, lambda: any(name in group.leaders and group.core(name).progress for name in (first, fourth)))
        for name in (first, fourth):
            if name in group.leaders:
                self._write(name)
        group.run(dice.choice((0.1, 1.0)))
        return self._mend()

    def _mend(self) -> Group:
        """All are told the same members again, or they would go on changing them."""
        group = self.group
        for name, member in group.members.items():
            group.crash(name)
            member.wanted = group.config
        group.finish()
        return group


class Forgotten:
    """
    What the leader and one other acknowledged is lost at that other, with its log, and then at the leader, which is
    down, before the one has it again. The third never had it, and stands.
    """

    def __init__(self, seed: int, core: type[Core] = Core) -> None:
        self._dice = Random(seed)
        self.group = Group("ABC", seed, core=core)
        self.group.max_bytes = self._dice.choice((1, 1, 60))
        self.group.marks = bool(seed % 2)

    def run(self) -> Group:
        """
        Run, then mend everything and see the cluster settle.

        @raise AssertionError: a promise was broken.
        """
        dice, group = self._dice, self.group
        group.run_until(lambda group: group.leaders)
        group.run_until(Group.settled)
        leader = group.leader
        forgets, third = dice.sample([name for name in group.names if name != leader], 2)
        group.isolate(third)
        slowly = dice.random() < 0.5
        for number in range(2 + dice.randrange(8)):
            group.propose(leader, b"%d" % number)
            if slowly and dice.random() < 0.5:
                group.run(0.02)
        group.run(0.1)
        again = dice.random() < 0.5
        if again:  # the leader is elected anew, by the third, and does not know what was committed
            group.crash(leader)
        group.wipe(forgets)
        if again:
            group.heal()
            group.start(leader)
            if not wait(group, lambda: leader in group.leaders):
                return self._mend()
            group.isolate(third)
        group.start(forgets)
        group.run(dice.random() * 0.06)
        group.crash(leader)
        group.heal()
        wait(group, lambda: bool(group.leaders), 6.0)
        return self._mend()

    def _mend(self) -> Group:
        self.group.finish()
        return self.group


def wait(group: Group, condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Let time pass until something holds; whether it did in time."""
    end = group.now + seconds
    while not condition():
        if group.now > end:
            return False
        group.step()
    return True
