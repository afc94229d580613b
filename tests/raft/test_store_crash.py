"""The log after crashes, power losses and damage."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import HardState
from nacos_tw.raft.disk.segment import Group, encode_group
from nacos_tw.raft.disk.store import Store
from tests.raft.disks import (
    FOLDER,
    NODE,
    PAGE,
    Crash,
    MemoryDisk,
    Model,
    Operation,
    compact,
    entries,
    environment,
    install,
    save,
    snapshot,
)

SEGMENT = 200
"""Bytes after which the tests' logs begin a new segment: every few groups."""

STORY: list[Operation] = [
    save(HardState(1, "a"), entries(1, 2, 1)),
    save(None, entries(3, 3, 1)),
    save(HardState(2, ""), entries(4, 4, 2, 60)),
    snapshot(5, 2, b"five" * 40),
    save(None, entries(8, 5, 2, 30)),
    save(HardState(2, "b"), []),
    compact(6),
    save(HardState(3, "b"), entries(10, 6, 3, 40)),
    snapshot(12, 3, b"twelve" * 30),
    compact(13),
    install(14, 3, b"fourteen" * 20),
    save(None, entries(15, 4, 3, 50)),
    install(40, 5, b"forty" * 40),
    save(HardState(5, "c"), entries(41, 3, 5)),
    save(None, entries(42, 9, 5, 40)),
    install(45, 6, b"conflict" * 30),
    save(HardState(6, ""), entries(46, 2, 6)),
    snapshot(47, 6, b"fortyseven" * 10),
    compact(48),
]


def open_store(disk: MemoryDisk) -> Store:
    return Store.open(FOLDER, NODE, segment_bytes=SEGMENT, disk=disk)


def consistent(store: Store, before: Model, after: Model) -> bool:
    """Whether the store is as it was before or after the operation that a crash interrupted: all of
    it, except that the hard state is saved first."""
    if after.check_log(store) and store.hard == after.hard:
        return True
    return before.check_log(store) and store.hard in (before.hard, after.hard)


def play(disk: MemoryDisk, story: Sequence[Operation]) -> tuple[Model, Model, bool]:
    """
    Run the story until its end or a crash.

    @return: the model before and after the last operation, and whether the story ended.
    """
    before = Model()
    after = before
    try:
        store = open_store(disk)
        for change, act in story:
            after = before.copy()
            change(after)
            act(store)
            before = after
        store.close()
    except Crash:
        return before, after, False
    return before, after, True


class CrashPointTests(SynchronousTestCase):
    """The power goes off before each call to the operating system in turn."""

    def recover(self, disk: MemoryDisk, before: Model, after: Model, dice: random.Random) -> None:
        """Open the log, with two more crashes on the way, and compare."""
        for again in (dice.randint(1, 25), dice.randint(1, 25), 0):
            disk = disk.after_power_loss(dice)
            disk.crash_at = again
            try:
                store = open_store(disk)
            except Crash:
                continue
            if not consistent(store, before, after):
                raise AssertionError(f"{store.hard} {store.snapshot} {store.entries} is not {vars(before)}")
            disk.crash_at, boot = 0, store.boot
            store.save(HardState(99), [])
            store = open_store(MemoryDisk(disk.image()))
            assert store.boot == boot + 1
            return

    def test_every_point(self) -> None:
        """Whatever call a power loss precedes, nothing acknowledged is lost, and what was not
        acknowledged is there wholly or not at all."""
        point, ended = 0, False
        while not ended:
            point += 1
            for seed in range(6):
                dice = random.Random(point * 1000 + seed)
                disk = MemoryDisk()
                disk.crash_at = point
                before, after, ended = play(disk, STORY)
                try:
                    self.recover(disk, before, after, dice)
                except (AssertionError, StartError) as error:
                    raise AssertionError(f"crash before call {point}, seed {seed}: {error}") from error
        self.assertGreater(point, 150)

    def test_every_point_of_setting_aside(self) -> None:
        """A crash while a log is set aside never leaves half a log, nor an older vote."""
        built = MemoryDisk()
        model, _, _ = play(built, STORY)
        image = built.image()
        for point in range(1, 60):
            disk = MemoryDisk(image)
            disk.crash_at = point
            try:
                Store.quarantine(FOLDER, disk)
            except Crash:
                pass
            disk = disk.after_power_loss(random.Random(point))
            store = open_store(disk)
            self.assertEqual((store.hard.term, store.hard.vote), (model.hard.term, model.hard.vote))
            if store.hard.recovering:
                self.assertEqual((store.entries, store.snapshot), ([], None))
            else:
                self.assertTrue(model.check_log(store), point)
        self.assertTrue(store.hard.recovering)


