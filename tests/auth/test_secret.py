"""The key that the nodes agree on."""

from __future__ import annotations

import os
import stat
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.secret import AGAIN, BYTES, NAME, SecretFile, SecretMachine, SharedSecret
from nacos_tw.errors import NacosError, TimedOut, Unavailable


class MachineTests(SynchronousTestCase):
    """The replicated state."""

    def setUp(self) -> None:
        self.machine = SecretMachine()
        self.heard: list[bytes] = []
        self.machine.on_key = self.heard.append

    def test_the_first_stays(self) -> None:
        """Whatever is proposed later: a key that has signed logins does not change by itself."""
        for key in (b"a" * 48, b"b" * 48, b"a" * 48):
            self.assertIsNone(self.machine.apply(key))
        self.assertEqual((self.machine.key, self.heard), (b"a" * 48, [b"a" * 48]))

    def test_short(self) -> None:
        """No key that could be guessed."""
        for key in (b"", b"x" * 31):
            self.assertIsInstance(self.machine.apply(key), NacosError)
        self.assertEqual((self.machine.key, self.heard), (b"", []))

    def test_snapshot(self) -> None:
        """It goes with the state, to a node that begins with another's; an empty one says nothing."""
        self.machine.apply(b"a" * 48)
        other = SecretMachine()
        heard: list[bytes] = []
        other.on_key = heard.append
        other.restore(SecretMachine().snapshot())
        self.assertEqual((other.key, heard), (b"", []))
        other.restore(self.machine.snapshot())
        self.assertEqual((other.key, heard), (b"a" * 48, [b"a" * 48]))


class FileTests(SynchronousTestCase):
    """The key on disk."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "auth", "token-key")
        self.file = SecretFile(self.path)

    def test_round_trip(self) -> None:
        """For its owner alone."""
        self.assertEqual(self.file.read(), b"")
        self.file.write(b"a" * 48)
        self.assertEqual(self.file.read(), b"a" * 48)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["token-key"])

    def test_damaged(self) -> None:
        """One that is too short is none."""
        self.file.write(b"a" * 31)
        self.assertEqual(self.file.read(), b"")

    def test_unreadable(self) -> None:
        """A folder in its place is a warning, not an end."""
        os.makedirs(self.path)
        self.assertEqual(self.file.read(), b"")
        self.file.write(b"a" * 48)
        self.assertEqual((self.file.read(), os.listdir(os.path.dirname(self.path))), (b"", ["token-key"]))


class Proposer:
    """A log that does what the test says."""

    def __init__(self, machine: SecretMachine) -> None:
        self.machine = machine
        self.available = True
        self.is_leader = False
        self.trouble: Exception | None = None
        self.slow: Deferred[Any] | None = None
        self.proposed: list[bytes] = []

    def propose(self, command: bytes) -> Deferred[Any]:
        self.proposed.append(command)
        if self.trouble is not None:
            return fail(Failure(self.trouble))
        if self.slow is not None:
            return self.slow
        return succeed(self.machine.apply(command[len(NAME) :]))

    def renew(self, number: int) -> None:
        raise AssertionError


class SharedTests(SynchronousTestCase):
    """One node."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.machine = SecretMachine()
        self.proposer = Proposer(self.machine)
        self.file = SecretFile(os.path.join(self.mktemp(), "token-key"))
        self.used: list[bytes] = []
        self.shared = SharedSecret(self.clock, self.machine, self.proposer, self.file, self.used.append)

    def test_first(self) -> None:
        """A cluster that has none gets a random one, in memory and on disk."""
        self.shared.startService()
        self.assertEqual(len(self.used), 1)
        key = self.used[0]
        self.assertEqual((len(key), self.machine.key, self.file.read()), (BYTES, key, key))
        other = SecretMachine()
        SharedSecret(self.clock, other, Proposer(other), SecretFile(self.mktemp()), self.used.append).startService()
        self.assertNotEqual(self.used[1], key)

    def test_after_a_restart(self) -> None:
        """The key on disk counts at once; nothing is proposed when the log has it."""
        self.file.write(b"a" * 48)
        self.machine.apply(b"a" * 48)
        self.shared.startService()
        self.assertEqual((self.used, self.proposer.proposed), ([b"a" * 48], []))

    def test_without_a_leader(self) -> None:
        """The key on disk counts before the others are heard of; it is proposed when there is a leader."""
        self.file.write(b"a" * 48)
        self.proposer.available = False
        self.shared.startService()
        self.clock.pump([AGAIN] * 4)
        self.assertEqual((self.used, self.proposer.proposed), ([b"a" * 48], []))
        self.proposer.available = True
        self.clock.advance(AGAIN)
        self.assertEqual((self.used, self.machine.key), ([b"a" * 48], b"a" * 48))

    def test_wiped_node(self) -> None:
        """A node that lost its disk gets the others' key."""
        self.proposer.available = False
        self.shared.startService()
        self.assertEqual(self.used, [])
        self.machine.restore(b"a" * 48)
        self.assertEqual((self.used, self.file.read()), ([b"a" * 48], b"a" * 48))
        self.proposer.available = True
        self.clock.advance(AGAIN)
        self.assertEqual(self.proposer.proposed, [])

    def test_others_were_faster(self) -> None:
        """The key that the log took counts, and not the own."""
        self.file.write(b"a" * 48)
        self.machine.key = b""
        self.proposer.slow = Deferred()
        self.shared.startService()
        self.machine.apply(b"b" * 48)
        self.proposer.slow.callback(None)
        self.assertEqual((self.used, self.file.read()), ([b"a" * 48, b"b" * 48], b"b" * 48))
        self.clock.pump([AGAIN] * 4)
        self.assertEqual(len(self.proposer.proposed), 1)

    def test_again(self) -> None:
        """What the log refuses is tried again."""
        for trouble in (Unavailable("no leader"), TimedOut("no majority")):
            self.proposer.trouble = trouble
            self.shared.startService() if not self.shared.running else self.clock.advance(AGAIN)
            self.assertEqual(self.used, [])
        self.proposer.trouble = None
        self.clock.advance(AGAIN)
        self.assertEqual(len(self.used), 1)

    def test_stop(self) -> None:
        """Nothing is tried any more."""
        self.proposer.available = False
        self.shared.startService()
        self.shared.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.machine.apply(b"a" * 48)
        self.assertEqual(self.used, [])
