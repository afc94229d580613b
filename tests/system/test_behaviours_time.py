"""
The lines of docs/spec/naming-v1.md#20 about leases, probes, UDP pushes and the context path, against one real node that
stands alone; see C{test_behaviours}.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.system.nodes import NAMING, Answer, RealCluster, wait_for
from tests.system.shared import SHORT, NodeCase


class BeatTests(NodeCase):
    """Leases, beats and probes."""

    def test_17_metrics(self) -> None:
        """The four counts, once something is registered."""
        self.add("10.0.0.1")
        found = self.node.request("GET", NAMING + "/operator/metrics").json
        self.assertEqual(found["status"], "UP")
        for key in ("serviceCount", "instanceCount", "responsibleServiceCount", "responsibleInstanceCount"):
            self.assertGreater(found[key], 0)

    def test_18_status(self) -> None:
        """A node that is not UP refuses clients but hears Nacos-Server, which may set it UP."""

        def status(value: str, agent: str = "") -> Answer:
            return self.call("PUT", "/operator/switches", agent, entry="overriddenServerStatus", value=value)

        self.ok(status("DOWN"))
        self.addCleanup(lambda: status("null", "Nacos-Server"))
        refused = wait_for(lambda: (found := self.call("GET", "/instance/list")).status == 503 and found)
        self.assertEqual(refused.text, "server is DOWNnow, please try again later!")
        self.assertNotIn("content-type", refused.headers)
        self.assertEqual(status("UP").status, 503)
        self.ok(status("UP", "Nacos-Server"))
        wait_for(lambda: self.call("GET", "/instance/list").status == 200)

    def test_19_47_beats(self) -> None:
        """Light beats hold, then, when the switch says so, full ones; metadata stays."""
        # Shorter than each of the two rounds, and long enough for a machine that is busy.
        lease = {**SHORT, "preserved.heart.beat.timeout": "3500", "preserved.ip.delete.timeout": "3800"}
        self.add("10.0.0.1", metadata=json.dumps(lease))
        for _ in range(8):
            found = self.call("PUT", "/instance/beat", ip="10.0.0.1", port=8080).json
            self.assertEqual(found, {"clientBeatInterval": 1000, "code": 10200, "lightBeatEnabled": True})
            time.sleep(0.5)
        self.ok(self.call("PUT", "/operator/switches", entry="lightBeatEnabled", value="false"))
        try:
            for _ in range(8):
                self.assertFalse(self.beat("10.0.0.1", metadata=lease).json["lightBeatEnabled"])
                time.sleep(0.5)
        finally:
            self.ok(self.call("PUT", "/operator/switches", entry="lightBeatEnabled", value="true"))
        host = self.node.hosts(self.name)["10.0.0.1"]
        self.assertEqual((host["healthy"], host["metadata"]), (True, lease))

    def test_20_21_without_beats(self) -> None:
        """Gone, while others stay; a full beat brings it back, into its cluster."""
        self.add("10.0.0.1", metadata=json.dumps(SHORT), clusterName="c1")
        self.add("10.0.0.2", clusterName="c2")
        wait_for(lambda: self.listed() == {"10.0.0.2"})
        self.assertEqual(self.listed(clusters="c1"), set())
        self.beat("10.0.0.1", cluster="c1")
        self.beat("10.0.0.3")
        found = {ip: host["clusterName"] for ip, host in self.node.hosts(self.name).items()}
        self.assertEqual(found, {"10.0.0.1": "c1", "10.0.0.2": "c2", "10.0.0.3": "DEFAULT"})

    def test_24_nobody_probes_ephemeral_ones(self) -> None:
        """An address that nobody can reach is healthy."""
        self.add("1.1.1.1")
        time.sleep(4)
        self.assertTrue(self.node.hosts(self.name)["1.1.1.1"]["healthy"])

    def test_40_light_beat_of_unknown(self) -> None:
        """20404 without lightBeatEnabled, so that the client sends all about it."""
        found = self.call("PUT", "/instance/beat", ip="10.0.0.1", port=8080)
        self.assertEqual(found.text, '{"clientBeatInterval":5000,"code":20404}')

    def test_45_leases_in_time(self) -> None:
        """3000 and 9000 ms: unhealthy after 3 to 8.5 s, gone after 9 to 14.5 s."""
        times = {"preserved.heart.beat.timeout": "3000", "preserved.ip.delete.timeout": "9000"}
        began = time.monotonic()
        self.add("10.0.0.1", metadata=json.dumps(times))
        self.assertLessEqual(self.last_seen(lambda: self.instance("GET", "10.0.0.1").json["healthy"]), began + 8.5)
        self.assertGreaterEqual(time.monotonic(), began + 3)
        self.assertLessEqual(self.last_seen(lambda: self.listed() != set()), began + 14.5)
        self.assertGreaterEqual(time.monotonic(), began + 9)

    def last_seen(self, what: Callable[[], object]) -> float:
        """When it was asked for the last time whether it is so, and was; waits until it is not."""
        last = 0.0

        def over() -> bool:
            nonlocal last
            asked = time.monotonic()
            if not what():
                return True
            last = asked
            return False

        wait_for(over)
        return last

    def test_45_probes(self) -> None:
        """A closed port is unhealthy with the first probe, an open one healthy."""
        with socket.socket() as server, socket.socket() as closed:
            server.bind(("127.0.0.1", 0))
            server.listen()
            closed.bind(("127.0.0.1", 0))
            ports = [each.getsockname()[1] for each in (server, closed)]
            for port in ports:
                self.ok(self.node.register(self.name, "127.0.0.1", port, ephemeral="false"))

            def healthy() -> list[bool]:
                hosts = self.call("GET", "/instance/list").json["hosts"]
                return [host["healthy"] for host in sorted(hosts, key=lambda each: ports.index(each["port"]))]

            wait_for(lambda: healthy() == [True, False])
            time.sleep(3)
            self.assertEqual(healthy(), [True, False])


class PushTests(NodeCase):
    """UDP subscribers."""

    def test_30_events(self) -> None:
        """Registrations and removals are told, down to nothing; other clusters and namespaces are not."""
        client, other = self.subscriber(), self.subscriber()
        self.add("10.0.0.1", clusterName="c1")
        self.assertEqual(client.poll(self.name, clusters="c1").json["cacheMillis"], 10000)
        other.poll(self.name, clusters="c2")
        self.subscriber().poll(self.name, clusters="c2")
        while client.receive(0.3):
            pass
        self.add("10.0.0.2", clusterName="c1")
        packet = client.until({"10.0.0.1", "10.0.0.2"})
        assert packet is not None
        self.assertEqual((packet.type, packet.info["clusters"], packet.info["cacheMillis"]), ("dom", "c1", 10000))
        self.assertEqual(packet.info, client.poll(self.name, clusters="c1").json)
        self.ok(self.instance("DELETE", "10.0.0.2", clusterName="c1"))
        self.assertIsNotNone(client.until({"10.0.0.1"}))
        self.ok(self.instance("DELETE", "10.0.0.1", clusterName="c1"))
        self.assertIsNotNone(client.until(set()))
        self.add("10.0.0.9", namespaceId="elsewhere", clusterName="c1")
        self.assertIsNone(client.receive(0.5))
        while (packet := other.receive(0.1)) is not None:
            self.assertEqual(packet.ips, set())

    def test_30_who_polls_no_more(self) -> None:
        """Is told nothing any more after pushCacheMillis."""
        client = self.subscriber()
        self.add("10.0.0.1")
        client.poll(self.name)
        time.sleep(11.5)  # 1 s more than pushCacheMillis, for a poll that is on its way
        while client.receive(0.05):
            pass
        self.add("10.0.0.2")
        self.assertIsNone(client.receive(1))

    def test_31_subscribers(self) -> None:
        """One for each client of a host."""
        first, second = self.subscriber(), self.subscriber()
        self.add("10.0.0.1")
        for count, client in enumerate((first, second), 1):
            client.poll(self.name)
            found = self.call("GET", "/service/subscribers", pageNo=1, pageSize=10).json
            self.assertEqual(found["count"], count)
        ports = {f"127.0.0.1:{client.port}" for client in (first, second)}
        self.assertEqual({each["addrStr"] for each in found["subscribers"]}, ports)

    def test_38_packets(self) -> None:
        """Small ones plain, from 1024 bytes on packed; once more after 10 s where no answer came."""
        client = self.subscriber()
        self.add("10.0.0.1")
        client.poll(self.name)
        while client.receive(0.3):
            pass
        self.add("10.0.0.2")
        packet = client.receive(30)
        assert packet is not None
        self.assertEqual((packet.packed, packet.size < 1024), (False, True))
        began = time.monotonic()
        for number in range(3, 9):
            client.poll(self.name)  # a subscription lasts 10 s, which these may take
            self.add(f"10.0.0.{number}")
        numbers: list[int] = []
        # On a busy machine there may be several; one that a newer one has followed does not come again.
        while not numbers or numbers.count(max(numbers)) < 2 or len(packet.ips) < 8:
            packet = client.receive(30, ack=False)
            assert packet is not None, numbers
            self.assertEqual((packet.packed, packet.size >= 1024), (packet.size >= 1024, packet.packed))
            if packet.number in numbers:
                self.assertGreater(time.monotonic() - began, 9.9)
            numbers.append(packet.number)
        self.assertEqual(packet.number, max(numbers))
        self.assertIsNone(client.receive(1, ack=False))

    def test_39_agents(self) -> None:
        """Only those that understand pushes are pushed."""
        self.add("10.0.0.1")
        agents = {"curl/8.0": 3000, "Nacos-Go-Client:v1.1.5": 10000, "Nacos-C-Client:v2.0.0": 10000}
        clients = {agent: self.subscriber(agent) for agent in (*agents, "Nacos-Python-Client:v0.1.14")}
        for agent, client in clients.items():
            self.assertEqual(client.poll(self.name).json["cacheMillis"], agents.get(agent, 3000), agent)
        time.sleep(0.3)
        self.add("10.0.0.2")
        for agent, client in clients.items():
            pushed = agents.get(agent) == 10000
            packet = client.until({"10.0.0.1", "10.0.0.2"}, 30 if pushed else 1)
            self.assertEqual(packet is not None, pushed, agent)


class RootTests(NodeCase):
    """Line 32: the context path may be the root."""

    def setUp(self) -> None:
        started = RealCluster(1, "server.servlet.contextPath=/")
        self.addCleanup(started.close)
        self.node, self.name = started.nodes[0], "root"
        self.node.start(*started.arguments)
        wait_for(lambda: self.node.request("GET", "/v1/console/health/readiness").status == 200)

    def call(self, method: str, path: str, agent: str = "", **params: Any) -> Answer:
        return self.node.request(method, "/v1/ns" + path, {"serviceName": self.name, **params})

    def test_32_root(self) -> None:
        """Every naming call."""
        self.add("10.0.0.1")
        self.assertEqual(self.call("GET", "/instance/list").json["hosts"][0]["ip"], "10.0.0.1")
        self.assertEqual(self.beat("10.0.0.1").json["code"], 10200)
        self.ok(self.instance("PUT", "10.0.0.1", weight="3"))
        self.assertEqual(self.instance("GET", "10.0.0.1").json["weight"], 3.0)
        self.ok(self.instance("DELETE", "10.0.0.1"))
        self.assertEqual(self.call("GET", "/service/list", pageNo=1, pageSize=10).json["count"], 1)
        self.ok(self.call("DELETE", "/service"))
