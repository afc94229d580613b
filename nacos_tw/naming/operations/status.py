"""Whether the registry can do its work, and how much is in it: open to anybody (docs/spec/naming-v1.md#6.1)."""

from __future__ import annotations

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.counts import Counts
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Asking

OPEN = Rule("open")


class Status(Operations):
    """Everything but L{clients} costs next to nothing."""

    __slots__ = ("_counts", "_naming")

    def __init__(self, naming: Naming, counts: Counts) -> None:
        self._naming = naming
        self._counts = counts

    @operation(OPEN)
    def status(self, caller: Caller, request: Asking) -> tuple[str, str]:
        """The server's status (C{UP}, C{DOWN} ...) and why it is so, "" when UP."""
        return self._naming.status()

    @operation(OPEN)
    def totals(self, caller: Caller, request: Asking) -> queries.Totals:
        """Services and instances."""
        return self._counts.totals()

    @operation(OPEN)
    def clients(self, caller: Caller, request: Asking) -> dict[str, int]:
        """Clients by kind, by the names of 2.5.1."""
        return self._counts.clients()
