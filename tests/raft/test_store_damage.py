"""The log with flipped bits and missing files."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import HardState, SnapshotMeta
from nacos_tw.raft.disk.segment import Group, SegmentHead, encode_group, encode_head, segment_name
from nacos_tw.raft.disk.statefile import StateRecord, encode_state
from nacos_tw.raft.disk.store import Store
from tests.raft.disks import CONFIG, FOLDER, NODE, MemoryDisk, Model, entries, save, snapshot
from tests.raft.test_store_crash import STORY, open_store, play


class DamageTests(SynchronousTestCase):
    """Bits flip in a log at rest."""

    def setUp(self) -> None:
        self.disk = MemoryDisk()
        self.store = open_store(self.disk)
        self.model = Model()
        for change, act in STORY[:6]:
            change(self.model)
            act(self.store)
        self.image = self.disk.image()
        self.segments = sorted(path for path in self.image if path.endswith(".seg"))
        self.assertGreater(len(self.segments), 2)

    def flipped(self, path: str, at: int, image: dict[str, bytes] | None = None) -> MemoryDisk:
        image = image or self.image
        data = bytearray(image[path])
        data[at] ^= 1 << random.Random(at).randrange(8)
        return MemoryDisk({**image, path: bytes(data)})

    def assert_damaged(self, path: str, disk: MemoryDisk) -> str:
        image = disk.image()
        error = self.assertRaises(StoreDamaged, open_store, disk)
        self.assertTrue(str(error).startswith(path), str(error))
        self.assertNotIn("\n", str(error))
        self.assertEqual({k: v for k, v in disk.image().items() if "lock" not in k}, _without_lock(image))
        return str(error)

    def test_flips_in_the_log(self) -> None:
        """One flipped bit anywhere before the last group is noticed, the file is named, and nothing
        in the folder is changed."""
        last_group = self.last_group_at()
        for path in self.segments:
            size = len(self.image[path]) if path != self.segments[-1] else last_group
            for at in range(size):
                text = self.assert_damaged(path, self.flipped(path, at))
        self.assertIn("at byte", text)

    def last_group_at(self) -> int:
        self.store.save(None, entries(13, 1, 2, 10))
        before = self.store._end
        self.assertEqual(self.segments[-1], self.store._pieces[-1].path)
        self.store.save(None, entries(14, 1, 2, 10))
        self.image = self.disk.image()
        return before

    def test_flips_in_the_last_group(self) -> None:
        """The last group of a crashed node cannot be told from a torn write; after an orderly stop
        it can."""
        start = self.last_group_at()
        for at in range(start, len(self.image[self.segments[-1]])):
            self.assertEqual(open_store(self.flipped(self.segments[-1], at)).last, 13)
        self.store.close()
        for at in range(start, len(self.image[self.segments[-1]])):
            self.assert_damaged(self.segments[-1], self.flipped(self.segments[-1], at, self.disk.image()))

    def test_missing_segments(self) -> None:
        """Any segment that is gone is missed, and named."""
        for path in self.segments:
            image = dict(self.image)
            del image[path]
            if path == self.segments[0]:
                image = {name: data for name, data in image.items() if ".snap" not in name}
                self.assert_damaged(f"{FOLDER}: the log begins at entry", MemoryDisk(image))
            else:
                self.assert_damaged(path, MemoryDisk(image))

    def test_copied_segment(self) -> None:
        """A segment under another's name is not taken for it."""
        first, second = self.segments[:2]
        self.assertRaises(StoreDamaged, open_store, MemoryDisk({**self.image, second: self.image[first]}))

    def test_segments_that_make_no_sense(self) -> None:
        """Segments that read well but cannot be this log's are refused."""
        hello, gap = Group(HardState(), []), Group(None, entries(4, 2, 1))
        for node, groups, reason in (
            ("other", [hello], "belongs to node other"),
            (NODE, [], "the first group is missing"),
            (NODE, [hello, Group(None, entries(1, 2, 1)), gap], "entry 3 is missing before entry 4"),
            (NODE, [hello, Group(None, [*entries(1, 1, 1), *entries(3, 1, 1)])], "is missing"),
        ):
            data = encode_head(SegmentHead(node, 1, 1, False, 7))
            data += b"".join(encode_group(group, number, 7) for number, group in enumerate(groups, 1))
            state = encode_state(StateRecord(number=1))
            disk = MemoryDisk({f"{FOLDER}/{segment_name(1)}": data, f"{FOLDER}/state-1": state})
            error = self.assertRaises(StartError, open_store, disk)
            self.assertIn(reason, str(error))
            self.assertEqual(disk.fds, {})

    def test_snapshot_too_old(self) -> None:
        """A snapshot that ends before the log begins does not make it whole."""
        image = {path: data for path, data in self.image.items() if path != self.segments[0]}
        disk = MemoryDisk()
        store = open_store(disk)
        store.save(None, entries(1, 1, 1))
        store.write_snapshot(SnapshotMeta(1, 1, CONFIG), b"one")
        image = {path: data for path, data in image.items() if ".snap" not in path}
        image |= {path: data for path, data in disk.image().items() if ".snap" in path}
        disk = MemoryDisk(image)
        self.assertRaises(StoreDamaged, open_store, disk)
        self.assertEqual(disk.fds, {})

    def test_flips_in_the_state(self) -> None:
        """Neither copy of the state is needed: vote and term are found in the other or in the log."""
        for path in (f"{FOLDER}/state-0", f"{FOLDER}/state-1"):
            for at in range(len(self.image[path])):
                store = open_store(self.flipped(path, at))
                self.assertEqual((store.hard, store.boot), (self.model.hard, 2))
                self.assertTrue(self.model.check_log(store))

    def test_both_states_lost(self) -> None:
        """A log without any copy of the state is refused; setting it aside finds the vote in the log."""
        image = {path: data for path, data in self.image.items() if "state-" not in path}
        disk = MemoryDisk(image)
        self.assert_damaged(f"{FOLDER}/state-*", disk)
        Store.quarantine(FOLDER, disk)
        store = open_store(disk)
        self.assertEqual(store.hard, HardState(2, "b", True))
        self.assertEqual(store.boot, 2)

    def test_everything_lost(self) -> None:
        """A folder in which no vote can be read at all is not made to look like a new one."""
        image = {p: b"\0" * len(d) if "owner" not in p else d for p, d in self.image.items()}
        self.assertRaises(StoreDamaged, Store.quarantine, FOLDER, MemoryDisk(image))
        self.assertRaises(StoreDamaged, open_store, MemoryDisk(image))

    def test_aside_keeps_the_vote_of_a_damaged_log(self) -> None:
        """Term and vote survive although the newest record of them is behind the damage."""
        for at in range(0, len(self.image[self.segments[0]]), 7):
            disk = self.flipped(self.segments[0], at)
            self.assertRaises(StoreDamaged, open_store, disk)
            self.assertEqual(Store.quarantine(FOLDER, disk), f"{FOLDER}/damaged-1")
            store = open_store(disk)
            self.assertEqual((store.hard, store.entries, store.snapshot), (HardState(2, "b", True), [], None))
            store.save(HardState(3, ""), entries(1, 2, 3))
            store.close()
            self.assertEqual(open_store(disk).entries, entries(1, 2, 3))

    def test_flips_in_the_snapshot(self) -> None:
        """A damaged snapshot is passed over if the log holds all of it."""
        path = next(path for path in self.image if path.endswith(".snap"))
        self.model.snapshot, self.model.body = None, b""
        for at in range(len(self.image[path])):
            self.assertTrue(self.model.check_log(open_store(self.flipped(path, at))))

    def test_flips_in_a_needed_snapshot(self) -> None:
        """A damaged snapshot that the log does not reach back behind is named."""
        disk = MemoryDisk()
        play(disk, STORY[:13])
        path = max(path for path in disk.image() if path.endswith(".snap"))
        for at in range(len(disk.image()[path])):
            self.assert_damaged(path, self.flipped(path, at, disk.image()))

    def test_older_snapshot(self) -> None:
        """The older snapshot and the log behind it stand in for a damaged newer one."""
        for change, act in (save(None, entries(13, 2, 2)), snapshot(9, 2, b"nine" * 50)):
            change(self.model)
            act(self.store)
        newest = f"{FOLDER}/snapshot-{9:016d}-2.snap"
        store = open_store(self.flipped(newest, 30, self.disk.image()))
        assert store.snapshot is not None
        self.assertEqual((store.snapshot.index, store.read_snapshot(), store.last), (5, b"five" * 40, 14))


def _without_lock(image: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in image.items() if "lock" not in path}
