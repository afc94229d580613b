"""nacosctl doctor, alarm, compact, check, debug: what helps when something is wrong."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile

from tests import mariadb
from tests.cutting import Cutting
from tests.system.ctl import LOGINS, CtlCase, ctl
from tests.system.homes import Home
from tests.system.nodes import RealNode, free_port, wait_for
from tests.system.secured import HTTPS, TlsCluster
from tests.system.shared import shared
from tests.system.test_config_mysql import properties as on_mysql


class TroubleTests(CtlCase):
    """One node that asks for logins."""

    properties = LOGINS

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-ctl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.admin = ("-u", "nacos", "-p", "first")

    def test_well(self) -> None:
        """Nothing is bad, and everything that was looked at can be shown."""
        self.ctl(*self.admin, "doctor")
        checks = {row["check"] for row in self.rows(*self.admin, "doctor")}
        parts = {"leader", "port HTTP", "port gRPC", "port console", "ready", "clock", "database", "version"}
        self.assertEqual(checks, parts)
        self.assertEqual(self.rows(*self.admin, "alarm", "list"), [])
        self.assertEqual(self.rows(*self.admin, "alarm", "disarm"), [])

    def test_compact(self) -> None:
        """A snapshot is on the disk, at once."""
        self.ctl(*self.admin, "config", "put", self.name, "--content", "x")
        self.ctl(*self.admin, "compact")
        names = os.listdir(os.path.join(self.node.home, "data", "raft"))
        self.assertTrue([name for name in names if name.endswith(".snap")], names)

    def test_perf(self) -> None:
        """Counts and times; nothing of it is left; a limit that cannot be held is told by 6."""
        short = ("check", "perf", "--seconds", "0.3", "--clients", "2")
        write, read = self.rows(*self.admin, *short, "--write-p99", "60000", "--read-p99", "60000")
        self.assertEqual((write["errors"], read["errors"], write["passed"]), (0, 0, True))
        self.assertGreater(write["count"], 0)
        self.ctl(*self.admin, *short, "--write-p99", "0.001", status=6)
        self.assertEqual(self.rows(*self.admin, "config", "list", "-g", "NACOSCTL_CHECK"), [])

    def test_dump(self) -> None:
        """Settings, logs and what the node says; no password, no hash, no token."""
        path = os.path.join(self.folder, "a.tar.gz")
        self.ctl(*self.admin, "debug", "dump", path, "--home", self.node.home)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with tarfile.open(path) as bundle:
            texts = {each.name: bundle.extractfile(each).read().decode() for each in bundle}  # type: ignore[union-attr]
        settings = texts["nacos-debug/home/conf/application.properties"]
        self.assertIn("nacos.core.auth.admin.password=***", settings)
        self.assertIn(f"server.port={self.node.port}", settings)
        whole = "\n".join(texts.values())
        self.assertNotIn("password=first", whole)
        self.assertNotIn("$2", whole)
        self.assertNotIn("eyJ", whole)
        self.assertIn("nacos_raft_term", whole)


class ConsoleTroubleTests(Home):
    """A node whose console has a port of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.console = free_port()

    def console_port(self, addr: str) -> list[tuple[str, str]]:
        """What doctor finds of it."""
        rows = ctl(addr, "-o", "json", "doctor").json
        return [(row["target"], row["result"]) for row in rows if row["check"] == "port console"]

    def test_open(self) -> None:
        """It is looked at where the node says that it is, with its certificate."""
        cluster = TlsCluster(1, f"{HTTPS}nacos.console.port={self.console}\n")
        self.addCleanup(cluster.close)
        cluster.start()
        rows = ctl(cluster.nodes[0].address, "--insecure", "-o", "json", "doctor").json
        target = f"127.0.0.1:{self.console}"
        found = [(row["check"], row["result"]) for row in rows if row["target"] == target]
        self.assertEqual(found, [("port console", "ok"), ("certificate", "ok")], rows)

    def test_closed(self) -> None:
        """It cannot be reached from here: a proxy or a firewall lets the HTTP port through alone."""
        node = self.node(properties=f"server.address=127.0.0.2\nnacos.console.port={self.console}")
        node.host, node.address = "127.0.0.2", f"127.0.0.2:{node.port}"
        node.url = f"http://{node.address}"
        node.start("-m", "standalone")
        way = Cutting(node.port, host="127.0.0.2")
        self.addCleanup(way.close)
        addr = f"127.0.0.1:{way.port}"
        self.assertEqual(self.console_port(addr), [(f"127.0.0.1:{self.console}", "BAD")])
        self.assertEqual(ctl(addr, "doctor").status, 6)

    def test_none(self) -> None:
        """The node serves no pages, on no port: nothing is missing."""
        node = self.node(properties="nacos.deployment.type=server")
        node.start("-m", "standalone")
        self.assertEqual(self.console_port(node.address), [(node.address, "ok")])
        self.assertEqual(ctl(node.address, "doctor").status, 0)


