"""Settings of a whole home: files, environment and command line together."""

from __future__ import annotations

import os
import pathlib
import stat

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import NacosError, SettingsError, StartError
from nacos_tw.settings import keys
from nacos_tw.settings.addresses import Preferences, is_own, own_ipv4, preferred_ip
from nacos_tw.settings.clusterconf import parse_members
from nacos_tw.settings.properties import canonical, read_lines
from nacos_tw.settings.secret import local_secret
from nacos_tw.settings.settings import Settings, load
from tests.settings import shipped
from tests.settings.shipped import CONF

THREE = "127.0.0.1:8848\n127.0.0.1:8858 # b\n127.0.0.1:8868?raft_port=7001\n"


class HomeTests(SynchronousTestCase):
    """A home in a temporary folder."""

    def setUp(self) -> None:
        self.home = pathlib.Path(os.path.realpath(self.mktemp()))
        (self.home / "conf").mkdir(parents=True)
        self.environ = {"HOME": str(self.home)}

    def load(self, text: str = "", cluster: str | None = None, **overrides: str) -> Settings:
        (self.home / "conf" / "application.properties").write_text(text, "utf-8")
        if cluster is not None:
            (self.home / "conf" / "cluster.conf").write_text(cluster, "utf-8")
        return load(str(self.home), self.environ, {key.replace("__", "."): value for key, value in overrides.items()})

    def alone(self, text: str = "", **overrides: str) -> Settings:
        return self.load(text, nacos__standalone="true", **overrides)

    def refused(self, kind: type[NacosError], text: str, cluster: str | None = None) -> str:
        error = str(self.assertRaises(kind, self.load, text, cluster))
        self.assertTrue(error.isprintable(), error)
        return error


