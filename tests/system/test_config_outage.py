"""Three real nodes whose database goes away, comes back, may not be written to, or is not what they need."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests import mariadb, postgres
from tests.system.config_nodes import (
    CS,
    ConfigCase,
    ConfigCluster,
    Poll,
    Publishers,
    get,
    md5,
    past_contents,
    publish,
    read,
)
from tests.system.homes import Home
from tests.system.nodes import RealNode, wait_for
from tests.system.test_config_failures import Watch
from tests.system.test_config_mysql import properties
from tests.system.test_config_postgres import properties as on_postgres

BOUND = 20.0
"""Seconds: the time limits of the URL (1 s to connect, 3 s for an answer) for a write and its one repetition, and as
much again for a machine that is busy."""


def health(node: RealNode) -> str:
    return node.request("GET", CS + "/health").text


class Outages:
    """
    A server of their own, which they stop.

    @cvar place: starts servers; C{lines}: from URLs to lines of application.properties.
    """

    place: Any
    lines: Callable[..., str]

    def setUp(self) -> None:
        super().setUp()
        self.server = self.place.server("outage")
        self.addCleanup(self._well)

    def _well(self) -> None:
        if not self.server.running:
            self.server.start()
        self.server.resume()

    def nodes(self, size: int = 3) -> ConfigCluster:
        """Nodes on a new database."""
        self.database = self.server.fresh()
        return self.cluster(size, type(self).lines(*self.database.urls), ())

    def assertReads(self, nodes: list[RealNode], data_id: str, content: str) -> None:
        """Each gives it, and waits for no database."""
        for node in nodes:
            self.assertTrue(any(self._at_once(node, data_id, content) for _ in range(10)), node.address)

    def _at_once(self, node: RealNode, data_id: str, content: str) -> bool:
        """Whether it took less than the database's limits of time; on a busy machine anything may take long once."""
        began = time.monotonic()
        self.assertEqual(get(node, data_id).text, content)
        return time.monotonic() - began < 1

    def assertRefused(self, node: RealNode, data_id: str) -> None:
        """A write fails, says so, and gives nothing away."""
        began = time.monotonic()
        answer = publish(node, data_id, "refused")
        self.assertGreaterEqual(answer.status, 500, answer)
        self.assertLess(time.monotonic() - began, BOUND)
        self.assertTrue(answer.text.startswith("caused: "), answer)
        for secret in (self.place.PASSWORD, self.place.USER + "'", "Traceback", "INSERT"):
            self.assertNotIn(secret, answer.text)

    def assertSecret(self, nodes: ConfigCluster) -> None:
        """The password is in no file that the nodes wrote."""
        looked_at = 0
        for node in nodes.nodes:
            for folder, _, names in os.walk(node.home):
                for name in names:
                    if folder.endswith("conf") and name == "application.properties":
                        continue
                    looked_at += 1
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(self.place.PASSWORD.encode(), file.read(), name)
        self.assertGreater(looked_at, 3)

    def resumed(self, nodes: ConfigCluster, polls: list[Poll]) -> None:
        """Publishing works again by itself, and is heard of."""
        first, last = nodes.nodes[0], nodes.nodes[-1]
        wait_for(lambda: publish(first, "a", "v2").text == "true", why="publishing to work again")
        for poll in polls:
            self.assertEqual(poll.changed(), {"a"})
        self.assertEverywhere(nodes.nodes, "a", "v2")
        wait_for(lambda: publish(last, "a", "v3").text == "true", why="publishing at another node to work again")
        self.assertEverywhere(nodes.nodes, "a", "v3")
        for node in nodes.nodes:
            wait_for(lambda node=node: health(node) == "UP", why="health")  # type: ignore[misc]
        self.assertSecret(nodes)

    def _away(self, nodes: ConfigCluster) -> list[Poll]:
        """While it is away."""
        self.assertReads(nodes.nodes, "a", "v1")
        self.assertRefused(nodes.nodes[0], "a")
        self.assertRefused(nodes.nodes[1], "b")
        self.assertReads(nodes.nodes, "a", "v1")
        for node in nodes.nodes:
            self.assertEqual(Poll(node, {"a": md5("old")}, "10.9.5.1").changed(), {"a"})
            wait_for(lambda node=node: health(node).startswith("DOWN"), why="health to tell")  # type: ignore[misc]
        return [Poll(node, {"a": md5("v1")}, "10.9.5.3").wait() for node in nodes.nodes]

    def _started(self) -> tuple[ConfigCluster, list[Poll]]:
        nodes = self.nodes()
        self.assertTrueAnswer(publish(nodes.nodes[0], "a", "v1"))
        self.assertEverywhere(nodes.nodes, "a", "v1")
        return nodes, [Poll(node, {"a": md5("v1")}, "10.9.5.2").wait() for node in nodes.nodes]

    def test_stands_still(self) -> None:
        """It keeps its connections and answers nothing (SIGSTOP)."""
        nodes, polls = self._started()
        self.server.pause()
        polls += self._away(nodes)
        self.assertFalse([poll for poll in polls if poll.ended])
        self.server.resume()
        self.resumed(nodes, polls)

    def test_killed(self) -> None:
        """
        It is gone (kill -9). A node that starts meanwhile serves what it had, says so, and catches up with what it
        missed when the database is back.
        """
        nodes, polls = self._started()
        late = nodes.nodes[-1]
        self.assertTrueAnswer(publish(nodes.nodes[0], "late", "old"))
        self.assertEverywhere(nodes.nodes, "late", "old")
        self.assertTrueAnswer(publish(nodes.nodes[0], "late", "beta", {"betaIps": "10.9.8.1"}))
        self.assertTrueAnswer(publish(nodes.nodes[0], "late", "tagged", tag="t1"))
        self.assertEverywhere(nodes.nodes, "late", "beta", ip="10.9.8.1")
        self.assertEverywhere(nodes.nodes, "late", "tagged", tag="t1")
        polls.pop()
        late.stop()
        self.assertTrueAnswer(publish(nodes.nodes[0], "late", "new"))
        self.server.kill()
        nodes.restart(late)
        self.assertReads([late], "a", "v1")
        self.assertReads([late], "late", "old")
        self.assertEqual([read(late, "late", "10.9.8.1"), read(late, "late", tag="t1")], ["beta", "tagged"])
        wait_for(lambda: "local copy" in late.log or "served" in late.log, why="the log to tell")
        polls += self._away(nodes)
        poll = Poll(late, {"late": md5("old")}, "10.9.5.4").wait()
        self.assertFalse([poll for poll in polls if poll.ended])
        self.server.start()
        self.assertEqual(poll.changed(), {"late"})
        self.resumed(nodes, polls)
        self.assertEverywhere([late], "late", "new")

    def test_starts_while_it_stands_still(self) -> None:
        """A node that starts while the database does not answer says of no config that it does not exist, and serves
        what it had at once."""
        nodes, _ = self._started()
        late = nodes.nodes[-1]
        late.kill()
        self.server.pause()
        watch = Watch(late, "a")
        self.addCleanup(watch.stop)
        nodes.restart(late)
        wait_for(lambda: watch.statuses.get(200), why="the copy to be served")
        self.assertEqual(get(late, "never").status, 503)
        self.server.resume()
        wait_for(lambda: get(late, "never").status == 404, why="the comparison")
        self.assertLessEqual(set(watch.stop()), {200, 503})

    def test_killed_while_publishing(self) -> None:
        """First a node, then the database, during 1,000 publishes: each acknowledged one is there with its history."""
        nodes = self.nodes()
        victim = nodes.nodes[1]
        publishers = Publishers(nodes.nodes, 1_000_000, "k")
        self.addCleanup(publishers.stop)
        wait_for(lambda: len(publishers.acknowledged) > 150)
        victim.kill()
        wait_for(lambda: len(publishers.acknowledged) > 300)
        self.server.kill()
        self.server.start()
        nodes.restart(victim)
        nodes.wait_ready()
        wait_for(lambda: len(publishers.acknowledged) > 1000)
        publishers.stop()
        wait_for(lambda: publish(victim, "a", "x").text == "true")
        self.assertKept(nodes.nodes, publishers.acknowledged)
        found = self.server.admin("SELECT COUNT(*), COUNT(DISTINCT data_id) FROM config_info", self._database_name())
        rows = self.server.admin("SELECT COUNT(*), COUNT(DISTINCT data_id) FROM his_config_info", self._database_name())
        self.assertEqual(found[0][0], found[0][1])
        self.assertEqual(found[0][1], rows[0][1])

    def _database_name(self) -> str:
        return self.database.urls[0].rpartition("/")[2].partition("?")[0]

    def test_cold_start_without(self) -> None:
        """A node that never knew a config does not say that there is none: it says that it cannot know."""
        nodes, _ = self._started()
        late = nodes.nodes[-1]
        late.kill()
        for name in os.listdir(os.path.join(late.home, "data", "config")):
            os.unlink(os.path.join(late.home, "data", "config", name))
        self.server.kill()
        nodes.restart(late)
        answer = wait_for(lambda: get(late, "a"))
        self.assertEqual(answer.status, 503, answer)
        self.server.start()
        wait_for(lambda: read(late, "a") == "v1")
        self.assertSecret(nodes)

    def test_no_majority(self) -> None:
        """Two of four nodes: nobody leads, but publishing works and the other node hears of it."""
        nodes = self.nodes(4)
        one, other, *gone = nodes.nodes
        self.assertTrueAnswer(publish(one, "a", "v1"))
        self.assertEverywhere(nodes.nodes, "a", "v1")
        for node in gone:
            node.kill()
        wait_for(lambda: one.register("s", "10.0.0.1", ephemeral="false").status == 503, why="no majority")
        poll = Poll(other, {"a": md5("v1")}, "10.9.6.1").wait()
        self.assertTrueAnswer(publish(one, "a", "v2"))
        self.assertEqual(poll.changed(), {"a"})
        self.assertEverywhere([one, other], "a", "v2")
        self.assertTrueAnswer(publish(other, "a", "v3"))
        self.assertEverywhere([one, other], "a", "v3")
        for node in gone:
            nodes.restart(node)
        self.assertEverywhere(gone, "a", "v3")

    def test_written_by_others(self) -> None:
        """A row that somebody else wrote to the database is served after a dump; C{/ops/localCache} asks for one."""
        nodes, polls = self._started()
        name = self._database_name()
        self.server.admin(
            f"UPDATE config_info SET content='by hand', md5='{md5('by hand')}', gmt_modified=NOW() WHERE data_id='a'",
            name,
        )
        for node in nodes.nodes:
            self.assertEqual(node.request("POST", CS + "/ops/localCache").text, "200")
        self.assertEverywhere(nodes.nodes, "a", "by hand")
        self.assertEqual([poll.changed() for poll in polls], [{"a"}] * 3)


