"""Tests for L{nacos_tw.cluster.members}."""

from __future__ import annotations

import attrs
import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.members import DOWN, SUSPICIOUS, UP, Member, MemberList, Report, java_hash, parse_report
from nacos_tw.raft.status import PeerStatus, RaftStatus

A, B, C = "10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848"


@attrs.frozen
class Line:
    """A line of cluster.conf."""

    host: str
    port: int = 8848

    @property
    def node(self) -> str:
        host = self.host.strip("[]")
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def raft_port(self) -> int:
        return self.port - 1000


THREE = [Line("10.0.0.2"), Line("10.0.0.1"), Line("10.0.0.3")]
WELL = RaftStatus(A, "FOLLOWER", 3, B, B, 10, 9, 10, 10, voters=(A, B, C))
ILL = attrs.evolve(WELL, leader="", healthy=False, reason="disk full")


def member_list(**options: object) -> MemberList:
    return MemberList(A, THREE, version="0.1.0", **options)  # type: ignore[arg-type]


class StateTests(SynchronousTestCase):
    """The moves between UP, SUSPICIOUS and DOWN."""

    def setUp(self) -> None:
        self.members = member_list()
        self.changes: list[tuple[str, str, str]] = []
        self.members.listeners.append(lambda member, old: self.changes.append((member.address, old, member.state)))

    def state(self, address: str = B) -> str:
        member = self.members.get(address)
        assert member is not None
        return member.state

    def test_start(self) -> None:
        """At first a node knows only itself to be up."""
        self.assertEqual([(member.address, member.state) for member in self.members], [(A, UP), (B, DOWN), (C, DOWN)])

    def test_link(self) -> None:
        """A link makes a member up, its end makes it down, each told once."""
        self.members.link_up(B)
        self.members.link_up(B)
        self.members.link_down(B)
        self.members.link_down(B)
        self.assertEqual(self.changes, [(B, DOWN, UP), (B, UP, DOWN)])

    def test_failed_reports(self) -> None:
        """Failed reports make a member suspicious, the fourth in a row down; a report that arrives begins anew."""
        self.members.link_up(B)
        for expected in (SUSPICIOUS, SUSPICIOUS, SUSPICIOUS, DOWN, DOWN):
            self.members.report_failed(B)
            self.assertEqual(self.state(), expected)
        self.members.report_received(B, Report("10.0.0.2", 8848), 5)
        self.assertEqual(self.state(), UP)
        self.members.report_failed(B)
        self.assertEqual(self.state(), SUSPICIOUS)

    def test_failure_does_not_raise_the_dead(self) -> None:
        """A failed report leaves a member that is down where it is."""
        self.members.report_failed(B)
        self.assertEqual(self.state(), DOWN)

    def test_refused(self) -> None:
        """A member that refuses connections is down at once."""
        self.members.link_up(B)
        self.members.report_failed(B, refused=True)
        self.assertEqual(self.state(), DOWN)

    def test_unhealthy_report(self) -> None:
        """A member that tells a fault of its Raft part is suspicious until it tells that it is well."""
        theirs = MemberList(B, THREE, version="0.1.0")
        theirs.see_self(ILL, 7)
        self.members.report_received(B, parse_report(msgspec.json.encode(theirs.own.as_json())), 8)
        member = self.members.get(B)
        assert member is not None
        self.assertEqual((member.state, member.fault), (SUSPICIOUS, "disk full"))
        self.assertEqual(member.extend["raftMetaData"]["errMsg"], "disk full")
        self.members.link_up(B)
        self.assertEqual(self.state(), SUSPICIOUS)
        theirs.see_self(WELL, 9)
        self.members.report_received(B, parse_report(msgspec.json.encode(theirs.own.as_json())), 10)
        self.assertEqual(self.state(), UP)

    def test_own_health(self) -> None:
        """This node's own fault shows on its own member."""
        self.members.see_self(ILL, 7)
        self.assertEqual(self.state(A), SUSPICIOUS)
        self.members.replace(THREE[:2])
        self.assertEqual(self.state(A), SUSPICIOUS)
        self.members.see_self(WELL, 8)
        self.assertEqual(self.state(A), UP)

    def test_strangers_and_self(self) -> None:
        """Events of a stranger, or of this node as if it were another, change nothing."""
        for address in (A, "10.9.9.9:8848"):
            self.members.link_up(address)
            self.members.link_down(address)
            self.members.report_failed(address, refused=True)
            self.assertFalse(self.members.report_received(address, Report("10.9.9.9", 8848), 5))
        self.assertEqual(self.changes, [])

    def test_replace(self) -> None:
        """A new list keeps what is known of those that stay."""
        self.members.link_up(B)
        self.members.replace([Line("10.0.0.1"), Line("10.0.0.2"), Line("10.0.0.4")])
        self.assertEqual(
            [(member.address, member.state) for member in self.members], [(A, UP), (B, UP), ("10.0.0.4:8848", DOWN)]
        )
        self.assertEqual(self.members.others(), [B, "10.0.0.4:8848"])