class LoadTests(HomeTests):
    """What L{load} makes of files that are right."""

    def test_defaults_alone(self) -> None:
        """A node that stands alone needs no file at all."""
        found = self.alone()
        self.assertEqual((found.port, found.context_path, found.function_mode), (8848, "/nacos", ""))
        self.assertEqual(found.data, str(self.home / "data"))
        self.assertEqual(found.logs, str(self.home / "logs"))
        self.assertEqual((found.storage, found.database), ("embedded", None))
        self.assertEqual([member.node for member in found.members], [found.node])
        self.assertEqual((found.raft.election, found.raft.heartbeat, found.raft.request_timeout), (1.0, 0.1, 5.0))
        self.assertEqual(found.http.max_body, 11 * 2**20)
        self.assertEqual(found.remarks, ())

    def test_console(self) -> None:
        """The console's port is off unless it is named, or the type of deployment asks for it; a server has none."""
        for text, wanted in (
            ("", (True, 0, "")),
            ("nacos.console.port=8081", (True, 8081, "")),
            ("nacos.console.port=8081\nnacos.console.contextPath=/desk", (True, 8081, "/desk")),
            ("nacos.console.contextPath=/", (True, 0, "")),
            ("nacos.deployment.type=merged", (True, 8080, "")),
            ("nacos.deployment.type=merged\nnacos.console.port=1234", (True, 1234, "")),
            ("nacos.deployment.type=server\nnacos.console.port=8080", (False, 0, "")),
            ("nacos.console.port=8080\nnacos.console.ui.enabled=false", (False, 8080, "")),
        ):
            found = self.alone(text).console
            self.assertEqual((found.pages, found.port, found.context_path), wanted, text)
        said = self.refused(SettingsError, "nacos.standalone=true\nnacos.deployment.type=console")
        self.assertIn("expected nothing or merged or server", said)

    def test_cluster(self) -> None:
        """The list gives the members, the port says which of them this is."""
        found = self.load("server.port=8868", THREE)
        self.assertEqual((found.node, found.raft_port, found.standalone), ("127.0.0.1:8868", 7001, False))
        self.assertEqual([member.raw for member in found.members], THREE.replace(" # b", "").split())

    def test_member_list(self) -> None:
        """Without cluster.conf the property or its environment variables give the members."""
        found = self.load("nacos.member.list=127.0.0.1:8848,127.0.0.1:8858")
        self.assertEqual(len(found.members), 2)
        self.environ["NACOS_SERVERS"] = "127.0.0.1:8848 127.0.0.1:8858 127.0.0.1:8868"
        self.assertEqual(len(self.load().members), 3)

    def test_container(self) -> None:
        """The variables of Nacos's container image."""
        self.environ |= {"MODE": "standalone", "NACOS_APPLICATION_PORT": "9000", "NACOS_SERVER_IP": "10.1.2.3"}
        self.environ |= {"MYSQL_SERVICE_HOST": "db", "MYSQL_SERVICE_USER": "u", "MYSQL_SERVICE_PASSWORD": "pw-x"}
        found = self.load()
        self.assertEqual((found.node, found.standalone, found.storage), ("10.1.2.3:9000", True, "external"))
        assert found.database is not None
        self.assertTrue(found.database.urls[0].startswith("jdbc:mysql://db:3306/nacos_config?"))
        self.assertEqual((found.database.user, found.database.password), ("u", "pw-x"))
        self.assertEqual(found.database.platform, "mysql")
        self.assertEqual(attrs.evolve(found.database, urls=("jdbc:postgresql://db/n",)).platform, "postgresql")
        self.assertNotIn("pw-x", repr(found))

    def test_container_file_without_database(self) -> None:
        """The image's file names MySQL by placeholders even where there is none."""
        text = 'spring.datasource.platform=${P:""}\ndb.num=${N:1}\ndb.url.0=jdbc:mysql://${MYSQL_SERVICE_HOST}/x'
        self.assertEqual(self.alone(text).storage, "embedded")
        self.assertIn("not shown", self.refused(SettingsError, f"{text}\nspring.datasource.platform=mysql", THREE))

    def test_other_mode_variable(self) -> None:
        """MODE may mean something else to somebody else."""
        self.environ["MODE"] = "production"
        self.assertFalse(self.load("", THREE).standalone)

    def test_storage(self) -> None:
        """External where a database is named, unless embedded is asked for."""
        url = "db.url.0=jdbc:mysql://h/d\ndb.user=root\ndb.password=pw-1\n"
        for text, expected in (
            ("", "embedded"),
            ("db.num=1\n" + url, "external"),
            (url, "external"),
            ("spring.datasource.platform=mysql\ndb.num=1\n" + url, "external"),
            ("spring.sql.init.platform=mysql\n" + url, "external"),
            ("spring.datasource.platform=derby\n" + url, "embedded"),
            ("embeddedStorage=true\n" + url, "embedded"),
            ("spring.sql.init.platform=derby\ndb.num=1\ndb.user=root", "embedded"),
            ("embeddedStorage=true\ndb.num=1", "embedded"),
            ("db.num=0", "embedded"),
        ):
            self.assertEqual(self.alone(text).storage, expected, text)
        found = self.alone("db.num=2\ndb.url.1=jdbc:mysql://h2/d\ndb.password.1=pw-2\n" + url).database
        assert found is not None
        self.assertEqual((found.users, found.passwords), (("root", "root"), ("pw-1", "pw-2")))

    def test_folders(self) -> None:
        """nacos.home of the file moves data and logs; the environment's only says where conf/ is."""
        self.environ["NACOS_HOME"] = "/elsewhere"
        self.assertEqual(self.alone().data, str(self.home / "data"))
        found = self.alone("nacos.home=/var/n1\nnacos.logs.path=${nacos.home}/log")
        self.assertEqual((found.home, found.data, found.logs), (str(self.home), "/var/n1/data", "/var/n1/log"))

    def test_nacos_names_of_raft(self) -> None:
        """Nacos's own Raft keys count where ours are not set."""
        text = "nacos.core.protocol.raft.data.election_timeout_ms=3000\n"
        self.assertEqual(self.alone(text).raft.election, 3.0)
        self.assertEqual(self.alone(text + "nacos.raft.election-timeout-ms=2000").raft.election, 2.0)

    def test_nacos_3_names(self) -> None:
        """Port and context path by the names of 3.x, of a file, of a variable, of the command line; older names win."""
        found = self.alone("nacos.server.main.port=8850\nnacos.server.contextPath=/registry")
        self.assertEqual((found.port, found.raft_port, found.context_path), (8850, 7850, "/registry"))
        self.assertEqual((found.grpc.port, found.remarks), (9850, ()))
        found = self.alone("nacos.server.main.port=8850\nnacos.server.contextPath=/a\nserver.port=8851")
        self.assertEqual((found.port, found.context_path), (8851, "/a"))
        text = "nacos.server.contextPath=/a\nserver.servlet.contextPath=/b"
        self.assertEqual(self.alone(text).context_path, "/b")
        for blank in ("nacos.server.contextPath=", "nacos.server.contextPath=/", "nacos.server.context-path="):
            self.assertEqual(self.alone(blank).context_path, "", blank)
        said = self.refused(SettingsError, "nacos.standalone=true\nnacos.server.main.port=x")
        self.assertIn("expected a whole number", said)
        self.environ |= {"NACOS_SERVER_MAIN_PORT": "8852", "NACOS_SERVER_CONTEXTPATH": "/c"}
        found = self.alone("nacos.server.main.port=8850")
        self.assertEqual((found.port, found.context_path), (8852, "/c"))
        lines = "127.0.0.1\n127.0.0.2:8848"
        self.assertEqual(self.load("", lines).node, "127.0.0.1:8852", "a line without a port")

    def test_remarks(self) -> None:
        """Each key that is not read is named once; one that only serves a placeholder is not."""
        found = self.alone("my.port=9000\nserver.port=${my.port}\nfoo=secret-value\nserver.tomcat.basedir=x\nfoo=y")
        self.assertEqual(found.port, 9000)
        self.assertEqual(
            [remark.partition("properties, ")[2] for remark in found.remarks],
            ["line 4: server.tomcat.basedir has no effect in this server", "line 5: foo is not known"],
        )

    def test_misspelt(self) -> None:
        """A key that resembles one of ours is named with it; one that resembles none, or several, is not."""
        for key, meant in (
            ("server.prot", "server.port"),
            ("server.contextPath", "nacos.server.contextPath"),
            ("nacos.naming.expireInstanse", "nacos.naming.expireInstance"),
            ("nacos.inetutils.preferred-network.0", "nacos.inetutils.preferred-networks"),
            ("nacos.core.auth.enable", "nacos.core.auth.enabled"),
            ("naming.expireInstance", "nacos.naming.expireInstance"),
            ("management.endpoints.web.exposure.include", ""),
        ):
            (remark,) = self.alone(f"{key}=x").remarks
            self.assertEqual(remark.partition("; did you mean ")[2].rstrip("?"), meant, remark)
        (remark,) = self.alone(**{"server__prot": "x"}).remarks
        self.assertEqual(remark, "command line: server.prot is not known; did you mean server.port?")

    def test_listening_address(self) -> None:
        """The one address to listen on tells which line is this node, and by what a node alone is known."""
        several = "127.0.0.1:8848\n127.0.0.2:8848\n[::1]:8848\n"
        self.assertEqual(self.load("server.address=127.0.0.2", several).node, "127.0.0.2:8848")
        self.assertEqual(self.load("server.address=0:0:0:0:0:0:0:1", several).node, "[::1]:8848")
        told = "server.address=127.0.0.2\nnacos.inetutils.ip-address=127.0.0.1"
        self.assertEqual(self.load(told, several).node, "127.0.0.1:8848", "the more exact word counts")
        for everywhere in ("", "0.0.0.0", "[::]"):
            said = self.refused(StartError, f"server.address={everywhere}", several)
            self.assertIn("set server.address", said)
        self.assertEqual(self.alone("server.address=127.0.0.9").node, "127.0.0.9:8848")

    def test_root_context(self) -> None:
        """An empty context path is the root, so is a slash."""
        for text in ("server.servlet.contextPath=", "server.servlet.contextPath=/", "server.servlet.context-path= "):
            self.assertEqual(self.alone(text).context_path, "", text)
        for value, expected in (("/", ""), ("", "/nacos")):  # an empty variable is as good as none
            self.environ["SERVER_SERVLET_CONTEXT_PATH"] = value
            self.assertEqual(self.alone().context_path, expected)
        self.assertEqual(self.alone("server.port=").port, 8848, "other keys have no empty value")

    def test_latin(self) -> None:
        """A file that is not UTF-8 is Latin-1, as Java has it."""
        (self.home / "conf" / "application.properties").write_bytes(b"# caf\xe9\nserver.port=9000")
        self.assertEqual(load(str(self.home), {}, {"nacos.standalone": "true"}).port, 9000)


