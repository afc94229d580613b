"""Three real nodes that are well: what is registered anywhere is everywhere, and expires everywhere."""

from __future__ import annotations

import gzip
import json
import socket
import time

from tests.system.clustered import LEASE, Clustered
from tests.system.nodes import NAMING, wait_for


class Registering(Clustered):
    """While all is well."""

    def test_sdk_at_a_follower(self) -> None:
        """What the published client registers at a follower is on all nodes, the same; it beats, changes, removes."""
        nodes = self.cluster()
        follower, *_ = nodes.followers()
        client = self.sdk(follower)
        self.assertTrue(
            client.add_naming_instance("orders", "10.1.0.1", 8080, "c1", 2.0, {"version": "7"}, group_name="g")
        )
        for node in nodes.nodes:
            wait_for(lambda node=node: node.hosts("orders", groupName="g"))
        lists = [
            self.sdk(node).list_naming_instance("orders", clusters="c1", group_name="g")["hosts"]
            for node in nodes.nodes
        ]
        self.assertEqual(
            [[(h["ip"], h["port"], h["weight"]) for h in found] for found in lists], 3 * [[("10.1.0.1", 8080, 2.0)]]
        )
        self.assertEqual(lists[0][0]["metadata"], {"version": "7"})
        beat = self.sdk(*nodes.followers()).send_heartbeat(
            "orders", "10.1.0.1", 8080, "c1", 2.0, {"version": "7"}, group_name="g"
        )
        self.assertEqual((beat["code"], beat["clientBeatInterval"]), (10200, 5000))
        self.assertTrue(client.modify_naming_instance("orders", "10.1.0.1", 8080, "c1", 3.0, group_name="g"))
        for node in nodes.nodes:
            wait_for(lambda node=node: node.hosts("orders", groupName="g")["10.1.0.1"]["weight"] == 3.0)
        self.assertTrue(client.remove_naming_instance("orders", "10.1.0.1", 8080, "c1", group_name="g"))
        for node in nodes.nodes:
            wait_for(lambda node=node: node.hosts("orders", groupName="g") == {})

    def test_same_list_everywhere(self) -> None:
        """Written at three nodes at a time, read back at once at the writer's node, and the same bytes on all."""
        nodes = self.cluster()
        for number in range(30):
            node = nodes.nodes[number % 3]
            self.assertOk(node.register("s", f"10.0.0.{number}", weight=number + 1))
            self.assertIn(f"10.0.0.{number}", node.ips("s"))
        self.assertEverywhere(nodes.nodes, "s", {f"10.0.0.{number}" for number in range(30)})
        lists = [node.hosts("s") for node in nodes.nodes]
        self.assertEqual(lists[0], lists[1])
        self.assertEqual(lists[0], lists[2])

    def test_beats(self) -> None:
        """Light and full beats at each node; an unknown instance is to be registered again, or is by a full beat."""
        nodes = self.cluster()
        self.assertOk(nodes.nodes[0].register("s", "10.0.0.1"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        full = {"ip": "10.0.0.1", "port": 8080, "cluster": "DEFAULT", "weight": 1.0, "metadata": {}, "serviceName": "s"}
        for node in nodes.nodes:
            for more in ({}, {"beat": json.dumps(full)}):
                self.assertEqual(
                    node.beat("s", "10.0.0.1", **more).json,
                    {"clientBeatInterval": 5000, "code": 10200, "lightBeatEnabled": True},
                )
            self.assertEqual(node.beat("s", "10.0.0.9").json["code"], 20404)
        ips = {"10.0.0.1"}
        for number, node in enumerate(nodes.nodes):
            ips.add(ip := f"10.0.1.{number}")
            self.assertEqual(node.beat("s", ip, beat=json.dumps({**full, "ip": ip})).json["code"], 10200)
            self.assertIn(ip, node.ips("s"))
        self.assertEverywhere(nodes.nodes, "s", ips)

    def test_members(self) -> None:
        """A killed node is DOWN in the others' lists, and UP again after its return."""
        nodes = self.cluster()
        victim, *others = nodes.nodes
        for node in nodes.nodes:
            wait_for(lambda node=node: set(node.members().values()) == {"UP"})
        victim.kill()
        for node in others:
            wait_for(lambda node=node: node.members()[victim.address] == "DOWN")
            wait_for(lambda node=node: {node.members()[other.address] for other in others} == {"UP"})
        victim.start()
        for node in nodes.nodes:
            wait_for(lambda node=node: set(node.members().values()) == {"UP"})

    def test_push_from_a_follower(self) -> None:
        """A subscriber at one node gets a datagram when an instance registers at another."""
        nodes = self.cluster()
        first, second = nodes.followers()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as subscriber:
            subscriber.bind(("127.0.0.1", 0))
            subscriber.settimeout(30)
            agent = {"User-Agent": "Nacos-Java-Client:v1.4.8"}
            answer = first.request(
                "GET", NAMING + "/instance/list",
                {"serviceName": "DEFAULT_GROUP@@s", "udpPort": subscriber.getsockname()[1], "clientIP": "127.0.0.1"},
                headers=agent,
            )  # fmt: skip
            self.assertEqual(answer.json["cacheMillis"], 10000)
            for number in range(1, 12):
                self.assertOk(second.register("s", f"10.0.0.{number}", metadata=json.dumps({"key": "value" * 20})))
            sizes = set()
            while True:
                data, source = subscriber.recvfrom(65536)
                packed = data[:2] == b"\x1f\x8b"
                text = gzip.decompress(data) if packed else data
                self.assertEqual(packed, len(text) >= 1024)
                packet = json.loads(text)
                ack = {"type": "push-ack", "lastRefTime": str(packet["lastRefTime"]), "data": ""}
                subscriber.sendto(json.dumps(ack).encode(), source)
                hosts = json.loads(packet["data"])["hosts"]
                sizes.add(len(hosts))
                if len(hosts) == 11:
                    break
            self.assertEqual(packet["type"], "dom")
            self.assertEqual({host["serviceName"] for host in hosts}, {"DEFAULT_GROUP@@s"})


class Leases(Clustered):
    """Expiry is one decision for all nodes."""

    def test_expiry(self) -> None:
        """Without beats: unhealthy on all nodes, then gone from all; one with beats and a persistent one stay."""
        nodes = self.cluster()
        follower, other = nodes.followers()
        metadata = json.dumps(LEASE)
        began = beaten = time.monotonic()
        self.assertOk(follower.register("s", "10.0.0.1", metadata=metadata))
        self.assertOk(follower.register("s", "10.0.0.2", metadata=metadata))
        self.assertOk(follower.register("s", "10.0.0.3", metadata=metadata, ephemeral="false", clusterName="p"))
        checker = {"serviceName": "s", "clusterName": "p", "checkPort": 80, "useInstancePort4Check": "true",
                   "healthChecker": '{"type":"NONE"}'}  # fmt: skip
        self.assertOk(other.request("PUT", NAMING + "/cluster", checker))
        unhealthy: dict[str, float] = {}
        gone: dict[str, float] = {}
        slowest = 0.0
        while len(gone) < 3 and time.monotonic() - began < 60:
            last, beaten = beaten, time.monotonic()
            slowest = max(slowest, beaten - last)
            other.beat("s", "10.0.0.2")
            for node in nodes.nodes:
                hosts = node.hosts("s")
                self.assertIn("10.0.0.3", hosts)
                if time.monotonic() - last < 1.4:  # else this test was too slow to keep it
                    self.assertTrue(hosts["10.0.0.2"]["healthy"])
                if "10.0.0.1" not in hosts:
                    gone.setdefault(node.address, time.monotonic() - began)
                elif not hosts["10.0.0.1"]["healthy"]:
                    unhealthy.setdefault(node.address, time.monotonic() - began)
            time.sleep(0.1)
        self.assertEqual(len(gone), 3, "not gone")
        self.assertEqual(len(unhealthy), 3, "gone without having been unhealthy")
        self.assertGreaterEqual(min(unhealthy.values()), 1.4)
        self.assertGreaterEqual(min(gone.values()), 3.4)
        self.assertLess(max(gone.values()) - min(gone.values()), 2 + slowest)

    def test_a_beat_brings_back(self) -> None:
        """An unhealthy instance that is heard of again, at any node, is healthy on all."""
        nodes = self.cluster()
        follower, other = nodes.followers()
        patient = json.dumps({**LEASE, "preserved.ip.delete.timeout": "60000"})
        self.assertOk(follower.register("s", "10.0.0.1", metadata=patient))
        self.assertOk(follower.register("s", "10.0.0.2"))
        for node in nodes.nodes:
            wait_for(lambda node=node: not node.hosts("s")["10.0.0.1"]["healthy"])
        for node in nodes.nodes:
            wait_for(lambda node=node: other.beat("s", "10.0.0.1") and node.hosts("s")["10.0.0.1"]["healthy"])

    def test_a_failover_expires_nobody_who_lives(self) -> None:
        """Beats go on at the survivors: not for a moment is the instance missing or unhealthy."""
        nodes = self.cluster()
        leader, (first, second) = nodes.leader(), nodes.followers()
        self.assertOk(first.register("s", "10.0.0.1", metadata=json.dumps(LEASE)))
        self.assertOk(first.register("s", "10.0.0.2", metadata=json.dumps(LEASE)))
        self.assertEverywhere([first, second], "s", {"10.0.0.1", "10.0.0.2"})
        killed, beaten, end = False, time.monotonic(), time.monotonic() + 7
        while time.monotonic() < end:
            last, beaten = beaten, time.monotonic()
            self.assertEqual(first.beat("s", "10.0.0.1").json["code"], 10200)
            for node in (first, second):
                lives = node.hosts("s").get("10.0.0.1", {"healthy": False})["healthy"]
                # If this test was too slow with its beats it may be neither.
                self.assertTrue(lives or time.monotonic() - last > 1.4)
            if not killed:
                leader.kill()
                killed = True
            time.sleep(0.2)
        self.assertEverywhere([first, second], "s", {"10.0.0.1"})
