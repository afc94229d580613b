"""
Directed runs: faults in the orders in which a broken rule shows, which chance alone hardly ever strings together.

What happens is laid down, how it happens (who, how long, what arrives) is chosen by the seed.
"""

from __future__ import annotations

from functools import partial
from random import Random

from nacos_tw.raft.core import Core
from nacos_tw.raft.messages import Configuration
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
        if not self._wait(lambda: any(name in group.leaders for name in (second, third, fourth))):
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
        self._wait(lambda: any(name in group.leaders and group.core(name).progress for name in (first, fourth)))
        for name in (first, fourth):
            if name in group.leaders:
                self._write(name)
        group.run(dice.choice((0.1, 1.0)))
        return self._mend()

    def _wait(self, condition: object) -> bool:
        group = self.group
        try:
            group.run_until(lambda group: condition(), 8.0)  # type: ignore[operator]
        except AssertionError as error:
            if "not within" not in str(error):
                raise
            return False
        return True

    def _mend(self) -> Group:
        """All are told the same members again, or they would go on changing them."""
        group = self.group
        for name, member in group.members.items():
            group.crash(name)
            member.wanted = group.config
        group.finish()
        return group
