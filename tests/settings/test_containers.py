"""The variables of Nacos's container image: what they become."""

from __future__ import annotations

import os
import pathlib
import re
import socket
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.options import Options, settings_of, surroundings
from nacos_tw.settings import keys
from nacos_tw.settings.console import usual_port
from nacos_tw.settings.containers import VIRTUAL_MACHINE, read_container
from nacos_tw.settings.discovery import discovery
from nacos_tw.settings.membership import own_host
from nacos_tw.settings.properties import environment_names
from nacos_tw.settings.settings import Settings, peek
from tests.docs.pages import ROOT
from tests.ports import free_port

TOKEN = "SecretKey012345678901234567890123456789012345678901234567890123456789"
LOGIN = {"NACOS_AUTH_IDENTITY_KEY": "2222", "NACOS_AUTH_IDENTITY_VALUE": "2xxx", "NACOS_AUTH_TOKEN": TOKEN}
PENDING = {"CLUSTER_CONF"}
"""The image's own place of the list, which is not moved."""
HOST = socket.gethostname().lower()


class ContainerTests(SynchronousTestCase):
    """What a container with these variables runs as."""

    def setUp(self) -> None:
        self.home = pathlib.Path(self.mktemp())
        (self.home / "conf").mkdir(parents=True)

    def run_as(self, text: str = "", *arguments: str, **environ: str) -> Settings:
        (self.home / "conf" / "application.properties").write_text(text, "utf-8")
        options = Options()
        options.parseOptions(["--container", *arguments])
        place = surroundings(options, {"HOME": str(self.home), "BASE_DIR": str(self.home), **environ})
        return settings_of(options, place)

    def test_nothing(self) -> None:
        """Told nothing it stands alone, and asks for logins."""
        found = self.run_as()
        self.assertTrue(found.standalone)
        self.assertEqual(tuple(found.auth.asking), (True, True, True))
        self.assertEqual(
            found.home, str(self.home.resolve()) if self.home.is_absolute() else os.path.abspath(self.home)
        )
        self.assertEqual(found.remarks, ())

    def test_logins_off(self) -> None:
        """As in the image: that of clients is one variable, those of operators and browsers are others."""
        self.assertEqual(tuple(self.run_as(NACOS_AUTH_ENABLE="false").auth.asking), (False, True, True))
        off = {"NACOS_AUTH_ENABLE": "false", "NACOS_AUTH_ADMIN_ENABLE": "false", "NACOS_AUTH_CONSOLE_ENABLE": "false"}
        self.assertEqual(tuple(self.run_as(**off).auth.asking), (False, False, False))

    def test_file_before_image(self) -> None:
        """A file that is mounted over the image's own says what counts."""
        found = self.run_as("nacos.core.auth.enabled=false\nnacos.core.auth.admin.enabled=false\nserver.port=9000")
        self.assertEqual((tuple(found.auth.asking), found.port), ((False, False, True), 9000))

    def test_servers_are_written(self) -> None:
        """NACOS_SERVERS becomes conf/cluster.conf, whatever stood there."""
        (self.home / "conf" / "cluster.conf").write_text("10.0.0.1:8848\n")
        found = self.run_as(NACOS_SERVERS="127.0.0.1:8848 127.0.0.1:8858 127.0.0.1:8868", NACOS_APPLICATION_PORT="8858")
        self.assertEqual((found.node, len(found.members)), ("127.0.0.1:8858", 3))
        self.assertEqual((self.home / "conf" / "cluster.conf").read_text().split()[0], "127.0.0.1:8848")

    def test_servers_without_a_place(self) -> None:
        """Where conf/ cannot be written to they count all the same."""
        with mock.patch("nacos_tw.options.write_members", return_value=False):
            found = self.run_as(NACOS_SERVERS="127.0.0.1:8848 127.0.0.1:8858")
        self.assertEqual(len(found.members), 2)
        self.assertFalse((self.home / "conf" / "cluster.conf").exists())

    def test_mounted_list(self) -> None:
        """Without the variable the list that is mounted counts, and the node is one of a cluster."""
        (self.home / "conf" / "cluster.conf").write_text("127.0.0.1:8848\n127.0.0.1:8858\n")
        self.assertFalse(self.run_as().standalone)

    def test_host_name(self) -> None:
        """A pod knows which of the full names is its own by its host name."""
        names = [f"{HOST}.nacos-headless.default.svc.cluster.local:8848", "nacos-x.nacos-headless.default.svc:8848"]
        found = self.run_as(PREFER_HOST_MODE="hostname", NACOS_SERVERS=" ".join(names), **LOGIN)
        self.assertEqual(found.node, names[0])

    def test_stateful_set(self) -> None:
        """What nacos-k8s passes names the pods."""
        told = {
            "NACOS_REPLICAS": "3", "SERVICE_NAME": "nacos-hs", "DOMAIN_NAME": "cluster.local", "POD_NAMESPACE": "test",
            "NACOS_SERVER_PORT": "8849",
        }  # fmt: skip
        found = read_container(told, "nacos-1", listed=False, database=False)
        self.assertEqual(found.servers.split()[2], "nacos-2.nacos-hs.test.svc.cluster.local:8849")
        self.assertEqual(len(found.servers.split()), 3)
        self.assertNotIn("nacos.standalone", found.defaults)

    def test_service_without_replicas(self) -> None:
        """nacos-k8s's chart leaves it to a plugin to find the pods: here DNS names them, and no pod stands alone."""
        told = {"SERVICE_NAME": "nacos-hs", "DOMAIN_NAME": "cluster.local", "POD_NAMESPACE": "test", **LOGIN}
        found = read_container(told, "nacos-1", listed=False, database=False)
        self.assertEqual((found.servers, found.defaults.get("nacos.standalone")), ("", None))
        self.assertIn("NACOS_RAFT_SECRET", " ".join(found.remarks))
        reader = peek(str(self.home), found.environ, {}, found.defaults)
        self.assertEqual(own_host(reader), "nacos-1.nacos-hs.test.svc.cluster.local")
        looked = discovery(reader, 8848)
        assert looked is not None
        self.assertEqual((looked.name, looked.expect), ("_http._tcp.nacos-hs.test.svc.cluster.local", 3))
        alone = read_container({**told, "MODE": "standalone"}, "nacos-0", listed=False, database=False)
        self.assertNotIn("nacos.member.discovery", alone.defaults)
        without = read_container({"SERVICE_NAME": "nacos"}, "nacos-0", listed=False, database=False)
        self.assertEqual(without.defaults["nacos.standalone"], "true")

    def test_console_port(self) -> None:
        """The one of Nacos 3, unless something is named, or has it."""
        found = read_container({}, "h", listed=False, database=False, console=8080)
        self.assertEqual(found.defaults["nacos.console.port"], "8080")
        named = self.run_as(NACOS_CONSOLE_PORT="8099", NACOS_CONSOLE_CONTEXTPATH="/c").console
        self.assertEqual((named.port, named.context_path), (8099, "/c"))
        self.assertEqual(self.run_as("nacos.console.port=8098").console.port, 8098)
        self.assertEqual(self.run_as(NACOS_DEPLOYMENT_TYPE="server").console.port, 0)
        port = free_port()
        self.assertEqual(usual_port(8848, port), port)
        for of_the_node in (port, port - 1000, port + 1000):
            self.assertEqual(usual_port(of_the_node, port), 0)
        with socket.create_server(("127.0.0.1", port)):
            self.assertEqual(usual_port(8848, port), 0)

    def test_dns_address(self) -> None:
        """Services by DNS are there for who reaches the container."""
        found = self.run_as(NACOS_NAMING_DNS_ENABLED="true", NACOS_NAMING_DNS_PORT="15353").dns
        assert found is not None
        self.assertEqual((found.bind, found.port), ("0.0.0.0", 15353))  # noqa: S104
        other = self.run_as("nacos.naming.dns.enabled=true\nnacos.naming.dns.bind-address=127.0.0.2").dns
        assert other is not None
        self.assertEqual(other.bind, "127.0.0.2")

    def test_custom_file(self) -> None:
        """init.d/custom.properties, which compose files mount: it counts before the image's own defaults."""
        (self.home / "init.d").mkdir()
        url = "jdbc:mysql://mysql:3306/nacos_devtest?useSSL=false"
        text = f"nacos.core.auth.enabled=false\ndb.num=1\ndb.url.0={url}\ndb.user.0=nacos\ndb.password.0=nacos\n"
        text += "spring.sql.init.platform=${SPRING_DATASOURCE_PLATFORM:}\nserver.port=9000\n"
        (self.home / "init.d" / "custom.properties").write_text(text)
        found = self.run_as("server.port=9100", SPRING_DATASOURCE_PLATFORM="mysql", MODE="standalone")
        assert found.database is not None
        self.assertEqual((found.database.urls, found.port, found.auth.asking[0]), ((url,), 9100, False))

    def test_postgres(self) -> None:
        """env/pgsql.env of the image for PostgreSQL."""
        url = "jdbc:postgresql://localhost:5432/db?currentSchema=schema"
        found = self.run_as(
            PREFER_HOST_MODE="ip", SPRING_DATASOURCE_PLATFORM="postgresql", PGSQL_URL=url, PGSQL_USERNAME="postgres",
            PGSQL_PASSWORD="postgres",
        ).database  # fmt: skip
        assert found is not None
        self.assertEqual((found.urls, found.users, found.passwords), ((url,), ("postgres",), ("postgres",)))

    def test_placeholders_of_the_chart(self) -> None:
        """nacos-k8s passes the word nil for a token that nobody set."""
        unset = dict.fromkeys(LOGIN, "nil")
        self.assertEqual(self.run_as(**unset).auth.token_key, b"")

    def test_secret_of_the_nodes(self) -> None:
        """It is made of what all nodes are told, and said where that is printed in documents."""
        servers = {"NACOS_SERVERS": "127.0.0.1:8848 192.0.2.7:8848"}
        found = self.run_as(**servers, **LOGIN)
        self.assertGreaterEqual(len(found.raft.secret), 32)
        self.assertNotIn(TOKEN.encode(), found.raft.secret)
        self.assertIn("NACOS_RAFT_SECRET", " ".join(found.remarks))
        other = self.run_as(**servers, **LOGIN | {"NACOS_AUTH_IDENTITY_VALUE": "other"})
        self.assertNotEqual(found.raft.secret, other.raft.secret)
        given = self.run_as(**servers, **LOGIN, NACOS_RAFT_SECRET="0123456789abcdef")
        self.assertEqual((given.raft.secret, given.remarks), (b"0123456789abcdef", ()))

    def test_java(self) -> None:
        """What only Java understands is named in one line."""
        found = self.run_as(**dict.fromkeys(VIRTUAL_MACHINE, "1g"))
        self.assertEqual(len(found.remarks), 1)
        for name in VIRTUAL_MACHINE:
            self.assertIn(name, found.remarks[0])

    def test_database(self) -> None:
        """MYSQL_SERVICE_*; and those of images of 1.x, with a slave."""
        new = {"MYSQL_SERVICE_HOST": "mysql", "MYSQL_SERVICE_DB_NAME": "n", "MYSQL_SERVICE_USER": "u"}
        database = self.run_as(SPRING_DATASOURCE_PLATFORM="mysql", **new).database
        assert database is not None
        self.assertTrue(database.urls[0].startswith("jdbc:mysql://mysql:3306/n?"))
        old = {
            "MYSQL_MASTER_SERVICE_HOST": "m", "MYSQL_SLAVE_SERVICE_HOST": "s", "MYSQL_SLAVE_SERVICE_PORT": "3307",
            "MYSQL_MASTER_SERVICE_DB_NAME": "n", "MYSQL_MASTER_SERVICE_USER": "u", "MYSQL_MASTER_SERVICE_PASSWORD": "p",
        }  # fmt: skip
        database = self.run_as(**old).database
        assert database is not None
        self.assertEqual(
            [url.partition("?")[0] for url in database.urls], ["jdbc:mysql://m:3306/n", "jdbc:mysql://s:3307/n"]
        )
        self.assertEqual((database.users, database.passwords), (("u", "u"), ("p", "p")))

    def test_database_without_a_host(self) -> None:
        """Files for embedded storage name a database's user all the same: nothing is wrong with that."""
        told = {"MYSQL_SERVICE_USER": "nacos", "MYSQL_SERVICE_PASSWORD": "nacos", "MYSQL_DATABASE_NUM": "1"}
        self.assertEqual(self.run_as(**told).storage, "embedded")

    def test_each_has_its_effect(self) -> None:
        """Variables that are another name of a key."""
        found = self.run_as(
            NACOS_APPLICATION_PORT="9001", SERVER_SERVLET_CONTEXTPATH="/n", NACOS_SERVER_IP="192.0.2.9",
            FUNCTION_MODE="naming", NACOS_AUTH_TOKEN_EXPIRE_SECONDS="77", NACOS_CONSOLE_UI_ENABLED="false",
            NACOS_AUTH_SYSTEM_TYPE="nacos", NACOS_AUTH_CACHE_ENABLE="false",
        )  # fmt: skip
        self.assertEqual(
            (found.port, found.context_path, found.ip, found.function_mode), (9001, "/n", "192.0.2.9", "naming")
        )
        self.assertEqual((found.auth.token_seconds, found.console.pages, found.auth.caching), (77.0, False, False))

    def test_every_variable_is_known(self) -> None:
        """Each one of the sheet of facts is another name of a key, is translated, or has its line of no effect."""
        sheet = (ROOT / "docs/spec/ai-v3.md").read_text("utf-8")
        table = sheet[sheet.index("| variable | effect") : sheet.index("Volumes: `/home/nacos")]
        cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
        names = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", "".join(cells)))
        self.assertGreater(len(names), 30)
        files = *(ROOT / "nacos_tw/settings").glob("*.py"), ROOT / "nacos_tw/options.py"
        sources = "".join(path.read_text("utf-8") for path in files)
        of_keys = {name for key in keys.KEYS for name in environment_names(key.name)}
        self.assertEqual({name for name in names - PENDING - of_keys if name not in sources}, set())
