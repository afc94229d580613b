"""Clusters of other shapes and settings: five nodes, names, IPv6, other Raft ports, small logs, a slow beginning."""

from __future__ import annotations

import json
import os
import socket
import time
from urllib.parse import urlencode

from twisted.trial.unittest import SkipTest

from tests.system.clustered import Clustered
from tests.system.nodes import NAMING, RealCluster, RealNode, free_port, wait_for
from tests.system.writers import PATIENT

SMALL = "nacos.raft.segment-bytes=65536\nnacos.raft.snapshot-bytes=65536\n"


def has_ipv6() -> bool:
    """Whether this machine has ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def write_many(node: RealNode, service: str, count: int, size: int) -> None:
    """Register the same ten persistent instances again and again, with so many bytes of metadata, pipelined."""
    requests = []
    for number in range(count):
        params = {
            "serviceName": service, "ip": f"10.0.0.{number % 10}", "port": 80, "ephemeral": "false",
            "metadata": json.dumps({"v": str(number) + "x" * size}),
        }  # fmt: skip
        requests.append(f"POST {NAMING}/instance?{urlencode(params)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    with socket.create_connection((node.host, node.port), timeout=30) as connection:
        for start in range(0, count, 50):
            part = requests[start : start + 50]
            connection.sendall(b"".join(part))
            received = b""
            while received.count(b"\r\n\r\nok") < len(part):
                more = connection.recv(65536)
                if not more or b" 50" in more:
                    raise AssertionError(received + more)
                received += more


def log_bytes(node: RealNode) -> int:
    """The size of a node's log and snapshots on disk."""
    folder = os.path.join(node.home, "data", "raft")
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


