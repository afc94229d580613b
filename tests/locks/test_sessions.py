"""Holders of locks without a connection."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.locks.commands import PLAIN, Acquire, Outcome
from nacos_tw.locks.sessions import SILENT, LockSessions
from tests.locks.test_locks import Log, Node


class SessionTests(SynchronousTestCase):
    """At one node."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.node = Node(Log(), self.clock)
        self.sessions = LockSessions(self.clock, self.node.locks)
        self.sessions.startService()
        self.addCleanup(self.sessions.stopService)

    def acquire(self, session: str) -> Outcome:
        client = self.sessions.client(session)
        wish = Acquire(client, "n0", (PLAIN, "k"), session, 600_000)
        return self.successResultOf(self.node.locks.ask(client, wish))

    def test_held_while_heard(self) -> None:
        """As long as something is heard of it, and for a while after; then it is another's."""
        self.assertTrue(self.acquire("a").done)
        self.clock.pump([5.0] * 4)
        self.sessions.client("a")
        self.clock.pump([5.0] * int(SILENT / 5))
        self.assertFalse(self.acquire("b").done)
        self.clock.pump([5.0] * 3)
        self.assertTrue(self.acquire("b").done)

    def test_end(self) -> None:
        """At once; one that is not known is no matter."""
        self.assertTrue(self.acquire("a").done)
        self.sessions.end("a")
        self.sessions.end("nobody")
        self.assertTrue(self.acquire("b").done)
