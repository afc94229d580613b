"""SQLite files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.errors import BadParameter, Damaged, Duplicate, StartError, Unavailable
from nacos_tw.storage.errors import Deadlock, Defect, ReadOnly
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn
from tests.wording import said

INSERT = (
    "INSERT INTO config_info (data_id, group_id, tenant_id, content, gmt_create, gmt_modified) VALUES (?,?,'',?,?,?)"
)


def insert(txn: Txn, data_id: str, content: str = "c") -> int:
    txn.execute(INSERT, (data_id, "g", content, txn.datetime(1), txn.datetime(2)))
    return txn.last_id


def count(txn: Txn) -> int:
    row = txn.one("SELECT count(*) FROM config_info")
    assert row is not None
    return int(row[0])


class FileTests(SynchronousTestCase):
    """Transactions in place."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "deep", "config.db")
        self.file = SQLiteFile(self.path)
        self.addCleanup(self.file.close)

    def again(self) -> SQLiteFile:
        self.file.close()
        self.file = SQLiteFile(self.path)
        self.addCleanup(self.file.close)
        return self.file

    def test_made(self) -> None:
        """A new file has Nacos's tables and no user; an old one keeps what it has."""
        self.assertTrue(self.file.created)
        with self.file.transaction() as txn:
            self.assertEqual(txn.all("SELECT username, enabled FROM users"), [])
            self.assertEqual((txn.dialect, txn.columns.encrypted_data_key, txn.for_update), ("sqlite", True, ""))
            insert(txn, "a")
        self.assertFalse(self.again().created)
        with self.file.reading() as txn:
            self.assertEqual(count(txn), 1)

    def test_rolled_back(self) -> None:
        """What raises leaves nothing."""

        def work() -> None:
            with self.file.transaction() as txn:
                insert(txn, "a")
                raise ValueError("no")

        self.assertRaises(ValueError, work)
        with self.file.reading() as txn:
            self.assertEqual(count(txn), 0)

    def test_answers(self) -> None:
        """Ids, counts, rows and times."""
        with self.file.transaction() as txn:
            first = insert(txn, "a")
            self.assertEqual(insert(txn, "b"), first + 1)
            self.assertEqual(txn.execute("UPDATE config_info SET md5 = md5"), 2)
            self.assertEqual(txn.execute("DELETE FROM config_info WHERE data_id = ?", ("b",)), 1)
            self.assertEqual(insert(txn, "c"), first + 2, "ids are not used twice")
            self.assertIsNone(txn.one("SELECT 1 FROM config_info WHERE data_id = ?", ("b",)))
            row = txn.one("SELECT gmt_create, gmt_modified FROM config_info")
            assert row is not None
            self.assertEqual([txn.millis(value) for value in row], [1, 2])
            self.assertEqual(txn.millis(None), 0)

    def test_null(self) -> None:
        """None is NULL, and sqlite3 need not search for who says so."""
        self.assertIn((type(None), sqlite3.PrepareProtocol), sqlite3.adapters)
        with self.file.transaction() as txn:
            self.assertEqual(txn.one("SELECT ?, ? IS NULL, typeof(?)", (None, None, None)), (None, 1, "null"))

    def test_case(self) -> None:
        """Names and patterns tell cases apart, as utf8_bin does."""
        with self.file.transaction() as txn:
            insert(txn, "a")
            insert(txn, "A")
            self.assertEqual(len(txn.all("SELECT 1 FROM config_info WHERE data_id LIKE ?", ("a%",))), 1)

    def test_refused(self) -> None:
        """The errors of MySQL, in its words; the transaction goes on after them."""
        with self.file.transaction() as txn:
            insert(txn, "a")
            duplicate = self.assertRaises(Duplicate, insert, txn, "a", "hidden")
            self.assertIn("config_info.data_id", duplicate.key)
            for sql, params, text in (
                (INSERT, ("x" * 256, "g", "hidden", 1, 2), "Data too long for column 'data_id'"),
                (INSERT, ("x", "g", None, 1, 2), "Column 'content' cannot be null"),
                (INSERT, ("x", "g", "\ud800", 1, 2), "Unicode"),
                (INSERT, ("x", "g", "c", 2**70, 2), "too large"),
            ):
                error = self.assertRaises(BadParameter, txn.execute, sql, params)
                self.assertIn(text, said(error))
                self.assertNotIn("hidden", str(error))
                self.assertIsNone(error.__context__)
            self.assertRaises(Defect, txn.execute, "SELEC")
            self.assertRaises(Defect, txn.all, "SELECT a FROM nothing")
        with self.file.reading() as txn:
            self.assertEqual(count(txn), 1)

    def test_writes_beside(self) -> None:
        """A transaction that cannot begin says that the file is busy."""
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.file._connection.execute("PRAGMA busy_timeout=1")
        self.assertRaises(Deadlock, self.file.transaction().__enter__)
        other.execute("ROLLBACK")
        with self.file.transaction() as txn:
            insert(txn, "a")

    def test_closed(self) -> None:
        """A closed file leaves one file, says so, and runs nothing."""
        with self.file.transaction() as txn:
            insert(txn, "a")
        self.assertEqual(self.file.health(), "UP")
        self.file.close()
        self.file.close()
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["config.db"])
        self.assertTrue(self.file.health().startswith("DOWN"))
        self.failureResultOf(self.file.query("x", count), Unavailable)
        self.assertRaises(Unavailable, self.file.transaction().__enter__)

    def test_forked(self) -> None:
        """A process that becomes a daemon goes on with the file, under locks of its own."""
        with self.file.transaction() as txn:
            insert(txn, "parent")
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            code = 1
            try:
                with self.file.transaction() as txn:
                    insert(txn, "child")
                    other = sqlite3.connect(self.path, timeout=0, isolation_level=None)
                    try:
                        other.execute("BEGIN IMMEDIATE")
                    except sqlite3.OperationalError:
                        code = 0
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        with self.file.reading() as txn:
            self.assertEqual(txn.all("SELECT data_id FROM config_info ORDER BY id"), [("parent",), ("child",)])


