"""When a node says that it is in order, beside what whole nodes show (L{tests.raft.test_node})."""

from __future__ import annotations

from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Core, Role
from nacos_tw.raft.core.messages import Configuration
from nacos_tw.raft.readiness import BEHIND, Readiness


class OneTermLog:
    """All entries are of term 1."""

    def term(self, index: int) -> int:
        return 1


class Follower:
    """What L{Readiness} reads of a core."""

    def __init__(self) -> None:
        self.leader: str | None = None
        self.role = Role.FOLLOWER
        self.term = 1
        self.commit = self.leader_commit = 10
        self.recovering = False
        self.setback = ""
        self.config = Configuration(voters=("A", "B", "C"))
        self.log = OneTermLog()


class ReadinessTests(SynchronousTestCase):
    """A follower that was in order with ten entries."""

    def setUp(self) -> None:
        self.now = 100.0
        self.core = Follower()
        self.applied = 10
        self.readiness = Readiness(cast(Core, self.core), lambda: self.now, 5.0)
        self.led_by("A")
        self.assertEqual(self.reason(), "")

    def led_by(self, leader: str | None) -> None:
        self.core.leader = leader
        self.readiness.leader_changed()

    def reason(self) -> str:
        return self.readiness.reason(self.applied, lambda: ("A", "C"))

    def run_for(self, seconds: float) -> None:
        """Time passes, with looks as the node takes them."""
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            self.readiness.look(self.applied)

    def test_leader_back(self) -> None:
        """After an absence of the leader it must reach what that has committed by then, though it is the same one."""
        self.led_by(None)
        self.run_for(4)
        self.core.leader_commit = 11
        self.led_by("A")
        self.assertIn("not applied yet", self.reason())
        self.applied = self.core.commit = 11
        self.assertEqual(self.reason(), "")

    def test_snapshot(self) -> None:
        """While a snapshot is being received, what is applied is old, for as long as that takes."""
        self.core.leader_commit = 5000
        self.run_for(BEHIND - 0.5)
        self.assertEqual(self.reason(), "")
        for _ in range(20):
            self.run_for(1)
            self.core.leader_commit += 1
        self.assertIn("behind the leader", self.reason())
        self.applied = self.core.commit = self.core.leader_commit
        self.assertEqual(self.reason(), "")
