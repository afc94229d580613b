"""
Members found by DNS: they begin a new cluster, and the leader of an existing cluster adds new ones.

A new cluster must begin only once. DNS may give different answers at different times, so a node without a log votes for
nobody until every node that is found answers that it has found the same nodes and has no log either. Two such lists
that have a node in common cannot both be agreed on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from twisted.application import service
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from nacos_tw.errors import NacosError, SettingsError
from nacos_tw.membership import Group
from nacos_tw.questions import Answering, Others, Question
from nacos_tw.raft.assembly import record_of
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.node import RaftNode
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.discovery import Discovery
from nacos_tw.timers import Periodic

IMPATIENT = 0.5
"""Seconds between two looks, as long as the cluster has not begun."""
FRESH, SLACK = 4, 10.0
"""What was found counts for so many periods, and so many seconds on top."""


class Asked(msgspec.Struct, frozen=True):
    """Nothing more is said."""


class Founding(msgspec.Struct, frozen=True):
    """With whom a node would begin a cluster; C{begun}: its log says who the members are."""

    names: list[str]
    begun: bool = False


FOUNDING: Question[Asked, Founding] = Question("founding", Asked, Founding)


class Follower(service.MultiService):
    """This node's part."""

    log = Logger()

    def __init__(
        self,
        settings: Discovery,
        own: Address,
        node: RaftNode,
        group: Group,
        others: Others,
        allow: Callable[[Iterable[str]], None],
        reactor: Any,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        @param own: where this node is.
        @param allow: these hosts may link, beside the members'.
        """
        super().__init__()
        self._settings = settings
        self._own = own
        self._node = node
        self._group = group
        self._others = others
        self._allow = allow
        self._reactor = reactor
        self._seconds = seconds
        self._found: frozenset[str] = frozenset()
        self._asked = self._when = -1e9
        self._why = ""
        look = lambda: Deferred.fromCoroutine(self._look())  # noqa: E731
        Periodic(reactor, min(IMPATIENT, settings.period), look, first=0).setServiceParent(self)
        group.named = self.named

    def named(self) -> Collection[str]:
        """The nodes that are found. As long as DNS does not answer none of the members is taken for gone."""
        if self._seconds() - self._when <= FRESH * self._settings.period + SLACK:
            return self._found
        config = self._node.core.config
        return self._found.union(config.record(name).http or name for name in config.names)

    async def _look(self) -> None:
        begun = self._node.core.log.config is not None
        if begun and self._seconds() - self._asked < self._settings.period:
            return
        self._asked = self._seconds()
        reactor = self._reactor
        try:
            nodes = await deferToThreadPool(reactor, reactor.getThreadPool(), self._settings.look)
        except SettingsError as error:
            self._say(str(error))
            return
        self._say("")
        self._when, self._found = self._seconds(), frozenset(node.node for node in nodes)
        self._allow(node.host for node in nodes)
        if self._node.core.log.config is None:
            await self._found_with(nodes)

    def _say(self, why: str) -> None:
        if why and why != self._why:
            self.log.warn("members: {why}", why=why)
        self._why = why

    async def _found_with(self, nodes: list[Address]) -> None:
        """No member is known: begin with those, if all of them agree."""
        records = [record_of(node) for node in nodes if node.node != self._own.node]
        own = next((node for node in nodes if node.node == self._own.node), None)
        mine = MemberRecord(self._group.own.name, self._group.own.id, self._own.node, self._own.raft_address)
        config = Configuration(tuple(sorted({mine.name, *(each.name for each in records)})), members=(mine, *records))
        waits = f"the cluster has not begun: {self._settings.name} names {len(nodes)} nodes"
        if own is None:
            waits += f", and not this one, {self._own.node}"
        elif len(nodes) < self._settings.expect:
            waits += f", {self._settings.expect} are expected"
        else:
            waits = await self._disagreement(config)
        if self._node.core.log.config is None:
            self._group.relist(records)
            self._node.found(config, waits)

    async def _disagreement(self, config: Configuration) -> str:
        """Why it cannot begin with those; "" if all say the same."""
        self._node.found(config, "the cluster has not begun: the nodes that are found are being asked")
        self._group.relist([record for record in config.members if record.name != self._group.own.name])
        for name in [each for each in self._group.met() if each not in config.voters] + list(config.voters):
            if name == self._group.own.name:
                continue
            try:
                answer = await self._others.ask(name, FOUNDING, Asked())
            except (NacosError, msgspec.MsgspecError):
                if name not in config.voters:
                    continue  # found before, and gone: unless it says that it has begun it does not count
                return f"the cluster has not begun: {name} does not answer"
            if answer.begun:
                return f"this node is no member yet: {name} belongs to a cluster, which takes it in"
            if name in config.voters and sorted(answer.names) != list(config.voters):
                return f"the cluster has not begun: {name} has found other nodes"
        return ""

    def questions(self) -> dict[str, Answering]:
        """What other nodes ask."""

        def answer(peer: str, asked: Asked) -> Founding:
            core = self._node.core
            return Founding(sorted(core.wanted.voters), core.log.config is not None)

        return FOUNDING.answered_by(answer)
