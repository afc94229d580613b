"""The configuration centre on embedded storage while nodes die and come back: what was acknowledged stays."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

from tests.system.config_nodes import (
    CONFIGS,
    GROUP,
    NAMESPACES,
    ConfigCase,
    ConfigCluster,
    Poll,
    Publishers,
    get,
    history,
    md5,
    publish,
    read,
)
from tests.system.nodes import RealNode, wait_for

SMALL_LOG = "nacos.raft.snapshot-bytes=65536\nnacos.raft.segment-bytes=65536"
TABLES = (
    "config_info",
    "his_config_info",
    "config_info_beta",
    "config_info_tag",
    "config_tags_relation",
    "tenant_info",
)


class Watch:
    """
    Asks a node for a config that exists, all the time, whether it runs or not.

    @ivar statuses: what it answered.
    """

    def __init__(self, node: RealNode, data_id: str) -> None:
        self.statuses: dict[int, int] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(node, data_id), daemon=True)
        self._thread.start()

    def _run(self, node: RealNode, data_id: str) -> None:
        while not self._end.is_set():
            try:
                status = get(node, data_id).status
            except (OSError, http.client.HTTPException):
                self._end.wait(0.005)
                continue
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def stop(self) -> dict[int, int]:
        """All the answers by their status."""
        self._end.set()
        self._thread.join(60)
        return self.statuses


def stored(node: RealNode) -> dict[str, list[Any]]:
    """All that stands in a node's database, and the applied index."""
    path = os.path.join(node.home, "data", "config", "config.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.execute("BEGIN")
        found: dict[str, list[Any]] = {table: list(database.execute(f"SELECT * FROM {table}")) for table in TABLES}
        found["applied"] = list(database.execute("SELECT value FROM meta WHERE name = 'applied'"))
        found["check"] = list(database.execute("PRAGMA integrity_check"))
    return found


class Failing(ConfigCase):
    """What the tests here share."""

    def assertSame(self, nodes: ConfigCluster) -> None:
        """All databases are sound and hold the same, row by row."""
        content = str(time.monotonic())
        self.assertTrueAnswer(publish(nodes.nodes[0], "last", content))
        self.assertEverywhere(nodes.nodes, "last", content)
        found: list[dict[str, list[Any]]] = []

        def same() -> bool:
            found[:] = [stored(node) for node in nodes.nodes]  # not at one moment: a write may be on its way
            return all(one == found[0] for one in found)

        with contextlib.suppress(AssertionError):  # which would not tell what differs
            wait_for(same)
        first, *others = found
        self.assertEqual(first["check"], [("ok",)])
        for other in others:
            for table, rows in first.items():
                self.assertEqual(rows, other[table], table)

    @contextlib.contextmanager
    def publishing(self, nodes: ConfigCluster) -> Iterator[Publishers]:
        """Publishers at all nodes while the block runs."""
        publishers = Publishers(nodes.nodes, 1_000_000, f"{self.name}.")
        try:
            yield publishers
        finally:
            publishers.stop()


class KilledTests(Failing):
    """kill -9."""

    def _killed_while_publishing(self, nodes: ConfigCluster, victim: RealNode) -> None:
        with self.publishing(nodes) as publishers:
            wait_for(lambda: len(publishers.acknowledged) > 200)
            victim.kill()
            count = len(publishers.acknowledged)
            wait_for(lambda: len(publishers.acknowledged) > count + 300)
            nodes.restart(victim)
            wait_for(lambda: len(publishers.acknowledged) > count + 800)
        nodes.wait_ready()
        self.assertKept(nodes.nodes, publishers.acknowledged)
        self.assertSame(nodes)

    def test_followers_and_leader(self) -> None:
        """During more than 1,000 publishes, one of each: each acknowledged one is on all nodes, with its history."""
        nodes = self.cluster()
        self._killed_while_publishing(nodes, nodes.followers()[0])
        self.name += ".leader"
        self._killed_while_publishing(nodes, nodes.leader())

    def test_in_a_loop(self) -> None:
        """
        Each node again and again, at any point of applying: it comes back, its database and index agree, all nodes
        hold the same, and at no time does one that restarts deny a config that exists.
        """
        nodes = self.cluster(properties=SMALL_LOG)
        self.assertTrueAnswer(publish(nodes.nodes[0], "known", "content"))
        self.assertEverywhere(nodes.nodes, "known", "content")
        watches = [Watch(node, "known") for node in nodes.nodes]
        with self.publishing(nodes) as publishers:
            for turn in range(9):
                victim = nodes.nodes[turn % 3]
                before = len(publishers.acknowledged)
                wait_for(lambda before=before: len(publishers.acknowledged) > before + 20)  # type: ignore[misc]
                time.sleep(random.random() * 0.1)
                victim.kill()
                nodes.restart(victim)
                nodes.wait_ready([victim])
        statuses = [watch.stop() for watch in watches]
        for one in statuses:
            self.assertGreater(one.get(200, 0), 0)
            self.assertNotIn(404, one)
        self.assertKept(nodes.nodes, publishers.acknowledged)
        self.assertSame(nodes)

    def test_stands_still(self) -> None:
        """The leader, then a follower (SIGSTOP): publishing goes on without it; it has all of it afterwards."""
        nodes = self.cluster()
        with self.publishing(nodes) as publishers:
            for victim in (nodes.leader(), nodes.followers()[0]):
                others = [node for node in nodes.nodes if node is not victim]
                with victim.frozen():
                    wait_for(lambda others=others: publish(others[0], "a", "x").text == "true")  # type: ignore[misc]
                    before = len(publishers.acknowledged)
                    wait_for(lambda before=before: len(publishers.acknowledged) > before)  # type: ignore[misc]
                nodes.wait_ready()
                before = len(publishers.acknowledged)
                wait_for(lambda before=before: len(publishers.acknowledged) > before + 100)  # type: ignore[misc]
        self.assertKept(nodes.nodes, publishers.acknowledged)
        self.assertSame(nodes)

    def test_all_at_once(self) -> None:
        """All nodes die at the same time; what was acknowledged is there when they are."""
        nodes = self.cluster()
        with self.publishing(nodes) as publishers:
            wait_for(lambda: len(publishers.acknowledged) > 200)
            for node in nodes.nodes:
                os.kill(node.pid, signal.SIGKILL)
        watches = [Watch(node, next(iter(publishers.acknowledged))) for node in nodes.nodes]
        nodes.start()
        for watch in watches:
            wait_for(lambda watch=watch: watch.statuses.get(200))  # type: ignore[misc]
            self.assertNotIn(404, watch.stop())
        self.assertKept(nodes.nodes, publishers.acknowledged)
        self.assertSame(nodes)

    def test_listener_goes_on(self) -> None:
        """The client's listener whose node stops hears of the next publish by another node."""
        nodes = self.cluster()
        away, other, last = nodes.nodes
        self.assertTrueAnswer(publish(away, "a", "v1"))
        self.assertEverywhere(nodes.nodes, "a", "v1")
        heard = self.watch(self.sdk(away, other), "a")
        asked = {"dataId": "a", "group": GROUP}
        wait_for(lambda: away.request("GET", CONFIGS + "/listener", asked).json["lisentersGroupkeyStatus"])
        away.stop()
        self.assertTrueAnswer(publish(last, "a", "v2"))
        wait_for(lambda: "v2" in heard)

    def test_alone(self) -> None:
        """A node that stands alone, killed in a loop while it is published to."""
        nodes = self.cluster(1, SMALL_LOG, ())
        node = nodes.nodes[0]
        kept: dict[str, str] = {}
        for turn in itertools.count():
            publishers = Publishers([node], 100_000, f"{turn}.", 2)
            wait_for(lambda publishers=publishers: len(publishers.acknowledged) > 50)  # type: ignore[misc]
            node.kill()
            publishers.stop()
            kept.update(publishers.acknowledged)
            if turn == 4:
                break
            nodes.restart(node)
            nodes.wait_ready()
        watch = Watch(node, "0.0")
        nodes.restart(node)
        nodes.wait_ready()
        wait_for(lambda: watch.statuses.get(200))
        self.assertNotIn(404, watch.stop())
        self.assertKept([node], kept)
        self.assertSame(nodes)


class SnapshotTests(Failing):
    """A node that the log no longer helps."""

    def test_wiped_and_long_dead(self) -> None:
        """Both get all of it, history and namespaces too, and deny nothing meanwhile; they take part again."""
        nodes = self.cluster(properties=SMALL_LOG)
        leader = nodes.leader()
        first, absent = (node for node in nodes.nodes if node is not leader)
        others = first, leader
        self.assertTrueAnswer(publish(absent, "known", "old"))
        self.assertEverywhere(nodes.nodes, "known", "old")
        absent.stop()
        self.assertTrueAnswer(publish(others[0], "known", "beta", {"betaIps": "10.9.8.1"}))
        self.assertTrueAnswer(publish(others[0], "known", "tagged", tag="t1"))
        space = {"customNamespaceId": "space", "namespaceName": "name", "namespaceDesc": "描述"}
        self.assertTrueAnswer(others[0].request("POST", NAMESPACES, space))
        for number in range(300):
            self.assertTrueAnswer(publish(others[number % 2], f"c{number}", f"{number} " + "x" * 1024))
        self.assertTrueAnswer(publish(others[0], "known", "new"))
        watch = Watch(absent, "known")
        nodes.restart(absent)
        nodes.wait_ready([absent])
        self.assertEverywhere([absent], "known", "new")
        self.assertNotIn(404, watch.stop())
        self.assertSame(nodes)
        wiped = nodes.leader()
        wiped.kill()
        shutil.rmtree(os.path.join(wiped.home, "data"))
        watch = Watch(wiped, "known")
        nodes.restart(wiped)
        nodes.wait_ready([wiped])
        wait_for(lambda: watch.statuses.get(200))
        self.assertNotIn(404, watch.stop())
        self.assertEqual([read(wiped, f"c{number}") for number in (0, 299)], [f"{n} " + "x" * 1024 for n in (0, 299)])
        for node in (absent, wiped):
            self.assertEqual(read(node, "known", "10.9.8.1"), "beta")
            self.assertEqual(read(node, "known", tag="t1"), "tagged")
            self.assertIn("描述", node.request("GET", NAMESPACES).text)
        self.assertEqual(history(wiped, "known"), history(others[0], "known"))
        self.assertSame(nodes)
        self.assertTrueAnswer(publish(wiped, "after", "x"))
        self.assertEverywhere(nodes.nodes, "after", "x")
        for node in (absent, wiped):
            names = os.listdir(os.path.join(node.home, "data", "raft"))
            self.assertTrue([name for name in names if "snap" in name], names)


class BehindTests(Failing):
    """A node that lacks what was published while it was away, by a leader that stayed the same."""

    LARGE = "x" * 5 * 1024 * 1024

    def _nothing_denied(self, wipe: str) -> None:
        nodes = self.cluster()
        away = nodes.followers()[0]
        if wipe != "data":
            away.stop()
        wanted = [f"c{number}" for number in range(8)]
        for data_id in wanted:
            self.assertTrueAnswer(publish(nodes.leader(), data_id, self.LARGE))
        if wipe == "data":
            self.assertEverywhere(nodes.nodes, wanted[-1], self.LARGE)
            away.kill()
        if wipe:
            shutil.rmtree(os.path.join(away.home, wipe))
        watch = Watch(away, wanted[-1])
        self.addCleanup(watch.stop)
        nodes.restart(away)
        nodes.wait_ready([away])
        self.assertEqual([get(away, data_id).status for data_id in wanted], [200] * len(wanted))
        self.assertNotIn(404, watch.stop())
        self.assertSame(nodes)

    def test_stopped(self) -> None:
        """It is not in order, and denies none of it, until it has it."""
        self._nothing_denied("")

    def test_wiped(self) -> None:
        """So one that has lost everything."""
        self._nothing_denied("data")

    def test_database_lost(self) -> None:
        """One that has its log, but has lost its database, makes that again."""
        self._nothing_denied(os.path.join("data", "config"))


class MajorityTests(Failing):
    """Without one."""

    def test_last_node(self) -> None:
        """
        Reading and listening go on, publishing is refused and changes nothing, the node is not ready; all resumes with
        a majority.
        """
        nodes = self.cluster()
        last = nodes.leader()
        gone = nodes.followers()
        self.assertTrueAnswer(publish(last, "a", "v1"))
        self.assertEverywhere(nodes.nodes, "a", "v1")
        poll = Poll(last, {"a": md5("v1")}, "10.9.4.1").wait()
        for node in gone:
            node.kill()
        wait_for(lambda: not last.ready())
        for number in range(3):
            answer = publish(last, "a", f"refused {number}")
            self.assertEqual(answer.status, 503, answer)
            self.assertEqual(publish(last, "b", "refused").status, 503)
        self.assertEqual(read(last, "a"), "v1")
        self.assertIs(read(last, "b"), None)
        self.assertEqual(len(history(last, "a")), 1)
        self.assertTrue(poll.waits)
        self.assertEqual(Poll(last, {"a": md5("old")}, "10.9.4.2").changed(), {"a"})
        self.assertNotEqual(last.readiness().text, "OK")
        for node in gone:
            nodes.restart(node)
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "a", "v1")
        self.assertTrue(poll.waits)
        self.assertTrueAnswer(publish(gone[0], "a", "v2"))
        self.assertEqual(poll.changed(), {"a"})
        self.assertEverywhere(nodes.nodes, "a", "v2")
        self.assertEverywhere(nodes.nodes, "b", None)
        self.assertEqual(len(history(last, "a")), 2)
