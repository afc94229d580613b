"""What can be asked of locks: frozen values, which every API makes of its own parameters."""

from __future__ import annotations

import msgspec

from nacos_tw.access.resources import lock_resource
from nacos_tw.errors import Invalid, Missing
from nacos_tw.locks.commands import TYPES

DEFAULT_TIME = 30_000
"""Milliseconds for which a lock is held by who does not say."""
LONGEST_TIME = 1_800_000
"""The longest time; who wants more gets this."""
LONGEST_NAME = 512
"""Characters of a lock's name and of an owner."""


class OneLock(msgspec.Struct, frozen=True, gc=False):
    """
    A lock, and who it is about. C{client}: the connection; C{owner}: which of its threads, in its words; C{millis}: for
    so long, below 0 for the usual time; C{wait}: so many milliseconds it would wait.

    @raise nacos_tw.errors.BadParameter: it cannot be.
    """

    client: str
    type: str
    name: str
    owner: str = ""
    millis: int = -1
    wait: int = 0

    def __post_init__(self) -> None:
        if not self.type or not self.name:
            raise Missing("lockType" if not self.type else "lockKey")
        if self.type not in TYPES:
            raise Invalid("lockType", "choice", self.type, sorted(TYPES))
        for field, value in (("lockKey", self.name), ("owner", self.owner)):
            if len(value) > LONGEST_NAME:
                raise Invalid(field, "length", value, LONGEST_NAME)
        if not self.millis:
            raise Invalid("expiredTime", "minimum", 0, 1)

    @property
    def time(self) -> int:
        """Milliseconds for which it is to be held."""
        return DEFAULT_TIME if self.millis < 0 else min(self.millis, LONGEST_TIME)

    def resource(self) -> str:
        """The lock, as permissions name it."""
        return lock_resource(self.name)
