"""The few switches of long polling, which an operator publishes as a config (docs/spec/config-v1.md#4.4)."""

from __future__ import annotations

import attrs

from nacos_tw.config.model import ConfigKey

KEY: ConfigKey = ("", "DEFAULT_GROUP", "com.alibaba.nacos.meta.switch")
SHORTEST = 10_000
"""A poll is held so many ms at least."""
LONGEST = 600_000
"""And at most."""


@attrs.frozen
class PollSwitches:
    """
    @ivar fixed: compare at the end of the interval and not before.
    @ivar interval: that interval, in ms.
    @ivar delay: what is taken off the client's timeout, in ms.
    @ivar shortest: see L{SHORTEST}.
    """

    fixed: bool = False
    interval: int = 10_000
    delay: int = 500
    shortest: int = SHORTEST

    def seconds(self, timeout: int) -> float:
        """How long a poll of a client with that timeout (in ms) is held."""
        wanted = self.interval if self.fixed else timeout - self.delay
        return min(max(self.shortest, wanted), LONGEST) / 1000


def parse_switches(content: str) -> PollSwitches:
    """The switches of a config's content, lines C{name=value}; what cannot be read has its default."""
    found = {}
    for line in content.splitlines():
        name, mark, value = line.partition("=")
        if mark and not name.lstrip().startswith("#"):
            found[name.strip()] = value.strip()

    def number(name: str, default: int) -> int:
        text = found.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default

    return PollSwitches(
        found.get("isFixedPolling", "").lower() == "true",
        number("fixedPollingInertval", 10_000),
        number("fixedDelayTime", 500),
        number("MIN_LONG_POOLING_TIMEOUT", SHORTEST),
    )
