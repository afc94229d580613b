"""What the cache gives, keeps and forgets."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import store
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_queries import StoredContents
from nacos_tw.config.commands import Command, Publish, PublishBeta, PublishTag, Remove, StopBeta
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.fakes import Memory, cache_with, entry, md5

KEY = ("", "g", "d")
OTHER = ("t", "g", "d")


class ReadingTests(SynchronousTestCase):
    """What clients get."""

    def test_gives_content_and_all_that_goes_with_it(self) -> None:
        """In bytes."""
        cache = cache_with(entry(KEY, "täxt", 5))
        chosen = cache.choose(KEY, "1.1.1.1")
        assert chosen is not None
        self.assertEqual(chosen.content, "täxt".encode())
        self.assertEqual((chosen.md5, chosen.type, chosen.modified_ms), (md5("täxt"), "text", 5))
        self.assertEqual((chosen.is_beta, chosen.tag, chosen.encrypted_data_key), (False, "", ""))
        self.assertIs(chosen.entry, cache.get(KEY))

    def test_tells_of_copies(self) -> None:
        """Whether it is the beta copy, or which tag's."""
        cache = cache_with(entry(KEY, "main", beta="beta", ips="1.1.1.1", blue="blue"))
        beta, tag = cache.choose(KEY, "1.1.1.1"), cache.choose(KEY, "2.2.2.2", "blue")
        assert beta is not None and tag is not None
        self.assertEqual((beta.content, beta.is_beta, beta.tag), (b"beta", True, ""))
        self.assertEqual((tag.content, tag.is_beta, tag.tag), (b"blue", False, "blue"))

    def test_has_nothing_for_what_is_not_there(self) -> None:
        """Neither unknown configs nor unknown tags."""
        cache = cache_with(entry(KEY, "main"))
        self.assertIsNone(cache.choose(OTHER, "1.1.1.1"))
        self.assertIsNone(cache.choose(KEY, "1.1.1.1", "blue"))
        self.assertEqual(cache.md5_for(OTHER, "1.1.1.1"), "")
        self.assertEqual(cache.md5_for(KEY, "1.1.1.1"), md5("main"))

    def test_an_entry_is_replaced_and_never_changed(self) -> None:
        """So that an answer may be given again as long as the entry is the same."""
        cache = cache_with(entry(KEY, "main"))
        before = cache.get(KEY)
        cache.put(entry(KEY, "main"))
        self.assertIs(cache.get(KEY), before)
        cache.put(entry(KEY, "other"))
        self.assertIsNot(cache.get(KEY), before)


