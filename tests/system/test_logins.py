"""Logins on real nodes: three with embedded storage and three on one MariaDB."""

from __future__ import annotations

import os
import re
import shutil
import stat
import threading
from typing import TYPE_CHECKING

from nacos import NacosClient
from twisted.trial.unittest import SkipTest

from tests import mariadb
from tests.system.login_nodes import (
    AUTH,
    LoginCase,
    LoginCluster,
    administer,
    at_the_same_time,
    changed,
    create,
    log_in,
    logs,
    me,
    reads,
    shared_logins,
    token_key,
    try_login,
)
from tests.system.nodes import RealNode, wait_for
from tests.system.test_config_mysql import properties

PASSWORD = "first-P@ss"
BY_PROPERTY = f"nacos.core.auth.admin.password={PASSWORD}"
STANDS = "the user nacos has the password nacos"


class CommonTests:
    """What holds on both storages."""

    password = PASSWORD

    def found(self) -> LoginCluster:
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        self.nodes = self.found().nodes
        self.first, self.second, self.last = self.nodes

    def test_login_is_valid_everywhere(self: _Case) -> None:
        """A token of one node opens all; so does a user that was made at another one a moment ago."""
        for node in self.nodes:
            token = log_in(node, "nacos", self.password)
            for other in self.nodes:
                found = me(other, token)
                self.assertEqual(
                    (found.status, found.json["username"], found.json["globalAdmin"]), (200, "nacos", True)
                )
        create(self.first, self.name, "secret", (f"{self.name}:*:*", "r"))
        token = log_in(self.first, self.name, "secret")
        self.everywhere(self.nodes, lambda node: reads(node, token, self.name), 404)
        self.everywhere(self.nodes, lambda node: try_login(node, self.name, "secret").status, 200)

    def test_wrong_everywhere(self: _Case) -> None:
        """A wrong password and an unknown user are refused alike, and forged tokens by all."""
        create(self.first, self.name, "secret")
        for node in self.nodes:
            self.everywhere([node], lambda node: self.found().knows(node, self.name), True)
            for name, password in ((self.name, "wrong"), ("nobody", "secret")):
                answer = try_login(node, name, password)
                self.assertEqual((answer.status, answer.text), (403, "unknown user!"))
            token = log_in(node, self.name, "secret")
            head, body, signature = token.split(".")
            for other in self.nodes:
                self.assertEqual(me(other, f"{head}.{body}.{signature[::-1]}").json["message"], "token invalid!")

    def test_password_change(self: _Case) -> None:
        """It ends the logins of the old password on every node, and the new one logs in on every node."""
        create(self.first, self.name, "old", (f"{self.name}:*:*", "r"))
        token = log_in(self.first, self.name, "old")
        self.everywhere(self.nodes, lambda node: me(node, token).status, 200)
        answer = self.second.request(
            "PUT", AUTH + "/users", {"username": self.name, "newPassword": "new"}, headers={"accessToken": token}
        )
        self.assertEqual(answer.json["data"], "update user ok!")
        self.everywhere(self.nodes, lambda node: me(node, token).status, 403)
        for node in self.nodes:
            self.assertEqual(try_login(node, self.name, "old").status, 403)
            self.assertEqual(reads(node, log_in(node, self.name, "new"), self.name), 404)

    def test_user_deleted(self: _Case) -> None:
        """Neither its token nor its password opens any node."""
        create(self.first, self.name, "secret")
        token = log_in(self.first, self.name, "secret")
        self.everywhere(self.nodes, lambda node: me(node, token).status, 200)
        changed(self.last, "DELETE", "/users", username=self.name)
        self.everywhere(self.nodes, lambda node: me(node, token).status, 403)
        self.everywhere(self.nodes, lambda node: try_login(node, self.name, "secret").status, 403)

    def test_rights_change(self: _Case) -> None:
        """A permission and a role that are given and taken at one node are felt on all, by tokens that are there."""
        create(self.first, self.name, "secret", ("elsewhere:*:*", "r"))
        token = log_in(self.first, self.name, "secret")
        right = {"role": f"role-{self.name}", "resource": f"{self.name}:*:*", "action": "r"}
        self.everywhere(self.nodes, lambda node: reads(node, token, self.name), 403)
        changed(self.second, "POST", "/permissions", **right)
        self.everywhere(self.nodes, lambda node: reads(node, token, self.name), 404)
        changed(self.last, "DELETE", "/permissions", **right)
        self.everywhere(self.nodes, lambda node: reads(node, token, self.name), 403)
        self.everywhere(self.nodes, lambda node: reads(node, token, "elsewhere"), 404)
        changed(self.first, "DELETE", "/roles", username=self.name, role=f"role-{self.name}")
        self.everywhere(self.nodes, lambda node: reads(node, token, "elsewhere"), 403)
        self.assertEqual(me(self.last, token).status, 200)

    def test_same_user_at_once(self: _Case) -> None:
        """Two nodes that create one user at the same moment: one does, and its password is the one on all."""
        jobs = [
            lambda node=node: administer(node, "POST", "/users", username=self.name, password=f"by {node.port}")
            for node in self.nodes
        ]
        statuses = [answer.status for answer in at_the_same_time(*jobs)]
        self.assertEqual(sorted(statuses), [200, 400, 400])
        winner = self.nodes[statuses.index(200)]
        for node in self.nodes:
            self.everywhere([node], lambda node: self.found().knows(node, self.name), True)
            log_in(node, self.name, f"by {winner.port}")

    def test_last_administrator(self: _Case) -> None:
        """Cannot be deleted, nor lose the role; and there is no second first one."""
        for node in self.nodes:
            self.assertEqual(administer(node, "DELETE", "/users", username="nacos").status, 400)
            self.assertEqual(administer(node, "DELETE", "/roles", role="ROLE_ADMIN").status, 400)
            for name in ("nacos", "NACOS"):
                administer(node, "DELETE", "/roles", role="role_admin", username=name)
            administer(node, "DELETE", "/users", username="NACOS")
            self.assertEqual(node.request("POST", AUTH + "/users/admin", {"password": "evil"}).json["code"], 409)
            log_in(node, "nacos", self.password)

    def test_audited(self: _Case) -> None:
        """Each change has a line on the node that did it, with who, from where, what and how it went."""
        create(self.first, self.name, "secret", (f"{self.name}:*:*", "rw"))
        try_login(self.second, self.name, "wrong")
        token = log_in(self.first, self.name, "secret")
        config = {"dataId": "d", "group": "g", "tenant": self.name, "content": "c", "accessToken": token}
        self.assertEqual(self.first.request("POST", "/nacos/v1/cs/configs", config).text, "true")
        del config["tenant"]
        self.assertEqual(self.first.request("POST", "/nacos/v1/cs/configs", config).status, 403)
        first, second = self.first, self.second
        for node, wanted in (
            (first, rf'what="POST /v1/auth/users" username={self.name} result=ok'),
            (first, rf'user={self.name} from=127\.0\.0\.1 what="POST /v1/auth/login" username={self.name} result=ok'),
            (second, rf'user=- from=127\.0\.0\.1 what="POST /v1/auth/login" username={self.name} result="refused 403"'),
            (first, rf'user={self.name} \S+ what="POST /v1/cs/configs" tenant={self.name} group=g dataId=d result=ok'),
            (first, rf'user={self.name} \S+ what="POST /v1/cs/configs" group=g dataId=d result="refused 403"'),
        ):
            wait_for(lambda node=node, wanted=wanted: re.search(wanted, logs(node, "audit.log")), why=wanted)  # type: ignore[misc]
        for node in (first, second):
            self.assertNotIn("secret", logs(node, "audit.log"))


