"""Names that MySQL takes for the same: cases, accents, blanks at the end. Each is itself alone all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.auth import store as accounts
from nacos_tw.auth.commands import AddRole, CreateUser, EnsureUser, SetPassword
from nacos_tw.config import (
    cache_queries,
    store_adopt,
    store_capacity,
    store_gray,
    store_history,
    store_index,
    store_search,
)
from nacos_tw.config.commands import (
    OVERWRITE,
    SKIP,
    CountUsage,
    EnsureCapacity,
    Import,
    ImportItem,
    Publish,
    PublishBeta,
    PublishTag,
    Quotas,
    Remove,
    SetCapacity,
    StopBeta,
)
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.config.problems import OverQuota
from nacos_tw.config.requests import Search
from nacos_tw.errors import Alike, BadParameter
from nacos_tw.namespaces import store as namespaces
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.storage.collations import NAMES, cures
from nacos_tw.storage.exact import counted_by
from tests.config.databases import T0, OnMariaDB, OnMixedMariaDB, OnNewMariaDB, StoreCase, on_each
from tests.wording import said

KEY: ConfigKey = ("dev2", "Gr", "App.yaml")
OTHERS: tuple[ConfigKey, ...] = (
    ("dev2", "Gr", "app.yaml"), ("DEV2", "Gr", "App.yaml"), ("dev2", "gr", "App.yaml"), ("dev2", "Gr", "Äpp.yaml"),
    ("dev2", "Gr", "App.yaml "),
)  # fmt: skip
"""The same for C{utf8mb4_general_ci}."""
PADDED: tuple[ConfigKey, ...] = (("dev2", "Gr", "App.yaml "),)
"""The same for C{utf8_bin} too."""


class OnGeneralMariaDB(OnMariaDB):
    """After the usual CONVERT TO."""

    changes = tuple(f"ALTER TABLE {name} CONVERT TO CHARACTER SET utf8mb4" for name in (*NAMES, "users", "roles"))
    others = OTHERS


class OnShippedMariaDB(OnMariaDB):
    """On our schema."""

    others = PADDED


class Configs(StoreCase):
    """Another's name finds, changes and removes nothing."""

    others: tuple[ConfigKey, ...]

    def setUp(self) -> None:
        super().setUp()
        self.do(Publish(KEY, "mine", "text", T0, tags="Label"))
        self.do(PublishBeta(KEY, "beta", "1.1.1.1", T0))
        self.do(PublishTag(KEY, "tagged", "t1", T0))
        self.before = self.state()

    def state(self) -> list[Any]:
        tables = "config_info config_info_beta config_info_tag config_info_gray his_config_info config_tags_relation"
        tables += " group_capacity tenant_capacity"
        return [self.sql(f"SELECT * FROM {name}") for name in tables.split()]

    def refused(self, work: Callable[[], object], *names: str) -> None:
        """By an error that names both; nothing is changed."""
        with self.assertRaises(Alike) as caught:
            work()
        for name in names:
            self.assertIn(f"'{name}'", said(caught.exception))
        self.assertEqual(self.state(), self.before)

    def test_publish(self) -> None:
        """Also with casMd5, and of copies."""
        for key in self.others:
            names = (key[2], KEY[2])
            self.refused(lambda key=key: self.do(Publish(key, "x", None, T0)), *names)  # type: ignore[misc]
            cas = Publish(key, "x", None, T0, cas_md5="0" * 32)
            self.refused(lambda cas=cas: self.do(cas), *names)  # type: ignore[misc]
            beta = PublishBeta(key, "x", "2.2.2.2", T0)
            self.refused(lambda beta=beta: self.do(beta), *names)  # type: ignore[misc]
            tag = PublishTag(key, "x", "t1", T0)
            self.refused(lambda tag=tag: self.do(tag), *names)  # type: ignore[misc]

    def test_import(self) -> None:
        """Nothing of the archive is stored."""
        for key in self.others:
            items = [ImportItem(("dev2", "Gr", "fine"), "x"), ImportItem(key, "x")]
            for policy in (OVERWRITE, SKIP):
                command = Import(items, policy, T0)
                self.refused(lambda command=command: self.do(command), key[2], KEY[2])  # type: ignore[misc]

    def test_remove(self) -> None:
        """There is nothing to remove."""
        for key in self.others:
            for command in (Remove(key, T0), Remove(key, T0, tag="t1"), StopBeta(key, T0)):
                self.assertEqual(self.do(command).changed, ())
        self.assertEqual(self.state(), self.before)

    def test_read(self) -> None:
        """There is nothing to read."""
        for key in self.others:
            self.assertIsNone(self.run_in(store_search.full_row, key))
            self.assertEqual(self.run_in(store_gray.copies, key), [])
            self.assertIsNone(self.run_in(store_gray.beta, key))
            self.assertEqual(self.run_in(store_history.history, key, 1, 10).items, [])
            self.assertIsNone(self.run_in(store_history.previous, key, 0))
            self.assertEqual(self.run_in(cache_queries.entries, [key]), [])
            self.assertEqual(self.run_in(cache_queries.index_of, [key]), [])
            self.assertIsNone(self.run_in(store_index.rows, [key])[0].main)
            (found,) = self.run_in(cache_queries.entries, [key, KEY])
            self.assertEqual((found.key, len(dict(found.copies()))), (KEY, 3))
        self.assertEqual(self.state(), self.before)

    def test_search(self) -> None:
        """Lists hold what was asked for alone."""
        for tenant, group, data_id in self.others:
            for blur in (False, True):
                end = "*" if blur else ""
                wanted = Search(tenant, data_id + end, group + end, blur=blur)
                self.assertEqual(self.run_in(store_search.search, wanted, 1, 10).total, 0)
        wanted = Search("dev2", "App*", "G*", labels=("La*",), blur=True)
        self.assertEqual(self.run_in(store_search.search, wanted, 1, 10).total, 1)
        for labels in (("label",), ("Label ",)):
            self.assertEqual(self.run_in(store_search.search, Search("dev2", labels=labels), 1, 10).total, 0)

    def test_history_of_both(self) -> None:
        """What has changed lately names both, though the database takes them for one."""
        for key in self.others:
            self.sql(
                "INSERT INTO his_config_info (id, data_id, group_id, tenant_id, content) VALUES (0, ?, ?, ?, 'x')",
                key[2], key[1], key[0],
            )  # fmt: skip
        found = self.run_in(cache_queries.changed_keys, 0)
        assert found is not None
        self.assertEqual(set(found), {KEY, *self.others})


