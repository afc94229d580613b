"""
Commands to the Raft part: handing over the lead, saving a snapshot. Any member passes them to the one they are for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred, maybeDeferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import RAFT_GROUP, MemberList, RaftFacts
from nacos_tw.cluster.problems import OrderFailed
from nacos_tw.cluster.requests import Order
from nacos_tw.questions import Answering, Others, Question

UNSUPPORTED = frozenset({"removePeer", "removePeers", "changePeers", "resetPeers", "restRaftCluster"})
"""Commands that change the membership."""
GROUPS = frozenset(
    {
        RAFT_GROUP,
        "naming_persistent_service_v2",
        "naming_instance_metadata",
        "naming_service_metadata",
        "nacos_config",
    }
)
"""What an order may name: the groups of Nacos 1.4 to 3.x. All that they hold is in the one log here."""


class Raft(Protocol):
    """This node's Raft part: L{nacos_tw.raft.node.RaftNode}."""

    def status(self) -> RaftFacts:
        """Its state now."""

    def transfer(self, target: str | None) -> Any:
        """Hand leadership to C{target} or the best voter; False, or a Deferred of it, when this is not possible."""

    def take_snapshot(self) -> Deferred[Any]:
        """Save a snapshot and cut the log."""


class PassedOn(msgspec.Struct):
    """An order, from node to node."""

    command: str = ""
    value: str | None = None
    groupId: str | None = None  # noqa: N815 (wire name)


class Outcome(msgspec.Struct):
    """How an order went, from node to node: C{code} 200, or 500 and the reason."""

    code: int = 200
    message: str | None = None
    data: Any = None


RAFT_OPS: Question[PassedOn, Outcome] = Question(
    "raft-ops", PassedOn, Outcome, unreadable=lambda why: Outcome(500, why)
)
"""What a member asks another one to do."""


class Orders(Operations):
    """For administrators."""

    __slots__ = ("_members", "_others", "_raft")

    def __init__(self, members: MemberList, raft: Raft, others: Others, audit: AuditLog) -> None:
        super().__init__(audit)
        self._members = members
        self._raft = raft
        self._others = others

    @operation(Rule("admin", recorded=True))
    async def order(self, caller: Caller, request: Order) -> None:
        """
        Do it, here or at the member that has to.

        @raise OrderFailed: it is not to be done, or could not be.
        """
        await self._obey(request)

    def _questions(self, told: Callable[[OrderFailed], str]) -> dict[str, Answering]:
        """What other members may ask; see L{order_questions}."""

        async def asked(peer: str, order: PassedOn) -> Outcome:
            try:
                await self._obey(Order(order.command, order.value, order.groupId), passed_on=True)
            except OrderFailed as error:
                return Outcome(500, told(error))
            return Outcome()

        return RAFT_OPS.answered_by(asked)

    async def _obey(self, order: Order, passed_on: bool = False) -> None:
        if order.group and order.group not in GROUPS and not passed_on:
            raise OrderFailed("group", order.group)
        if order.command == "transferLeader":
            await self._transfer(order, passed_on)
        elif order.command == "doSnapshot":
            await self._snapshot(order, passed_on)
        elif order.command in UNSUPPORTED:
            raise OrderFailed("unsupported", order.command)
        else:
            raise OrderFailed("unknown", order.command)

    async def _transfer(self, order: Order, passed_on: bool) -> None:
        """The leader hands over to the member in C{value}, or to the one that is furthest."""
        status = self._raft.status()
        target = self._named(order.value)
        if order.value and (target is None or target not in status.voters):
            raise OrderFailed("voter", order.value)
        if not status.leader:
            raise OrderFailed("leader")
        if status.leader != self._members.own_name:
            await self._pass_on(status.leader, order, passed_on)
        elif target != status.leader and await maybeDeferred(self._raft.transfer, target) is False:
            raise OrderFailed("successor")

    async def _snapshot(self, order: Order, passed_on: bool) -> None:
        """The member in C{value}, or this one, saves a snapshot."""
        target = self._named(order.value) if order.value else self._members.own_name
        if target is None:
            raise OrderFailed("member", order.value or "")
        if target != self._members.own_name:
            await self._pass_on(target, order, passed_on)
        else:
            await self._raft.take_snapshot()

    async def _pass_on(self, peer: str, order: Order, passed_on: bool) -> None:
        """Have another member do it; once, so that two nodes that disagree cannot play ball with it."""
        if passed_on:
            raise OrderFailed("passed on", peer, self._members.own_name)
        try:
            outcome = await self._others.ask(peer, RAFT_OPS, PassedOn(order.command, order.value, order.group))
        except Exception as error:  # unreachable, too late, or another version's answer
            raise OrderFailed("unanswered", peer, detail=str(error)) from None
        if outcome.code != 200:
            raise OrderFailed("told" if outcome.message else "unanswered", peer, detail=outcome.message or "")

    def _named(self, value: str | None) -> str | None:
        """The name of the member with that Raft address, or that address."""
        member = None if not value else self._members.at(value)
        return None if member is None else member.name


def order_questions(orders: Orders, told: Callable[[OrderFailed], str]) -> dict[str, Answering]:
    """
    What other members may ask of it: they are let in by the links that they come over, not by who asked them.

    @param told: what one says whose order failed; of the words an operator may see them.
    """
    return orders._questions(told)