if TYPE_CHECKING:

    class _Case(CommonTests, LoginCase):
        """For the types of the tests above."""


class EmbeddedTests(CommonTests, LoginCase):
    """Three nodes with embedded storage; the administrator's password is a property."""

    def found(self) -> LoginCluster:
        return shared_logins(3, BY_PROPERTY)


class MariaDBTests(CommonTests, LoginCase):
    """Three nodes on one database that conf/nacos-mysql.sql filled: nacos logs in with nacos."""

    skip = mariadb.missing() or None
    password = "nacos"
    _properties = ""

    def found(self) -> LoginCluster:
        cls = type(self)
        if not cls._properties:
            cls._properties = properties(*mariadb.server().fresh().urls)
        return shared_logins(3, cls._properties, ())

    def test_default_password_is_warned_of(self) -> None:
        """Each node says at its start that the password stands; an administrator hears it too."""
        for node in self.nodes:
            wait_for(lambda node=node: STANDS in logs(node))  # type: ignore[misc]
        self.assertTrue(me(self.first, log_in(self.first, "nacos", "nacos")).json["defaultPassword"])

    def test_written_by_others(self) -> None:
        """A user that an operator, or a node of Nacos, writes into the tables logs in here within seconds."""
        database = re.search(r"/(nacos_config_\d+)\?", self._properties)
        assert database is not None
        of_nacos = "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu"
        mariadb.server().admin(f"INSERT INTO users VALUES ('by-hand', '{of_nacos}', 1)", database[1])
        for node in self.nodes:
            wait_for(lambda node=node: self.found().knows(node, "by-hand"))  # type: ignore[misc]
            log_in(node, "by-hand", "nacos")


