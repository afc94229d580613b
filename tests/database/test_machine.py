"""The machine's transaction: nothing is read back, counters wait, and what fails halfway leaves nothing."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import commands as c
from nacos_tw.config import gray
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_queries import StoredContents
from nacos_tw.database.applying import apply
from nacos_tw.database.commands import DatabaseCommand, encode
from nacos_tw.database.machine import ConfigMachine
from nacos_tw.errors import NacosError
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.databases import T0
from tests.config.test_store_determinism import COMMANDS, dump

KEY = ("", "g", "a")


class MachineTests(SynchronousTestCase):
    """A machine and the cache that follows it."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.names = itertools.count()

    def file(self) -> SQLiteFile:
        return SQLiteFile(f"{self.folder}/{next(self.names)}.db", synchronous="OFF")

    def machine(self, file: SQLiteFile) -> tuple[ConfigMachine, ConfigCache]:
        machine, cache = ConfigMachine(file), ConfigCache(StoredContents(file))
        machine.on_written = cache.published
        machine.on_changed = lambda txn, keys: cache.load(txn) if keys is None else cache.refresh(txn, keys)
        return machine, cache

    @settings(max_examples=60)
    @given(st.lists(COMMANDS, max_size=25), st.integers(1, 25))
    def test_as_one_by_one(self, commands: list[DatabaseCommand], together: int) -> None:
        """Rows and cache are what the commands make one by one, each read back."""
        plain, file = self.file(), self.file()
        machine, cache = self.machine(file)
        try:
            for number, command in enumerate(commands, 1):
                with plain.transaction() as txn:
                    apply(txn, command)
                machine.begin(number, 1)
                machine.apply(encode(command))
                if number % together == 0:
                    machine.flush()
            machine.flush()
            expected = ConfigCache(StoredContents(plain))
            with plain.reading() as txn:
                expected.load(txn)
            self.assertEqual(dump(file), dump(plain))
            self.assertEqual(cache.entries.keys(), expected.entries.keys())
            for key, entry in expected.entries.items():
                self.assertTrue(gray.same(cache.entries[key], entry), key)
                for name, copy in entry.copies():
                    mine = cache.entries[key].copy(name)
                    assert mine is not None
                    self.assertEqual(cache.content(cache.entries[key], name, mine), expected.content(entry, name, copy))
        finally:
            plain.close()
            file.close()

    def test_what_fails_halfway_leaves_nothing(self) -> None:
        """A label too long is refused after the row is written; what came before it in the transaction stays."""
        plain, file = self.file(), self.file()
        self.addCleanup(plain.close)
        self.addCleanup(file.close)
        machine, cache = self.machine(file)
        good = [c.Publish(("", "g", name), name, None, T0, tags="x") for name in "ab"]
        bad = c.Publish(("", "g", "c"), "c", None, T0, tags="l" * 200)
        machine.begin(1, 1)
        results = [machine.apply(encode(command)) for command in (good[0], bad, good[1])]
        machine.flush()
        self.assertIsInstance(results[1], NacosError)
        self.assertEqual((results[0], results[2]), (True, True))
        with plain.transaction() as txn:
            for command in good:
                apply(txn, command)
        self.assertEqual(dump(file), dump(plain))
        self.assertEqual(set(cache.entries), {command.key for command in good})

    def test_no_statement_reads_a_publish_back(self) -> None:
        """Many new configs in a transaction: about three statements for each."""
        file = self.file()
        self.addCleanup(file.close)
        machine, _ = self.machine(file)
        statements: list[str] = []
        file._connection.set_trace_callback(statements.append)
        machine.begin(1, 1)
        for number in range(50):
            machine.apply(encode(c.Publish(("", "g", f"{number}"), "x", None, T0)))
        machine.flush()
        self.assertLess(len(statements), 3 * 50 + 15)

    def test_known_ids(self) -> None:
        """Who publishes a config again does not look for it: of many publishes of one, two do, and no other at all."""
        file = self.file()
        self.addCleanup(file.close)
        machine, _ = self.machine(file)
        statements: list[str] = []
        file._connection.set_trace_callback(statements.append)
        for number in range(50):
            machine.begin(number + 1, 1)
            machine.apply(encode(c.Publish(KEY, f"{number}", None, T0)))
            machine.flush()
        self.assertEqual(len([text for text in statements if text.startswith("SELECT id, data_id")]), 2)

    def test_ids_that_are_gone(self) -> None:
        """A config that went, and came again, is not replaced by the id that it had; nor is a casMd5 passed by."""
        plain, file = self.file(), self.file()
        self.addCleanup(plain.close)
        self.addCleanup(file.close)
        machine, _ = self.machine(file)
        other = ("", "g", "b")
        commands: list[DatabaseCommand] = [
            c.Publish(KEY, "1", None, T0),
            c.Publish(KEY, "2", None, T0),
            c.Remove(KEY, T0),
            c.Publish(other, "3", None, T0),
            c.Publish(KEY, "4", None, T0),
            c.Remove(KEY, T0),
            c.Import([c.ImportItem(KEY, "5", "text")], "OVERWRITE", T0),
            c.Publish(KEY, "6", None, T0, cas_md5="x"),
            c.Publish(KEY, "7", None, T0, tags="x"),
        ]
        expected = []
        for number, command in enumerate(commands, 1):
            with plain.transaction() as txn:
                expected.append(apply(txn, command).value)
            machine.begin(number, 1)
            found = machine.apply(encode(command))
            self.assertEqual(type(found), type(expected[-1]), command)
            machine.flush()
        self.assertEqual(dump(file), dump(plain))

    def test_ids_of_another_state(self) -> None:
        """With the leader's snapshot an id is of another config, which a publish of the first leaves alone."""
        states = []
        for names in (("a", "b"), ("b", "a")):
            file = self.file()
            self.addCleanup(file.close)
            machine, _ = self.machine(file)
            for number, name in enumerate((*names, *names), 1):
                machine.begin(number, 1)
                machine.apply(encode(c.Publish(("", "g", name), f"{name}{number}", None, T0)))
                machine.flush()
            states.append((file, machine))
        (_, leader), (file, machine) = states
        machine.begin(5, 1)
        machine.restore(leader.snapshot())
        machine.begin(6, 1)
        machine.apply(encode(c.Publish(KEY, "new", None, T0)))
        machine.flush()
        with file.reading() as txn:
            found = txn.all("SELECT data_id, content FROM config_info ORDER BY id")
        self.assertEqual(found, [("a", "new"), ("b", "b4")])

    def test_ids_of_what_was_undone(self) -> None:
        """An id that was given in what a refused command has undone is not remembered: another config has it then."""
        file = self.file()
        self.addCleanup(file.close)
        machine, _ = self.machine(file)
        machine.begin(1, 1)
        machine.apply(encode(c.Publish(KEY, "1", None, T0)))
        machine.apply(encode(c.Publish(KEY, "2", None, T0)))
        self.assertTrue(machine._ids)
        machine._give_up()
        self.assertFalse(machine._ids)
        machine.reopened()
        for number, (name, content) in enumerate((("b", "3"), ("b", "4"), ("a", "5")), 1):
            machine.begin(number, 1)
            machine.apply(encode(c.Publish(("", "g", name), content, None, T0)))
            machine.flush()
        with file.reading() as txn:
            found = txn.all("SELECT data_id, content FROM config_info ORDER BY id")
        self.assertEqual(found, [("b", "4"), ("a", "5")])

    def test_set_aside(self) -> None:
        """A copy of what contradicts the cluster is kept beside, two of them at most; the file begins anew."""
        file = self.file()
        machine, cache = self.machine(file)
        told: list[int] = []
        machine.on_quarantined = lambda: told.append(machine.applied)
        kept = []
        for number in (3, 7, 9):
            machine.begin(number, 2)
            machine.apply(encode(c.Publish(KEY, f"content {number}", None, T0)))
            machine.flush()
            machine.apply(encode(c.Publish(KEY, "not flushed", None, T0)))
            self.assertEqual((machine.applied, machine.applied_term), (number, 2))
            kept.append(machine.quarantine())
            self.assertEqual((machine.applied, machine.applied_term, len(cache)), (0, 0, 0))
        self.assertEqual(told, [0, 0, 0])
        self.assertEqual([os.path.exists(folder) for folder in kept], [False, True, True])
        name = os.path.basename(file.path)
        copy, again = SQLiteFile(os.path.join(kept[2], name)), ConfigMachine(file)
        self.assertEqual((ConfigMachine(copy).applied, ConfigMachine(copy).applied_term), (9, 2))
        with copy.reading() as txn:
            self.assertEqual(txn.one("SELECT content FROM config_info"), ("content 9",))
        self.assertEqual((again.applied, again.applied_term), (0, 0))
        machine.begin(1, 3)
        machine.apply(encode(c.Publish(KEY, "new", None, T0)))
        machine.flush()
        self.assertEqual((machine.applied, machine.applied_term, len(cache)), (1, 3, 1))
        copy.close()
        file.close()


