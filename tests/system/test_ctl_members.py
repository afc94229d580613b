"""nacosctl member: changes of the members, on real nodes."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.system.ctl import Said, ctl
from tests.system.nodes import cluster, free_port, wait_for
from tests.system.shared import shared


class MemberTests(SynchronousTestCase):
    """Three nodes, which are three voters again at the end."""

    def setUp(self) -> None:
        self.cluster = shared(3)
        self.address = self.cluster.leader().address

    def ctl(self, *arguments: str, status: int = 0) -> Said:
        said = ctl(self.address, "-o", "json", *arguments)
        self.assertEqual(said.status, status, said)
        return said

    def members(self) -> dict[str, dict[str, Any]]:
        """As the log has them."""
        return {each["address"]: each for each in self.ctl("member", "list", "--log").json}

    def test_demote_and_promote(self) -> None:
        """A voter becomes a learner and, when it has caught up, a voter again."""
        follower = self.cluster.followers()[0].address
        self.ctl("member", "demote", follower)
        self.assertEqual(self.members()[follower]["role"], "learner")
        wait_for(lambda: ctl(self.address, "member", "promote", follower).status == 0, why="it to be promoted")
        self.assertEqual({each["role"] for each in self.members().values()}, {"voter"})

    def test_refusals(self) -> None:
        """3 for who is no member; what cannot be taken back wants a yes; what cannot be done now says why, with 8."""
        self.ctl("member", "promote", "127.0.0.1:1", status=3)
        self.ctl("member", "remove", self.address, status=1)
        said = self.ctl("member", "add", self.address, status=8)
        self.assertTrue(said.err.startswith("Error: "), said)


class AddTests(SynchronousTestCase):
    """A cluster of its own: a member that never shows holds up other changes."""

    def test_add_and_remove(self) -> None:
        """A node that is not there yet is a learner, and gone again."""
        other = f"127.0.0.1:{free_port()}"
        with cluster(2) as nodes:
            address = nodes.leader().address

            def members() -> dict[str, str]:
                said = ctl(address, "-o", "json", "member", "list", "--log")
                return {each["address"]: each["role"] for each in said.json}

            self.assertEqual(ctl(address, "member", "add", other).status, 0)
            self.assertEqual(members()[other], "learner")
            said = ctl(address, "member", "remove", other, "--yes", "--force")
            self.assertEqual(said.status, 0, said)
            self.assertNotIn(other, members())