class RestartTests(LoginCase):
    """A node that was away while users changed."""

    def deleted_meanwhile(self, properties: str, arguments: tuple[str, ...]) -> None:
        """From its first answer on a node that comes back lets nobody in who was deleted meanwhile."""
        cluster = self.cluster(3, properties, arguments)
        cluster.ready_for()
        first, _, last = cluster.nodes
        create(first, "bob", "secret", ("dev:*:*", "r"))
        token = log_in(first, "bob", "secret")
        self.everywhere(cluster.nodes, lambda node: me(node, token).status, 200)
        last.stop()
        changed(first, "DELETE", "/users", username="bob")
        restart = threading.Thread(target=cluster.restart, args=(last,), daemon=True)
        restart.start()
        seen: set[int] = set()

        def refused() -> bool:
            seen.add(me(last, token).status)
            return 403 in seen

        wait_for(refused, 30)
        restart.join(60)
        self.assertLessEqual(seen, {403, 503})

    def test_embedded(self) -> None:
        """The log tells it."""
        self.deleted_meanwhile(BY_PROPERTY, ("-p", "embedded"))

    def test_mariadb(self) -> None:
        """Its copy of the accounts counts only where the database does not answer."""
        if mariadb.missing():
            raise SkipTest(mariadb.missing())
        self.deleted_meanwhile(properties(*mariadb.server().fresh().urls), ())

    def test_without_a_majority(self) -> None:
        """A node that comes back alone goes by what it knew last."""
        cluster = self.cluster(3, BY_PROPERTY)
        cluster.ready_for()
        node = cluster.nodes[0]
        token = log_in(node, "nacos", PASSWORD)
        for one in cluster.nodes:
            one.stop()
        cluster.restart(node)
        wait_for(lambda: me(node, token).status == 200, 15)
        self.assertEqual(try_login(node, "nacos", "wrong").status, 403)
        log_in(node, "nacos", PASSWORD)


class SecretTests(LoginCase):
    """No secret is configured."""

    def test_shared_secret(self) -> None:
        """
        The nodes share a random one that is on each disk, for its owner alone; it outlives a restart of all nodes, and
        a node that lost its disk gets it again: a login holds through all of that.
        """
        cluster = self.cluster(3, BY_PROPERTY)
        cluster.ready_for()
        nodes = cluster.nodes
        keys = {token_key(node) for node in nodes}
        self.assertEqual(len(keys), 1)
        self.assertGreaterEqual(len(keys.pop()), 32)
        for node in nodes:
            path = os.path.join(node.home, "data", "auth", "token-key")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertIn("random key", node.log)
        token = log_in(nodes[0], "nacos", PASSWORD)
        for node in nodes:
            node.stop()
        for node in nodes:
            cluster.restart(node)
        cluster.wait_ready()
        self.everywhere(nodes, lambda node: me(node, token).status, 200)
        nodes[2].kill()
        shutil.rmtree(os.path.join(nodes[2].home, "data"))
        cluster.restart(nodes[2])
        cluster.wait_ready()
        wait_for(lambda: me(nodes[2], token).status == 200)
        wait_for(lambda: token_key(nodes[2]) == token_key(nodes[0]))

    def test_configured_secret(self) -> None:
        """Nothing is made, and nothing stands on disk."""
        key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0wMTIzNDU2Nzg5"
        for name in ("default.token", "plugin.nacos.token"):
            cluster = self.cluster(1, f"{BY_PROPERTY}\nnacos.core.auth.{name}.secret.key={key}", ())
            cluster.ready_for()
            node = cluster.nodes[0]
            self.assertEqual(me(node, log_in(node, "nacos", PASSWORD)).status, 200)
            self.assertEqual(token_key(node), b"")
            self.assertNotIn("random key", node.log)


