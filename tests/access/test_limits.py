"""Limits of each address and user: what is let in, and what is remembered."""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.access.limits import MOST, OpenByAddress, OverLimit, Rate, Rates, limits_of


class RateTests(SynchronousTestCase):
    """L{Rate}."""

    def test_steady(self) -> None:
        """So many a second, for ever, after a burst; each key by itself."""
        rate = Rate(10, 2.0)
        self.assertEqual(sum(rate.take("a", 100.0) for _ in range(50)), 20)
        self.assertTrue(rate.take("b", 100.0))
        taken = sum(rate.take("a", 100.0 + step / 100) for step in range(1, 1001))
        self.assertEqual(taken, 100)
        self.assertEqual(sum(rate.take("a", 200.0) for _ in range(50)), 20, "no more than a burst is saved")

    def test_refused_costs_nothing(self) -> None:
        """Who is refused again and again is let in as soon as one who waited."""
        rate = Rate(1, 1.0)
        self.assertTrue(rate.take("a", 0.0))
        for step in range(99):
            self.assertFalse(rate.take("a", step / 100))
        self.assertTrue(rate.take("a", 1.0))

    def test_many_at_once(self) -> None:
        """A batch counts as what is in it; one that is larger than a burst needs a whole one."""
        rate = Rate(10, 2.0)
        self.assertTrue(rate.take("a", 0.0, 15))
        self.assertFalse(rate.take("a", 0.0, 6))
        self.assertTrue(rate.take("a", 0.0, 5))
        self.assertFalse(rate.take("a", 1.9, 1000))
        self.assertTrue(rate.take("a", 2.0, 1000))
        self.assertFalse(rate.take("a", 3.0, 11))

    def test_short_burst(self) -> None:
        """However short the burst is, one is let in."""
        rate = Rate(1, 0.001)
        self.assertTrue(rate.take("a", 0.0))
        self.assertFalse(rate.take("a", 0.9))
        self.assertTrue(rate.take("a", 1.0))

    def test_forgets(self) -> None:
        """It remembers those who asked of late, and no more."""
        rate = Rate(10, 1.0)
        for number in range(MOST):
            rate.take(str(number), number / 1000)
        self.assertFalse(all(rate.take("late", MOST / 1000) for _ in range(11)))
        self.assertLess(len(rate), 1000)
        self.assertFalse(rate.take("late", MOST / 1000), "what is not through is kept")


class AdmissionTests(SynchronousTestCase):
    """L{nacos_tw.access.limits.Admission}."""

    def setUp(self) -> None:
        self.now = 0.0

    def test_none(self) -> None:
        """What has no limit is not there at all."""
        found = limits_of(Rates(), Rates(), 0, lambda: self.now, frozenset())
        self.assertEqual((found.requests, found.registrations, found.connections), (None, None, None))

    def test_address_and_user(self) -> None:
        """Each has its own; nobody in particular is no user. What was refused is counted."""
        limits = limits_of(Rates(2, 3, 1.0), Rates(), 0, lambda: self.now, frozenset())
        admission = limits.requests
        assert admission is not None
        ann = Identity("ann", False, user=True)
        for number in range(3):
            admission.caller(KnownCaller(ann, f"10.0.0.{number}"))
        error = self.assertRaises(OverLimit, admission.caller, KnownCaller(ann, "10.0.0.9"))
        self.assertEqual(error.text, "too many requests of this user: at most 3 a second, try again later")
        self.assertEqual(error.outcome, "refused 429")
        for _ in range(2):
            admission.caller(KnownCaller(EVERYBODY, "10.0.1.1"))
        self.assertRaises(OverLimit, admission.caller, KnownCaller(EVERYBODY, "10.0.1.1"))
        for number in range(9):
            admission.caller(KnownCaller(EVERYBODY, f"10.0.2.{number}"))
        self.assertEqual(limits.refused, Counter({("requests", "user"): 1, ("requests", "address"): 1}))


class OpenTests(SynchronousTestCase):
    """L{OpenByAddress}."""

    def test_many(self) -> None:
        """So many of an address at a time; proxies have no limit."""
        refused: Counter[tuple[str, str]] = Counter()
        open_ = OpenByAddress(2, frozenset({"10.9.9.9"}), refused)
        for address in ("a", "a", "b", *["10.9.9.9"] * 5):
            self.assertFalse(open_.full(address))
            open_.opened(address)
        self.assertTrue(open_.full("a"))
        open_.closed("a")
        self.assertFalse(open_.full("a"))
        self.assertEqual(refused, Counter({("connections", "address"): 1}))
