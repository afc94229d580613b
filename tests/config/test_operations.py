"""Operations of the configuration centre, as any API calls them: rules, the audit log, results and problems."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.rules import NotAllowed
from nacos_tw.config.capacity_requests import CapacityChange, CapacityOf
from nacos_tw.config.commands import OVERWRITE
from nacos_tw.config.listener_requests import ListenedBy, ListenersOf
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.config.operations.assembly import config_operations
from nacos_tw.config.problems import (
    CasConflict,
    ConfigInvalid,
    ConfigUnknown,
    CopyUnknown,
    NothingToImport,
    OtherConfig,
    OverQuota,
    TargetUnknown,
)
from nacos_tw.config.requests import (
    BetaCopy,
    BetaRemoval,
    CopiesOfFound,
    HistoryPage,
    HistoryRow,
    NoParameters,
    OfNamespace,
    OneConfig,
    OneCopy,
    Publication,
    Query,
    Removal,
    RemovalByIds,
    Search,
    SearchPage,
    TagCopy,
)
from nacos_tw.config.transfer_requests import ArchiveImport, CloneItem, Cloning, Export
from nacos_tw.config.watchers import Watchers
from tests.http.v1.configuring import ConfigCase

KEY: ConfigKey = ("", "g", "d")
ADMIN = KnownCaller(EVERYBODY, "10.0.0.1", "test")
BOB = KnownCaller(Identity("bob", False, [Permission("r", "ns:g:config/*", "rw")], user=True), "10.0.0.2", "test")


class OperationCase(ConfigCase):
    """@ivar does: the operations."""

    def setUp(self) -> None:
        super().setUp()
        watchers = Watchers(self.clock, self.configs.listeners, self.ask_all)
        self.does = config_operations(self.configs, watchers, self.limits, lambda: self.now, self.audit)

    def done(self, result: Deferred[Any]) -> Any:
        return self.successResultOf(result)

    def put(self, content: str = "one", key: ConfigKey = KEY, **more: Any) -> Any:
        return self.done(self.does.contents.publish(ADMIN, Publication(key, content, **more)))


class Reading(OperationCase):
    """What a client gets."""

    def test_read(self) -> None:
        """The content with all that an API says of it; whether an answer can be kept, and still holds."""
        self.put(type="json", encrypted_data_key="secret")
        chosen = self.does.contents.read(ADMIN, Query(KEY))
        self.assertEqual((chosen.content, chosen.md5, chosen.type), (b"one", md5_of("one"), "json"))
        self.assertEqual((chosen.encrypted_data_key, chosen.modified_ms, chosen.name), ("secret", self.now, ""))
        self.assertTrue(chosen.for_all and chosen.holds())
        self.put("two")
        self.assertFalse(chosen.holds())

    def test_copies(self) -> None:
        """By address, by the tag that is asked for, by the client's own tag."""
        self.put()
        self.put("beta", copy=BetaCopy("1.1.1.1"))
        self.put("tagged", copy=TagCopy("t"))
        read = self.does.contents.read
        self.assertEqual(read(ADMIN, Query(KEY, "1.1.1.1", vip_tag="t")).content, b"beta")
        self.assertEqual(read(ADMIN, Query(KEY, "2.2.2.2", tag="t")).tag, "t")
        self.assertEqual(read(ADMIN, Query(KEY, "2.2.2.2", vip_tag="t")).content, b"tagged")
        self.assertFalse(read(ADMIN, Query(KEY, "2.2.2.2")).for_all)
        found = self.done(self.does.copies.detail(ADMIN, OneCopy(KEY, "tag_t")))
        self.assertEqual((found.content, found.name), ("tagged", "tag_t"))
        self.assertEqual(self.done(self.does.copies.detail(ADMIN, OneCopy(KEY))).beta_ips, "1.1.1.1")
        self.assertIsNone(self.done(self.does.copies.detail(ADMIN, OneCopy(KEY, "tag_x"))))
        names = self.does.copies.names(ADMIN, CopiesOfFound(Search(), [KEY, ("", "g", "x")]))
        self.assertEqual(names, [["beta", "tag_t"], []])
        self.done(self.does.copies.remove_beta(ADMIN, BetaRemoval(KEY)))
        self.done(self.does.contents.remove(ADMIN, Removal(KEY, "t")))
        self.assertTrue(read(ADMIN, Query(KEY, "1.1.1.1")).for_all)

    def test_unknown(self) -> None:
        """No such config, or no such copy of it."""
        self.assertEqual(self.assertRaises(ConfigUnknown, self.does.contents.read, ADMIN, Query(KEY)).key, KEY)
        self.put(type="yaml")
        problem = self.assertRaises(CopyUnknown, self.does.contents.read, ADMIN, Query(KEY, tag="t"))
        self.assertEqual((problem.tag, problem.type), ("t", "yaml"))
        self.assertIsNone(self.done(self.does.contents.detail(ADMIN, OneConfig(("", "g", "x")))))

    def test_search(self) -> None:
        """Also by what is in the content, and no page is larger than the largest."""
        self.put("has a needle in it")
        self.put("none", ("", "g", "e"))
        found = self.done(
            self.does.contents.search(ADMIN, SearchPage(Search(blur=True, content="*needle*"), 1, 10_000))
        )
        self.assertEqual(([item.key for item in found.items], found.size), ([KEY], 500))
        self.assertEqual(len(self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("")))), 2)


