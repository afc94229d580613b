"""Limits of requests and connections in front of the handlers (L{nacos_tw.access.limits}); only where some are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from nacos_tw.access.limits import Admission
from nacos_tw.access.rules import Rule
from nacos_tw.admitting import admitted
from nacos_tw.http.guard import Check
from nacos_tw.http.wire import CLOSE, refusal, render

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

FREE = ("/actuator/", "/v1/console/health/", "/v2/console/health/", "/v3/console/health/", "/v3/admin/core/state/")
"""Starts of paths that probes and Prometheus ask for: they are answered, or an operator sees nothing any more."""


class LimitedCheck:
    """A L{Check} behind which an address, and then a user, has asked for no more than it may."""

    __slots__ = ("_admission", "_check")

    def __init__(self, check: Check, admission: Admission) -> None:
        self._check = check
        self._admission = admission

    def check(self, needs: Rule, call: Call) -> None | Deferred[None]:
        """
        See L{Check.check}.

        @raise nacos_tw.access.limits.OverLimit: (also as a failure) it was too much.
        """
        if call.path.startswith(FREE):
            return self._check.check(needs, call)
        return admitted(self._admission, call.source, lambda _: call.identity.name, self._check.check, needs, call)


def limited(check: Check, admission: Admission | None) -> Check:
    """The check itself where there is no limit."""
    return check if admission is None else LimitedCheck(check, admission)


class TurnedAway(Protocol):
    """A connection of an address that has too many: it is told so, and closed."""

    def __init__(self, most: int, date: bytes) -> None:
        """@param date: value of the Date header."""
        reply = refusal(429, f"too many connections of this address: at most {most}, try again later")
        self._said = render(reply, date, CLOSE)

    def connectionMade(self) -> None:  # noqa: N802
        """Say it at once: the request may never come."""
        assert self.transport is not None
        self.transport.write(self._said)
        self.transport.loseConnection()
