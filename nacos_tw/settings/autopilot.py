"""What an operator decided about members that come and go by themselves."""

from __future__ import annotations

import attrs

from nacos_tw.settings import member_keys as keys
from nacos_tw.settings.discovery import Discovery
from nacos_tw.settings.reading import Reader


@attrs.frozen
class AutopilotSettings:
    """
    What the leader does with members by itself. Times in seconds.

    @ivar stable: that a node which was taken in must be well to become a voter.
    @ivar dead_after: after which a dead member is removed; 0: never.
    @ivar least: so many voters stay.
    """

    stable: float = 10.0
    dead_after: float = 600.0
    least: int = 3


def autopilot(reader: Reader, discovery: Discovery | None) -> AutopilotSettings | None:
    """None where it does nothing."""
    if discovery is None and not reader.get(keys.AUTOPILOT):
        return None
    return AutopilotSettings(reader.get(keys.STABLE), reader.get(keys.DEAD_AFTER), reader.get(keys.LEAST_VOTERS))
