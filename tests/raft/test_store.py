"""The log on a healthy disk, and on one that refuses."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import Configuration, Entry, HardState, SnapshotMeta
from nacos_tw.raft.disk.files import Disk, explain
from nacos_tw.raft.disk.segment import SegmentHead, encode_head
from nacos_tw.raft.disk.snapshots import snapshot_name
from nacos_tw.raft.disk.statefile import StateRecord, encode_state
from nacos_tw.raft.disk.store import Store
from tests.raft import disks
from tests.raft.disks import CONFIG, FOLDER, NODE, MemoryDisk, entries
from tests.raft.test_store_crash import STORY, consistent, open_store, play


def meta(index: int, term: int = 1) -> SnapshotMeta:
    return SnapshotMeta(index, term, CONFIG)


class RealDiskTests(SynchronousTestCase):
    """Files in a folder of the real file system."""

    def setUp(self) -> None:
        self.folder = os.path.join(tempfile.mkdtemp(dir=os.getcwd()), "data", "raft")
        self.store = self.open()

    def open(self, segment_bytes: int = 4000) -> Store:
        store = Store.open(self.folder, NODE, segment_bytes=segment_bytes)
        self.addCleanup(store.close)
        return store

    def reopen(self) -> Store:
        self.store.close()
        self.store = self.open()
        return self.store

    def test_new(self) -> None:
        """A new folder is made, with those above it, and holds an empty log."""
        store = self.store
        self.assertEqual((store.hard, store.entries, store.snapshot, store.boot), (HardState(), [], None, 1))
        self.assertEqual((store.folder, store.node), (self.folder, NODE))

    def test_save_and_open(self) -> None:
        """Hard state and entries are there after a restart, and the start is counted."""
        new = [Entry(1, 1, 0), Entry(2, 1, 2, b"\0\xff" * 5000), Entry(3, 7)]
        self.store.save(HardState(7, "10.0.0.2:8848"), new)
        store = self.reopen()
        self.assertEqual((store.hard, store.entries, store.boot), (HardState(7, "10.0.0.2:8848"), new, 2))

    def test_nothing_to_save(self) -> None:
        """An empty save writes nothing."""
        size = self.store.size_on_disk()
        self.store.save(None, [])
        self.assertEqual(self.store.size_on_disk(), size)

    def test_overwrite(self) -> None:
        """An entry at an index that exists replaces the log from there, across segments too."""
        self.store.save(None, entries(1, 300, 1))
        self.store.save(None, entries(301, 300, 1))
        self.store.save(None, entries(40, 2, 2))
        self.assertEqual(self.store.last, 41)
        store = self.reopen()
        self.assertEqual(store.entries, entries(1, 39, 1) + entries(40, 2, 2))
        self.assertGreater(sum(name.endswith(".seg") for name in os.listdir(self.folder)), 1)

    def test_gap(self) -> None:
        """Entries that do not follow the log are refused, and nothing is written."""
        self.store.save(None, entries(1, 3, 1))
        self.assertRaises(ValueError, self.store.save, HardState(9), entries(5, 1, 1))
        self.assertRaises(ValueError, self.store.save, None, entries(0, 1, 1))
        self.assertEqual((self.reopen().last, self.store.hard), (3, HardState()))

    def test_taken_entries(self) -> None:
        """The caller may take the entries away; the store does not need them."""
        self.store.save(None, entries(1, 3, 1))
        self.reopen().entries = []
        self.store.save(None, entries(4, 1, 1))
        self.store.write_snapshot(meta(4), b"four")
        self.assertEqual(self.reopen().entries, entries(1, 4, 1))

    def test_snapshot(self) -> None:
        """A snapshot is read back whole and in parts, and the two newest are kept."""
        self.store.save(None, entries(1, 9, 1))
        body = os.urandom(300_000)
        for index in (3, 4, 5):
            self.store.write_snapshot(meta(index), body + b"%d" % index)
        store = self.reopen()
        self.assertEqual(store.snapshot, meta(5))
        self.assertEqual(store.read_snapshot(), body + b"5")
        self.assertEqual(store.read_chunk(5, 65_530, 10), (body[65_530:65_540], False))
        self.assertEqual(store.read_chunk(5, 0, 10**6), (body + b"5", True))
        self.assertEqual(store.read_chunk(5, 300_000, 1), (b"5", True))
        self.assertEqual(store.read_chunk(5, 300_001, 10), (b"", True))
        self.assertEqual(sum(name.endswith(".snap") for name in os.listdir(self.folder)), 2)

    def test_empty_snapshot(self) -> None:
        """An empty state is a state."""
        self.store.save(None, entries(1, 1, 1))
        self.store.write_snapshot(meta(1), b"")
        self.assertEqual((self.reopen().read_snapshot(), self.store.read_chunk(1, 0, 5)), (b"", (b"", True)))

    def test_previous_snapshot(self) -> None:
        """Sending the snapshot before the current one can go on; others are gone."""
        self.store.save(None, entries(1, 9, 1))
        self.assertRaises(LookupError, self.store.read_snapshot)
        for index in (3, 4, 5):
            self.store.write_snapshot(meta(index), b"%d" % index)
        self.assertEqual(self.store.read_chunk(4, 0, 9), (b"4", True))
        self.assertRaises(LookupError, self.store.read_chunk, 3, 0, 9)

    def test_stale_snapshot(self) -> None:
        """A snapshot that is not newer than the current one is ignored; one that is ahead refused."""
        self.store.save(None, entries(1, 9, 1))
        self.store.write_snapshot(meta(5), b"five")
        self.store.write_snapshot(meta(5), b"FIVE")
        self.store.write_snapshot(meta(4), b"four")
        self.store.append_chunk(meta(4), 0, b"four", True)
        self.assertRaises(ValueError, self.store.write_snapshot, meta(10), b"ten")
        self.assertEqual(self.reopen().read_snapshot(), b"five")
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".tmp")], [])

    def test_damaged_while_running(self) -> None:
        """A snapshot block that is damaged after the start is not given to anyone."""
        self.store.save(None, entries(1, 1, 1))
        self.store.write_snapshot(meta(1), b"x" * 200_000)
        with open(os.path.join(self.folder, snapshot_name(meta(1))), "r+b") as file:
            file.seek(70_000)
            file.write(b"y")
        self.assertEqual(len(self.store.read_chunk(1, 0, 65_000)[0]), 65_000)
        error = self.assertRaises(StoreDamaged, self.store.read_chunk, 1, 65_530, 10)
        self.assertIn("snapshot-0000000000000001-1.snap", str(error))

    def test_chunks_start_again(self) -> None:
        """Chunks of another snapshot, or from the beginning, replace those that came; holes are refused."""
        self.store.append_chunk(meta(7), 0, b"seven", False)
        self.store.append_chunk(meta(8), 0, b"eig", False)
        self.assertRaises(ValueError, self.store.append_chunk, meta(8), 9, b"t", False)
        self.store.append_chunk(meta(8), 0, b"EIGHTEEN", False)
        self.store.append_chunk(meta(8), 4, b"T.", True)
        self.assertEqual((self.reopen().read_snapshot(), self.store.last), (b"EIGHT.", 8))

    def test_chunks_are_forgotten(self) -> None:
        """A restart forgets an unfinished snapshot and its file."""
        self.store.append_chunk(meta(7), 0, b"seven", False)
        self.assertIsNone(self.reopen().snapshot)
        self.assertEqual([name for name in os.listdir(self.folder) if "snap" in name], [])
        self.assertRaises(ValueError, self.store.append_chunk, meta(7), 5, b"", True)

    def test_bounded(self) -> None:
        """However long the node runs, the files stay under snapshot, trailing entries and two segments."""
        most = 0
        for index in range(1, 3000, 3):
            self.store.save(None, entries(index, 3, 1, 40))
            if index % 99 == 1 and index > 1:
                self.store.write_snapshot(meta(index), b"s" * 1000)
                self.store.compact(index - 20)
                most = max(most, self.store.size_on_disk())
        self.assertLess(most, 2 * 1200 + 3 * 4000 + 20 * 60 + 200)
        self.assertLess(len(self.reopen().entries), 200)

    def test_compact_needs_a_snapshot(self) -> None:
        """Entries that no snapshot covers are never removed."""
        for index in range(1, 300):
            self.store.save(None, entries(index, 1, 1, 40))
        self.store.compact(300)
        self.assertEqual(self.reopen().entries, entries(1, 299, 1, 40))
        self.store.write_snapshot(meta(100), b"")
        self.store.compact(300)
        self.assertLessEqual(self.reopen().entries[0].index, 101)
        self.assertGreater(self.store.entries[0].index, 1)

    def test_two_processes(self) -> None:
        """A second process is told that a node is running, and which."""
        code = "import sys; from nacos_tw.raft.disk.store import Store; Store.open(sys.argv[1], 'n')"
        command = [sys.executable, "-c", code, self.folder]
        ended = subprocess.run(command, capture_output=True, env=disks.environment(), check=False)
        text = f"StartError: a node is already running with the data folder {self.folder} (pid {os.getpid()})"
        self.assertIn(text, ended.stderr.decode())
        self.assertRaises(StartError, Store.quarantine, self.folder)

    def test_other_node(self) -> None:
        """A folder of another node is refused, and not locked by that."""
        self.store.close()
        error = self.assertRaises(StartError, Store.open, self.folder, "10.0.0.9:8848")
        self.assertEqual(
            str(error), f"the data folder {self.folder} belongs to node {NODE}, this is node 10.0.0.9:8848"
        )
        self.assertEqual(self.open().boot, 2)

    def test_not_a_folder(self) -> None:
        """A file in the folder's place is one clear line."""
        path = os.path.join(self.folder, "owner")
        error = self.assertRaises(StartError, Store.open, path, NODE)
        self.assertTrue(str(error).startswith(f"cannot use the data folder {path}: "), str(error))
        self.assertRaises(StartError, Store.quarantine, path)

    def test_closed(self) -> None:
        """A closed store takes nothing, and closing it again does nothing."""
        self.store.close()
        self.store.close()
        error = self.assertRaises(OSError, self.store.save, None, entries(1, 1, 1))
        self.assertIn("closed", str(error))
        self.assertRaises(LookupError, self.store.read_snapshot)

    def test_set_aside(self) -> None:
        """The damaged files stay to be looked at, two folders of them; the vote and the boots go on."""
        self.assertRaises(StartError, Store.quarantine, tempfile.mkdtemp(dir=os.getcwd()))
        for number in range(1, 5):
            self.store.save(HardState(number, "me"), entries(1, 3, number))
            self.store.write_snapshot(meta(2, number), b"two")
            self.store.close()
            where = Store.quarantine(self.folder)
            self.assertEqual(where, os.path.join(self.folder, f"damaged-{number}"))
            self.assertEqual(len(os.listdir(where)), 2)
            self.store = self.open()
            self.assertEqual((self.store.hard, self.store.boot), (HardState(number, "me", True), number + 1))
            self.assertEqual((self.store.entries, self.store.snapshot, self.store.last), ([], None, 0))
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n[:3] == "dam"), ["damaged-3", "damaged-4"])
        self.store.append_chunk(meta(50, 6), 0, b"fifty", True)
        self.store.save(HardState(6), entries(51, 1, 6))
        self.assertEqual((self.reopen().entries, self.store.hard), (entries(51, 1, 6), HardState(6)))

    def test_other_format(self) -> None:
        """Files of a later format are refused as that, not as damaged."""
        self.store.close()
        path = os.path.join(self.folder, "log-0000000000000001.seg")
        for name, data in (
            (path, _later(encode_head(SegmentHead(NODE, 1, 1, False, 0)))),
            (self.folder + "/state-0", _later(encode_state(StateRecord(9)))),
        ):
            with open(name, "wb") as file:
                file.write(data)
            error = self.assertRaises(StartError, Store.open, self.folder, NODE)
            self.assertIn("format 2", str(error))
            self.assertFalse(isinstance(error, StoreDamaged))

    def test_configuration_in_snapshot(self) -> None:
        """The configuration comes back with the snapshot's facts."""
        facts = SnapshotMeta(1, 1, Configuration(("a", "b"), ("c",)))
        self.store.save(None, entries(1, 1, 1))
        self.store.write_snapshot(facts, b"")
        self.assertEqual(self.reopen().snapshot, facts)