class SnapshotTests(SynchronousTestCase):
    """The state of one moment."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        self.file = SQLiteFile(os.path.join(self.folder, "a.db"))
        self.addCleanup(self.file.close)
        with self.file.transaction() as txn:
            insert(txn, "before")

    def test_seen(self) -> None:
        """It does not see what is written later, from any thread; the writer does not wait for it."""
        with self.file.read_snapshot() as snapshot:
            with self.file.transaction() as txn:
                insert(txn, "after")
            seen: list[Any] = []
            thread = threading.Thread(
                target=lambda: seen.extend(snapshot.txn.all("SELECT data_id FROM config_info")), daemon=True
            )
            thread.start()
            thread.join()
            self.assertEqual(seen, [("before",)])
            self.assertRaises(ReadOnly, insert, snapshot.txn, "x")

    def test_moved(self) -> None:
        """Saved and loaded, it is the whole file at that moment; readers meanwhile keep theirs."""
        copy = os.path.join(self.folder, "copy.db")
        with self.file.read_snapshot() as snapshot:
            with self.file.transaction() as txn:
                insert(txn, "after")
            snapshot.save(copy)
        other = SQLiteFile(os.path.join(self.folder, "b.db"))
        self.addCleanup(other.close)
        with other.transaction() as txn:
            insert(txn, "lost")
        with other.read_snapshot() as reader:
            other.load(copy)
            self.assertEqual(reader.txn.one("SELECT data_id FROM config_info"), ("lost",))
        with other.transaction() as txn:
            self.assertEqual(txn.all("SELECT data_id FROM config_info"), [("before",)])
            insert(txn, "more")
        self.assertEqual(other._connection.execute("PRAGMA journal_mode").fetchone(), ("wal",))

    def test_damaged(self) -> None:
        """A damaged copy is not loaded."""
        copy = os.path.join(self.folder, "copy.db")
        with self.file.read_snapshot() as snapshot:
            snapshot.save(copy)
        spoil(copy)
        self.assertIn(copy, str(self.assertRaises(StartError, self.file.load, copy)))
        with self.file.reading() as txn:
            self.assertEqual(count(txn), 1)

    def test_checkpoint(self) -> None:
        """The log is written back into the file, also while somebody reads."""
        wal = self.file.path + "-wal"
        self.file.checkpoint()
        with self.file.read_snapshot(), self.file.transaction() as txn:
            insert(txn, "x" * 255, "c" * 100_000)
        self.file.checkpoint()
        self.assertTrue(os.path.exists(wal), "it is in use yet")
        self.assertIn(b"x" * 255, open(self.file.path, "rb").read())  # noqa: SIM115
        with self.file.reading() as txn:
            self.assertEqual(count(txn), 2)

    def test_emptied(self) -> None:
        """A log that has become long is emptied, by a checkpoint that can; one that a reader needs is not."""
        other = SQLiteFile(os.path.join(self.folder, "own.db"), own_checkpoints=True, wal_bytes=1024 * 1024)
        self.addCleanup(other.close)
        with other.transaction() as txn:
            insert(txn, "a", "c" * 200_000)
        self.assertFalse(other.grown)
        with other.read_snapshot():
            with other.transaction() as txn:
                insert(txn, "b", "c" * 900_000)
            self.assertTrue(other.grown)
            other.checkpoint()
            self.assertGreater(other.wal_bytes(), 900_000)
        other.checkpoint()
        self.assertEqual(other.wal_bytes(), 0)
        with other.transaction() as txn:
            insert(txn, "c")
        other.checkpoint()
        self.assertGreater(other.wal_bytes(), 0, "it is short")
        other.checkpoint(empty=True)
        self.assertEqual(other.wal_bytes(), 0)
        with other.reading() as txn:
            self.assertEqual(count(txn), 3)


def spoil(path: str) -> None:
    """Overwrite the middle of a file."""
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 3 * 4096)


class DamageTests(TestCase):
    """A file that is damaged while it is in use."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "a.db")
        self.file = SQLiteFile(self.path, reactor)
        self.addCleanup(self.file.close)
        self.told: Deferred[None] = Deferred()
        self.file.on_damaged = lambda: self.told.callback(None)
        with self.file.transaction() as txn:
            for number in range(50):
                insert(txn, f"a{number}", "c" * 2000)
        self.file.close()
        self.file = SQLiteFile(self.path, reactor)
        self.addCleanup(self.file.close)
        self.file.on_damaged = lambda: self.told.callback(None)

    def spoil(self, first: int) -> None:
        with open(self.path, "r+b") as file:
            for place in range(first, os.path.getsize(self.path), 4096):
                file.seek(place)
                file.write(os.urandom(64))

    async def _renewed(self) -> None:
        await self.told
        self.assertIn("damaged", self.file.damage)
        self.assertTrue(self.file.health().startswith("DOWN:"))
        folder = self.file.renew()
        self.assertIn("a.db", os.listdir(folder))
        self.assertEqual((self.file.damage, self.file.health()), ("", "UP"))
        with self.file.transaction() as txn:
            self.assertEqual(count(txn), 0)
            insert(txn, "new")
        self.assertEqual(await self.file.query("count", count), 1)

    async def test_thread(self) -> None:
        """A query in a thread finds it: told once, and a new file takes its place."""
        self.spoil(4096)
        for _ in range(2):
            with self.assertRaises(Damaged):
                await self.file.query("all", lambda txn: txn.all("SELECT content FROM config_info"))
        await self._renewed()

    async def test_head(self) -> None:
        """One whose head is gone cannot even be opened by a thread."""
        self.spoil(0)
        with self.assertRaises(Damaged):
            await self.file.query("count", count)
        await self.told
        self.assertIn("not a database", self.file.damage)

    async def test_text(self) -> None:
        """A text that is none is damage, too, and is not told."""
        with self.file.transaction() as txn:
            txn.execute("UPDATE config_info SET content = CAST(X'ff666f6f' AS TEXT) WHERE data_id = 'a1'")
        with self.assertRaises(Damaged) as caught, self.file.reading() as txn:
            txn.all("SELECT content FROM config_info")
        self.assertNotIn("foo", str(caught.exception))
        await self.told

    async def test_snapshot_in_use(self) -> None:
        """While somebody reads a snapshot, its connection stays: the file is renewed after that."""
        state = self.file.read_snapshot()
        self.file.damage = "so"
        self.assertRaises(Unavailable, self.file.renew)
        state.close()
        self.file.renew()

    async def test_damaged_image(self) -> None:
        """The image of a damaged file is none."""
        self.spoil(os.path.getsize(self.path) - 4 * 4096)
        state = self.file.read_snapshot()
        self.assertRaises(Damaged, self.file.save_snapshot, state, self.path + ".copy")
        await self.told


