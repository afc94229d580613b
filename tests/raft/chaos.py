"""One simulated run: a L{Group<tests.raft.group.Group>} under faults that its seed chooses."""

from __future__ import annotations

from functools import partial
from random import Random

from nacos_tw.raft.autopilot import Autopilot, Rules
from nacos_tw.raft.core import changes
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from tests.raft.group import Group
from tests.raft.steering import Steering

STEPS = 500

_ACTIONS = (
    ("propose", 44), ("confirm", 10), ("cut", 7), ("heal", 9), ("crash", 3), ("blink", 5), ("depose", 3),
    ("restart", 9), ("snapshot", 6), ("transfer", 2), ("freeze", 1), ("wipe", 1), ("weather", 4),
    ("reconfigure", 4),
)  # fmt: skip
_STEERED = (
    ("propose", 60), ("confirm", 5), ("cut", 2), ("heal", 12), ("crash", 2), ("blink", 3), ("depose", 2),
    ("restart", 12), ("snapshot", 6), ("transfer", 2), ("weather", 2), ("bury", 4), ("arrive", 8),
)  # fmt: skip
_RULES = Rules(stable=0.3, dead_after=1.0, least=3)
_LOOK = 0.1
"""Seconds between two looks of the autopilot."""
_LONGER = 6
"""Runs with the autopilot have so many times the steps: members come and go more slowly than messages."""


def _weighed(actions: tuple[tuple[str, int], ...]) -> list[str]:
    return [name for name, weight in actions for _ in range(weight)]


