"""Tests for L{nacos_tw.http.v1.core} and L{nacos_tw.http.v1.console}."""

from __future__ import annotations

import os
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from nacos_tw import __version__
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.operations.node import NodeState
from nacos_tw.cluster.operations.notices import Notices
from nacos_tw.cluster.operations.orders import RAFT_OPS, UNSUPPORTED, order_questions
from nacos_tw.errors import BadParameter, Unavailable
from nacos_tw.http.shared_words import order_words
from nacos_tw.http.v1.console import ConsoleV1
from nacos_tw.http.v1.core import ClusterCoreV1
from nacos_tw.settings.settings import ConfigSettings
from tests.http.v1.fakes import (
    FOLLOWING,
    GUARD,
    LEADING,
    NOW,
    A,
    B,
    C,
    FakeNode,
    HandlerTestCase,
    member_operations,
    members,
    node_operations,
    order_operations,
)

CORE = "/v1/core"


class CoreTestCase(HandlerTestCase):
    def setUp(self) -> None:
        self.node = FakeNode()
        self.members = members()
        self.levels: list[tuple[str, str]] = []
        self.answers: dict[str, Any] = {}
        self.area: ClusterCoreV1 = self.core(self.members, self.node, self.answers)

    def core(self, known: MemberList, node: FakeNode, answers: dict[str, Any]) -> ClusterCoreV1:
        """The area."""
        one = node_operations(known, node)
        return ClusterCoreV1(GUARD, member_operations(known, node), one, order_operations(known, node, answers))

    def data(self, method: str, path: str, body: str = "") -> Any:
        """The data of an answer that says 200."""
        found = self.json(method, CORE + path, body)
        self.assertEqual((list(found), found["code"], found["message"]), (["code", "message", "data"], 200, None))
        return found["data"]

    def refusal(self, method: str, path: str, body: str = "", code: int = 500) -> str:
        """The message of an answer whose body says that it failed; its HTTP status is 200 all the same."""
        found = self.json(method, CORE + path, body)
        self.assertEqual((found["code"], found["data"]), (code, None))
        return str(found["message"])


class MemberTests(CoreTestCase):
    """C{/cluster}."""

    def test_nodes(self) -> None:
        """All members sorted by address, with their states; this node's own is fresh."""
        nodes = self.data("GET", "/cluster/nodes?withInstances=false&pageNo=1&pageSize=10")
        self.assertEqual([(node["address"], node["state"]) for node in nodes], [(A, "UP"), (B, "UP"), (C, "DOWN")])
        self.assertEqual(nodes[0]["extendInfo"]["raftRole"], "LEADER")
        self.assertEqual(nodes[0]["extendInfo"]["lastRefreshTime"], NOW)

    def test_keyword(self) -> None:
        """A keyword is the start of an address."""
        self.assertEqual([node["address"] for node in self.data("GET", "/cluster/nodes?keyword=10.0.0.2")], [B])
        self.assertEqual(self.data("GET", "/cluster/nodes?keyword=0.0.2"), [])

    def test_self(self) -> None:
        self.assertEqual(self.data("GET", "/cluster/self")["address"], A)
        self.assertEqual(self.data("GET", "/cluster/simple/nodes"), [A, B])

    def test_health(self) -> None:
        """The state is that of this very moment."""
        self.assertEqual(self.data("GET", "/cluster/health"), "UP")
        self.node.state = attrs.evolve(LEADING, healthy=False, reason="disk full")
        self.assertEqual(self.data("GET", "/cluster/health"), "SUSPICIOUS")
        extend = self.data("GET", "/cluster/self")["extendInfo"]
        self.assertEqual(extend["raftMetaData"]["errMsg"], "disk full")

    def test_report(self) -> None:
        """A report over HTTP is answered, and changes nothing: anyone can send one."""
        self.assertEqual(self.data("POST", "/cluster/report", '{"ip":"10.0.0.3","port":8848,"state":"UP"}'), "true")
        self.assertEqual(self.data("POST", "/cluster/report", '{"ip":"10.9.9.9","port":8848}'), "false")
        member = self.members.get(C)
        assert member is not None
        self.assertEqual(member.state, "DOWN")
        for body in ("", "[]", '{"ip":"","port":1}', '{"ip":"10.0.0.3","port":0}', '{"port":1}'):
            message = self.refusal("POST", "/cluster/report", body, code=400)
            self.assertEqual(message, "Node information is illegal")

    def test_lookup(self) -> None:
        self.assertIsNone(self.data("POST", "/cluster/switch/lookup?type=file"))
        self.assertIn("not supported", self.refusal("POST", "/cluster/switch/lookup?type=address-server"))
        self.assertEqual(
            self.refusal("POST", "/cluster/switch/lookup?type=x"),
            "The addressing mode exists : x, just support : [[file, address-server]]",
        )

    def test_leave(self) -> None:
        message = self.refusal("POST", "/cluster/server/leave", f'["{C}"]', code=405)
        self.assertEqual(message, "/v1/core/cluster/server/leave API not allow to use temporarily.")
        self.assertEqual(len(self.members), 3)


