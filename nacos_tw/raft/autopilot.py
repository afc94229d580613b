"""
Changes of the members that the leader makes by itself, where the operator wants it (pure): a node that announces itself
joins as a learner and is promoted when it was well for a while; a member that was dead for a long time is removed, as
long as a healthy majority stays.

The log says which learners are to be promoted (L{Configuration.proving}), so that a new leader can go on; it measures
again how long a member has been healthy or dead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import attrs

from nacos_tw.raft.core import changes
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.core.quorum import majority

FORGOTTEN = 10.0
"""Seconds after which a node that does not announce itself any more is not taken in: they dial once a second."""


@attrs.frozen
class Rules:
    """
    What is done.

    @ivar stable: seconds that a learner must be well to be promoted.
    @ivar dead_after: seconds after which a dead member is removed; 0: never.
    @ivar least: so many voters stay, dead or not.
    """

    stable: float = 10.0
    dead_after: float = 600.0
    least: int = 3


@attrs.frozen
class Facts:
    """
    What the leader knows now.

    @ivar own: its name.
    @ivar heard: whether a member answers, or at least the link to it stands.
    @ivar may_vote: whether a learner may become a voter, see
        L{Leader.may_vote<nacos_tw.raft.core.leader.Leader.may_vote>}.
    @ivar named: C{ip:port} of all nodes that are to be members, where somebody says so (DNS): no others are taken in,
        and none of these is removed. None: nobody says so.
    """

    own: str
    heard: Callable[[str], bool]
    may_vote: Callable[[str], bool]
    named: Collection[str] | None = None


class Autopilot:
    """The leader's."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._well: dict[str, float] = {}
        self._dead: dict[str, float] = {}
        self._announced: dict[str, tuple[MemberRecord, float]] = {}

    def announced(self, record: MemberRecord, now: float) -> None:
        """A node that is no member has proved that it knows the cluster's secret."""
        if len(self._announced) < 256:
            self._announced[record.name] = record, now

    def resigned(self) -> None:
        """This node does not lead."""
        self._well.clear()
        self._dead.clear()
        self._announced.clear()

    def next(self, config: Configuration, facts: Facts, now: float) -> tuple[Configuration, str] | None:
        """The change to make now, and in words what it does; None: there is none."""
        self._count(config, facts, now)
        return (
            self._promotion(config, facts, now) or self._arrival(config, facts, now) or self._burial(config, facts, now)
        )

    def _count(self, config: Configuration, facts: Facts, now: float) -> None:
        for name in config.names:
            well = name == facts.own or facts.heard(name)
            ours, theirs = (self._well, self._dead) if well else (self._dead, self._well)
            ours.setdefault(name, now)
            theirs.pop(name, None)
        for counted in (self._well, self._dead):
            for name in [name for name in counted if name not in config.names]:
                del counted[name]

    def _promotion(self, config: Configuration, facts: Facts, now: float) -> tuple[Configuration, str] | None:
        for name in config.proving:
            well = now - self._well.get(name, now) >= self._rules.stable
            if name in config.learners and well and facts.may_vote(name) and config.record(name).id:
                return changes.promoted(
                    config, name
                ), f"{name} was well for {self._rules.stable:g} s: it is a voter now"
        return None

    def _arrival(self, config: Configuration, facts: Facts, now: float) -> tuple[Configuration, str] | None:
        for name, (record, when) in list(self._announced.items()):
            if now - when > FORGOTTEN or name in config.names:
                del self._announced[name]
            elif (facts.named is None or record.http in facts.named) and not _taken(config, record):
                return changes.added(config, record, proves=True), f"{name} has announced itself: it is a learner now"
        return None

    def _burial(self, config: Configuration, facts: Facts, now: float) -> tuple[Configuration, str] | None:
        if not self._rules.dead_after:
            return None
        for name in config.names:
            known = config.record(name)
            if now - self._dead.get(name, now) < self._rules.dead_after or self._spoken_for(known, facts):
                continue
            if name in config.voters and not self._can_spare(config, name):
                continue
            dead = f"{name} was dead for {self._rules.dead_after:g} s"
            return changes.removed(config, name), f"{dead}: it is no member any more"
        return None

    def _can_spare(self, config: Configuration, name: str) -> bool:
        """Whether a healthy majority stays without that voter."""
        left = [voter for voter in config.voters if voter != name]
        healthy = sum(voter in self._well for voter in left)
        return len(left) >= self._rules.least and healthy >= majority(len(left))

    @staticmethod
    def _spoken_for(record: MemberRecord, facts: Facts) -> bool:
        return facts.named is not None and bool({record.http, record.name}.intersection(facts.named))


def _taken(config: Configuration, record: MemberRecord) -> bool:
    """Whether a member has the id or is at the address of a node."""
    known = [config.record(name) for name in config.names]
    return any(each.id == record.id or record.http == (each.http or each.name) for each in known) or any(
        record.raft == each.raft for each in known
    )
