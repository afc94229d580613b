"""Publishing and removing (docs/spec/config-v1.md#3.1, #3.4, #3.5, #5.4; docs/spec/README.md#10)."""

from __future__ import annotations

import hashlib
from typing import Any

from nacos_tw.config import store_search
from nacos_tw.config.commands import Publish, Remove, RemoveMany
from nacos_tw.config.model import ConfigKey, Item
from nacos_tw.config.problems import CasConflict
from nacos_tw.errors import BadParameter, ValueRefused
from tests.config.databases import ALL, T0, StoreCase, on_each
from tests.wording import said

KEY: ConfigKey = ("ns", "g", "d")


def publish(content: str = "one", key: ConfigKey = KEY, at_ms: int = T0, **more: Any) -> Publish:
    return Publish(key, content, more.pop("type", None), at_ms, **more)


class Publishing(StoreCase):
    """POST /v1/cs/configs."""

    def row(self, key: ConfigKey = KEY) -> Item:
        found = self.run_in(store_search.full_row, key)
        assert found is not None
        return found

    def history(self) -> list[tuple[Any, ...]]:
        return self.sql(
            "SELECT RTRIM(op_type), content, md5, id, src_ip, src_user, app_name FROM his_config_info ORDER BY nid"
        )

    def test_insert(self) -> None:
        """All columns are stored, and the md5 is that of the UTF-8 text."""
        done = self.do(
            publish(
                "配置=1",
                type="json",
                app_name="app",
                tags="b, a,b,",
                desc="d1",
                use="u",
                effect="e",
                schema="s",
                src_ip="1.2.3.4",
                src_user="joe",
                encrypted_data_key="key",
            )  # fmt: skip
        )
        self.assertIs(done.value, True)
        self.assertEqual(done.changed, (KEY,))
        row = self.row()
        self.assertEqual(row.content, "配置=1")
        self.assertEqual(row.md5, hashlib.md5("配置=1".encode()).hexdigest())
        self.assertEqual((row.created_ms, row.modified_ms), (T0, T0))
        self.assertEqual((row.type, row.app_name, row.tags), ("json", "app", "b,a"))
        self.assertEqual((row.desc, row.use, row.effect, row.schema), ("d1", "u", "e", "s"))
        self.assertEqual((row.src_ip, row.src_user), ("1.2.3.4", "joe"))
        has_key = self.run_in(lambda txn: txn.columns.encrypted_data_key)
        self.assertEqual(row.encrypted_data_key, "key" if has_key else "")

    def test_insert_without_type(self) -> None:
        """A new config whose type was not sent is text."""
        self.do(publish())
        self.assertEqual(self.row().type, "text")

    def test_update_keeps(self) -> None:
        """What an update does not send stays, but for the key of the content's encryption."""
        self.do(
            publish(
                type="yaml",
                app_name="app",
                tags="a,b",
                desc="d",
                use="u",
                effect="e",
                schema="s",
                encrypted_data_key="key",
                src_user="joe",
            )  # fmt: skip
        )
        before = self.row()
        self.do(publish("two", at_ms=T0 + 5000, src_ip="9.9.9.9"))
        row = self.row()
        self.assertEqual(row.id, before.id)
        self.assertEqual((row.type, row.app_name, row.tags), ("yaml", "app", "a,b"))
        self.assertEqual((row.desc, row.use, row.effect, row.schema), ("d", "u", "e", "s"))
        self.assertEqual(row.encrypted_data_key, "")
        self.assertEqual((row.src_ip, row.src_user), ("9.9.9.9", None))
        self.assertEqual((row.created_ms, row.modified_ms), (T0, T0 + 5000))

    def test_update_replaces(self) -> None:
        """What an update sends replaces, an empty text too."""
        self.do(publish(type="yaml", app_name="app", tags="a,b", desc="d", use="u", effect="e", schema="s"))
        self.do(publish("two", type="xml", app_name="", tags="c", desc="", use="", effect="", schema=""))
        row = self.row()
        self.assertEqual((row.type, row.app_name, row.tags), ("xml", "", "c"))
        self.assertEqual((row.desc, row.use, row.effect, row.schema), ("", "", "", ""))
        self.do(publish("three", tags=""))
        self.assertIsNone(self.row().tags)

    def test_history(self) -> None:
        """I has the new content and id 0; U the content before, and D the last one, with the config's id."""
        self.do(publish("one", app_name="a1", src_ip="1.1.1.1", src_user="u1"))
        number = self.row().id
        self.do(publish("two", app_name="a2", src_ip="2.2.2.2", src_user="u2"))
        self.do(Remove(KEY, T0 + 1000, src_ip="3.3.3.3", src_user="u3"))
        md5 = [hashlib.md5(text).hexdigest() for text in (b"one", b"two")]
        self.assertEqual(
            self.history(),
            [
                ("I", "one", md5[0], 0, "1.1.1.1", "u1", "a1"),
                ("U", "one", md5[0], number, "2.2.2.2", "u2", "a1"),
                ("D", "two", md5[1], number, "3.3.3.3", "u3", "a2"),
            ],
        )
        at = self.run_in(
            lambda txn: [txn.millis(row[0]) for row in txn.all("SELECT gmt_modified FROM his_config_info")]
        )
        self.assertEqual(at, [T0, T0, T0 + 1000])

    def test_same_content(self) -> None:
        """Publishing the same again writes again."""
        self.do(publish())
        self.do(publish(at_ms=T0 + 1000))
        self.assertEqual(len(self.history()), 2)
        self.assertEqual(self.row().modified_ms, T0 + 1000)

    def test_cas(self) -> None:
        """casMd5 of what is stored passes, another one stores nothing at all."""
        self.do(publish("one", tags="a"))
        md5 = self.row().md5
        self.assertIs(self.value(publish("two", cas_md5=md5)), True)
        before, past = self.row(), self.history()
        refused = self.do(publish("three", cas_md5=md5, tags="b", type="xml"))
        self.assertIsInstance(refused.value, CasConflict)
        self.assertEqual(said(refused.value), "Cas publish fail, server md5 may have changed.")
        self.assertEqual(refused.changed, ())
        self.assertEqual(self.row(), before)
        self.assertEqual(self.history(), past)

    def test_cas_of_none(self) -> None:
        """A config that does not exist is inserted whatever casMd5 says; a row without md5 passes."""
        self.assertIs(self.value(publish("one", cas_md5="x" * 32)), True)
        self.sql("UPDATE config_info SET md5=NULL")
        self.assertIs(self.value(publish("two", cas_md5="x" * 32)), True)
        self.assertEqual(self.row().content, "two")

    def test_keys_tell_cases_apart(self) -> None:
        """dataId, group and namespace have cases."""
        for key in (("n", "g", "d"), ("N", "g", "d"), ("n", "G", "d"), ("n", "g", "D")):
            self.do(publish("/".join(key), key))
        self.assertEqual(self.sql("SELECT COUNT(*) FROM config_info"), [(4,)])
        self.assertEqual(self.row(("n", "G", "d")).content, "n/G/d")

    def test_too_long(self) -> None:
        """What the database refuses is an error, for rolling back; it is no result."""
        self.do(publish())
        with self.assertRaises(BadParameter):
            self.do(publish("two", desc="x" * 300))
        self.assertEqual(self.row().content, "one")
        self.assertEqual(len(self.history()), 1)

    def test_large(self) -> None:
        """10 MiB are stored as they are."""
        content = "0123456789abcde\n" * (10 * 2**16)
        self.do(publish(content))
        self.do(publish("small"))
        self.assertEqual(self.history()[1][1], content)

    def test_characters(self) -> None:
        """All that SQL or a wire format may trip over is kept."""
        content = "a\0b\x01\x02'\"`\\%_?%s\r\n;-- 中文"
        if self.dialect == "postgresql":  # whose texts may hold anything but NUL
            error = self.assertRaises(ValueRefused, self.do, publish(content))
            self.assertEqual(error.rule, "characters")
            content = content.replace("\0", "")
        self.do(publish(content, desc="it's ?%s"))
        self.assertEqual(self.row().content, content)
        self.assertEqual(self.row().desc, "it's ?%s")


