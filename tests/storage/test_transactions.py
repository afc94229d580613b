"""Transactions on a real MariaDB and a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter, Duplicate, Unavailable
from nacos_tw.storage.errors import Deadlock, Defect, LinkLost, OutcomeUnknown
from nacos_tw.storage.external import ExternalDatabase
from nacos_tw.storage.txn import Txn
from tests import mariadb
from tests.storage.databases import (
    DatabaseCase,
    connection_id,
    database_of,
    insert,
    names,
    on_both,
    trouble,
    until,
)
from tests.wording import said


@on_both
class TransactionTests(DatabaseCase):
    """What runs in one, and what comes of it."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.dialect = "mysql" if self.kind is mariadb else "postgresql"
        self.settings = self.kind.server().fresh()
        self.database = await self.start(self.settings)

    async def test_committed(self) -> None:
        """What is answered is there for every other connection."""
        first = await self.database.interact("insert", insert, "a")
        self.assertEqual(await self.database.interact("insert", insert, "b"), first + 1)
        found = self.kind.server().admin("SELECT data_id FROM config_info", database_of(self.settings))
        self.assertEqual(found, (("a",), ("b",)))

    async def test_rolled_back(self) -> None:
        """What raises leaves nothing; its error comes back as it is."""

        def work(txn: Txn) -> None:
            insert(txn, "a")
            raise KeyError("k")

        self.assertIsInstance(await trouble(self.database.interact("work", work)), KeyError)
        self.assertEqual(await self.database.query("names", names), [])

    async def test_query(self) -> None:
        """A query leaves nothing either."""
        await self.database.query("insert", insert, "a")
        self.assertEqual(await self.database.query("names", names), [])

    async def test_answers(self) -> None:
        """Counts are of rows found (not only of those that differ), as on SQLite."""

        def work(txn: Txn) -> Any:
            insert(txn, "a")
            insert(txn, "b%?'\\")
            return (
                txn.execute("UPDATE config_info SET content = ? WHERE 1 = 1", ("c",)),
                txn.execute("DELETE FROM config_info WHERE data_id LIKE ?", ("b\\%%",)),
                txn.one("SELECT data_id, '?%' FROM config_info" + txn.for_update),
                txn.one("SELECT 1 FROM config_info WHERE data_id = ?", ("none",)),
                txn.dialect,
            )

        self.assertEqual(await self.database.interact("work", work), (2, 1, ("a", "?%"), None, self.dialect))

    async def test_times(self) -> None:
        """Moments are whole seconds on MySQL."""

        def work(txn: Txn) -> Any:
            insert(txn, "a")
            return [txn.millis(value) for value in txn.all("SELECT gmt_create, gmt_modified FROM config_info")[0]]

        self.assertEqual(
            await self.database.interact("work", work),
            [1_700_000_000_000 + (0 if self.dialect == "mysql" else 999)] * 2,
        )

    async def test_text(self) -> None:
        """What utf8 columns can hold is held, 10 MB of it too; four bytes in utf8mb4 columns, and on PostgreSQL."""
        mysql = self.dialect == "mysql"
        content = "配置\r\n\\'\"%?\t" + "\0" * mysql + "长" * 3_400_000

        def read(txn: Txn, data_id: str) -> Any:
            return txn.one("SELECT content FROM config_info WHERE data_id = ?", (data_id,))

        await self.database.interact("insert", insert, "a", content)
        self.assertEqual(await self.database.query("read", read, "a"), (content,))
        refused = "\U0001f600" if mysql else "\0"
        error = await trouble(self.database.interact("insert", insert, "b", refused))
        self.assertIsInstance(error, BadParameter)
        wanted = "Incorrect value for column 'content'" if mysql else "a character that the table's character set lacks"
        self.assertIn(wanted, said(error))
        if mysql:
            statement = "ALTER TABLE config_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            mariadb.server().admin(statement, database_of(self.settings))
        await self.database.interact("insert", insert, "b", "\U0001f600")
        self.assertEqual(await self.database.query("read", read, "b"), ("\U0001f600",))

    async def test_refused(self) -> None:
        """The value's faults, and ours; after the first the transaction goes on."""

        def goes_on(txn: Txn) -> str:
            insert(txn, "a")
            try:
                insert(txn, "a", "hidden")
            except Duplicate as error:
                insert(txn, "b")
                return error.key
            return "no error"

        self.assertEqual(await self.database.interact("work", goes_on), "uk_configinfo_datagrouptenant")
        self.assertEqual(await self.database.query("names", names), ["a", "b"])
        refused = [
            ("x" * 256, "hidden", "Data too long for column 'data_id'"),
            ("x", None, "'content'"),
            ("x", "hidden\ud800", "Unicode"),
        ]
        if self.dialect == "mysql":
            refused.append(("x", "hidden" * 3_000_000, "max_allowed_packet"))
        for data_id, content, text in refused:
            error = await trouble(self.database.interact("work", insert, data_id, content))
            self.assertIsInstance(error, BadParameter)
            self.assertIn(text, said(error))
            self.assertNotIn("hidden", str(error))
            self.assertIsNone(error.__context__)
        error = await trouble(self.database.query("work", lambda txn: txn.one("SELEC 'hidden'")))
        self.assertIsInstance(error, Defect)
        self.assertNotIn("hidden", str(error))

    async def test_deadlock(self) -> None:
        """Of two transactions that wait for each other one is repeated, and both happen."""
        await self.database.interact("insert", insert, "a")
        await self.database.interact("insert", insert, "b")
        both = threading.Barrier(2)
        tries: list[str] = []

        def work(txn: Txn, first: str, second: str) -> None:
            tries.append(first)
            txn.execute(
                "UPDATE config_info SET app_name = concat(coalesce(app_name, ''), 'x') WHERE data_id = ?", (first,)
            )
            if len(tries) <= 2:
                both.wait(60)
            txn.execute(
                "UPDATE config_info SET app_name = concat(coalesce(app_name, ''), 'x') WHERE data_id = ?", (second,)
            )

        await gatherResults(
            [self.database.interact("work", work, "a", "b"), self.database.interact("work", work, "b", "a")]
        )
        self.assertIn(len(tries), (3, 4))  # the other may be given up, too, when this one comes again before it wakes
        self.assertEqual(
            await self.database.query("read", lambda txn: txn.all("SELECT app_name FROM config_info")), [("xx",)] * 2
        )

    async def test_deadlock_twice(self) -> None:
        """Once more, not for ever."""
        tries: list[int] = []

        def work(txn: Txn) -> None:
            tries.append(1)
            raise Deadlock("again")

        self.assertIsInstance(await trouble(self.database.interact("work", work)), Deadlock)
        self.assertEqual(len(tries), 2)

    async def test_lost_before_commit(self) -> None:
        """A connection that breaks in the middle: the whole transaction is repeated, once."""
        tries: list[int] = []

        def work(txn: Txn, times: int) -> int:
            number = connection_id(txn)
            tries.append(number)
            insert(txn, "a")
            if len(tries) <= times:
                self.kind.server().end_session(number)
            txn.one("SELECT 1")
            return number

        number = await self.database.interact("work", work, 1)
        self.assertEqual(len(set(tries)), 2)
        self.assertEqual(tries[-1], number)
        self.assertEqual(await self.database.query("names", names), ["a"])
        tries.clear()
        await self.database.interact("clear", lambda txn: txn.execute("DELETE FROM config_info"))
        self.assertIsInstance(await trouble(self.database.interact("work", work, 9)), LinkLost)
        self.assertEqual(len(tries), 2)
        self.assertEqual(await self.database.query("names", names), [])

    async def test_lost_at_commit(self) -> None:
        """Then nobody knows, and it is not repeated."""
        tries: list[int] = []

        def work(txn: Txn) -> None:
            insert(txn, "a")
            tries.append(1)
            self.kind.server().end_session(connection_id(txn))

        error = await trouble(self.database.interact("work", work))
        self.assertIsInstance(error, OutcomeUnknown)
        self.assertIsInstance(error, Unavailable)
        self.assertIn("unknown", str(error))
        self.assertEqual(len(tries), 1)

    async def test_killed_at_rest(self) -> None:
        """Connections that the server closed meanwhile are made anew; nobody notices."""
        for _ in range(3):
            numbers = await gatherResults([self.database.query("id", connection_id) for _ in range(5)])
            for number in set(numbers):
                self.kind.server().end_session(number)
            await self.database.interact("count", names)


