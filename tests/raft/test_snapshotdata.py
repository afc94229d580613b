"""States that are written part by part."""

from __future__ import annotations

import io
from typing import BinaryIO

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft import snapshotdata
from nacos_tw.raft.sessions import Machines, Sessions, encode_batch
from nacos_tw.raft.snapshotdata import SnapshotData
from tests.raft.test_durable import Filed, Memory


class SnapshotDataTests(SynchronousTestCase):
    """L{nacos_tw.raft.snapshotdata}."""

    def test_values(self) -> None:
        """The parts make values of msgpack."""
        self.patch(snapshotdata, "PART", 3)
        for data in (b"", b"abc", b"abcdefgh" * 100):
            for found in (snapshotdata.of_bytes(data), snapshotdata.of_file(io.BytesIO(data))):
                packed = snapshotdata.packed(found)
                whole = packed.whole()
                self.assertEqual((len(whole), msgspec.msgpack.decode(whole)), (packed.length, data))
        self.assertRaises(ValueError, snapshotdata.packed, SnapshotData(2**32, ()))

    def test_file(self) -> None:
        """A file is read in parts of modest size, and closed behind the last."""
        self.patch(snapshotdata, "PART", 3)
        file = io.BytesIO(b"abcdefgh")
        self.assertEqual(list(snapshotdata.of_file(file).parts), [b"abc", b"def", b"gh"])
        self.assertTrue(file.closed)


class StateTests(SynchronousTestCase):
    """The whole state of a node."""

    def test_state(self) -> None:
        """It is the value that was always written at once, whatever machines there are."""
        machines = Machines({b"m": Memory()}, {b"f": Filed({})})
        sessions = Sessions(machines)
        for index, command in enumerate((b"m1", b"f2", b"f3"), 1):
            sessions.apply(encode_batch("A", 7, index, [command]), index)
        states = msgspec.msgpack.encode({b"m": b"1", b"f": b"2,3"})
        last, found = msgspec.msgpack.decode(sessions.snapshot(), type=tuple[dict[str, tuple[int, int]], bytes])
        self.assertEqual((last, msgspec.msgpack.decode(found)), ({"A": (7, 3)}, msgspec.msgpack.decode(states)))
        other = Sessions(Machines({b"m": Memory()}, {b"f": Filed({})}))
        other.restore(msgspec.msgpack.encode(({"A": (7, 3)}, states)), 3)
        self.assertEqual((other.last, other.snapshot()), (sessions.last, sessions.snapshot()))

    def test_image_is_of_its_moment(self) -> None:
        """What is applied behind it is not in it."""
        sessions = Sessions(Machines({b"m": Memory()}, {b"f": Filed({})}))
        sessions.apply(encode_batch("A", 7, 1, [b"m1"]), 1)
        before, taken = sessions.snapshot(), sessions.capture()
        sessions.apply(encode_batch("A", 7, 2, [b"m2", b"f2"]), 2)
        self.assertEqual(taken().whole(), before)

    def test_large_states_are_not_copied(self) -> None:
        """A machine with a file gets its part of what was read."""
        filed = Filed({})
        sessions = Sessions(Machines({b"m": Memory()}, {b"f": filed}))
        sessions.apply(encode_batch("A", 7, 1, [b"f1"]), 1)
        data, given = sessions.snapshot(), []
        self.patch(filed, "restore_from", given.append)
        sessions.restore(data, 2)
        self.assertEqual([(bytes(view), view.obj is data) for view in given], [(b"1", True)])

    def test_large_states_are_not_read_at_once(self) -> None:
        """Of a machine with a file only a part is in memory."""
        self.patch(snapshotdata, "PART", 10)
        filed = Filed({})
        filed.state = [b"x" * 1000]
        reads: list[int] = []

        class Watched(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
                reads.append(-1 if size is None else size)
                return super().read(size)

        def opened() -> BinaryIO:
            return Watched(filed.snapshot())

        self.patch(filed, "capture", lambda: opened)
        found = Sessions(Machines({}, {b"f": filed})).capture()()
        self.assertEqual(reads, [])
        self.assertEqual(sum(map(len, found.parts)), found.length)
        self.assertEqual(set(reads), {10})
