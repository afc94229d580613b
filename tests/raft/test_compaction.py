"""Snapshots: the log stays small, and who is far behind gets the state instead of it."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft import compaction
from nacos_tw.raft.core.messages import InstallSnapshot
from nacos_tw.raft.net import codec
from tests.raft.nodes import FOLDER, Nodes


class CompactionTests(SynchronousTestCase):
    """On joined nodes."""

    def make(self, **options: Any) -> Nodes:
        nodes = self.nodes = Nodes(**{"snapshot_bytes": 500, "trailing": 2, **options})
        nodes.elect()
        return nodes

    def write(self, name: str, count: int) -> None:
        for _ in range(count):
            self.nodes.propose(name)
            self.nodes.run(0.02)

    def chunks(self) -> list[InstallSnapshot]:
        """The chunks that arrive from now on."""
        found: list[InstallSnapshot] = []

        def watch(sender: str, receiver: str, frame: Any) -> None:
            if type(frame) is codec.RaftFrame and type(frame.message) is InstallSnapshot:
                found.append(frame.message)

        self.nodes.watch = watch
        return found

    def test_bounded(self) -> None:
        """However much is written, log and memory keep a part of it only."""
        nodes = self.make()
        for name in nodes.names * 10:
            self.write(name, 10)
            for each in nodes.names:
                core = nodes.node(each)._core
                self.assertLess(core.last_index - core.log.first, 40)
        for each in nodes.names:
            self.assertIsNotNone(nodes.node(each)._reopening.store.snapshot)
        nodes.settle()

    def test_restart(self) -> None:
        """A node begins with its snapshot and goes on with the entries behind it."""
        nodes = self.make()
        self.write("A", 40)
        done = list(nodes.done("B"))
        for name in nodes.names:
            nodes.crash(name)
        nodes.start("B")
        self.assertGreater(len(nodes.done("B")), 10)
        self.assertEqual(nodes.done("B"), done[: len(nodes.done("B"))])
        nodes.start("A")
        nodes.start("C")
        nodes.settle()
        self.assertEqual(nodes.done("B")[: len(done)], done)

    def test_behind(self) -> None:
        """A node that was away for long gets the state in chunks."""
        self.patch(compaction, "CHUNK", 50)
        nodes = self.make()
        leader, away = nodes.leader, nodes.follower()
        nodes.crash(away)
        self.write(leader, 60)
        nodes.start(away)
        chunks = self.chunks()
        nodes.run(2.0)
        self.assertGreater(len(chunks), 5)
        self.assertEqual([chunk.done for chunk in chunks], [False] * (len(chunks) - 1) + [True])
        self.assertEqual(nodes.done(away), nodes.done(leader))
        nodes.settle()

    def test_replaced_meanwhile(self) -> None:
        """While a snapshot is on its way no new one takes its place, unless it takes too long."""
        self.patch(compaction, "CHUNK", 50)
        nodes = self.make()
        leader, away = nodes.leader, nodes.follower()
        nodes.crash(away)
        self.write(leader, 40)
        nodes.start(away)
        nodes.lateness = 0.05
        for _ in range(100):
            nodes.propose(leader)
            nodes.run(0.02)
        nodes.settle()

    def test_broken_follower(self) -> None:
        """A follower that takes no chunk, though its link is up, does not let the leader's log grow for ever."""
        nodes = self.make(mend_every=10**6)
        leader, broken = nodes.leader, nodes.follower()
        nodes.crash(broken)
        self.write(leader, 60)
        nodes.start(broken)
        disk = nodes.members[broken].disk
        disk.fail_at = disk.calls + 1
        nodes.run(1.0)
        self.assertTrue(nodes.node(broken).failure)
        self.write(leader, 300)
        core = nodes.node(leader)._core
        self.assertLess(core.last_index - core.log.first, 150)

    def test_not_written(self) -> None:
        """The disk has no room for a snapshot: that is logged, the log goes on, and the next try works."""
        nodes = self.make(snapshot_bytes=10**9)
        self.write("A", 10)
        node = nodes.node("A")
        store = node._reopening.store
        original = store.begin_snapshot

        def fail(*args: Any) -> None:
            raise OSError(28, "no space left on device")

        self.patch(store, "begin_snapshot", fail)
        self.successResultOf(node.take_snapshot())
        self.assertIsNone(store.snapshot)
        store.begin_snapshot = original  # type: ignore[method-assign]
        self.write("A", 1)
        self.successResultOf(node.take_snapshot())
        self.assertIsNotNone(store.snapshot)
        self.assertFalse(node.failure)
        nodes.settle()

    def test_one_at_a_time(self) -> None:
        """While one is being written there is no second."""
        nodes = self.make(slow=0.5, snapshot_bytes=10**9, request_timeout=20.0)
        self.write("A", 5)
        nodes.run(5.0)
        node = nodes.node("A")
        first = node.take_snapshot()
        self.assertNoResult(first)
        second = node.take_snapshot()
        self.successResultOf(second)
        nodes.run(3.0)
        self.successResultOf(first)
        self.assertEqual(node._reopening.store.snapshot.index, node.status().applied)

    def test_nothing_to_save(self) -> None:
        """Nothing was applied since the last: nothing happens."""
        nodes = self.make(snapshot_bytes=10**9)
        self.write("A", 3)
        node = nodes.node("A")
        self.successResultOf(node.take_snapshot())
        calls = nodes.members["A"].disk.calls
        self.successResultOf(node.take_snapshot())
        self.assertEqual(nodes.members["A"].disk.calls, calls)

    def test_wanted_one_is_gone(self) -> None:
        """A chunk of a snapshot that was replaced is not sent, and nothing fails."""
        nodes = self.make()
        self.write("A", 40)
        leader = nodes.node(nodes.leader)
        chunks = self.chunks()
        leader._compaction.send(nodes.follower(), 1, 0)
        nodes.run(0.1)
        self.assertEqual(chunks, [])

    def test_damaged_while_sent(self) -> None:
        """A snapshot that is damaged on disk is not passed on; the follower gets the next one."""
        nodes = self.make()
        leader, away = nodes.leader, nodes.follower()
        nodes.crash(away)
        self.write(leader, 60)
        disk = nodes.members[leader].disk
        index = nodes.node(leader)._reopening.store.snapshot.index
        (path,) = (path for path in disk.names_now if f"{index:016d}" in path and path.startswith(FOLDER))
        disk.names_now[path].data[40] ^= 255
        nodes.start(away)
        chunks = self.chunks()
        nodes.run(1.0)
        self.assertEqual(chunks, [])
        self.write(leader, 120)
        nodes.run(1.0)
        self.assertEqual(nodes.done(away), nodes.done(leader))

    def test_take_snapshot_fires(self) -> None:
        """The operator's order is answered when it is saved."""
        nodes = self.make(snapshot_bytes=10**9)
        self.write("A", 3)
        result = nodes.node("A").take_snapshot()
        self.assertIsInstance(result, Deferred)
        self.successResultOf(result)
        self.assertIsNotNone(nodes.node("A")._reopening.store.snapshot)
