"""Beta and tag copies, in the tables of every version (docs/spec/config-v1.md#3.7, #3.8, #14.2)."""

from __future__ import annotations

import json
from typing import Any

from nacos_tw.config import store_gray, store_history, store_index
from nacos_tw.config.commands import Publish, PublishBeta, PublishTag, Remove, StopBeta
from nacos_tw.config.model import ConfigKey, CopyRow, md5_of
from nacos_tw.config.problems import CasConflict
from nacos_tw.config.store_adopt import USER, adopt, waiting
from nacos_tw.errors import Alike
from tests.config.databases import ALL, T0, OnMariaDB, OnMixedMariaDB, OnNewMariaDB, OnPostgres, StoreCase, on_each
from tests.wording import said

KEY: ConfigKey = ("ns", "g", "d")


def beta(content: str = "beta", ips: str = "1.1.1.1,2.2.2.2", **more: Any) -> PublishBeta:
    return PublishBeta(KEY, content, ips, more.pop("at_ms", T0), **more)


def tagged(content: str = "tagged", tag: str = "t1", **more: Any) -> PublishTag:
    return PublishTag(KEY, content, tag, more.pop("at_ms", T0), **more)


class Copies(StoreCase):
    """Writing and reading them."""

    def beta(self) -> CopyRow | None:
        return self.run_in(store_gray.beta, KEY)

    def copies(self) -> dict[str | None, str]:
        return {copy.tag: copy.content for copy in self.run_in(store_gray.copies, KEY)}

    def test_beta(self) -> None:
        """Publish, replace, stop. The config itself need not exist, and is not touched."""
        self.assertIsNone(self.beta())
        done = self.do(beta(app_name="app", src_ip="9.9.9.9", src_user="joe", encrypted_data_key="k"))
        self.assertEqual((done.value, done.changed), (True, (KEY,)))
        found = self.beta()
        assert found is not None
        self.assertEqual((found.content, found.md5, found.beta_ips), ("beta", md5_of("beta"), "1.1.1.1,2.2.2.2"))
        self.assertEqual((found.key, found.tag, found.modified_ms, found.app_name), (KEY, None, T0, "app"))
        self.do(beta("beta2", "3.3.3.3", at_ms=T0 + 1000))
        again = self.beta()
        assert again is not None
        self.assertEqual((again.id, again.content, again.beta_ips), (found.id, "beta2", "3.3.3.3"))
        self.assertEqual((again.modified_ms, again.app_name), (T0 + 1000, "app"))
        done = self.do(StopBeta(KEY, T0))
        self.assertEqual((done.value, done.changed), (True, (KEY,)))
        self.assertIsNone(self.beta())
        self.assertEqual(self.sql("SELECT * FROM config_info"), [])

    def test_stop_nothing(self) -> None:
        """Stopping what is not there is fine, and changes nothing."""
        done = self.do(StopBeta(KEY, T0))
        self.assertEqual((done.value, done.changed), (True, ()))

    def test_tags(self) -> None:
        """Each tag has a copy; they come and go alone, and stay when the config goes."""
        self.do(Publish(KEY, "main", None, T0))
        self.do(tagged())
        self.do(tagged("other", "T2"))
        self.do(beta())
        self.assertEqual(self.copies(), {None: "beta", "t1": "tagged", "T2": "other"})
        self.do(tagged("tagged2"))
        self.do(Remove(KEY, T0))
        self.assertEqual(self.copies(), {None: "beta", "t1": "tagged2", "T2": "other"})
        done = self.do(Remove(KEY, T0, tag="t1"))
        self.assertEqual((done.value, done.changed), (True, (KEY,)))
        self.assertEqual(self.copies(), {None: "beta", "T2": "other"})
        self.assertEqual(self.do(Remove(KEY, T0, tag="t1")).changed, ())

    def test_removing_a_tag_keeps_the_config(self) -> None:
        """DELETE with a tag."""
        self.do(Publish(KEY, "main", None, T0))
        self.do(tagged())
        self.do(Remove(KEY, T0, tag="t1"))
        self.assertEqual(self.sql("SELECT content FROM config_info"), [("main",)])

    def test_cas(self) -> None:
        """A copy has a casMd5 of its own; a refused one stores nothing."""
        for first, second in ((beta, beta), (tagged, tagged)):
            self.assertIs(self.value(first("one", cas_md5="0" * 32)), True)
            self.assertIs(self.value(second("two", cas_md5=md5_of("one"))), True)
            before = self.copies()
            past = self.sql("SELECT COUNT(*) FROM his_config_info")
            refused = self.value(second("three", cas_md5=md5_of("one")))
            self.assertIsInstance(refused, CasConflict)
            self.assertEqual(said(refused), "Cas publish gray config fail, server md5 may have changed.")
            self.assertEqual(self.copies(), before)
            self.assertEqual(self.sql("SELECT COUNT(*) FROM his_config_info"), past)

    def test_history(self) -> None:
        """Where history knows copies, they have rows like configs'; in 1.4's they have none."""
        knows = self.run_in(lambda txn: txn.columns.history_gray_name)
        self.do(beta("b1"))
        self.do(beta("b2"))
        self.do(StopBeta(KEY, T0))
        self.do(tagged("t"))
        self.do(Remove(KEY, T0, tag="t1"))
        found = self.run_in(store_history.history, KEY, 1, 10).items
        kinds = [(row.kind, row.publish_type, row.gray) for row in reversed(found)]
        wanted = [("I", "gray", "beta"), ("U", "gray", "beta"), ("D", "gray", "beta")]
        wanted += [("I", "gray", "tag_t1"), ("D", "gray", "tag_t1")]
        self.assertEqual(kinds, wanted if knows else [])
        if knows:
            contents = self.sql("SELECT content FROM his_config_info ORDER BY nid")
            self.assertEqual([row[0] for row in contents], ["b1", "b1", "b2", "t", "t"])

    def test_index(self) -> None:
        """All copies of all configs, without contents, for the cache to compare."""
        self.do(beta())
        self.do(tagged())
        self.do(PublishTag(("", "g", "d2"), "x", "t2", T0))
        found = self.run_in(store_gray.copies_index)
        self.assertEqual(
            {(copy.key, copy.tag, copy.md5, copy.content) for copy in found},
            {
                (KEY, None, md5_of("beta"), ""),
                (KEY, "t1", md5_of("tagged"), ""),
                (("", "g", "d2"), "t2", md5_of("x"), ""),
            },
        )

    def test_cached(self) -> None:
        """What a node caches of a key: the config and its copies."""
        self.do(beta())
        self.do(tagged())
        (cached,) = self.run_in(store_index.rows, [KEY])
        self.assertIsNone(cached.main)
        assert cached.beta is not None
        self.assertEqual(cached.beta.content, "beta")
        self.assertEqual({tag: copy.content for tag, copy in cached.tags.items()}, {"t1": "tagged"})


