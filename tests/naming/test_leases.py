"""The lease table."""

from __future__ import annotations

from array import array

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.leases import Leases


class LeasesTests(SynchronousTestCase):
    """Starting, renewing and ending leases."""

    def setUp(self) -> None:
        self.time = 100.0
        self.leases = Leases(lambda: self.time, lambda: self.time + 1_000_000.0)

    def test_start_renew_end(self) -> None:
        """A lease is as old as its last renewal, until it ends."""
        self.leases.start(1)
        self.time = 105.0
        self.assertEqual(self.leases.last, {1: 100.0})
        self.assertTrue(self.leases.renew(1))
        self.assertEqual(self.leases.last, {1: 105.0})
        self.leases.end(1)
        self.leases.end(1)
        self.assertEqual(len(self.leases), 0)

    def test_unknown_numbers_are_not_taken_in(self) -> None:
        """A beat for an instance that is gone leaves nothing behind."""
        self.leases.start(1)
        self.time = 105.0
        self.assertFalse(self.leases.renew(2))
        self.leases.renew_many([1, 2, 2, 3])
        self.assertEqual(self.leases.last, {1: 105.0})

    def test_renew_many_from_bytes(self) -> None:
        """Beats come from other nodes as packed numbers; half a number renews nothing."""
        for number in (1, 2**63, 3):
            self.leases.start(number)
        self.time = 105.0
        self.leases.renew_many(array("Q", [1, 2**63]).tobytes())
        self.assertEqual(self.leases.last, {1: 105.0, 2**63: 105.0, 3: 100.0})
        self.time = 106.0
        self.assertRaises(ValueError, self.leases.renew_many, array("Q", [1]).tobytes()[:-1])
        self.assertEqual(self.leases.last[1], 105.0)

    def test_fresh_all(self) -> None:
        """A new leader gives every lease a full term, and may say which there are; the dict stays the same one."""
        held = self.leases.last
        self.leases.start(1)
        self.leases.start(2)
        self.time = 110.0
        self.leases.fresh_all()
        self.assertEqual(held, {1: 110.0, 2: 110.0})
        self.leases.fresh_all([2, 3])
        self.assertEqual(held, {2: 110.0, 3: 110.0})

    def test_excuse(self) -> None:
        """Time in which nobody could be heard is taken off, but no lease begins in the future."""
        self.leases.start(1)
        self.time = 108.0
        self.leases.start(2)
        self.time = 110.0
        self.leases.excuse(5.0)
        self.assertEqual(self.leases.last, {1: 105.0, 2: 110.0})

    def test_last_beat_millis(self) -> None:
        """For display a lease's time is told by the wall clock."""
        self.leases.start(1)
        self.time = 103.5
        self.assertEqual(self.leases.last_beat_millis(1), 1_000_100_000)
        self.assertEqual(self.leases.last_beat_millis(2), 0)