class MemoryTests(SynchronousTestCase):
    """Contents in memory, within bounds."""

    def setUp(self) -> None:
        self.memory = Memory()
        self.cache = cache_with(memory=self.memory, budget=100)
        for number in range(10):
            self.cache.put(self.memory.save(entry(self.key(number), f"{number}" * 30)))

    def key(self, number: int) -> ConfigKey:
        return ("", "g", f"d{number}")

    def test_keeps_what_fits(self) -> None:
        """The newest ones; all others are read back, right."""
        self.assertLessEqual(self.cache.resident_bytes, 100)
        for number in range(10):
            chosen = self.cache.choose(self.key(number), "1.1.1.1")
            assert chosen is not None
            self.assertEqual(chosen.content, f"{number}".encode() * 30)
        self.assertEqual(self.memory.asked, 10)

    def test_what_is_asked_for_stays(self) -> None:
        """The one that was not asked for longest goes first."""
        for number in (3, 4, 5):
            self.cache.choose(self.key(number), "1.1.1.1")
        self.cache.choose(self.key(3), "1.1.1.1")
        self.cache.choose(self.key(6), "1.1.1.1")
        asked = self.memory.asked
        self.cache.choose(self.key(3), "1.1.1.1")
        self.assertEqual(self.memory.asked, asked)
        self.cache.choose(self.key(4), "1.1.1.1")
        self.assertEqual(self.memory.asked, asked + 1)

    def test_what_does_not_fit_at_all_is_still_given(self) -> None:
        """From where it is kept."""
        self.cache.put(self.memory.save(entry(KEY, "x" * 200)))
        chosen = self.cache.choose(KEY, "1.1.1.1")
        assert chosen is not None
        self.assertEqual(len(chosen.content), 200)
        self.assertEqual(self.cache.resident_bytes, 0)

    def test_forgets_the_bytes_of_what_is_gone(self) -> None:
        """Replaced and removed ones do not count."""
        for number in range(10):
            self.cache.put(self.memory.save(entry(self.key(number), "y")))
        self.assertEqual(self.cache.resident_bytes, 10)
        for number in range(10):
            self.cache.remove(self.key(number))
        self.assertEqual((self.cache.resident_bytes, len(self.cache)), (0, 0))

    def test_comparing_reads_no_content(self) -> None:
        """Md5s are all in memory."""
        for number in range(10):
            self.cache.md5_for(self.key(number), "1.1.1.1")
        self.assertEqual(self.memory.asked, 0)

    def test_a_content_that_is_lost_is_asked_for(self) -> None:
        """The client gets an error meanwhile, not a 404."""
        missing: list[ConfigKey] = []
        self.cache.on_missing = missing.append
        self.memory.contents.clear()
        self.assertRaises(Unavailable, self.cache.choose, self.key(0), "1.1.1.1")
        self.assertEqual(missing, [self.key(0)])