def _later(data: bytes) -> bytes:
    """The same file in format 2."""
    import zlib

    return data[:8] + b"\0\2" + data[10:12] + zlib.crc32(data[16:], 2).to_bytes(4, "big") + data[16:]


class DiskTests(SynchronousTestCase):
    """The calls themselves."""

    def setUp(self) -> None:
        self.disk = Disk()
        self.path = os.path.join(tempfile.mkdtemp(dir=os.getcwd()), "file")
        self.fd = self.disk.create(self.path)
        self.addCleanup(self.disk.close, self.fd)

    def test_part_written(self) -> None:
        """A write of which the system takes a part goes on, until the system says why not."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
        try:
            self.assertRaises(OSError, self.disk.write, self.fd, b"x" * 6000, 0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.assertEqual(self.disk.size(self.path), 5000)

    def test_read_past_the_end(self) -> None:
        """Reading stops at the end."""
        self.disk.append(self.fd, b"0123456789", 0)
        self.assertEqual(self.disk.read_at(self.fd, 100, 4), b"456789")

    def test_nothing_there(self) -> None:
        """What is not there is empty."""
        self.assertEqual((self.disk.size(self.path + "x"), self.disk.names(self.path + "x")), (0, []))

    def test_explain(self) -> None:
        """An operator reads the file and the reason."""
        self.assertEqual(explain(OSError(errno.ENOSPC, "?", "/a")), "/a: the disk is full")
        self.assertEqual(explain(OSError(errno.EBUSY, "busy")), "busy")
        self.assertEqual(explain(OSError("odd")), "odd")


class RefusingDiskTests(SynchronousTestCase):
    """Each call to the operating system fails in turn."""

    REASONS = (
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "the disk reports an input/output error"),
    )

    def test_open(self) -> None:
        """A start on a disk that refuses ends with one clear line; a later start works."""
        for number, reason in self.REASONS:
            for call in range(1, 20):
                disk = MemoryDisk()
                disk.fail_at, disk.fail_with = call, number
                error = self.assertRaises(StartError, open_store, disk)
                self.assertEqual(str(error), f"cannot use the data folder {FOLDER}: {reason}")
                self.assertEqual((disk.fds, disk.locked), ({}, {}))
                self.assertEqual(open_store(disk).last, 0)

    def test_running(self) -> None:
        """After any failed call nothing more is written, and the log opens again as it was before or
        after the operation that failed."""
        disk = MemoryDisk()
        play(disk, STORY)
        for call in range(25, disk.calls - 1):  # the last two are those of closing
            disk = MemoryDisk()
            disk.fail_at, disk.fail_with = call, errno.ENOSPC
            store = open_store(disk)
            before = after = disks.Model()
            try:
                for change, act in STORY:
                    after = before.copy()
                    change(after)
                    act(store)
                    before = after
                self.fail(f"call {call} did not fail")
            except OSError as error:
                self.assertIn("the disk is full", str(error))
            if store.failure is not None:
                image = disk.image()
                refused = self.assertRaises(OSError, store.save, HardState(99), [])
                self.assertIn("nothing is written any more", str(refused))
                self.assertEqual(disk.image(), image)
            store.close()
            self.assertEqual((disk.fds, disk.locked), ({}, {}))
            self.assertTrue(consistent(open_store(disk), before, after), call)

    def test_snapshot_may_fail(self) -> None:
        """A snapshot that does not fit on the disk leaves the log alive and no file behind."""
        disk = MemoryDisk()
        store = open_store(disk)
        store.save(None, entries(1, 3, 1))
        for call in range(1, 6):
            disk.fail_at, disk.fail_with = disk.calls + call, errno.ENOSPC
            error = self.assertRaises(OSError, store.begin_snapshot, meta(2), (b"t", b"wo"))
            self.assertEqual(str(error), f"[Errno 28] cannot write a snapshot in {FOLDER}: the disk is full")
        store.save(None, entries(4, 1, 1))
        self.assertEqual([path for path in disk.image() if path.endswith(".tmp")], [])
        self.assertEqual(open_store(MemoryDisk(disk.image())).last, 4)
