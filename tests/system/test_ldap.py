"""Logins of an OpenLDAP's users at real nodes."""

from __future__ import annotations

import functools
import pathlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests import slapd
from tests.system.login_nodes import AUTH, try_login
from tests.system.login_nodes import log_in as token
from tests.system.nodes import Answer, RealNode, cluster, wait_for
from tests.system.shared import shared

CONFIGS = "/nacos/v1/cs/configs"
ADMIN = "first-admin-s3cret"


def properties(server: slapd.Slapd) -> str:
    """Of nodes whose users are at that server."""
    prefix = "nacos.core.auth.ldap."
    return (
        f"nacos.core.auth.enabled=true\nnacos.core.auth.system.type=ldap\nnacos.core.auth.admin.password={ADMIN}\n"
        f"{prefix}url={server.url}\n{prefix}basedc={slapd.BASE}\n{prefix}timeout=5000\n"
        f"{prefix}userDn={slapd.ADMIN}\n{prefix}password={slapd.ADMIN_PASSWORD}\n"
    )


@functools.cache
def directory() -> slapd.Slapd:
    """The one of all tests."""
    return slapd.Slapd()


def call(node: RealNode, bearer: str, method: str, path: str, **params: Any) -> Answer:
    """A request of somebody who has logged in."""
    return node.request(method, path, params, headers={"Authorization": f"Bearer {bearer}"})


def admin(node: RealNode) -> str:
    """The first administrator's token, once there is one."""
    wait_for(lambda: try_login(node, "nacos", ADMIN).status == 200, why="the first administrator")
    return token(node, "nacos", ADMIN)


