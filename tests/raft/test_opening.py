"""Opening the log, whatever state it is in."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError, StoreDamaged
from nacos_tw.raft.core.messages import HardState
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.store import Store
from tests.raft.disks import FOLDER, MemoryDisk, entries


class OpeningTests(SynchronousTestCase):
    """L{open_store}."""

    def written(self) -> MemoryDisk:
        """A log of three saves."""
        disk = MemoryDisk()
        store = open_store(FOLDER, "A", True, disk)
        for first in (1, 4, 7):
            store.save(HardState(3, "A"), entries(first, 3, 3, size=200))
        store.close()
        return disk

    def damage(self, disk: MemoryDisk) -> None:
        """Change a byte of an acknowledged entry."""
        name = next(path for path in disk.names_now if path.endswith(".seg"))
        data = disk.names_now[name].data
        data[len(data) // 2] ^= 255

    def test_sound(self) -> None:
        """A new folder, and one that was used before."""
        store = open_store(FOLDER, "A", False, self.written())
        self.assertEqual((store.hard, len(store.entries)), (HardState(3, "A"), 9))

    def test_damaged_in_a_cluster(self) -> None:
        """It is set aside, with a line that says where it is; term and vote stay."""
        disk = self.written()
        self.damage(disk)
        store = open_store(FOLDER, "A", False, disk)
        self.assertEqual((store.hard, store.entries), (HardState(3, "A", True), []))
        self.assertTrue(any("/damaged-1/" in path for path in disk.names_now))

    def test_damaged_alone(self) -> None:
        """There is nobody to take it from: the start fails with the file's name, and nothing is moved."""
        disk = self.written()
        self.damage(disk)
        error = self.assertRaises(StoreDamaged, open_store, FOLDER, "A", True, disk)
        self.assertIn(".seg", str(error))
        self.assertFalse(any("damaged-" in path for path in disk.names_now))

    def test_of_another_node(self) -> None:
        """Not a case for mending."""
        disk = self.written()
        self.assertRaises(StartError, open_store, FOLDER, "B", False, disk)
        self.assertEqual(len(open_store(FOLDER, "A", False, disk).entries), 9)

    def test_real_disk(self) -> None:
        """Without a disk it is the real one."""
        store = open_store(self.mktemp(), "A", True)
        self.addCleanup(store.close)
        self.assertIsInstance(store, Store)
        self.assertEqual(store.boot, 1)
