"""Three real nodes: what is registered anywhere is everywhere, and stays, whatever becomes of a node."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import itertools
import json
import logging
import os
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import NAMING, Answer, RealCluster, RealNode, cluster, wait_for
from tests.system.writers import Writer, writing

LEASE = {
    "preserved.heart.beat.interval": "500",
    "preserved.heart.beat.timeout": "1500",
    "preserved.ip.delete.timeout": "3500",
}
"""Metadata that make an instance without beats unhealthy after 1.5 s and remove it after 3.5 s."""


class Clustered(SynchronousTestCase):
    """What the tests here share."""

    def cluster(self, size: int = 3, properties: str = "") -> RealCluster:
        """A started cluster that ends with the test."""
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(cluster(size, properties))

    def assertOk(self, answer: Answer) -> None:
        self.assertEqual((answer.status, answer.text), (200, "ok"))

    def assertEverywhere(self, nodes: list[RealNode], service: str, ips: set[str], limit: float = 5.0) -> None:
        """All nodes list just these, at once or soon."""
        for node in nodes:
            wait_for(lambda node=node: node.ips(service) == ips, limit, f"{node.address} to list {service}")  # type: ignore[misc]

    def assertKept(self, nodes: list[RealNode], writers: list[Writer], **more: Any) -> None:
        """What was acknowledged is on every node."""
        for writer in writers:
            wanted = set(writer.acknowledged)
            self.assertTrue(wanted)
            for node in nodes:
                wait_for(
                    lambda node=node, writer=writer, wanted=wanted: wanted <= node.ips(writer.service, **more),  # type: ignore[misc]
                    10,
                    f"{node.address} to have all of {writer.service}",
                )

    def sdk(self, *nodes: RealNode) -> Any:
        """The published Python client."""
        try:
            import nacos
        except ImportError:
            raise SkipTest("nacos-sdk-python is not installed") from None
        logging.getLogger("nacos.client").setLevel(logging.CRITICAL)
        folder = tempfile.mkdtemp(prefix="nacos-tw-sdk-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        client = nacos.NacosClient(",".join(node.address for node in nodes), namespace="", logDir=folder)
        client.no_snapshot = True
        return client


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
            wait_for(lambda node=node: node.hosts("orders", groupName="g")["10.1.0.1"]["weight"] == 3.0, 5)
        self.assertTrue(client.remove_naming_instance("orders", "10.1.0.1", 8080, "c1", group_name="g"))
        for node in nodes.nodes:
            wait_for(lambda node=node: node.hosts("orders", groupName="g") == {}, 5)

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
        """A killed node is DOWN in the others' lists within 2 s, and UP again after its return."""
        nodes = self.cluster()
        victim, *others = nodes.nodes
        for node in nodes.nodes:
            wait_for(lambda node=node: set(node.members().values()) == {"UP"}, 5)
        victim.kill()
        for node in others:
            wait_for(lambda node=node: node.members()[victim.address] == "DOWN", 2)
            wait_for(lambda node=node: {node.members()[other.address] for other in others} == {"UP"}, 5)
        victim.start()
        for node in nodes.nodes:
            wait_for(lambda node=node: set(node.members().values()) == {"UP"}, 5)

    def test_push_from_a_follower(self) -> None:
        """A subscriber at one node gets a datagram when an instance registers at another."""
        nodes = self.cluster()
        first, second = nodes.followers()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as subscriber:
            subscriber.bind(("127.0.0.1", 0))
            subscriber.settimeout(5)
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
        self.assertOk(follower.register("s", "10.0.0.1", metadata=metadata))
        self.assertOk(follower.register("s", "10.0.0.2", metadata=metadata))
        self.assertOk(follower.register("s", "10.0.0.3", metadata=metadata, ephemeral="false", clusterName="p"))
        checker = {"serviceName": "s", "clusterName": "p", "checkPort": 80, "useInstancePort4Check": "true",
                   "healthChecker": '{"type":"NONE"}'}  # fmt: skip
        self.assertOk(other.request("PUT", NAMING + "/cluster", checker))
        began = time.monotonic()
        unhealthy: dict[str, float] = {}
        gone: dict[str, float] = {}
        while len(gone) < 3 and time.monotonic() - began < 15:
            other.beat("s", "10.0.0.2")
            for node in nodes.nodes:
                hosts = node.hosts("s")
                self.assertIn("10.0.0.3", hosts)
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
        self.assertLess(max(gone.values()) - min(gone.values()), 2)

    def test_a_beat_brings_back(self) -> None:
        """An unhealthy instance that is heard of again, at any node, is healthy on all."""
        nodes = self.cluster()
        follower, other = nodes.followers()
        patient = json.dumps({**LEASE, "preserved.ip.delete.timeout": "60000"})
        self.assertOk(follower.register("s", "10.0.0.1", metadata=patient))
        self.assertOk(follower.register("s", "10.0.0.2"))
        for node in nodes.nodes:
            wait_for(lambda node=node: not node.hosts("s")["10.0.0.1"]["healthy"], 10)
        other.beat("s", "10.0.0.1")
        for node in nodes.nodes:
            wait_for(lambda node=node: node.hosts("s")["10.0.0.1"]["healthy"], 1)

    def test_a_failover_expires_nobody_who_lives(self) -> None:
        """Beats go on at the survivors: not for a moment is the instance missing or unhealthy."""
        nodes = self.cluster()
        leader, (first, second) = nodes.leader(), nodes.followers()
        self.assertOk(first.register("s", "10.0.0.1", metadata=json.dumps(LEASE)))
        self.assertOk(first.register("s", "10.0.0.2", metadata=json.dumps(LEASE)))
        self.assertEverywhere([first, second], "s", {"10.0.0.1", "10.0.0.2"})
        killed, end = False, time.monotonic() + 7
        while time.monotonic() < end:
            self.assertEqual(first.beat("s", "10.0.0.1").json["code"], 10200)
            for node in (first, second):
                self.assertTrue(node.hosts("s")["10.0.0.1"]["healthy"])
            if not killed:
                leader.kill()
                killed = True
            time.sleep(0.2)
        self.assertEverywhere([first, second], "s", {"10.0.0.1"}, 3)


