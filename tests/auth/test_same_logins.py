"""Logins that are the same, at the same time."""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.same_logins import SameLogins

KEY, OTHER = ("bob", "secret"), ("bob", "guess")


class SameLoginsTests(SynchronousTestCase):
    """One node's."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.same_logins = SameLogins(self.clock)

    def test_a_turn_comes(self) -> None:
        """After its time."""
        self.same_logins.began(KEY)
        turn = self.same_logins.turn(KEY, 2.0)
        self.clock.advance(1.9)
        self.assertNoResult(turn)
        self.clock.advance(0.2)
        self.successResultOf(turn)

    def test_one_was_right(self) -> None:
        """Then those that are the same need not wait, and others do."""
        for key in (KEY, KEY, OTHER):
            self.same_logins.began(key)
        same, other = self.same_logins.turn(KEY, 2.0), self.same_logins.turn(OTHER, 2.0)
        self.same_logins.ended(KEY, True)
        self.successResultOf(same)
        self.assertNoResult(other)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_one_was_wrong(self) -> None:
        """Then they wait on."""
        self.same_logins.began(KEY)
        self.same_logins.began(KEY)
        turn = self.same_logins.turn(KEY, 2.0)
        self.same_logins.ended(KEY, False)
        self.assertNoResult(turn)

    def test_outcome(self) -> None:
        """Of the next one that ends; there is none when none has begun, or all have ended."""
        self.assertIsNone(self.same_logins.outcome(KEY))
        for right in (True, False):
            self.same_logins.began(KEY)
            self.assertIsNone(self.same_logins.outcome(OTHER))
            outcome = self.same_logins.outcome(KEY)
            assert outcome is not None
            self.assertNoResult(outcome)
            self.same_logins.ended(KEY, right)
            self.assertIs(self.successResultOf(outcome), right)
            self.assertIsNone(self.same_logins.outcome(KEY))

    def test_given_up(self) -> None:
        """A client that goes away leaves nothing behind."""
        self.same_logins.began(KEY)
        turn, outcome = self.same_logins.turn(KEY, 2.0), self.same_logins.outcome(KEY)
        assert outcome is not None
        for one in (turn, outcome):
            one.cancel()
            self.failureResultOf(one, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.same_logins.ended(KEY, True)