class ShapeTests(SynchronousTestCase):
    """The JSON of a member."""

    def test_cluster(self) -> None:
        """Own member in a cluster: the shape of 1.4.8 and the Raft part's numbers, keys sorted."""
        members = member_list()
        linked = attrs.evolve(WELL, peers={C: PeerStatus(True, 8, 2, 0.00025)})
        self.assertEqual(
            msgspec.json.encode(members.see_self(linked, 1795449497589).as_json()),
            b'{"ip":"10.0.0.1","port":8848,"state":"UP","extendInfo":{"lastRefreshTime":1795449497589,"members":'
            b'["10.0.0.1:8848","10.0.0.2:8848","10.0.0.3:8848"],"raftApplied":9,"raftCommit":10,"raftLastIndex":10,'
            b'"raftMetaData":{"metaDataMap":{"naming_persistent_service":{"leader":"10.0.0.2:7848",'
            b'"raftGroupMember":["10.0.0.1:7848","10.0.0.2:7848","10.0.0.3:7848"],"term":3}}},"raftPeers":'
            b'{"10.0.0.3:8848":{"connected":true,"lag":2,"rttMillis":0.25}},"raftPort":"7848","raftRole":"FOLLOWER","version":"0.1.0"},"address":"10.0.0.1:8848","failAccessCnt":0}',
        )

    def test_grpc_port(self) -> None:
        """Where clients of 2.x and 3.x find the node is told, where it is known."""
        members = member_list()
        members.grpc_port = 9999
        self.assertEqual(members.see_self(WELL, 1).extend["grpcPort"], "9999")

    def test_no_leader(self) -> None:
        """Without a leader there is no leader key, and the reason stands beside it."""
        meta = member_list().see_self(ILL, 1).extend["raftMetaData"]
        self.assertEqual(meta["errMsg"], "disk full")
        self.assertEqual(list(meta["metaDataMap"]["naming_persistent_service"]), ["errMsg", "raftGroupMember", "term"])

    def test_standalone(self) -> None:
        """Alone there is nothing of Raft in it but the port."""
        members = MemberList(A, THREE[1:2], version="0.1.0", standalone=True)
        self.assertEqual(
            members.see_self(WELL, 1).as_json()["extendInfo"],
            {"lastRefreshTime": 1, "raftPort": "7848", "version": "0.1.0"},
        )

    def test_unheard_member(self) -> None:
        """Of a member that never reported only its port is known."""
        member = member_list().get(B)
        assert member is not None
        self.assertEqual(member.as_json()["extendInfo"], {"raftPort": "7848"})

    def test_ipv6(self) -> None:
        """IPv6 addresses are in brackets, whether the file's reader took them off or not."""
        for host in ("::1", "[::1]"):
            members = MemberList("[::1]:8848", [Line(host)], version="1")
            self.assertEqual(members.own.raft_address, "[::1]:7848")

    def test_leader_outside_the_list(self) -> None:
        """A leader that cluster.conf no longer names is shown by its node id."""
        facts = attrs.evolve(WELL, leader="10.9.9.9:8848")
        group = member_list().see_self(facts, 1).extend["raftMetaData"]["metaDataMap"]["naming_persistent_service"]
        self.assertEqual(group["leader"], "10.9.9.9:8848")


class ReportTests(SynchronousTestCase):
    """Reading reports."""

    def test_address_from_parts(self) -> None:
        self.assertEqual(parse_report(b'{"ip":"::1","port":8848}').address, "[::1]:8848")

    def test_nonsense(self) -> None:
        """What is no report is a ValueError, never anything worse."""
        for body in (b"", b"[]", b"{}", b'{"ip":1,"port":2}', b"\xff", b'{"ip":"a","port":1,"extendInfo":null}'):
            self.assertRaises(ValueError, parse_report, body)

    def test_odd_meta_data(self) -> None:
        """A report whose raftMetaData is no object is taken as healthy; one that says DOWN is not."""
        members = member_list()
        members.report_received(B, Report("10.0.0.2", 8848, extend={"raftMetaData": "x"}), 1)
        members.report_received(C, Report("10.0.0.3", 8848, state=DOWN), 1)
        states = [(member.state, member.fault) for member in members]
        self.assertEqual(states[1:], [(UP, ""), (SUSPICIOUS, "it says that it is DOWN")])


class ResponsibleTests(SynchronousTestCase):
    """Distro's mapping from texts to members."""

    def test_check_values(self) -> None:
        """The values seen on a cluster of Nacos 1.4.8."""
        members = MemberList("127.0.0.1:8848", [Line("127.0.0.1", port) for port in (8848, 8858, 8868)], version="1")
        for address in members.others():
            members.link_up(address)
        found = [members.responsible(f"DEFAULT_GROUP@@svc{letter}")[-4:] for letter in "abcd"]
        self.assertEqual(found, ["8868", "8858", "8848", "8868"])

    def test_standalone_and_lonely(self) -> None:
        self.assertEqual(member_list(standalone=True).responsible("x"), A)
        self.assertEqual(member_list().responsible("anything"), A)

    def test_java_hash(self) -> None:
        """Values that Java gives, a negative one and one beyond the first plane among them."""
        self.assertEqual(java_hash("hello"), 99162322)
        self.assertEqual(java_hash("polygenelubricants"), -2147483648)
        self.assertEqual(java_hash("\U0001f600"), 0xD83D * 31 + 0xDE00)


class MemberTests(SynchronousTestCase):
    """L{Member} by itself."""

    def test_sorted_keys(self) -> None:
        member = Member("h", 1, 2, extend={"z": 1, "a": 2})
        self.assertEqual(list(member.as_json()["extendInfo"]), ["a", "z"])
