"""What keeps a node from starting is one clear line and a status."""

from __future__ import annotations

import os

from nacos_tw.settings.identity import read
from tests.settings.test_scripts import PLAIN
from tests.system.homes import Home, damage_middle, fill, listening, mounted
from tests.system.nodes import RealNode, free_port, wait_for


class Refusals(Home):
    """What cannot start says why in one line, with a status that is not 0."""

    def test_http_port_taken(self) -> None:
        node = self.node()
        with listening(node.port):
            line = self.refused(node, "-m", "standalone")
        self.assertIn(str(node.port), line)
        self.assertIn("taken", line)

    def test_grpc_port_taken(self) -> None:
        """Clients of 2.x and 3.x know the port: a node that cannot have it does not start."""
        node = self.node()
        with listening(node.port + 1000):
            line = self.refused(node, "-m", "standalone")
        self.assertIn(str(node.port + 1000), line)
        self.assertIn("taken", line)

    def test_raft_port_taken(self) -> None:
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        with listening(node.port - 1000):
            line = self.refused(node)
        self.assertIn(str(node.port - 1000), line)
        self.assertRegex(line, "taken|already in use")

    def test_unreadable_properties(self) -> None:
        node = self.node()
        path = os.path.join(node.home, "conf", "application.properties")
        os.unlink(path)
        os.mkdir(path)
        self.assertIn(path, self.refused(node, "-m", "standalone"))

    def test_unreadable_cluster_conf(self) -> None:
        node = self.node()
        path = os.path.join(node.home, "conf", "cluster.conf")
        os.mkdir(path)
        self.assertIn(path, self.refused(node))

    def test_cluster_conf_of_other_bytes(self) -> None:
        node = self.node()
        with open(os.path.join(node.home, "conf", "cluster.conf"), "wb") as file:
            file.write(b"127.0.0.1:%d\n\xff\xfe\x00\x01\n" % node.port)
        self.assertIn("cluster.conf, line 2", self.refused(node))

    def test_malformed_cluster_conf(self) -> None:
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002:1\n")
        line = self.refused(node)
        self.assertIn("cluster.conf, line 2", line)
        self.assertIn("expected", line)

    def test_bad_value(self) -> None:
        """The file, the line and what was expected."""
        node = self.node(properties="\nnacos.raft.heartbeat-ms=soon")
        line = self.refused(node, "-m", "standalone")
        self.assertIn("application.properties", line)
        self.assertIn("line 3", line)
        self.assertIn("nacos.raft.heartbeat-ms=soon", line)
        self.assertIn("expected", line)

    def test_bad_environment(self) -> None:
        line = self.refused(self.node(), "-m", "standalone", SERVER_PORT="many")
        self.assertIn("SERVER_PORT", line)
        self.assertIn("expected", line)

    def test_no_cluster_conf(self) -> None:
        """Without the list a cluster's node does not know its cluster."""
        line = self.refused(self.node())
        self.assertIn("cluster.conf", line)
        self.assertIn("standalone", line)

    def test_not_in_cluster_conf(self) -> None:
        line = self.refused(self.node(members="127.0.0.1:9001\n127.0.0.1:9002\n127.0.0.1:9003\n"))
        self.assertIn("cluster.conf", line)
        self.assertIn("not in the list", line)

    def test_data_at_another_address(self) -> None:
        """A node whose address changed is itself still: its id is in its data, by which the others know it."""
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start()
        node.stop()
        folder = os.path.join(node.home, "data", "raft")
        before = read(folder)
        node.port = free_port()
        self.write(node, "application.properties", f"server.port={node.port}\n")
        self.write(node, "cluster.conf", f"127.0.0.1:{node.port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start()
        after = read(folder)
        assert before is not None and after is not None
        self.assertEqual((after.name, after.id), (before.name, before.id))
        self.assertEqual(after.http, f"127.0.0.1:{node.port}")

    def test_data_in_use(self) -> None:
        """Two homes with one data folder: the second does not touch it."""
        first = self.node()
        first.start("-m", "standalone")
        second = self.node("second", f"nacos.home={first.home}")
        line = self.refused(second, "-m", "standalone")
        self.assertIn(os.path.join(first.home, "data"), line)
        self.assertIn(str(first.pid), line)
        self.assertTrue(wait_for(first.ready))

    def test_disk_full(self) -> None:
        node = self.node()
        data = os.path.join(node.home, "data")
        with mounted(data, "-o", "size=64k"):
            fill(os.path.join(data, "other"))
            line = self.refused(node, "-m", "standalone")
        self.assertIn(data, line)
        self.assertIn("full", line)

    def test_disk_of_the_whole_home_full(self) -> None:
        """Not even the script can write then."""
        node = self.node()
        with mounted(node.home, "-o", "size=64k"):
            os.mkdir(os.path.join(node.home, "conf"))
            self.write(node, "application.properties", f"server.port={node.port}\n")
            fill(os.path.join(node.home, "other"))
            line = self.refused(node, "-m", "standalone")
        self.assertIn("start.out cannot be written: No space left on device", line)

    def test_not_permitted(self) -> None:
        """A user who may not write: the file or folder, and that it is this. The disk is not what is blamed."""
        node = self.node()
        node.prefix = PLAIN
        os.makedirs(os.path.join(node.home, "logs"))
        for parts, mode in (
            (("data",), 0o500),
            (("data", "raft"), 0o500),
            (("data", "raft", "lock"), 0o000),
            (("logs", "nacos.log"), 0o400),
            (("conf", "application.properties"), 0o000),
        ):
            path = os.path.join(node.home, *parts)
            if "." in parts[-1] or parts[-1] == "lock":
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "a"):
                    pass
            else:
                os.makedirs(path)
            os.chmod(path, mode)
            line = self.refused(node, "-m", "standalone")
            os.chmod(path, 0o700)
            self.assertIn(path, line)
            self.assertRegex(line, ": (Permission denied|no permission)$")

    def test_disk_read_only(self) -> None:
        node = self.node()
        data = os.path.join(node.home, "data")
        with mounted(data, "-o", "ro"):
            line = self.refused(node, "-m", "standalone")
        self.assertIn(data, line)
        self.assertIn("Read-only file system", line)

    def test_home_is_a_file(self) -> None:
        node = RealNode(os.path.join(self.folder, "file"), 8848)
        with open(node.home, "w"):
            pass
        self.assertIn(node.home, self.refused(node, "-m", "standalone"))

    def test_damaged_log_of_a_lone_node(self) -> None:
        """There is nobody to fetch the log from: one line that names the file and says what to do."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready)
        for number in range(20):
            self.assertEqual(node.register("s", f"10.0.0.{number}", ephemeral="false").text, "ok")
        node.stop()
        path = damage_middle(node)
        line = self.refused(node, "-m", "standalone")
        self.assertIn(path, line)
        self.assertIn("damaged", line)
