"""Real nodes whose config.db is damaged: they make it again, from their own log or from the leader."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time

from tests.system.config_nodes import CS, ConfigCase, ConfigCluster, history, past, publish, read
from tests.system.homes import damage_middle
from tests.system.nodes import RealNode, wait_for

CHECK = "nacos.config.content-check.period-seconds=1"
SMALL_LOG = "nacos.raft.snapshot-bytes=65536\nnacos.raft.segment-bytes=65536"


def database(node: RealNode) -> str:
    return os.path.join(node.home, "data", "config", "config.db")


def spoil(path: str, first: int = 0) -> None:
    """Random bytes at the beginning of each page from that one on."""
    with open(path, "r+b") as file:
        for place in range(first * 4096, os.path.getsize(path), 4096):
            file.seek(place)
            file.write(os.urandom(64))


def change_content(node: RealNode, data_id: str, content: str) -> None:
    """What a disk does that changes bytes: the md5 beside it stays."""
    with contextlib.closing(sqlite3.connect(database(node), timeout=30)) as connection, connection:
        connection.execute("UPDATE config_info SET content = ? WHERE data_id = ?", (content, data_id))


def stored_content(node: RealNode, data_id: str) -> str:
    """As the file has it; "" while it is being made again."""
    with contextlib.closing(sqlite3.connect(f"file:{database(node)}?mode=ro", timeout=30, uri=True)) as connection:
        try:
            found = connection.execute("SELECT content FROM config_info WHERE data_id = ?", (data_id,)).fetchone()
        except sqlite3.Error:
            return ""
    return found[0] if found else ""


class DamagedDatabaseTests(ConfigCase):
    """What was published stays, and is said to be made again meanwhile."""

    def fill(self, nodes: ConfigCluster, count: int = 60) -> dict[str, str]:
        found = {}
        for number in range(count):
            data_id, content = f"c{number}", f"{number} " + "x" * 2000
            self.assertTrueAnswer(publish(nodes.nodes[number % len(nodes.nodes)], data_id, content))
            found[data_id] = content
        return found

    def assertMended(self, node: RealNode) -> None:
        self.assertIn("damaged", node.full_log)
        self.assertIn("are made again from the log", node.full_log)
        self.assertNotIn("Traceback", node.full_log + node.log)
        folder = os.path.join(os.path.dirname(database(node)), "damaged-1")
        self.assertIn("config.db", os.listdir(folder))

    def test_alone(self) -> None:
        """One node alone: at the start, from its snapshot and its log; then while it runs, by who reads."""
        nodes = self.cluster(1, SMALL_LOG, ())
        node = nodes.nodes[0]
        wanted = self.fill(nodes)
        before = history(node, "c1")
        node.stop()
        spoil(database(node))
        nodes.restart(node)
        nodes.wait_ready()
        self.assertKept([node], wanted)
        self.assertEqual(history(node, "c1"), before)
        self.assertMended(node)
        node.stop()
        nodes.restart(node)
        nodes.wait_ready()
        spoil(database(node))
        told = set()

        def mended() -> bool:
            # a search reads in a thread of its own; the damage is found by one of these
            params = {"search": "accurate", "dataId": "", "group": "", "pageNo": 1, "pageSize": 100}
            answer = node.request("GET", CS + "/configs", params)
            told.add(node.readiness().text)
            return answer.status == 200 and answer.json["totalCount"] == len(wanted) and len(told) > 1

        wait_for(mended, why="the configs to be made again")
        nodes.wait_ready()
        self.assertTrue([text for text in told if "damaged" in text], told)
        self.assertKept([node], wanted)
        self.assertTrueAnswer(publish(node, "more", "y"))
        self.assertIn("damaged-2", os.listdir(os.path.dirname(database(node))))
        node.kill()
        nodes.restart(node)
        nodes.wait_ready()
        self.assertKept([node], {**wanted, "more": "y"})

    def test_contents_in_a_cluster(self) -> None:
        """A content that the disk has changed is noticed, and put right by what another node has; nobody gets it."""
        nodes = self.cluster(3, CHECK)
        self.assertTrueAnswer(publish(nodes.nodes[0], "a", "right"))
        for node in nodes.nodes:
            wait_for(lambda node=node: read(node, "a") == "right", why="the publish to be everywhere")
        for node in (nodes.leader(), nodes.followers()[0]):
            change_content(node, "a", "wrong")
            wait_for(lambda node=node: node.metric("nacos_config_md5_healed_total") == 1, why="it to be put right")
            self.assertEqual(node.metric("nacos_config_md5_differs"), 0)
            self.assertEqual(stored_content(node, "a"), "right")
            self.assertIn("the config 'a' of group 'g' (config_info", node.full_log)
            self.assertNotIn("wrong", node.full_log)
            self.assertEqual(read(node, "a"), "right")
            node.stop()
            nodes.restart(node)
            nodes.wait_ready()
            self.assertEqual(read(node, "a"), "right")

    def test_contents_alone(self) -> None:
        """Alone, the log and its snapshot have it: the file is made again from these."""
        nodes = self.cluster(1, CHECK, ())
        node = nodes.nodes[0]
        wanted = self.fill(nodes, 5)
        change_content(node, "c1", "wrong")
        wait_for(lambda: stored_content(node, "c1") == wanted["c1"], why="the configs to be made again")
        nodes.wait_ready()
        wait_for(lambda: node.metric("nacos_config_md5_differs") == 0, why="it to be looked at again")
        self.assertKept([node], wanted)
        self.assertMended(node)
        self.assertIn("the config 'c1' of group 'g'", node.full_log)

    def test_nothing_to_make_it_from(self) -> None:
        """A node alone whose log is gone as well does not begin with nothing."""
        nodes = self.cluster(1, "", ())
        node = nodes.nodes[0]
        self.assertTrueAnswer(publish(node, "a", "x"))
        node.stop()
        spoil(database(node))
        os.rename(os.path.join(node.home, "data", "raft"), os.path.join(node.home, "raft"))
        self.assertNotEqual(node.start(*nodes.arguments, check=False), 0)
        self.assertIn(database(node), node.output)
        os.rename(os.path.join(node.home, "raft"), os.path.join(node.home, "data", "raft"))
        nodes.restart(node)
        nodes.wait_ready()
        self.assertEqual(read(node, "a"), "x")

    def test_cluster(self) -> None:
        """A follower whose log is damaged too takes all from the leader; a leader that publishes finds it, too."""
        nodes = self.cluster(3, SMALL_LOG)
        wanted = self.fill(nodes)
        victim, other = nodes.followers()
        victim.stop()
        spoil(database(victim))
        damage_middle(victim)
        self.assertTrueAnswer(publish(other, "meanwhile", "y"))
        wanted["meanwhile"] = "y"
        nodes.restart(victim)
        nodes.wait_ready()
        self.assertKept([victim], wanted)
        self.assertMended(victim)
        leader = nodes.leader()
        leader.stop()
        nodes.restart(leader)
        nodes.wait_ready()
        spoil(database(leader))
        end = time.monotonic() + 60
        number = 0
        while "are made again" not in leader.full_log:
            self.assertLess(time.monotonic(), end, "nobody noticed")
            number += 1
            name, content = f"more{number}", f"{number} " + "z" * 3000
            if publish(leader, name, content).status == 200:
                wanted[name] = content
        nodes.wait_ready()
        self.assertKept(nodes.nodes, wanted)
        newest = history(other, "c1")[0]
        self.assertEqual(past(leader, "c1", newest["id"]), past(other, "c1", newest["id"]))