class Failures(Clustered):
    """Nodes die."""

    def test_kill_the_leader_while_writing(self) -> None:
        """Nothing that was acknowledged is lost; the old leader comes back as a follower with all of it."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        term = followers[0].raft()["term"]
        with writing(followers) as writers:
            wait_for(lambda: all(len(writer.acknowledged) > 30 for writer in writers), 10)
            leader.kill()
            before = [len(writer.acknowledged) for writer in writers]
            wait_for(lambda: all(len(w.acknowledged) > b + 30 for w, b in zip(writers, before, strict=True)), 15)
        self.assertEqual([writer.failures for writer in writers], [[], []])
        self.assertKept(followers, writers)
        self.assertIn(nodes.leader(), followers)
        self.assertGreater(followers[0].raft()["term"], term)
        leader.start()
        nodes.wait_ready()
        self.assertKept([leader], writers)
        self.assertIn(nodes.leader(), followers)
        self.assertEqual(leader.raft()["state"], "FOLLOWER")

    def test_graceful_stop_of_the_leader(self) -> None:
        """bin/shutdown.sh hands over first: no write at the others fails or waits long."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        with writing(followers, ephemeral="false") as writers:
            wait_for(lambda: all(len(writer.acknowledged) > 30 for writer in writers), 10)
            self.assertLess(leader.stop(), 2.0)
            before = [len(writer.acknowledged) for writer in writers]
            wait_for(lambda: all(len(w.acknowledged) > b + 30 for w, b in zip(writers, before, strict=True)), 10)
        self.assertEqual([writer.failures for writer in writers], [[], []])
        self.assertKept(followers, writers)

    def test_rolling_restart(self) -> None:
        """Each node in turn, the leader too: writers that go to a running node notice nothing."""
        nodes = self.cluster()
        for node in list(nodes.nodes):
            others = [other for other in nodes.nodes if other is not node]
            with writing(others, ephemeral="false") as writers:
                wait_for(lambda writers=writers: all(len(w.acknowledged) > 10 for w in writers), 10)
                node.stop()
                node.start()
                nodes.wait_ready()
            self.assertEqual([writer.failures for writer in writers], [[], []])
            self.assertKept(nodes.nodes, writers)

    def test_killed_again_and_again(self) -> None:
        """Ten rounds of a random node killed and started again under writes at all three: nothing is lost."""
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        nodes = self.cluster()
        with writing(nodes.nodes, ephemeral="false") as writers:
            for _ in range(10):
                victim = chance.choice(nodes.nodes)
                before = len(victim.ips("w0"))
                wait_for(lambda victim=victim, before=before: len(victim.ips("w0")) > before + 5, 15, f"seed {seed}")
                victim.kill()
                victim.start()
                nodes.wait_ready()
        self.assertKept(nodes.nodes, writers)
        lists = [[node.ips(writer.service) for writer in writers] for node in nodes.nodes]
        self.assertEqual(lists[0], lists[1], f"seed {seed}")
        self.assertEqual(lists[0], lists[2], f"seed {seed}")

    def test_what_was_removed_stays_away(self) -> None:
        """Registered and removed again while leaders are killed: what was answered is what is there."""
        nodes = self.cluster()
        removed: dict[str, set[str]] = {"true": set(), "false": set()}
        kept: dict[str, set[str]] = {"true": set(), "false": set()}
        finished = threading.Event()

        def work(node: RealNode, number: int, kind: str) -> None:
            for count in itertools.count():
                if finished.is_set():
                    return
                ip = f"10.{number}.{count >> 8}.{count & 255}"
                with contextlib.suppress(OSError, http.client.HTTPException):
                    if node.register(f"s-{kind}", ip, ephemeral=kind).text != "ok":
                        continue
                    if count % 2:
                        kept[kind].add(ip)
                    elif node.deregister(f"s-{kind}", ip, ephemeral=kind).text == "ok":
                        removed[kind].add(ip)

        threads = [
            threading.Thread(target=work, args=(node, number, kind), daemon=True)
            for number, node in enumerate(nodes.nodes)
            for kind in ("true", "false")
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(4):
                before = len(removed["false"])
                wait_for(lambda before=before: len(removed["false"]) > before + 30, 15)
                victim = nodes.leader()
                victim.kill()
                victim.start()
                nodes.wait_ready()
        finally:
            finished.set()
            for thread in threads:
                thread.join(20)
        for kind in ("true", "false"):
            self.assertTrue(kept[kind] and removed[kind])
            for node in nodes.nodes:
                wait_for(lambda node=node, kind=kind: kept[kind] <= node.ips(f"s-{kind}"), 10, f"{kind}: kept")
                self.assertEqual(removed[kind] & node.ips(f"s-{kind}"), set())

    def test_all_stopped_at_once(self) -> None:
        """bin/shutdown.sh on all three at the same time: each is gone within 2 s, and has everything afterwards."""
        nodes = self.cluster()
        self.assertOk(nodes.nodes[0].register("s", "10.0.0.1"))
        self.assertOk(nodes.nodes[1].register("s", "10.0.0.2", ephemeral="false"))
        began = time.monotonic()
        for node in nodes.nodes:
            node.signal(signal.SIGTERM)
        for node in nodes.nodes:
            wait_for(lambda node=node: not node.running, 5)
        self.assertLess(time.monotonic() - began, 2.0)
        nodes.start()
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.0.2"})

    def test_all_killed_at_once(self) -> None:
        """After kill -9 of all three and a restart everything is there: instances, services, switches."""
        nodes = self.cluster()
        follower, *_ = nodes.followers()
        self.assertOk(follower.register("s", "10.0.0.1", metadata='{"a":"b"}'))
        self.assertOk(follower.register("s", "10.0.0.2", ephemeral="false"))
        self.assertOk(
            follower.request(
                "POST", NAMING + "/service", {"serviceName": "made", "protectThreshold": 0.5, "metadata": '{"k":"v"}'}
            )
        )
        self.assertOk(
            follower.request("PUT", NAMING + "/operator/switches", {"entry": "defaultCacheMillis", "value": 4321})
        )
        before = follower.hosts("s")
        for node in nodes.nodes:
            node.kill()
        nodes.start()
        for node in nodes.nodes:
            self.assertEqual(node.hosts("s"), before)
            made = node.request("GET", NAMING + "/service", {"serviceName": "made"}).json
            self.assertEqual((made["protectThreshold"], made["metadata"]), (0.5, {"k": "v"}))
            self.assertEqual(node.request("GET", NAMING + "/operator/switches").json["defaultCacheMillis"], 4321)
            answer = node.request("GET", NAMING + "/instance/list", {"serviceName": "s"})
            self.assertEqual(answer.json["cacheMillis"], 4321)
        for node in nodes.nodes:
            self.assertEqual(node.beat("s", "10.0.0.1").json["code"], 10200)

    def test_without_majority(self) -> None:
        """One of three: it tells the truth, ephemeral ones go on, the rest is refused; then all is shared."""
        nodes = self.cluster()
        last, *gone = nodes.nodes
        self.assertOk(last.register("s", "10.0.0.1"))
        self.assertOk(last.register("s", "10.0.0.2", ephemeral="false"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.0.2"})
        for node in gone:
            node.kill()
        readiness = wait_for(lambda: (a := last.readiness()).status != 200 and a, 5, "readiness to fail")
        self.assertIn("leader", readiness.text)
        wait_for(lambda: last.status() == "DOWN", 5)
        self.assertEqual({last.members()[node.address] for node in gone}, {"DOWN"})
        self.assertNotEqual(last.members()[last.address], "UP")
        # Ephemeral ones go on.
        self.assertOk(last.register("s", "10.0.0.3"))
        self.assertOk(last.register("new", "10.0.0.4"))
        self.assertOk(last.deregister("s", "10.0.0.1"))
        self.assertEqual(last.ips("s"), {"10.0.0.2", "10.0.0.3"})
        self.assertEqual(last.ips("new"), {"10.0.0.4"})
        self.assertEqual(last.beat("s", "10.0.0.3").json["code"], 10200)
        # The others are refused, with words, and change nothing.
        self.refused(last)
        self.assertEqual(last.ips("s"), {"10.0.0.2", "10.0.0.3"})
        for node in gone:
            node.start()
        nodes.wait_ready()
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.2", "10.0.0.3"})
        self.assertEverywhere(nodes.nodes, "new", {"10.0.0.4"})
        for node in nodes.nodes:
            wait_for(lambda node=node: node.status() == "UP", 5)
            self.assertNotEqual(node.request("GET", NAMING + "/service", {"serviceName": "made"}).status, 200)
            self.assertEqual(node.beat("s", "10.0.0.3").json["code"], 10200)

    def refused(self, node: RealNode) -> None:
        """Writes that need a majority get a clear error, soon."""
        persistent = {"serviceName": "s", "ip": "10.0.0.9", "port": 8080, "ephemeral": "false"}
        for method, path, params in (
            ("POST", "/instance", persistent),
            ("DELETE", "/instance", {**persistent, "ip": "10.0.0.2"}),
            ("POST", "/service", {"serviceName": "made"}),
            ("PUT", "/operator/switches", {"entry": "defaultCacheMillis", "value": 4321}),
        ):
            began = time.monotonic()
            answer = node.request(method, NAMING + path, params)
            self.assertIn(answer.status, (500, 503), answer)
            self.assertIn("leader", answer.text)
            self.assertLess(time.monotonic() - began, 6)

    def test_two_nodes_are_enough(self) -> None:
        """With one of three gone the cluster works in full."""
        nodes = self.cluster()
        nodes.leader().kill()
        first, second = [node for node in nodes.nodes if node.running]
        wait_for(lambda: first.ready() and second.ready(), 10)
        self.assertOk(first.register("s", "10.0.0.1", ephemeral="false"))
        self.assertOk(second.register("s", "10.0.0.2", ephemeral="false"))
        self.assertEverywhere([first, second], "s", {"10.0.0.1", "10.0.0.2"})
        self.assertEqual(first.status(), "UP")


class Frozen(Clustered):
    """Nodes that stand still with their connections open (SIGSTOP)."""

    def test_follower(self) -> None:
        """It misses nothing that was written meanwhile, and what it answers with ok is everywhere."""
        nodes = self.cluster()
        leader, (victim, other) = nodes.leader(), nodes.followers()
        with contextlib.ExitStack() as stack:
            with victim.frozen():
                for number in range(20):
                    self.assertOk(other.register("s", f"10.0.0.{number}", ephemeral="false"))
                late = stack.enter_context(socket.create_connection((victim.host, victim.port)))
                late.sendall(
                    f"POST {NAMING}/instance?serviceName=s&ip=10.0.1.1&port=80&ephemeral=false HTTP/1.1\r\n"
                    "Host: x\r\n\r\n".encode()
                )
                time.sleep(4)
            late.settimeout(10)
            answer = late.recv(4096)
        ips = {f"10.0.0.{number}" for number in range(20)}
        if answer.startswith(b"HTTP/1.1 200"):
            ips.add("10.0.1.1")
        for node in nodes.nodes:
            wait_for(lambda node=node: ips <= node.ips("s"), 5)
        nodes.wait_ready()
        self.assertIs(nodes.leader(), leader, "a follower that returns does not disturb")

    def test_leader(self) -> None:
        """The others go on; back again it follows, and acknowledges nothing that the others do not have."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        late = Writer(lambda: leader, "late", ephemeral="false")
        with writing(followers, ephemeral="false") as writers:
            wait_for(lambda: len(late.acknowledged) > 5, 10)
            with leader.frozen():
                before = [len(writer.acknowledged) for writer in writers]
                wait_for(lambda: all(len(w.acknowledged) > b + 20 for w, b in zip(writers, before, strict=True)), 15)
            count = len(late.acknowledged)
            wait_for(lambda: len(late.acknowledged) > count + 5, 15)
        late.stop()
        self.assertIn(nodes.leader(), followers)
        nodes.wait_ready()
        self.assertKept(nodes.nodes, [late, *writers])


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
        from tests.system.test_start import fill, mounted

        nodes = self.cluster()
        victim, other = nodes.followers()
        self.assertOk(victim.register("s", "10.0.0.1", ephemeral="false"))
        victim.stop()
        conf = os.path.join(victim.home, "conf")
        saved = shutil.copytree(conf, os.path.join(nodes.folder, "saved"))
        with mounted(victim.home, "-o", "size=512k"), contextlib.ExitStack() as stack:
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
            readiness = wait_for(lambda: (a := victim.readiness()).status != 200 and a, 5, "readiness to fail")
            self.assertIn("full", readiness.text)
            self.assertEqual(victim.status(), "DOWN")
            wait_for(lambda: other.members()[victim.address] != "UP", 5)
            answer = victim.register("s", "10.0.1.1", ephemeral="false")
            self.assertIn(answer.status, (500, 503))
            self.assertIn("full", answer.text)
            self.assertOk(other.register("s", "10.0.1.2", ephemeral="false"))
            os.unlink(os.path.join(victim.home, "other"))
            nodes.wait_ready()
            ips = {f"10.0.0.{n}" for n in range(1, number + 1)} | {"10.0.1.2"}
            self.assertEverywhere(nodes.nodes, "s", ips)
            self.assertOk(victim.register("s", "10.0.1.3", ephemeral="false"))