class Rest(StoreCase):
    """Namespaces, quotas and accounts, in a database without cases."""

    def test_namespaces(self) -> None:
        """One for each id."""
        self.do(CreateNamespace("dev2", "name", "desc", T0))
        self.do(Publish(("dev2", "g", "d"), "x", None, T0))
        with self.assertRaises(Alike) as caught:
            self.do(CreateNamespace("DEV2", "x", "x", T0))
        self.assertIn("'dev2'", said(caught.exception))
        self.assertIs(self.value(CreateNamespace("dev2", "x", "x", T0)), False)
        self.do(UpdateNamespace("DEV2", "x", "x", T0))
        self.do(DeleteNamespace("DEV2"))
        self.assertIsNone(self.run_in(namespaces.namespace, "DEV2"))
        self.assertIs(self.run_in(namespaces.exists, "DEV2"), False)
        self.assertEqual([(n.id, n.name, n.configs) for n in self.run_in(namespaces.namespaces)][1:],
                         [("dev2", "name", 1)])  # fmt: skip
        self.assertEqual(self.run_in(store_search.count, "DEV2"), 0)
        self.assertEqual(self.run_in(store_search.configs_of, "DEV2"), [])

    def test_quotas(self) -> None:
        """Another's row is neither read nor written; its configs come in all the same, and are counted."""
        self.do(Publish(("dev2", "g", "d"), "x", None, T0))
        self.do(Publish(("DEV2", "g", "e"), "x", None, T0))
        self.do(Publish(("", "Group", "f"), "x", None, T0))
        self.do(Publish(("", "group", "h"), "x", None, T0))
        self.assertEqual(self.run_in(counted_by, "config_info", "tenant_id"), {"dev2": 1, "DEV2": 1, "": 2})
        for _ in range(2):
            usage = dict(self.sql("SELECT group_id, `usage` FROM group_capacity"))
            self.assertEqual(usage, {"": 4, "Group": 1})
            self.assertEqual(self.sql("SELECT tenant_id, `usage` FROM tenant_capacity"), [("dev2", 1)])
            self.do(CountUsage(T0))
        for tenant, group in (("DEV2", ""), ("", "group")):
            self.assertIsNone(self.run_in(store_capacity.capacity, group, tenant))
            for command in (EnsureCapacity(group, tenant, T0), SetCapacity(group, tenant, T0, 1)):
                self.assertRaises(Alike, self.do, command)
        tight = Quotas(cluster=100, group=100, tenant=1)
        refused = self.value(Publish(("DEV2", "g", "more"), "x", None, T0, quotas=tight))
        self.assertEqual(refused, OverQuota("namespace", 1))

    def test_accounts(self) -> None:
        """Who is refused is told for whom he is taken."""
        self.run_in(lambda txn: [txn.execute(f"DELETE FROM {table}") for table in ("users", "roles")])
        self.do(CreateUser("Joe", "hash"))
        self.do(AddRole("Role", "Joe"))
        for command in (CreateUser("joe", "x"), EnsureUser("joe", "x")):
            with self.assertRaises(Alike) as caught:
                self.do(command)
            self.assertIn("'Joe'", said(caught.exception))
        with self.assertRaises(Alike):
            self.do(AddRole("role", "Joe"))
        self.assertRaises(BadParameter, self.do, SetPassword("joe", "x"))
        self.assertEqual([user[:2] for user in self.run_in(accounts.rows).users], [("Joe", "hash")])

    def test_cures(self) -> None:
        """The statements are named, and work."""
        found = self.run_in(cures)
        self.assertEqual(len(found), len(NAMES))
        self.assertEqual(found[0], "ALTER TABLE config_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;")