class Writing(OperationCase):
    """Publishing and removing."""

    def test_refused_requests(self) -> None:
        """What may not be stored is told by field and rule before anything is asked."""
        for facts, wrong in (
            (("dataId", "characters"), {"key": ("", "g", "a b")}),
            (("content", "blank"), {"content": " "}),
            (("tag", "length"), {"copy": TagCopy("x" * 17)}),
            (("betaIps", "length"), {"copy": BetaCopy("x" * 1025)}),
            (("config_tags", "count"), {"labels": "a,b,c,d,e,f"}),
            (("desc", "length"), {"desc": "x" * 129}),
        ):
            values: dict[str, Any] = {"key": KEY, "content": "c", **wrong}
            problem = self.assertRaises(ConfigInvalid, Publication, **values)
            self.assertEqual((problem.field, problem.rule), facts)

    def test_cas(self) -> None:
        """A conflict says whose."""
        self.put()
        wrong = self.does.contents.publish(ADMIN, Publication(KEY, "two", cas_md5="0" * 32))
        self.assertEqual(self.failureResultOf(wrong).value, CasConflict(KEY))
        self.put("two", cas_md5=md5_of("one"))
        self.put("three", cas_md5="")  # nothing is asked
        self.assertEqual(self.does.contents.read(ADMIN, Query(KEY)).content, b"three")

    def test_who(self) -> None:
        """Who is logged in counts for more than whom the request names."""
        for caller, user in ((ADMIN, "named"), (BOB, "bob")):
            key = ("ns", "g", "d")
            self.done(self.does.contents.publish(caller, Publication(key, "x", user="named", ip="9.9.9.9")))
            item = self.done(self.does.contents.detail(ADMIN, OneConfig(key)))
            self.assertEqual((item.src_user, item.src_ip), (user, "9.9.9.9"))

    def test_audit(self) -> None:
        """Every write has its line, refused or not; no content is in it."""
        self.put()
        self.failureResultOf(self.does.contents.publish(ADMIN, Publication(KEY, "x", cas_md5="y")))
        self.assertRaises(NotAllowed, self.does.contents.remove, BOB, Removal(KEY))
        self.done(self.does.contents.remove(ADMIN, Removal(KEY, "t")))
        names = {"group": "g", "dataId": "d"}
        self.assertEqual(
            [(who, where, result, details) for who, where, _, result, details in self.audit.lines],
            [
                ("", "10.0.0.1", "ok", names),
                ("", "10.0.0.1", "failed 500", names),
                ("bob", "10.0.0.2", "refused 403", names),
                ("", "10.0.0.1", "ok", {**names, "tag": "t"}),
            ],
        )

    def test_remove_by_ids(self) -> None:
        """Each of them must be the caller's to write."""
        self.put()
        self.put(key=("ns", "g", "d"))
        ids = [item.id for item in self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("ns")))]
        public = [item.id for item in self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("")))]
        refused = self.does.contents.remove_by_ids(BOB, RemovalByIds(ids + public))
        self.assertEqual(self.failureResultOf(refused, NotAllowed).value.resource, ":g:config/d")
        self.assertEqual(self.done(self.does.contents.remove_by_ids(BOB, RemovalByIds([*ids, 10**6]))), 1)
        self.assertRaises(NotAllowed, self.does.contents.remove_by_ids, KnownCaller(NOBODY), RemovalByIds(ids))

    def test_ids_of_a_namespace(self) -> None:
        """Where a namespace is named, configs of others are not removed, exported or cloned by their ids."""
        self.put()
        self.put(key=("ns", "g", "d"))
        ids = [
            item.id
            for tenant in ("", "ns")
            for item in self.done(self.does.contents.of_namespace(ADMIN, OfNamespace(tenant)))
        ]
        search = Search("ns", blur=True)
        exported = self.done(self.does.transfers.export(ADMIN, Export(search, ids, within=True)))
        again = ArchiveImport("", exported.data, OVERWRITE)
        self.assertEqual(self.done(self.does.transfers.import_archive(ADMIN, again)).imported.succeeded, 1)
        items = tuple(CloneItem(number, data_id=f"copy{number}") for number in ids)
        done = self.done(self.does.transfers.clone(ADMIN, Cloning("", items, source="ns")))
        self.assertEqual(done.succeeded, 1)
        failed = self.does.transfers.clone(ADMIN, Cloning("", items, source="other"))
        self.assertEqual(self.failureResultOf(failed).value, NothingToImport("configs"))
        self.assertEqual(self.done(self.does.contents.remove_by_ids(ADMIN, RemovalByIds(ids, tenant="ns"))), 1)
        self.assertEqual(len(self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("")))), 2)  # one is the copy


