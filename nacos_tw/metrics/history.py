"""The last ten minutes of one node, for charts: a sample every five seconds, and every change of its Raft role."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec.structs import replace
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.timers import Periodic

RESOLUTION = 5.0
"""Seconds between two samples."""
SPAN = 600.0
"""Seconds that are kept."""
MOST_EVENTS = 200
"""So many changes of role are kept at most."""


class Facts(Protocol):
    """The part of L{nacos_tw.raft.status.RaftStatus} that makes an event."""

    @property
    def role(self) -> str: ...
    @property
    def term(self) -> int: ...
    @property
    def leader(self) -> str: ...


class Reading(msgspec.Struct, frozen=True):
    """
    What is read of the node for a sample.

    @ivar requests: answers given since the start.
    @ivar instances: instances that this node knows.
    @ivar listeners: clients that this node tells of changes: waiting polls, and subscriptions of services.
    """

    requests: int
    instances: int
    listeners: int


class Sample(msgspec.Struct, frozen=True):
    """
    One point of the charts.

    @ivar time: epoch milliseconds.
    @ivar requests: answers per second since the sample before.
    """

    time: int
    requests: float
    instances: int
    listeners: int


class Event(msgspec.Struct, frozen=True):
    """The node's role, term or leader changed. C{leader}: a node id, "" for none."""

    time: int
    role: str
    term: int
    leader: str


class Story(msgspec.Struct, frozen=True):
    """What a node tells: its samples and events, oldest first. C{now}: what its clock says."""

    address: str
    now: int
    samples: list[Sample]
    events: list[Event]

    def by_clock(self, now: int) -> Story:
        """The same as it is by a clock that says C{now}."""
        ahead = self.now - now
        return Story(
            self.address,
            now,
            [replace(sample, time=sample.time - ahead) for sample in self.samples],
            [replace(event, time=event.time - ahead) for event in self.events],
        )


class History(Periodic):
    """Takes the samples. Its memory is bounded: the oldest make room."""

    log = Logger()

    def __init__(
        self, address: str, read: Callable[[], Reading], clock: IReactorTime, millis: Callable[[], int]
    ) -> None:
        """
        @param address: this node's id.
        @param millis: the wall clock, in epoch milliseconds.
        """
        super().__init__(clock, RESOLUTION, self._sample)
        self._address = address
        self._read = read
        self._millis = millis
        self._samples: deque[Sample] = deque(maxlen=int(SPAN / RESOLUTION))
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._before = (0.0, 0)

    def startService(self) -> None:
        self._before = (self._clock.seconds(), self._read().requests)
        super().startService()

    def noted(self, now: Facts) -> None:
        """The node's Raft part is in another role or term, or follows another leader."""
        last = self._events[-1] if self._events else None
        if last is None or (last.role, last.term, last.leader) != (now.role, now.term, now.leader):
            self._events.append(Event(self._millis(), now.role, now.term, now.leader))

    def told(self, seconds: float = SPAN) -> Story:
        """What happened in the last C{seconds}."""
        now = self._millis()
        since = now - int(min(seconds, SPAN) * 1000)
        return Story(
            self._address,
            now,
            [sample for sample in self._samples if sample.time > since],
            [event for event in self._events if event.time > since],
        )

    def _sample(self) -> None:
        found, now = self._read(), self._clock.seconds()
        at, requests = self._before
        self._before = (now, found.requests)
        rate = (found.requests - requests) / (now - at) if now > at else 0.0
        self._samples.append(Sample(self._millis(), round(rate, 2), found.instances, found.listeners))
