"""The switches (docs/spec/naming-v1.md#6.2)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming.commands import SetSwitch
from nacos_tw.naming.operations.replicated import Replicated
from nacos_tw.naming.requests import Asking, SwitchChange
from nacos_tw.naming.switches import Switches, apply_switch


class SwitchOperations(Operations):
    """Reading and changing them."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Replicated, audit: AuditLog) -> None:
        super().__init__(audit)
        self._naming = naming

    @operation(Rule("open"))
    def all(self, caller: Caller, request: Asking) -> Switches:
        """As they are on this node."""
        return self._naming.registry.switches

    @operation(Rule("write", "switches", recorded=True))
    def change(self, caller: Caller, request: SwitchChange) -> Deferred[Any]:
        """
        Change one entry, on all nodes or on this one; an unknown entry changes nothing.

        @raise Invalid: the value is refused; nothing was proposed then.
        """
        apply_switch(self._naming.registry.switches, request.entry, request.value)
        if request.here:
            self._naming.set_local_switch(request.entry, request.value)
            return succeed(None)
        return self._naming.change(SetSwitch(request.entry, request.value))
