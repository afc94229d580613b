"""One follower (or learner) as its leader sees it."""

from __future__ import annotations

import enum
from collections import deque


class Flow(enum.Enum):
    """How entries go to a follower."""

    PROBE = "PROBE"
    """It is not known where the logs agree: one message at a time."""
    REPLICATE = "REPLICATE"
    """They agree: messages are sent ahead of their answers, up to a window."""
    SNAPSHOT = "SNAPSHOT"
    """It needs entries that the leader has no longer: the snapshot goes there in chunks."""


class Progress:
    """
    How far a follower is.

    @ivar match: the last index known to equal the leader's log and on the follower's disk.
    @ivar next: the next index to send.
    @ivar last_contact: when it last answered, or when the term began.
    @ivar answered: whether it answered since then and its link did not close after that.
    @ivar inflight: the last index of each message with entries on its way.
    @ivar probing: whether a probe is on its way.
    @ivar told: the commit index that it can know.
    @ivar round_sent: the last confirmation round sent to it.
    @ivar round_acked: the last round it acknowledged.
    @ivar snapshot: the index of the snapshot being sent (in SNAPSHOT).
    @ivar offset: the next byte of it to send.
    @ivar asked: when that byte was asked for.
    """

    __slots__ = (
        "answered", "asked", "inflight", "last_contact", "match", "next", "offset",
        "probing", "round_acked", "round_sent", "snapshot", "state", "told",
    )  # fmt: skip

    def __init__(self, next_index: int, now: float, floor: int = 0) -> None:
        self.match = 0
        self.next = next_index
        self.state = Flow.PROBE
        self.last_contact = now
        self.answered = False
        self.inflight: deque[int] = deque()
        self.probing = False
        self.told = 0
        self.round_sent = self.round_acked = floor
        self.snapshot = self.offset = 0
        self.asked = now

    def probe(self, next_index: int) -> None:
        """Look for the place where the logs agree, from C{next_index} downwards."""
        self.state = Flow.PROBE
        self.next = next_index
        self.probing = False
        self.told = 0
        self.inflight.clear()

    def replicate(self) -> None:
        """The place is known."""
        self.state = Flow.REPLICATE
        self.probing = False
        self.inflight.clear()

    def send_snapshot(self, index: int, now: float) -> None:
        """Send the snapshot that ends at C{index}, from its first byte."""
        self.state = Flow.SNAPSHOT
        self.probing = False
        self.snapshot = index
        self.offset = 0
        self.asked = now
        self.inflight.clear()

    def reached(self, index: int) -> None:
        """The follower has C{index} (higher than before)."""
        self.match = index
        if self.next <= index:
            self.next = index + 1
        inflight = self.inflight
        while inflight and inflight[0] <= index:
            inflight.popleft()
