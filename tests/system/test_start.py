"""Starting and stopping one node by the scripts: what it says."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.system.homes import DATABASE, Home
from tests.system.nodes import BIN, RealNode, wait_for


class StartLines(Home):
    """logs/start.out."""

    def test_cluster(self) -> None:
        """A cluster's node names the list as it stands in the file, then starts, then has started."""
        node = self.node(
            members="# the nodes\n\n127.0.0.1:{port}\n127.0.0.1:9002 # B\n127.0.0.1:9003\n127.0.0.1:9003\n"
        )
        node.start()
        self.assertEqual(
            self.messages(node)[:3],
            [
                f"INFO The server IP list of Nacos is [127.0.0.1:{node.port}, 127.0.0.1:9002, 127.0.0.1:9003]",
                "INFO Nacos is starting...",
                "INFO Nacos started successfully in cluster mode. use embedded storage",
            ],
        )
        self.assertIn("nacos is starting with cluster", node.output)
        self.assertIn(f"nacos is starting，you can check the {node.home}/logs/start.out", node.output)

    def test_standalone(self) -> None:
        """A node that stands alone has no list of servers, and embedded storage."""
        node = self.node()
        node.start("-m", "standalone")
        self.assertEqual(
            self.messages(node),
            [
                "INFO Nacos is starting...",
                "INFO Nacos started successfully in stand alone mode. use embedded storage",
            ],
        )
        self.assertIn("nacos is starting with standalone", node.output)
        self.assertEqual(node.readiness().text, "OK", "startup.sh has returned, so the node is ready")
        answer = node.request("POST", "/nacos/v1/cs/configs", {"dataId": "a", "group": "b", "content": "c"})
        self.assertEqual((answer.status, answer.text), (200, "true"), "and does what needs the log")

    def test_first_administrator(self) -> None:
        """startup.sh returns when the administrator that the settings name can log in; without one it says so."""
        node = self.node(properties="nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=hard to guess")
        node.start("-m", "standalone")
        login = node.request("POST", "/nacos/v1/auth/login", {"username": "nacos", "password": "hard to guess"})
        self.assertEqual(login.status, 200, login)
        self.assertNotIn("administrator", node.output)
        other = self.node("other", "nacos.core.auth.enabled=true")
        other.start("-m", "standalone")
        for text in (other.output, other.log):
            self.assertEqual(text.count("WARN there is no administrator yet"), 1, text)

    def test_external_storage(self) -> None:
        """A configured database is external storage, in either mode."""
        node = self.node(properties=DATABASE, members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        self.assertWithout(node, "cluster")
        alone = self.node("alone", DATABASE)
        self.assertWithout(alone, "stand alone", "-m", "standalone")
        self.assertNotIn("root", node.log.replace(node.home, ""), "the password does not go into a log")

    def assertWithout(self, node: RealNode, mode: str, *arguments: str) -> None:
        """It starts, and says on the terminal and in start.out that its database is away."""
        node.start(*arguments)
        wait_for(lambda: "Nacos started" in node.log, why="the start to end")
        self.assertNotIn("successfully", node.log)
        said = f"WARN Nacos started in {mode} mode without its database: database 192.168.163.100: "
        self.assertTrue([line for line in self.messages(node) if line.startswith(said)], node.log)
        self.assertIn(said, node.output)
        self.assertIn("; configs are answered with 503 until it can be used", node.output)

    def test_embedded_by_option(self) -> None:
        """-p embedded sets the database aside."""
        node = self.node(properties=DATABASE, members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start("-p", "embedded")
        self.assertIn("INFO Nacos started successfully in cluster mode. use embedded storage", self.messages(node))

    def test_banner(self) -> None:
        """Version, mode, ports, process id and console address stand before the first line."""
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start()
        banner = node.log.partition("The server IP list")[0]
        for wanted in (
            r"nacos_tw \d+\.\d+",
            r"Running in cluster mode, All function modules",
            rf"Port: {node.port}\b",
            rf"\b{node.port - 1000}\b",
            rf"Pid: {node.pid}\b",
            rf"Console: http://127\.0\.0\.1:{node.port}/nacos/",
        ):
            self.assertRegex(banner, wanted)
        self.assertIn("--home", node.log.splitlines()[0], "the command stands first")

    def test_function_mode(self) -> None:
        """-f naming is in the banner and in the server's state; of the configuration nothing is served."""
        node = self.node()
        node.start("-m", "standalone", "-f", "naming")
        self.assertIn("naming function modules", node.log)
        state = node.request("GET", "/nacos/v1/console/server/state").json
        self.assertEqual((state["function_mode"], state["standalone_mode"]), ("naming", "standalone"))

    def test_unknown_key(self) -> None:
        """A key that nobody knows is named once, also on the terminal, and is not fatal."""
        node = self.node(properties="server.prot=1\nserver.tomcat.basedir=file:.")
        node.start("-m", "standalone")
        said = [line for line in self.messages(node) if "server.prot" in line]
        self.assertEqual(len(said), 1, node.log)
        self.assertTrue(said[0].startswith("WARN"), said)
        self.assertIn(said[0], node.output.splitlines())
        self.assertIn("did you mean server.port?", said[0])
        self.assertNotIn("server.tomcat.basedir", node.output, "Nacos's own keys are no cause for alarm")


class Scripts(Home):
    """bin/startup.sh and bin/shutdown.sh."""

    def test_started_twice(self) -> None:
        """The second start says so and leaves the first alone."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready)
        pid, log = node.pid, node.log
        self.assertNotEqual(node.start("-m", "standalone", check=False), 0)
        self.assertIn("already running", node.output)
        self.assertIn(str(pid), node.output)
        self.assertEqual(len(node.output.splitlines()), 1)
        self.assertEqual((node.pid, node.log), (pid, log))
        self.assertTrue(node.ready())

    def test_second_start_installs_nothing(self) -> None:
        """What is installed is used as it is."""
        node = self.node()
        node.start("-m", "standalone")
        stamp = os.path.join(os.environ.get("NACOS_TW_VENV", sys.prefix), "nacos_tw.stamp")
        before = os.stat(stamp).st_mtime_ns
        node.stop()
        node.start("-m", "standalone")
        self.assertNotIn("install", node.output)
        self.assertEqual(os.stat(stamp).st_mtime_ns, before)

    def test_unknown_option(self) -> None:
        """It is named, with the usage."""
        node = RealNode(os.path.join(self.folder, "none"), 8848)
        self.assertEqual(node.start("-d", check=False), 1)
        self.assertRegex(node.output, r"^ERROR unknown option -d\nUsage: sh startup\.sh \[-m standalone\|cluster\]")

    def test_shutdown_of_none(self) -> None:
        """Nothing runs: said, status 255."""
        node = self.node()
        done = subprocess.run(
            ["sh", os.path.join(BIN, "shutdown.sh")], env=node.environment(), stdout=subprocess.PIPE, text=True
        )
        self.assertEqual((done.returncode, done.stdout), (255, "No nacosServer running.\n"))

    def test_stale_pid_file(self) -> None:
        """The pid of a process that is no node does not count, and that process is left alone."""
        node = self.node()
        os.makedirs(os.path.join(node.home, "data"))
        with subprocess.Popen(["sleep", "60"]) as other:
            try:
                with open(os.path.join(node.home, "data", "nacos.pid"), "w") as file:
                    file.write(f"{other.pid}\n")
                done = subprocess.run(
                    ["sh", os.path.join(BIN, "shutdown.sh")], env=node.environment(), stdout=subprocess.PIPE
                )
                self.assertEqual(done.returncode, 255)
                node.start("-m", "standalone")
                self.assertNotEqual(node.pid, other.pid)
                self.assertIsNone(other.poll())
            finally:
                other.kill()

    def test_shutdown(self) -> None:
        """It says what it does, the node is gone, and its pid file with it."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready)
        node.stop()
        self.assertFalse(os.path.exists(os.path.join(node.home, "data", "nacos.pid")))

    def test_member_list_by_option(self) -> None:
        """-c names the nodes where there is no cluster.conf."""
        node = self.node()
        node.start("-c", f"127.0.0.1:{node.port},127.0.0.1:9002,127.0.0.1:9003")
        expected = f"INFO The server IP list of Nacos is [127.0.0.1:{node.port}, 127.0.0.1:9002, 127.0.0.1:9003]"
        self.assertEqual(self.messages(node)[0], expected)

    def test_home_with_blanks(self) -> None:
        """A home's name may hold blanks and letters of any kind."""
        node = self.node("my nöde's home")
        node.start("-m", "standalone")
        wait_for(node.ready)
        node.stop()
