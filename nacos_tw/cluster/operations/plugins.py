"""
What Nacos 3.2 calls plugins, of which this server has one: how logins are checked. It is chosen by the settings and by
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.operations.node import NodeState
from nacos_tw.cluster.problems import PluginFixed, PluginUnknown
from nacos_tw.cluster.requests import Asking, OnePlugin

READ = Rule("read", "cluster")


@attrs.frozen
class Plugin:
    """One of them."""

    kind: str
    name: str
    enabled: bool


class Plugins(Operations):
    """What there is."""

    __slots__ = ("_state",)

    def __init__(self, state: Callable[[], NodeState], audit: AuditLog) -> None:
        super().__init__(audit)
        self._state = state

    @operation(READ)
    def listed(self, caller: Caller, request: Asking) -> list[Plugin]:
        """All of them."""
        return self._known()

    @operation(READ)
    def detail(self, caller: Caller, request: OnePlugin) -> Plugin:
        """
        One of them.

        @raise PluginUnknown: there is none of that name.
        """
        return self._one(request)

    @operation(Rule("write", "cluster", recorded=True))
    def change(self, caller: Caller, request: OnePlugin) -> None:
        """
        Turn it on or off, or set it up: neither can be done while a node runs.

        @raise PluginUnknown: there is none of that name.
        @raise PluginFixed: there is one.
        """
        self._one(request)
        raise PluginFixed(request.kind, request.name)

    def _known(self) -> list[Plugin]:
        state = self._state()
        return [Plugin("auth", state.auth_type, state.auth_enabled)]

    def _one(self, wanted: OnePlugin) -> Plugin:
        for each in self._known():
            if (each.kind, each.name) == (wanted.kind, wanted.name):
                return each
        raise PluginUnknown(wanted.kind, wanted.name)