class OutageTests(Outages, ConfigCase):
    """On MariaDB."""

    skip = mariadb.missing() or None
    place, lines = mariadb, staticmethod(properties)

    def test_read_only(self) -> None:
        """Of two databases the first may not be written to: it never is, and the second is the one in use."""
        replica = mariadb.server("replica")
        refused, used = replica.fresh(), self.server.fresh()
        replica.admin("SET GLOBAL read_only=1")
        self.addCleanup(replica.admin, "SET GLOBAL read_only=0")
        nodes = self.cluster(3, properties(*refused.urls, *used.urls), ())
        for number, node in enumerate(nodes.nodes):
            self.assertTrueAnswer(publish(node, f"a{number}", "v1"))
            self.assertEverywhere(nodes.nodes, f"a{number}", "v1")
        counts = []
        for server, settings in ((replica, refused), (self.server, used)):
            name = settings.urls[0].rpartition("/")[2].partition("?")[0]
            counts.append(server.admin(f"SELECT COUNT(*) FROM {name}.config_info")[0][0])
        self.assertEqual(counts, [0, 3])
        self.server.pause()
        self.assertRefused(nodes.nodes[0], "a0")
        self.assertReads(nodes.nodes, "a0", "v1")
        self.server.resume()
        wait_for(lambda: publish(nodes.nodes[0], "a0", "v2").text == "true")
        name = refused.urls[0].rpartition("/")[2].partition("?")[0]
        self.assertEqual(replica.admin(f"SELECT COUNT(*) FROM {name}.config_info")[0][0], 0)
        self.assertEqual(past_contents(nodes.nodes[1], "a0")[0], ("I", "v1"))
        self.assertSecret(nodes)


