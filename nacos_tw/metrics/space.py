"""Watches the free space on the disk that holds a node's data, so that it never runs out unexpectedly."""

from __future__ import annotations

import os
from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.timers import Periodic

PERIOD = 0.25
"""Seconds between two looks."""
AGAIN = 10.0
"""Seconds between two calls of L{DiskSpace.on_low}, while there is little room."""
MARGIN = 1.25
"""So many times a limit must be free again before it counts as kept."""

PLENTY, LOW, SHORT, LAST = range(4)
"""There is room; there is little; what stays on the disk is refused; all that is new is refused."""


@attrs.frozen
class SpaceLimits:
    """
    Bytes that should be free; on a small disk less (a quarter of it, an eighth). 0: that is not looked at.

    @ivar warn: below this a line is logged, and files are made shorter.
    @ivar refuse: below this writes are refused.
    """

    warn: int = 256 * 2**20
    refuse: int = 64 * 2**20


def sizes(folder: str) -> tuple[int, int]:
    """
    Bytes that are free for this user on the disk of a folder, and bytes that it has.

    @raise OSError: it does not say.
    """
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


class DiskSpace(Periodic):
    """
    The look-out of one node.

    @ivar level: how much room there is.
    @ivar free: bytes that are free; C{total}: bytes that the disk has.
    @ivar refused: commands of the registry that were refused for want of it.
    @ivar on_low: called when there is little room, and again and again while that is so.
    @ivar on_level: called when the level is another one.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        folder: str,
        limits: SpaceLimits,
        needed: Callable[[], int] = lambda: 0,
        look: Callable[[str], tuple[int, int]] = sizes,
    ) -> None:
        """@param needed: bytes that making the files shorter takes for a while; they are kept free on top."""
        super().__init__(clock, PERIOD, self.look)
        self._seconds = clock.seconds
        self._folder = folder
        self._limits = limits
        self._needed = needed
        self._look = look
        self._told = 0.0
        self.refused = 0
        self.level = PLENTY
        self.free = self.total = 0
        self.on_low: Callable[[], object] = lambda: None
        self.on_level: Callable[[], object] = lambda: None

    def look(self) -> None:
        """See how much is free."""
        try:
            self.free, self.total = self._look(self._folder)
        except OSError as error:
            self.log.debug("{folder}: its disk does not say what is free: {why}", folder=self._folder, why=error)
            return
        level = self._judge()
        if level != self.level:
            before, self.level = self.level, level
            self._say(before)
            self.on_level()
        if level and (self._seconds() - self._told >= AGAIN or not self._told):
            self._told = self._seconds()
            self.on_low()

    @property
    def limits(self) -> tuple[int, int]:
        """Bytes that must be free so that nothing is warned of, and so that writes are taken."""
        needed = self._needed()
        warn, refuse = min(self._limits.warn, self.total // 4), min(self._limits.refuse, self.total // 8)
        return (warn + needed if warn else 0), (refuse + needed if refuse else 0)

    def _judge(self) -> int:
        warn, refuse = self.limits
        level = PLENTY
        for number, limit in ((LOW, warn), (SHORT, refuse), (LAST, refuse // 2)):
            if self.free < limit * (MARGIN if self.level >= number else 1):
                level = number
        return level

    def _say(self, before: int) -> None:
        if self.level >= SHORT:
            if before < SHORT or self.level == LAST:
                self.log.error("{why}", why=self.refusal)
        elif before >= SHORT:
            self.log.warn("writes are taken again: {text}", text=self._text)
        elif self.level == LOW:
            self.log.warn("there is little room: {text}; below {limit} writes are refused",
                          text=self._text, limit=_shown(self.limits[1]))  # fmt: skip
        else:
            self.log.info("there is room again: {text}", text=self._text)

    @property
    def _text(self) -> str:
        return f"{_shown(self.free)} of {_shown(self.total)} are free on the disk of {self._folder}"

    @property
    def refusal(self) -> str:
        """Why writes are refused; "" while they are not."""
        if self.level < SHORT:
            return ""
        limit = _shown(int(self.limits[1] * MARGIN))
        return f"the disk is nearly full: {self._text}; writes are refused until {limit} are"


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.1f} MB"
