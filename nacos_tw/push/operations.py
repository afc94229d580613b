"""How pushes over UDP went: for administrators."""

from __future__ import annotations

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.push.udp import UdpPush


@attrs.frozen
class PushState:
    """
    How they went.

    @ivar detail: with what services of all namespaces were told; C{reset}: and forget it.
    """

    detail: bool = False
    reset: bool = False

    def resource(self) -> str:
        """None."""
        return ""


class Pushes(Operations):
    """Of this node."""

    __slots__ = ("_udp",)

    def __init__(self, udp: UdpPush) -> None:
        self._udp = udp

    @operation(Rule("admin"))
    def state(self, caller: Caller, request: PushState) -> dict[str, object]:
        """Numbers by Nacos's names, see L{UdpPush.state}."""
        return self._udp.state(request.detail, request.reset)
