"""Tests for L{nacos_tw.http.v1.operator}, L{nacos_tw.naming.counts} and L{nacos_tw.http.v1.metrics}."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import quote

import attrs
import msgspec

from nacos_tw.access.limits import NO_LIMITS
from nacos_tw.errors import Unavailable
from nacos_tw.http.assembly import metric_sources
from nacos_tw.http.counters import Counters
from nacos_tw.http.v1.metrics import PrometheusV1
from nacos_tw.http.v1.operator import OPS, OperatorV1
from nacos_tw.metrics.machine import Machine
from nacos_tw.metrics.nacos import NO_GRPC
from nacos_tw.metrics.operations import Metrics
from nacos_tw.naming.counts import Counts
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.status import Status
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.push.operations import Pushes
from tests.access.lines import Lines
from tests.http.v1.fakes import (
    FOLLOWING,
    GUARD,
    PUBLIC,
    A,
    B,
    FakeNaming,
    FakeNode,
    HandlerTestCase,
    member_operations,
    members,
    node_operations,
)

OPERATOR = "/v1/ns/operator"
KEYS_14 = [
    "status", "serviceCount", "instanceCount", "raftNotifyTaskCount", "responsibleServiceCount",
    "responsibleInstanceCount", "cpu", "load", "mem",
]  # fmt: skip


class OperatorTestCase(HandlerTestCase):
    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.node = FakeNode()
        self.members = members()
        self.counts = Counts(self.naming)
        switches = SwitchOperations(self.naming, Lines())
        self.area: OperatorV1 = OperatorV1(
            GUARD,
            Status(self.naming, self.counts),
            Services(self.naming),
            switches,
            node_operations(self.members, self.node),
            member_operations(self.members, self.node),
            Metrics(Machine(), []),
            Pushes(self.naming.udp),
        )


class MetricsTests(OperatorTestCase):
    """C{/metrics}."""

    def test_default(self) -> None:
        """The keys of 1.4 in its order, with real numbers."""
        self.naming.add("p1")
        self.naming.add("p1", "10.0.0.2", ephemeral=False)
        found = self.json("GET", f"{OPERATOR}/metrics")
        self.assertEqual(list(found), KEYS_14)
        self.assertEqual([found[key] for key in KEYS_14[:6]], ["UP", 1, 2, 0, 1, 2])
        self.assertTrue(0 < found["mem"] < 1)

    def test_only_status(self) -> None:
        self.assertEqual(self.json("GET", f"{OPERATOR}/metrics?onlyStatus=true"), {"status": "UP"})
        self.text("GET", f"{OPERATOR}/metrics?onlyStatus=maybe", status=400)

    def test_all(self) -> None:
        """C{onlyStatus=false} asks for the counts of 2.5.1 too: clients are ip and port."""
        self.naming.add("p1")
        self.naming.add("p2")
        self.naming.add("p2", "10.0.0.2", ephemeral=False)
        found = self.json("GET", f"{OPERATOR}/metrics?onlyStatus=false")
        self.assertEqual((found["ephemeralIpPortClientCount"], found["persistentIpPortClientCount"]), (1, 1))
        self.assertEqual((found["clientCount"], found["instanceCount"]), (2, 3))
        self.naming.add("p3", "10.0.0.3")
        self.assertEqual(self.json("GET", f"{OPERATOR}/metrics?onlyStatus=false")["clientCount"], 3)

    def test_down(self) -> None:
        """A node that cannot work says so, and why."""
        self.naming.state = ("DOWN", "no leader")
        found = self.json("GET", f"{OPERATOR}/metrics")
        self.assertEqual((found["status"], found["reason"]), ("DOWN", "no leader"))

    def test_provisional(self) -> None:
        """What only this node shows counts."""
        key = (PUBLIC, "DEFAULT_GROUP@@new")
        instance = Instance(0, key, "10.0.0.9", 1, "DEFAULT", True, 1.0, True, True, {}, "DEFAULT")
        self.naming.overlay[key] = {instance.key: instance}
        found = self.json("GET", f"{OPERATOR}/metrics")
        self.assertEqual((found["serviceCount"], found["instanceCount"]), (1, 1))


class SwitchTests(OperatorTestCase):
    """C{/switches}."""

    def put(self, entry: str, value: str, more: str = "", status: int = 200) -> str:
        return self.text("PUT", f"{OPERATOR}/switches?entry={entry}&value={quote(value)}{more}", status=status)

    def test_get(self) -> None:
        """The whole object in 1.4.8's order, nulls kept."""
        body = self.reply("GET", f"{OPERATOR}/switches").body
        start = b'{"masters":null,"adWeightMap":{},"defaultPushCacheMillis":10000,"clientBeatInterval":5000,'
        self.assertTrue(body.startswith(start), body)
        self.assertTrue(body.endswith(b'"name":"00-00---000-NACOS_SWITCH_DOMAIN-000---00-00","checksum":null}'), body)

    def test_put(self) -> None:
        """A change goes through the log, with C{debug} it stays here; an unknown entry is C{ok}."""
        self.assertEqual(self.put("clientBeatInterval", "6000"), "ok")
        self.assertEqual(self.json("GET", f"{OPERATOR}/switches")["clientBeatInterval"], 6000)
        self.assertEqual(self.put("clientBeatInterval", "7000", "&debug=true"), "ok")
        self.assertEqual(self.json("GET", f"{OPERATOR}/switches")["clientBeatInterval"], 7000)
        self.assertEqual(len(self.naming.changes), 1)
        self.assertEqual(self.put("nosuch", ""), "ok")

    def test_refused(self) -> None:
        """A value that is refused never reaches the log."""
        text = self.put("defaultCacheMillis", "999", status=400)
        self.assertEqual(text, "min default cache time  is too small(<1000)")
        self.assertEqual(self.put("checkTimes", "x"), "ok")
        self.assertEqual(self.put("healthCheckTimes", "x", status=400), 'For input string: "x"')
        text = self.text("PUT", f"{OPERATOR}/switches?value=x", status=400)
        self.assertEqual(text, "Parameter 'entry' is missing")
        self.assertEqual(self.text("PUT", f"{OPERATOR}/switches?entry=x", status=400), "Parameter 'value' is missing")
        self.assertEqual([each.entry for each in self.naming.changes], ["checkTimes"])  # type: ignore[union-attr]

    def test_no_majority(self) -> None:
        self.naming.trouble = Unavailable("no leader")
        self.assertEqual(self.put("check", "false", status=503), "no leader")
        self.assertTrue(self.naming.registry.switches.health_check_enabled)


