"""Numbers for the states of services, for messages whose receivers drop what is not newer than what they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nacos_tw.clocks import onward
from nacos_tw.naming.model import ServiceKey

MOST = 200_000
"""Services whose numbers are remembered; with more, all are forgotten."""


class Revisions:
    """
    Gives each state of a service a number: about the milliseconds since 1970 at which this node saw it begin. A later
    state has a greater one, and one state has one number as long as it is remembered, so that its renderings can be
    shared.

    Clients of 2.x drop a message whose C{lastRefTime} is not greater than that of the one before, and may have the one
    before from another node: by then more time has passed than nodes differ in applying an entry.
    """

    __slots__ = ("_floor", "_known", "_most", "_seconds")

    def __init__(self, seconds: Callable[[], float] = onward, most: int = MOST) -> None:
        """@param seconds: since 1970, never fewer than before."""
        self._seconds = seconds
        self._most = most
        self._known: dict[ServiceKey, int] = {}
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
            number = max(changed_at or self._now(), self._floor + 1)
            self._known[service] = number
        return number

    def changed(self, services: Iterable[ServiceKey]) -> None:
        """These have another state now. One whose number nobody has asked for costs a look-up."""
        known = self._known
        for service in services:
            number = known.get(service)
            if number is not None:
                known[service] = max(self._now(), number + 1)

    def _now(self) -> int:
        return int(self._seconds() * 1000)
