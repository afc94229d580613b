"""The process itself: signals, settings that change where it serves, and twistd."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile

from tests.system.homes import Home, hear_interrupts, listening, venv
from tests.system.nodes import ROOT, RealNode, free_port, wait_for


class Running(Home):
    """The process itself, and twistd."""

    def spawn(self, node: RealNode, *command: str) -> subprocess.Popen[bytes]:
        """Run a program as this node's; its output goes to a file in its home."""
        with open(os.path.join(node.home, "output"), "wb") as output:
            process = subprocess.Popen(
                command, env=node.environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, preexec_fn=hear_interrupts,
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
        """SIGTERM ends it, with status 0 (or one of those), although connections are open."""
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                idle = stack.enter_context(socket.create_connection(("127.0.0.1", node.port)))
                idle.sendall(b"GET /nacos/v1/console/health/liveness HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(idle.recv(1000).startswith(b"HTTP/1.1 200"))
            half = stack.enter_context(socket.create_connection(("127.0.0.1", node.port)))
            half.sendall(b"GET /nacos/v1/console/health/live")
            process.send_signal(signal.SIGTERM)
            status = process.wait(60)
        self.assertIn(status, statuses or (0,), self.said(node))
        self.assertNotIn("Traceback", self.said(node))

    def test_sigterm(self) -> None:
        node = self.node()
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home, "-m", "standalone")
        wait_for(node.ready)
        self.assertStops(node, process)

    def test_sigterm_without_majority(self) -> None:
        """A node that cannot reach the others stops too, with a write waiting for a majority."""
        node = self.node(members="127.0.0.1:{port}\n127.0.0.1:9002\n127.0.0.1:9003\n")
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home)
        wait_for(lambda: node.request("GET", "/nacos/v1/console/health/liveness").status == 200)
        with socket.create_connection(("127.0.0.1", node.port)) as waiting:
            waiting.sendall(
                b"POST /nacos/v1/ns/instance?serviceName=s&ip=1.1.1.1&port=1&ephemeral=false HTTP/1.1\r\n"
                b"Host: x\r\n\r\n"
            )
            self.assertStops(node, process)
            waiting.settimeout(30)
            with contextlib.suppress(ConnectionError):
                self.assertNotIn(b"200", waiting.recv(1000)[:12])

    def test_sigint(self) -> None:
        """Ctrl-C in the foreground is no error either."""
        node = self.node()
        process = self.spawn(node, venv("python"), "-m", "nacos_tw", "--home", node.home, "-m", "standalone")
        wait_for(node.ready)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(60), (0, 130, -signal.SIGINT))
        self.assertNotIn("Traceback", self.said(node))

    def test_environment(self) -> None:
        """SERVER_PORT comes before the file."""
        node = self.node()
        node.port = free_port()
        node.start("-m", "standalone", SERVER_PORT=str(node.port), SERVER_SERVLET_CONTEXTPATH="/registry")
        answer = wait_for(lambda: node.request("GET", "/registry/v1/console/health/readiness").status == 200)
        self.assertTrue(answer)

    def test_mode_by_environment(self) -> None:
        """MODE=standalone, as container users have it."""
        node = self.node()
        node.start(MODE="standalone")
        wait_for(node.ready)

    def test_placeholder(self) -> None:
        """${ENV:default} in the file."""
        node = self.node()
        node.port = free_port()
        self.write(node, "application.properties", "server.port=${MY_PORT:8848}\n")
        node.start("-m", "standalone", MY_PORT=str(node.port))
        wait_for(node.ready)

    def test_root_context_path(self) -> None:
        """With / the API begins at /v1; naming works in full."""
        node = self.node(properties="server.servlet.contextPath=/")
        node.start("-m", "standalone")
        wait_for(lambda: node.request("GET", "/v1/console/health/readiness").status == 200)
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
        wait_for(node.ready)
        self.assertTrue(os.path.isdir(os.path.join(elsewhere, "data", "raft")))
        self.assertFalse(os.path.exists(os.path.join(node.home, "data", "raft")))

    def test_twistd_help(self) -> None:
        """The plugin is found from any folder."""
        done = subprocess.run(
            [venv("twistd"), "-n", "nacos", "--help"], cwd=self.folder, stdout=subprocess.PIPE, text=True, timeout=120
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
        wait_for(node.ready)
        self.assertStops(node, process, 0, -signal.SIGTERM)  # twistd ends by the signal that it got

    def test_twistd_daemon(self) -> None:
        """A daemon with pid file and log file; its end takes the pid file away."""
        node = self.node()
        pid_file, log = os.path.join(self.folder, "n.pid"), os.path.join(self.folder, "n.log")
        command = [venv("twistd"), f"--pidfile={pid_file}", f"--logfile={log}", "nacos", "--home", node.home]
        done = subprocess.run(
            [*command, "-m", "standalone"], cwd=self.folder, env=node.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0)
        wait_for(lambda: os.path.exists(pid_file))
        with open(pid_file) as file:
            pid = int(file.read())
        try:
            wait_for(node.ready)
            self.assertEqual(node.register("s", "10.0.0.1").text, "ok")
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not os.path.exists(pid_file))
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
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=120,
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
            stdout=subprocess.PIPE, text=True, timeout=120,
        )  # fmt: skip
        self.assertRegex(done.stdout, r"^\d+\.")
