"""Commands are applied once, and several machines share one log."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter, NacosError
from nacos_tw.raft.sessions import Machines, Sessions, encode_batch
from tests.raft.nodes import Recorder


class SessionsTests(SynchronousTestCase):
    """L{Sessions}."""

    def setUp(self) -> None:
        self.machine = Recorder()
        self.sessions = Sessions(self.machine)

    def apply(self, session: int, first: int, *commands: bytes, origin: str = "A") -> tuple:
        return self.sessions.apply(encode_batch(origin, session, first, commands))

    def test_results(self) -> None:
        """What each command came to, from the first on; an error stands as itself."""
        origin, session, first, results = self.apply(5, 0, b"a", b"bad", b"b")
        self.assertEqual((origin, session, first, results[0], results[2]), ("A", 5, 0, 1, 2))
        self.assertIsInstance(results[1], BadParameter)

    def test_repeat(self) -> None:
        """A batch that comes again does nothing."""
        self.apply(5, 0, b"a", b"b")
        self.assertEqual(self.apply(5, 0, b"a", b"b"), ("A", 5, 2, []))
        self.assertEqual(self.machine.done, [b"a", b"b"])

    def test_overlap(self) -> None:
        """Of a batch that is cut otherwise only the new part counts."""
        self.apply(5, 0, b"a", b"b")
        self.assertEqual(self.apply(5, 1, b"b", b"c"), ("A", 5, 2, [3]))
        self.assertEqual(self.apply(5, 0, b"a"), ("A", 5, 3, []))
        self.assertEqual(self.machine.done, [b"a", b"b", b"c"])

    def test_gap(self) -> None:
        """Counts that timed out at the sender are left out."""
        self.apply(5, 0, b"a")
        self.assertEqual(self.apply(5, 7, b"h"), ("A", 5, 7, [2]))
        self.assertEqual(self.sessions.applied("A", 5), 7)

    def test_new_session(self) -> None:
        """A node that was started again counts from 0; other nodes count for themselves."""
        self.apply(5, 0, b"a")
        self.apply(6, 0, b"b")
        self.apply(5, 0, b"c", origin="B")
        self.assertEqual(self.machine.done, [b"a", b"b", b"c"])
        self.assertEqual([self.sessions.applied("A", session) for session in (5, 6)], [-1, 0])

    def test_snapshot(self) -> None:
        """What was applied goes along with the state."""
        self.apply(5, 0, b"a")
        other = Sessions(Recorder())
        other.restore(self.sessions.snapshot())
        self.assertEqual(other.apply(encode_batch("A", 5, 0, [b"a", b"b"])), ("A", 5, 1, [2]))


class MachinesTests(SynchronousTestCase):
    """L{Machines}."""

    def setUp(self) -> None:
        self.one, self.two = Recorder(), Recorder()
        self.machines = Machines({b"1": self.one, b"2": self.two})

    def test_apply(self) -> None:
        """The first byte says whose it is."""
        self.machines.apply(b"1a")
        self.machines.apply(b"2b")
        self.assertEqual((self.one.done, self.two.done), ([b"a"], [b"b"]))

    def test_unknown(self) -> None:
        """A part that this version does not have: an error for whoever waits, not for the log."""
        for command in (b"3a", b""):
            self.assertIsInstance(self.machines.apply(command), NacosError)

    def test_snapshot(self) -> None:
        """All of them; a part that the snapshot does not know keeps its state."""
        self.machines.apply(b"1a")
        self.machines.apply(b"2b")
        more = Recorder()
        more.done = [b"z"]
        other = Machines({b"2": Recorder(), b"1": Recorder(), b"3": more})
        other.restore(self.machines.snapshot())
        self.assertEqual([other.machines[name].done for name in (b"1", b"2", b"3")], [[b"a"], [b"b"], [b"z"]])

    def test_damage(self) -> None:
        """Bytes that are no snapshot change nothing."""
        self.machines.apply(b"1a")
        self.assertRaises(msgspec.MsgspecError, self.machines.restore, b"\xc1")
        self.assertEqual(self.one.done, [b"a"])
