"""What waits for a leader, and what it makes a node show."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.provisional import Provisional
from tests.naming.building import P1, register
from tests.naming.cluster import deregister

KEY = ("DEFAULT", "10.0.0.1", 8080)


class ProvisionalTests(SynchronousTestCase):
    """L{Provisional}."""

    def setUp(self) -> None:
        self.provisional = Provisional(most=2)

    def test_shown(self) -> None:
        """A registration shows an instance without a number; a removal shows that there is none."""
        self.assertTrue(self.provisional.put(register(weight=2.0)))
        instance = self.provisional.overlay[P1][KEY]
        self.assertEqual((instance.number, instance.weight, instance.healthy), (0, 2.0, True))
        self.provisional.put(deregister())
        self.assertEqual(self.provisional.overlay, {P1: {KEY: None}})

    def test_newest_counts(self) -> None:
        """Of the commands for one instance only the last is handed over."""
        commands = [register(), deregister(), register(weight=3.0)]
        for command in commands:
            self.provisional.put(command)
        self.assertEqual(self.provisional.waiting(), [commands[2]])
        self.assertEqual(len(self.provisional), 1)

    def test_kinds_of_keys(self) -> None:
        """Cluster, address, port and service make an instance."""
        self.provisional.most = 10
        self.provisional.put(register())
        self.provisional.put(register(cluster="c1"))
        self.provisional.put(register(port=1))
        self.provisional.put(register(service=("ns", "g@@p1")))
        self.assertEqual(len(self.provisional), 4)

    def test_too_many(self) -> None:
        """One too many is refused and shows nothing; one that is there already is taken."""
        self.provisional.put(register())
        self.provisional.put(register("10.0.0.2"))
        self.assertFalse(self.provisional.put(register("10.0.0.3")))
        self.assertEqual(len(self.provisional.overlay[P1]), 2)
        self.assertTrue(self.provisional.put(register(weight=9.0)))

    def test_handed_over(self) -> None:
        """Nothing is laid over the replicated state any more."""
        command = register()
        self.provisional.put(command)
        self.provisional.put(register("10.0.0.2"))
        self.provisional.handed_over(command)
        self.assertEqual(list(self.provisional.overlay[P1]), [("DEFAULT", "10.0.0.2", 8080)])
        self.provisional.handed_over(command)
        self.provisional.handed_over(self.provisional.waiting()[0])
        self.assertEqual((self.provisional.overlay, len(self.provisional)), ({}, 0))

    def test_newer_one_stays(self) -> None:
        """The end of an older command does not take a newer one away."""
        older, newer = register(), deregister()
        self.provisional.put(older)
        self.provisional.put(newer)
        self.assertFalse(self.provisional.holds(older))
        self.provisional.handed_over(older)
        self.assertTrue(self.provisional.holds(newer))
        self.assertEqual(self.provisional.overlay, {P1: {KEY: None}})
