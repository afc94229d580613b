"""One core, spoken to by hand."""

from __future__ import annotations

from typing import TypeVar

from nacos_tw.raft.core.core import Core, Log, Ready, Role, Timing
from nacos_tw.raft.core.messages import (
    COMMAND,
    AnyMessage,
    AppendEntries,
    AppendResponse,
    Configuration,
    Entry,
    HardState,
    SnapshotMeta,
    VoteResponse,
)

M = TypeVar("M")
THREE = Configuration(("A", "B", "C"))
TIMING = Timing(election=1.0, heartbeat=0.1, hurried=0.03)


class Half:
    """Dice that always show the middle: timeouts of 1.5 s, hurried ones of 60 ms."""

    def random(self) -> float:
        return 0.5


def entries(*terms: int, first: int = 1) -> tuple[Entry, ...]:
    """Entries of these terms, from index C{first} on."""
    return tuple(Entry(first + at, term, COMMAND, b"%d" % (first + at)) for at, term in enumerate(terms))


class Single:
    """
    A core called "A" whose driver is the test.

    @ivar sent: (peer, message) that left since the last L{take}.
    """

    def __init__(
        self,
        *terms: int,
        term: int = 0,
        vote: str = "",
        recovering: bool = False,
        config: Configuration = THREE,
        snapshot: SnapshotMeta | None = None,
        first: int = 1,
        max_bytes: int = 512 * 1024,
        max_inflight: int = 64,
    ) -> None:
        """@param terms: of the log's entries."""
        self.now = 10.0
        hard = HardState(term or max((*terms, 0)), vote, recovering)
        log = Log(snapshot, entries(*terms, first=first))
        self.core = Core("A", config, hard, log, Half(), self.now, TIMING, max_bytes, max_inflight)
        self.sent: list[tuple[str, AnyMessage]] = []
        self.applied: list[Entry] = []
        self.readies: list[Ready] = []
        self.disk_works = True

    def pump(self) -> None:
        """Do what the core wants."""
        while (ready := self.core.ready()) is not None:
            self.readies.append(ready)
            self.sent.extend(ready.messages_now)
            self.applied.extend(ready.committed)
            if ready.committed:
                self.core.applied(ready.committed[-1].index)
            if self.disk_works:
                self.core.persisted(ready.token, self.now)
                self.sent.extend(ready.messages)

    def step(self, sender: str, message: AnyMessage) -> None:
        """A message comes."""
        self.core.step(sender, message, self.now)
        self.pump()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        end = self.now + seconds
        while self.core.deadline <= end:
            self.now = max(self.now, self.core.deadline)
            self.core.tick(self.now)
            self.pump()
        self.now = end

    def propose(self, data: bytes = b"x") -> tuple[int, int] | None:
        """A command."""
        at = self.core.propose(data, self.now)
        self.pump()
        return at

    def take(self) -> list[tuple[str, AnyMessage]]:
        """What was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent

    def to(self, peer: str, kind: type[M]) -> list[M]:
        """Messages of one kind to one peer since the last L{take}, which this is too."""
        return [message for name, message in self.take() if name == peer and isinstance(message, kind)]

    def follow(self, leader: str = "B", term: int = 1) -> None:
        """Hear from a leader."""
        self.step(leader, AppendEntries(term, 0, 0, 0))
        self.take()

    def lead(self) -> None:
        """Become leader by the vote of B; the first entry of the term has not been acknowledged yet."""
        self.wait(1.6)
        self.step("B", VoteResponse(self.core.term + 1, True, True))
        self.step("B", VoteResponse(self.core.term, False, True))
        assert self.core.role is Role.LEADER

    def acknowledge(self, *peers: str) -> None:
        """Peers have all of the log."""
        for peer in peers:
            self.step(peer, AppendResponse(self.core.term, True, self.core.last_index))
        self.take()
