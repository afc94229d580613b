"""Three real nodes that die, stop or stand still: what was acknowledged stays."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import random
import signal
import socket
import threading
import time

from tests.system.clustered import Clustered
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import NAMING, RealNode, wait_for
from tests.system.writers import PATIENT, Writer, writing


class Failures(Clustered):
    """Nodes die."""

    def test_kill_the_leader_while_writing(self) -> None:
        """Nothing that was acknowledged is lost; the old leader comes back as a follower with all of it."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        term = followers[0].raft()["term"]
        with writing(followers) as writers:
            wait_for(lambda: all(len(writer.acknowledged) > 30 for writer in writers))
            leader.kill()
            before = [len(writer.acknowledged) for writer in writers]
            wait_for(lambda: all(len(w.acknowledged) > b + 30 for w, b in zip(writers, before, strict=True)))
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
        """bin/shutdown.sh hands over first: no write at the others fails."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        with writing(followers, ephemeral="false") as writers:
            wait_for(lambda: all(len(writer.acknowledged) > 30 for writer in writers))
            leader.stop()
            before = [len(writer.acknowledged) for writer in writers]
            wait_for(lambda: all(len(w.acknowledged) > b + 30 for w, b in zip(writers, before, strict=True)))
        self.assertEqual([writer.failures for writer in writers], [[], []])
        self.assertKept(followers, writers)

    def test_rolling_restart(self) -> None:
        """Each node in turn, the leader too: writers that go to a running node notice nothing."""
        nodes = self.cluster()
        for node in list(nodes.nodes):
            others = [other for other in nodes.nodes if other is not node]
            with writing(others, ephemeral="false") as writers:
                wait_for(lambda writers=writers: all(len(w.acknowledged) > 10 for w in writers))
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
                wait_for(lambda victim=victim, before=before: len(victim.ips("w0")) > before + 5, why=f"seed {seed}")
                victim.kill()
                victim.start()
                nodes.wait_ready()
        self.assertKept(nodes.nodes, writers)

        def listed(node: RealNode) -> list[set[str]]:
            return [node.ips(writer.service) for writer in writers]

        for node in nodes.nodes[1:]:  # what was not acknowledged may still be on its way
            wait_for(lambda node=node: listed(node) == listed(nodes.nodes[0]), why=f"the same lists; seed {seed}")

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
                    if node.register(f"s-{kind}", ip, ephemeral=kind, metadata=PATIENT).text != "ok":
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
                wait_for(lambda before=before: len(removed["false"]) > before + 30)
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
                wait_for(lambda node=node, kind=kind: kept[kind] <= node.ips(f"s-{kind}"), why=f"{kind}: kept")
                self.assertEqual(removed[kind] & node.ips(f"s-{kind}"), set())

    def test_all_stopped_at_once(self) -> None:
        """SIGTERM to all three at the same time: each ends, and has everything afterwards."""
        nodes = self.cluster()
        self.assertOk(nodes.nodes[0].register("s", "10.0.0.1"))
        self.assertOk(nodes.nodes[1].register("s", "10.0.0.2", ephemeral="false"))
        for node in nodes.nodes:
            node.signal(signal.SIGTERM)
        for node in nodes.nodes:
            wait_for(lambda node=node: not node.running)
        nodes.start()
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.0.2"})

    def test_all_killed_at_once(self) -> None:
        """After kill -9 of all three and a restart everything is there: instances, services, switches."""
        nodes = self.cluster()
        follower, *_ = nodes.followers()
        self.assertOk(follower.register("s", "10.0.0.1", metadata=PATIENT))
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
        self.assertOk(last.register("s", "10.0.0.1", metadata=PATIENT))
        self.assertOk(last.register("s", "10.0.0.2", ephemeral="false"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.0.2"})
        for node in gone:
            node.kill()
        readiness = wait_for(lambda: (a := last.readiness()).status != 200 and a, why="readiness to fail")
        self.assertIn("leader", readiness.text)
        wait_for(lambda: last.status() == "DOWN")
        wait_for(lambda: {last.members()[node.address] for node in gone} == {"DOWN"})
        self.assertNotEqual(last.members()[last.address], "UP")
        # Ephemeral ones go on.
        self.assertOk(last.register("s", "10.0.0.3", metadata=PATIENT))
        self.assertOk(last.register("new", "10.0.0.4", metadata=PATIENT))
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
            wait_for(lambda node=node: node.status() == "UP")
            self.assertNotEqual(node.request("GET", NAMING + "/service", {"serviceName": "made"}).status, 200)
            self.assertEqual(node.beat("s", "10.0.0.3").json["code"], 10200)

    def refused(self, node: RealNode) -> None:
        """Writes that need a majority get a clear error."""
        persistent = {"serviceName": "s", "ip": "10.0.0.9", "port": 8080, "ephemeral": "false"}
        for method, path, params in (
            ("POST", "/instance", persistent),
            ("DELETE", "/instance", {**persistent, "ip": "10.0.0.2"}),
            ("POST", "/service", {"serviceName": "made"}),
            ("PUT", "/operator/switches", {"entry": "defaultCacheMillis", "value": 4321}),
        ):
            answer = node.request(method, NAMING + path, params)
            self.assertIn(answer.status, (500, 503), answer)
            self.assertIn("leader", answer.text)

    def test_two_nodes_are_enough(self) -> None:
        """With one of three gone the cluster works in full."""
        nodes = self.cluster()
        nodes.leader().kill()
        first, second = [node for node in nodes.nodes if node.running]
        wait_for(lambda: first.ready() and second.ready())
        self.assertOk(first.register("s", "10.0.0.1", ephemeral="false"))
        self.assertOk(second.register("s", "10.0.0.2", ephemeral="false"))
        self.assertEverywhere([first, second], "s", {"10.0.0.1", "10.0.0.2"})
        self.assertEqual(first.status(), "UP")


class Frozen(Clustered):
    """Nodes that stand still with their connections open (SIGSTOP)."""

    def test_follower(self) -> None:
        """
        It misses nothing that was written meanwhile; what waited at its door is refused, and not done. What a client of
        2.x had there that gave it up meanwhile stays, until that can have registered again.
        """
        nodes = self.cluster(3, "nacos.naming.client.grace=120\n")
        leader, (victim, other) = nodes.leader(), nodes.followers()
        client = GrpcClient(victim)
        self.assertTrue(client.register("of-client", "10.0.2.1")["success"])
        with contextlib.ExitStack() as stack:
            with victim.frozen():
                for number in range(20):
                    self.assertOk(other.register("s", f"10.0.0.{number}", ephemeral="false"))
                late = stack.enter_context(socket.create_connection((victim.host, victim.port)))
                late.sendall(
                    f"POST {NAMING}/instance?serviceName=s&ip=10.0.1.1&port=80&ephemeral=false HTTP/1.1\r\n"
                    "Host: x\r\n\r\n".encode()
                )
                client.close()
                time.sleep(4)
            late.settimeout(30)
            answer = late.recv(4096)
        self.assertEqual(answer[:12], b"HTTP/1.1 503", answer)
        self.assertIn(b"stood still", answer)
        ips = {f"10.0.0.{number}" for number in range(20)}
        nodes.wait_ready()
        self.assertOk(victim.register("s", "10.0.1.2", ephemeral="false"))
        for node in nodes.nodes:
            wait_for(lambda node=node: node.ips("s") == ips | {"10.0.1.2"})
            self.assertEqual(node.ips("of-client"), {"10.0.2.1"})
        self.assertIs(nodes.leader(), leader, "a follower that returns does not disturb")

    def test_leader(self) -> None:
        """The others go on; back again it follows, and acknowledges nothing that the others do not have."""
        nodes = self.cluster()
        leader, followers = nodes.leader(), nodes.followers()
        late = Writer(lambda: leader, "late", ephemeral="false")
        with writing(followers, ephemeral="false") as writers:
            wait_for(lambda: len(late.acknowledged) > 5)
            with leader.frozen():
                before = [len(writer.acknowledged) for writer in writers]
                wait_for(lambda: all(len(w.acknowledged) > b + 20 for w, b in zip(writers, before, strict=True)))
            count = len(late.acknowledged)
            wait_for(lambda: len(late.acknowledged) > count + 5)
        late.stop()
        self.assertIn(nodes.leader(), followers)
        nodes.wait_ready()
        self.assertKept(nodes.nodes, [late, *writers])
