"""nacosctl: namespaces, accounts, logins, members, the state of nodes."""

from __future__ import annotations

from tests.system.ctl import LOGINS, CtlCase, ctl
from tests.system.shared import shared


class NamespaceTests(CtlCase):
    """Namespaces, by v3 and v1."""

    def test_life(self) -> None:
        """Created once, renamed, removed only when that was meant."""
        for api in ("v3", "v1"):
            id = f"ns-{api}"
            self.ctl("--api", api, "namespace", "create", id, "--name", "A name", "--desc", "d")
            self.ctl("--api", api, "namespace", "create", id, status=8)
            self.ctl("--api", api, "namespace", "update", id, "--name", "Other")
            found = self.rows("--api", api, "namespace", "get", id)
            self.assertEqual((found["name"], found["description"]), ("Other", "d"))
            self.assertIn(id, [each["id"] for each in self.rows("--api", api, "namespace", "list")])
            self.ctl("--api", api, "namespace", "rm", id, status=1)
            self.ctl("--api", api, "namespace", "rm", id, "--yes")
            self.ctl("--api", api, "namespace", "get", id, status=3)
            self.ctl("--api", api, "namespace", "rm", id, "--yes", status=3)


class NodeTests(CtlCase):
    """One node."""

    def test_members_and_health(self) -> None:
        """It is its only member, leads, and is well."""
        (member,) = self.rows("member", "list")
        self.assertEqual((member["state"], member["role"]), ("UP", "LEADER"))
        self.assertEqual(self.rows("leader", "show"), [member])
        (status,) = self.rows("endpoint", "status")
        self.assertEqual((status["role"], status["ready"], status["lag"]), ("LEADER", "yes", 0))
        self.assertEqual([row["healthy"] for row in self.rows("endpoint", "health")], [True])

    def test_log_level(self) -> None:
        """Set, and refused for a log that is not there."""
        self.ctl("log", "level", "config-server", "debug")
        self.ctl("log", "level", "config-server", "info")
        self.ctl("log", "level", "no-such-log", "info", status=1)

    def test_auth_status_without_logins(self) -> None:
        """Nobody is asked who they are."""
        found = self.rows("auth", "status")
        self.assertEqual((found["logins"], found["user"], found["api"]), (False, "nobody", "v3"))

    def test_nobody_answers(self) -> None:
        """5, and where it was tried; the next address is tried when one does not answer."""
        said = ctl("127.0.0.1:1", "member", "list")
        self.assertEqual(said.status, 5)
        self.assertIn("127.0.0.1:1", said.err)
        self.assertEqual(ctl(f"127.0.0.1:1,{self.node.address}", "member", "list").status, 0)

    def test_another_port(self) -> None:
        """That of gRPC: it is told, and nothing of what came is shown."""
        said = ctl(f"127.0.0.1:{self.node.port + 1000}", "member", "list")
        self.assertEqual(said.status, 5)
        self.assertIn("does not speak HTTP", said.err)
        self.assertTrue(said.err.strip().isprintable(), said)


class AccountTests(CtlCase):
    """A node that asks for logins."""

    properties = LOGINS

    def admin(self, *arguments: str, status: int = 0) -> str:
        return self.ctl("-u", "nacos", *arguments, status=status, NACOS_PASSWORD="first").out

    def test_logins(self) -> None:
        """Nobody and a wrong password are refused with 4."""
        self.assertIn("log in by", self.ctl("config", "list", status=4).err)
        self.ctl("-u", "nacos", "-p", "wrong", "config", "list", status=4)
        self.assertIn("NACOS_PASSWORD", self.ctl("-u", "nacos", "config", "list", status=4).err)
        found = self.admin("auth", "status", "-o", "json")
        self.assertIn('"administrator": true', found)
        self.assertNotIn("first", found)

    def test_accounts(self) -> None:
        """A user with a role that may read one namespace reads there, and writes nothing."""
        for api, user in (("v3", "ann"), ("v1", "ben")):
            self.ctl("-u", "nacos", "--api", api, "user", "create", user, NACOS_PASSWORD="first",
                     NACOSCTL_NEW_PASSWORD="secret")  # fmt: skip
            self.assertIn("NACOSCTL_NEW_PASSWORD", self.ctl("-u", "nacos", "user", "create", "x", status=2).err)
            again = ("-u", "nacos", "--api", api, "user", "create", user)
            self.ctl(*again, NACOS_PASSWORD="first", NACOSCTL_NEW_PASSWORD="other", status=8)
            self.admin("--api", api, "role", "grant", f"readers-{user}", user)
            self.admin("--api", api, "permission", "grant", f"readers-{user}", ":*:*", "r")
            self.assertIn(user, self.admin("--api", api, "user", "list"))
            self.assertIn(f"readers-{user}  {user}", self.admin("--api", api, "role", "list"))
            self.assertIn(f"readers-{user}  :*:*", self.admin("--api", api, "permission", "list"))
            self.ctl("-u", user, "-p", "secret", "config", "list")
            self.ctl("-u", user, "-p", "secret", "config", "put", "x", "--content", "y", status=4)
            self.admin("--api", api, "permission", "revoke", f"readers-{user}", ":*:*", "r")
            self.admin("--api", api, "role", "revoke", f"readers-{user}", user)
            self.ctl("-u", user, "-p", "secret", "config", "list", status=4)
            self.admin("--api", api, "user", "rm", user, "--yes")
            self.assertNotIn(user, self.admin("--api", api, "user", "list"))
            self.admin("--api", api, "user", "rm", user, "--yes", status=3)


class ClusterTests(CtlCase):
    """Three nodes."""

    def test_transfer(self) -> None:
        """The lead goes where it was ordered to, and every node tells it alike."""
        nodes = shared(3)
        follower = nodes.followers()[0]
        said = ctl(follower.address, "leader", "transfer", follower.address)
        self.assertEqual((said.status, said.out), (0, f"{follower.address} leads\n"), said)
        self.assertEqual(nodes.leader().address, follower.address)
        rows = ctl(nodes.nodes[0].address, "-o", "json", "endpoint", "status").json
        self.assertEqual({row["endpoint"] for row in rows}, {node.address for node in nodes.nodes})
        self.assertEqual(sorted(row["role"] for row in rows), ["FOLLOWER", "FOLLOWER", "LEADER"])
        with follower.frozen():
            other = next(node for node in nodes.nodes if node is not follower)
            said = ctl(other.address, "--timeout", "1", "endpoint", "health")
            self.assertEqual(said.status, 5, said)
            self.assertIn(follower.address, said.err)
