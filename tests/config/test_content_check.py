"""Tests of the periodic look at stored contents, and of how a node puts its own right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import commands as c
from nacos_tw.config import content_check, store_check
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_queries import StoredContents
from nacos_tw.config.configs import Configs
from nacos_tw.config.content_check import AGAIN, PAUSE, ContentCheck
from nacos_tw.config.families import config_families
from nacos_tw.config.healing import TRIES, Healing
from nacos_tw.config.listeners import Listeners
from nacos_tw.database.commands import encode
from nacos_tw.database.embedded import EmbeddedBackend
from nacos_tw.database.machine import ConfigMachine
from nacos_tw.errors import Unavailable
from nacos_tw.metrics.exposition import render
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.databases import T0
from tests.config.fakes import md5

KEY = ("ns", "g", "a")
PERIOD = 1000.0


class One:
    """A node's file, machine, cache and check."""

    def __init__(self, case: Cluster, name: str, path: str) -> None:
        self.name = name
        self.file = SQLiteFile(path)
        self.machine = ConfigMachine(self.file)
        self.cache = ConfigCache(StoredContents(self.file))
        self.machine.on_written = self.cache.published
        self.machine.on_changed = self.changed
        self.aside: list[str] = []
        self.can = True
        self.healing = Healing(self, self.machine, case.ask(name), case.others(name), self.quarantine)
        self.check = ContentCheck(case.clock, self.query, PERIOD, lambda: True)
        self.check.heal = self.healing.heal
        self.cache.on_missing = self.check.suspect
        self.index = 0

    def changed(self, txn: Any, keys: Any) -> None:
        self.cache.refresh(txn, keys)

    def quarantine(self, what: str) -> bool:
        self.aside.append(what)
        return self.can

    def query(self, name: str, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        with self.file.reading() as txn:
            return succeed(fn(txn, *args))

    def do(self, *commands: c.Command) -> None:
        for command in commands:
            self.index += 1
            self.machine.begin(self.index, 1)
            self.machine.apply(encode(command))
        self.machine.flush()

    def spoil(self, what: str, table: str = "config_info") -> None:
        """The disk changes something; nothing of it is in memory any more."""
        with self.file.transaction() as txn:
            txn.execute(f"UPDATE {table} SET {what} WHERE data_id = 'a'")
        self.forget()

    def forget(self) -> None:
        self.cache = ConfigCache(StoredContents(self.file))
        self.cache.on_missing = self.check.suspect
        self.machine.on_written = self.cache.published
        with self.file.reading() as txn:
            self.cache.load(txn)

    def read(self, ip: str = "9.9.9.9", tag: str = "") -> tuple[bytes, str]:
        found = self.cache.choose(KEY, ip, tag)
        assert found is not None
        return found.content, found.md5


class Cluster(SynchronousTestCase):
    """Three nodes that have applied the same; C{away} holds those that cannot be asked."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.away: set[str] = set()
        folder = self.mktemp()
        self.nodes = {name: One(self, name, f"{folder}/{name}/config.db") for name in ("one", "two", "three")}
        self.one, self.two, self.three = self.nodes.values()
        for node in self.nodes.values():
            self.addCleanup(node.file.close)
            node.do(c.Publish(KEY, "content", None, T0))
            node.do(c.PublishBeta(KEY, "beta", "1.1.1.1", T0), c.PublishTag(KEY, "blue", "blue", T0))
            node.check.startService()
            self.addCleanup(node.check.stopService)

    def others(self, name: str) -> Callable[[], list[str]]:
        return lambda: [other for other in self.nodes if other != name]

    def ask(self, name: str) -> Callable[[str, str, bytes], Deferred[bytes]]:
        def ask(peer: str, what: str, body: bytes) -> Deferred[bytes]:
            if peer in self.away:
                return fail(Unavailable("no connection"))
            return maybeDeferred(self.nodes[peer].healing.asked, name, body)

        return ask

    def round(self, node: One) -> None:
        done = node.check.round()
        self.clock.pump([PAUSE] * 10)
        self.successResultOf(done)


def _refused(row: Any, content: str, md5: str) -> bool:
    raise Unavailable("the disk is full")


class CheckTests(Cluster):
    """Noticing, and what is served meanwhile."""

    def test_all_well(self) -> None:
        """Nothing is said, everything was looked at; a page at a time, with pauses."""
        self.patch(store_check, "ROWS", 1)
        done = self.one.check.round()
        self.assertEqual(self.one.check.checked, 1)
        self.clock.pump([PAUSE] * 10)
        self.successResultOf(done)
        self.assertEqual((self.one.check.checked, self.one.check.found, self.one.check.reason()), (3, 0, ""))

    def test_by_itself(self) -> None:
        """After ten minutes, then each period."""
        self.one.spoil("content = 'contend'")
        self.clock.advance(content_check.FIRST - 1)
        self.assertEqual(self.one.check.found, 0)
        self.clock.pump([1.0, *[PAUSE] * 10])
        self.assertEqual((self.one.check.found, self.one.check.healed), (1, 1))
        self.one.spoil("content = 'contenx'")
        self.clock.pump([PERIOD, *[PAUSE] * 10])
        self.assertEqual((self.one.check.found, self.one.check.healed), (2, 2))

    def test_healed_by_another(self) -> None:
        """A content, of each kind, and an md5: the row is what it was, and clients get it."""
        for what, table in (
            ("content = 'contend'", "config_info"),
            ("content = 'betb'", "config_info_beta"),
            ("content = 'blve'", "config_info_tag"),
            ("md5 = '0" + md5("content")[1:] + "'", "config_info"),
        ):
            before = self.two.query("", store_check.of_key, KEY)
            self.one.spoil(what, table)
            self.round(self.one)
            self.assertEqual(self.one.check.reason(), "")
            after = self.one.query("", store_check.of_key, KEY)
            self.assertEqual(self.successResultOf(after), self.successResultOf(before))
        self.assertEqual((self.one.check.found, self.one.check.healed, self.one.aside), (4, 4, []))
        self.assertEqual(self.one.read(), (b"content", md5("content")))
        self.assertEqual(self.one.read("1.1.1.1"), (b"beta", md5("beta")))
        self.assertEqual(self.one.read(tag="blue"), (b"blue", md5("blue")))

    def test_read_before_it_is_healed(self) -> None:
        """No client gets a content with the md5 of another; who asks for it makes the node look at once."""
        self.away = {"two", "three"}
        self.one.spoil("content = 'contend'")
        self.assertRaises(Unavailable, self.one.read)
        self.assertIn("the config 'a' of group 'g' of namespace 'ns'", self.one.check.reason())
        self.assertNotIn("contend", self.one.check.reason())
        self.away = {"two"}
        self.clock.advance(AGAIN)
        self.assertEqual((self.one.check.reason(), self.one.read()), ("", (b"content", md5("content"))))
        self.assertEqual((self.one.check.found, self.one.check.healed), (1, 1))

    def test_told(self) -> None:
        """The health of the configs and the metrics say what is not right; then that it is again."""
        backend = EmbeddedBackend(
            None, self.one.file, lambda: "", differing=self.one.check.reason,  # type: ignore[arg-type]
        )  # fmt: skip
        configs = Configs(backend, self.one.cache, Listeners(self.one.cache), self.one.check)

        def metrics() -> list[str]:
            lines = render(config_families(configs)).decode().splitlines()
            return [line for line in lines if line.startswith(("nacos_config_md5", "nacos_config_healthy"))]

        self.away = {"two", "three"}
        self.one.spoil("content = 'contend'")
        self.round(self.one)
        said = "1 contents differ from their md5: the config 'a' of group 'g' of namespace 'ns'"
        self.assertEqual((backend.health(), backend.reason()), (f"DOWN:{said}. ", said))
        numbers = ["healthy 0", "md5_differs 1", "md5_checked_total 3", "md5_found_total 1", "md5_healed_total 0"]
        self.assertEqual(metrics(), [f"nacos_config_{number}" for number in numbers])
        self.away = set()
        self.clock.advance(AGAIN)
        self.assertEqual((backend.health(), backend.reason()), ("UP", ""))
        numbers = ["healthy 1", "md5_differs 0", "md5_checked_total 3", "md5_found_total 1", "md5_healed_total 1"]
        self.assertEqual(metrics(), [f"nacos_config_{number}" for number in numbers])

    def test_published_meanwhile(self) -> None:
        """What is written over it is right."""
        self.away = {"two", "three"}
        self.one.spoil("content = 'contend'")
        self.round(self.one)
        self.assertTrue(self.one.check.reason())
        self.one.do(c.Publish(KEY, "new", None, T0 + 1))
        self.clock.advance(AGAIN)
        self.assertEqual((self.one.check.reason(), self.one.read()[0]), ("", b"new"))

    def test_what_fails_goes_on(self) -> None:
        """A file that cannot be read now is looked at in the next round."""
        query, self.one.check._query = self.one.check._query, lambda *_: fail(Unavailable("busy"))  # type: ignore[method-assign,assignment,misc]
        self.round(self.one)
        self.one.check._query = query  # type: ignore[method-assign]
        self.one.spoil("content = 'contend'")
        self.round(self.one)
        self.assertEqual(self.one.check.healed, 1)

    def test_disk_refuses(self) -> None:
        """What another has cannot be written now: it is tried again before the next round."""
        mend, self.one.machine.mend = self.one.machine.mend, _refused  # type: ignore[method-assign]
        self.one.spoil("content = 'contend'")
        self.round(self.one)
        self.assertEqual(self.one.check.healed, 0)
        self.one.machine.mend = mend  # type: ignore[method-assign]
        self.clock.advance(AGAIN)
        self.assertEqual((self.one.check.healed, self.one.check.reason()), (1, ""))

    def test_stopped(self) -> None:
        """In the middle of a round, and while something is to be looked at again."""
        self.away = {"two", "three"}
        self.one.spoil("content = 'contend'")
        done = self.one.check.round()
        self.one.check.stopService()
        self.successResultOf(done)
        checked = self.one.check.checked
        self.clock.pump([AGAIN, PERIOD])
        self.assertEqual(self.one.check.checked, checked)
        self.one.check.startService()


class NobodyHasItTests(Cluster):
    """What no other node can give."""

    def tries(self, count: int) -> None:
        self.round(self.one)
        self.clock.pump([AGAIN] * (count - 1))

    def test_another_version(self) -> None:
        """The others' row is another one, and stays so: the file is put aside, once. Until then they may be behind."""
        self.one.do(c.Publish(KEY, "newer", None, T0 + 1))
        self.one.spoil("content = 'newex'")
        self.tries(TRIES - 1)
        self.assertEqual(self.one.aside, [])
        self.clock.advance(AGAIN)
        self.assertEqual(len(self.one.aside), 1)
        self.assertNotIn("newex", self.one.aside[0])
        self.clock.pump([AGAIN] * 10)
        self.assertEqual(len(self.one.aside), 1)
        self.assertIn("differ from their md5", self.one.check.reason())
        self.assertRaises(Unavailable, self.one.read)

    def test_not_now(self) -> None:
        """It cannot be put aside now: it is tried again."""
        self.one.can = False
        self.one.do(c.Publish(KEY, "newer", None, T0 + 1))
        self.one.spoil("content = 'newex'")
        self.tries(TRIES + 2)
        self.assertGreater(len(self.one.aside), 1)

    def test_not_all_asked(self) -> None:
        """The one that is away may have it."""
        self.away = {"two"}
        self.three.spoil("content = 'x', md5 = '" + md5("x") + "'")
        self.one.spoil("content = 'contend'")
        self.tries(TRIES + 2)
        self.assertEqual((self.one.aside, self.one.check.healed), ([], 0))

    def test_damaged_everywhere(self) -> None:
        """It came with a snapshot: no node puts its file aside for that; it is said."""
        for node in self.nodes.values():
            node.spoil("content = 'contend'")
        self.tries(TRIES + 2)
        self.assertEqual((self.one.aside, self.one.check.healed), ([], 0))
        self.assertTrue(self.one.check.reason())

    def test_both_changed(self) -> None:
        """A row whose content and md5 say nothing of what was written takes nothing from another."""
        self.one.spoil("content = 'contend', md5 = '0'")
        self.tries(1)
        self.assertEqual(self.one.check.healed, 0)

    def test_alone(self) -> None:
        """There is nobody to ask: perhaps the log and its snapshot have it."""
        del self.nodes["two"], self.nodes["three"]
        self.one.spoil("content = 'contend'")
        self.round(self.one)
        self.assertEqual(len(self.one.aside), 1)


class MemoryTests(Cluster):
    """What is in memory is what is stored."""

    def rows(self) -> list[tuple[Any, str, str, bytes]]:
        found = self.successResultOf(self.one.query("", store_check.of_key, KEY))
        return [(row.key, row.name, row.md5, row.content.encode()) for row in found]

    def compare(self, rows: list[tuple[Any, str, str, bytes]]) -> list[Any]:
        with self.one.file.reading() as txn:
            return self.one.cache.compare(txn, rows)

    def test_compared(self) -> None:
        """A content, or an md5, that is another is read anew; a row that is older than the memory changes nothing."""
        cache = self.one.cache
        self.assertEqual(self.compare(self.rows()), [])
        entry = cache.entries[KEY]
        entry.content = b"contend"
        self.assertEqual(self.compare(self.rows()), [KEY])
        self.assertEqual(self.one.read(), (b"content", md5("content")))
        resident = cache.resident_bytes
        entry.md5 = "0"
        self.assertEqual(self.compare(self.rows()), [KEY])
        self.assertEqual(self.one.read(), (b"content", md5("content")))
        self.one.read("1.1.1.1")
        self.assertGreaterEqual(cache.resident_bytes, resident)
        older = self.rows()
        self.one.do(c.Publish(KEY, "newer", None, T0 + 1))
        self.assertEqual(self.compare(older), [])
        self.assertEqual(self.one.read()[0], b"newer")