class TornTailTests(SynchronousTestCase):
    """The last write before a crash came to the disk in part."""

    def setUp(self) -> None:
        self.disk = MemoryDisk()
        store = Store.open(FOLDER, NODE, disk=self.disk)
        self.path = store._pieces[0].path
        self.ends = [store._end]
        for number in range(5):
            store.save(None, entries(1 + 3 * number, 3, 1, 30 + 40 * number))
            self.ends.append(store._end)
        self.image = self.disk.image()

    def opened(self, data: bytes) -> Store:
        return Store.open(FOLDER, NODE, disk=MemoryDisk({**self.image, self.path: data}))

    def test_every_prefix(self) -> None:
        """The file cut at any byte holds exactly the groups that are whole, and can be written on."""
        data = self.image[self.path]
        for size in range(self.ends[0], len(data) + 1):
            store = self.opened(data[:size])
            groups = sum(end <= size for end in self.ends) - 1
            self.assertEqual(store.entries, entries(1, 0, 1) + self.expected(groups))
            store.save(None, entries(store.last + 1, 1, 2))
            last = store.last
            store.close()
            self.assertEqual(Store.open(FOLDER, NODE, disk=store._disk).last, last)

    def expected(self, groups: int) -> list[object]:
        return [entry for n in range(groups) for entry in entries(1 + 3 * n, 3, 1, 30 + 40 * n)]

    def test_zero_pages(self) -> None:
        """Pages of the last group that were never written are zero: the group is dropped."""
        data = self.image[self.path]
        start = self.ends[-2]
        for at in range(start, len(data), PAGE):
            torn = bytearray(data)
            torn[at : at + PAGE] = bytes(len(torn[at : at + PAGE]))
            self.assertEqual(self.opened(bytes(torn)).entries, self.expected(4))

    def test_zeros_behind(self) -> None:
        """A file that was made longer, but not written, is cut back."""
        store = self.opened(self.image[self.path] + bytes(10000))
        self.assertEqual(store.entries, self.expected(5))
        self.assertEqual(store._disk.size(self.path), store._end)

    def test_cannot_be_forged(self) -> None:
        """A torn group whose data looks like a later group is a torn group."""
        fake = b"".join(encode_group(Group(None, []), n, 0) for n in range(20))
        store = self.opened(self.image[self.path] + fake)
        self.assertEqual(store.entries, self.expected(5))

    def test_shorter_than_known(self) -> None:
        """A file that ends before what was synced when the state was written is damaged."""
        disk = MemoryDisk(self.image)
        Store.open(FOLDER, NODE, disk=disk).close()
        image = disk.image()
        for size in (self.ends[-1] - 1, self.ends[-2], self.ends[1]):
            disk = MemoryDisk({**image, self.path: image[self.path][:size]})
            error = self.assertRaises(StoreDamaged, Store.open, FOLDER, NODE, disk=disk)
            self.assertIn(self.path, str(error))


