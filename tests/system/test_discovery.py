"""A cluster that DNS names, as that of a StatefulSet: real nodes at 127.0.0.x, and a real DNS server."""

from __future__ import annotations

import os
import shutil
from typing import Any

from tests.nameserver import NameServer, nameserver
from tests.system.clustered import Clustered
from tests.system.nodes import RealCluster, RealNode, free_port, wait_for
from tests.system.writers import writing

MEMBERS = "/nacos/v3/admin/core/cluster/member/list"
SETTINGS = """
server.port={port}
server.address={host}
nacos.raft.secret=0123456789abcdef
nacos.member.discovery=dns:nacos.test
nacos.member.discovery.resolver=127.0.0.1:{dns}
nacos.member.discovery.period-ms=300
nacos.raft.autopilot.stable-ms=500
nacos.raft.autopilot.dead-after-ms=2000
"""


class DiscoveryTests(Clustered):
    """One cluster through its life: nodes take a while to start."""

    def setUp(self) -> None:
        serving = nameserver()
        self.dns: NameServer = serving.__enter__()
        self.addCleanup(serving.__exit__, None, None, None)
        self.nodes = RealCluster(0)
        self.addCleanup(self.nodes.close)
        self.port = free_port()

    def named(self, *nodes: RealNode) -> None:
        """DNS names these."""
        self.dns.says(nacos__test={"A": [node.host for node in nodes]})

    def node(self, number: int, home: str = "") -> RealNode:
        """A node of the set at an address of its own; it is not started."""
        host = f"127.0.0.{number}"
        node = RealNode(home or os.path.join(self.nodes.folder, f"node{number}"), self.port, host)
        os.makedirs(os.path.join(node.home, "conf"), exist_ok=True)
        with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
            file.write(SETTINGS.format(port=self.port, host=host, dns=self.dns.port))
        self.nodes.nodes.append(node)
        return node

    def roles(self, node: RealNode) -> dict[str, str]:
        """The role of each member, by address."""
        found: list[dict[str, Any]] = node.request("GET", MEMBERS).json["data"]["members"]
        return {each["address"]: each["role"] for each in found}

    def assertVoters(self, nodes: list[RealNode]) -> None:
        """These are the members, and voters."""
        wanted = {node.address: "voter" for node in nodes}
        for node in nodes:
            wait_for(lambda node=node: self.roles(node) == wanted, why=f"{node.address} to know {wanted}")  # type: ignore[misc]
            wait_for(node.ready, why=f"{node.address} to be ready")

    def test_life(self) -> None:
        """
        Two of three do not begin; three do, without a list anywhere. Two more join, two go, one comes back at another
        address, while others write, and nothing that was acknowledged is lost.
        """
        one, two, three = nodes = [self.node(number) for number in (1, 2, 3)]
        self.named(one, two)
        one.start()
        two.start()
        wait_for(lambda: "3 are expected" in one.readiness().text, why="it to say what it waits for")
        self.named(one, two, three)
        wait_for(lambda: "127.0.0.3" in one.readiness().text and "does not answer" in one.readiness().text)
        self.assertEqual(one.leader(), "")
        three.start()
        self.assertVoters(nodes)
        more = [self.node(4), self.node(5)]
        with writing(nodes[:2], ephemeral="false") as writers:
            self.named(*nodes, *more)
            for node in more:
                node.start()
            self.assertVoters([*nodes, *more])
            self.assertOk(more[0].register("five", "10.0.0.5", ephemeral="false"))
            for node in more:
                node.stop()
            self.named(*nodes)
            self.assertVoters(nodes)
            three.stop()  # its pod is made anew: the same disk, another address
            moved = self.node(6, three.home)
            self.named(one, two, moved)
            moved.start()
            self.assertVoters([one, two, moved])
            moved.stop()  # and now the disk is lost, too
            shutil.rmtree(os.path.join(moved.home, "data"))
            fresh = self.node(7, moved.home)
            self.named(one, two, fresh)
            fresh.start()
            self.assertVoters([one, two, fresh])
        self.assertKept([one, two, fresh], writers)
        self.assertEverywhere([one, two, fresh], "five", {"10.0.0.5"})
