"""
Compares the members' states: periodically by the leader, and when an operator asks for it.

An entry of the log marks the point at which all members hash their states (L{nacos_tw.raft.hashing}). The node that
compares asks all for their hashes, and tells a member whose state is not that of a majority of the voters. That member
checks its own hash again, hands over if it leads, sets its state aside and takes over the leader's. If no majority
agrees, this is only reported to the operator: nobody knows which state is right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

import attrs
import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw.cluster.operations.hashes import Compared, MemberHashes
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.metrics.exposition import Family, gauge
from nacos_tw.questions import Answering, Others, Question
from nacos_tw.raft.core.quorum import majority
from nacos_tw.raft.hashing import FORMAT, StateHash
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.sessions import MARK
from nacos_tw.timers import Periodic, until

HASHES = 6
"""The level of nodes that know L{MARK}."""
LIMIT = 60.0
"""Seconds that all members have to hash their states: many instances and contents take some."""
LOOK = 0.1
"""Seconds between two looks at whether they have."""
HAND_OVER = 3.0
"""Seconds that a leader whose state differs gives another one to take over."""


class HashAsked(msgspec.Struct, array_like=True):
    """For the hashes after that entry."""

    index: int


class HashSaid(msgspec.Struct, array_like=True):
    """
    A node's hashes.

    @ivar pending: whether they will be there soon.
    """

    parts: dict[str, str] = {}
    format: int = FORMAT
    pending: bool = False


class Differing(msgspec.Struct, array_like=True):
    """To a node: after that entry most voters have these hashes, and it has others."""

    index: int
    parts: dict[str, str]


class Mending(msgspec.Struct, array_like=True):
    """C{begun}: whether it sets its state aside."""

    begun: bool


STATE_HASH: Question[HashAsked, HashSaid] = Question("state-hash", HashAsked, HashSaid, "msgpack")
STATE_DIFFERS: Question[Differing, Mending] = Question("state-differs", Differing, Mending, "msgpack")


@attrs.frozen
class Verdict:
    """
    What the hashes say.

    @ivar right: by part the hash that a majority of the voters has.
    @ivar differing: by node the parts in which it has another one.
    @ivar undecided: the parts that differ, and of which no majority has the same.
    """

    right: dict[str, str]
    differing: dict[str, tuple[str, ...]]
    undecided: tuple[str, ...]


def judge(said: Mapping[str, Mapping[str, str]], voters: Collection[str]) -> Verdict:
    """
    Compare.

    @param said: by node its hashes by part, all of the same format; a part that a node does not have is left out.
    """
    right: dict[str, str] = {}
    differing: dict[str, tuple[str, ...]] = {}
    undecided = []
    for part in sorted({part for parts in said.values() for part in parts}):
        found = {name: parts[part] for name, parts in said.items() if part in parts}
        votes = [text for name, text in found.items() if name in voters]
        most = max(votes, key=votes.count, default="")
        if votes.count(most) >= majority(len(voters)):
            right[part] = most
            for name, text in found.items():
                if text != most:
                    differing[name] = (*differing.get(name, ()), part)
        elif len(set(found.values())) > 1:
            undecided.append(part)
    return Verdict(right, differing, tuple(undecided))


class Links(Protocol):
    """The links to the other members: L{nacos_tw.raft.net.peers.Peers}."""

    def level(self) -> int:
        """Of the commands that all members know."""

    def connected(self, peer: str) -> bool:
        """Whether that one can be asked."""


class Comparison(Service):
    """
    One node's part in it.

    @ivar differing: how many members differed when this node compared last, or how many parts were undecided.
    @ivar compared: the entry of that; 0: it never did.
    """

    log = Logger()

    def __init__(
        self,
        node: RaftNode,
        others: Others,
        clock: IReactorTime,
        period: float,
        links: Links | None,
    ) -> None:
        """
        @param period: seconds between comparisons by the leader; 0: none.
        @param links: None where there are no others.
        """
        self.differing = self.compared = 0
        self._node = node
        self._others = others
        self._clock = clock
        self._links = links
        self._periodic = Periodic(clock, period, self._look) if period else None

    def startService(self) -> None:
        """Compare now and then."""
        super().startService()
        if self._periodic is not None:
            self._periodic.startService()

    def stopService(self) -> None:
        """No more."""
        super().stopService()
        if self._periodic is not None:
            self._periodic.stopService()

    def _look(self) -> Deferred[None] | None:
        """The leader compares, where there is something to compare with."""
        node = self._node
        if not node.is_leader or len(node.core.config.names) < 2 or self._level() < HASHES:
            return None
        return Deferred.fromCoroutine(self._compare_and_tell())

    async def _compare_and_tell(self) -> None:
        try:
            await self.compare()
        except NacosError as error:
            self.log.warn("the states of the members are not compared: {why}", why=error)

    def _level(self) -> int:
        return HASHES if self._links is None else self._links.level()

    # -- who compares

    async def compare(self) -> Compared:
        """See L{nacos_tw.cluster.operations.hashes.Comparing.compare}."""
        if self._level() < HASHES:
            raise Unavailable("states are compared once every member runs a version that can")
        index = int(await self._node.propose(MARK))
        config = self._node.core.config
        said = await self._gather(config.names, index)
        verdict = judge({name: each.parts for name, each in said.items() if each.format == FORMAT}, config.voters)
        self.compared, self.differing = index, len(verdict.differing) + len(verdict.undecided)
        if verdict.undecided:
            self.log.error(
                "the members differ in their states after entry {index} ({parts}), and no majority has the same: look "
                "at them yourself, and replace those that are wrong", index=index, parts=", ".join(verdict.undecided),
            )  # fmt: skip
        mended = await self._mend(index, verdict)
        members = [
            MemberHashes(name, dict(said[name].parts) if name in said else {}, verdict.differing.get(name, ()),
                         name in mended)
            for name in config.names
        ]  # fmt: skip
        return Compared(index, tuple(members), verdict.undecided)

    async def _gather(self, names: Collection[str], index: int) -> dict[str, HashSaid]:
        """What the members say that are reached, once they have it."""
        said: dict[str, HashSaid] = {}
        end = self._clock.seconds() + LIMIT
        waits_for = set(names)
        while waits_for and self._clock.seconds() < end:
            for name in sorted(waits_for):
                found = await self._asked(name, index)
                if found is None or not found.pending:
                    waits_for.discard(name)
                    if found is not None:
                        said[name] = found
            if waits_for:
                pause: Deferred[None] = Deferred()
                self._clock.callLater(LOOK, pause.callback, None)
                await pause
        return said

    async def _asked(self, name: str, index: int) -> HashSaid | None:
        """What a member says; None: it does not answer."""
        if name == self._node.node:
            return self._said(name, HashAsked(index))
        if self._links is None or not self._links.connected(name):
            return None
        try:
            return await self._others.ask(name, STATE_HASH, HashAsked(index))
        except Exception as error:  # unreachable, too late, or another version's answer
            self.log.info("{name} does not say its hashes: {why}", name=name, why=error)
            return None

    async def _mend(self, index: int, verdict: Verdict) -> list[str]:
        """Tell those that differ, this node last. @return: those that set their states aside."""
        mended = []
        for name in sorted(verdict.differing, key=lambda name: name == self._node.node):
            parts = ", ".join(verdict.differing[name])
            self.log.error(
                "the state of {name} differs after entry {index}: {parts}", name=name, index=index, parts=parts
            )
            differing = Differing(index, verdict.right)
            try:
                if name == self._node.node:
                    begun = (await self._told(name, differing)).begun
                else:
                    begun = (await self._others.ask(name, STATE_DIFFERS, differing)).begun
            except Exception as error:  # as in _asked
                self.log.error("{name} is not mended yet: {why}", name=name, why=error)
                continue
            mended += [name] if begun else []
        return mended

    # -- who is asked

    def questions(self) -> dict[str, Answering]:
        """What other members may ask."""
        return {**STATE_HASH.answered_by(self._said), **STATE_DIFFERS.answered_by(self._told)}

    def _said(self, peer: str, asked: HashAsked) -> HashSaid:
        """This node's hashes after an entry."""
        hashing = self._node.hashing
        found: StateHash | None = hashing.known(asked.index)
        if found is not None:
            return HashSaid(found.parts, found.format)
        return HashSaid(pending=hashing.pending(asked.index) or self._node.status().applied < asked.index)

    async def _told(self, peer: str, differing: Differing) -> Mending:
        """This node's state is said to differ: if so it goes."""
        own = self._node.hashing.known(differing.index)
        wrong = (
            [] if own is None else [part for part, text in differing.parts.items() if own.parts.get(part, text) != text]
        )
        if not wrong:
            return Mending(False)
        node = self._node
        if node.is_leader and node.transfer(None):
            await until(lambda: not node.is_leader, self._clock, HAND_OVER)
        index, parts = differing.index, ", ".join(wrong)
        begun = node.differs(f"after log entry {index} most members have another state than this node: {parts}")
        return Mending(begun)

    def families(self) -> Iterator[Family]:
        """In the metrics."""
        yield gauge(
            "nacos_state_hash_index", "The entry at which this node hashed its state last.", self._node.hashing.last
        )
        yield gauge(
            "nacos_state_differs", "Members whose state was another when this node compared last.", self.differing
        )
