"""Starting and stopping one node: what it says, and the one clear line when it cannot."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import BIN, ROOT, RealNode, free_port, wait_for

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "
DATABASE = (
    "db.num=1\n"
    "db.url.0=jdbc:mysql://192.168.163.100:3306/nacos_config?characterEncoding=utf8&connectTimeout=1000\n"
    "db.user=root\ndb.password=root\n"
)


def venv(name: str) -> str:
    """A program of the virtual environment that the nodes run from."""
    return os.path.join(os.environ.get("NACOS_TW_VENV", sys.prefix), "bin", name)


@contextlib.contextmanager
def listening(port: int) -> Iterator[None]:
    """Something else has the port."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", port))
        taken.listen()
        yield


@contextlib.contextmanager
def mounted(folder: str, *options: str) -> Iterator[None]:
    """A tmpfs at the folder, or a skip where this user may not mount."""
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() or not shutil.which("mount"):
        raise SkipTest("a small disk needs root and mount")
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", folder], capture_output=True)
    if done.returncode:
        raise SkipTest(f"a tmpfs cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(path: str) -> None:
    """Write a file until the disk is full."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


class Home(SynchronousTestCase):
    """Gives each test homes that are removed, and whose nodes are ended, with it."""

    def setUp(self) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="nacos-tw-start-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def node(self, name: str = "home", properties: str = "", members: str = "", port: int = 0) -> RealNode:
        """
        A home with conf/ and what is given for its files.

        @param members: the text of cluster.conf, with {port} for the node's port.
        """
        port = port or free_port()
        node = RealNode(os.path.join(self.folder, name), port)
        os.makedirs(os.path.join(node.home, "conf"))
        self.write(node, "application.properties", f"server.port={port}\n{properties}\n")
        if members:
            self.write(node, "cluster.conf", members.replace("{port}", str(port)))
        self.addCleanup(self.end, node)
        return node

    def write(self, node: RealNode, name: str, text: str) -> None:
        with open(os.path.join(node.home, "conf", name), "w") as file:
            file.write(text)

    def end(self, node: RealNode) -> None:
        if node.running:
            node.kill()

    def refused(self, node: RealNode, *arguments: str, **environment: str) -> str:
        """Start a node that cannot start; its one line."""
        status = node.start(*arguments, check=False, **environment)
        self.assertNotEqual(status, 0, node.output)
        said = [line for line in node.output.splitlines() if line and not line.startswith("nacos is starting with")]
        self.assertEqual(len(said), 1, node.output)
        self.assertTrue(said[0].startswith("ERROR "), node.output)
        self.assertNotIn("Traceback", node.output + node.log)
        self.assertFalse(node.running)
        return said[0]

    def messages(self, node: RealNode) -> list[str]:
        """The lines of start.out behind the banner, without their times."""
        lines = [line for line in node.log.splitlines() if re.match(LINE, line)]
        return [re.sub(LINE, "", line) for line in lines]


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
        wait_for(node.ready, 10)

    def test_external_storage(self) -> None:
        """A configured database is external storage, in either mode."""
        node = self.node(properties=DATABASE, members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start()
        self.assertIn("INFO Nacos started successfully in cluster mode. use external storage", self.messages(node))
        alone = self.node("alone", DATABASE)
        alone.start("-m", "standalone")
        self.assertIn("INFO Nacos started successfully in stand alone mode. use external storage", self.messages(alone))
        self.assertNotIn("root", node.log.replace(node.home, ""), "the password does not go into a log")

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
        """A key that nobody knows is named once, and is not fatal."""
        node = self.node(properties="server.prot=1\nserver.tomcat.basedir=file:.")
        node.start("-m", "standalone")
        said = [line for line in self.messages(node) if "server.prot" in line]
        self.assertEqual(len(said), 1, node.log)
        self.assertTrue(said[0].startswith("WARN"), said)


class Scripts(Home):
    """bin/startup.sh and bin/shutdown.sh."""

    def test_started_twice(self) -> None:
        """The second start says so and leaves the first alone."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready, 10)
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
        """Nacos's words."""
        for arguments in (("-x",), ("-d",), ("start",), ("-m",)):
            node = RealNode(os.path.join(self.folder, "none"), 8848)
            self.assertEqual(node.start(*arguments, check=False), 1)
            self.assertEqual(node.output, "Unknown parameter\n")

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
        """It says what it does, the node is gone within 2 s, and its pid file with it."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready, 10)
        self.assertLess(node.stop(), 2.0)
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
        wait_for(node.ready, 10)
        self.assertLess(node.stop(), 2.0)


class Refusals(Home):
    """What cannot start says why in one line, with a status that is not 0."""

    def test_http_port_taken(self) -> None:
        node = self.node()
        with listening(node.port):
            line = self.refused(node, "-m", "standalone")
        self.assertIn(str(node.port), line)
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

    def test_data_of_another_node(self) -> None:
        """A node whose address changed would be a stranger with somebody else's vote."""
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        node.start()
        node.stop()
        first, node.port = node.port, free_port()
        self.write(node, "application.properties", f"server.port={node.port}\n")
        self.write(node, "cluster.conf", f"127.0.0.1:{node.port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        line = self.refused(node)
        self.assertIn(f"127.0.0.1:{first}", line)
        self.assertIn(f"127.0.0.1:{node.port}", line)
        self.assertIn(os.path.join(node.home, "data"), line)

    def test_data_in_use(self) -> None:
        """Two homes with one data folder: the second does not touch it."""
        first = self.node()
        first.start("-m", "standalone")
        second = self.node("second", f"nacos.home={first.home}")
        line = self.refused(second, "-m", "standalone")
        self.assertIn(os.path.join(first.home, "data"), line)
        self.assertIn(str(first.pid), line)
        self.assertTrue(wait_for(first.ready, 5))

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
        self.assertIn("full", line)

    def test_data_not_writable(self) -> None:
        node = self.node()
        data = os.path.join(node.home, "data")
        if os.geteuid():
            os.mkdir(data, 0o500)
            line = self.refused(node, "-m", "standalone")
        else:
            with mounted(data, "-o", "ro"):
                line = self.refused(node, "-m", "standalone")
        self.assertIn(data, line)

    def test_home_is_a_file(self) -> None:
        node = RealNode(os.path.join(self.folder, "file"), 8848)
        with open(node.home, "w"):
            pass
        self.assertIn(node.home, self.refused(node, "-m", "standalone"))

    def test_damaged_log_of_a_lone_node(self) -> None:
        """There is nobody to fetch the log from: one line that names the file and says what to do."""
        node = self.node()
        node.start("-m", "standalone")
        wait_for(node.ready, 10)
        for number in range(20):
            self.assertEqual(node.register("s", f"10.0.0.{number}", ephemeral="false").text, "ok")
        node.stop()
        path = damage_middle(node)
        line = self.refused(node, "-m", "standalone")
        self.assertIn(path, line)
        self.assertIn("damaged", line)


def damage_middle(node: RealNode) -> str:
    """Flip bytes in the middle of the first segment of a stopped node's log; the segment's path."""
    folder = os.path.join(node.home, "data", "raft")
    path = os.path.join(folder, min(name for name in os.listdir(folder) if name.endswith(".seg")))
    with open(path, "r+b") as file:
        data = file.read()
        file.seek(len(data) // 2)
        file.write(bytes(byte ^ 0x5A for byte in data[len(data) // 2 : len(data) // 2 + 8]))
    return path


class Running(Home):
    """The process itself, and twistd."""

    def spawn(self, node: RealNode, *command: str) -> subprocess.Popen[bytes]:
        """Run a program as this node's; its output goes to a file in its home."""
        with open(os.path.join(node.home, "output"), "wb") as output:
            process = subprocess.Popen(
                command, env=node.environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

        def end() -> None:
            if process.poll() is None:
                process.kill()
            process.wait()

        self.addCleanup(end)
        return process

    def said(self, node: RealNode) -> str:
        with open(os.path.join(node.home, "output")) as file:
            return file.read()

    def assertStops(self, node: RealNode, process: subprocess.Popen[bytes], *statuses: int) -> None:
        """SIGTERM ends it within 2 s, with status 0 (or one of those), although connections are open."""
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                idle = stack.enter_context(socket.create_connection(("127.0.0.1", node.port)))
                idle.sendall(b"GET /nacos/v1/console/health/liveness HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(idle.recv(1000).startswith(b"HTTP/1.1 200"))
            half = stack.enter_context(socket.create_connection(("127.0.0.1", node.port)))
            half.sendall(b"GET /nacos/v1/console/health/live")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            status = process.wait(10)
        self.assertLess(time.monotonic() - began, 2.0)
        self.assertIn(status, statuses or (0,), self.said(node))
        self.assertNotIn("Traceback", self.said(node))

    def test_sigterm(self) -> None:
        node = self.node()
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home, "-m", "standalone")
        wait_for(node.ready, 10)
        self.assertStops(node, process)

    def test_sigterm_without_majority(self) -> None:
        """A node that cannot reach the others stops as fast, with a write waiting for a majority."""
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home)
        wait_for(lambda: node.request("GET", "/nacos/v1/console/health/liveness").status == 200, 10)
        with socket.create_connection(("127.0.0.1", node.port)) as waiting:
            waiting.sendall(
                b"POST /nacos/v1/ns/instance?serviceName=s&ip=1.1.1.1&port=1&ephemeral=false HTTP/1.1\r\n"
                b"Host: x\r\n\r\n"
            )
            self.assertStops(node, process)
            waiting.settimeout(1)
            with contextlib.suppress(ConnectionError):
                self.assertNotIn(b"200", waiting.recv(1000)[:12])

    def test_sigint(self) -> None:
        """Ctrl-C in the foreground is no error either."""
        node = self.node()
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home, "-m", "standalone")
        wait_for(node.ready, 10)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(5), (0, 130, -signal.SIGINT))
        self.assertNotIn("Traceback", self.said(node))

    def test_environment(self) -> None:
        """SERVER_PORT comes before the file."""
        node = self.node()
        node.port = free_port()
        node.start("-m", "standalone", SERVER_PORT=str(node.port), SERVER_SERVLET_CONTEXTPATH="/registry")
        answer = wait_for(lambda: node.request("GET", "/registry/v1/console/health/readiness").status == 200, 10)
        self.assertTrue(answer)

    def test_mode_by_environment(self) -> None:
        """MODE=standalone, as container users have it."""
        node = self.node()
        node.start(MODE="standalone")
        wait_for(node.ready, 10)

    def test_placeholder(self) -> None:
        """${ENV:default} in the file."""
        node = self.node()
        node.port = free_port()
        self.write(node, "application.properties", "server.port=${MY_PORT:8848}\n")
        node.start("-m", "standalone", MY_PORT=str(node.port))
        wait_for(node.ready, 10)

    def test_root_context_path(self) -> None:
        """With / the API begins at /v1; naming works in full."""
        node = self.node(properties="server.servlet.contextPath=/")
        node.start("-m", "standalone")
        wait_for(lambda: node.request("GET", "/v1/console/health/readiness").status == 200, 10)
        who = {"serviceName": "s", "ip": "10.0.0.1", "port": 80}
        self.assertEqual(node.request("POST", "/v1/ns/instance", who).text, "ok")
        hosts = node.request("GET", "/v1/ns/instance/list", {"serviceName": "s"}).json["hosts"]
        self.assertEqual([host["ip"] for host in hosts], ["10.0.0.1"])
        self.assertEqual(node.request("PUT", "/v1/ns/instance/beat", who).json["code"], 10200)
        self.assertEqual(node.request("DELETE", "/v1/ns/instance", who).text, "ok")
        self.assertEqual(node.request("GET", "/nacos/v1/ns/instance/list", {"serviceName": "s"}).status, 404)

    def test_data_elsewhere(self) -> None:
        """nacos.home of the file puts data/ and logs/ elsewhere, so that one conf/ can be shared."""
        node = self.node()
        elsewhere = os.path.join(self.folder, "elsewhere")
        self.write(node, "application.properties", f"server.port={node.port}\nnacos.home={elsewhere}\n")
        node.start("-m", "standalone")
        wait_for(node.ready, 10)
        self.assertTrue(os.path.isdir(os.path.join(elsewhere, "data", "raft")))
        self.assertFalse(os.path.exists(os.path.join(node.home, "data", "raft")))

    def test_twistd_help(self) -> None:
        """The plugin is found from any folder."""
        done = subprocess.run(
            [venv("twistd"), "-n", "nacos", "--help"], cwd=self.folder, stdout=subprocess.PIPE, text=True, timeout=60
        )
        self.assertEqual(done.returncode, 0)
        self.assertIn("--home=", done.stdout)
        listed = subprocess.run([venv("twistd"), "--help"], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.assertRegex(listed.stdout, r"(?m)^ *nacos +\w")

    def test_twistd_foreground(self) -> None:
        node = self.node()
        process = self.spawn(
            node, venv("twistd"), "-n", "--pidfile=", "nacos", "--home", node.home, "-m", "standalone"
        )  # fmt: skip
        wait_for(node.ready, 20)
        self.assertStops(node, process, 0, -signal.SIGTERM)  # twistd ends by the signal that it got

    def test_twistd_daemon(self) -> None:
        """A daemon with pid file and log file; its end takes the pid file away."""
        node = self.node()
        pid_file, log = os.path.join(self.folder, "n.pid"), os.path.join(self.folder, "n.log")
        command = [venv("twistd"), f"--pidfile={pid_file}", f"--logfile={log}", "nacos", "--home", node.home]
        done = subprocess.run(
            [*command, "-m", "standalone"], cwd=self.folder, env=node.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0)
        wait_for(lambda: os.path.exists(pid_file), 10)
        with open(pid_file) as file:
            pid = int(file.read())
        try:
            wait_for(node.ready, 10)
            self.assertEqual(node.register("s", "10.0.0.1").text, "ok")
            began = time.monotonic()
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not os.path.exists(pid_file), 5)
            self.assertLess(time.monotonic() - began, 2.5)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with open(log) as file:
            text = file.read()
        self.assertIn("Nacos started successfully in stand alone mode", text)
        self.assertNotIn("Traceback", text)

    def test_twistd_refusals(self) -> None:
        """Under twistd too a failed start is one line and a status, in the foreground and as a daemon."""
        node = self.node()
        base = ["nacos", "--home", node.home, "-m", "standalone"]
        for options in (["-n", "--pidfile="], [f"--pidfile={self.folder}/x.pid", f"--logfile={self.folder}/x.log"]):
            with listening(node.port), tempfile.TemporaryFile("w+") as output:
                done = subprocess.run(
                    [venv("twistd"), *options, *base], cwd=self.folder, env=node.environment(),
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=30,
                )  # fmt: skip
                output.seek(0)
                text = output.read()
            self.assertNotEqual(done.returncode, 0, options)
            said = [line for line in text.splitlines() if line.startswith(("ERROR ", "An error has occurred: "))]
            self.assertEqual(len(said), 1, text)
            self.assertIn(str(node.port), said[0])
            self.assertNotIn("Traceback", text)
            self.assertFalse(os.path.exists(os.path.join(self.folder, "x.pid")))

    def test_not_from_the_source_folder(self) -> None:
        """The repository's twisted/ does not shadow the installed Twisted."""
        done = subprocess.run(
            [venv("python"), "-c", "import twisted, twisted.plugins; print(twisted.__version__)"], cwd=ROOT,
            stdout=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
        self.assertRegex(done.stdout, r"^\d+\.")
