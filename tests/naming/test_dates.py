"""When services changed, as clients are told (lastRefTime must not go backwards)."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.clocks import Onward
from nacos_tw.naming.applying import apply
from nacos_tw.naming.leases import Leases
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.registry import Registry
from tests.naming.building import P1, register


class NobodyListens:
    """In place of UDP pushes."""

    def changed(self, services: object) -> None:
        pass


class DatesTests(SynchronousTestCase):
    """L{Naming.applied} notes the second in which a service changed."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.registry = Registry()
        push: object = NobodyListens()
        self.naming = Naming(
            self.registry,
            Leases(self.clock.seconds),
            None,  # type: ignore[arg-type]  # nothing is proposed
            push,  # type: ignore[arg-type]
            self.clock.seconds,
        )

    def changed(self, ip: str) -> int:
        """A registration is applied; when its service changed then."""
        apply(self.registry, register(ip))
        self.naming.applied()
        return self.registry.services[P1].changed_at

    def test_whole_seconds(self) -> None:
        """Nodes that apply an entry milliseconds apart tell the same time."""
        self.clock.advance(1000.02)
        self.assertEqual(self.changed("a"), 1_000_000)
        self.clock.advance(0.9)
        self.assertEqual(self.changed("b"), 1_000_000)
        self.clock.advance(0.1)
        self.assertEqual(self.changed("c"), 1_001_000)

    def test_only_what_changed(self) -> None:
        """Reading or time passing is no change."""
        self.clock.advance(7)
        self.changed("a")
        self.clock.advance(7)
        self.naming.applied()
        self.assertEqual(self.registry.services[P1].changed_at, 7000)

    def test_never_backwards(self) -> None:
        """Also when the operator sets the clock back."""
        self.clock.advance(50)
        self.changed("a")
        self.clock.rightNow = 20.0
        self.assertEqual(self.changed("b"), 50_000)

    def test_removed(self) -> None:
        """A service that went away has nothing to be dated."""
        apply(self.registry, register("a"))
        self.registry.delete_service(self.registry.services[P1])
        self.naming.applied()
        self.assertNotIn(P1, self.registry.services)

    def test_made_anew(self) -> None:
        """A service that went away and comes again while the clock is set back is no older than it was."""
        wall, steady = Clock(), Clock()
        wall.advance(30_000)
        self.naming._seconds = Onward(wall.seconds, steady.seconds)
        before = self.changed("a")
        self.registry.delete_service(self.registry.services[P1])
        self.naming.applied()
        wall.advance(-28_800)
        self.assertEqual((before, self.changed("a")), (30_000_000, 30_000_000))
