"""The details of history rows: ext_info as 2.5.1 writes it to a shared database."""

from __future__ import annotations

from nacos_tw.config import details, store_history
from nacos_tw.config.commands import (
    OVERWRITE,
    Import,
    ImportItem,
    Publish,
    PublishBeta,
    PublishTag,
    Remove,
    RemoveMany,
    StopBeta,
)
from nacos_tw.config.model import ConfigKey, md5_of
from tests.config.databases import T0, OnMariaDB, OnNewMariaDB, OnOldMariaDB, OnPostgres, OnSQLite, StoreCase, on_each

KEY: ConfigKey = ("ns", "g", "d")


class Details(StoreCase):
    """On a database that has the column."""

    def found(self) -> list[tuple[str, str | None]]:
        """Kind and details of all rows."""
        return self.sql("SELECT RTRIM(op_type), ext_info FROM his_config_info ORDER BY nid")

    def test_config(self) -> None:
        """A new row has what comes, in Java's order of a HashMap; the others what is replaced, in another order."""
        self.do(
            Publish(KEY, "one", "json", T0, tags="b, a", desc=' say "ä" ', use="u", effect="e", schema="s",
                    src_user="joe")
        )  # fmt: skip
        self.do(Publish(KEY, "two", "text", T0, cas_md5=md5_of("one"), tags="", src_user="ann"))
        self.do(Publish(KEY, "three", None, T0))
        self.do(Remove(KEY, T0))
        new = '{"src_user":"joe","c_schema":"s","c_use":"u","effect":"e","type":"json","config_tags":"b, a"'
        new += ',"c_desc":"say \\"ä\\""}'
        old = '"effect":"e","src_user":"%s","c_desc":" say \\"ä\\" ","c_use":"u","c_schema":"s"}'
        self.assertEqual(
            self.found(),
            [
                ("I", new),
                ("U", '{"type":"json","config_tags":"b,a",' + old % "joe"),
                ("U", '{"type":"text",' + old % "ann"),
                ("D", '{"type":"text",' + old.replace('"src_user":"%s",', "")),
            ],
        )
        self.assertEqual(self.run_in(store_history.history, KEY, 1, 10).items[-1].ext_info, new)

    def test_plain(self) -> None:
        """A config with nothing but a content has a type."""
        self.do(Publish(KEY, "one", None, T0))
        self.do(Import([ImportItem(KEY, "two", "yaml")], OVERWRITE, T0))
        ((number,),) = self.sql("SELECT id FROM config_info")
        self.do(RemoveMany((number,), T0))
        self.assertEqual(self.found(), [("I", '{"type":"text"}'), ("U", '{"type":"text"}'), ("D", '{"type":"yaml"}')])

    def test_copies(self) -> None:
        """Which one, and its rule, as a text in the text."""
        self.do(PublishBeta(KEY, "b", "1.1.1.1", T0, src_user="joe"))
        self.do(PublishBeta(KEY, "c", "2.2.2.2", T0))
        self.do(StopBeta(KEY, T0))
        self.do(PublishTag(KEY, "t", "t1", T0))

        def rule(kind: str, expr: str, priority: int) -> str:
            fields = f'"type":"{kind}","expr":"{expr}","version":"1.0.0","priority":"{priority}"'
            return '"gray_rule":"{' + fields.replace('"', '\\"') + '}"}'

        first, second = rule("beta", "1.1.1.1", 2147483647), rule("beta", "2.2.2.2", 2147483647)
        self.assertEqual(
            self.found(),
            [
                ("I", '{"gray_name":"beta","src_user":"joe",' + first),
                ("U", '{"gray_name":"beta","src_user":"joe",' + first),
                ("D", '{"gray_name":"beta",' + second),
                ("I", '{"gray_name":"tag_t1",' + rule("tag", "t1", 2147483646)),
            ],
        )

    def test_unreadable_rule(self) -> None:
        """There are no details then."""
        self.assertIsNone(details.of_copy("beta", "nonsense", "joe"))


class NoDetails(StoreCase):
    """On 1.4's tables, which have no such column, and in embedded storage, whose nodes must all write the same."""

    def test_none(self) -> None:
        """Histories are written all the same."""
        for content in ("one", "two"):
            self.do(Publish(KEY, content, None, T0))
            self.do(PublishTag(KEY, content, "t1", T0))
        self.do(Remove(KEY, T0))
        found = self.run_in(store_history.history, KEY, 1, 10).items
        self.assertEqual({row.ext_info for row in found}, {None})
        self.assertEqual([row.kind for row in found if not row.gray], ["D", "U", "I"])


on_each(globals(), Details, databases=(OnMariaDB, OnNewMariaDB, OnPostgres))
on_each(globals(), NoDetails, databases=(OnSQLite, OnOldMariaDB))
del StoreCase, Details, NoDetails, OnMariaDB, OnNewMariaDB, OnOldMariaDB, OnPostgres, OnSQLite
