"""What one client address, and one user, may ask of this node."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.access.limits import Limits, Rates, limits_of
from nacos_tw.settings import limit_keys as keys
from nacos_tw.settings.reading import Reader


@attrs.frozen
class LimitSettings:
    """
    Limits; 0 for none.

    @ivar connections: of an address at a time.
    """

    requests: Rates = Rates()
    registrations: Rates = Rates()
    connections: int = 0

    def of_node(self, clock: Callable[[], float], proxies: frozenset[str]) -> Limits:
        """
        What a node keeps.

        @param clock: monotonic seconds.
        @param proxies: addresses that may have any number of connections.
        """
        return limits_of(self.requests, self.registrations, self.connections, clock, proxies)


def limits(reader: Reader) -> LimitSettings:
    """Those of a node."""
    burst = reader.get(keys.BURST)
    return LimitSettings(
        Rates(reader.get(keys.ADDRESS_REQUESTS), reader.get(keys.USER_REQUESTS), burst),
        Rates(reader.get(keys.ADDRESS_REGISTRATIONS), reader.get(keys.USER_REGISTRATIONS), burst),
        reader.get(keys.ADDRESS_CONNECTIONS),
    )
