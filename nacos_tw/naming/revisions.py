"""Numbers for the states of services, for messages whose receivers drop what is not newer than what they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nacos_tw.clocks import onward
from nacos_tw.naming.model import ServiceKey

MOST = 200_000
"""Services whose numbers are remembered; with more, all are forgotten."""
FRESH = 1000
"""Milliseconds in which those who begin to subscribe share a number, and with it a rendering."""


class Revisions:
    """
    Gives each state of a service a number: about the milliseconds since 1970 at which this node saw it begin. A later
    state has a greater one, and one state has one number as long as it is remembered, so that its renderings can be
    shared.

    Clients of 2.x drop a message whose C{lastRefTime} is not greater than that of the one before, and may have the one
    before from another node, whose clock may be ahead: so a state has a new number when somebody begins to subscribe.
    """

    __slots__ = ("_floor", "_fresh", "_known", "_most", "_seconds")

    def __init__(self, seconds: Callable[[], float] = onward, most: int = MOST) -> None:
        """@param seconds: since 1970, never fewer than before."""
        self._seconds = seconds
        self._most = most
        self._known: dict[ServiceKey, int] = {}
        self._fresh: dict[ServiceKey, int] = {}  # the numbers that come of somebody's beginning to subscribe
        self._floor = 0

    def of(self, service: ServiceKey, changed_at: int = 0) -> int:
        """
        The number of a service's state now.

        @param changed_at: when it began, in milliseconds, if that is known and not later than it was; a service has it
            as L{changed_at<nacos_tw.naming.model.Service>}. 0: not known, as for one that is not there.
        """
        number = self._known.get(service)
        if number is None:
            if len(self._known) >= self._most:
                self._floor = max(self._floor, *self._known.values())
                self._known.clear()
                self._fresh.clear()
            number = max(changed_at or self._now(), self._floor + 1)
            self._known[service] = number
        return number

    def renew(self, service: ServiceKey) -> bool:
        """
        Somebody begins to subscribe, who may have had an older state from another node: the number of the state is that
        of now, as in Nacos, or of less than a second ago.

        @return: whether it has another number than before.
        """
        number, now = self.of(service), self._now()
        if now - number >= FRESH or self._fresh.get(service) != number:
            self._known[service] = self._fresh[service] = max(now, number)
        return self._known[service] != number

    def changed(self, services: Iterable[ServiceKey]) -> None:
        """These have another state now. One whose number nobody has asked for costs a look-up."""
        known = self._known
        for service in services:
            number = known.get(service)
            if number is not None:
                known[service] = max(self._now(), number + 1)

    def _now(self) -> int:
        return int(self._seconds() * 1000)
