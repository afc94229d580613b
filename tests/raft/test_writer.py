"""The writer's thread, with a reactor that the test turns by hand."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.messages import Entry, HardState
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import GROUP_BYTES, DirectWriter, Writer
from tests.raft.disks import CONFIG, FOLDER, NODE, MemoryDisk, entries


class Turns:
    """The part of a reactor that other threads call."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        self.count = 0

    def callFromThread(self, fn: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        self.calls.put(lambda: fn(*args))

    def turn(self) -> None:
        """Run the next call, once it comes."""
        self.calls.get(timeout=10)()
        self.count += 1

    def result(self, deferred: Deferred[Any]) -> None:
        """Turn until the deferred has fired."""
        while not deferred.called:
            self.turn()


class WriterTests(SynchronousTestCase):
    """Order, groups, errors and the end."""

    def setUp(self) -> None:
        self.disk = MemoryDisk()
        self.store = Store.open(FOLDER, NODE, disk=self.disk)
        self.turns = Turns()
        self.writer = Writer(self.store, self.turns)  # type: ignore[arg-type]
        self.errors: list[BaseException] = []
        self.writer.failed = self.errors.append
        self.events: list[object] = []
        self.gate = threading.Event()
        self.writer.start()
        self.addCleanup(self.end)

    def end(self) -> None:
        self.gate.set()
        self.stop()

    def stop(self) -> None:
        stopping = ensureDeferred(self.writer.stop())
        self.turns.result(stopping)
        self.successResultOf(stopping)

    def hold(self) -> Deferred[Any]:
        """Keep the thread busy until the gate opens."""
        return self.writer.run(lambda: self.gate.wait(10))

    def release(self) -> None:
        """Let the thread go on, and wait until it has done what it was given."""
        last = self.writer.run(lambda: None)
        self.gate.set()
        self.turns.result(last)

    def note(self, what: object) -> Callable[[], None]:
        return lambda: self.events.append(what)

    def test_saved(self) -> None:
        """A save is on disk when it is reported, and is reported in the reactor's thread only."""
        self.writer.save(HardState(1, "a"), entries(1, 2, 1), self.note("saved"))
        self.turns.turn()
        self.assertEqual(self.events, ["saved"])
        store = Store.open(FOLDER, NODE, disk=self.disk.after_power_loss(_dice()))
        self.assertEqual((store.hard, store.entries), (HardState(1, "a"), entries(1, 2, 1)))

    def test_group(self) -> None:
        """Saves that wait together are one write, one sync and one turn of the reactor, and are
        reported in order."""
        self.hold()
        for index in range(1, 51):
            self.writer.save(None, entries(index, 1, 1), self.note(index))
        before = self.disk.calls
        self.release()
        self.assertEqual(self.events, list(range(1, 51)))
        self.assertEqual((self.disk.calls - before, self.turns.count), (2, 3))
        self.assertEqual(self.store.last, 50)

    def test_group_of_rewrites(self) -> None:
        """Joined saves come to the same log as saves one after the other."""
        self.writer.save(HardState(1), entries(1, 3, 1), self.note(0))
        self.hold()
        self.writer.save(None, entries(4, 5, 1), self.note(1))
        self.writer.save(HardState(2), entries(6, 1, 2), self.note(2))
        self.writer.save(None, [], self.note(3))
        self.writer.save(HardState(3), entries(2, 1, 3), self.note(4))
        self.writer.save(None, entries(3, 2, 3), self.note(5))
        self.release()
        self.assertEqual(self.events, [0, 1, 2, 3, 4, 5])
        self.stop()
        self.store.close()
        store = Store.open(FOLDER, NODE, disk=self.disk)
        self.assertEqual((store.hard, store.entries), (HardState(3), entries(1, 1, 1) + entries(2, 3, 3)))

    def test_group_limit(self) -> None:
        """A group does not grow without limit."""
        self.hold()
        for index in range(1, 5):
            self.writer.save(None, [Entry(index, 1, 1, bytes(GROUP_BYTES // 2))], self.note(index))
        before = self.disk.calls
        self.release()
        self.assertEqual(self.events, [1, 2, 3, 4])
        self.assertGreaterEqual(self.disk.calls - before, 4)

    def test_order(self) -> None:
        """Functions run between the saves around them, and give their results."""
        self.hold()
        self.writer.save(None, entries(1, 2, 1), self.note("first"))
        seen = self.writer.run(lambda: self.store.last)
        seen.addCallback(self.events.append)
        self.writer.save(None, entries(3, 1, 1), self.note("second"))
        self.release()
        self.assertEqual(self.events, ["first", 2, "second"])

    def test_function_fails(self) -> None:
        """An error of a function is its Deferred's, and nothing else's."""
        result = self.writer.run(lambda: self.store.read_chunk(9, 0, 1))
        self.turns.result(result)
        self.failureResultOf(result, LookupError)
        self.writer.save(None, entries(1, 1, 1), self.note("saved"))
        self.turns.turn()
        self.assertEqual((self.events, self.errors), (["saved"], []))

    def test_disk_fails(self) -> None:
        """After a disk error nothing is written or reported any more, and the error comes once."""
        self.disk.fail_at, self.disk.fail_with = self.disk.calls + 2, errno.ENOSPC
        self.writer.save(None, entries(1, 1, 1), self.note("lost"))
        self.turns.turn()
        image = self.disk.image()
        self.writer.save(None, entries(2, 1, 1), self.note("lost too"))
        result = self.writer.run(lambda: self.store.compact(1))
        self.turns.result(result)
        self.failureResultOf(result, OSError)
        self.assertEqual((len(self.errors), self.events), (1, []))
        self.assertIn("the disk is full", str(self.errors[0]))
        self.assertEqual(self.disk.image(), image)

    def test_disk_fails_in_function(self) -> None:
        """A disk error in snapshot work ends the saves as well."""
        from nacos_tw.raft.core.messages import SnapshotMeta

        self.disk.fail_at = self.disk.calls + 1
        result = self.writer.run(lambda: self.store.append_chunk(SnapshotMeta(5, 1, CONFIG), 0, b"five", True))
        self.writer.save(None, entries(1, 1, 1), self.note("lost"))
        self.turns.result(result)
        self.failureResultOf(result, OSError)
        self.turns.turn()
        self.assertEqual((len(self.errors), self.events), (1, []))

    def test_wrong_entries(self) -> None:
        """Entries that the store refuses are not passed over in silence."""
        self.writer.save(None, entries(7, 1, 1), self.note("lost"))
        self.turns.turn()
        self.assertIsInstance(self.errors[0], ValueError)

    def test_failure_is_logged(self) -> None:
        """Without a callback a disk error is at least in the log."""
        del self.writer.failed
        writer = Writer(self.store, self.turns)  # type: ignore[arg-type]
        seen: list[Any] = []
        writer.log = type(writer.log)(observer=seen.append)  # type: ignore[arg-type]
        writer.failed(OSError("gone"))
        self.assertEqual(str(seen[0]["error"]), "gone")

    def test_callback_fails(self) -> None:
        """An error in one callback does not keep the next from being called."""
        self.hold()
        self.writer.save(None, entries(1, 1, 1), lambda: self.events.append(1 // 0))
        self.writer.save(None, entries(2, 1, 1), self.note("second"))
        self.release()
        self.assertEqual(self.events, ["second"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_replace(self) -> None:
        """With a store that was opened anew saves go on; those of the old one are not reported, and
        neither is its failure."""
        self.hold()
        self.writer.save(None, entries(1, 1, 1), self.note("lost"))
        self.store.close()
        store = Store.open(FOLDER, NODE, disk=self.disk)
        self.writer.replace(store)
        self.writer.save(None, entries(1, 2, 2), self.note("saved"))
        self.release()
        self.assertEqual((self.events, self.errors, store.last), (["saved"], [], 2))

    def test_replace_after_a_save(self) -> None:
        """A save that was done but not yet reported when the store was replaced is not reported."""
        self.writer.save(None, entries(1, 1, 1), self.note("lost"))
        self.writer.run(lambda: None)
        call = self.turns.calls.get(timeout=10)
        self.store.close()
        self.writer.replace(Store.open(FOLDER, NODE, disk=self.disk))
        call()
        self.assertEqual(self.events, [])

    def test_stop(self) -> None:
        """What was given before the stop is done; a function after it fails at once."""
        self.hold()
        self.writer.save(None, entries(1, 1, 1), self.note("saved"))
        self.gate.set()
        self.stop()
        self.assertEqual((self.events, self.store.last), (["saved"], 1))
        self.assertFalse(self.writer._thread.is_alive())
        self.failureResultOf(self.writer.run(lambda: None), RuntimeError)
        self.successResultOf(ensureDeferred(self.writer.stop()))

    def test_stop_unstarted(self) -> None:
        """A writer that was never started stops."""
        self.successResultOf(ensureDeferred(Writer(self.store, self.turns).stop()))  # type: ignore[arg-type]


class DirectWriterTests(SynchronousTestCase):
    """The writer without a thread."""

    def test_all(self) -> None:
        """Everything is done before the call returns; after an error no save is reported."""
        disk = MemoryDisk()
        store = Store.open(FOLDER, NODE, disk=disk)
        writer = DirectWriter(store)
        writer.start()
        events: list[object] = []
        writer.failed = events.append
        writer.save(None, entries(1, 1, 1), lambda: events.append("saved"))
        self.assertEqual(self.successResultOf(writer.run(lambda: store.last)), 1)
        self.failureResultOf(writer.run(lambda: store.read_snapshot()), LookupError)
        disk.fail_at = disk.calls + 1
        for index in (2, 3):
            writer.save(None, entries(index, 1, 1), lambda: events.append("lost"))
        self.assertEqual(events, ["saved", store.failure])
        store.close()
        writer.replace(Store.open(FOLDER, NODE, disk=disk))
        writer.save(None, entries(2, 1, 1), lambda: events.append("again"))
        self.assertEqual(events[2:], ["again"])
        self.successResultOf(ensureDeferred(writer.stop()))

    def test_silent_failure(self) -> None:
        """Without a callback an error is only that nothing is reported."""
        writer = DirectWriter(Store.open(FOLDER, NODE, disk=MemoryDisk()))
        writer.save(None, entries(5, 1, 1), self.fail)


def _dice() -> Any:
    import random

    return random.Random(0)