class DatabaseTroubleTests(Home):
    """A node on a database of other people's."""

    skip = mariadb.missing() or None

    def database(self, node: RealNode, status: int) -> list[dict[str, str]]:
        """What doctor finds of it."""
        said = ctl(node.address, "-o", "json", "doctor")
        self.assertEqual(said.status, status, said)
        return [row for row in said.json if row["check"] == "database"]

    def test_gone(self) -> None:
        """
        It is well; then its collation takes names for the same, which is told with what mends it; then it is away,
        while the node serves on from its copy: why, and with 6; then it is back.
        """
        server = mariadb.server("outage")
        settings = server.fresh()
        node = self.node(properties=on_mysql(*settings.urls))
        node.start("-m", "standalone")
        (well,) = self.database(node, 0)
        self.assertEqual((well["result"], well["target"]), ("ok", f"{node.address} to 127.0.0.1:{server.port}"))
        self.assertRegex(well["detail"], r"^\d+\..*MariaDB.*, utf8\w*_bin, [0-9.]+ ms for a round trip")
        alike = "ALTER TABLE config_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
        server.admin(alike, settings.urls[0].partition("?")[0].rpartition("/")[2])
        (warned,) = self.database(node, 0)
        self.assertEqual(warned["result"], "warn")
        self.assertIn("COLLATE utf8mb4_bin;", warned["detail"])
        server.kill()
        self.addCleanup(server.start)
        (gone,) = self.database(node, 6)
        self.assertEqual(gone["result"], "BAD")
        self.assertIn("Connection refused", gone["detail"])
        self.assertNotIn(mariadb.PASSWORD, str(gone))


class ClusterTroubleTests(CtlCase):
    """Three nodes, one of which stands still."""

    def test_one_is_away(self) -> None:
        """It is named by doctor and by alarm, with 6; the others are well."""
        nodes = shared(3)
        self.assertEqual(ctl(nodes.nodes[0].address, "doctor").status, 0)
        away = nodes.followers()[0]
        other = next(node for node in nodes.nodes if node is not away)
        with away.frozen():
            said = ctl(other.address, "--timeout", "1", "-o", "json", "doctor")
            bad = {row["target"] for row in said.json if row["result"] == "BAD"}
            self.assertEqual((said.status, bad), (6, {away.address}), said)
            said = ctl(other.address, "--timeout", "1", "-o", "json", "alarm", "list")
            self.assertEqual((said.status, [row["node"] for row in said.json]), (6, [away.address]), said)
            said = ctl(other.address, "--timeout", "1", "-o", "json", "alarm", "disarm")
            row = {"node": away.address, "alarm": "UNREACHABLE", "ends": "the node answers"}
            self.assertEqual((said.status, len(said.json)), (1, 1), said)
            self.assertEqual({**said.json[0], **row}, said.json[0])
        wait_for(lambda: ctl(other.address, "alarm", "disarm").status == 0, why="no alarm to be left")
