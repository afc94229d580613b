"""Three real nodes on small disks: they refuse writes before these are full, and go on when there is room."""

from __future__ import annotations

import os
import subprocess
import threading

from tests.system.config_nodes import ConfigCase, ConfigCluster, publish
from tests.system.homes import mounted
from tests.system.nodes import RealNode, wait_for


def metric(node: RealNode, name: str) -> float:
    text = node.request("GET", "/nacos/actuator/prometheus").text
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


def warned(node: RealNode) -> bool:
    """Whether the node warns while something else takes its disk down to 8 MB, which is more than what it must have."""
    data = os.path.join(node.home, "data")
    found = os.statvfs(data)
    path = os.path.join(data, "another's")
    with open(path, "wb") as file:
        file.write(bytes(found.f_bavail * found.f_frsize - 8 * 2**20))
    wait_for(lambda: "there is little room" in node.full_log, why="the warning")
    os.unlink(path)
    return "are free on the disk of" in node.full_log and "writes are refused until" not in node.full_log


class SpaceTests(ConfigCase):
    """Each node's data is on a tmpfs of its own."""

    def test_small_disks(self) -> None:
        """
        Publishers go on until each is told why not. All nodes live, say so in readiness, metrics and log, and still
        take heartbeats and removals. With more room they take writes again, and nothing that was acknowledged is lost.
        """
        found = ConfigCluster(3)
        self.addCleanup(found.close)
        for node in found.nodes:
            disk = mounted(os.path.join(node.home, "data"), "-o", "size=40m")
            disk.__enter__()
            self.addCleanup(disk.__exit__, None, None, None)
        self.addCleanup(lambda: [node.kill() for node in found.nodes if node.running])
        found.start()
        for node in found.nodes:  # publishers may well fill the disk between two looks
            self.assertTrue(warned(node))
        kept: dict[str, str] = {}
        refused = {node.address: "" for node in found.nodes}

        def work(number: int, node: RealNode) -> None:
            turn = 0
            while not refused[node.address]:
                turn += 1
                name, content = f"c{number}-{turn % 20}", f"{turn} " + "x" * 20_000
                answer = publish(node, name, content)
                if (answer.status, answer.text) == (200, "true"):
                    kept[name] = content
                else:
                    kept.pop(name, None)  # nobody knows
                    if "the disk is nearly full" in answer.text:
                        refused[node.address] = answer.text

        threads = [threading.Thread(target=work, args=(n, node), daemon=True) for n, node in enumerate(found.nodes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(240)
        self.assertTrue(all(refused.values()), refused)
        for node in found.nodes:
            self.assertTrue(node.running, node.log)
            # A node that refuses hands its lead over first, and says for a moment that there is no leader.
            wait_for(lambda node=node: "the disk is nearly full" in node.readiness().text, why="the reason")  # type: ignore[misc]
            self.assertGreaterEqual(metric(node, "nacos_disk_alarm"), 2)
            self.assertGreater(metric(node, "nacos_disk_free_bytes"), 0)
            self.assertIn(
                'nacos_file_bytes{file="config.db-wal"}', node.request("GET", "/nacos/actuator/prometheus").text
            )
            self.assertNotIn("Traceback", node.full_log)
        for node in found.nodes:
            data = os.path.join(node.home, "data")
            subprocess.run(["mount", "-o", "remount,size=200m", data], check=True)
        found.wait_ready()
        self.assertTrueAnswer(publish(found.nodes[0], "after", "y"))
        self.assertKept(found.nodes, {**kept, "after": "y"}, histories=False)
        for node in found.nodes:
            self.assertIn("writes are taken again", node.full_log)
