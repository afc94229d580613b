"""How a node follows tables in a database that it shares."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth import store
from nacos_tw.auth.account_sync import AGAIN, CUT_OFF, PERIOD, AccountSync, CopyFile
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.directory import PATIENCE, Directory
from nacos_tw.errors import Unavailable


def rows(*names: str) -> Rows:
    return Rows([(name, "hash", True) for name in names], [], [])


class CopyTests(SynchronousTestCase):
    """The copy on disk."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "auth", "accounts")
        self.copy = CopyFile(self.path)

    def test_round_trip(self) -> None:
        """What was written last is read."""
        self.assertIsNone(self.copy.read())
        whole = Rows([("ann", "h", False)], [("ann", "r")], [("r", "dev:*:*", "rw")])
        for one in (rows("bob"), whole):
            self.copy.write(one)
        self.assertEqual(self.copy.read(), whole)

    def test_mode(self) -> None:
        """It is for its owner alone, also when it takes the place of one that was not."""
        self.copy.write(rows("bob"))
        os.chmod(self.path, 0o644)
        self.copy.write(rows("ann"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["accounts"])

    def test_damaged(self) -> None:
        """What cannot be read is as if it were not there."""
        self.copy.write(rows("bob"))
        for data in (b"", b"\xc1", b"[1]", os.urandom(100), b"\x93\x90\x90"):
            with open(self.path, "wb") as file:
                file.write(data)
            self.assertIsNone(self.copy.read())

    def test_no_room(self) -> None:
        """A copy that cannot be written is a warning, and what was there stays."""
        self.copy.write(rows("bob"))
        self.patch(os, "replace", _refuses)
        self.copy.write(rows("ann"))
        self.assertEqual(self.copy.read(), rows("bob"))
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["accounts"])


def _refuses(*args: object) -> None:
    raise OSError(28, "No space left on device")


class AccountSyncTests(SynchronousTestCase):
    """@ivar asked: queries that are not answered yet."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.directory = Directory()
        self.copy = CopyFile(os.path.join(self.mktemp(), "accounts"))
        self.asked: list[Deferred[Any]] = []
        self.sync = AccountSync(self.clock, self.query, self.directory, self.copy)
        self.changes = 0
        self.directory.on_changed.append(self.changed)

    def query(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        self.assertEqual((name, fn, args), ("accounts", store.rows, ()))
        self.asked.append(Deferred(lambda _: None))
        return self.asked[-1]

    def changed(self) -> None:
        self.changes += 1

    def answer(self, found: Rows | Exception) -> None:
        """To the one query that is asked."""
        self.assertEqual(len(self.asked), 1)
        self.asked.pop().callback(found if isinstance(found, Rows) else Failure(found))

    def names(self) -> list[str]:
        return list(self.directory.now.names)

    def started(self, *names: str) -> None:
        self.sync.startService()
        self.answer(rows(*names))

    def test_start(self) -> None:
        """It reads them at once, and keeps a copy."""
        self.sync.startService()
        self.assertFalse(self.directory.now.known)
        self.answer(rows("bob"))
        self.assertEqual((self.names(), self.changes, self.copy.read()), (["bob"], 1, rows("bob")))

    def test_an_empty_table_is_known(self) -> None:
        """Nobody is there, and that is known."""
        self.started()
        self.assertTrue(self.directory.now.known)

    def test_again_and_again(self) -> None:
        """Somebody may write to the tables whom nobody hears of: they are read every few seconds."""
        self.started("bob")
        self.clock.advance(PERIOD - 0.1)
        self.assertEqual(self.asked, [])
        self.clock.advance(0.2)
        self.answer(rows("ann", "bob"))
        self.assertEqual((self.names(), self.changes), (["ann", "bob"], 2))
        self.clock.advance(PERIOD)
        self.answer(rows("ann", "bob"))
        self.assertEqual(self.changes, 2)

    def test_cut_off(self) -> None:
        """While another node could not say that they have changed they are read more than once a second."""
        cut_off = True
        self.sync.cut_off = lambda: cut_off
        self.started("bob")
        for name in ("ann", "eve"):
            self.clock.advance(CUT_OFF)
            self.answer(rows(name))
            self.assertEqual(self.names(), [name])
        self.assertLess(CUT_OFF, 1.0)
        cut_off = False
        self.clock.advance(CUT_OFF)
        self.answer(rows("eve"))
        self.clock.advance(CUT_OFF)
        self.assertEqual(self.asked, [])

    def test_notice(self) -> None:
        """When somebody says that they have changed they are read at once."""
        self.started("bob")
        told = self.sync.refresh()
        self.assertNoResult(told)
        self.answer(rows("ann"))
        self.successResultOf(told)
        self.assertEqual(self.names(), ["ann"])

    def test_notice_while_reading(self) -> None:
        """What is being read may be older than the notice: it is read once more, for all notices of the meantime."""
        self.started("bob")
        first = self.sync.refresh()
        later = [self.sync.refresh() for _ in range(5)]
        self.answer(rows("old"))
        self.successResultOf(first)
        for one in later:
            self.assertNoResult(one)
        self.answer(rows("new"))
        for one in later:
            self.successResultOf(one)
        self.assertEqual((self.names(), self.asked), (["new"], []))

    def test_away(self) -> None:
        """While the database is away the last state counts; it is asked again every second, and said once."""
        self.started("bob")
        told = self.sync.refresh()
        self.answer(Unavailable("the database is away"))
        self.successResultOf(told)
        for _ in range(3):
            self.assertEqual((self.names(), self.sync.trouble), (["bob"], "the database is away"))
            self.clock.advance(AGAIN)
            self.answer(Unavailable("the database is away"))
        self.clock.advance(AGAIN)
        self.answer(rows("ann"))
        self.assertEqual((self.names(), self.sync.trouble), (["ann"], ""))
        self.clock.advance(AGAIN)
        self.assertEqual(self.asked, [])

    def test_start_without_the_database(self) -> None:
        """The copy counts until the database answers; without one nobody is known."""
        self.sync.startService()
        self.answer(Unavailable("away"))
        self.assertFalse(self.directory.now.known)
        self.copy.write(rows("bob"))
        self.clock.advance(AGAIN)
        self.answer(Unavailable("away"))
        self.assertEqual(self.names(), ["bob"])
        self.clock.advance(AGAIN)
        self.answer(rows("ann"))
        self.assertEqual(self.names(), ["ann"])

    def test_start_with_the_database(self) -> None:
        """Whom the copy knows, and the database does not any more, is let in at no time."""
        self.copy.write(rows("deleted"))
        self.sync.startService()
        self.clock.advance(PATIENCE - 0.1)
        self.assertFalse(self.directory.now.known)
        self.answer(rows("bob"))
        self.clock.advance(PATIENCE)
        self.assertEqual((self.names(), self.changes), (["bob"], 1))

    def test_start_with_a_database_that_says_nothing(self) -> None:
        """It is not waited for for long."""
        self.copy.write(rows("bob"))
        self.sync.startService()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.names(), ["bob"])
        self.answer(rows("ann"))
        self.assertEqual(self.names(), ["ann"])

    def test_stop(self) -> None:
        """Nothing is read any more, and nobody waits for it."""
        self.started("bob")
        told = [self.sync.refresh(), self.sync.refresh()]
        self.sync.stopService()
        for one in told:
            self.successResultOf(one)
        self.successResultOf(self.sync.refresh())
        self.assertEqual((len(self.asked), self.clock.getDelayedCalls()), (1, []))

    def test_stop_while_waiting(self) -> None:
        """The timer ends too."""
        self.started("bob")
        self.sync.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])
