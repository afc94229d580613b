"""A backup as the data folder of a new node, without a node."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.secret import NAME, SecretMachine
from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.restoring import restore, settings_of
from nacos_tw.raft.core.messages import Configuration, SnapshotMeta
from nacos_tw.raft.disk.files import Disk
from nacos_tw.raft.disk.snapshots import SnapshotDraft
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.sessions import Machines, Sessions, encode_batch
from nacos_tw.recover import AHEAD

KEY = b"k" * 32


class RestoreTests(SynchronousTestCase):
    """What a new node finds."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.makedirs(self.folder)
        self.path = os.path.join(self.folder, "a.snap")
        sessions = Sessions(Machines({NAME: SecretMachine()}))
        sessions.apply(encode_batch("old:1", 5, 0, [NAME + KEY]))
        draft = SnapshotDraft(self.folder, SnapshotMeta(7, 3, Configuration(("old:1",))), Disk(), "x")
        draft.write(0, sessions.snapshot())
        draft.finish()
        os.rename(draft.path, self.path)

    def home(self, name: str, conf: str = "") -> str:
        """A home whose cluster.conf says that."""
        home = os.path.join(self.folder, name)
        os.makedirs(os.path.join(home, "conf"))
        with open(os.path.join(home, "conf", "application.properties"), "w") as file:
            file.write("server.port=8848\nnacos.server.ip=127.0.0.1\n")
        if conf:
            with open(os.path.join(home, "conf", "cluster.conf"), "w") as file:
                file.write(conf)
        return home

    def found(self, home: str, name: str) -> tuple[SnapshotMeta, int, bytes]:
        """What a node of that name finds in its folder: snapshot, term, the key of tokens."""
        store = Store.open(os.path.join(home, "data", "raft"), name)
        try:
            machine = SecretMachine()
            assert store.snapshot is not None
            Sessions(Machines({NAME: machine})).restore(store.read_snapshot(), store.snapshot.index, store.hard.term)
            return store.snapshot, store.hard.term, machine.key
        finally:
            store.close()

    def test_members(self) -> None:
        """The new members alone, the same on each node whatever the order of its file; further than the old log."""
        metas = []
        for number, conf in enumerate(("127.0.0.1:8848\n127.0.0.1:18848\n", "127.0.0.1:18848\n127.0.0.1:8848\n")):
            home = self.home(f"h{number}", conf)
            name, voters = restore(self.path, settings_of(home, ""))
            self.assertEqual((name, voters), ("127.0.0.1:8848", ("127.0.0.1:18848", "127.0.0.1:8848")))
            meta, term, key = self.found(home, name)
            self.assertEqual((meta.index, meta.term, term, key), (7 + AHEAD, 4, 4, KEY))
            metas.append(meta)
        self.assertEqual(metas[0], metas[1])

    def test_alone(self) -> None:
        """A node that stands alone."""
        home = self.home("alone")
        name, voters = restore(self.path, settings_of(home, "standalone"))
        meta, _, key = self.found(home, name)
        self.assertEqual((voters, meta.config.voters, key), ((name,), (name,), KEY))

    def test_not_over_data(self) -> None:
        """Where a node has been nothing is done."""
        home = self.home("alone")
        settings = settings_of(home, "standalone")
        restore(self.path, settings)
        with self.assertRaises(Failure):
            restore(self.path, settings)

    def test_damaged(self) -> None:
        """A damaged backup makes no folder."""
        with open(self.path, "r+b") as file:
            file.seek(30)
            file.write(b"!")
        home = self.home("alone")
        with self.assertRaises(Failure):
            restore(self.path, settings_of(home, "standalone"))
        self.assertFalse(os.path.exists(os.path.join(home, "data", "raft")))