class WalTests(SynchronousTestCase):
    """The log of the file, which is moved into the file in a thread while commits go on."""

    def test_bounded(self) -> None:
        """It stays bounded by its bytes, although a checkpoint beside commits never ends."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        file = SQLiteFile(f"{folder}/a.db", own_checkpoints=True, wal_bytes=4 * 1024 * 1024)
        self.addCleanup(file.close)
        machine = ConfigMachine(file)
        moving = threading.Thread()
        written = most = 0

        def begin() -> None:
            nonlocal moving
            if not moving.is_alive():
                moving = threading.Thread(target=file.checkpoint)
                moving.start()

        machine.on_grown = begin
        self.addCleanup(lambda: moving.ident and moving.join())
        before = 0
        for number in range(1, 1200):
            machine.begin(number, 1)
            content = f"{number} " + "x" * 20_000
            machine.apply(encode(c.Publish(("", "g", f"{number % 20}"), content, None, T0)))
            machine.flush()
            size = file.wal_bytes()
            written += max(0, size - before)
            before, most = size, max(most, size)
            if size > 8 * 1024 * 1024:
                moving.join()  # a busy machine: the thread gets no turn
        self.assertGreater(written, 40 * 1024 * 1024)
        self.assertLess(most, 12 * 1024 * 1024)
