"""Tests for L{nacos_tw.cluster.reports}."""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.members import DOWN, SUSPICIOUS, UP, MemberList
from nacos_tw.cluster.reports import SETTLING, Reports
from nacos_tw.errors import Unavailable
from tests.cluster.test_members import ILL, THREE, WELL, A, B, C


class Network:
    """Joins the L{Reports} of several nodes; C{silent} ones never answer, C{gone} ones cannot be reached."""

    def __init__(self) -> None:
        self.nodes: dict[str, Reports] = {}
        self.silent: set[str] = set()
        self.gone: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    def asker(self, sender: str) -> object:
        def ask(peer: str, what: str, body: bytes) -> Deferred[bytes]:
            self.asked.append((sender, peer))
            if peer in self.gone or peer not in self.nodes:
                return fail(Unavailable("no link"))
            if peer in self.silent:
                return Deferred()
            assert what == "report"
            return succeed(self.nodes[peer].asked_report(sender, body))

        return ask


class ReportsTests(SynchronousTestCase):
    """Two of three nodes, joined without sockets."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.network = Network()
        self.facts = {A: WELL, B: WELL}
        self.members = {}
        for node in (A, B):
            members = self.members[node] = MemberList(node, THREE, version="0.1.0")
            self.network.nodes[node] = Reports(
                members,
                self.network.asker(node),  # type: ignore[arg-type]
                lambda node=node: self.facts[node],  # type: ignore[misc]
                self.clock,
                lambda: int(self.clock.seconds() * 1000),
            )

    def state(self, at: str, of: str) -> str:
        member = self.members[at].get(of)
        assert member is not None
        return member.state

    def start(self) -> Reports:
        reports = self.network.nodes[A]
        reports.startService()
        self.addCleanup(reports.stopService)
        return reports

    def test_exchange(self) -> None:
        """One report tells both sides of each other."""
        self.start()
        self.assertEqual((self.state(A, B), self.state(B, A)), (UP, UP))
        member = self.members[B].get(A)
        assert member is not None
        self.assertEqual(member.extend["raftRole"], "FOLLOWER")

    def test_every_two_seconds(self) -> None:
        """Every two seconds each other member is asked, until the service stops."""
        reports = self.start()
        self.network.asked.clear()
        self.clock.pump([1.0, 1.0])
        self.assertEqual(self.network.asked, [(A, B), (A, C)])
        reports.stopService()
        self.clock.pump([2.0, 2.0])
        self.assertEqual(len(self.network.asked), 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        reports.startService()

    def test_role_travels(self) -> None:
        """A change of role is told at once and once, however many come together; not after the stop."""
        reports = self.start()
        self.network.asked.clear()
        for term in (4, 5):
            self.facts[A] = attrs.evolve(WELL, role="LEADER", term=term, leader=A)
            reports.role_changed()
        self.clock.advance(SETTLING)
        self.assertEqual(self.network.asked, [(A, B), (A, C)])
        member = self.members[B].get(A)
        assert member is not None
        self.assertEqual(member.extend["raftRole"], "LEADER")
        reports.role_changed()
        reports.stopService()
        self.clock.advance(SETTLING)
        self.assertEqual(len(self.network.asked), 2)
        reports.role_changed()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        reports.startService()

    def test_fault_travels(self) -> None:
        """A node that is cut off from its disk is suspicious at the others within a round."""
        self.start()
        self.facts[B] = ILL
        self.clock.advance(2)
        self.assertEqual(self.state(A, B), SUSPICIOUS)
        self.facts[B] = attrs.evolve(ILL, healthy=True, reason="")
        self.clock.advance(2)
        self.assertEqual(self.state(A, B), UP)

    def test_lost(self) -> None:
        """A member that cannot be reached goes from up over suspicious to down."""
        self.start()
        self.network.gone.add(B)
        self.clock.advance(2)
        self.assertEqual(self.state(A, B), SUSPICIOUS)
        self.clock.pump([2, 2, 2])
        self.assertEqual(self.state(A, B), DOWN)

    def test_silent(self) -> None:
        """A member that has not answered yet is not asked again meanwhile."""
        self.network.silent.add(B)
        self.start()
        self.clock.pump([2, 2])
        self.assertEqual(self.network.asked.count((A, B)), 1)

    def test_links(self) -> None:
        """A link that comes up is used at once, one that closes makes the member down at once."""
        reports = self.start()
        reports.peer_disconnected(B)
        self.assertEqual(self.state(A, B), DOWN)
        self.network.asked.clear()
        reports.peer_connected(B)
        self.assertEqual((self.state(A, B), self.network.asked), (UP, [(A, B)]))

    def test_link_before_start(self) -> None:
        """Before the service starts a link only counts as a sign of life."""
        self.network.nodes[A].peer_connected(B)
        self.assertEqual((self.state(A, B), self.network.asked), (UP, []))

    def test_nonsense(self) -> None:
        """An answer that is no report counts as none; a question that is none is refused."""
        self.network.nodes[B].asked_report = lambda peer, body: b"{}"  # type: ignore[method-assign]
        self.start()
        self.assertEqual(self.state(A, B), DOWN)
        self.assertRaises(ValueError, self.network.nodes[A].asked_report, B, b"nonsense")