class FirstAdministratorTests(LoginCase):
    """An empty table of users."""

    def test_by_endpoint(self) -> None:
        """Three nodes are asked at the same moment: one makes it, for all; the others say that there is one."""
        cluster = self.cluster(3)
        jobs = [
            lambda node=node: node.request("POST", AUTH + "/users/admin", {"password": f"by {node.port}"}, timeout=30)
            for node in cluster.nodes
        ]
        found = [answer.json for answer in at_the_same_time(*jobs)]
        made = [answer for answer in found if "username" in answer]
        self.assertEqual([answer["code"] for answer in found if answer not in made], [409, 409])
        self.assertEqual(len(made), 1, found)
        cluster.ready_for()
        for node in cluster.nodes:
            self.assertTrue(me(node, log_in(node, "nacos", made[0]["password"])).json["globalAdmin"])
            wait_for(lambda: node.log.count("WARN there is no administrator yet: set ") == 1)  # noqa: B023

    def test_by_environment(self) -> None:
        """The variable of a container; a later start with another one changes nothing."""
        cluster = self.cluster(1, "", (), start=False)
        node = cluster.nodes[0]
        for value in ("from-the-environment", "another"):
            node.start(*cluster.arguments, NACOS_AUTH_ADMIN_PASSWORD=value)
            cluster.ready_for()
            log_in(node, "nacos", "from-the-environment")
            node.stop()

    def test_default_of_the_shipped_block(self) -> None:
        """nacos and nacos, as the file offers for a trial: it works, with a warning at every start."""
        cluster = self.cluster(1, "nacos.core.auth.admin.password=nacos", ())
        node = cluster.nodes[0]
        for starts in (1, 2):
            cluster.ready_for()
            log_in(node, "nacos", "nacos")
            wait_for(lambda: logs(node).count(STANDS) == starts)  # noqa: B023
            node.stop()
            cluster.restart(node)

    def test_default_is_refused(self) -> None:
        """With the setting that says so, until it is changed; an administrator by other means can."""
        cluster = self.cluster(
            1, "nacos.core.auth.admin.password=nacos\nnacos.core.auth.default-password.refuse=true", ()
        )
        cluster.ready_for()
        node = cluster.nodes[0]
        wait_for(lambda: STANDS in logs(node))
        answer = try_login(node, "nacos", "nacos")
        self.assertEqual((answer.status, answer.text), (403, "the default password is refused here, set another one!"))
        self.assertEqual(try_login(node, "nacos", "wrong").text, "unknown user!")
        changed(node, "PUT", "/users", username="nacos", newPassword="own")
        log_in(node, "nacos", "own")


