"""
The filter before C{/v1/ns} (docs/spec/naming-v1.md#1.6, #1.7): limited URLs, and a server status that an operator set.
"""

from __future__ import annotations

from typing import Protocol

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.naming.switches import Switches

PASSING = ("", "UP")


class Switched(Protocol):
    """What switches are in force for."""

    @property
    def switches(self) -> Switches:
        """Those of now."""


class Traffic:
    """
    Asked by the guard for each call under C{/v1/ns}.

    A status that nobody set, such as DOWN for want of a leader, stops nothing here: reads and ephemeral
    registrations go on then, and each write says for itself whether it can be done.
    """

    __slots__ = ("_context", "_registry")

    def __init__(self, registry: Switched, context_path: str) -> None:
        """@param registry: has the switches in force."""
        self._registry = registry
        self._context = context_path.rstrip("/")

    def __call__(self, call: Call) -> Reply | None:
        """None lets the call pass."""
        switches = self._registry.switches
        if not switches.limited_url_map and not switches.overridden_server_status:
            return None
        target = call.target.decode("utf-8", "replace")
        for url, status in switches.limited_url_map.items():
            if target.startswith(url):
                return Reply(status)
        status_name = switches.overridden_server_status or ""
        if status_name in PASSING or call.agent.startswith("Nacos-Server"):
            return None
        reads = call.method == "GET"
        if (status_name == "WRITE_ONLY" and not reads) or (status_name == "READ_ONLY" and reads):
            return None
        return Reply(503, f"server is {status_name}now, please try again later!".encode())