class OpenTests(SynchronousTestCase):
    """Files that cannot be used."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "a.db")
        os.mkdir(os.path.dirname(self.path))

    def refused(self, text: str) -> None:
        error = self.assertRaises(StartError, SQLiteFile, self.path)
        self.assertIn(os.path.abspath(self.path), str(error))
        self.assertIn(text, str(error))
        self.assertNotIn("\n", str(error))

    def test_damaged(self) -> None:
        """A damaged file is told at the start, not when a row is missing."""
        file = SQLiteFile(self.path)
        with file.transaction() as txn:
            for number in range(100):
                insert(txn, f"d{number}", "c" * 1000)
        file.close()
        spoil(self.path)
        self.refused("")

    def test_foreign(self) -> None:
        """Neither another program's database, nor a text, nor a later version, nor a folder."""
        connection = sqlite3.connect(self.path)
        connection.execute("CREATE TABLE t (a)")
        connection.commit()
        self.refused("no table version")
        connection.execute("CREATE TABLE version (number)")
        connection.execute("INSERT INTO version VALUES (99)")
        connection.commit()
        connection.close()
        self.refused("version 99")
        os.unlink(self.path)
        with open(self.path, "w") as text:
            text.write("this is a text and no database" * 100)
        self.refused("not a database")
        os.unlink(self.path)
        os.mkdir(self.path)
        self.refused("")

    def test_half_made(self) -> None:
        """A start that was cut off before its tables were there is done over."""
        sqlite3.connect(self.path).execute("PRAGMA journal_mode=WAL")
        SQLiteFile(self.path).close()
        SQLiteFile(self.path).close()

    def test_killed(self) -> None:
        """What was committed is there after a kill -9, what was not is gone."""
        script = (
            "import os, signal, sys\n"
            "from nacos_tw.storage.sqlite import SQLiteFile\n"
            "from tests.storage.test_sqlite import insert\n"
            "file = SQLiteFile(sys.argv[1])\n"
            "with file.transaction() as txn: insert(txn, 'a')\n"
            "with file.transaction() as txn:\n"
            "    insert(txn, 'b')\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", script, self.path], env=environ, check=False)  # noqa: S603
        self.assertEqual(done.returncode, -9)
        file = SQLiteFile(self.path)
        self.addCleanup(file.close)
        with file.reading() as txn:
            self.assertEqual(txn.all("SELECT data_id FROM config_info"), [("a",)])