class Gray(StoreCase):
    """config_info_gray as 2.5.1 writes and reads it."""

    def test_rows(self) -> None:
        """Names and rules."""
        self.do(beta())
        self.do(tagged())
        rows = self.sql("SELECT gray_name, gray_rule, content FROM config_info_gray ORDER BY gray_name")
        self.assertEqual([(row[0], row[2]) for row in rows], [("beta", "beta"), ("tag_t1", "tagged")])
        beta_rule = '{"type":"beta","version":"1.0.0","expr":"1.1.1.1,2.2.2.2","priority":2147483647}'
        tag_rule = '{"type":"tag","version":"1.0.0","expr":"t1","priority":2147483646}'
        self.assertEqual([row[1].replace(',"mirrored":true', "") for row in rows], [beta_rule, tag_rule])

    def test_foreign_rows(self) -> None:
        """What a real server wrote is read; kinds that nobody here knows are left alone."""
        rule = {"type": "beta", "version": "1.0.0", "expr": "7.7.7.7", "priority": 2147483647, "more": 1}
        for name, text in (("beta", json.dumps(rule)), ("tag_x", "{}"), ("tagv2_y", "{}"), ("other", "{}")):
            self.sql(
                "INSERT INTO config_info_gray (data_id, group_id, tenant_id, content, md5, gray_name, gray_rule,"
                " gmt_create, gmt_modified) VALUES ('d', 'g', 'ns', ?, 'm', ?, ?, '2023-11-14 22:13:20.5', ?)",
                name, name, text, "2023-11-14 22:13:20.5",
            )  # fmt: skip
        found = self.run_in(store_gray.copies, KEY)
        self.assertEqual([(copy.tag, copy.content, copy.beta_ips) for copy in found],
                         [(None, "beta", "7.7.7.7"), ("x", "tag_x", "")])  # fmt: skip
        self.assertEqual(found[0].modified_ms, T0 + 500)

    def test_unreadable_rule(self) -> None:
        """A rule that is no JSON names no addresses."""
        self.assertEqual(store_gray.rule_expression("nonsense"), "")


class Cases(StoreCase):
    """2.5's own table has a collation for which cases are the same."""

    def test_cases(self) -> None:
        """Another config's copy is not read, written or removed for this one's."""
        other = ("ns", "g", "D")
        self.do(beta())
        self.assertIsNone(self.run_in(store_gray.beta, other))
        self.assertEqual(self.do(StopBeta(other, T0)).changed, ())
        with self.assertRaises(Alike) as caught:
            self.do(PublishBeta(other, "x", "9.9.9.9", T0))
        self.assertIn("'D'", said(caught.exception))
        self.assertIn("'d'", said(caught.exception))
        self.assertEqual([copy.content for copy in self.run_in(store_gray.copies, KEY)], ["beta"])