class ChangeTests(SynchronousTestCase):
    """Who follows the cache is told."""

    def setUp(self) -> None:
        self.cache = cache_with(entry(KEY, "a"))
        self.told: list[tuple[ConfigKey, str | None, str | None]] = []
        self.cache.on_change.append(self.tell)

    def tell(self, key: ConfigKey, before: Entry | None, after: Entry | None) -> None:
        self.told.append((key, before and before.md5, after and after.md5))

    def test_of_what_is_new_other_and_gone(self) -> None:
        """Once each, and not of what stays."""
        self.assertTrue(self.cache.put(entry(OTHER, "b")))
        self.assertTrue(self.cache.put(entry(KEY, "b")))
        self.assertFalse(self.cache.put(entry(KEY, "b")))
        self.assertTrue(self.cache.remove(KEY))
        self.assertFalse(self.cache.remove(KEY))
        self.assertEqual(self.told, [(OTHER, None, md5("b")), (KEY, md5("a"), md5("b")), (KEY, md5("b"), None)])

    def test_an_entry_with_nothing_in_it_is_a_removal(self) -> None:
        """As its last copy goes."""
        self.assertTrue(self.cache.put(entry(KEY)))
        self.assertIsNone(self.cache.get(KEY))

    def test_one_that_fails_does_not_keep_the_others_from_it(self) -> None:
        """It is logged."""
        self.cache.on_change.insert(0, lambda *_: 1 / 0)
        self.cache.put(entry(KEY, "c"))
        self.assertEqual(len(self.told), 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_names_that_many_share_are_one_object(self) -> None:
        """Which is what a hundred thousand configs fit into memory by."""
        first, second = ("".join(["ten", "ant"]), "".join(["gro", "up"]), "1"), ("ten" + "ant", "gro" + "up", "2")
        self.cache.put(entry(first, "x"))
        self.cache.put(entry((first[0][:3] + first[0][3:], first[1][:3] + first[1][3:], "2"), "x"))
        one, other = self.cache.get(first), self.cache.get(second)
        assert one is not None and other is not None
        self.assertIs(one.key[0], other.key[0])
        self.assertIs(one.key[1], other.key[1])


class EmbeddedTests(SynchronousTestCase):
    """Following this node's own database."""

    def setUp(self) -> None:
        self.file = SQLiteFile(self.mktemp() + "/config.db")
        self.addCleanup(self.file.close)
        self.cache = ConfigCache(StoredContents(self.file), 10)

    def do(self, command: Command) -> list[ConfigKey]:
        """Apply a command as the state machine does."""
        with self.file.transaction() as txn:
            result = store.apply(txn, command)
        with self.file.reading() as txn:
            return self.cache.refresh(txn, result.changed)

    def content(self, client_ip: str = "9.9.9.9", tag: str = "") -> bytes | None:
        chosen = self.cache.choose(KEY, client_ip, tag)
        return None if chosen is None else chosen.content

    def test_each_write_shows_at_once(self) -> None:
        """Main, beta and tag; contents too large to keep are read back."""
        self.assertEqual(self.do(Publish(KEY, "the first content", "json", 5)), [KEY])
        self.assertEqual(self.content(), b"the first content")
        self.do(PublishBeta(KEY, "the beta content", " 1.1.1.1 ,2.2.2.2,", 6))
        self.do(PublishTag(KEY, "the blue content", "blue", 7))
        self.assertEqual(self.content("2.2.2.2"), b"the beta content")
        self.assertEqual(self.content(tag="blue"), b"the blue content")
        self.assertEqual(self.content(), b"the first content")
        chosen = self.cache.choose(KEY, "1.1.1.1")
        assert chosen is not None
        self.assertEqual((chosen.type, chosen.modified_ms), ("json", 6))
        self.do(Remove(KEY, 8))
        self.assertIsNone(self.content())
        self.assertEqual(self.content("1.1.1.1"), b"the beta content")
        self.do(Remove(KEY, 9, "blue"))
        self.do(StopBeta(KEY, 10))
        self.assertIsNone(self.cache.get(KEY))

    def test_the_same_content_again_is_a_newer_entry(self) -> None:
        """Its time shows, though nobody is woken."""
        self.do(Publish(KEY, "same", "text", 5))
        self.assertEqual(self.do(Publish(KEY, "same", "text", 6)), [KEY])

    def test_a_start_takes_all_without_contents(self) -> None:
        """And a snapshot replaces all, telling what differs."""
        for number in range(5):
            self.do(Publish(("", "g", f"d{number}"), f"content of {number}", "text", number))
        self.do(PublishBeta(("", "g", "only-beta"), "the beta content", "1.1.1.1", 6))
        cache = ConfigCache(StoredContents(self.file), 1000)
        with self.file.reading() as txn:
            self.assertEqual(len(cache.load(txn)), 6)
        self.assertEqual(cache.resident_bytes, 0)
        for key in self.cache:
            self.assertEqual(cache.md5_for(key, "1.1.1.1"), self.cache.md5_for(key, "1.1.1.1"))
        chosen = cache.choose(("", "g", "d3"), "1.1.1.1")
        assert chosen is not None
        self.assertEqual(chosen.content, b"content of 3")
        with self.file.transaction() as txn:
            store.apply(txn, Publish(("", "g", "d1"), "other", "text", 9))
            store.apply(txn, Remove(("", "g", "d2"), 9))
        with self.file.reading() as txn:
            self.assertEqual(sorted(cache.load(txn)), [("", "g", "d1"), ("", "g", "d2")])
        self.assertIsNone(cache.get(("", "g", "d2")))

    def test_a_content_with_another_md5_is_not_given(self) -> None:
        """The row has gone on and the cache will hear of it."""
        self.do(Publish(KEY, "the first content", "json", 5))
        with self.file.transaction() as txn:
            store.apply(txn, Publish(KEY, "the second content", "json", 5))
        self.assertRaises(Unavailable, self.cache.choose, KEY, "1.1.1.1")
        self.assertIsNone(StoredContents(self.file).content(OTHER, "", md5("x")))
        self.assertIsNone(StoredContents(self.file).content(KEY, "beta", md5("x")))
