"""Holders of locks without a connection."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import Identity, Permission
from nacos_tw.access.resources import lock_resource
from nacos_tw.access.rules import NotAllowed
from nacos_tw.locks.commands import PLAIN, Acquire, Outcome
from nacos_tw.locks.operations import SessionLocks
from nacos_tw.locks.requests import OneLock
from nacos_tw.locks.sessions import SILENT, LockSessions, client_of
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
        client = client_of(session)
        self.sessions.heard(client)
        wish = Acquire(client, "n0", (PLAIN, "k"), session, 600_000)
        return self.successResultOf(self.node.locks.ask(client, wish))

    def test_held_while_heard(self) -> None:
        """As long as something is heard of it, and for a while after; then it is another's."""
        self.assertTrue(self.acquire("a").done)
        self.clock.pump([5.0] * 4)
        self.sessions.heard(client_of("a"))
        self.clock.pump([5.0] * int(SILENT / 5))
        self.assertFalse(self.acquire("b").done)
        self.clock.pump([5.0] * 3)
        self.assertTrue(self.acquire("b").done)

    def test_end(self) -> None:
        """At once; one that is not known is no matter."""
        self.assertTrue(self.acquire("a").done)
        self.sessions.end(client_of("a"))
        self.sessions.end(client_of("nobody"))
        self.assertTrue(self.acquire("b").done)

    def test_refused(self) -> None:
        """Who may not have locks begins no session, keeps none going, and ends none that is somebody else's."""
        does = SessionLocks(self.node.locks, self.sessions)
        ann = KnownCaller(Identity("ann", False, [Permission("r", lock_resource("k"), "w")], user=True))
        bob = KnownCaller(Identity("bob", False, user=True))
        wish = OneLock(client_of("a"), PLAIN, "k", "a", 600_000)
        self.assertTrue(self.successResultOf(does.acquire(ann, wish)).done)
        self.clock.pump([5.0] * 4)
        for refused in (does.acquire, does.renew, does.release):
            self.assertRaises(NotAllowed, refused, bob, wish)
        self.assertFalse(self.acquire("b").done)
        self.clock.pump([5.0] * int((SILENT - 20) / 5 + 2))  # it was heard of 20 s before
        self.assertTrue(self.acquire("b").done)
        self.sessions.end(client_of("b"))
        self.assertTrue(self.successResultOf(does.acquire(ann, wish)).done)
        self.assertTrue(self.successResultOf(does.release(ann, wish)).done)
        self.assertTrue(self.acquire("b").done)
