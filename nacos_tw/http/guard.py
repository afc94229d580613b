"""What stands between a carrier and a handler: the traffic filter, who may do what, and the record of what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from nacos_tw.errors import Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.waking import Waking

ACTIONS = frozenset({"open", "user", "read", "write", "admin"})
KINDS = frozenset({"", "naming", "services", "config", "configs", "switches", "cluster", "console", "accounts"})
RECORDED = frozenset({"", "switches", "config", "cluster", "console", "accounts"})
"""Kinds whose writes are recorded; registrations and heartbeats are not."""


class Needs(NamedTuple):
    """
    What a caller needs for a route.

    @ivar action: C{open} (nothing, ever), C{user} (a login), C{read}, C{write}, or C{admin} (to be an administrator).
    @ivar kind: how the resource is named, C{naming} for the service's; empty: there is none.
    @ivar recorded: whether calls go into the audit log.
    """

    action: str
    kind: str = ""
    recorded: bool = False

    @classmethod
    def parse(cls, text: str) -> Needs:
        """
        Read C{"read:naming"}, C{"open"}; a C{"+"} at the end: it is recorded whatever it is.

        @raise ValueError: for any other word, so at import time of the module that declares the route.
        """
        text, plus, rest = text.partition("+")
        action, _, kind = text.partition(":")
        if action not in ACTIONS or kind not in KINDS or rest or (action in ("read", "write")) != bool(kind):
            raise ValueError(
                f"unknown needs {text!r}: one of {sorted(ACTIONS)}, read and write :kind of {sorted(KINDS)}"
            )
        return cls(action, kind, bool(plus) or (action in ("write", "admin") and kind in RECORDED))


class Check(Protocol):
    """Who may do what: L{nacos_tw.http.authorization.Authorization}."""

    def check(self, needs: Needs, call: Call) -> None | Deferred[None]:
        """
        Find out who asks, and put it into the call.

        @return: None, or a Deferred of None, to go on.
        @raise nacos_tw.auth.refusals.Refused: (also as a failure) they may not.
        """


Record = Callable[[Needs, Call, Reply], None]
"""record(needs, call, reply): note what was done."""


class Guard:
    """
    Asked before every handler, by both carriers, through L{nacos_tw.http.routing.answer}.

    @ivar _traffic: the filter of C{/v1/ns} (limited URLs, server status): None lets a call pass, a Reply is the
        answer instead of the handler's.
    @ivar authorization: None while no logins are asked for; that can change.
    """

    __slots__ = ("_record", "_traffic", "authorization", "waking")

    def __init__(
        self,
        traffic: Callable[[Call], Reply | None] | None = None,
        authorization: Check | None = None,
        record: Record | None = None,
        waking: Waking | None = None,
    ) -> None:
        """@param waking: tells of requests that nobody waits for any more."""
        self.waking = waking
        self._traffic = traffic
        self.authorization = authorization
        self._record = record

    def check(self, area: Any, handler: Any, call: Call) -> Reply | None | Deferred[None]:
        """
        Whether the call may go on.

        @param area: the object whose handler is asked for.
        @param handler: the handler; C{handler.needs} is its L{Needs}.
        @return: None to go on, else the answer; or a Deferred of None to go on.
        @raise nacos_tw.errors.Forbidden: (also as a failure) when the caller may not.
        @raise nacos_tw.errors.Unavailable: the request waited while the node stood still.
        """
        if self.waking is not None and self.waking.late() and handler.needs.action != "open":
            raise Unavailable("this node stood still while the request waited: it was not done")
        if self._traffic is not None and call.path.startswith("/v1/ns/"):
            refusal = self._traffic(call)
            if refusal is not None:
                return refusal
        if self.authorization is None:
            return None
        return self.authorization.check(handler.needs, call)

    def record(self, handler: Any, call: Call, reply: Reply | Deferred[Reply]) -> Reply | Deferred[Reply]:
        """Note what became of a call whose handler's needs say so. @return: the same reply."""
        record = self._record
        if record is None:
            return reply
        if isinstance(reply, Reply):
            record(handler.needs, call, reply)
            return reply

        def noted(given: Reply) -> Reply:
            record(handler.needs, call, given)
            return given

        return reply.addCallback(noted)
