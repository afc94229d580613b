"""Three real nodes, one of them with a damaged, lost or full disk."""

from __future__ import annotations

import contextlib
import os
import shutil

from tests.system.clustered import Clustered
from tests.system.homes import fill, mounted
from tests.system.nodes import RealNode, wait_for


class Disks(Clustered):
    """What is on disk is damaged, lost, or cannot be written."""

    def fill(self, node: RealNode, count: int = 40) -> set[str]:
        ips = {f"10.0.0.{number}" for number in range(count)}
        for ip in sorted(ips):
            self.assertOk(node.register("s", ip, ephemeral="false"))
        return ips

    def segments(self, node: RealNode) -> list[str]:
        folder = os.path.join(node.home, "data", "raft")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".seg")]

    def test_damaged_middle(self) -> None:
        """The node names the file in one line, fetches the log from the leader, and is ready."""
        nodes = self.cluster()
        ips = self.fill(nodes.nodes[0])
        victim, other = nodes.followers()
        victim.stop()
        path = self.segments(victim)[0]
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            file.seek(size // 2)
            old = file.read(8)
            file.seek(size // 2)
            file.write(bytes(byte ^ 0x5A for byte in old))
        self.assertOk(other.register("s", "10.0.1.1", ephemeral="false"))
        victim.start()
        with open(os.path.join(victim.home, "logs", "nacos.log")) as file:
            said = [line for line in (victim.log + file.read()).splitlines() if path in line]
        self.assertTrue(said)
        self.assertIn("damaged", said[0])
        self.assertNotIn("Traceback", victim.log)
        nodes.wait_ready()
        self.assertEverywhere([victim], "s", ips | {"10.0.1.1"})
        self.assertOk(victim.register("s", "10.0.1.2", ephemeral="false"))
        victim.kill()
        victim.start()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips | {"10.0.1.1", "10.0.1.2"})

    def test_torn_tail(self) -> None:
        """The last write before a crash may be cut: the node starts as ever."""
        nodes = self.cluster()
        ips = self.fill(nodes.nodes[0], 10)
        victim, _ = nodes.followers()
        victim.kill()
        path = self.segments(victim)[-1]
        with open(path, "ab") as file:
            file.write(b"\x9e\x4c\0\0\0\0\1\0torn")
        victim.start()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", ips)
        self.assertIn("torn", victim.log)
        self.assertIn(path, victim.log)

    def test_wiped(self) -> None:
        """A node whose data folder is gone takes everything from the leader."""
        nodes = self.cluster()
        ips = self.fill(nodes.nodes[0])
        victim, other = nodes.followers()
        victim.kill()
        shutil.rmtree(os.path.join(victim.home, "data"))
        victim.start()
        nodes.wait_ready()
        self.assertEverywhere([victim], "s", ips)
        self.assertOk(victim.register("s", "10.0.1.1", ephemeral="false"))
        self.assertEverywhere(nodes.nodes, "s", ips | {"10.0.1.1"})
        self.assertEqual({victim.beat("s", ip).json["code"] for ip in ips} <= {10200, 20404}, True)
        self.assertTrue(other.ready())

    def test_disk_full(self) -> None:
        """A node whose disk is full says so, loses nothing, and mends itself when there is room."""
        nodes = self.cluster()
        victim, other = nodes.followers()
        self.assertOk(victim.register("s", "10.0.0.1", ephemeral="false"))
        victim.stop()
        conf = os.path.join(victim.home, "conf")
        saved = shutil.copytree(conf, os.path.join(nodes.folder, "saved"))
        with mounted(victim.home, "-o", "size=4m"), contextlib.ExitStack() as stack:
            stack.callback(lambda: victim.running and victim.kill())  # while its pid file can be seen
            shutil.copytree(saved, conf)
            victim.start()
            nodes.wait_ready()
            fill(os.path.join(victim.home, "other"))
            number = 1
            while victim.readiness().status == 200 and number < 200:
                number += 1
                self.assertOk(
                    other.register("s", f"10.0.0.{number}", ephemeral="false", metadata='{"k":"%s"}' % ("v" * 500))
                )
            readiness = wait_for(lambda: (a := victim.readiness()).status != 200 and a, why="readiness to fail")
            self.assertIn("full", readiness.text)
            self.assertEqual(victim.status(), "DOWN")
            wait_for(lambda: other.members()[victim.address] != "UP")
            answer = victim.register("s", "10.0.1.1", ephemeral="false")
            self.assertIn(answer.status, (500, 503))
            self.assertIn("full", answer.text)
            self.assertOk(other.register("s", "10.0.1.2", ephemeral="false"))
            os.unlink(os.path.join(victim.home, "other"))
            nodes.wait_ready()
            ips = {f"10.0.0.{n}" for n in range(1, number + 1)} | {"10.0.1.2"}
            self.assertEverywhere(nodes.nodes, "s", ips)
            self.assertOk(victim.register("s", "10.0.1.3", ephemeral="false"))
