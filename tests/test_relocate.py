"""C{nacos-tw member update --force}: a node that does not run is told where the members are."""

from __future__ import annotations

import contextlib
import io
import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.relocate import main
from nacos_tw.settings import identity
from nacos_tw.settings.identity import Identity, Known

A, B = "127.0.0.1:18848", "127.0.0.1:28848"


class RelocateTests(SynchronousTestCase):
    """A home of a node that was a member."""

    def setUp(self) -> None:
        self.home = os.path.abspath(self.mktemp())
        self.folder = os.path.join(self.home, "data", "raft")
        os.makedirs(os.path.join(self.home, "conf"))
        with open(os.path.join(self.home, "conf", "application.properties"), "w") as file:
            file.write("server.port=18848\n")
        with open(os.path.join(self.home, "conf", "cluster.conf"), "w") as file:
            file.write("127.0.")
        members = tuple(Known(name, name[-5:], name, name.replace("8848", "7848")) for name in (A, B))
        self.known = Identity(A, "18848", A, members[0].raft, True, members)
        identity.keep(self.folder, self.known)

    def run_with(self, *arguments: str) -> tuple[int, str]:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = main(["update", "--home", self.home, *arguments])
        return status, said.getvalue()

    def test_told_only(self) -> None:
        """Without --force nothing is changed."""
        status, said = self.run_with(f"{B}=127.0.0.1:38848")
        self.assertEqual(status, 1)
        self.assertIn(f"{B}: 127.0.0.1:38848, was {B}", said)
        self.assertEqual(identity.read(self.folder), self.known)

    def test_forced(self) -> None:
        """The node finds the others there, whatever its log has; names and ids stay."""
        self.assertEqual(self.run_with("--force", f"{B}=127.0.0.1:38848")[0], 0)
        found = identity.read(self.folder)
        assert found is not None
        self.assertTrue(found.forced)
        self.assertEqual(found.members[1], Known(B, "28848", "127.0.0.1:38848", "127.0.0.1:37848"))
        self.assertEqual(found.id, self.known.id)

    def test_refused(self) -> None:
        """With one line."""
        for arguments, text in (
            (("--force", "127.0.0.9:1=127.0.0.1:38848"), "is no member's address"),
            (("--force", f"{B}=here"), "expected"),
            (("--force", B), "expected <old address>=<new address>"),
        ):
            error = self.assertRaises(SystemExit, self.run_with, *arguments)
            self.assertIn(text, str(error))
        self.assertEqual(identity.read(self.folder), self.known)