class RefusalTests(HomeTests):
    """What stops a start, and what it says."""

    def test_values(self) -> None:
        """A bad value names origin, key and what was expected."""
        for text, expected in (
            ("server.port=0", "server.port=0: expected a whole number from 1 to 64535"),
            ("server.port=80a", "server.port=80a: expected a whole number"),
            ("server.servlet.contextPath=nacos", "expected a path such as /nacos"),
            ("nacos.naming.expireInstance=maybe", "expected true or false"),
            ("nacos.functionMode=x", "expected nothing or naming or config or all"),
            ("nacos.raft.heartbeat-ms=0.5", "expected milliseconds"),
            ("nacos.http.header-bytes=5TB", "expected bytes"),
            ("nacos.raft.heartbeat-ms=400", "expected at least three times"),
            ("spring.datasource.platform=oracle", "expected nothing or mysql or postgresql or derby"),
            ("spring.sql.init.platform=postgresql", "platform is postgresql, expected db.num=1 and db.url.0"),
            ("spring.sql.init.platform=postgresql\ndb.url.0=jdbc:mysql://h/d", "expected jdbc:postgresql://host"),
            ("spring.datasource.platform=mysql", "expected db.num=1 and db.url.0"),
            ("spring.sql.init.platform=mysql\ndb.num=1", "expected db.num=1 and db.url.0"),
            ("db.num=2\ndb.url.0=jdbc:mysql://h/d", "expected db.url.1 too"),
            ("db.num=1", "db.num is set, but db.url.0 is not; expected db.url.0=jdbc:mysql://"),
            ("db.num=1\ndb.url.0=", "db.num is set, but db.url.0 is not"),
            ("db.num=1\ndb.url.1=jdbc:mysql://h/d", "db.num is set, but db.url.0 is not"),
            ("db.url.1=jdbc:mysql://h/d", "db.url.1 is set, but db.url.0 is not"),
            ("db.url=jdbc:mysql://h/d", "db.url is set, but db.url.0 is not"),
            ("db.user=root\ndb.password=pw", "db.user is set, but db.url.0 is not"),
            ("db.password.0=pw", "db.password.0 is set, but db.url.0 is not"),
            ("db.num=0\ndb.url.0=jdbc:mysql://h/d", "db.num=0, but db.url.0 is set: expected db.num=1"),
            ("nacos.inetutils.ip-address=a b", "expected an IP address"),
            ("nacos.inetutils.ignored-interfaces.0=(", "expected a regular expression"),
            ("nacos.raft.port=7000", "expected 127.0.0.1:8848?raft_port=7000 in cluster.conf"),
        ):
            self.assertIn(expected, self.refused(SettingsError, text, THREE), text)

    def test_secrets_are_not_shown(self) -> None:
        """A refused secret is named, not shown; nor is one that a placeholder brought in."""
        for text in (
            "nacos.raft.secret=short-pw",
            "db.url.0=short-pw",
            "server.port=${DB_PASSWORD:x}\ndb.password=short-pw",
            "server.port=${db.password}\ndb.password=short-pw",
        ):
            self.assertNotIn("short-pw", self.refused(SettingsError, text, THREE))

    def test_no_list(self) -> None:
        """A cluster needs a list, and this node in it."""
        self.assertIn("start with -m standalone", self.refused(StartError, ""))
        self.assertIn("not supported", self.refused(StartError, "nacos.core.member.lookup.type=address-server"))
        self.assertIn("names no node", self.refused(StartError, "", "# nobody"))
        self.assertIn("not in the list", self.refused(StartError, "server.port=9999", THREE))

    def test_misspelt(self) -> None:
        """What stops a start may come of a key that was meant to be another."""
        said = self.refused(StartError, "server.prot=8868", "10.255.255.1:8868")
        self.assertIn("not in the list", said)
        self.assertIn("line 1: server.prot is not known; did you mean server.port?", said)

    def test_secret_across_machines(self) -> None:
        """Nodes on several machines need a secret of the operator's."""
        members = THREE + "10.255.255.1:8848"
        self.assertIn("nacos.raft.secret is not set", self.refused(StartError, "", members))
        self.assertEqual(self.load("nacos.raft.secret=0123456789abcdef").raft.secret, b"0123456789abcdef")

    def test_unreadable(self) -> None:
        """A file that cannot be read is named."""
        (self.home / "conf" / "application.properties").mkdir()
        error = self.assertRaises(SettingsError, load, str(self.home), {}, {})
        self.assertIn("application.properties: cannot be read", str(error))

    @settings(max_examples=200)
    @given(st.sampled_from([key.name for key in keys.KEYS]), st.text(max_size=20))
    def test_any_value(self, name: str, value: str) -> None:
        """Whatever a key holds, the start goes on or ends with one of our errors."""
        home = "/nonexistent"
        try:
            load(home, {}, {"nacos.standalone": "true", name: value})
        except NacosError:
            pass


