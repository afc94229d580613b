"""Failed logins make the next ones wait. Time is given."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth import throttle
from nacos_tw.auth.problems import TooManyFailures
from nacos_tw.auth.throttle import BY_ADDRESS, BY_PAIR, BY_USER, FORGET, LONGEST_WAIT, MOST, Attempt, Throttle


class ThrottleTests(SynchronousTestCase):
    """One node's counts."""

    def setUp(self) -> None:
        self.throttle = Throttle()
        self.now = 1000.0

    def attempt(self, user: str = "bob", address: str = "10.0.0.1") -> Attempt:
        found = self.throttle.attempt(user, address, self.now)
        found.running()
        return found

    def failed_login(self, user: str = "bob", address: str = "10.0.0.1") -> float:
        """One that fails after its wait; how long that was."""
        found = self.attempt(user, address)
        self.now += found.wait
        found.looked_at = True
        found.ended(False, self.now)
        return found.wait

    def test_the_first_are_free(self) -> None:
        """Somebody who mistypes a few times waits for nothing."""
        self.assertEqual([self.failed_login() for _ in range(BY_USER.free)], [0.0] * BY_USER.free)

    def test_slower_and_slower(self) -> None:
        """Then each takes longer than the one before, up to a limit."""
        waits = [self.failed_login() for _ in range(BY_USER.free + 12)][BY_USER.free :]
        self.assertEqual(waits[0], 0.0)
        self.assertEqual(waits[1:7], [0.5, 1.0, 2.0, 4.0, 8.0, 8.0])
        self.assertEqual(set(waits[6:]), {BY_USER.longest})

    def test_many_at_once(self) -> None:
        """Attempts at the same moment are as if one came after the other: nearly all are refused at once."""
        waits, refused = [], 0
        for _ in range(500):
            try:
                waits.append(self.attempt().wait)
            except TooManyFailures:
                refused += 1
        self.assertLessEqual(len(waits), BY_USER.free + 6)
        self.assertEqual(len(waits) + refused, 500)
        self.assertEqual(waits, sorted(waits))
        self.assertLessEqual(max(waits), LONGEST_WAIT)
        self.assertEqual(
            len(set(waits[BY_USER.free :])), len(waits) - BY_USER.free, "two may be tried at the same moment"
        )

    def test_gone_while_waiting(self) -> None:
        """A client that gives up before its turn, again and again, gets in when the pause after the failure is over."""
        for _ in range(BY_USER.free + 8):
            self.failed_login()
        waits = []
        for _ in range(4):
            found = self.attempt()
            waits.append(found.wait)
            self.now += 3.0  # its patience
            if found.wait <= 3.0:
                break
            found.ended(None, self.now)
        self.assertEqual(waits, [8.0, 5.0, 2.0])

    def test_giving_up_gains_nothing(self) -> None:
        """Many that are begun and given up do not let one be looked at earlier."""
        for _ in range(BY_USER.free + 8):
            self.failed_login()
        for _ in range(1000):
            self.attempt().ended(None, self.now)
        self.assertEqual(self.attempt().wait, BY_USER.longest)

    def test_how_many_in_a_day(self) -> None:
        """Whoever tries for a day without a pause, many at once, has had few tries."""
        tried = 0
        end = self.now + 86_400
        while self.now < end:
            found = []
            for _ in range(20):
                try:
                    found.append(self.attempt())
                except TooManyFailures:
                    break
            tried += len(found)
            self.now += LONGEST_WAIT
            for one in found:
                one.looked_at = True
                one.ended(False, self.now)
        self.assertLess(tried, 86_400 / BY_USER.longest + 30)

    def test_refused_ones_do_not_add(self) -> None:
        """What is refused without a look makes nobody wait longer."""
        for _ in range(BY_USER.free + 8):
            self.failed_login()
        while True:
            try:
                self.attempt()
            except TooManyFailures:
                break
        for _ in range(100):
            self.assertRaises(TooManyFailures, self.attempt)
        self.now += 2 * LONGEST_WAIT
        self.assertEqual(self.attempt().wait, 0.0)

    def test_users_by_themselves(self) -> None:
        """One name's failures do not slow another's, until there are many from the address."""
        for _ in range(BY_USER.free + 3):
            self.failed_login("bob")
        self.assertEqual(self.failed_login("ann"), 0.0)

    def test_other_addresses(self) -> None:
        """A name is slowed wherever its attempts come from."""
        waits = [self.failed_login("bob", f"10.0.{number}.1") for number in range(BY_USER.free + 6)]
        self.assertEqual(waits[-1], BY_USER.longest)

    def test_other_names(self) -> None:
        """An address is slowed whatever names it tries."""
        waits = [self.failed_login(f"user{number}") for number in range(BY_ADDRESS.free + 8)]
        self.assertEqual(set(waits[: BY_ADDRESS.free]), {0.0})
        self.assertEqual(waits[-1], BY_ADDRESS.longest)
        self.assertEqual(self.failed_login("user0", "10.0.0.2"), 0.0)

    def test_success_counts_no_failure(self) -> None:
        """Right passwords slow nobody."""
        for _ in range(100):
            found = self.attempt()
            self.assertEqual(found.wait, 0.0)
            found.ended(True, self.now)

    def test_success_makes_nobody_wait(self) -> None:
        """It was no guess: the next one has its turn as if it had not been."""
        for _ in range(BY_USER.free + 1):
            self.failed_login()
        before = self.attempt("bob", "elsewhere")
        before.looked_at = True
        self.now += before.wait
        before.ended(True, self.now)
        self.assertEqual(self.attempt("bob", "and here").wait, 0.0)

    def test_what_could_not_be_told(self) -> None:
        """An attempt that the server itself broke off is no failure."""
        for _ in range(100):
            found = self.attempt()
            self.assertEqual(found.wait, 0.0)
            found.looked_at = True
            found.ended(None, self.now)

    def test_known_address(self) -> None:
        """Who has logged in from an address goes on there while others guess elsewhere; and is counted there too."""
        found = self.attempt("bob", "home")
        found.ended(True, self.now)
        for _ in range(BY_PAIR.free + 10):
            self.failed_login("bob", "away")
        self.assertEqual(self.failed_login("bob", "home"), 0.0)
        waits = [self.failed_login("bob", "home") for _ in range(BY_PAIR.free + 5)]
        self.assertEqual(waits[-1], BY_PAIR.longest)
        for number in range(BY_ADDRESS.free + 10):
            self.failed_login(f"user{number}", "home")
        self.assertEqual(self.failed_login("ann", "home"), BY_ADDRESS.longest)

    def test_success_at_a_known_address(self) -> None:
        """It forgives what was mistyped there."""
        self.attempt("bob", "home").ended(True, self.now)
        for _ in range(BY_USER.free + 3):
            self.failed_login("bob", "home")
        found = self.attempt("bob", "home")
        self.now += found.wait
        found.ended(True, self.now)
        self.assertEqual(self.failed_login("bob", "home"), 0.0)

    def test_own_success_does_not_help_with_others(self) -> None:
        """Logging in as oneself in between does not make guessing another's password faster."""
        for _ in range(BY_USER.free + 4):
            self.attempt("eve", "10.0.0.1").ended(True, self.now)
            self.failed_login("bob")
        self.assertGreater(self.failed_login("bob"), 0.0)

    def test_forgotten(self) -> None:
        """After a quarter of an hour without a failure it begins anew."""
        for _ in range(BY_USER.free + 5):
            self.failed_login()
        self.now += FORGET + 1
        self.assertEqual(self.failed_login(), 0.0)

    def test_a_running_attempt_is_not_forgotten(self) -> None:
        """Not while its outcome is open."""
        for _ in range(BY_USER.free):
            self.attempt()
        self.now += FORGET + 1
        self.attempt()
        self.assertGreater(self.attempt().wait, 0.0)

    def test_bounded(self) -> None:
        """Names and addresses that are made up do not fill the memory; the oldest are forgotten."""
        self.patch(throttle, "MOST", 100)
        self.throttle = Throttle()
        for number in range(1000):
            try:
                self.failed_login(f"user{number}", f"10.0.0.{number}")
            except TooManyFailures:
                pass
            self.throttle.trust(f"user{number}", "home")
        sizes = [len(kind) for kind in self.throttle._counts.values()]
        self.assertEqual((max(sizes), len(self.throttle._trusted)), (100, 100))
        self.assertGreaterEqual(MOST, 1000)
