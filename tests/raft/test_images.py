"""Snapshots for backups: when one is new enough, and what is waited for."""

from __future__ import annotations

from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Unavailable
from nacos_tw.raft.core.messages import Configuration, SnapshotMeta
from nacos_tw.raft.images import LIMIT, LOOK, Images


def meta(index: int) -> SnapshotMeta:
    return SnapshotMeta(index, 1, Configuration(("a",)))


@attrs.define
class Marks:
    """What a core knows to be committed."""

    commit: int = 5
    leader_commit: int = 5


@attrs.define
class Log:
    """Takes snapshots at once; C{full}: the disk takes none."""

    core: Marks = attrs.field(factory=Marks)
    snapshot: SnapshotMeta | None = None
    taken: list[int] = attrs.field(factory=list)
    full: bool = False

    @property
    def store(self) -> Log:
        return self

    def take(self, index: int) -> Deferred[Any]:
        self.taken.append(index)
        if not self.full:
            self.snapshot = meta(index)
        return succeed(None)


class ImagesTests(SynchronousTestCase):
    """Of a node that has applied up to C{applied}."""

    def setUp(self) -> None:
        self.clock, self.marks, self.applied, self.reason = Clock(), Log(), 5, ""
        writer = cast(Any, None)
        self.images = Images(
            cast(Any, self.marks), writer, self.clock, self.clock.seconds, lambda: self.applied, lambda: self.reason
        )

    def begin(self) -> Deferred[SnapshotMeta]:
        return ensureDeferred(self.images.save())

    def test_taken(self) -> None:
        """One is taken if there is none, or an older one."""
        self.marks.snapshot = meta(3)
        self.assertEqual(self.successResultOf(self.begin()), meta(5))
        self.assertEqual(self.marks.taken, [5])

    def test_new_enough(self) -> None:
        """One that holds all is used again."""
        self.marks.snapshot = meta(5)
        self.assertEqual(self.successResultOf(self.begin()), meta(5))
        self.assertEqual(self.marks.taken, [])

    def test_behind(self) -> None:
        """What the leader has committed is waited for; what comes after is not."""
        self.marks.core.leader_commit = 8
        waiting = self.begin()
        self.clock.advance(LOOK)
        self.assertNoResult(waiting)
        self.marks.core.leader_commit, self.applied = 12, 9
        self.clock.advance(LOOK)
        self.assertEqual(self.successResultOf(waiting), meta(9))

    def test_disk_refuses(self) -> None:
        """It is tried again for a while, then told."""
        self.marks.full = True
        waiting = self.begin()
        self.clock.pump([LOOK] * int(LIMIT / LOOK + 2))
        self.failureResultOf(waiting, Unavailable)
        self.assertGreater(len(self.marks.taken), 1)

    def test_not_in_order(self) -> None:
        """A node that knows no leader says why."""
        self.reason = "no leader"
        self.assertIn("no leader", str(self.failureResultOf(self.begin(), Unavailable).value))
