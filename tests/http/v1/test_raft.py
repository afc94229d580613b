"""Tests for L{nacos_tw.http.v1.raft}, L{nacos_tw.http.v1.distro} and L{nacos_tw.http.v1.datums}."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import attrs
import msgspec

from nacos_tw.cluster.members import Report
from nacos_tw.errors import Unavailable
from nacos_tw.http.v1 import datums
from nacos_tw.http.v1.distro import DistroV1
from nacos_tw.http.v1.raft import RaftV1
from nacos_tw.naming.applying import apply
from nacos_tw.naming.commands import UpdateCluster
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.datums import Datums
from nacos_tw.naming.operations.health import HealthOperations
from tests.http.v1.fakes import (
    FOLLOWING,
    GUARD,
    NOW,
    PUBLIC,
    A,
    B,
    C,
    FakeNaming,
    FakeNode,
    HandlerTestCase,
    members,
    node_operations,
)

RAFT = "/v1/ns/raft"
DISTRO = "/v1/ns/distro"
P1 = "public##DEFAULT_GROUP@@p1"


class RaftTests(HandlerTestCase):
    """The state of our Raft part, in old shapes."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.node = FakeNode()
        self.members = members()
        self.area = RaftV1(
            GUARD, node_operations(self.members, self.node), Datums(self.naming), HealthOperations(self.naming)
        )

    def test_peer(self) -> None:
        self.assertEqual(
            self.reply("GET", f"{RAFT}/peer").body,
            b'{"ip":"10.0.0.1:8848","voteFor":"10.0.0.1:8848","term":3,"leaderDueMs":1000,"heartbeatDueMs":100,'
            b'"state":"LEADER"}',
        )

    def test_leader(self) -> None:
        """The leader is a JSON text within the JSON; it is another node as well as this one."""
        self.assertEqual(self.leader()["ip"], A)
        self.node.state = FOLLOWING
        leader = self.leader()
        self.assertEqual((leader["ip"], leader["state"], leader["term"]), (B, "LEADER", 3))

    def leader(self) -> Any:
        return msgspec.json.decode(self.json("GET", f"{RAFT}/leader")["leader"])

    def test_no_leader(self) -> None:
        """While nobody leads this says so."""
        self.node.state = attrs.evolve(FOLLOWING, role="CANDIDATE", leader="", vote=A)
        self.assertEqual(self.json("GET", f"{RAFT}/leader"), {"leader": "null"})
        peers = self.json("GET", f"{RAFT}/state")["peers"]
        self.assertEqual([peer["state"] for peer in peers], ["CANDIDATE", "FOLLOWER", "FOLLOWER"])

    def test_state(self) -> None:
        """All peers; what another one is comes from the leader known here, else from its report."""
        self.naming.add("p1")
        self.node.state = FOLLOWING
        extend = {
            "raftRole": "CANDIDATE",
            "raftMetaData": {"metaDataMap": {"naming_persistent_service": {"term": 7}}},
        }
        self.members.report_received(C, Report("10.0.0.3", 8848, extend=extend), 1)
        found = self.json("GET", f"{RAFT}/state")
        peers = [(peer["ip"], peer["state"], peer["term"]) for peer in found["peers"]]
        self.assertEqual(peers, [(A, "FOLLOWER", 3), (B, "LEADER", 3), (C, "CANDIDATE", 7)])
        self.assertEqual(found["services"], 1)

    def test_old_reports(self) -> None:
        """A member that last reported as leader, and no longer is, shows as follower; nonsense does no harm."""
        self.members.report_received(B, Report("10.0.0.2", 8848, extend={"raftRole": "LEADER"}), 1)
        self.members.report_received(C, Report("10.0.0.3", 8848, extend={"raftMetaData": 5}), 1)
        peers = self.json("GET", f"{RAFT}/state")["peers"]
        self.assertEqual([peer["state"] for peer in peers], ["LEADER", "FOLLOWER", "FOLLOWER"])

    def test_listeners(self) -> None:
        self.naming.add("p1")
        found = self.json("GET", f"{RAFT}/listeners")["listeners"]
        self.assertEqual(found, [datums.SWITCHES, datums.META + P1, datums.PERSISTENT + P1])

    def datum(self, *keys: str) -> Any:
        return self.json("GET", f"{RAFT}/datum?keys={quote(','.join(keys))}")

    def test_datum(self) -> None:
        """Switches, settings and both kinds of lists can be read; the rest is left out."""
        self.naming.create("p1", protect_threshold=0.5)
        apply(self.naming.registry, UpdateCluster((PUBLIC, "DEFAULT_GROUP@@p1"), "c1"))
        self.naming.add("p1", ephemeral=False)
        self.naming.add("p1", "10.0.0.2")
        keys = [datums.SWITCHES, datums.META + P1, datums.PERSISTENT + P1, datums.EPHEMERAL + P1]
        found = self.datum(*keys, "nonsense", datums.META + "x", datums.META + "public##g@@none")
        self.assertEqual([each["key"] for each in found], keys)
        self.assertEqual(found[0]["value"]["clientBeatInterval"], 5000)
        self.assertEqual(
            (found[1]["value"]["protectThreshold"], list(found[1]["value"]["clusterMap"])), (0.5, ["c1", "DEFAULT"])
        )
        hosts = [[host["ip"] for host in each["value"]["instanceList"]] for each in found[2:]]
        self.assertEqual(hosts, [["10.0.0.1"], ["10.0.0.2"]])

    def test_datum_of_unstored(self) -> None:
        """A service that only ephemeral instances made has no stored settings."""
        self.naming.add("p1")
        self.assertEqual(self.datum(datums.META + P1, datums.PERSISTENT + P1), [])
        self.assertEqual(self.text("GET", f"{RAFT}/datum", status=400), "Parameter 'keys' is missing")

    def test_old_protocol(self) -> None:
        """The calls of old peers are refused as 1.4.8 refuses them."""
        for method, path in (
            ("POST", "/vote"), ("POST", "/beat"), ("POST", "/datum"), ("DELETE", "/datum"), ("PUT", "/datum/reload"),
            ("POST", "/datum/commit"), ("DELETE", "/datum/commit"),
        ):  # fmt: skip
            text = self.text(method, RAFT + path, status=500)
            self.assertEqual(text, "caused: old raft protocol already stop;")


