"""How much there is in the registry, and whether it can work (docs/spec/naming-v1.md#6.1)."""

from __future__ import annotations

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Asking


@attrs.frozen
class Counted:
    """
    What this node shows.

    @ivar status: C{UP}, C{DOWN} ...; C{reason}: why it is not UP.
    @ivar connections: clients of 2.x and 3.x that publish.
    @ivar ephemeral: addresses of 1.x with ephemeral instances, C{persistent}: with persistent ones.
    """

    status: str
    reason: str
    services: int
    instances: int
    subscriptions: int
    connections: int
    ephemeral: int
    persistent: int

    @property
    def clients(self) -> int:
        """All of them."""
        return self.connections + self.ephemeral + self.persistent


class Counting(Operations):
    """For anybody, as in Nacos: SDKs ask for the status."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    @operation(Rule("open"))
    def status(self, caller: Caller, request: Asking) -> str:
        """The server's status."""
        return self._naming.status()[0]

    @operation(Rule("open"))
    def counts(self, caller: Caller, request: Asking) -> Counted:
        """All counts; it looks at every instance."""
        naming = self._naming
        registry = naming.registry
        totals = queries.counts(registry, naming.overlay)
        own = [each for each in registry.by_number.values() if not each.client]
        ephemeral = len({(each.ip, each.port) for each in own if each.ephemeral})
        persistent = len({(each.ip, each.port) for each in own if not each.ephemeral})
        return Counted(
            *naming.status(),
            totals.services,
            totals.instances,
            len(naming.subscriptions),
            len(registry.clients),
            ephemeral,
            persistent,
        )