class Chaos:
    """
    A run of some hundred steps.

    @ivar group: the cluster: of 3 or 5 nodes, some with a learner, some whose membership moves: by an operator, or by
        the autopilot. With that, voters die for good, one at a time until the members are others, and new nodes come.
    @ivar steered: whether the autopilot is on.
    """

    def __init__(
        self, seed: int, core: type[Core] = Core, pilot: type[Autopilot] = Autopilot, steered: bool | None = None
    ) -> None:
        """@param steered: None: the seed decides."""
        self._dice = dice = Random(seed)
        names = "ABC" if dice.random() < 0.65 else "ABCDE"
        learners = "L" if dice.random() < 0.15 else ""
        self._moving = dice.random() < 0.25
        if self._moving:
            names = dice.choice(("ABC", "ABCD", "ABCD", "ABCDE"))
        self.steered = Random(f"steered {seed}").random() < 0.07 if steered is None else steered
        self._moving = self._moving or self.steered
        self._names = _weighed(_STEERED if self.steered else _ACTIONS)
        spares = "XYZ" if self.steered else "XY" if self._moving else ""
        self.group = Group(names, seed, learners=learners, spares=spares, core=core, start=False)
        self._steering = Steering(self.group, _RULES, _LOOK, pilot) if self.steered else None
        self._pace = dice.choice((0.02, 0.05, 0.1))
        self._number = 0
        self.group.max_bytes = dice.choice((1, 60, 400))
        self.group.marks = bool(seed % 2)
        self._weather()
        for name in self.group.config.names:
            self.group.call(dice.random() * dice.choice((0.05, 2.0)), self.group.start, name)
        self.group.call(0.0, self._act)

    def run(self, steps: int = STEPS) -> Group:
        """
        Run, then mend everything and see the cluster settle.

        @raise AssertionError: a promise was broken.
        """
        group = self.group
        step = group.step
        for _ in range(steps * _LONGER if self.steered else steps):
            step()
        self._pace = 0.0
        if self._steering is not None:
            self._steering.running = False
        group.finish()
        return group

    def _act(self) -> None:
        if not self._pace:
            return
        dice = self._dice
        name = self.group.names[int(dice.random() * len(self.group.names))]
        getattr(self, "_" + self._names[int(dice.random() * len(self._names))])(name)
        self.group.call(dice.random() * 2 * self._pace, self._act)

    def _propose(self, name: str) -> None:
        for leader in self.group.leaders:
            self._number += 1
            self.group.propose(leader, b"%d" % self._number)

    def _confirm(self, name: str) -> None:
        for leader in self.group.leaders:
            self._number += 1
            self.group.confirm(leader, b"%d" % self._number)

    def _cut(self, name: str) -> None:
        dice, group = self._dice, self.group
        kind = dice.random()
        others = [other for other in group.names if other != name]
        if kind < 0.3:
            group.cut(name, dice.choice(others), both=dice.random() < 0.5, notice=dice.random() < 0.5)
        elif kind < 0.6:
            group.isolate(name, notice=dice.random() < 0.5)
        elif kind < 0.8:  # one way: it hears nothing, or nobody hears it
            deaf = dice.random() < 0.5
            for other in others:
                group.cuts.add((other, name) if deaf else (name, other))
        else:
            group.split(dice.sample(group.names, 2))

    def _heal(self, name: str) -> None:
        self.group.heal()

    def _crash(self, name: str) -> None:
        self.group.crash(name, survive=self._dice.choice((0, 0, 1, 2, None)))

    def _blink(self, name: str) -> None:
        """Kill a node that is saving, if there is one, and start it again at once."""
        saving = [member.name for member in self.group.members.values() if member.pending]
        name = self._dice.choice(saving) if saving else name
        self._crash(name)
        self.group.start(name)

    def _depose(self, name: str) -> None:
        """Take the leader away, most likely with entries that not all have."""
        for leader in self.group.leaders:
            self._propose(leader)
            self.group.call(self._dice.random() * 0.01, self._lose, leader)

    def _lose(self, name: str) -> None:
        if not self._pace:
            return
        if self._dice.random() < 0.6:
            self._crash(name)
        else:
            self.group.isolate(name, notice=self._dice.random() < 0.7)

    def _restart(self, name: str) -> None:
        group = self.group
        for name in group.names:
            member = group.members[name]
            begun = name in group.config.names or member.wiped
            if begun and (member.core is None or member.frozen):
                group.crash(name)
                group.start(name)

    def _snapshot(self, name: str) -> None:
        if self.group.members[name].core is not None:
            self.group.snapshot(name, self._dice.choice((0, 0, 3)))

    def _transfer(self, name: str) -> None:
        for leader in self.group.leaders:
            target = self._dice.choice((None, name))
            self.group.act(leader, partial(Core.transfer, target=target, now=self.group.now))

    def _freeze(self, name: str) -> None:
        if self.group.members[name].core is not None:
            self.group.freeze(name)

    def _wipe(self, name: str) -> None:
        """Damage a log, but never of more nodes than may fail; an acknowledged write must survive that."""
        group = self.group
        lost = sum(group.members[voter].disk.hard.recovering for voter in group.config.voters)
        if lost < (len(group.config.voters) - 1) // 2 and not self._moving:
            group.wipe(name)

    def _reconfigure(self, name: str) -> None:
        """
        Change the members as an operator would, at each node that believes to lead: take a node in, promote it, make a
        learner of it, take it out, put an empty one in its place, note another address.
        """
        if not self._moving:
            return
        for leader in self.group.leaders:
            core = self.group.core(leader)
            if core.leading is None or not core.leading.settled:
                continue
            wanted = self._changed(core.config, name)
            if wanted is not None and 2 <= len(wanted.voters) <= 6:
                self.group.act(leader, partial(Core.propose_config, config=wanted, now=self.group.now))

    def _changed(self, config: Configuration, name: str) -> Configuration | None:
        dice, group = self._dice, self.group
        if name not in config.names:
            if not self._newest(config):
                return None  # an operator empties the folder of none that may be a member
            group.renew(name)
            return changes.added(config, self._record(name), joins=dice.random() < 0.7)
        kind = dice.random()
        if kind < 0.2:
            return changes.noted(config, self._record(name))
        if name in config.learners:
            return changes.promoted(config, name) if kind < 0.7 else changes.removed(config, name)
        return changes.demoted(config, name) if kind < 0.5 else changes.removed(config, name)

    def _certain(self) -> Configuration | None:
        """The members, where the newest leader knows that they are committed."""
        for leader in self.group.leaders:
            core = self.group.core(leader)
            if core.leading is not None and core.leading.settled and self._newest(core.config):
                return core.config
        return None

    def _bury(self, name: str) -> None:
        """A voter dies for good: three or more live through one such death, until the members are others."""
        config = self._certain()
        if config is not None and name in config.voters and not self.group.gone.intersection(config.names):
            self.group.crash(name)
            self.group.gone.add(name)

    def _arrive(self, name: str) -> None:
        """A node with an empty folder is started that is no member."""
        config = self._certain()
        if config is not None and name not in (*config.names, *self.group.gone):
            self.group.renew(name)

    def _newest(self, config: Configuration) -> bool:
        """Whether the leader of that configuration is of the highest term that any node ever saw."""
        cores = [member.core for member in self.group.members.values()]
        terms = [member.disk.hard.term for member in self.group.members.values()]
        newest = max(terms + [core.term for core in cores if core is not None])
        return any(core.config is config and core.term == newest for core in cores if core is not None and core.leading)

    def _record(self, name: str) -> MemberRecord:
        number = int(self._dice.random() * 1000)
        return MemberRecord(name, f"{name}{self.group.members[name].wiped}", f"{name}:{number}", f"{name}:{number}")

    def _weather(self, name: str = "") -> None:
        dice, group = self._dice, self.group
        group.loss = dice.choice((0.0, 0.0, 0.05, 0.2))
        group.doubling = dice.choice((0.0, 0.0, 0.1))
        group.lateness = dice.choice((0.0, 0.0, 0.05, 0.2))
        group.slow_disk = dice.choice((0.0, 0.0, 0.2))