class RaftOpsTests(CoreTestCase):
    """C{/ops/raft}."""

    def order(self, command: str, value: str | None = None, **rest: str) -> str:
        return msgspec.json.encode({"command": command, "value": value, **rest}).decode()

    def do(self, command: str, value: str | None = None, **rest: str) -> None:
        self.assertIsNone(self.data("POST", "/ops/raft", self.order(command, value, **rest)))

    def fails(self, command: str, value: str | None = None, **rest: str) -> str:
        return self.refusal("POST", "/ops/raft", self.order(command, value, **rest))

    def test_transfer(self) -> None:
        """The leader hands over to the member with that Raft address or id, or to whom it likes."""
        self.do("transferLeader", "10.0.0.2:7848")
        self.do("transferLeader", C, groupId="naming_persistent_service")
        self.do("transferLeader")
        self.assertEqual(self.node.transferred, [B, C, None])

    def test_transfer_to_itself(self) -> None:
        """The leader leads already."""
        self.do("transferLeader", "10.0.0.1:7848")
        self.assertEqual(self.node.transferred, [])

    def test_transfer_refused(self) -> None:
        """Strangers cannot lead; nobody can take over; nobody leads."""
        self.assertIn("10.9.9.9:7848 is not a voter", self.fails("transferLeader", "10.9.9.9:7848"))
        self.node.state = attrs.evolve(LEADING, voters=(A, B))
        self.assertIn("10.0.0.3:7848 is not a voter", self.fails("transferLeader", "10.0.0.3:7848"))
        for result in (False, succeed(False)):
            self.node.transfer_result = result
            self.assertIn("no voter can take over now", self.fails("transferLeader", B))
        self.node.state = attrs.evolve(FOLLOWING, leader="")
        self.assertIn("Unknown leader", self.fails("transferLeader", B))

    def test_transfer_at_follower(self) -> None:
        """A follower has the leader do it."""
        self.node.state = FOLLOWING
        asked = []

        def leader(what: str, body: bytes) -> bytes:
            asked.append((what, msgspec.json.decode(body)))
            return b'{"code":200}'

        self.answers[B] = leader
        self.do("transferLeader", "10.0.0.3:7848")
        self.assertEqual(
            asked, [(RAFT_OPS.what, {"command": "transferLeader", "value": "10.0.0.3:7848", "groupId": None})]
        )
        self.answers[B] = lambda what, body: b'{"code":500,"message":"no"}'
        self.assertEqual(self.fails("transferLeader", C), "no")

    def test_leader_unreachable(self) -> None:
        """A leader that does not answer, or answers nonsense, is an error like any other."""
        self.node.state = FOLLOWING
        self.assertEqual(self.fails("transferLeader", C), f"{B} did not do it: no link")
        self.answers[B] = lambda what, body: b"nonsense"
        self.assertIn(f"{B} did not do it: ", self.fails("transferLeader", C))

    def test_asked(self) -> None:
        """What another node passed on is done here or refused, never passed on again."""
        other = self.core(members(), FakeNode(), {})
        body = self.order("transferLeader", B).encode()
        self.assertEqual(self.asked(other, body), {"code": 200, "message": None, "data": None})
        follower = self.core(members(), FakeNode(FOLLOWING), {B: lambda *rest: b"{}"})
        self.assertEqual(self.asked(follower, body)["message"], f"{A} is not the one to do this, {B} is")
        self.assertEqual(self.asked(other, b"nonsense")["code"], 500)

    def asked(self, area: ClusterCoreV1, body: bytes) -> Any:
        answered = order_questions(area.orders, order_words)[RAFT_OPS.what](B, body)
        return msgspec.json.decode(answered if isinstance(answered, bytes) else self.successResultOf(answered))

    def test_snapshot(self) -> None:
        """Here, or at the member that is named."""
        self.do("doSnapshot")
        self.do("doSnapshot", "10.0.0.1:7848")
        self.assertEqual(self.node.snapshots, 2)
        self.answers[C] = lambda what, body: b"{}"
        self.do("doSnapshot", "10.0.0.3:7848")
        self.assertEqual(self.node.snapshots, 2)
        self.assertIn("10.9.9.9:1 is not a member", self.fails("doSnapshot", "10.9.9.9:1"))

    def test_snapshot_fails(self) -> None:
        """A disk error is the server's error."""

        class Broken(FakeNode):
            def take_snapshot(self) -> Deferred[Any]:
                return fail(Unavailable("disk full"))

        self.area = self.core(self.members, Broken(), {})
        text = self.text("POST", CORE + "/ops/raft", self.order("doSnapshot"), status=503)
        self.assertEqual(text, "disk full")

    def test_refused(self) -> None:
        """Membership does not change by command yet; other groups and words are unknown."""
        for command in UNSUPPORTED:
            self.assertIn("is not supported here: members are changed by v3", self.fails(command, B))
        self.assertEqual(self.fails("x"), "Not support command : x")
        for group in ("naming_persistent_service_v2", "naming_instance_metadata", "naming_service_metadata"):
            saved = self.node.snapshots
            self.json("POST", CORE + "/ops/raft", self.order("doSnapshot", groupId=group))
            self.assertEqual(self.node.snapshots, saved + 1, group)
        self.assertEqual(self.fails("doSnapshot", groupId="g"), "not this raft group : g")
        self.text("POST", CORE + "/ops/raft", "nonsense", status=400)


