"""Whole Raft parts whose states are hashed and compared, on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, maybeDeferred

from nacos_tw.cluster.operations.hashes import Compared
from nacos_tw.comparison import HASHES, Comparison
from nacos_tw.errors import Unavailable
from nacos_tw.interfaces import Pieces
from nacos_tw.questions import Others
from nacos_tw.raft.sessions import Machines
from tests.raft.nodes import Member, Nodes, Recorder


class Listed(Recorder):
    """A list of commands that can be hashed: each with its place."""

    part = "list"

    def freeze(self) -> Pieces:
        return Pieces([b"%d %s" % each for each in enumerate(self.done)])


class OnDisk(Listed):
    """The same on a disk that is lost with the node: what is not flushed is not seen."""

    part = "disk"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []
        self.applied = self.applied_term = self._index = self._term = 0
        self.lost = False

    def begin(self, index: int, term: int) -> None:
        self._index, self._term = index, term

    def flush(self) -> None:
        if len(self.seen) != len(self.done):
            self.seen = list(self.done)
            self.applied, self.applied_term = self._index, self._term

    def freeze(self) -> Pieces:
        return Pieces([b"%d %s" % each for each in enumerate(self.seen)])

    def restore_from(self, data: memoryview) -> None:
        self.restore(bytes(data))
        self.seen = list(self.done)
        self.applied, self.applied_term = self._index, self._term

    def capture(self) -> Any:
        import io

        state = msgspec.msgpack.encode(self.seen)
        return lambda: io.BytesIO(state)

    def quarantine(self) -> str:
        self.done, self.seen, self.applied, self.applied_term = [], [], 0, 0
        return "elsewhere"

    def reopened(self) -> None:
        self.quarantine()

    def begins_anew(self) -> None: ...


class Two(Machines):
    """Both; the commands of the one in memory are told."""

    def __init__(self) -> None:
        self.listed, self.disk = Listed(), OnDisk()
        super().__init__({b"r": self.listed}, {b"d": self.disk})  # type: ignore[dict-item]

    @property
    def done(self) -> list[bytes]:
        return [b"r" + command for command in self.listed.done]


class Links:
    """The links of one node."""

    def __init__(self, nodes: HashedNodes, name: str) -> None:
        self._nodes, self._name = nodes, name

    def level(self) -> int:
        return self._nodes.level

    def connected(self, peer: str) -> bool:
        return self._nodes.links[self._name, peer].up


class HashedNodes(Nodes):
    """
    A cluster.

    @ivar level: of the commands that all members know.
    """

    def __init__(self, names: str = "ABC", seed: int = 0, *, period: float = 0.0, **options: Any) -> None:
        self.level = HASHES
        self.period = period
        self.comparisons: dict[str, Comparison] = {}
        super().__init__(names, seed, machine=lambda name: Two(), prepare=self._compares, **options)

    def _compares(self, member: Member) -> None:
        name = member.name
        old = self.comparisons.get(name)
        if old is not None and old.running:
            old.stopService()
        assert member.node is not None
        others = Others(partial(self._ask, name), lambda what, body: fail(Unavailable("")))
        comparison = Comparison(member.node, others, self.clock, self.period, Links(self, name))
        self.comparisons[name] = comparison
        comparison.startService()

    def _ask(self, asking: str, peer: str, what: str, body: bytes) -> Deferred[bytes]:
        answer: Deferred[bytes] = Deferred()

        def arrived() -> None:
            if self.members[peer].node is None or not self.links[asking, peer].up:
                answer.errback(Unavailable("lost"))
                return
            maybeDeferred(self.comparisons[peer].questions()[what], asking, body).chainDeferred(answer)

        self.clock.callLater(self.latency(), arrived)
        return answer

    def write(self, name: str, count: int = 1) -> None:
        """Some commands for either machine, each done."""
        for number in range(count):
            for machine in (b"r", b"d"):
                asked = self.propose(name, machine + b"%s %d %d" % (name.encode(), len(self.asked), number))
                self.run_until(partial(self._ended_well, asked))

    @staticmethod
    def _ended_well(asked: Any) -> bool:
        return bool(asked.ended >= 0)

    def _ended(self, result: Any, asked: Any) -> None:
        asked.ended, asked.result = self.clock.rightNow, result

    def compare(self, name: str) -> Compared:
        """Compared by that node."""
        found: list[Any] = []
        Deferred.fromCoroutine(self.comparisons[name].compare()).addBoth(found.append)
        self.run_until(lambda: found, 90.0)
        if not isinstance(found[0], Compared):
            found[0].raiseException()
        return found[0]  # type: ignore[no-any-return]

    def machines(self) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """The states of the nodes that are up."""
        for name in self.up:
            machine = self.members[name].machine
            yield machine.listed.done, machine.disk.done