class Both(StoreCase):
    """A database with the tables of old and new."""

    def test_both_are_written(self) -> None:
        """A server of either version finds the copies, and that they are gone."""
        self.do(beta())
        self.do(tagged())
        self.assertEqual(self.sql("SELECT content, beta_ips FROM config_info_beta"), [("beta", "1.1.1.1,2.2.2.2")])
        self.assertEqual(self.sql("SELECT content, tag_id FROM config_info_tag"), [("tagged", "t1")])
        self.assertEqual(self.sql("SELECT COUNT(*) FROM config_info_gray"), [(2,)])
        self.do(StopBeta(KEY, T0))
        self.do(Remove(KEY, T0, tag="t1"))
        for table in ("config_info_beta", "config_info_tag", "config_info_gray"):
            self.assertEqual(self.sql(f"SELECT * FROM {table}"), [])

    def test_what_a_rule_says(self) -> None:
        """That the older tables have the same, behind what 2.5.1 reads."""
        self.do(beta(ips="1.1.1.1"))
        ((rule,),) = self.sql("SELECT gray_rule FROM config_info_gray")
        self.assertEqual(
            rule, '{"type":"beta","version":"1.0.0","expr":"1.1.1.1","priority":2147483647,"mirrored":true}'
        )


class Adopting(StoreCase):
    """What a Nacos 1.4 does in the older tables of a database that has those of 2.5, too."""

    def adopt(self) -> list[ConfigKey]:
        """One look. A second one finds nothing to do."""
        names = self.run_in(waiting)
        found = self.run_in(adopt, names, T0)
        self.assertEqual(self.run_in(waiting), [])
        self.assertEqual(self.run_in(adopt, names, T0), [])
        return found

    def copies(self, key: ConfigKey = KEY) -> dict[str | None, tuple[str, str]]:
        return {copy.tag: (copy.content, copy.beta_ips) for copy in self.run_in(store_gray.copies, key)}

    def kinds(self) -> list[tuple[str, str, str]]:
        """The history of copies: kind, name, content."""
        return self.sql(
            "SELECT RTRIM(op_type), gray_name, content FROM his_config_info WHERE src_user=? ORDER BY nid", USER
        )

    def test_published(self) -> None:
        """They come over, with their times."""
        for table, column, value in (("beta", "beta_ips", "5.5.5.5"), ("tag", "tag_id", "t9")):
            self.sql(
                f"INSERT INTO config_info_{table} (data_id, group_id, tenant_id, content, md5, gmt_modified, {column})"
                " VALUES ('d2', 'g', '', ?, 'm', '2023-11-14 22:13:20', ?)", table, value,
            )  # fmt: skip
        self.assertEqual(self.adopt(), [("", "g", "d2")])
        self.assertEqual(self.copies(("", "g", "d2")), {None: ("beta", "5.5.5.5"), "t9": ("tag", "")})
        self.assertEqual([copy.modified_ms for copy in self.run_in(store_gray.copies, ("", "g", "d2"))], [T0, T0])
        self.assertEqual(self.kinds(), [("I", "beta", "beta"), ("I", "tag_t9", "tag")])
        self.assertEqual(self.sql("SELECT DISTINCT id FROM his_config_info"), [(0,)])

    def test_replaced(self) -> None:
        """Whatever the clocks say: what both tables had, and one has changed, was changed there."""
        self.do(beta("ours", at_ms=T0 + 9000))
        self.do(tagged("ours", at_ms=T0 + 9000))
        self.sql("UPDATE config_info_beta SET content='1.4', md5='x', gmt_modified='2020-01-01 00:00:00'")
        self.sql("UPDATE config_info_tag SET content='1.4', md5='x'")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies(), {None: ("1.4", "1.1.1.1,2.2.2.2"), "t1": ("1.4", "")})
        self.assertEqual(self.kinds(), [("U", "beta", "ours"), ("U", "tag_t1", "ours")])

    def test_other_addresses(self) -> None:
        """The same content for other clients."""
        self.do(beta())
        self.sql("UPDATE config_info_beta SET beta_ips='9.9.9.9'")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies(), {None: ("beta", "9.9.9.9")})

    def test_stopped(self) -> None:
        """A copy that 1.4 has stopped goes; its content is in the history. The others stay."""
        self.do(beta())
        self.do(tagged())
        self.do(tagged("other", "t2"))
        self.sql("DELETE FROM config_info_beta")
        self.sql("DELETE FROM config_info_tag WHERE tag_id='t1'")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies(), {"t2": ("other", "")})
        self.assertEqual(self.kinds(), [("D", "beta", "beta"), ("D", "tag_t1", "tagged")])

    def test_stopped_after_it_was_adopted(self) -> None:
        """1.4 published it, and then stopped it."""
        self.do(tagged())
        self.sql("DELETE FROM config_info_gray")
        self.assertEqual(self.adopt(), [KEY])
        self.sql("DELETE FROM config_info_tag")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies(), {})

    def test_made_by_a_newer_server(self) -> None:
        """A copy that was never in the older tables stays, and so does what 2.5.1 has changed later there."""
        self.do(beta())
        self.do(tagged())
        self.newer("tag_t1", "2.5.1", "2030-01-01 00:00:00.5")
        self.sql("DELETE FROM config_info_beta")
        self.newer("beta", "2.5.1", "2020-01-01 00:00:00")
        self.assertEqual(self.adopt(), [])
        self.assertEqual(self.copies(), {None: ("2.5.1", "7.7.7.7"), "t1": ("2.5.1", "")})
        self.newer("tag_t1", "2.5.1", "2020-01-01 00:00:00")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies()["t1"], ("tagged", ""))

    def test_the_same_in_both(self) -> None:
        """What an earlier version or 2.5.1 wrote to both is known as such from then on."""
        self.do(tagged())
        self.sql("UPDATE config_info_gray SET gray_rule=?", store_gray.gray_rule("t1", ""))
        self.assertEqual(self.adopt(), [])
        self.sql("DELETE FROM config_info_tag")
        self.assertEqual(self.adopt(), [KEY])
        self.assertEqual(self.copies(), {})

    def test_removed_and_published_here(self) -> None:
        """What is done here needs nothing to be adopted."""
        self.do(beta())
        self.do(tagged())
        self.do(StopBeta(KEY, T0))
        self.do(Remove(KEY, T0, tag="t1"))
        self.do(tagged("again"))
        self.assertEqual(self.run_in(waiting), [])
        self.sql("DELETE FROM config_info_tag")
        self.do(tagged("once more"))
        self.assertEqual(self.run_in(waiting), [])
        self.assertEqual(self.copies(), {"t1": ("once more", "")})

    def newer(self, name: str, content: str, at: str) -> None:
        """2.5.1 that does not write the older tables."""
        rule = {"beta": store_gray.gray_rule(None, "7.7.7.7")}.get(name, store_gray.gray_rule("t1", ""))
        self.sql(
            "UPDATE config_info_gray SET content=?, md5='n', gray_rule=?, gmt_modified=? WHERE gray_name=?",
            content, rule, at, name,
        )  # fmt: skip


