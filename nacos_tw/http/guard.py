"""What stands between a carrier and a handler: the traffic filter, and (later) who may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply

ACTIONS = frozenset({"open", "read", "write", "admin"})
KINDS = frozenset({"", "naming", "switches", "config", "cluster", "console", "admin"})


class Needs(NamedTuple):
    """
    What a caller needs for a route.

    @ivar action: C{open} (nothing, ever), C{read}, C{write}, or C{admin}.
    @ivar kind: how the resource is named, C{naming} for the service's; empty: as its path says.
    """

    action: str
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> Needs:
        """
        Read C{"read"} or C{"write:switches"}.

        @raise ValueError: for any other word, so at import time of the module that declares the route.
        """
        action, _, kind = text.partition(":")
        if action not in ACTIONS or kind not in KINDS:
            raise ValueError(f"unknown needs {text!r}: one of {sorted(ACTIONS)}, optionally :kind of {sorted(KINDS)}")
        return cls(action, kind)


class Guard:
    """
    Asked before every handler, by both carriers, through L{nacos_tw.http.routing.answer}.

    @ivar _traffic: the filter of C{/v1/ns} (limited URLs, server status): None lets a call pass, a Reply is the
        answer instead of the handler's.
    """

    __slots__ = ("_traffic",)

    def __init__(self, traffic: Callable[[Call], Reply | None] | None = None) -> None:
        self._traffic = traffic

    def check(self, area: Any, handler: Any, call: Call) -> Reply | None:
        """
        Whether the call may go on.

        @param area: the object whose handler is asked for.
        @param handler: the handler; C{handler.needs} is its L{Needs}.
        @return: None to go on, else the answer.
        @raise nacos_tw.errors.Forbidden: when the caller may not.
        """
        if self._traffic is not None and call.path.startswith("/v1/ns/"):
            refusal = self._traffic(call)
            if refusal is not None:
                return refusal
        # The permission check comes here: token -> user -> handler.needs against the resource the call names.
        return None
