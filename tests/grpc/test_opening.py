"""When a node that starts begins to serve clients."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.opening import PATIENCE, Opening


class OpeningTests(SynchronousTestCase):
    """A node."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.reason = "no leader"
        self.opening = Opening(self.clock, lambda: self.reason)

    def test_ready(self) -> None:
        """It serves from when it is ready on, and goes on without a majority."""
        self.assertFalse(self.opening())
        self.reason = ""
        self.assertTrue(self.opening())
        self.reason = "no leader"
        self.assertTrue(self.opening())

    def test_never_ready(self) -> None:
        """One that does not become ready serves what it can, after a while."""
        self.clock.advance(PATIENCE - 1)
        self.assertFalse(self.opening())
        self.clock.advance(1)
        self.assertTrue(self.opening())
