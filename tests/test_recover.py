"""nacos-tw recover, without a node."""

from __future__ import annotations

import contextlib
import io
import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import recover
from nacos_tw.locks.commands import NAME, PLAIN, Acquire, encode
from nacos_tw.locks.machine import LockMachine
from nacos_tw.raft.assembly import ALONE
from nacos_tw.raft.core.messages import Configuration, HardState, SnapshotMeta
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.sessions import Machines, Sessions, encode_batch


class RecoverTests(SynchronousTestCase):
    """The new log has all parts of the state."""

    def test_locks(self) -> None:
        """Who holds what, and the numbers of grants, which must never come again."""
        home = self.mktemp()
        os.makedirs(os.path.join(home, "conf"))
        sessions = Sessions(Machines({NAME: LockMachine()}))
        wanted = Acquire("c", ALONE, (PLAIN, "lock"), "o", 30_000)
        sessions.apply(encode_batch(ALONE, 1, 0, [NAME + encode(wanted)]))
        folder = os.path.join(home, "data", "raft")
        store = Store.open(folder, ALONE)
        store.append_chunk(SnapshotMeta(5, 2, Configuration((ALONE,))), 0, sessions.snapshot(), True)
        store.save(HardState(term=2), [])
        store.close()
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(recover.main(["--home", home, "--mode", "standalone", "--accept-loss"]), 0)
        store = Store.open(folder, ALONE)
        self.addCleanup(store.close)
        machine = LockMachine()
        Sessions(Machines({NAME: machine})).restore(store.read_snapshot())
        lock = machine.state.locks[PLAIN, "lock"]
        self.assertEqual((lock.client, lock.owner, lock.number > 0), ("c", "o", True))
        self.assertGreater(machine.state.number(), lock.number)