class MemberTests(OperatorTestCase):
    """What is asked of members, and the rest."""

    def test_servers(self) -> None:
        """All members, or those that are up."""
        found = self.json("GET", f"{OPERATOR}/servers")["servers"]
        self.assertEqual([each["state"] for each in found], ["UP", "UP", "DOWN"])
        self.assertEqual(list(found[0]), ["ip", "port", "state", "extendInfo", "address", "failAccessCnt"])
        found = self.json("GET", f"{OPERATOR}/servers?healthy=true")["servers"]
        self.assertEqual([each["address"] for each in found], [A, B])

    def test_distro(self) -> None:
        """Status, and who would be responsible."""
        self.naming.add("p1")
        self.assertEqual(len(self.json("GET", f"{OPERATOR}/distro/status")["status"]), 3)
        self.assertEqual(self.json("GET", f"{OPERATOR}/distro/status?action=x"), {})
        found = self.json("GET", f"{OPERATOR}/distro/server?serviceName=p1")
        self.assertEqual(found, {"responsibleServer": self.members.responsible("DEFAULT_GROUP@@p1")})
        found = self.json("GET", f"{OPERATOR}/distro/client?ip=10.0.0.1&port=80")
        self.assertEqual(found, {"responsibleServer": self.members.responsible("10.0.0.1:80")})
        text = self.text("GET", f"{OPERATOR}/distro/server?serviceName=x", status=400)
        self.assertEqual(text, "service not found")

    def test_cluster_state(self) -> None:
        """This node as an old raft peer; voteFor only if it voted."""
        found = self.json("GET", f"{OPERATOR}/cluster/state")
        self.assertEqual((found["ip"], found["term"], found["state"], found["voteFor"]), (A, 3, "LEADER", A))
        self.node.state = FOLLOWING
        found = self.json("GET", f"{OPERATOR}/cluster/state")
        self.assertEqual((found["state"], "voteFor" in found), ("FOLLOWER", False))

    def test_server_status(self) -> None:
        self.assertEqual(self.text("GET", f"{OPERATOR}/server/status?serverStatus=x"), "ok")

    def test_push_state(self) -> None:
        self.assertEqual(
            self.reply("GET", f"{OPERATOR}/push/state").body, b'{"succeed":0,"total":0,"ratio":0,"reset":false}'
        )
        found = self.json("GET", f"{OPERATOR}/push/state?detail=true&reset=true")
        self.assertEqual((found["data"], found["reset"]), ([], True))

    def test_log(self) -> None:
        levels: list[tuple[str, str]] = []
        node = node_operations(self.members, self.node, set_log_level=lambda *given: levels.append(given))
        self.area = attrs.evolve(self.area, node=node)
        self.assertEqual(self.text("PUT", f"{OPERATOR}/log?logName=naming-push&logLevel=WARN"), "ok")
        self.assertEqual(levels, [("naming-push", "WARN")])

    def test_ops(self) -> None:
        """The same under the short name."""
        self.area = attrs.evolve(self.area, prefix=OPS)
        self.assertEqual(self.json("GET", f"{OPS}/metrics")["status"], "UP")