class GrayAlone(StoreCase):
    """The schemas as shipped, where the table of gray copies alone ignores cases."""

    def test_both(self) -> None:
        """Two configs that differ in their case alone, one with a copy: each is found, whichever is asked for."""
        first: ConfigKey = ("ns", "g", "Repro")
        other: ConfigKey = ("ns", "g", "repro")
        self.do(Publish(first, "A", None, T0))
        self.do(PublishTag(first, "blue", "blue", T0))
        self.do(Publish(other, "B", None, T0))
        for keys in ([first], [other], [first, other], [other, first]):
            entries = self.run_in(cache_queries.entries, keys)
            self.assertEqual({entry.key: entry.content for entry in entries},
                             {key: {first: b"A", other: b"B"}[key] for key in keys})  # fmt: skip
            tags = {entry.key: set(entry.tags or ()) for entry in entries}
            self.assertEqual(tags, {key: {"blue"} if key == first else set() for key in keys})
        self.assertEqual([row.main and row.main.content for row in self.run_in(store_index.rows, [first, other])],
                         ["A", "B"])  # fmt: skip
        self.assertEqual(self.run_in(cache_queries.content, other, "tag_blue", md5_of("blue")), None)
        self.assertEqual(self.do(Remove(other, T0, tag="blue")).changed, ())
        self.assertRaises(Alike, self.do, PublishTag(other, "x", "blue", T0))
        self.do(Remove(other, T0))
        self.assertEqual(len(dict(self.run_in(cache_queries.entries, [first])[0].copies())), 2)
        self.assertEqual(self.run_in(store_adopt.waiting), [])


class NothingToCure(StoreCase):
    """Our own schema."""

    def test_cures(self) -> None:
        """There is nothing to say."""
        self.assertEqual(self.run_in(cures), ())


on_each(globals(), Configs, databases=(OnGeneralMariaDB, OnShippedMariaDB))
on_each(globals(), Rest, databases=(OnGeneralMariaDB,))
on_each(globals(), GrayAlone, databases=(OnNewMariaDB, OnMixedMariaDB))
on_each(globals(), NothingToCure, databases=(OnMariaDB,))
del StoreCase, Configs, GrayAlone, Rest, NothingToCure
del OnMariaDB, OnGeneralMariaDB, OnMixedMariaDB, OnNewMariaDB, OnShippedMariaDB
