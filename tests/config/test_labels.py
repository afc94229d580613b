"""Copies of configs for clients by their labels, as Nacos has them since 3.2.2 (docs/spec/ai-v3.md#8)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import permutations
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import gray, gray_rules, store_gray
from nacos_tw.config.cache_queries import entries
from nacos_tw.config.commands import Publish, PublishGray, PublishTag, RemoveGray
from nacos_tw.config.gray import Entry, LabelledCopy
from nacos_tw.config.gray_rules import parse, stored
from nacos_tw.config.listeners import StandingListener
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.config.problems import CasConflict, ConfigInvalid, ConfigUnknown, CopiesUnsupported, TooManyCopies
from nacos_tw.config.requests import (
    CopyRemoval,
    LabelCopy,
    OfNamespace,
    OneConfig,
    OneCopy,
    Publication,
    Query,
    RemovalByIds,
)
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.databases import (
    T0,
    OnMariaDB,
    OnMixedMariaDB,
    OnNewMariaDB,
    OnOldMariaDB,
    OnPostgres,
    OnSQLite,
    StoreCase,
    on_each,
)
from tests.config.fakes import entry, local_file
from tests.config.test_operations import ADMIN, BOB, OperationCase

KEY: ConfigKey = ("ns", "g", "d")
RULE = stored("region=hz&&env=prod", "1.1.0", 5)


def labelled(name: str, expr: str, priority: int = 0, text: str = "") -> LabelledCopy:
    content = (text or name).encode()
    rule = stored(expr, "1.1.0", priority)
    return LabelledCopy(
        md5=md5_of(text or name), content=content, modified_ms=1, name=name, rule=rule, priority=priority,
        conditions=parse(expr),
    )  # fmt: skip


class RuleTests(SynchronousTestCase):
    """What rules say."""

    def test_matches(self) -> None:
        """&& binds closer than ||; a value is one of a list; blanks count for nothing; a missing label never fits."""
        hz, prod = {"region": "hz"}, {"env": "prod"}
        for expr, labels, meant in (
            ("region=hz,sh", hz, True),
            (" region = sh , hz ", hz, True),
            ("region=hz,sh", {"region": "bj"}, False),
            ("region=hz", prod, False),
            ("region=hz&&env=prod", hz, False),
            ("region=hz&&env=prod", {**hz, **prod}, True),
            ("region=hz||env=prod", prod, True),
            ("region=sh||region=bj && env=prod||region=hz", hz, True),
            ("region=sh&&env=prod||region=bj&&env=prod", {**hz, **prod}, False),
            ("a.b:c_d-e=1.0:x_y-z", {"a.b:c_d-e": "1.0:x_y-z"}, True),
        ):
            self.assertIs(gray_rules.matches(parse(expr), labels), meant, expr)

    def test_refused(self) -> None:
        """What is no rule is told by field and rule; version 1.0.0 knows one condition only."""
        for expr, version, facts in (
            ("", "1.1.0", ("grayRuleExp", "format")),
            ("region", "1.1.0", ("grayRuleExp", "format")),
            ("region=", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz,", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz&&", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz|env=prod", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz&&region=sh", "1.1.0", ("grayRuleExp", "format")),
            ("region='hz'", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz\u00a0", "1.1.0", ("grayRuleExp", "format")),
            ("region=hz||env=prod", "1.0.0", ("grayRuleExp", "format")),
            ("region=" + "x" * 4096, "1.1.0", ("grayRuleExp", "length")),
            ("region=hz", "2.0.0", ("grayVersion", "choice")),
        ):
            problem = self.assertRaises(ConfigInvalid, parse, expr, version)
            self.assertEqual((problem.field, problem.rule), facts, expr)
        self.assertEqual(parse("region=hz,sh", "1.0.0"), parse("region=sh,hz"))

    def test_stored(self) -> None:
        """As Nacos writes it, and what Nacos writes: its JSON codes = and &."""
        self.assertEqual(RULE, '{"type":"tagv2","version":"1.1.0","expr":"region=hz&&env=prod","priority":5}')
        coded = RULE.replace("=", "\\u003d").replace("&", "\\u0026")
        self.assertEqual(gray_rules.by_labels(coded), (5, parse("region=hz&&env=prod")))
        for other in (
            "",
            "{}",
            '{"type":"beta","version":"1.0.0","expr":"1.1.1.1","priority":1}',
            RULE.replace("1.1", "9.9"),
        ):
            self.assertIsNone(gray_rules.by_labels(other), other)


class ChoiceTests(SynchronousTestCase):
    """Who gets which copy."""

    def chosen(self, made: Entry, ip: str = "9.9.9.9", tag: str = "", vip: str = "", **labels: str) -> str | None:
        found = gray.choose(made, ip, tag, vip, labels)
        return None if found is None else found[0]

    def made(self, *copies: LabelledCopy) -> Entry:
        made = entry(("", "g", "d"), "main", beta="beta", ips="1.1.1.1", blue="blue")
        for copy in copies:
            made.add(copy)
        return made

    def test_priority(self) -> None:
        """The highest first, then by name, in whatever order they came."""
        copies = [labelled("a", "r=1", 1), labelled("b", "r=1||s=1", 2), labelled("c", "r=1", 2)]
        for order in permutations(copies):
            made = self.made(*order)
            self.assertEqual(self.chosen(made, r="1"), "b")
            self.assertEqual([name for name, _ in made.copies()], ["", "beta", "tag_blue", "b", "c", "a"])
        self.assertEqual(self.chosen(self.made(*copies), r="2"), "")
        self.assertIs(self.made(copies[0]).copy("a"), copies[0])

    def test_beta_and_tags_go_before(self) -> None:
        """They have the two highest priorities; with the same one the name decides."""
        made = self.made(labelled("z", "r=1", 2**31 - 3))
        self.assertEqual(self.chosen(made, "1.1.1.1", r="1"), "beta")
        self.assertEqual(self.chosen(made, vip="blue", r="1"), "tag_blue")
        self.assertEqual(self.chosen(made, tag="blue", r="1"), "tag_blue")
        self.assertEqual(self.chosen(made, r="1"), "z")
        made = self.made(labelled("alpha", "r=1", 2**31 - 1))
        self.assertEqual(self.chosen(made, "1.1.1.1", r="1"), "alpha")
        made = self.made(labelled("zeta", "r=1", 2**31 - 1))
        self.assertEqual(self.chosen(made, "1.1.1.1", r="1"), "beta")
        self.assertEqual(self.chosen(made, vip="blue", r="1"), "zeta")

    def test_labels_of_the_request(self) -> None:
        """The address and the tag are labels too; with a tag that is asked for those of the connection are not."""
        made = self.made(labelled("ip", "ClientIp=2.2.2.2"), labelled("vip", "Vipserver-Tag=red", 1))
        self.assertEqual(self.chosen(made, "2.2.2.2"), "ip")
        self.assertEqual(self.chosen(made, vip="red"), "vip")
        self.assertEqual(self.chosen(made, tag="red"), "vip")
        self.assertIsNone(self.chosen(made, tag="green"))
        made = self.made(labelled("r", "r=1"))
        self.assertIsNone(self.chosen(made, tag="green", r="1"))
        self.assertEqual(self.chosen(made, ClientIp="2.2.2.2", r="1"), "r")

    def test_md5(self) -> None:
        """What a listening client is compared with."""
        made = self.made(labelled("r", "r=1"))
        self.assertEqual(gray.md5_for(made, "9.9.9.9", "", {"r": "1"}), md5_of("r"))
        self.assertEqual(gray.md5_for(made, "9.9.9.9"), md5_of("main"))

    def test_same(self) -> None:
        """Another rule is another config."""
        self.assertTrue(gray.same(self.made(labelled("r", "r=1")), self.made(labelled("r", "r=1"))))
        self.assertFalse(gray.same(self.made(labelled("r", "r=1")), self.made(labelled("r", "r=2"))))
        self.assertFalse(gray.same(self.made(labelled("r", "r=1")), self.made()))


def publish(content: str = "gray", name: str = "canary", rule: str = RULE, **more: Any) -> PublishGray:
    return PublishGray(KEY, content, name, rule, more.pop("at_ms", T0), **more)


class Rows(StoreCase):
    """In config_info_gray, on every database that has it."""

    def copies(self) -> dict[str, tuple[str, str]]:
        return {copy.name: (copy.content, copy.rule) for copy in self.run_in(store_gray.copies, KEY)}

    def test_come_change_and_go(self) -> None:
        """Beside the config and its other copies."""
        self.do(Publish(KEY, "main", None, T0))
        self.do(PublishTag(KEY, "tagged", "t", T0))
        done = self.do(publish(app_name="app", src_ip="9.9.9.9", src_user="joe", encrypted_data_key="k"))
        self.assertEqual((done.value, done.changed), (True, (KEY,)))
        other = stored("region=sh", "1.0.0", -1)
        self.do(publish("two", rule=other))
        self.do(publish("three", "tag_x"))  # a name like that of a tag's copy: the rule says what it is
        self.assertEqual(self.copies(), {"canary": ("two", other), "tag_t": ("tagged", ""), "tag_x": ("three", RULE)})
        found = self.run_in(store_gray.named_copy, KEY, "canary")
        assert found is not None
        self.assertEqual((found.label, found.app_name, found.md5, found.tag), ("canary", "app", md5_of("two"), None))
        self.assertEqual(self.do(RemoveGray(KEY, "canary", T0)).changed, (KEY,))
        self.assertEqual(self.do(RemoveGray(KEY, "canary", T0)).changed, ())
        self.assertEqual(self.do(RemoveGray(KEY, "tag_t", T0)).changed, ())
        self.assertEqual(set(self.copies()), {"tag_t", "tag_x"})
        self.assertEqual(self.sql("SELECT content FROM config_info"), [("main",)])

    def test_cas_and_number(self) -> None:
        """As other copies have it; and a config has so many of all kinds."""
        self.do(publish("one"))
        self.assertEqual(self.value(publish("two", cas_md5="0" * 32)), CasConflict(KEY, True))
        self.assertIs(self.value(publish("two", cas_md5=md5_of("one"))), True)
        self.do(PublishTag(KEY, "tagged", "t", T0))
        self.assertEqual(self.value(publish(name="more", most=2)), TooManyCopies(KEY, 2))
        self.assertIs(self.value(publish("again", most=2)), True)
        self.assertEqual(set(self.copies()), {"canary", "tag_t"})

    def test_history(self) -> None:
        """Rows like those of other copies."""
        self.do(publish("one"))
        self.do(publish("two"))
        self.do(RemoveGray(KEY, "canary", T0))
        found = self.sql("SELECT RTRIM(op_type), publish_type, gray_name, content FROM his_config_info ORDER BY nid")
        kinds = [(kind.strip(), *rest) for kind, *rest in found]
        self.assertEqual(
            kinds,
            [("I", "gray", "canary", "one"), ("U", "gray", "canary", "one"), ("D", "gray", "canary", "two")],
        )

    def test_as_nacos_writes_it(self) -> None:
        """Its row is read; ours has what it reads."""
        self.do(publish("one"))
        ((name, rule, md5),) = self.sql("SELECT gray_name, gray_rule, md5 FROM config_info_gray")
        self.assertEqual((name, md5), ("canary", md5_of("one")))
        self.assertEqual(
            json.loads(rule), {"type": "tagv2", "version": "1.1.0", "expr": "region=hz&&env=prod", "priority": 5}
        )
        self.sql("UPDATE config_info_gray SET gray_rule=?", RULE.replace("=", "\\u003d").replace("&", "\\u0026"))
        (made,) = self.run_in(entries, [KEY])
        found = gray.choose(made, "", "", "", {"region": "hz", "env": "prod"})
        assert found is not None
        self.assertEqual((found[0], found[1].content), ("canary", b"one"))
        self.sql("UPDATE config_info_gray SET gray_rule=?", '{"type":"later","version":"1","expr":"x","priority":1}')
        self.assertEqual(self.copies(), {})


class Without(StoreCase):
    """A database of 1.4 has no place for them."""

    def test_refused(self) -> None:
        self.assertEqual(self.value(publish()), CopiesUnsupported())
        self.assertEqual(self.do(RemoveGray(KEY, "canary", T0)).changed, ())


class NodeTests(OperationCase):
    """From a request to what clients get."""

    def put_gray(self, name: str, expr: str, content: str, priority: int = 0) -> None:
        self.put(content, KEY, copy=LabelCopy(name, expr, priority=priority))

    def read(self, **labels: str) -> bytes:
        return self.does.contents.read(ADMIN, Query(KEY, "9.9.9.9", labels=labels)).content

    def test_life(self) -> None:
        """Published, read, kept by a publish of the config, removed; the rest is as before."""
        self.put("main", KEY)
        self.put_gray("canary", "env=gray", "canary", 2)
        self.put_gray("other", "env=gray||region=hz", "other", 1)
        self.assertEqual((self.read(env="gray"), self.read(region="hz"), self.read()), (b"canary", b"other", b"main"))
        self.put("main2", KEY)
        self.assertEqual((self.read(env="gray"), self.read()), (b"canary", b"main2"))
        chosen = self.does.contents.read(ADMIN, Query(KEY, labels={"env": "gray"}))
        self.assertEqual((chosen.name, chosen.tag, chosen.is_beta, chosen.for_all), ("canary", "", False, False))
        found = self.done(self.does.copies.all(ADMIN, OneConfig(KEY)))
        self.assertEqual([copy.name for copy in found], ["canary", "other"])
        row = self.done(self.does.copies.detail(ADMIN, OneCopy(KEY, "canary")))
        self.assertEqual(json.loads(row.rule)["priority"], 2)
        self.done(self.does.copies.remove(ADMIN, CopyRemoval(KEY, "canary")))
        self.assertEqual(self.read(env="gray"), b"other")
        self.done(self.does.contents.remove_by_ids(ADMIN, self.all_ids()))
        self.assertEqual(self.read(env="gray"), b"other")
        self.assertRaises(ConfigUnknown, self.read)
        self.done(self.does.copies.remove(ADMIN, CopyRemoval(KEY, "other")))
        self.assertRaises(ConfigUnknown, self.read, env="gray")

    def all_ids(self) -> RemovalByIds:
        return RemovalByIds([one.id for one in self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("ns")))])

    def test_requests(self) -> None:
        """Names, priorities and rules are checked before anything is asked; the audit log has the name."""
        for copy, facts in (
            (LabelCopy("beta", "a=b"), ("grayName", "characters")),
            (LabelCopy("", "a=b"), ("grayName", "characters")),
            (LabelCopy("x" * 51, "a=b"), ("grayName", "length")),
            (LabelCopy("x", "a"), ("grayRuleExp", "format")),
            (LabelCopy("x", "a=b", "9"), ("grayVersion", "choice")),
            (LabelCopy("x", "a=b", priority=2**31), ("grayPriority", "range")),
        ):
            problem = self.assertRaises(ConfigInvalid, Publication, KEY, "c", copy=copy)
            self.assertEqual((problem.field, problem.rule), facts)
        self.done(self.does.contents.publish(BOB, Publication(KEY, "c", copy=LabelCopy("x", "a=b"))))
        self.assertEqual(self.audit.lines[-1][4], {"tenant": "ns", "group": "g", "dataId": "d", "tag": "x"})

    def test_listening(self) -> None:
        """Who has the labels is up to date with its copy, and is told of changes of that; others are not."""
        told: list[tuple[ConfigKey, str]] = []

        def tell(key: ConfigKey, crowd: Iterable[StandingListener]) -> None:
            told.extend((key, each.ip) for each in crowd)

        listeners = self.configs.listeners
        audience = listeners.audience(tell, lambda: [])
        self.put("main", KEY)
        self.put_gray("canary", "env=gray", "canary")
        meant, other = StandingListener("1.1.1.1", labels={"env": "gray"}), StandingListener("2.2.2.2")
        for each in (meant, other):
            audience.listen(each, [(KEY, "")])
        for labels, md5 in ((meant.labels, md5_of("canary")), ({}, md5_of("main"))):
            self.assertEqual(listeners.differing([(KEY, md5)], "9.9.9.9", "", labels), [])
            self.assertEqual(listeners.differing([(KEY, "0" * 32)], "9.9.9.9", "", labels), [KEY])
        self.put_gray("canary", "env=gray", "canary2")
        self.assertEqual(told, [(KEY, "1.1.1.1")])
        self.put("main2", KEY)
        self.assertEqual(told[1:], [(KEY, "2.2.2.2")])

    def test_v1_is_as_it_was(self) -> None:
        """A poll and a read of 1.x have no labels: such copies change nothing for them."""
        self.put("main", KEY)
        self.put_gray("canary", "env=gray", "canary")
        reply = self.get(tenant="ns")
        self.assertEqual((reply.status, reply.body), (200, b"main"))
        self.assertEqual(self.get(tenant="ns", tag="canary").status, 404)


class FileTests(SynchronousTestCase):
    """On disk."""

    def test_local_copy(self) -> None:
        """What a node keeps of a database that is elsewhere."""
        clock, path = Clock(), self.mktemp() + "/cache.db"
        local = local_file(clock, path)
        made = entry(("", "g", "d"), "main", beta="beta", ips="1.1.1.1", blue="blue")
        for copy in (labelled("b", "r=1", 1), labelled("a", "r=1", 2)):
            made.add(copy)
        local.save(made)
        clock.advance(1)
        local.close()
        local = local_file(clock, path)
        self.addCleanup(local.close)
        (found,) = local.load()
        self.assertTrue(gray.same(found, made))
        self.assertEqual([copy.name for copy in found.labelled or ()], ["a", "b"])
        self.assertEqual(local.content(made.key, "b", md5_of("b")), b"b")

    def test_files_of_an_earlier_day(self) -> None:
        """They get the table when they are opened, and when they come as a snapshot."""
        old = self.mktemp() + "/old.db"
        file = SQLiteFile(old)
        with file.transaction() as txn:
            txn.execute("DROP TABLE config_info_gray")
        file.close()
        plain = sqlite3.connect(old)
        self.assertEqual(plain.execute("SELECT name FROM sqlite_master WHERE name='config_info_gray'").fetchall(), [])
        plain.close()
        new = SQLiteFile(self.mktemp() + "/new.db")
        self.addCleanup(new.close)
        new.load(old)
        opened = SQLiteFile(old)
        self.addCleanup(opened.close)
        for one in (new, opened):
            with one.reading() as txn:
                self.assertEqual(txn.all("SELECT * FROM config_info_gray"), [])


on_each(globals(), Rows, databases=(OnSQLite, OnMariaDB, OnPostgres, OnNewMariaDB, OnMixedMariaDB))
on_each(globals(), Without, databases=(OnOldMariaDB,))
del StoreCase, OperationCase, Rows, Without, OnPostgres, OnMariaDB, OnMixedMariaDB, OnNewMariaDB, OnOldMariaDB
