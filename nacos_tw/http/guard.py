"""What runs between a carrier and a handler: the traffic filter, the check of rights, and the audit record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from nacos_tw.access.rules import Rule
from nacos_tw.errors import Unavailable
from nacos_tw.http.call import NO_PROXIES, Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.waking import Waking


class Check(Protocol):
    """Who may do what: L{nacos_tw.http.authorization.Authorization}."""

    def check(self, needs: Rule, call: Call) -> None | Deferred[None]:
        """
        Find out who asks, and put it into the call.

        @return: None, or a Deferred of None, to go on.
        @raise nacos_tw.errors.Forbidden: (also as a failure) they may not.
        """


Record = Callable[[Rule, Call, Reply], None]
"""record(needs, call, reply): note what was done."""


class Guard:
    """
    Asked before every handler, by both carriers, through L{nacos_tw.http.routing.answer}.

    @ivar _traffic: the filter of C{/v1/ns} (limited URLs, server status): None lets a call pass, a Reply is the
        answer instead of the handler's.
    @ivar authorization: the check; that of a node that asks for no logins lets everybody in. It can change.
    @ivar gone: why this node is no member any more and serves nothing; "" while it is one.
    """

    __slots__ = ("_proxies", "_record", "_traffic", "authorization", "gone", "waking")

    def __init__(
        self,
        authorization: Check,
        traffic: Callable[[Call], Reply | None] | None = None,
        record: Record | None = None,
        waking: Waking | None = None,
        proxies: frozenset[str] = NO_PROXIES,
    ) -> None:
        """
        @param waking: tells of requests that nobody waits for any more.
        @param proxies: whose X-Forwarded-For says where a call comes from.
        """
        self._proxies = proxies
        self.gone = ""
        self.waking = waking
        self._traffic = traffic
        self.authorization = authorization
        self._record = record

    def check(self, area: Any, handler: Any, call: Call) -> Reply | None | Deferred[None]:
        """
        Whether the call may go on.

        @param area: the object whose handler is asked for.
        @param handler: the handler; C{handler.needs} is its L{Rule}.
        @return: None to go on, else the answer; or a Deferred of None to go on.
        @raise nacos_tw.errors.Forbidden: (also as a failure) when the caller may not.
        @raise nacos_tw.errors.Unavailable: the request waited while the node stood still.
        """
        if self._proxies:
            call.proxies = self._proxies
        waking = self.waking
        if waking is not None and waking.seconds() > waking.until and waking.late() and handler.needs.action != "open":
            raise Unavailable("this node stood still while the request waited: it was not done")
        if self.gone and handler.needs.action != "open":
            raise Unavailable(self.gone)
        if self._traffic is not None and call.path.startswith("/v1/ns/"):
            refusal = self._traffic(call)
            if refusal is not None:
                return refusal
        return self.authorization.check(handler.needs, call)

    def record(self, handler: Any, call: Call, reply: Reply | Deferred[Reply]) -> Reply | Deferred[Reply]:
        """
        Note what became of a call whose handler's needs say so, unless an operation has.

        @return: the same reply.
        """
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
