"""A cache that follows a database of others."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import cache_queries, store, store_adopt
from nacos_tw.config import cache_sync as module
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_sync import CacheSync
from nacos_tw.config.commands import Publish, PublishBeta, PublishTag, Remove, StopBeta
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.local import AGAIN
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from nacos_tw.storage.errors import ReadOnly
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn
from tests.config.fakes import Database, InlineFile, fired, local_file, md5

KEY = ("", "g", "d")
BETA = "1.1.1.1"


def key(number: int) -> ConfigKey:
    """One of many."""
    return ("", "g", f"d{number}")


class Node(SynchronousTestCase):
    """A database with some configs, and a node that may be started again and again."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.folder = self.mktemp()
        self.database = Database(f"{self.folder}/shared.db")
        self.addCleanup(self.database.file.close)
        self.addCleanup(setattr, InlineFile, "full", False)
        for number in range(5):
            self.publish(key(number), f"content {number}")

    def publish(self, key: ConfigKey, text: str, at: int = 1) -> None:
        self.database.do(Publish(key, text, "text", at))

    def start(self) -> None:
        """A start, with what is on disk."""
        self.local = local_file(self.clock, f"{self.folder}/config-cache.db")
        self.cache = ConfigCache(self.local, 1000)
        self.sync = CacheSync(self.clock, self.database, self.cache, self.local, lambda: 0.5, lambda: 5000)
        self.database.queries.clear()
        self.database.asked.clear()
        self.sync.startService()
        self.addCleanup(self.local.close)

    def stop(self) -> None:
        self.sync.stopService()
        self.local.close()

    def content(self, key: ConfigKey, client_ip: str = "9.9.9.9", tag: str = "") -> str | None:
        chosen = self.cache.choose(key, client_ip, tag)
        return None if chosen is None else chosen.content.decode()

    def same(self) -> None:
        """The cache holds what the database holds, and so does the disk."""
        with self.database.file.reading() as txn:
            stored = {each.key: dict(each.copies()) for each in cache_queries.index(txn)}
        for found in (self.cache.entries, {each.key: each for each in self.local.load()}):
            self.assertEqual(
                {k: {name: copy.md5 for name, copy in each.copies()} for k, each in found.items()},
                {k: {name: copy.md5 for name, copy in each.items()} for k, each in stored.items()},
            )

    def read(self) -> list[ConfigKey]:
        """The configs that were read with their contents."""
        return [key for name, args in self.database.asked if name == "rows" for key in args[0]]


class Turning(Clock):
    """A clock that is a reactor, too."""

    def callFromThread(self, work: Callable[..., object], *args: object) -> None:  # noqa: N802
        self.callLater(0, work, *args)