class PrometheusTests(OperatorTestCase):
    """C{/actuator/prometheus}."""

    def setUp(self) -> None:
        super().setUp()
        self.trouble = ""
        parts = SimpleNamespace(
            node=self.node,
            configs=None,
            polls=None,
            udp=self.naming.udp,
            probes=SimpleNamespace(gauges=lambda: {"tcpHealthCheck": 5}),
            readiness=lambda: self.trouble,
            members=self.members,
            storage_differs=str,
            counters=Counters(),
            space=None,
            files=dict,
            more_families=tuple,
            limits=NO_LIMITS,
            grpc=lambda: NO_GRPC,
            settings=SimpleNamespace(context_path="/nacos", storage="embedded"),
        )
        sources = metric_sources(parts, self.counts, Machine())  # type: ignore[arg-type]
        self.area = PrometheusV1(GUARD, Metrics(Machine(), sources))  # type: ignore[assignment]

    def samples(self) -> dict[str, str]:
        reply = self.reply("GET", "/actuator/prometheus")
        self.assertEqual(reply.content_type, b"text/plain; version=0.0.4; charset=utf-8")
        lines = [line for line in reply.body.decode().splitlines() if not line.startswith("#")]
        return dict(line.rsplit(" ", 1) for line in lines)  # type: ignore[misc]

    def test_names(self) -> None:
        """Nacos's names, and those of Raft, members, HTTP and the process."""
        self.naming.add("p1")
        found = self.samples()
        for name, value in {
            'nacos_monitor{module="naming",name="serviceCount"}': "1",
            'nacos_monitor{module="naming",name="ipCount"}': "1",
            'nacos_monitor{module="naming",name="avgPushCost"}': "-1",
            'nacos_monitor{module="naming",name="leaderStatus"}': "1",
            'nacos_monitor{module="naming",name="tcpHealthCheck"}': "5",
            "nacos_ready": "1",
            "nacos_raft_term": "3",
            "nacos_raft_log_bytes": "77",
            'nacos_raft_peer_lag_entries{peer="10.0.0.2:8848"}': "2",
            'nacos_raft_peer_rtt_seconds{peer="10.0.0.2:8848"}': "0.25",
            'nacos_member_up{member="10.0.0.3:8848"}': "0",
            "nacos_http_requests_total": "0",
            'nacos_monitor{module="naming",name="domCount"}': "1",
            'nacos_monitor{module="core",name="longConnection"}': "0",
            'nacos_naming_publisher{version="v1"}': "1",
        }.items():
            self.assertEqual(found[name], value, name)
        self.assertGreater(float(found["process_resident_memory_bytes"]), 1e6)

    def test_truth(self) -> None:
        """A follower that is not ready says both."""
        self.node.state = FOLLOWING
        self.trouble = "far behind"
        found = self.samples()
        self.assertEqual((found["nacos_ready"], found["nacos_raft_leader"]), ("0", "0"))
        self.assertEqual(found['nacos_monitor{module="naming",name="leaderStatus"}'], "0")


class SwitchesShapeTests(OperatorTestCase):
    """The switches stay what clients can read."""

    def test_round_trip(self) -> None:
        """What GET shows can be put back with C{batch}."""
        shown = self.reply("GET", f"{OPERATOR}/switches").body
        before = self.naming.registry.switches
        self.assertEqual(
            self.text("PUT", f"{OPERATOR}/switches?entry=batch&value={quote(shown.decode())}"),
            "ok",
        )
        self.assertEqual(msgspec.to_builtins(self.naming.registry.switches), msgspec.to_builtins(before))