class Variants(Clustered):
    def shaped(self, lines: str, hosts: list[str]) -> RealCluster:
        """Three nodes with a cluster.conf of such lines ({0}, {1}, {2} for the ports), started."""
        nodes = RealCluster(3)
        self.addCleanup(nodes.close)
        ports = [node.port for node in nodes.nodes]
        for node, host in zip(nodes.nodes, hosts, strict=True):
            node.host = host
            node.address = f"[{host}]:{node.port}" if ":" in host else f"{host}:{node.port}"
            with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
                file.write(lines.format(*ports))
        nodes.start()
        return nodes

    def works(self, nodes: RealCluster) -> None:
        """Registered at one, listed by all."""
        self.assertOk(nodes.followers()[0].register("s", "10.0.0.1"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        self.assertEqual(set(nodes.nodes[0].members()), {node.address for node in nodes.nodes})

    def test_names(self) -> None:
        """host:port, and upper case is no difference."""
        self.works(self.shaped("localhost:{0}\nLocalHost:{1}  # B\n\nlocalhost:{2}\n", 3 * ["localhost"]))

    def test_ipv6(self) -> None:
        """[ipv6]:port, in any spelling. Clients may come by IPv4 as well, and are known by such an address."""
        if not has_ipv6():
            raise SkipTest("this machine has no IPv6")
        nodes = self.shaped("[::1]:{0}\n[0:0:0:0:0:0:0:1]:{1}\n[::1]:{2}\n", 3 * ["::1"])
        self.works(nodes)
        node = nodes.nodes[0]
        node.host = "127.0.0.1"
        java = {"User-Agent": "Nacos-Java-Client:v1.4.8"}
        who = {"serviceName": "DEFAULT_GROUP@@s", "udpPort": 40000}
        self.assertEqual(node.request("GET", NAMING + "/instance/list", who, headers=java).json["cacheMillis"], 10000)
        found = node.request("GET", NAMING + "/service/subscribers", {"serviceName": "s"}).json["subscribers"]
        self.assertEqual([subscriber["addrStr"] for subscriber in found], ["127.0.0.1:40000"])

    def test_one_line_with_commas(self) -> None:
        self.works(self.shaped("127.0.0.1:{0}, 127.0.0.1:{1},127.0.0.1:{2},127.0.0.1:{2}\n", 3 * ["127.0.0.1"]))

    def test_raft_ports(self) -> None:
        """?raft_port= says where Raft listens."""
        raft = [free_port() for _ in range(3)]
        lines = "".join(f"127.0.0.1:{{{number}}}?raft_port={port}\n" for number, port in enumerate(raft))
        nodes = self.shaped(lines, 3 * ["127.0.0.1"])
        self.works(nodes)
        for port in raft:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        for node in nodes.nodes:
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", node.port - 1000), timeout=5)

    def test_five_nodes(self) -> None:
        """Two may go, three may not."""
        nodes = self.cluster(5)
        leader, (first, second, third, fourth) = nodes.leader(), nodes.followers()
        leader.kill()
        first.kill()
        rest = [second, third, fourth]
        wait_for(lambda: all(node.ready() for node in rest))
        for number, node in enumerate(rest):
            self.assertOk(node.register("s", f"10.0.0.{number}", ephemeral="false"))
        self.assertEverywhere(rest, "s", {"10.0.0.0", "10.0.0.1", "10.0.0.2"})
        second.kill()
        for node in (third, fourth):
            wait_for(lambda node=node: not node.ready())
            self.assertIn(node.register("s", "10.0.0.9", ephemeral="false").status, (500, 503))
        first.start()
        wait_for(lambda: third.ready() and fourth.ready() and first.ready())
        self.assertEverywhere([first, third, fourth], "s", {"10.0.0.0", "10.0.0.1", "10.0.0.2"})

    def test_one_after_the_other(self) -> None:
        """The first stands as candidate, and takes registrations; the second makes a majority; the third follows."""
        nodes = RealCluster(3)
        self.addCleanup(nodes.close)
        first, second, third = nodes.nodes
        first.start()
        wait_for(lambda: first.raft()["state"] == "CANDIDATE")
        term = first.raft()["term"]
        self.assertOk(first.register("s", "10.0.0.1", metadata=PATIENT))
        self.assertEqual(first.ips("s"), {"10.0.0.1"})
        time.sleep(4)
        self.assertEqual(first.raft()["term"], term, "pre-vote: nobody answers, so no term is used up")
        self.assertEqual((first.leader(), first.ready()), ("", False))
        second.start()
        nodes.wait_ready([first, second])
        self.assertEverywhere([first, second], "s", {"10.0.0.1"})
        leader = nodes.leader()
        third.start()
        nodes.wait_ready()
        self.assertEverywhere([third], "s", {"10.0.0.1"})
        self.assertEqual(third.raft()["state"], "FOLLOWER")
        self.assertIs(nodes.leader(), leader)

    def test_the_log_stays_small(self) -> None:
        """However much is written, log and snapshots take bounded room; who missed it gets the snapshot."""
        nodes = self.cluster(properties=SMALL)
        victim, other = nodes.followers()
        self.assertOk(victim.register("s", "10.0.9.9", ephemeral="false"))
        victim.kill()
        sizes = []
        for _ in range(4):
            write_many(other, "s", 1500, 1000)
            sizes.append(max(log_bytes(node) for node in nodes.nodes if node.running))
        self.assertLess(max(sizes), 3_000_000, sizes)
        last = {ip: host["metadata"] for ip, host in other.hosts("s").items()}
        victim.start()
        nodes.wait_ready()
        wait_for(lambda: {ip: host["metadata"] for ip, host in victim.hosts("s").items()} == last)
        self.assertEqual(len(last), 11)
        with open(os.path.join(victim.home, "logs", "nacos.log")) as file:
            self.assertIn("snapshot", file.read())
        for node in nodes.nodes:
            node.kill()
        nodes.start()
        for node in nodes.nodes:
            self.assertEqual({ip: host["metadata"] for ip, host in node.hosts("s").items()}, last)

    def test_a_majority_stands_still(self) -> None:
        """Both followers frozen: what needs them gets an error, and ephemeral instances do not wait for them."""
        nodes = self.cluster(properties="nacos.raft.request-timeout-ms=2000")
        leader, (first, second) = nodes.leader(), nodes.followers()
        self.assertOk(leader.register("s", "10.0.0.1", ephemeral="false"))
        with first.frozen(), second.frozen():
            answer = leader.register("s", "10.0.0.2", ephemeral="false")
            self.assertIn(answer.status, (500, 503), answer)
            self.assertEqual(leader.ips("s"), {"10.0.0.1"})
            wait_for(lambda: not leader.ready())
            self.assertOk(leader.register("s", "10.0.0.3", metadata=PATIENT))
            self.assertEqual(leader.beat("s", "10.0.0.3").json["code"], 10200)
        nodes.wait_ready()
        for node in nodes.nodes:
            wait_for(lambda node=node: {"10.0.0.1", "10.0.0.3"} <= node.ips("s"))
        lists = [node.ips("s") for node in nodes.nodes]
        self.assertEqual(lists[0], lists[1])
        self.assertEqual(lists[0], lists[2])