class SpoiledTests(Node):
    """The disk spoils the copy while the node runs."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Turning()
        self.text = {number: f"{number}" * 50_000 for number in range(5)}
        for number, text in self.text.items():
            self.publish(key(number), text, 2)
        self.start()
        self.clock.advance(1)
        self.same()
        self.stop()
        self.start()  # with contents that are in the file alone
        self.clock.advance(1)
        self.local._file.checkpoint()

    def spoil(self) -> None:
        """What lies in the middle of the file is something else now, and nothing of it is in memory any more."""
        self.local._file._connection.execute("PRAGMA shrink_memory")
        with open(f"{self.folder}/config-cache.db", "r+b") as file:
            size = file.seek(0, 2)
            file.seek(size // 3)
            file.write(b"\x5a" * (size // 2))

    def notice(self) -> None:
        """Contents are asked for."""
        for number in range(5):
            with contextlib.suppress(Unavailable):
                self.content(key(number))

    def test_is_made_anew(self) -> None:
        """As soon as somebody notices: what is served meanwhile is right or nothing, then all is there again, on the
        disk too; the damaged file is kept for a look at it."""
        self.spoil()
        self.notice()
        self.clock.pump([0.0, 1.0, 1.0])
        self.assertEqual({number: self.content(key(number)) for number in range(5)}, self.text)
        self.same()
        self.assertTrue(self.local.complete)
        self.assertEqual((self.sync.ready, self.sync.reason(), self.local._file.damage), (True, "", ""))
        self.assertTrue(os.path.exists(f"{self.folder}/damaged-1/config-cache.db"))
        self.stop()
        self.start()
        self.assertTrue(self.sync.ready)
        self.assertEqual(self.content(key(4)), self.text[4])

    def test_database_away(self) -> None:
        """The copy is filled when the database is there again; what it has lost meanwhile is lost here too."""
        self.spoil()
        self.database.away = True
        self.notice()
        self.clock.pump([0.0, 1.0])
        self.assertFalse(self.local.complete)
        self.database.away = False
        self.database.do(Remove(key(0), 3))
        self.clock.pump([1.0] * 15)
        self.assertIsNone(self.content(key(0)))
        self.assertEqual(self.content(key(1)), self.text[1])
        self.same()
        self.assertTrue(self.local.complete)

    def test_cannot_be_made_anew(self) -> None:
        """It is tried again; the end does not wait for it."""
        renew, self.local._file.renew = self.local._file.renew, refused  # type: ignore[method-assign]
        self.spoil()
        self.notice()
        self.clock.pump([0.0, 1.0])
        self.assertTrue(self.local._file.damage)
        self.local._file.renew = renew  # type: ignore[method-assign]
        self.clock.pump([AGAIN, 1.0, 1.0])
        self.assertEqual(self.local._file.damage, "")
        self.same()


def refused() -> str:
    """The disk is full."""
    raise Unavailable("the disk is full")


class ColdTests(Node):
    """Nothing on disk."""

    def test_all_is_read(self) -> None:
        """Main contents by pages, then copies; then it is on disk."""
        self.database.do(PublishBeta(key(0), "beta", BETA, 2))
        self.database.do(PublishTag(("", "g", "only"), "blue", "blue", 2))
        self.patch(cache_queries, "PAGE", 2)
        self.start()
        self.clock.advance(1)
        self.assertEqual((self.sync.ready, self.sync.reason()), (True, ""))
        self.assertEqual(self.content(key(3)), "content 3")
        self.assertEqual(self.content(key(0), BETA), "beta")
        self.assertEqual(self.content(("", "g", "only"), tag="blue"), "blue")
        self.assertTrue(self.local.complete)
        self.assertEqual(self.database.queries.count("page"), 4)
        self.same()

    def test_pages_are_bounded_by_bytes(self) -> None:
        """But a page has one config at least."""
        self.patch(cache_queries, "PAGE_BYTES", 25)
        self.publish(key(9), "x" * 100)
        self.start()
        self.assertEqual(len(self.cache), 6)
        self.assertEqual(self.database.queries.count("page"), 5)

    def test_a_page_does_not_undo_what_was_read_later(self) -> None:
        """A notice comes while a page is on its way."""
        self.database.holding = True
        self.start()
        self.database.release()  # the newest history row
        self.database.release()  # the copies that an older server has changed
        self.database.release()  # the count
        (page,) = self.database.held
        self.database.held.clear()
        self.publish(key(1), "newer", 2)
        self.database.do(Remove(key(2), 2))
        self.database.holding = False
        self.sync.refresher.refresh([key(1), key(2)])
        page()
        self.assertEqual(self.content(key(1)), "newer")
        self.assertIsNone(self.content(key(2)))
        self.clock.advance(1)
        self.same()

    def test_without_the_database(self) -> None:
        """There is nothing to serve, which is said; it is tried again and again."""
        self.database.away = True
        self.start()
        self.assertEqual(self.sync.reason(), "configs are not read yet: the database is away")
        self.assertFalse(self.sync.ready)
        self.assertRaises(Unavailable, self.content, key(0))
        self.clock.pump([0.1, 0.2, 0.4, 0.8, 1.6])
        self.assertEqual(self.database.queries.count("newest"), 6)
        self.database.away = False
        self.clock.advance(module.LATEST)
        self.assertEqual((self.sync.ready, self.sync.reason(), len(self.cache)), (True, "", 5))
        self.assertIsNone(self.content(("", "g", "unknown")))

    def test_while_it_is_read(self) -> None:
        """It says so, with a line every two seconds."""
        lines: list[object] = []
        self.patch(module.CacheSync, "log", _Log(lines))
        self.patch(cache_queries, "PAGE", 1)
        self.database.holding = True
        self.start()
        self.assertEqual(self.sync.reason(), "configs are being read")
        while self.database.held:
            self.clock.advance(1)
            self.database.release()
        counts = [line["count"] for line in lines if isinstance(line, dict) and "total" in line]
        self.assertEqual(counts, [2, 4, 5])

    def test_a_start_that_was_cut_off_begins_anew(self) -> None:
        """What is on disk is no whole state then."""
        self.database.holding = True
        self.patch(cache_queries, "PAGE", 2)
        self.start()
        for _ in range(4):
            self.database.release()
        self.assertEqual(len(self.cache), 2)
        self.stop()
        self.flushLoggedErrors()
        self.database.holding = False
        self.database.held.clear()
        self.start()
        self.clock.advance(1)
        self.assertIn("page", self.database.queries)
        self.same()


class WarmTests(Node):
    """The last state on disk."""

    def setUp(self) -> None:
        super().setUp()
        self.database.do(PublishBeta(key(0), "beta", BETA, 1))
        self.start()
        self.clock.advance(1)
        self.stop()

    def test_is_served_at_once(self) -> None:
        """Before the database has answered anything."""
        self.database.holding = True
        self.start()
        self.assertTrue(self.sync.ready)
        self.assertEqual(self.content(key(4)), "content 4")
        self.assertEqual(self.content(key(0), BETA), "beta")

    def test_before_it_is_followed(self) -> None:
        """HTTP may be served before this: nothing is said to be missing, and what is on disk is served if it is asked
        for."""
        self.start()
        self.stop()
        local = local_file(self.clock, f"{self.folder}/config-cache.db")
        self.addCleanup(local.close)
        cache = ConfigCache(local, 1000)
        sync = CacheSync(self.clock, self.database, cache, local, lambda: 0.5, lambda: 5000)
        self.assertRaises(Unavailable, cache.choose, key(4), "9.9.9.9")
        sync.serve_copy()
        chosen = cache.choose(key(4), "9.9.9.9")
        assert chosen is not None
        self.assertEqual((chosen.content, sync.reason()), (b"content 4", ""))
        self.assertRaises(Unavailable, cache.choose, key(7), "9.9.9.9")

    def test_only_what_differs_is_read(self) -> None:
        """New, other and removed configs, and copies."""
        self.publish(key(1), "other", 2)
        self.publish(key(7), "new", 2)
        self.database.do(Remove(key(2), 2))
        self.database.do(StopBeta(key(0), 2))
        self.database.do(PublishTag(key(3), "blue", "blue", 2))
        self.start()
        self.assertEqual(sorted(self.read()), [key(0), key(1), key(2), key(3), key(7)])
        self.assertNotIn("page", self.database.queries)
        self.assertEqual((self.content(key(1)), self.content(key(2))), ("other", None))
        self.clock.advance(1)
        self.same()

    def test_nothing_is_read_when_nothing_differs(self) -> None:
        """Md5s and times are enough."""
        self.start()
        self.assertEqual(self.read(), [])
        self.assertTrue(self.sync.compared)

    def test_nothing_is_said_to_be_missing_before_all_is_compared(self) -> None:
        """A config that the copy lacks may have been written since: that is no answer, and no listener is told so."""
        self.publish(key(7), "new", 2)
        self.database.away = True
        self.start()
        listeners = Listeners(self.cache)
        for unknown in (key(7), key(8)):
            self.assertRaises(Unavailable, self.content, unknown)
            self.assertEqual(listeners.differing([(unknown, md5("held"))], "9.9.9.9"), [])
        self.assertEqual(self.content(key(4)), "content 4")
        self.database.away = False
        self.clock.advance(1)
        self.assertEqual((self.content(key(7)), self.content(key(8))), ("new", None))
        self.assertEqual(listeners.differing([(key(8), md5("held"))], "9.9.9.9"), [key(8)])

    def test_what_is_in_doubt_stays_so_over_a_restart(self) -> None:
        """A change that was committed but not read back: what was before is not served again."""
        self.start()
        self.database.away = True
        self.database.do(Remove(key(1), 2))
        self.publish(key(2), "other", 2)
        changed = [key(1), key(2)]
        self.failureResultOf(self.sync.refresher.refresh(changed, certain=True), Unavailable)
        self.assertEqual(list(self.cache.doubtful), changed)
        self.clock.advance(0.9)
        self.stop()
        self.start()
        for one in changed:
            self.assertRaises(Unavailable, self.content, one)
        self.database.away = False
        self.clock.advance(1)
        self.assertEqual((self.content(key(1)), self.content(key(2)), self.cache.doubtful), (None, "other", {}))
        self.clock.advance(1)
        self.same()

    def test_without_the_database(self) -> None:
        """What is on disk is served, which is said; when it is back, all is compared."""
        self.database.away = True
        self.start()
        self.assertEqual(self.content(key(4)), "content 4")
        self.assertEqual(self.sync.reason(), "the local copy of 5 configs is served: the database is away")
        self.publish(key(4), "other", 2)
        self.database.away = False
        self.clock.advance(module.SOONEST)
        self.assertEqual((self.content(key(4)), self.sync.reason()), ("other", ""))

    def test_a_disk_that_cannot_be_read(self) -> None:
        """All is read from the database then."""
        self.patch(InlineFile, "reading", _broken(InlineFile.reading))
        self.start()
        self.assertEqual((self.sync.ready, len(self.cache)), (True, 5))
        self.assertIn("page", self.database.queries)

    def test_a_content_that_the_disk_has_lost_is_read_again(self) -> None:
        """The next request gets it."""
        self.start()
        with self.local._file.transaction() as txn:
            txn.execute("DELETE FROM config WHERE data_id = 'd4'")
        self.assertRaises(Unavailable, self.content, key(4))
        self.assertEqual(self.content(key(4)), "content 4")


class LaterTests(Node):
    """Changes that nobody tells of."""

    def setUp(self) -> None:
        super().setUp()
        self.start()
        self.clock.advance(1)
        self.database.asked.clear()
        self.database.queries.clear()

    def test_are_found_within_half_a_minute(self) -> None:
        """By the history: only these are read."""
        self.publish(key(1), "other", 2)
        self.publish(key(8), "new", 2)
        self.database.do(Remove(key(2), 2))
        self.database.do(PublishBeta(key(3), "beta", BETA, 2))
        self.clock.advance(module.RECENT)
        self.assertEqual(sorted(self.read()), [key(1), key(2), key(3), key(8)])
        self.assertEqual(self.content(key(3), BETA), "beta")
        self.clock.advance(1)
        self.same()

    def test_are_looked_for_twice(self) -> None:
        """A transaction may commit after one that began later."""
        self.publish(key(1), "other", 2)
        self.clock.advance(module.RECENT)
        self.cache.remove(key(1))
        self.clock.advance(module.RECENT)
        self.assertEqual(self.content(key(1)), "other")
        self.clock.advance(module.RECENT)
        self.cache.remove(key(1))
        self.clock.advance(module.RECENT)
        self.assertIsNone(self.content(key(1)))

    def test_what_this_node_knows_already_is_not_read(self) -> None:
        """Its own writes are in the history too."""
        self.publish(key(1), "other", 2)
        self.sync.refresher.refresh([key(1)])
        self.clock.advance(module.RECENT)
        self.assertEqual(self.read(), [key(1)])

    def test_too_many_are_a_comparison_of_all(self) -> None:
        """As is a history that is shorter than it was: another database."""
        self.patch(cache_queries, "MOST_CHANGED", 2)
        for number in range(5):
            self.publish(key(number), "other", 2)
        self.clock.advance(module.RECENT)
        self.assertEqual(self.content(key(4)), "other")
        self.assertEqual(self.database.queries.count("newest"), 2)
        self.database.sql("DELETE FROM his_config_info")
        self.database.sql("UPDATE config_info SET md5 = ?, content = 'by hand' WHERE data_id = 'd4'", md5("by hand"))
        self.clock.advance(module.RECENT)
        self.assertEqual(self.content(key(4)), "by hand")

    def test_what_an_operator_changed_is_found_in_time(self) -> None:
        """The history does not know; all is compared every six hours, first at a random time."""
        self.clock.pump([module.RECENT] * 3)
        self.database.sql("DELETE FROM config_info WHERE data_id = 'd4'")
        first, last = module.FULL_FIRST
        self.clock.advance((first + last) / 2 - 1 - self.clock.seconds())
        self.assertEqual(self.content(key(4)), "content 4")
        self.clock.advance(1)
        self.assertIsNone(self.content(key(4)))
        self.database.sql("DELETE FROM config_info WHERE data_id = 'd3'")
        self.clock.advance(module.FULL)
        self.assertIsNone(self.content(key(3)))

    def test_a_comparison_may_be_asked_for(self) -> None:
        """While one is under way: once more after it."""
        self.database.holding = True
        self.sync.compare()
        self.sync.compare()
        self.sync.compare()
        self.database.sql("DELETE FROM config_info WHERE data_id = 'd4'")
        while self.database.held:
            self.database.release()
        self.assertIsNone(self.content(key(4)))
        self.assertEqual(self.database.queries.count("newest"), 2)

    def test_a_database_that_goes_and_comes(self) -> None:
        """Is said meanwhile."""
        self.database.away = True
        self.clock.advance(module.RECENT)
        self.assertIn("the database is away", self.sync.reason())
        self.publish(key(1), "other", 2)
        self.database.away = False
        self.clock.advance(module.RECENT)
        self.assertEqual((self.content(key(1)), self.sync.reason()), ("other", ""))

    def test_nothing_happens_after_a_stop(self) -> None:
        """Not even what was asked for before it."""
        self.database.holding = True
        self.sync.compare()
        fired(self.sync.refresher.refresh([key(1)]))
        self.stop()
        self.sync.compare()
        self.assertEqual(self.clock.getDelayedCalls(), [])


def _broken(reading: Any) -> Any:
    """The second time, it cannot be read; the first is the look at whether it is complete."""
    times: list[None] = []

    def broken(file: SQLiteFile) -> Any:
        times.append(None)
        if len(times) == 2:
            raise Unavailable("the disk failed")
        return reading(file)

    return broken


class AdoptingTests(Node):
    """Copies for some that an older server has changed in tables of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[tuple[ConfigKey, ...]] = []
        self.patch(store_adopt, "waiting", lambda txn: list(self.left))
        self.patch(store_adopt, "adopt", self.adopt)
        self.left: list[store_adopt.Name] = [(key(0), "blue")]

    def adopt(self, txn: Txn, names: list[store_adopt.Name], at_ms: int) -> list[ConfigKey]:
        self.assertEqual((names, at_ms), ([(key(0), "blue")], 5000))
        self.left.clear()
        store.apply(txn, PublishTag(key(0), "adopted", "blue", at_ms))
        return [key(0)]

    def start(self) -> None:
        super().start()
        self.sync.on_adopted = self.told.append

    def test_cold(self) -> None:
        """They are there as soon as anything is served."""
        self.start()
        self.assertEqual(self.content(key(0), tag="blue"), "adopted")

    def test_warm(self) -> None:
        """Before all others are compared; the start waits for that, and the other nodes are told."""
        left = self.left.copy()
        self.left.clear()
        self.start()
        self.clock.advance(1)
        self.stop()
        self.left += left
        self.database.holding = True
        self.start()
        for _ in range(4):  # the newest row, what is to be done, that, all copies
            self.assertFalse(self.sync.copies_known.called)
            self.database.release()
        self.database.release()  # the one that differs
        self.assertEqual(self.content(key(0), tag="blue"), "adopted")
        self.assertTrue(self.sync.copies_known.called)
        self.assertFalse(self.sync.compared)
        self.assertEqual(self.told, [(key(0),)])

    def test_later(self) -> None:
        """Within half a minute."""
        self.left.clear()
        self.start()
        self.clock.advance(1)
        self.left.append((key(0), "blue"))
        self.clock.advance(module.RECENT)
        self.assertEqual(self.content(key(0), tag="blue"), "adopted")
        self.assertEqual(self.told, [(key(0),)])

    def test_no_writes(self) -> None:
        """What is there is read all the same, and one line says why."""
        lines: list[object] = []
        self.patch(module.CacheSync, "log", _Log(lines))
        self.database.error = ReadOnly("the database is read-only")
        self.start()
        self.clock.advance(1)
        self.assertTrue(self.sync.compared)
        self.assertTrue(self.sync.copies_known.called)
        self.left.append((key(0), "blue"))
        self.clock.advance(module.RECENT)
        self.assertEqual(len([line for line in lines if isinstance(line, dict) and "error" in line]), 1)
        self.assertEqual(self.told, [])


class _Log:
    """Takes the fields of what is logged."""

    def __init__(self, lines: list[object]) -> None:
        self._lines = lines

    def info(self, text: str, **fields: object) -> None:
        self._lines.append(fields)

    warn = debug = info
