"""
The members as the log has them, and changes of them. Any member takes an order; the leader carries it out, one at a
time, and a leader that is to go hands over first.
"""

from __future__ import annotations

from typing import Any, Protocol

import attrs
import msgspec

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.problems import ChangeRefused, MemberUnknown
from nacos_tw.cluster.requests import Asking, MemberChange, Verb
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.questions import Answering, Others, Question

ADMIN = Rule("admin", recorded=True)
MOST_LEADERS = 4
"""So many are asked, one after the other: a leader that is to go hands over to the next."""
ELSEWHERE = "elsewhere"


@attrs.frozen
class GroupMember:
    """
    One member.

    @ivar name: what the log calls it; C{id}: what it made at its first start, "" while it is not known.
    @ivar http, raft: where it is, C{ip:port}.
    @ivar voter: whether it counts for majorities; else it is a learner.
    @ivar joining: whether the learner becomes a voter as soon as it has caught up.
    @ivar leads: whether it is the leader.
    @ivar lag: entries that it lacks, as the leader knows; None elsewhere, and for this node.
    @ivar connected: whether the link to it stands.
    @ivar state: C{UP}, C{SUSPICIOUS}, C{DOWN}, as this node takes it.
    @ivar version: of its server; "" while it is not known.
    """

    name: str
    id: str
    http: str
    raft: str
    voter: bool
    joining: bool
    leads: bool
    lag: int | None
    connected: bool
    state: str
    version: str


@attrs.frozen
class GroupView:
    """
    The group as this node's log has it.

    @ivar config_index: the entry that it is from; C{settled}: whether that is committed,
        and not older than this node: a new one reads of the past first.
    @ivar removed: the last members that were removed, newest first: name and id.
    @ivar difference: how the operator's list of members differs from the log's; "" if it does not.
    @ivar gone: why this node is no member any more; "" if it is.
    """

    members: tuple[GroupMember, ...]
    leader: str
    term: int
    config_index: int
    settled: bool
    removed: tuple[tuple[str, str], ...] = ()
    difference: str = ""
    gone: str = ""


class Group(Protocol):
    """This node's part: L{nacos_tw.membership.Group}."""

    def view(self) -> GroupView:
        """What its log has."""

    def leader(self) -> str:
        """The leader's name; "" while it knows none."""

    async def make(self, change: MemberChange) -> bool:
        """
        Make a change, as leader; done when it is committed.

        @return: False: this node has handed over the lead (or does not lead), so another has to.
        @raise Problem: it is refused.
        """

    async def left(self, member: str) -> bool:
        """Whether that member is this node, and it is none any more, or soon."""


class MemberOrder(msgspec.Struct):
    """An order, from node to node."""

    verb: str
    member: str = ""
    http: str = ""
    raft: str = ""
    id: str = ""
    joins: bool = False
    force: bool = False


class ChangeOutcome(msgspec.Struct):
    """
    How it went, from node to node.

    @ivar kind: C{done}, C{refused} (C{facts} are those of L{ChangeRefused}), C{unknown} (C{text}: the member),
        C{failed} (C{text}: why), C{elsewhere} (C{text}: who leads now; "" if that is not known).
    """

    kind: str = "done"
    text: str = ""
    facts: dict[str, Any] = {}


MEMBER_CHANGE: Question[MemberOrder, ChangeOutcome] = Question(
    "member-change", MemberOrder, ChangeOutcome, unreadable=lambda why: ChangeOutcome("failed", why)
)
"""What a member asks the leader for."""


class Membership(Operations):
    """For administrators."""

    __slots__ = ("_group", "_members", "_others")

    def __init__(self, group: Group, members: MemberList, others: Others, audit: AuditLog) -> None:
        super().__init__(audit)
        self._group = group
        self._members = members
        self._others = others

    @operation(Rule("read", "cluster"))
    def view(self, caller: Caller, request: Asking) -> GroupView:
        """The members as this node's log has them."""
        return self._group.view()

    @operation(ADMIN)
    async def change(self, caller: Caller, request: MemberChange) -> GroupView:
        """
        Make a change; done when the log has it.

        @return: the members as this node knows them then.
        @raise ChangeRefused: it is not made, and why.
        @raise MemberUnknown: there is no such member.
        @raise Unavailable: there is no leader, or it did not answer; the change may be made later.
        """
        await self._make(request)
        return self._group.view()

    async def _make(self, change: MemberChange) -> None:
        """Here, or at the leader; where that has handed over, at the next one."""
        if self._members.standalone:
            raise ChangeRefused("alone")
        leader = self._group.leader()
        for _ in range(MOST_LEADERS):
            if leader != self._members.own_name:
                outcome = await self._asked_of(leader, change)
                if outcome.kind != ELSEWHERE:
                    _raise(outcome)
                    return
                leader = outcome.text
            elif await self._group.make(change):
                return
            else:
                leader = self._group.leader()
        raise Unavailable("the leader changes too often")

    async def _asked_of(self, leader: str, change: MemberChange) -> ChangeOutcome:
        if not leader:
            raise Unavailable("no leader")
        order = MemberOrder(
            change.verb.value, change.member, change.http, change.raft, change.id, change.joins, change.force
        )
        try:
            return await self._others.ask(leader, MEMBER_CHANGE, order)
        except (NacosError, msgspec.MsgspecError) as error:
            if await self._group.left(change.member):
                return ChangeOutcome()  # the members do not speak to this node any more
            raise Unavailable(f"the leader {leader} did not answer: {error}") from None

    def _questions(self) -> dict[str, Answering]:
        async def asked(peer: str, order: MemberOrder) -> ChangeOutcome:
            try:
                fields = order.member, order.http, order.raft, order.id, order.joins, order.force
                if not await self._group.make(MemberChange(Verb(order.verb), *fields)):
                    return ChangeOutcome(ELSEWHERE, self._group.leader())
            except ChangeRefused as error:
                return ChangeOutcome("refused", facts=error.facts())
            except MemberUnknown as error:
                return ChangeOutcome("unknown", error.member)
            except (NacosError, ValueError) as error:
                return ChangeOutcome("failed", str(error))
            return ChangeOutcome()

        return MEMBER_CHANGE.answered_by(asked)


def _raise(outcome: ChangeOutcome) -> None:
    """What another node's answer says."""
    if outcome.kind == "refused":
        known = {field.name for field in attrs.fields(ChangeRefused)}
        raise ChangeRefused(**{name: value for name, value in outcome.facts.items() if name in known})
    if outcome.kind == "unknown":
        raise MemberUnknown(outcome.text)
    if outcome.kind != "done":
        raise Unavailable(outcome.text)


def questions_of(membership: Membership) -> dict[str, Answering]:
    """What other members may ask of it: they are let in by the links that they come over, not by who asked them."""
    return membership._questions()