@st.composite
def stories(draw: st.DrawFn) -> list[Operation]:
    """Operations in an order that Raft allows."""
    model = Model()
    story = []
    term = 1
    for _ in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from("ssssswwci"))
        if kind == "s":
            term += draw(st.integers(0, 1))
            first = draw(st.integers(max(model.covered + 1, model.base), model.last + 1))
            new = entries(first, draw(st.integers(0, 5)), term, draw(st.integers(0, 150)))
            vote = model.hard.vote if model.hard.term == term else ""
            hard = draw(st.sampled_from((None, HardState(term, vote), HardState(term, vote or "b"))))
            operation = save(hard, new)
        elif kind == "w" and model.entries and model.last > model.covered:
            index = draw(st.integers(max(model.covered + 1, model.base), model.last))
            operation = snapshot(index, model.entries[index - model.base].term, b"%d" % index * 50)
        elif kind == "i":
            index = draw(st.integers(model.covered + 1, model.last + 10))
            own = model.entries[index - model.base].term if model.base <= index <= model.last else term
            operation = install(index, draw(st.sampled_from((own, term + 1))), b"%d" % index * 50)
        else:
            operation = compact(draw(st.integers(0, model.last + 1)))
        operation[0](model)
        story.append(operation)
    return story


class StoryTests(SynchronousTestCase):
    """Random operations, crashes and restarts against the model."""

    @settings(max_examples=150)
    @given(stories(), st.integers(0, 400), st.integers(0, 10**6))
    def test_against_the_model(self, story: list[Operation], crash_at: int, seed: int) -> None:
        """After any story, ended or cut by a power loss, the log is as the model says."""
        disk = MemoryDisk()
        disk.crash_at = crash_at
        before, after, _ = play(disk, story)
        store = open_store(disk.after_power_loss(random.Random(seed)))
        assert consistent(store, before, after), (store.entries, vars(before), vars(after))

    @settings(max_examples=60)
    @given(stories())
    def test_restart_after_each_operation(self, story: list[Operation]) -> None:
        """A log that is opened anew after each operation behaves as one that is never closed."""
        disk, model = MemoryDisk(), Model()
        for change, act in story:
            store = open_store(disk)
            assert model.check_log(store) and store.hard == model.hard
            act(store)
            change(model)
            assert store.last == model.last and store.snapshot == model.snapshot and store.hard == model.hard
            store.close()
        assert model.check_log(open_store(disk))


CHILD = """
import sys
from nacos_tw.raft.core.messages import Configuration, HardState, SnapshotMeta
from nacos_tw.raft.disk.store import Store
from tests.raft.disks import NODE, entries
store = Store.open(sys.argv[1], NODE, segment_bytes=2000)
while True:
    last = store.last
    store.save(HardState(last + 1, "x"), entries(last + 1, 3, 1))
    if last % 30 == 0 and last:
        store.write_snapshot(SnapshotMeta(last, 1, Configuration((NODE,))), b"%d" % last * 3000)
        store.compact(last - 10)
    sys.stdout.write("%d\\n" % store.last)
    sys.stdout.flush()
"""


class KillTests(SynchronousTestCase):
    """A real process and a real disk."""

    def test_kill_nine(self) -> None:
        """A process killed at any moment has everything that it had reported as saved."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        for round_ in range(6):
            child = subprocess.Popen([sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE, env=environment())
            assert child.stdout is not None
            for _ in range(20 + 17 * round_):
                child.stdout.readline()
            child.kill()
            lines = child.stdout.read().splitlines()
            child.stdout.close()
            child.wait()
            store = Store.open(folder, NODE, segment_bytes=2000)
            self.assertEqual(store.boot, 2 * (round_ + 1))
            self.assertGreaterEqual(store.last, int(lines[-1] if lines else 1))
            self.assertIn(store.hard.term - store.last, (-2, 1))
            self.assertEqual(store.entries, entries(store.entries[0].index, len(store.entries), 1))
            if store.snapshot is not None:
                self.assertEqual(store.read_snapshot(), b"%d" % store.snapshot.index * 3000)
            store.close()