class OtherOpsTests(CoreTestCase):
    """C{/ops/idInfo} and C{/ops/log}."""

    def test_id_info(self) -> None:
        self.assertEqual(self.data("GET", "/ops/idInfo"), {})

    def test_log(self) -> None:
        """The answer is bare text; without a way to change levels it says so."""
        path = CORE + "/ops/log?logName=naming-main&logLevel=DEBUG"
        self.assertEqual(self.text("PUT", path, status=400), "log levels cannot be changed on this node")
        self.area = attrs.evolve(self.area, node=node_operations(self.members, self.node, set_log_level=self.set_level))
        self.assertEqual(self.text("PUT", path), "200")
        self.assertEqual(self.levels, [("naming-main", "DEBUG")])
        self.assertEqual(self.text("PUT", path + "X", status=400), "unknown level")
        self.assertEqual(self.text("PUT", CORE + "/ops/log", status=400), "Parameter 'logName' is missing")

    def set_level(self, name: str, level: str) -> None:
        if level != "DEBUG":
            raise BadParameter("unknown level")
        self.levels.append((name, level))


class ConsoleTests(HandlerTestCase):
    """C{/v1/console}."""

    def setUp(self) -> None:
        self.trouble = ""
        self.conf = self.mktemp()
        self.area = ConsoleV1(GUARD, node_operations(members(), FakeNode(), lambda: self.trouble), Notices(self.conf))

    def test_state(self) -> None:
        """1.4's keys first; a function mode only when there is one."""
        body = self.reply("GET", "/v1/console/server/state").body
        start = f'{{"version":"{__version__}","standalone_mode":"standalone","function_mode":null,'
        self.assertTrue(body.startswith(start.encode()), body)
        state = NodeState(__version__, False, 8858, "naming", True)
        self.area = ConsoleV1(GUARD, node_operations(members(), FakeNode(), state=state), Notices(self.conf))
        found = self.json("GET", "/v1/console/server/state")
        self.assertEqual(found["standalone_mode"], "cluster")
        self.assertEqual(
            (found["function_mode"], found["server_port"], found["auth_enabled"]), ("naming", "8858", "true")
        )
        self.assertNotIn("config_retention_days", found)

    def test_state_of_configs(self) -> None:
        """How configs are kept, all as texts, where the node serves them."""
        kept = ConfigSettings(retention_days=7, check_capacity=True, group_quota=5)
        state = NodeState(__version__, True, 8848, config=kept, platform="mysql")
        self.area = ConsoleV1(GUARD, node_operations(members(), FakeNode(), state=state), Notices(self.conf))
        found = self.json("GET", "/v1/console/server/state")
        shown = {
            "config_retention_days": "7",
            "datasource_platform": "mysql",
            "maxContent": "10485760",
            "isManageCapacity": "true",
            "isCapacityLimitCheck": "true",
            "defaultClusterQuota": "100000",
            "defaultGroupQuota": "5",
            "defaultTenantQuota": "200",
            "defaultMaxSize": "102400",
        }
        self.assertEqual({name: found.get(name) for name in shown}, shown)

    def test_notices(self) -> None:
        """Nothing where there is no file, and in languages that there are not; a file as it is now."""
        paths = ("announcement", "announcement?language=en-US", "announcement?language=../x", "guide")
        nothing = {"code": 200, "message": None, "data": None}
        for path in paths:
            self.assertEqual(self.json("GET", f"/v1/console/server/{path}"), nothing)
        os.makedirs(self.conf)
        for name in ("announcement_zh-CN", "announcement_en-US", "console-guide"):
            with open(os.path.join(self.conf, f"{name}.conf"), "w", encoding="utf-8") as file:
                file.write(f"维护 {name}")
        found = [self.json("GET", f"/v1/console/server/{path}")["data"] for path in paths]
        self.assertEqual(found, ["维护 announcement_zh-CN", "维护 announcement_en-US", None, "维护 console-guide"])

    def test_health(self) -> None:
        """Liveness is always OK; readiness fails with the reason."""
        self.assertEqual(self.text("GET", "/v1/console/health/readiness"), "OK")
        self.trouble = "no leader: 1 of 3 nodes are connected"
        self.assertEqual(self.text("GET", "/v1/console/health/liveness"), "OK")
        self.assertEqual(self.text("GET", "/v1/console/health/readiness", status=500), self.trouble)