class OutageOnPostgresTests(Outages, ConfigCase):
    """The same on PostgreSQL."""

    skip = postgres.missing() or None
    place, lines = postgres, staticmethod(on_postgres)


class StartTests(Home):
    """Databases that a node cannot begin with."""

    skip = mariadb.missing() or None

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The name of one."""
        server = mariadb.server()
        name = server.fresh().urls[0].rpartition("/")[2].partition("?")[0]
        yield name
        server.admin(f"DROP DATABASE {name}")

    def test_missing_table(self) -> None:
        """One line that names the file to run; so for an empty database."""
        server = mariadb.server()
        with self.database() as name:
            node = self.node("one", properties(server.url(name)))
            server.admin("DROP TABLE his_config_info", name)
            said = self.refused(node, "-m", "standalone")
            self.assertIn("his_config_info", said)
            self.assertIn("conf/nacos-mysql.sql", said)
        empty = server.database(None)
        node = self.node("two", properties(server.url(empty)))
        self.assertIn("conf/nacos-mysql.sql", self.refused(node, "-m", "standalone"))

    def test_wrong_settings(self) -> None:
        """A node that has nothing to serve does not start with a wrong password, or the name of no database."""
        server = mariadb.server()
        with self.database() as name:
            node = self.node("password", properties(server.url(name), password="wr0ng-P@ss"))
            self.assertIn("access denied: check db.user and db.password", self.refused(node, "-m", "standalone"))
            node = self.node("name", properties(server.url(f"{name}_x")))
            self.assertIn("there is no such database on it", self.refused(node, "-m", "standalone"))

    def test_refused_connection(self) -> None:
        """Nobody listens where the database should be: terminal, start.out, readiness and health say so."""
        server = mariadb.Server()
        self.addCleanup(server.close)
        url = server.url(server.database())
        server.kill()
        node = self.node("home", properties(url))
        node.start("-m", "standalone")
        self.assertNotIn("successfully", node.log)
        for said in (node.log, node.output):
            self.assertIn("without its database: database 127.0.0.1: no connection to the database: Connection", said)
        self.assertIn("Connection refused", wait_for(lambda: node.readiness().text))
        self.assertIn("Connection refused", health(node))
        self.assertEqual(node.readiness().status, 500)
        self.assertEqual(get(node, "a").status, 503)
        server.start()
        wait_for(node.ready)
        self.assertEqual(publish(node, "a", "x").text, "true")

    def test_password_changed(self) -> None:
        """
        A node that has a copy serves it when the password is not right any more. It is said, but the password is not.
        """
        server = mariadb.server()
        with self.database() as name:
            node = self.node("home", properties(server.url(name)))
            node.start("-m", "standalone")
            wait_for(node.ready)
            self.assertEqual(publish(node, "a", "x").text, "true")
            node.stop()
            self.write(
                node,
                "application.properties",
                f"server.port={node.port}\n" + properties(server.url(name), password="wr0ng-P@ss"),
            )
            node.start("-m", "standalone")
            self.assertIn("access denied", node.output)
            self.assertIn("access denied", health(node))
            self.assertGreaterEqual(publish(node, "a", "y").status, 500)
            self.assertEqual(get(node, "a").text, "x")
            for folder, _, names in os.walk(os.path.join(node.home, "logs")):
                for name_ in names:
                    with open(os.path.join(folder, name_)) as file:
                        self.assertNotIn("wr0ng-P@ss", file.read())
