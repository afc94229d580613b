"""The autopilot at work on a simulated L{Group<tests.raft.group.Group>}: each leader's looks after the members."""

from __future__ import annotations

from functools import partial

from nacos_tw.raft.autopilot import Autopilot, Facts, Rules
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.messages import MemberRecord
from tests.raft.group import Group


class Steering:
    """
    See the module.

    @ivar running: whether it goes on.
    """

    def __init__(self, group: Group, rules: Rules, look: float = 0.5, pilot: type[Autopilot] = Autopilot) -> None:
        """@param look: seconds between two looks."""
        self.running = True
        self._group = group
        self._look = look
        self._pilots = {name: pilot(rules) for name in group.names}
        self._steer()

    def _steer(self) -> None:
        if not self.running:
            return
        group = self._group
        group.call(self._look, self._steer)
        for name, pilot in self._pilots.items():
            core = group.members[name].core
            if core is None or core.leading is None:
                pilot.resigned()
            elif core.leading.settled:
                leading, now = core.leading, group.now
                for record in self._announcing(core):
                    pilot.announced(record, now)
                facts = Facts(name, partial(leading.answers, now=now), partial(leading.may_vote, now=now))
                found = pilot.next(core.config, facts, now)
                if found is not None:
                    group.act(name, partial(Core.propose_config, config=found[0], now=now))

    def _announcing(self, leader: Core) -> list[MemberRecord]:
        """The nodes that run, have a link to the leader, and are members neither by its log nor by their own."""
        found = []
        for name, member in self._group.members.items():
            outside = member.core is not None and (
                member.core.log.config is None or name not in member.core.config.names
            )
            linked = not {(name, leader.node), (leader.node, name)} & self._group.cuts
            if outside and linked and name not in leader.config.names:
                found.append(MemberRecord(name, f"{name}{member.wiped}", f"{name}:1", f"{name}:2"))
        return found
