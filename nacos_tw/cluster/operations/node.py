"""One node: what it is, whether it can work, its Raft part, the levels of its logs (docs/spec/naming-v1.md#9)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import RAFT_GROUP, Member, MemberList, RaftFacts
from nacos_tw.cluster.problems import LogLevelsFixed
from nacos_tw.cluster.requests import Asking, LogLevel
from nacos_tw.settings.settings import ConfigSettings

OPEN = Rule("open")


@attrs.frozen
class NodeState:
    """
    What a node is.

    @ivar function_mode: C{naming}, C{config}, or "" for both.
    @ivar wants_admin: whether logins are asked for and there is no administrator yet.
    @ivar pages: whether the console's pages are served.
    @ivar config: how it keeps configs; None where it serves none.
    @ivar platform: the database that has them, C{mysql} or C{postgresql}; "" where they are embedded.
    """

    version: str
    standalone: bool
    port: int
    function_mode: str = ""
    auth_enabled: bool = False
    auth_type: str = "nacos"
    wants_admin: bool = False
    pages: bool = True
    config: ConfigSettings | None = None
    platform: str = ""


@attrs.frozen
class Peer:
    """
    A member's Raft part, as this node knows it.

    @ivar vote: whom it voted for in C{term}; None: nobody, or not known.
    @ivar role: C{LEADER}, C{FOLLOWER}, C{CANDIDATE}.
    """

    address: str
    vote: str | None
    term: int
    role: str


class Nodes(Operations):
    """What this node says of itself to anybody, and what administrators set."""

    __slots__ = ("_facts", "_members", "_readiness", "_set_log_level", "_state")

    def __init__(
        self,
        members: MemberList,
        facts: Callable[[], RaftFacts],
        state: Callable[[], NodeState],
        readiness: Callable[[], str],
        set_log_level: Callable[[str, str], None] | None,
        audit: AuditLog,
    ) -> None:
        """
        @param facts: the state of its Raft part.
        @param readiness: "" when the node can do its work, else the reason why not.
        @param set_log_level: called with a log's name and level, raises a problem for what it does not know; None
            when levels cannot be changed.
        """
        super().__init__(audit)
        self._members = members
        self._facts = facts
        self._state = state
        self._readiness = readiness
        self._set_log_level = set_log_level

    @operation(OPEN)
    def state(self, caller: Caller, request: Asking) -> NodeState:
        """What it is."""
        return self._state()

    @operation(OPEN)
    def alive(self, caller: Caller, request: Asking) -> None:
        """The process answers."""

    @operation(OPEN)
    def readiness(self, caller: Caller, request: Asking) -> str:
        """Why it cannot do its work, in words for operators; "" if it can."""
        return self._readiness()

    @operation(OPEN)
    def raft(self, caller: Caller, request: Asking) -> Peer:
        """Its Raft part."""
        return self._own(self._facts())

    @operation(OPEN)
    def leader(self, caller: Caller, request: Asking) -> Peer | None:
        """The leader, None while there is none."""
        facts = self._facts()
        return self._peer(facts.leader, facts) if facts.leader else None

    @operation(OPEN)
    def peers(self, caller: Caller, request: Asking) -> list[Peer]:
        """All members and whoever else is in the Raft group, by address."""
        facts = self._facts()
        known = {member.name for member in self._members}
        return [self._peer(name, facts) for name in sorted(known | set(facts.voters) | set(facts.learners))]

    def _peer(self, name: str, facts: RaftFacts) -> Peer:
        """A node as this one knows it: itself, the leader it follows, or what a member last reported."""
        if name == facts.node:
            return self._own(facts)
        address = self._members.shown(name)
        if name == facts.leader:
            return Peer(address, None, facts.term, "LEADER")
        member = self._members.get(name)
        role = "FOLLOWER" if member is None else str(member.extend.get("raftRole", "FOLLOWER"))
        if role == "LEADER":
            role = "FOLLOWER"  # its report is older than what this node knows
        return Peer(address, None, _reported_term(member, facts.term), role)

    def _own(self, facts: RaftFacts) -> Peer:
        shown = self._members.shown
        return Peer(shown(facts.node), shown(facts.vote) or None, facts.term, facts.role)

    @operation(Rule("admin", recorded=True))
    def set_log_level(self, caller: Caller, request: LogLevel) -> None:
        """
        Set the level of a log of this node.

        @raise Problem: levels cannot be changed, or name or level is unknown.
        """
        if self._set_log_level is None:
            raise LogLevelsFixed
        self._set_log_level(request.log, request.level)


def _reported_term(member: Member | None, default: int) -> int:
    """The term in a member's extendInfo."""
    if member is None:
        return default
    try:
        return int(member.extend["raftMetaData"]["metaDataMap"][RAFT_GROUP]["term"])
    except (KeyError, TypeError, ValueError):
        return default
