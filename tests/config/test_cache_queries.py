"""What a cache asks of a database, on each kind of database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.config import cache_queries
from nacos_tw.config.commands import Import, ImportItem, Publish, PublishBeta, PublishTag, Remove, StopBeta
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey
from nacos_tw.storage.txn import Txn
from tests.config.databases import ALL, T0, on_each
from tests.config.fakes import md5

if TYPE_CHECKING:
    from tests.config.databases import StoreCase as Base
else:
    Base = object

KEY = ("", "g", "d")
OTHER = ("t", "g", "d")


def shown(entries: list[Entry]) -> dict[ConfigKey, dict[str, bytes | None]]:
    """Key to the contents of all copies."""
    return {entry.key: {name: copy.content for name, copy in entry.copies()} for entry in entries}


class Following(Base):
    """Rows as entries."""

    def test_rows_with_their_copies(self) -> None:
        """Those that were asked for, and no others."""
        self.do(Publish(KEY, "mäin", "json", T0))
        self.do(PublishBeta(KEY, "beta", "1.1.1.1, 2.2.2.2", T0 + 1000))
        self.do(PublishTag(KEY, "blue", "blue", T0 + 2000))
        self.do(Publish(OTHER, "other", None, T0))
        self.do(PublishTag(("t", "g", "only"), "red", "red", T0))
        self.do(PublishBeta(("t", "g", "not asked"), "x", "1.1.1.1", T0))
        found = self.run_in(cache_queries.entries, [KEY, OTHER, ("t", "g", "only"), ("", "g", "none")])
        self.assertEqual(
            shown(found),
            {
                KEY: {"": "mäin".encode(), "beta": b"beta", "tag_blue": b"blue"},
                OTHER: {"": b"other"},
                ("t", "g", "only"): {"tag_red": b"red"},
            },
        )
        entry = next(each for each in found if each.key == KEY)
        assert entry.beta is not None and entry.tags is not None
        self.assertEqual((entry.type, entry.md5, entry.modified_ms), ("json", md5("mäin"), T0))
        self.assertEqual((entry.beta.ips, entry.beta.modified_ms), ({"1.1.1.1", "2.2.2.2"}, T0 + 1000))
        self.assertEqual((entry.tags["blue"].md5, entry.tags["blue"].modified_ms), (md5("blue"), T0 + 2000))

    def test_more_than_one_statement_takes(self) -> None:
        """All are found."""
        keys = [("", "g", f"d{number}") for number in range(2 * cache_queries.KEYS + 3)]
        items = [ImportItem(key, f"content of {key[2]}") for key in keys]
        self.do(Import(items, "ABORT", T0))
        self.assertEqual({entry.key for entry in self.run_in(cache_queries.entries, keys)}, set(keys))
        self.assertEqual({row.key for row in self.run_in(cache_queries.index_of, keys)}, set(keys))
        self.assertEqual(self.run_in(cache_queries.entry_count), len(keys))

    def test_names_are_taken_exactly(self) -> None:
        """Case matters, and so do marks on letters."""
        self.do(Publish(("", "g", "Name"), "x", None, T0))
        self.assertEqual(
            self.run_in(cache_queries.entries, [("", "g", "name"), ("", "G", "Name"), ("", "g", "Namé")]), []
        )

    def test_pages_hold_all_in_order(self) -> None:
        """Within their bytes, but at least one each."""
        self.patch(cache_queries, "PAGE", 3)
        self.patch(cache_queries, "PAGE_BYTES", 100)
        keys = [("", "g", f"d{number}") for number in range(6)]
        for number, key in enumerate(keys):
            self.do(Publish(key, "x" * (200 if number == 4 else 10), None, T0))
        last, sizes, found = 0, [], []
        while True:
            last, page = self.run_in(cache_queries.entries_page, last)
            if not page:
                break
            sizes.append(len(page))
            found += [entry.key for entry in page]
        self.assertEqual((found, sizes), (keys, [3, 1, 1, 1]))

    def test_the_index_has_no_contents(self) -> None:
        """But everything that tells whether they are other ones."""
        self.do(Publish(KEY, "main", "json", T0))
        self.do(PublishBeta(OTHER, "beta", "1.1.1.1", T0))
        (main, copies) = sorted(self.run_in(lambda txn: list(cache_queries.index(txn))), key=lambda each: each.key)
        self.assertEqual((main.md5, main.type, main.modified_ms, main.content), (md5("main"), "json", T0, None))
        assert copies.beta is not None
        self.assertEqual((copies.md5, copies.beta.md5, copies.beta.content), ("", md5("beta"), None))
        self.assertEqual(set(self.run_in(cache_queries.copy_entries)), {OTHER})
        self.do(StopBeta(OTHER, T0))
        self.assertEqual(self.run_in(cache_queries.copy_entries), {})

    def test_the_history_tells_what_was_written(self) -> None:
        """Each config once, removed ones too."""
        self.do(Publish(KEY, "main", None, T0))
        start = self.run_in(cache_queries.newest)
        self.assertEqual(self.run_in(cache_queries.changed_keys, start), [])
        self.do(Publish(OTHER, "other", None, T0))
        self.do(Publish(OTHER, "newer", None, T0))
        self.do(Remove(KEY, T0))
        self.assertEqual(set(self.run_in(cache_queries.changed_keys, start) or ()), {KEY, OTHER})
        self.patch(cache_queries, "MOST_CHANGED", 1)
        self.assertIsNone(self.run_in(cache_queries.changed_keys, start))

    def test_a_wrong_md5_in_a_shared_database_is_not_believed(self) -> None:
        """As Nacos does; it may have been edited by hand."""
        self.do(Publish(KEY, "main", None, T0))
        self.sql("UPDATE config_info SET content = 'by hand'")
        (entry,) = self.run_in(cache_queries.entries, [KEY])
        self.assertEqual(entry.md5, md5("main" if self.run_in(_dialect) == "sqlite" else "by hand"))

    def test_one_content(self) -> None:
        """By the copy's name, if it has that md5."""
        self.do(Publish(KEY, "main", None, T0))
        self.do(PublishBeta(KEY, "beta", "1.1.1.1", T0))
        self.do(PublishTag(KEY, "blue", "blue", T0))
        for name, text in (("", "main"), ("beta", "beta"), ("tag_blue", "blue")):
            self.assertEqual(self.run_in(cache_queries.content, KEY, name, md5(text)), text.encode())
            self.assertIsNone(self.run_in(cache_queries.content, KEY, name, md5("x")))
            self.assertIsNone(self.run_in(cache_queries.content, OTHER, name, md5(text)))


def _dialect(txn: Txn) -> str:
    return txn.dialect


on_each(globals(), Following, databases=ALL)