class SecretTests(HomeTests):
    """The secret that nodes of one user on one machine share."""

    def test_shared(self) -> None:
        """It is made once, for its owner only, and then the same for every home."""
        first = self.load("", THREE).raft.secret
        self.assertEqual(self.load("server.port=8858", THREE).raft.secret, first)
        self.assertGreaterEqual(len(first), 32)
        found = os.stat(self.home / ".nacos_tw" / "cluster-secret")
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o600)
        self.assertEqual(os.listdir(self.home / ".nacos_tw"), ["cluster-secret"])

    def test_open_to_others(self) -> None:
        """A file that others may read is refused."""
        local_secret(self.environ)
        os.chmod(self.home / ".nacos_tw" / "cluster-secret", 0o644)
        self.assertIn("open to others", str(self.assertRaises(StartError, local_secret, self.environ)))

    def test_no_home(self) -> None:
        """Without a usable home it lies in the user's own temporary folder."""
        import tempfile

        self.patch(tempfile, "tempdir", str(self.home))
        first = local_secret({})
        self.assertEqual(local_secret({"HOME": "/proc/nowhere"}), first)
        self.assertEqual(os.listdir(self.home / f"nacos_tw-{os.getuid()}"), ["cluster-secret"])


class AddressTests(SynchronousTestCase):
    """Own addresses."""

    def test_own(self) -> None:
        """Loopback and the interfaces' addresses are own; others are not."""
        for _, address in own_ipv4():
            self.assertTrue(is_own(address), address)
        for host in ("127.0.0.1", "127.9.9.9", "localhost"):
            self.assertTrue(is_own(host), host)
        for host in ("192.0.2.77", "10.255.255.1", "2001:db8::1", "no such name", "x" * 300):
            self.assertFalse(is_own(host), host)

    def test_preferences(self) -> None:
        """Filters leave out interfaces and networks; what is left is taken."""
        self.assertEqual(preferred_ip(Preferences(ignored=(".*",))), "127.0.0.1")
        self.assertTrue(Preferences(networks=("10.0",)).take("eth0", "10.0.0.1"))
        self.assertTrue(Preferences(networks=(r"10\.[0-9]+\.",)).take("eth0", "10.0.0.1"))
        self.assertFalse(Preferences(networks=("10.1",)).take("eth0", "10.0.0.1"))
        self.assertFalse(Preferences(site_local=True).take("eth0", "8.8.8.8"))


