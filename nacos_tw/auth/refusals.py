"""Why somebody is not let in, in Nacos's words (docs/spec/config-v1.md#12.7): consoles and clients act on the texts."""

from __future__ import annotations

from nacos_tw.errors import Forbidden, NacosError

UNKNOWN_USER = "unknown user!"
"""Nobody, or a wrong name or password: which of them is not told. The text of 1.4, on which consoles show the login."""
TOKEN_INVALID = "token invalid!"
TOKEN_EXPIRED = "token expired!"
DEFAULT_PASSWORD = "the default password is refused here, set another one!"

TOO_MANY_AT_A_TIME = "too many logins at a time, try again later"
"""Nothing was looked at, and nobody is to blame for it."""


class Refused(Forbidden):
    """Nobody who is known; L{nacos_tw.access.rules.NotAllowed} is for those who are."""


class TooManyFailures(NacosError):
    """So many logins have failed that the next one has to wait; nothing was looked at."""

    outcome = "refused 429"

    def __init__(self) -> None:
        super().__init__("too many failed logins, try again later")
