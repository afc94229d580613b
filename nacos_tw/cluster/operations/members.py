"""The members of the cluster (docs/spec/naming-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.members import UP, Member, MemberList, RaftFacts
from nacos_tw.cluster.problems import LeaveUnsupported, LookupUnsupported
from nacos_tw.cluster.requests import Asking, LookupKind, NamedMember, Nodes, Reported, Responsible

READ, WRITE, OPEN = Rule("read", "cluster"), Rule("write", "cluster", recorded=True), Rule("open")


class Members(Operations):
    """What this node knows of all members; its own state is of this very moment."""

    __slots__ = ("_facts", "_members", "_millis")

    def __init__(
        self, members: MemberList, facts: Callable[[], RaftFacts], millis: Callable[[], int], audit: AuditLog
    ) -> None:
        """
        @param facts: the state of this node's Raft part.
        @param millis: the wall clock, in milliseconds since 1970.
        """
        super().__init__(audit)
        self._members = members
        self._facts = facts
        self._millis = millis

    def _find(self, request: Nodes) -> list[Member]:
        self._see()
        found = [member for member in self._members if member.address.startswith(request.prefix)]
        return [member for member in found if member.state == UP] if request.only_up else found

    def _see(self) -> Member:
        return self._members.see_self(self._facts(), self._millis())

    @operation(READ)
    def nodes(self, caller: Caller, request: Nodes) -> list[Member]:
        """Those that are asked for, sorted by address."""
        return self._find(request)

    @operation(OPEN)
    def servers(self, caller: Caller, request: Nodes) -> list[Member]:
        """The same, as Nacos shows it to anybody where naming is asked."""
        return self._find(request)

    @operation(READ)
    def own(self, caller: Caller, request: Asking) -> Member:
        """This node."""
        return self._see()

    @operation(READ)
    def reachable(self, caller: Caller, request: Asking) -> list[str]:
        """The addresses of the members that are not down."""
        return self._members.reachable()

    @operation(OPEN)
    def is_member(self, caller: Caller, request: Reported) -> bool:
        """
        Whether who reports is one. Nothing is taken from it: anyone can send this, and our nodes report over their own
        links.
        """
        return self._members.at(request.report.address) is not None

    @operation(OPEN)
    def knows(self, caller: Caller, request: NamedMember) -> bool:
        """Whether a member's address is, or holds, the one that is named."""
        named = request.address
        return bool(named) and any(named in member.address for member in self._members)

    @operation(OPEN)
    def responsible(self, caller: Caller, request: Responsible) -> str:
        """The address of the member that Distro would hold responsible."""
        return self._members.responsible(request.tag)

    @operation(READ)
    def id_generators(self, caller: Caller, request: Asking) -> dict[str, str]:
        """None: ids come from the log and the database."""
        return {}

    @operation(WRITE)
    def switch_lookup(self, caller: Caller, request: LookupKind) -> None:
        """
        C{file} is how it is.

        @raise LookupUnsupported: for any other way.
        """
        if request.kind != "file":
            raise LookupUnsupported(request.kind)

    @operation(WRITE)
    def leave(self, caller: Caller, request: Asking) -> None:
        """@raise LeaveUnsupported: always."""
        raise LeaveUnsupported