class ShippedTests(SynchronousTestCase):
    """conf/ as it is shipped."""

    def test_application_properties(self) -> None:
        """Every key that is read is there, commented, with its default, and nothing else."""
        text = shipped.FILE.read_text("utf-8")
        self.assertEqual(text, shipped.render(), "python -m tests.settings.shipped writes it")
        self.assertEqual(list(read_lines(text, "f")), [])

    def test_keys(self) -> None:
        """Names differ, and every default is a value of its key."""
        self.assertEqual(len({canonical(key.name) for key in keys.KEYS}), len(keys.KEYS))
        for key in keys.KEYS:
            key.parse(key.default)
            self.assertTrue(key.comment, key.name)

    def test_cluster_conf(self) -> None:
        """A copy of the example names no node but those that are added to it."""
        text = (CONF / "cluster.conf.example").read_text("utf-8")
        added = "10.0.0.1:8848\n10.0.0.2:8848\n"
        self.assertEqual([member.node for member in parse_members(text + added, 8848, "f")], added.split())

    def test_schema(self) -> None:
        """All of Nacos's tables, and the first user."""
        text = (CONF / "nacos-mysql.sql").read_text("utf-8")
        tables = "config_info config_info_aggr config_info_beta config_info_tag config_info_gray config_tags_relation"
        tables += " group_capacity tenant_capacity his_config_info tenant_info users roles permissions"
        for table in tables.split():
            self.assertEqual(text.count(f"CREATE TABLE `{table}` ("), 1, table)
        self.assertRegex(text, r"VALUES \('nacos', '\$2a\$10\$[./A-Za-z0-9]{53}', TRUE\);")
        self.assertIn("('nacos', 'ROLE_ADMIN');", text)