class ThreadTests(TestCase):
    """The same file by threads."""

    def setUp(self) -> None:
        self.file = SQLiteFile(os.path.join(self.mktemp(), "a.db"), reactor)
        self.addCleanup(self.file.close)

    async def test_many(self) -> None:
        """Many transactions at once, each reading first: each sees the one before."""

        def next_one(txn: Txn) -> int:
            number = count(txn)
            insert(txn, f"d{number}")
            return number

        numbers = await gatherResults([self.file.interact("next", next_one) for _ in range(40)])
        self.assertEqual(sorted(numbers), list(range(40)))

    async def test_query(self) -> None:
        """A query sees what was committed, and cannot write."""
        with self.file.transaction() as txn:
            insert(txn, "a")
        self.assertEqual(await self.file.query("count", count), 1)
        with self.assertRaises(ReadOnly):
            await self.file.query("insert", insert, "b")
        await self.file.interact("insert", insert, "b")
        self.assertEqual(await self.file.query("count", count), 2)

    async def test_raises(self) -> None:
        """What the function raises comes back, and nothing was written."""

        def work(txn: Txn) -> None:
            insert(txn, "a")
            raise KeyError("k")

        with self.assertRaises(KeyError):
            await self.file.interact("work", work)
        self.assertEqual(await self.file.query("count", count), 0)