class NothingToAdopt(StoreCase):
    """A database with the tables of one version."""

    def test_adopt(self) -> None:
        """Nothing to do."""
        self.do(beta())
        expected = self.run_in(lambda txn: txn.columns.gray and txn.columns.beta)
        self.assertFalse(expected)
        self.assertEqual(self.run_in(waiting), [])


class Times(StoreCase):
    """When a copy was written."""

    def test_milliseconds(self) -> None:
        """As exactly as the column holds it; in the older tables never later than it was."""
        self.do(beta(at_ms=T0 + 987))
        self.do(beta("more", at_ms=T0 + 1987))
        (copy,) = self.run_in(store_gray.copies, KEY)
        old = self.run_in(lambda txn: txn.dialect == "mysql" and not txn.columns.gray_millis)
        self.assertEqual(copy.modified_ms, T0 + (1000 if old else 1987))
        if self.run_in(lambda txn: txn.dialect == "mysql" and txn.columns.beta):
            rows = self.sql("SELECT gmt_create, gmt_modified FROM config_info_beta")
            self.assertEqual([at.microsecond for at in rows[0]], [0, 0])
            self.assertEqual(self.run_in(lambda txn: txn.millis(rows[0][1])), T0 + 1000)


on_each(globals(), Copies, databases=ALL)
on_each(globals(), Gray, databases=(OnMariaDB, OnNewMariaDB, OnPostgres))
on_each(globals(), Cases, databases=(OnNewMariaDB,))
on_each(globals(), Both, databases=(OnMariaDB,))
on_each(globals(), Adopting, databases=(OnMariaDB, OnMixedMariaDB))
on_each(globals(), NothingToAdopt, databases=(ALL[0], *ALL[2:]))
on_each(globals(), Times, databases=ALL)
del (
    StoreCase,
    Copies,
    Gray,
    Cases,
    Both,
    Adopting,
    NothingToAdopt,
    Times,
    OnPostgres,
    OnMariaDB,
    OnMixedMariaDB,
    OnNewMariaDB,
)
