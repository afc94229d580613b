"""
Clients that were told of a change of a config, and have not asked for it since: they are told again.

A client that is told asks at once, by listening anew or by a query. But it may forget that it was told: nacos-sdk-go
takes all its configs for in step when the answer to a request to listen comes, nacos-sdk-python the one whose query is
answered, whatever came meanwhile; both look again after five minutes only. That they acknowledge says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from nacos_tw.config.model import ConfigKey
from nacos_tw.grpc.connections import ClientConnection

PAUSE = 2.0
"""Seconds that a client has to ask; one more such time after each further message."""
TIMES = 3
"""So many times it is told again: it may work in some other way."""
LOOK = 0.5
"""Seconds between two looks, which is how exact the pauses are."""


class Reminders:
    """
    By client and config, the tenant normalised.

    @ivar again: tells a client again; C{times} is how often it was told before without having asked.
    """

    def __init__(self, clock: IReactorTime, again: Callable[[ClientConnection, ConfigKey, int], object]) -> None:
        self.again = again
        self._clock = clock
        self._due: dict[tuple[ClientConnection, ConfigKey], tuple[float, int]] = {}
        self._looking: IDelayedCall | None = None

    def __bool__(self) -> bool:
        """Whether there is anybody whose asking matters."""
        return bool(self._due)

    def told(self, client: ClientConnection, key: ConfigKey, times: int) -> None:
        """A client is told of a config; C{times} as in L{again}."""
        if times >= TIMES:
            self._due.pop((client, key), None)
            return
        self._due[client, key] = self._clock.seconds() + PAUSE * (times + 1), times
        if self._looking is None:
            self._looking = self._clock.callLater(LOOK, self._look)

    def asked(self, client: ClientConnection, key: ConfigKey) -> None:
        """It asks what it should have."""
        self._due.pop((client, key), None)

    def forget(self, client: ClientConnection, key: ConfigKey) -> None:
        """It is not told of that config any more."""
        self._due.pop((client, key), None)
        if not self._due and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self) -> None:
        self._looking = None
        now = self._clock.seconds()
        for client, key in [which for which, (until, _) in self._due.items() if until <= now]:
            _, times = self._due.pop((client, key))
            self.again(client, key, times + 1)
        if self._due and self._looking is None:
            self._looking = self._clock.callLater(LOOK, self._look)
