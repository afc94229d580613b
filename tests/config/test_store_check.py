"""Tests of L{nacos_tw.config.store_check}, and of what is read of rows that are not what their md5 says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.config import cache_queries, store_check
from nacos_tw.config.commands import Publish, PublishBeta, PublishTag
from nacos_tw.config.store_check import Checked
from tests.config.databases import ALL, T0, on_each
from tests.config.fakes import md5

if TYPE_CHECKING:
    from tests.config.databases import StoreCase as Base
else:
    Base = object

KEY = ("", "g", "a")
OTHER = ("ns", "g", "b")


class Contents(Base):
    """On each kind of database."""

    def setUp(self) -> None:
        super().setUp()
        self.do(Publish(KEY, "häuptsache", None, T0))
        self.do(PublishBeta(KEY, "beta", "1.1.1.1", T0))
        self.do(PublishTag(KEY, "blue", "blue", T0))
        self.do(Publish(OTHER, "other", None, T0))

    def found(self) -> list[Checked]:
        rows = []
        for table in self.run_in(store_check.tables):
            last = 0
            while page := self.run_in(store_check.page, table, last):
                rows += page
                last = page[-1].id
        return rows

    def test_all_are_seen(self) -> None:
        """Every table with contents that clients get, page by page, however small a page is."""
        everything = self.found()
        self.assertEqual([row for row in everything if not row.whole], [])
        names = {(row.key, row.name) for row in everything}
        self.assertEqual(names, {(KEY, ""), (KEY, "beta"), (KEY, "tag_blue"), (OTHER, "")})
        for name, value in (("ROWS", 1), ("BYTES", 1)):
            self.patch(store_check, name, value)
            self.assertEqual(self.found(), everything)

    def test_what_differs(self) -> None:
        """A content that was changed, and an md5 that was; one without any md5 says nothing."""
        for table in self.run_in(store_check.tables):
            self.sql(f"UPDATE {table} SET content = 'häuptsachf' WHERE data_id = 'a'")
        self.sql("UPDATE config_info SET md5 = NULL WHERE data_id = 'b'")
        differing = [row for row in self.found() if not row.whole]
        self.assertEqual({(row.key, row.name) for row in differing}, {(KEY, ""), (KEY, "beta"), (KEY, "tag_blue")})
        self.assertEqual({row.actual for row in differing}, {md5("häuptsachf")})
        self.assertIn("the config 'a' of group 'g'", differing[0].named())
        self.assertEqual([row for row in self.run_in(store_check.of_key, KEY) if row.whole], [])

    def test_mended(self) -> None:
        """Only if it still is as it was found."""
        self.sql("UPDATE config_info SET content = 'spoiled' WHERE data_id = 'a'")
        row = self.run_in(store_check.one, "config_info", KEY, "")
        assert row is not None
        self.assertTrue(self.run_in(store_check.mend, row, "häuptsache", md5("häuptsache")))
        self.assertFalse(self.run_in(store_check.mend, row, "older", md5("older")))
        after = self.run_in(store_check.one, "config_info", KEY, "")
        assert after is not None
        self.assertEqual((after.content, after.whole, after.modified_ms), ("häuptsache", True, row.modified_ms))

    def test_never_with_the_md5_of_another(self) -> None:
        """What a node reads for its clients has the md5 that it is given with, or is not there."""
        for table in self.run_in(store_check.tables):
            self.sql(f"UPDATE {table} SET content = 'spoiled' WHERE data_id = 'a'")
        (entry,) = self.run_in(cache_queries.entries, [KEY])
        self.assertEqual([name for name, _ in entry.copies()], ["", "beta", "tag_blue"])
        for name, copy in entry.copies():
            if self.dialect == "sqlite":  # its md5 is that of the log: the content is what has changed
                self.assertIsNone(copy.content)
                self.assertIsNone(self.run_in(cache_queries.content, KEY, name, copy.md5))
            else:
                self.assertEqual((copy.content, copy.md5), (b"spoiled", md5("spoiled")))


on_each(globals(), Contents, databases=ALL)
