"""The face, and three nodes on one database."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import store_search
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.commands import Command, Publish, PublishBeta, Remove
from nacos_tw.config.configs import Configs
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.problems import CasConflict
from nacos_tw.database.external import ExternalBackend
from nacos_tw.errors import Unavailable
from nacos_tw.push.longpoll import LongPolls
from nacos_tw.storage.errors import OutcomeUnknown
from tests.config.fakes import Database, local_file, md5

KEY = ("", "g", "d")


class Nodes(SynchronousTestCase):
    """Three nodes; C{cut} holds pairs that cannot reach each other."""

    def setUp(self) -> None:
        self.clock = Clock()
        folder = self.mktemp()
        self.database = Database(f"{folder}/shared.db")
        self.addCleanup(self.database.file.close)
        self.cut: set[tuple[str, str]] = set()
        self.backends: dict[str, ExternalBackend] = {}
        self.polls: dict[str, LongPolls] = {}
        self.nodes = {name: self.node(name, f"{folder}/{name}.db") for name in ("one", "two", "three")}
        for backend in self.backends.values():
            backend.startService()
            self.addCleanup(backend.stopService)

    def node(self, name: str, path: str) -> Configs:
        local = local_file(self.clock, path)
        cache = ConfigCache(local)

        def ask(peer: str, what: str, body: bytes) -> Deferred[bytes]:
            if (name, peer) in self.cut:
                return fail(Unavailable("no connection"))
            return maybeDeferred(self.backends[peer].notices.asked, name, body)

        def others() -> list[str]:
            return [other for other in self.backends if other != name]

        self.backends[name] = ExternalBackend(
            self.clock, self.database, cache, local, lambda: 0.5, lambda: 5000, ask, others
        )
        listeners = Listeners(cache)
        self.polls[name] = LongPolls(self.clock, listeners, list)
        return Configs(self.backends[name], cache, listeners)

    def publish(self, node: str, text: str, **more: Any) -> Any:
        return self.successResultOf(self.nodes[node].write(Publish(KEY, text, "text", 5, **more)))

    def contents(self, client_ip: str = "9.9.9.9") -> list[str | None]:
        """What each node gives."""
        found = [node.read(KEY, client_ip) for node in self.nodes.values()]
        return [None if each is None else each.content.decode() for each in found]

    def test_a_write_shows_on_all(self) -> None:
        """Publishing, a beta copy, and a removal."""
        self.assertIs(self.publish("one", "first"), True)
        self.assertEqual(self.contents(), ["first"] * 3)
        self.successResultOf(self.nodes["two"].write(PublishBeta(KEY, "beta", "1.1.1.1", 6)))
        self.assertEqual(self.contents("1.1.1.1"), ["beta"] * 3)
        self.successResultOf(self.nodes["three"].write(Remove(KEY, 7)))
        self.assertEqual(self.contents(), [None] * 3)
        self.assertEqual(self.contents("1.1.1.1"), ["beta"] * 3)

    def test_those_who_listen_are_told_on_all(self) -> None:
        """Of the first change."""
        waiting = [polls.wait([(KEY, "")], "9.9.9.9") for polls in self.polls.values()]
        self.publish("one", "first")
        self.clock.advance(0)
        self.assertEqual([self.successResultOf(each) for each in waiting], [[KEY]] * 3)

    def test_a_writer_that_gives_up(self) -> None:
        """The database may commit all the same: then all show it at once, and those who listen are told."""
        waiting = [polls.wait([(KEY, "")], "9.9.9.9") for polls in self.polls.values()]
        self.database.holding = True
        done = self.nodes["one"].write(Publish(KEY, "first", "text", 5))
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.database.holding = False
        self.database.release()
        self.assertEqual(self.contents(), ["first"] * 3)
        self.clock.advance(0)
        self.assertEqual([self.successResultOf(each) for each in waiting], [[KEY]] * 3)

    def test_a_refusal_is_the_writers(self) -> None:
        """And nobody is told anything."""
        self.publish("one", "first")
        sent = self.backends["two"].notices.sent
        refused = self.nodes["two"].write(Publish(KEY, "other", "text", 6, cas_md5=md5("stale")))
        self.failureResultOf(refused, CasConflict)
        self.assertEqual(self.contents(), ["first"] * 3)
        self.assertEqual(self.backends["two"].notices.sent, sent)

    def test_a_write_that_changes_nothing_is_not_told(self) -> None:
        """Such as the removal of what is not there."""
        self.assertIs(self.successResultOf(self.nodes["one"].write(Remove(KEY, 5))), True)
        self.assertEqual(self.backends["one"].notices.sent, 0)

    def test_a_node_that_was_cut_off_hears_of_it_later(self) -> None:
        """By the same notice; or by itself, when it compares."""
        self.cut.add(("one", "two"))
        self.publish("one", "first")
        self.assertEqual(self.contents(), ["first", None, "first"])
        self.cut.clear()
        self.clock.advance(1)
        self.assertEqual(self.contents(), ["first"] * 3)
        self.cut |= {("one", "two"), ("one", "three")}
        self.publish("one", "second")
        for _ in range(30):
            self.clock.advance(1)
        self.assertEqual(self.contents(), ["second"] * 3)

    def test_notices_in_the_wrong_order_do_no_harm(self) -> None:
        """The row is read, whatever the notice was about."""
        self.cut.add(("one", "three"))
        self.publish("one", "first")
        self.publish("two", "second")
        self.assertEqual(self.contents(), ["second"] * 3)
        self.cut.clear()
        self.clock.advance(1)
        self.assertEqual(self.contents(), ["second"] * 3)

    def test_a_committed_write_is_answered_though_it_cannot_be_read_back(self) -> None:
        """
        The writer serves what it has committed. The others, which are told that there is a change, do not say that
        there is no such config.
        """
        self.away_after("one", Publish(KEY, "first", "text", 5))
        self.assertEqual(self.nodes["one"].read(KEY, "9.9.9.9").content, b"first")
        for name in ("two", "three"):
            self.assertRaises(Unavailable, self.nodes[name].read, KEY, "9.9.9.9")
            self.assertNoResult(self.polls[name].wait([(KEY, md5("old"))], "9.9.9.9"))
        self.assertIn("the database is away", self.nodes["one"].reason())
        self.back()
        self.assertEqual(self.contents(), ["first"] * 3)

    def test_a_committed_change_is_never_followed_by_what_was_before(self) -> None:
        """At the node that made it, for an update, a copy and a removal; known nothing about, it is 503."""
        self.publish("one", "first")
        self.away_after("one", Publish(KEY, "second", "text", 6))
        self.assertEqual(self.contents(), ["second", "first", "first"])
        self.back()
        self.assertEqual(self.contents(), ["second"] * 3)
        for command in (PublishBeta(KEY, "beta", "1.1.1.1", 7), Remove(KEY, 8)):
            self.away_after("one", command)
            self.assertRaises(Unavailable, self.nodes["one"].read, KEY, "1.1.1.1")
            self.assertNoResult(self.polls["one"].wait([(KEY, md5("old"))], "9.9.9.9"))
            self.back()
        self.assertEqual(self.contents(), [None] * 3)

    def away_after(self, name: str, command: Command) -> None:
        """The database goes away when it has committed that write."""
        self.database.holding = True
        done = self.nodes[name].write(command)
        self.database.holding, self.database.away = False, True
        self.database.release()
        self.assertIs(self.successResultOf(done), True)

    def back(self) -> None:
        """It can be reached again, and was tried."""
        self.database.away = False
        for _ in range(10):
            self.clock.advance(1)

    def test_a_write_of_unknown_outcome_is_looked_at(self) -> None:
        """It may have been committed, and then shows."""
        self.database.error = OutcomeUnknown()
        self.failureResultOf(self.nodes["one"].write(Publish(KEY, "first", "text", 5)), OutcomeUnknown)
        self.assertEqual(self.contents(), ["first"] * 3)

    def test_without_the_database(self) -> None:
        """Writes fail, reading goes on, and both is said."""
        self.publish("one", "first")
        self.database.away = True
        self.failureResultOf(self.nodes["one"].write(Publish(KEY, "other", "text", 6)), Unavailable)
        self.failureResultOf(self.nodes["one"].query(store_search.full_row, KEY), Unavailable)
        self.assertEqual(self.contents(), ["first"] * 3)
        self.assertEqual(self.nodes["one"].health(), "DOWN:master db (127.0.0.1) down. ")

    def test_queries_go_to_the_database(self) -> None:
        """As functions of a transaction."""
        self.publish("one", "first")
        row = self.successResultOf(self.nodes["two"].query(store_search.full_row, KEY))
        assert row is not None
        self.assertEqual(row.content, "first")

    def test_a_comparison_may_be_asked_for(self) -> None:
        """And finds what nobody told of."""
        self.assertTrue(all(backend.ready for backend in self.backends.values()))
        columns = "data_id, group_id, tenant_id, content, md5, gmt_create, gmt_modified"
        self.database.sql(f"INSERT INTO config_info ({columns}) VALUES ('d', 'g', '', 'x', ?, 1, 1)", md5("x"))
        self.nodes["one"].compare_all()
        self.assertEqual(self.contents(), ["x", None, None])

    def test_another_servers_word_is_taken(self) -> None:
        """That a row has changed."""
        self.database.do(Publish(KEY, "first", "text", 5))
        self.nodes["one"].data_changed(("public", "g", "d"))
        self.assertEqual(self.contents(), ["first", None, None])

    def test_the_public_namespace_by_any_name(self) -> None:
        """Reading takes it as it is sent."""
        self.publish("one", "first")
        chosen, entry = self.nodes["one"].read(("public", "g", "d"), "9.9.9.9"), self.nodes["one"].entry(KEY)
        assert chosen is not None
        self.assertIs(chosen.entry, entry)
        self.assertIs(self.nodes["one"].entry(("NULL", "g", "d")), entry)
        self.assertIsNone(self.nodes["one"].entry(("t", "g", "d")))