@on_both
class PoolTests(DatabaseCase):
    """How many, and for how long."""

    async def test_bounded(self) -> None:
        """No more connections than allowed; what waits too long for one says so, and is not run later."""
        settings = self.kind.server().fresh()
        database = await self.start(settings, least=0, most=3, wait=2.0)
        gate, inside, ran = threading.Event(), threading.Semaphore(0), []
        self.addCleanup(gate.set)

        def hold(txn: Txn) -> int:
            number = connection_id(txn)
            inside.release()
            gate.wait(60)
            return number

        holding = [database.query("hold", hold) for _ in range(3)]
        for _ in range(3):
            await until(lambda: inside.acquire(blocking=False))
        error = await trouble(database.interact("late", lambda txn: ran.append(1)))
        self.assertIsInstance(error, Unavailable)
        self.assertIn("in use", str(error))
        gate.set()
        self.assertEqual(len(set(await gatherResults(holding))), 3)
        await gatherResults([database.query("after", connection_id) for _ in range(10)])
        self.assertEqual(ran, [])
        sessions = self.kind.server().sessions(database_of(settings))
        self.assertGreaterEqual(sessions, 3)
        self.assertLessEqual(sessions, 3 + 1, "the pool's and the one that looks after the database")

    async def test_old(self) -> None:
        """A connection that has lived its time is made anew."""
        database = await self.start(self.kind.server().fresh(), least=0, most=1, life=0.0)
        first = await database.query("id", connection_id)
        self.assertNotEqual(await database.query("id", connection_id), first)

    async def test_slow_statement(self) -> None:
        """A statement that takes longer than socketTimeout ends then; its connection is not used again."""
        database = await self.start(self.kind.server().fresh(self.kind.QUICK), least=0, most=1)
        first = await database.query("id", connection_id)
        start = reactor.seconds()
        error = await trouble(database.query("sleep", lambda txn: txn.one(f"SELECT {self.kind.SLEEP}(40)")))
        self.assertIsInstance(error, Unavailable)
        self.assertLess(reactor.seconds() - start, 35)
        self.assertNotEqual(await database.query("id", connection_id), first)

    async def test_long_transaction(self) -> None:
        """Each statement has its own time: many short ones may take longer together."""
        database = await self.start(self.kind.server().fresh(self.kind.OPTIONS))  # 3 s

        def work(txn: Txn) -> int:
            for _ in range(4):
                txn.one(f"SELECT {self.kind.SLEEP}(0.8)")
            return insert(txn, "a")

        await database.interact("work", work)

    async def test_locked_row(self) -> None:
        """A row that another transaction keeps locked gives a clear error within the time."""
        database = await self.start(
            self.kind.server().fresh(self.kind.OPTIONS.replace("socketTimeout=3000", "socketTimeout=2900"))
        )
        await database.interact("insert", insert, "a")
        gate, locked = threading.Event(), threading.Event()
        self.addCleanup(gate.set)

        def lock(txn: Txn, wait: bool) -> None:
            txn.one("SELECT id FROM config_info WHERE data_id = 'a' FOR UPDATE")
            locked.set()
            if wait:
                gate.wait(60)

        holding = database.interact("lock", lock, True)
        await until(locked.is_set)
        error = await trouble(database.interact("lock", lock, False))
        self.assertIn("locked", str(error))
        gate.set()
        await holding

    async def test_stopped(self) -> None:
        """Work that runs may end; new work is refused; no connection and no thread is left."""
        settings = self.kind.server().fresh()
        database = await self.start(settings)
        gate = threading.Event()
        waiting = database.interact("work", lambda txn: (gate.wait(60), insert(txn, "a"))[1])
        stopping = database.stopService()
        self.assertIsInstance(await trouble(database.query("late", names)), Unavailable)
        gate.set()
        self.assertGreater(await waiting, 0)
        await stopping
        self.assertIs(database.stopService(), stopping)
        await until(lambda: self.kind.server().sessions(database_of(settings)) == 0)
        self.assertEqual([t.name for t in threading.enumerate() if t.name.startswith("PoolThread-database")], [])

    async def test_never_started(self) -> None:
        """Nothing runs before the start, and the end is no error."""
        database = ExternalDatabase(self.kind.server().settings("nacos"), reactor)
        self.assertIsInstance(await trouble(database.query("early", names)), Unavailable)
        await database.stopService()


class RestTests(SynchronousTestCase):
    """What is not used costs nothing."""

    def test_imports(self) -> None:
        """A node without an external database loads neither a driver nor adbapi."""
        script = (
            "import sys, nacos_tw.service\n"
            "print([name for name in ('pymysql', 'psycopg', 'twisted.enterprise.adbapi', 'nacos_tw.storage.external') "
            "if name in sys.modules])"
        )
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, check=True)  # noqa: S603
        self.assertEqual(done.stdout.strip(), b"[]")
