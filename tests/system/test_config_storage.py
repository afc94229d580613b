"""Real nodes of one cluster that keep their configs in different places, and one whose database is named in part."""

from __future__ import annotations

import os

from tests import mariadb
from tests.system.config_nodes import ConfigCase, ConfigCluster
from tests.system.nodes import RealNode, wait_for
from tests.system.test_config_mysql import properties


def rewrite(node: RealNode, lines: str) -> None:
    """Other lines on the database in a node's file."""
    path = os.path.join(node.home, "conf", "application.properties")
    with open(path) as file:
        kept = [line for line in file if not line.startswith(("db.", "spring."))]
    with open(path, "w") as file:
        file.writelines([*kept, lines + "\n"])


class StorageTests(ConfigCase):
    """Three nodes, one of which was given another file than the others."""

    skip = mariadb.missing() or None

    def test_one_of_three(self) -> None:
        """
        A database in part stops the start. One node in embedded storage, or on another database, is not ready and says
        why; the others stay in service, and tell it in their lists, logs and metrics, until it is put right.
        """
        server = mariadb.server()
        right, wrong = (properties(server.url(server.database())) for _ in range(2))
        nodes = ConfigCluster(3, right, ())
        self.addCleanup(nodes.close)
        odd, first, second = nodes.nodes

        rewrite(odd, "db.num=1\ndb.user=nacos")
        self.assertNotEqual(odd.start(check=False), 0)
        self.assertIn("db.num is set, but db.url.0 is not", odd.output)

        rewrite(odd, "spring.sql.init.platform=derby")
        nodes.begin()
        self.told(odd, [first, second], f"{odd.address} in its own files (embedded)")

        odd.stop()
        rewrite(odd, wrong)
        nodes.restart(odd)
        self.told(odd, [first, second], f"{odd.address} in the database with the mark ")

        odd.stop()
        rewrite(odd, right)
        nodes.restart(odd)
        nodes.wait_ready()
        for node in nodes.nodes:
            wait_for(lambda node=node: not self.differs(node), why=f"{node.address} to see no difference")  # type: ignore[misc]
            wait_for(lambda node=node: self.agreed(node), why=f"{node.address} to know one database")  # type: ignore[misc]

    def agreed(self, node: RealNode) -> bool:
        """Whether all nodes report one database, as this one knows it."""
        places = {(each["storage"], each["database"]) for each in self.info(node).values()}
        return len(places) == 1 and places.pop()[0] == "external"

    def told(self, odd: RealNode, others: list[RealNode], text: str) -> None:
        """All nodes say it; that one is out of service with it."""
        answer = wait_for(lambda: text in (found := odd.readiness()).text and found, why="the odd one to say so")
        self.assertEqual(answer.status, 500)
        for node in others:
            wait_for(lambda node=node: self.differs(node), why=f"{node.address} to see the difference")  # type: ignore[misc]
            wait_for(lambda node=node: text in node.full_log, why=f"{node.address} to log it")  # type: ignore[misc]
            wait_for(
                lambda node=node: text in self.info(node)[node.address].get("storageDiffers", ""),  # type: ignore[misc]
                why=f"{node.address} to tell it in the list",
            )
            wait_for(
                lambda node=node: node.members()[odd.address] == "SUSPICIOUS",  # type: ignore[misc]
                why=f"{node.address} to see the odd one's fault",
            )
            wait_for(node.ready, why=f"{node.address} to stay in service")

    def info(self, node: RealNode) -> dict[str, dict[str, str]]:
        found = node.request("GET", "/nacos/v1/core/cluster/nodes").json["data"]
        return {each["address"]: each["extendInfo"] for each in found}

    def differs(self, node: RealNode) -> bool:
        return "\nnacos_storage_differs 1" in node.request("GET", "/nacos/actuator/prometheus").text
