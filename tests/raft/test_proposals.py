"""Commands that wait: counted, batched, timed."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Unavailable
from nacos_tw.raft.proposals import BATCH_BYTES, BATCH_COMMANDS, Proposals


class ProposalsTests(SynchronousTestCase):
    """L{Proposals}."""

    def setUp(self) -> None:
        self.proposals = Proposals(5.0, most=2000)

    def add(self, *commands: bytes, now: float = 0.0) -> list:
        return [self.proposals.add(command, now) for command in commands]

    def test_unsent(self) -> None:
        """What was given once is not given again, what comes later is."""
        self.add(b"a", b"b")
        self.assertEqual(list(self.proposals.unsent()), [(0, [b"a", b"b"])])
        self.assertEqual(list(self.proposals.unsent()), [])
        self.add(b"c")
        self.assertEqual(list(self.proposals.unsent()), [(2, [b"c"])])

    def test_everything(self) -> None:
        """From the oldest that waits; all of it counts as sent."""
        self.add(b"a", b"b", b"c")
        list(self.proposals.unsent())
        self.proposals.applied(0, ["done"])
        self.add(b"d")
        self.assertEqual(list(self.proposals.everything()), [(1, [b"b", b"c", b"d"])])
        self.assertEqual(list(self.proposals.unsent()), [])

    def test_nothing(self) -> None:
        """Nothing waits: no batch."""
        self.assertEqual(list(self.proposals.everything()), [])
        self.add(b"a")
        self.proposals.applied(0, [None])
        self.assertEqual(list(self.proposals.everything()), [])

    def test_gap(self) -> None:
        """A batch's counts are consecutive: one that timed out ends it."""
        self.add(b"a", now=0.0)
        self.add(b"b", b"c", now=3.0)
        self.assertEqual(len(self.proposals.expired(6.0)), 1)
        self.add(b"d")
        self.assertEqual(list(self.proposals.everything()), [(1, [b"b", b"c", b"d"])])
        self.proposals.applied(2, [None])
        self.assertEqual(list(self.proposals.everything()), [(1, [b"b"]), (3, [b"d"])])

    def test_batch_of_commands(self) -> None:
        """An entry holds so many commands and no more."""
        self.add(*[b"x"] * (BATCH_COMMANDS + 1))
        batches = list(self.proposals.unsent())
        self.assertEqual(
            [(first, len(commands)) for first, commands in batches], [(0, BATCH_COMMANDS), (BATCH_COMMANDS, 1)]
        )

    def test_batch_of_bytes(self) -> None:
        """An entry is closed when it is large; a command that is larger still has one for itself."""
        large = b"x" * (BATCH_BYTES + 1)
        self.add(large, b"a", b"b", large, b"c")
        batches = list(self.proposals.unsent())
        self.assertEqual([(first, len(commands)) for first, commands in batches], [(0, 1), (1, 3), (4, 1)])

    def test_most(self) -> None:
        """Too many that wait: refused; there is room again when some are done."""
        self.proposals.most = 2
        self.add(b"a", b"b")
        self.assertRaises(Unavailable, self.proposals.add, b"c", 0.0)
        self.proposals.applied(0, [None])
        self.add(b"c")
        self.assertEqual(len(self.proposals), 2)
        self.assertEqual(list(self.proposals.everything()), [(1, [b"b", b"c"])])

    def test_applied(self) -> None:
        """Each result goes to its own command; those that nobody waits for are passed over."""
        first, second = self.add(b"a", b"b")
        self.assertEqual(self.proposals.applied(0, ["x", "y"]), [(first, "x"), (second, "y")])
        self.assertEqual(self.proposals.applied(0, ["x", "y"]), [])

    def test_caught_up(self) -> None:
        """A snapshot ends the waiting of those that it holds, only of those."""
        first, second, third = self.add(b"a", b"b", b"c")
        self.assertEqual(self.proposals.caught_up(1), [first, second])
        self.assertEqual(self.proposals.abandon(), [third])
        self.assertEqual(len(self.proposals), 0)

    def test_expired(self) -> None:
        """At the deadline, in order."""
        (first,) = self.add(b"a", now=0.0)
        (second,) = self.add(b"b", now=1.0)
        self.assertEqual(self.proposals.expired(4.9), [])
        self.assertEqual(self.proposals.expired(5.0), [first])
        self.assertEqual(self.proposals.expired(6.0), [second])