class AloneTests(SynchronousTestCase):
    """One node."""

    skip = slapd.missing() or None

    def setUp(self) -> None:
        self.directory = directory()
        self.node = shared(1, properties(self.directory)).nodes[0]
        self.admin = admin(self.node)
        self.name = self.id().rpartition(".")[2].removeprefix("test_")

    def names(self) -> set[str]:
        """Of the rows of users."""
        found = call(self.node, self.admin, "GET", AUTH + "/users", pageNo=1, pageSize=500).json
        return {row["username"] for row in found["pageItems"]}

    def test_first_admin(self) -> None:
        """He comes from the settings: the open way to make one is shut."""
        answer = self.node.request("POST", AUTH + "/users/admin", {"password": "mine"})
        self.assertEqual(answer.json, {"code": 501, "message": None, "data": "not support"})
        self.assertTrue(call(self.node, self.admin, "GET", AUTH + "/me").json["globalAdmin"])

    def test_right(self) -> None:
        """A user of the directory logs in as LDAP_name, with no right until the administrator gives some."""
        self.directory.add(self.name, "pässword")
        answer = try_login(self.node, self.name, "pässword").json
        self.assertEqual((answer["username"], answer["globalAdmin"]), (f"LDAP_{self.name}", False))
        bearer = answer["accessToken"]
        self.assertEqual(call(self.node, bearer, "GET", AUTH + "/me").json["username"], f"LDAP_{self.name}")
        config = {"dataId": self.name, "group": "g"}
        self.assertEqual(call(self.node, bearer, "GET", CONFIGS, **config).status, 403)
        call(self.node, self.admin, "POST", AUTH + "/roles", role=self.name, username=f"LDAP_{self.name}")
        allowed = {"role": self.name, "resource": ":*:*", "action": "r"}
        call(self.node, self.admin, "POST", AUTH + "/permissions", **allowed)
        self.assertEqual(call(self.node, bearer, "GET", CONFIGS, **config).status, 404)
        self.assertEqual(call(self.node, bearer, "POST", CONFIGS, content="c", **config).status, 403)

    def test_with_each_request(self) -> None:
        """Name and password may come with a request."""
        self.directory.add(self.name, "pw")
        given = {"username": self.name, "password": "pw"}
        answer = self.node.request("GET", AUTH + "/me", given)
        self.assertEqual(answer.json["username"], f"LDAP_{self.name}")
        answer = self.node.request("GET", AUTH + "/me", {**given, "password": "no"})
        self.assertEqual(answer.status, 403)

    def test_refused(self) -> None:
        """Wrong, unknown, empty, and texts that mean something to a directory: nobody, and no row is left."""
        dn = self.directory.add(self.name, "pw")
        before = self.names()
        names = (
            "*", f"{self.name[:-1]}*", f"{self.name})(uid=*", "*)(objectClass=*", f"*)(uid={self.name}",
            f"{self.name[0]}\0{self.name[1:]}", f"{self.name})(|(uid=*", f"\u2003{self.name}",
            f"{self.name}\u3000", dn, f"\\{self.name}",
        )  # fmt: skip
        for name, password in (
            (self.name, "wrong"), ("nobody", "pw"), (self.name, ""), (self.name, "\0"), (self.name, "\u00ad"),
            *((name, "pw") for name in names),
        ):  # fmt: skip
            answer = try_login(self.node, name, password)
            self.assertEqual((answer.status, answer.text), (403, "unknown user!"), (name, password))
        self.assertEqual(self.names(), before)

    def test_row(self) -> None:
        """Its password is no way in, is not nacos, and cannot be set."""
        self.directory.add(self.name, "pw")
        bearer, subject = token(self.node, self.name, "pw"), f"LDAP_{self.name}"
        for password in ("nacos", "pw"):
            self.assertEqual(try_login(self.node, subject, password).status, 403)
        for who in (bearer, self.admin):
            answer = call(self.node, who, "PUT", AUTH + "/users", username=subject, newPassword="mine")
            self.assertEqual((answer.status, answer.text), (400, f"caused: user {subject} has its password in LDAP!;"))

    def test_row_before(self) -> None:
        """An administrator may make it before the first login, to give it roles."""
        self.directory.add(self.name, "pw")
        subject = f"LDAP_{self.name}"
        call(self.node, self.admin, "POST", AUTH + "/users", username=subject, password="of-no-use")
        self.assertEqual(try_login(self.node, subject, "of-no-use").status, 403)
        self.assertEqual(try_login(self.node, self.name, "of-no-use").status, 403)
        self.assertEqual(try_login(self.node, self.name, "pw").json["username"], subject)

    def test_row_deleted(self) -> None:
        """Its logins end with it."""
        self.directory.add(self.name, "pw")
        bearer = token(self.node, self.name, "pw")
        call(self.node, self.admin, "DELETE", AUTH + "/users", username=f"LDAP_{self.name}")
        self.assertEqual(call(self.node, bearer, "GET", AUTH + "/me").status, 403)

    def test_changed(self) -> None:
        """A password that was changed in the directory is wrong seconds later."""
        dn = self.directory.add(self.name, "old")
        self.assertEqual(try_login(self.node, self.name, "old").status, 200)
        self.directory.set_password(dn, "new")
        self.assertEqual(try_login(self.node, self.name, "new").status, 200)
        wait_for(lambda: try_login(self.node, self.name, "old").status == 403, why="the old password to be forgotten")

    def test_away(self) -> None:
        """The table's users log in all the same; the others get a 503 and the log says why; then all is well."""
        for name in ("one", "two"):
            self.directory.add(self.name + name, "pw")
        path = pathlib.Path(self.node.home, "logs", "nacos.log")
        before, told = len(self.node.log), len(path.read_text("utf-8"))
        own = f"own-{self.name}"
        call(self.node, self.admin, "POST", AUTH + "/users", username=own, password="own")
        for name, stop, back in (
            (f"{self.name}one", self.directory.stop, self.directory.start),
            (f"{self.name}two", self.directory.pause, self.directory.resume),
        ):
            stop()
            try:
                self.assertEqual(try_login(self.node, name, "pw").status, 503)
                self.assertEqual(try_login(self.node, own, "own").status, 200)
            finally:
                back()
            self.assertEqual(try_login(self.node, name, "pw").status, 200)
        lines = [line for line in self.node.log[before:].splitlines() if "users of LDAP cannot log in" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertTrue(all(self.directory.url in line and "WARN" in line for line in lines), lines)
        self.assertIn("refused", lines[0])
        self.assertIn("timed out", lines[1])
        self.assertEqual(path.read_text("utf-8")[told:].count("the LDAP directory answers again"), 2)

    def test_secrets(self) -> None:
        """No password is in a log."""
        self.directory.add(self.name, "a-password-in-no-log")
        token(self.node, self.name, "a-password-in-no-log")
        try_login(self.node, self.name, "another-in-no-log")
        for path in pathlib.Path(self.node.home, "logs").iterdir():
            for secret in ("in-no-log", slapd.ADMIN_PASSWORD):
                self.assertNotIn(secret, path.read_text("utf-8"), path.name)

    def test_stops_while_it_waits(self) -> None:
        """A directory that is silent does not keep a node from stopping."""
        own = slapd.Slapd()
        self.addCleanup(own.close)
        slow = properties(own).replace("timeout=5000", "timeout=60000")
        with cluster(1, slow) as found, ThreadPoolExecutor(1) as pool:
            (node,) = found.nodes
            admin(node)
            own.pause()
            asking = pool.submit(_attempt, node)
            wait_for(own.is_asked, why="the question")
            node.stop()
            own.resume()
            asking.result()


class ClusterTests(SynchronousTestCase):
    """Three nodes with embedded tables, that speak TLS with the directory."""

    skip = slapd.missing() or None

    def test_three(self) -> None:
        """A first login at all nodes at once makes one row; a token of one node is good at the others."""
        server = directory()
        server.add("all-three", "pw")
        prefix = "nacos.core.auth.ldap."
        tls = f"{prefix}url={server.tls_url}\n{prefix}ca={server.authority}\n"
        with cluster(3, properties(server) + tls) as found, ThreadPoolExecutor(3) as pool:
            chief = admin(found.nodes[0])
            answers = list(pool.map(lambda node: try_login(node, "all-three", "pw"), found.nodes))
            self.assertEqual([answer.status for answer in answers], [200] * 3)
            for answer in answers:
                for node in found.nodes:
                    me = call(node, answer.json["accessToken"], "GET", AUTH + "/me")
                    self.assertEqual(me.json["username"], "LDAP_all-three")
            for node in found.nodes:
                rows = call(node, chief, "GET", AUTH + "/users", pageNo=1, pageSize=100).json["pageItems"]
                self.assertEqual(sorted(row["username"] for row in rows), ["LDAP_all-three", "nacos"])
                for name, password in (("all-three", "no"), ("nobody", "pw"), ("*", "pw"), ("all-three", "")):
                    self.assertEqual(try_login(node, name, password).status, 403)
            self.away(server, found.nodes)

    def away(self, server: slapd.Slapd, nodes: list[RealNode]) -> None:
        """Each node says what it can."""
        server.add("not-yet", "pw")
        server.stop()
        try:
            for node in nodes:
                self.assertEqual(try_login(node, "nacos", ADMIN).status, 200)
                self.assertEqual(try_login(node, "not-yet", "pw").status, 503)
                self.assertIn(f"users of LDAP cannot log in: {server.tls_url}: ", node.log)
        finally:
            server.start()
        for node in nodes:
            self.assertEqual(try_login(node, "not-yet", "pw").status, 200)


def _attempt(node: RealNode) -> None:
    """A login whose node may go away meanwhile."""
    try:
        try_login(node, "somebody", "pw")
    except (OSError, ValueError):
        pass