class Others(OperationCase):
    """History, transfers, quotas, listeners, the local cache."""

    def test_history(self) -> None:
        self.put()
        self.put("two")
        (newest, _) = self.done(self.does.history.page(ADMIN, HistoryPage(KEY))).items
        row = self.done(self.does.history.row(ADMIN, HistoryRow(KEY, newest.nid)))
        self.assertEqual((row.content, row.kind), ("one", "U"))
        other = ("", "g", "x")
        failed = self.does.history.row(ADMIN, HistoryRow(other, newest.nid))
        self.assertEqual(self.failureResultOf(failed).value, OtherConfig(other, newest.nid))

    def test_export_and_import(self) -> None:
        """An archive has what the asker may read, and comes in again."""
        self.put(key=("ns", "g", "d"))
        self.put(key=("ns", "h", "d"))
        search = Search("ns", blur=True)
        exported = self.done(self.does.transfers.export(ADMIN, Export(search, [])))
        done = self.done(self.does.transfers.import_archive(ADMIN, ArchiveImport("", exported.data)))
        self.assertEqual(done.imported.succeeded, 2)
        exported = self.done(self.does.transfers.export(BOB, Export(Search("ns", "d*", "g", blur=True), [])))
        again = ArchiveImport("", exported.data, OVERWRITE)
        self.assertEqual(self.done(self.does.transfers.import_archive(ADMIN, again)).imported.succeeded, 1)
        for data, tenant, problem in (
            (None, "", NothingToImport("archive")),
            (exported.data, "unknown", TargetUnknown("unknown")),
        ):
            failed = self.does.transfers.import_archive(ADMIN, ArchiveImport(tenant, data))
            self.assertEqual(self.failureResultOf(failed).value, problem)
        self.assertRaises(ConfigInvalid, ArchiveImport, "", b"", "PERHAPS")

    def test_clone(self) -> None:
        """Names of copies may be new ones; each config must be the caller's to read."""
        self.put()
        (item,) = self.done(self.does.contents.of_namespace(ADMIN, OfNamespace("")))
        clone = self.does.transfers.clone
        done = self.done(clone(ADMIN, Cloning("", (CloneItem(item.id, data_id="copy"),))))
        self.assertEqual(
            (done.succeeded, self.does.contents.read(ADMIN, Query(("", "g", "copy"))).content), (1, b"one")
        )
        for items, problem in (((), "ids"), ((CloneItem(10**6),), "configs")):
            self.assertEqual(self.failureResultOf(clone(ADMIN, Cloning("", items))).value, NothingToImport(problem))
        rights = [Permission("r", "ns:*:config/*", "rw"), Permission("r", ":*:config/*", "w")]
        writer = KnownCaller(Identity("eve", False, rights, user=True))
        self.failureResultOf(clone(writer, Cloning("", (CloneItem(item.id),))), NotAllowed)

    def test_capacity(self) -> None:
        """The settings' limits stand in for those that are not set; who may only read makes no row."""
        reader = KnownCaller(Identity("r", False, [Permission("r", "ns:*:config/*", "r")], user=True))
        self.assertEqual(self.done(self.does.capacities.find(reader, CapacityOf("", "ns"))).id, 0)
        self.done(self.does.capacities.change(ADMIN, CapacityChange("", "ns", quota=7)))
        found = self.done(self.does.capacities.find(reader, CapacityOf("", "ns")))
        self.assertEqual((found.quota, found.max_size, found.tenant), (7, 102_400, "ns"))
        self.assertRaises(NotAllowed, self.does.capacities.change, BOB, CapacityChange("", "ns", 1))

    def test_listening(self) -> None:
        """Who listens; of what an address listens to, those that the caller may read."""
        for key in (("ns", "g", "d"), ("ns", "x", "d")):
            self.put(key=key)
            self.polls.wait([(key, md5_of("one"))], "3.3.3.3")
        listeners = self.does.listening.listeners(ADMIN, ListenersOf(("ns", "g", "d"), here=True))
        mine = self.does.listening.listened(BOB, ListenedBy("3.3.3.3", here=True))
        self.clock.pump([0.1] * 5)
        self.assertEqual(self.done(listeners), {"3.3.3.3": md5_of("one")})
        self.assertEqual(self.done(mine), {("ns", "g", "d"): md5_of("one")})

    def test_local_cache(self) -> None:
        self.assertEqual(self.does.local_cache.health(KnownCaller(NOBODY), NoParameters()), "UP")
        self.assertRaises(NotAllowed, self.does.local_cache.compare, BOB, NoParameters())
        self.does.local_cache.compare(ADMIN, NoParameters())
        self.does.local_cache.refresh(ADMIN, OneConfig(KEY))
        self.assertEqual([line[3] for line in self.audit.lines], ["refused 403", "ok", "ok"])


class Quota(OperationCase):
    """What the settings limit."""

    def setUp(self) -> None:
        self.limits = type(self.limits)(max_content=5, enforced=True, quotas=type(self.limits.quotas)(group=1))
        super().setUp()

    def test_limits(self) -> None:
        long = self.assertRaises(ConfigInvalid, self.does.contents.publish, ADMIN, Publication(KEY, "sixsix"))
        self.assertEqual((long.field, long.limit), ("content", 5))
        self.put()
        over = self.does.contents.publish(ADMIN, Publication(("", "g", "e"), "x"))
        self.assertEqual(self.failureResultOf(over).value, OverQuota("group", 1))
