"""Machines that keep their state on disk themselves, behind the driver."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random
from typing import Any, BinaryIO

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.writer import DirectWriter
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.options import NodeOptions
from nacos_tw.raft.sessions import Machines
from tests.raft.disks import MemoryDisk


class Memory:
    """A machine in memory."""

    def __init__(self) -> None:
        self.state: list[bytes] = []

    def apply(self, command: bytes) -> Any:
        self.state.append(command)
        return len(self.state)

    def snapshot(self) -> bytes:
        return b",".join(self.state)

    def restore(self, data: bytes) -> None:
        self.state = data.split(b",") if data else []


class Filed(Memory):
    """A machine with a file of its own (C{disk}) that can refuse."""

    def __init__(self, disk: dict[str, Any]) -> None:
        self.disk = disk
        self.refuses = self.lost = False
        self.index = 0
        self.reopened()

    @property
    def applied(self) -> int:
        return int(self.disk.get("applied", 0))

    @property
    def applied_term(self) -> int:
        return int(self.disk.get("term", 0))

    def begin(self, index: int, term: int) -> None:
        self.index, self.term = index, term

    def quarantine(self) -> str:
        self.disk["aside"] = dict(self.disk)
        self.disk.update(state=[], applied=0, term=0)
        self.reopened()
        return "aside"

    def apply(self, command: bytes) -> Any:
        self.dirty = True
        return super().apply(command)

    def flush(self) -> None:
        if self.lost or (self.dirty and self.refuses):
            self.lost = True
            raise NacosError("no space")
        if self.dirty:
            self.disk.update(state=list(self.state), applied=self.index, term=self.term)
            self.dirty = False

    def begins_anew(self) -> None:
        self.disk["applied"] = 0

    def reopened(self) -> None:
        self.state = list(self.disk.get("state", []))
        self.lost = self.dirty = False

    def capture(self) -> Callable[[], BinaryIO]:
        state = self.snapshot()
        return lambda: io.BytesIO(state)

    def restore_from(self, data: memoryview) -> None:
        super().restore(bytes(data))
        self.disk.update(state=list(self.state), applied=self.index, term=self.term)


class DurableTests(SynchronousTestCase):
    """One node with a machine in memory and one with a file."""

    def setUp(self) -> None:
        self.disk, self.clock = MemoryDisk(), Clock()
        self.file: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        store = open_store("/data", "A", True, self.disk)
        self.memory, self.filed = Memory(), Filed(self.file)
        options = NodeOptions("A", ("A",), "/data", disk=self.disk, mend_every=5.0, snapshot_bytes=10**9, trailing=0)
        machine = Machines({b"m": self.memory}, {b"f": self.filed})
        self.node = RaftNode(
            options, store, DirectWriter(store), machine, self.clock, Random(1), lambda: self.clock.rightNow
        )
        self.node.start()
        self.clock.advance(0.1)
        self.assertTrue(self.node.is_leader)

    def restart(self) -> None:
        self.node.stop()
        self.node.close_store()
        self.start()

    def write(self, command: bytes) -> Any:
        done = self.node.propose(command)
        self.clock.advance(0.01)
        return done

    def test_restart(self) -> None:
        """What the file has is not given to it again; what is in memory comes from the log."""
        for command in (b"f1", b"m1", b"f2"):
            self.successResultOf(self.write(command))
        self.restart()
        self.assertEqual((self.memory.state, self.filed.state), ([b"1"], [b"1", b"2"]))

    def test_file_behind(self) -> None:
        """A file that lost its end in a power failure gets it from the log."""
        self.successResultOf(self.write(b"f1"))
        early = {**self.file, "state": list(self.file["state"])}
        self.successResultOf(self.write(b"f2"))
        self.successResultOf(self.write(b"m1"))
        self.file = early
        self.restart()
        self.assertEqual((self.memory.state, self.filed.state), ([b"1"], [b"1", b"2"]))

    def test_file_lost(self) -> None:
        """A file that is gone comes back from the snapshot and the log behind it."""
        self.successResultOf(self.write(b"f1"))
        self.successResultOf(self.write(b"m1"))
        self.successResultOf(self.node.take_snapshot())
        self.successResultOf(self.write(b"f2"))
        self.file = {}
        self.restart()
        self.assertEqual((self.memory.state, self.filed.state), ([b"1"], [b"1", b"2"]))

    def test_another_log(self) -> None:
        """A log that was moved away by the operator: the file keeps what it has, and gets what comes."""
        for command in (b"f1", b"f2", b"f3"):
            self.successResultOf(self.write(command))
        self.node.stop()
        self.node.close_store()
        self.disk = MemoryDisk()
        self.start()
        self.successResultOf(self.write(b"f4"))
        self.assertEqual(self.filed.state, [b"1", b"2", b"3", b"4"])

    def test_refused(self) -> None:
        """
        While the file refuses, nothing is answered as done, and the node says so; when it takes writes
        again everything in the log is in both machines, once.
        """
        self.successResultOf(self.write(b"m1"))
        self.successResultOf(self.write(b"f1"))
        self.filed.refuses = True
        self.failureResultOf(self.write(b"f2"), Unavailable)
        self.assertIn("no space", self.node.reason())
        self.failureResultOf(self.write(b"m2"), Unavailable)
        self.filed.refuses = False
        for _ in range(30):
            self.clock.advance(0.2)
        self.assertEqual(self.node.reason(), "")
        self.successResultOf(self.write(b"f3"))
        self.assertEqual((self.memory.state, self.filed.state), ([b"1"], [b"1", b"2", b"3"]))
