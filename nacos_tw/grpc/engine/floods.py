"""What ends a connection: broken rules, and what is allowed now and then but not all the time."""

from __future__ import annotations

from nacos_tw.grpc.engine.frames import Code
from nacos_tw.grpc.engine.leaky_bucket import LeakyBucket
from nacos_tw.grpc.engine.limits import Limits

INFLATED = 32
"""To so many times its size a message may be inflated without being counted..."""
INFLATED_PART = 2**14
"""... and for each of so many bytes beyond, it counts as a frame that carries nothing."""


class Broken(Exception):
    """
    The peer has done what ends the connection.

    @ivar cause: see L{nacos_tw.grpc.engine.events.Ended}; C{reason} as well.
    """

    def __init__(self, code: Code, reason: str, cause: str = "protocol") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.cause = cause


class Floods:
    """
    Counts what costs us more than the peer.

    @ivar now: seconds; the owner sets it.
    """

    __slots__ = ("_controls", "_limits", "_resets", "now")

    def __init__(self, limits: Limits) -> None:
        self.now = 0.0
        self._limits = limits
        self._resets: LeakyBucket | None = None  # most clients need none
        self._controls = LeakyBucket(*limits.controls)

    def reset(self) -> None:
        """
        A call is cut off.

        @raise Broken: once too often.
        """
        if self._resets is None:
            self._resets = LeakyBucket(*self._limits.resets)
        if self._resets.exceeded(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many calls are cut off", "resets")

    def inflated(self, size: int, by: int) -> None:
        """
        A compressed message has come to so many bytes, out of C{by}. What other than a bomb does as well costs nothing.

        @raise Broken: it is one too many.
        """
        for _ in range(max(0, size - INFLATED * by) // INFLATED_PART):
            self.control()

    def control(self) -> None:
        """
        A frame carries nothing, or next to nothing.

        @raise Broken: it is one too many.
        """
        if self._controls.exceeded(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many frames that carry nothing", "controls")