class SwitchTests(LoginCase):
    """application.properties is edited while the nodes run."""

    def switch(self, node: RealNode, enabled: str) -> None:
        """As editors do it: a new file in the place of the old one."""
        path = os.path.join(node.home, "conf", "application.properties")
        with open(path, encoding="utf-8") as file:
            text = re.sub("(?m)^(nacos.core.auth.enabled)=.*", rf"\1={enabled}", file.read())
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def test_off_and_on(self) -> None:
        """Each node as its file says, at once: users, rights and registrations stay, a value that is none is logged."""
        cluster = self.cluster(3, BY_PROPERTY)
        cluster.ready_for()
        nodes = cluster.nodes
        create(nodes[0], "bob", "secret", ("dev:*:*", "r"))
        token = log_in(nodes[0], "bob", "secret")
        self.everywhere(nodes, lambda node: (reads(node, token, "dev"), reads(node, "", "dev")), (404, 403))
        self.switch(nodes[1], "false")
        wait_for(lambda: reads(nodes[1], "", "dev") == 404)
        self.assertEqual(self.asked_for(nodes[1]), "false")
        self.assertEqual([reads(node, "", "dev") for node in nodes], [403, 404, 403])
        self.assertEqual(nodes[1].register("switched", "10.1.1.1", ephemeral="false").text, "ok")
        self.switch(nodes[1], "perhaps")
        wait_for(lambda: "nacos.core.auth.enabled=perhaps: expected" in logs(nodes[1]))
        self.assertEqual(reads(nodes[1], "", "dev"), 404)
        self.switch(nodes[1], "true")
        wait_for(lambda: reads(nodes[1], "", "dev") == 403)
        self.assertEqual(self.asked_for(nodes[1]), "true")
        self.assertEqual(reads(nodes[1], token, "dev"), 404)
        log_in(nodes[1], "nacos", PASSWORD)

    def test_on_for_the_first_time(self) -> None:
        """A cluster that never asked makes its administrator then; the key was agreed on before, the rest served."""
        cluster = self.cluster(3, f"{BY_PROPERTY}\nnacos.core.auth.enabled=false")
        nodes = cluster.nodes
        self.assertEqual([reads(node, "", "dev") for node in nodes], [404, 404, 404])
        wait_for(lambda: len({token_key(node) for node in nodes} - {b""}) == 1)
        for node in nodes:
            self.switch(node, "true")
        self.everywhere(nodes, lambda node: reads(node, "", "dev"), 403)
        cluster.ready_for()
        cluster.wait_ready()
        token = log_in(nodes[0], "nacos", PASSWORD)
        self.everywhere(nodes, lambda node: me(node, token).status, 200)
        self.assertEqual(len({token_key(node) for node in nodes}), 1)

    def test_clients_go_on(self) -> None:
        """What a client was given while nobody asked for logins holds when they are asked for; it loses nothing."""
        cluster = self.cluster(1, f"{BY_PROPERTY}\nnacos.core.auth.enabled=false")
        (node,) = cluster.nodes
        wait_for(lambda: bool(token_key(node)))
        admin = node.request("POST", f"{AUTH}/users/admin", {"password": "first"})
        self.assertEqual(admin.status, 200, admin)
        create(node, "bob", "secret", ("public:*:*", "rw"))
        client = NacosClient(f"http://{node.address}", namespace="public", username="bob", password="secret")
        self.addCleanup(setattr, client, "auto", False)
        self.assertTrue(client.add_naming_instance("kept", "10.7.7.7", 7777))
        given = client.get_access_token()
        token = client.token
        self.switch(node, "true")
        wait_for(lambda: reads(node, "", "dev") == 403)
        beat = client.send_heartbeat("kept", "10.7.7.7", 7777)
        self.assertEqual(beat["code"], 10200, beat)
        self.assertEqual(client.token, token, given)
        self.assertEqual([host["ip"] for host in client.list_naming_instance("kept")["hosts"]], ["10.7.7.7"])
        self.assertEqual(me(node, token).json["username"], "bob")
        # Somebody whom it does not know is told to come again before long, which is how they hear of it.
        self.assertEqual(try_login(node, "nobody", "x").status, 403)

    def asked_for(self, node: RealNode) -> str:
        """What the console is told."""
        return str(node.request("GET", "/nacos/v1/console/server/state").json["auth_enabled"])


class DatabaseAwayTests(LoginCase):
    """A database that is stopped."""

    skip = mariadb.missing() or None

    def test_logins_go_on(self) -> None:
        """
        Logins and checks go on, also on a node that is started meanwhile: it has a copy, for its owner alone. Changes
        are refused, and work again with the database.
        """
        server = mariadb.server("logins")
        cluster = self.cluster(3, properties(*server.fresh().urls), ())
        cluster.ready_for()
        nodes = cluster.nodes
        create(nodes[0], "bob", "secret", ("dev:*:*", "r"))
        token = log_in(nodes[0], "bob", "secret")
        self.everywhere(nodes, lambda node: reads(node, token, "dev"), 404)
        server.stop()
        try:
            nodes[2].stop()
            cluster.restart(nodes[2])
            for node in nodes:
                self._goes_on(node, token)
            path = os.path.join(nodes[2].home, "data", "auth", "accounts")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        finally:
            server.start()
        wait_for(lambda: administer(nodes[1], "DELETE", "/users", username="bob").status == 200)
        self.everywhere(nodes[1:2], lambda node: me(node, token).status, 403)
        wait_for(lambda: {me(node, token).status for node in nodes} == {403})

    def _goes_on(self, node: RealNode, token: str) -> None:
        wait_for(lambda: me(node, token).status == 200)
        self.assertEqual(reads(node, token, "prod"), 403)
        self.assertEqual(reads(node, log_in(node, "bob", "secret"), "prod"), 403)
        log_in(node, "nacos", "nacos")
        self.assertEqual(try_login(node, "bob", "wrong").status, 403)
        refused = administer(node, "POST", "/users", username="new", password="x")
        self.assertEqual(refused.status, 503, refused)
