"""Batches of beats: one under way, one open."""

from __future__ import annotations

from array import array

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.renewals import OVERDUE, Renewals


def packed(*numbers: int) -> bytes:
    """Numbers as they travel."""
    return array("Q", numbers).tobytes()


class RenewalsTests(SynchronousTestCase):
    """L{Renewals}."""

    def setUp(self) -> None:
        self.sent: list[bytes] = []
        self.told: list[tuple[str, int]] = []
        self.open = True
        self.renewals = Renewals(self.carry, lambda peer, batch: self.told.append((peer, batch)), 5.0)

    def carry(self, numbers: bytes) -> int | None:
        if not self.open:
            return None
        self.sent.append(numbers)
        return len(self.sent)

    def test_one_under_way(self) -> None:
        """What comes meanwhile makes up the next batch, which leaves when the first is through."""
        first = self.renewals.add(7, 0.0)
        self.assertTrue(self.renewals.can_fly)
        self.renewals.flush()
        self.assertFalse(self.renewals.can_fly)
        second, third = self.renewals.add(8, 0.0), self.renewals.add(9, 0.0)
        self.renewals.flush()
        self.assertEqual(self.sent, [packed(7)])
        self.renewals.confirmed(1)
        self.assertIsNone(self.successResultOf(first))
        self.assertNoResult(second)
        self.assertEqual(self.sent, [packed(7), packed(8, 9)])
        self.renewals.confirmed(2)
        self.successResultOf(second)
        self.successResultOf(third)

    def test_older_confirmation(self) -> None:
        """A confirmation of an earlier batch says nothing; one of a later round says all."""
        self.sent.append(b"")
        beat = self.renewals.add(7, 0.0)
        self.renewals.flush()
        self.renewals.confirmed(1)
        self.assertNoResult(beat)
        self.renewals.confirmed(5)
        self.successResultOf(beat)
        self.renewals.confirmed(6)

    def test_nobody_takes_it(self) -> None:
        """It stays open and leaves later."""
        self.open = False
        beat = self.renewals.add(7, 0.0)
        self.renewals.flush()
        self.assertTrue(self.renewals.can_fly)
        self.open = True
        self.renewals.flush()
        self.renewals.confirmed(1)
        self.successResultOf(beat)

    def test_claims(self) -> None:
        """A follower hears of its batch when the leader's round is through."""
        self.renewals.claim("B", 3, packed(4, 5))
        own = self.renewals.add(6, 0.0)
        self.renewals.flush()
        self.assertEqual((self.sent, self.told), ([packed(4, 5, 6)], []))
        self.renewals.confirmed(1)
        self.assertEqual(self.told, [("B", 3)])
        self.successResultOf(own)

    def test_again(self) -> None:
        """Another leader: all own beats are open again, in order; followers send theirs themselves."""
        first = self.renewals.add(1, 0.0)
        self.renewals.claim("B", 3, packed(4))
        self.renewals.flush()
        second = self.renewals.add(2, 1.0)
        self.renewals.claim("C", 9, packed(5))
        self.renewals.again()
        self.assertTrue(self.renewals.can_fly)
        self.renewals.flush()
        self.assertEqual(self.sent[-1], packed(1, 4, 2, 5))
        self.renewals.confirmed(2)
        self.assertEqual(self.told, [])
        self.successResultOf(first)
        self.successResultOf(second)

    def test_expired(self) -> None:
        """Each beat has its own time, under way or not."""
        flying = self.renewals.add(1, 0.0)
        late = self.renewals.add(2, 3.0)
        self.renewals.flush()
        waiting = self.renewals.add(3, 4.0)
        self.assertEqual(self.renewals.expired(5.0), [])
        self.assertEqual(self.renewals.expired(5.1), [flying])
        self.assertEqual(self.renewals.expired(8.1), [late])
        self.assertEqual(self.renewals.expired(9.1), [waiting])
        self.assertEqual(self.renewals.expired(99.0), [])

    def test_expired_is_not_kept(self) -> None:
        """What could not leave for so long does not pile up."""
        self.open = False
        self.renewals.add(1, 0.0)
        self.renewals.expired(6.0)
        self.open = True
        self.renewals.add(2, 6.0)
        self.renewals.flush()
        self.assertEqual(self.sent, [packed(2)])

    def test_expired_keeps_claims(self) -> None:
        """A leader's own late beats do not take the followers' along."""
        self.renewals.add(1, 0.0)
        self.renewals.claim("B", 3, packed(4))
        self.assertEqual(len(self.renewals.expired(6.0)), 1)
        self.renewals.flush()
        self.renewals.confirmed(1)
        self.assertEqual(self.told, [("B", 3)])

    def test_overdue(self) -> None:
        """A batch that stays away for some looks; the count begins anew with each batch."""
        self.assertFalse(self.renewals.overdue())
        self.renewals.add(1, 0.0)
        self.assertFalse(self.renewals.overdue())
        self.renewals.flush()
        self.assertEqual([self.renewals.overdue() for _ in range(OVERDUE)], [False] * (OVERDUE - 1) + [True])
        self.renewals.again()
        self.renewals.flush()
        self.assertFalse(self.renewals.overdue())
        self.renewals.confirmed(2)
        self.assertFalse(self.renewals.overdue())

    def test_abandon(self) -> None:
        """All numbers and all who wait."""
        first = self.renewals.add(1, 0.0)
        self.renewals.flush()
        second = self.renewals.add(2, 0.0)
        self.assertEqual(self.renewals.abandon(), (packed(1, 2), [first, second]))
        self.assertEqual(self.renewals.abandon(), (b"", []))

    def test_cancelled(self) -> None:
        """A caller that has gone away does not keep the others from their answers."""
        gone, other = self.renewals.add(1, 0.0), self.renewals.add(2, 0.0)
        self.renewals.flush()
        gone.cancel()
        gone.addErrback(lambda failure: None)
        self.renewals.confirmed(1)
        self.successResultOf(other)