class DistroTests(HandlerTestCase):
    """Datums of ephemeral instances."""

    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = DistroV1(GUARD, Datums(self.naming), node_operations(members(), FakeNode()))
        self.key = datums.EPHEMERAL + P1

    def get(self, path: str, body: str = "") -> Any:
        reply = self.reply("GET", DISTRO + path, body)
        self.assertEqual((reply.status, reply.content_type), (200, b"application/octet-stream"))
        return msgspec.json.decode(reply.body)

    def test_datums(self) -> None:
        """All ephemeral instances with all their fields; nothing of persistent ones and empty services."""
        self.naming.add("p1")
        self.naming.add("p2", ephemeral=False)
        found = self.get("/datums")
        self.assertEqual(list(found), [self.key])
        self.assertEqual((list(found[self.key]), found[self.key]["timestamp"]), (["key", "value", "timestamp"], 1))
        (instance,) = found[self.key]["value"]["instanceList"]
        self.assertEqual(
            (instance["ip"], instance["lastBeat"], instance["instanceHeartBeatInterval"]), ("10.0.0.1", NOW + 1, 5000)
        )

    def test_datum(self) -> None:
        """Some keys, in the body or as a parameter; what is not there is left out."""
        self.naming.add("p1")
        other = datums.EPHEMERAL + "public##DEFAULT_GROUP@@none"
        body = msgspec.json.encode({"keys": f"{self.key},{other},x,{datums.META}{P1}"}).decode()
        self.assertEqual(list(self.get("/datum", body)), [self.key])
        self.assertEqual(list(self.get(f"/datum?keys={quote(self.key)}")), [self.key])
        self.assertEqual(self.get("/datum"), {})

    def test_provisional(self) -> None:
        """What only this node shows is there too."""
        key = (PUBLIC, "DEFAULT_GROUP@@p1")
        instance = Instance(0, key, "10.0.0.9", 1, "DEFAULT", True, 1.0, True, True, None, "DEFAULT")
        self.naming.overlay[key] = {instance.key: instance}
        self.assertEqual(list(self.get("/datums")), [self.key])
        self.assertEqual(
            self.get(f"/datum?keys={quote(self.key)}")[self.key]["value"]["instanceList"][0]["ip"], "10.0.0.9"
        )

    def put(self, instances: list[dict[str, Any]], key: str = "", status: int = 200) -> str:
        key = key or self.key
        datum = {key: {"key": key, "value": {"instanceList": instances}, "timestamp": 1}}
        return self.text("PUT", f"{DISTRO}/datum", msgspec.json.encode(datum), status)

    def test_put(self) -> None:
        """What another system knows is registered; other keys are left alone."""
        given = {"ip": "10.0.0.7", "port": 80, "clusterName": "c1", "weight": 2.0, "metadata": {"a": "1"}, "x": [1]}
        self.assertEqual(self.put([given, {"ip": "10.0.0.8", "port": 81, "ephemeral": False}]), "ok")
        self.assertEqual(self.put([given], datums.PERSISTENT + P1), "ok")
        (instance,) = self.naming.registry.by_number.values()
        self.assertEqual(instance.service, (PUBLIC, "DEFAULT_GROUP@@p1"))
        self.assertEqual(
            (instance.ip, instance.cluster, instance.weight, instance.metadata), ("10.0.0.7", "c1", 2.0, {"a": "1"})
        )

    def test_own_words(self) -> None:
        """What GET gives PUT takes."""
        self.naming.add("p1", metadata={"a": "1"}, cluster="c1")
        before = self.naming.registry.by_number[1]
        shown = self.reply("GET", f"{DISTRO}/datums").body
        other = FakeNaming()
        self.area = DistroV1(GUARD, Datums(other), node_operations(members(), FakeNode()))
        self.assertEqual(self.text("PUT", f"{DISTRO}/datum", shown), "ok")
        self.assertEqual(other.registry.by_number[1], before)

    def test_refused(self) -> None:
        """One bad instance refuses the whole call; so do an empty map and nonsense."""
        good = {"ip": "10.0.0.7", "port": 80}
        for bad in (
            {"ip": "1.2", "port": 1},
            {**good, "clusterName": "c_x"},
            {**good, "weight": -1},
            {"ip": "10.0.0.1"},
        ):
            self.put([good, bad], status=400)
        self.put([good], datums.EPHEMERAL + "public##g@@a b", status=400)
        self.assertEqual(self.text("PUT", f"{DISTRO}/datum", "{}", 400), "receive empty entity!")
        self.text("PUT", f"{DISTRO}/datum", "nonsense", 400)
        self.assertEqual(self.naming.registry.by_number, {})

    def test_no_majority(self) -> None:
        self.naming.trouble = Unavailable("no leader")
        self.assertEqual(self.put([{"ip": "10.0.0.7", "port": 80}] * 2, status=503), "no leader")

    def test_checksum(self) -> None:
        self.assertEqual(self.text("PUT", f"{DISTRO}/checksum?source=10.0.0.2:8848", "{}"), "ok")


class KeyTests(HandlerTestCase):
    """Keys of datums."""

    def test_keys(self) -> None:
        self.assertEqual(datums.ephemeral_service(datums.EPHEMERAL + "##g@@s"), (PUBLIC, "g@@s"))
        for key in (
            "",
            "x",
            datums.EPHEMERAL,
            datums.EPHEMERAL + "g@@s",
            datums.EPHEMERAL + "n##s",
            datums.PERSISTENT + P1,
        ):
            self.assertIsNone(datums.ephemeral_service(key), key)