class Removing(StoreCase):
    """DELETE /v1/cs/configs."""

    def test_remove(self) -> None:
        """The row and its labels go; others stay."""
        self.do(publish(tags="a"))
        self.do(publish(key=("ns", "g", "other"), tags="a"))
        done = self.do(Remove(KEY, T0))
        self.assertIs(done.value, True)
        self.assertEqual(done.changed, (KEY,))
        self.assertIsNone(self.run_in(store_search.full_row, KEY))
        self.assertEqual(self.sql("SELECT data_id FROM config_info"), [("other",)])
        self.assertEqual(self.sql("SELECT data_id FROM config_tags_relation"), [("other",)])

    def test_remove_nothing(self) -> None:
        """One that is not there is removed too, without history."""
        done = self.do(Remove(KEY, T0))
        self.assertIs(done.value, True)
        self.assertEqual(done.changed, ())
        self.assertEqual(self.sql("SELECT * FROM his_config_info"), [])

    def test_again(self) -> None:
        """A config that comes again has a new id."""
        self.do(publish())
        (first,) = self.sql("SELECT id FROM config_info")
        self.do(Remove(KEY, T0))
        self.do(publish())
        (second,) = self.sql("SELECT id FROM config_info")
        self.assertGreater(second, first)

    def test_many(self) -> None:
        """By ids; those that are unknown or no ids are left out, and one named twice goes once."""
        keys = [("", "g", f"d{number}") for number in range(4)]
        for key in keys:
            self.do(publish(key=key, tags="x"))
        ids = [row[0] for row in self.sql("SELECT id FROM config_info ORDER BY id")]
        wanted = [ids[2], ids[0], ids[0], 10**9, -1, 2**63, 2**70]
        done = self.do(RemoveMany(wanted, T0, src_ip="1.1.1.1"))
        self.assertEqual(done.value, 2)
        self.assertEqual(done.changed, (keys[2], keys[0]))
        self.assertEqual(self.sql("SELECT data_id FROM config_info ORDER BY id"), [("d1",), ("d3",)])
        self.assertEqual(
            self.sql("SELECT RTRIM(op_type), data_id, src_user FROM his_config_info WHERE op_type='D' ORDER BY nid"),
            [("D", "d2", None), ("D", "d0", None)],
        )
        self.assertEqual(self.sql("SELECT COUNT(*) FROM config_tags_relation"), [(2,)])

    def test_no_ids(self) -> None:
        """An empty list removes nothing."""
        self.assertEqual(self.value(RemoveMany([], T0)), 0)


on_each(globals(), Publishing, Removing, databases=ALL)
del StoreCase, Publishing, Removing
