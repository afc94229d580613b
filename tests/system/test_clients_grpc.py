"""
Clients of 2.x and 3.x that other people wrote, unchanged, against a real cluster of three over gRPC. Each program in
C{tests/clients} does what an application does and says how it went; one whose toolchain is missing, or whose client
cannot be fetched, is skipped.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.system.clients import JAVA_STREAM_VERSIONS, RUN, StreamCase
from tests.system.config_nodes import Poll, md5, publish, read, shared_configs
from tests.system.nodes import RealNode, wait_for
from tests.system.test_client_logins import PASSWORD, SHORT, filled
from tests.system.test_logins import BY_PROPERTY
from tests.system.udp import UdpClient

JAVA_STAGES = [
    "register", "batch", "persistent", "subscribe", "apart", "unsubscribe", "services", "publish", "listen", "spaces",
    "gray",
]  # fmt: skip
NEWER_STAGES = ["lock", "lease", "services", "configs"]
"""Of Java's clients of 3.x: locks, and watching by patterns."""
GO_STAGES = ["register", "batch", "persistent", "subscribe", "apart", "publish", "listen"]
PYTHON_STAGES = [
    "connect", "register", "leave", "batch", "persistent", "subscribe", "services", "publish", "listen",
    "apart",
]  # fmt: skip
RUST_STAGES = [
    "register", "batch", "persistent", "subscribe", "services", "apart", "publish", "listen", "spaces",
]  # fmt: skip
SPRING_STAGES = ["discovery", "names", "balanced", "closed"]
SPRING_VERSIONS = [("2021.0.5.0", "2.6.13", "3.1.5"), ("2023.0.3.2", "3.2.9", "4.1.4")]
"""Of Spring Cloud Alibaba, Spring Boot, and Spring Cloud's load balancer."""
LOGIN_STAGES = ["writer", "reader", "wrong"]
ENDING = f"{BY_PROPERTY}\nnacos.core.auth.default.token.expire.seconds=11"
LONG = {"preserved.heart.beat.timeout": "600000", "preserved.ip.delete.timeout": "600000"}
"""Metadata for a lease that does not end within a test."""
Part = Callable[[str], "Callable[[], None] | None"]
"""What a test does with the name that its program says."""


class ClientsTests(StreamCase):
    """One cluster for all; each program names services and configs of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.cluster = shared_configs(3)
        self.servers = ",".join(node.address for node in self.cluster.nodes)

    # -- Java

    def test_java(self) -> None:
        """nacos-client 2.5, 3.0 and 3.2: the registry and configs, pushes by a node for what another was told."""
        for version in JAVA_STREAM_VERSIONS:
            self.passes([*self.java_stream(version), self.servers, *JAVA_STAGES], JAVA_STAGES)

    def test_java_newer(self) -> None:
        """nacos-client 3.0 and 3.2: locks, services and configs by patterns, over nodes."""
        for version in JAVA_STREAM_VERSIONS:
            if not version.startswith("2."):
                program = self.java_stream(version, "NewerTrial")
                self.passes([*program, self.servers, *NEWER_STAGES], NEWER_STAGES)

    def test_mixed(self) -> None:
        """What a client of 2.x registers and publishes, those of 1.x hear of by UDP and by long polls, and back."""
        first, last = self.cluster.nodes[0], self.cluster.nodes[-1]
        udp = UdpClient(last)
        self.addCleanup(udp.close)

        def see(name: str) -> None:
            wait_for(lambda: last.ips(name) == {"10.0.0.1"}, why="a node to list the instance")
            wait_for(lambda: read(last, name) == "by gRPC", why="a node to serve the config")
            self.assertEqual(first.beat(name, "10.0.0.1", clusterName="c1").status, 200)  # not of a lease of 1.x
            self.assertEqual(first.register(name, "10.0.0.9", metadata=json.dumps(LONG)).text, "ok")
            self.assertEqual(publish(first, name, "by HTTP").text, "true")

        def subscribe(name: str) -> Callable[[], None]:
            wait_for(lambda: read(last, name) == "by HTTP", why="a node to serve what came by HTTP")
            udp.poll(name)
            poll = Poll(last, {name: md5("by HTTP")}, "192.0.2.77").wait()
            return lambda: hear(name, poll)

        def hear(name: str, poll: Poll) -> None:
            def told() -> object:
                udp.poll(name)  # stays subscribed
                return udp.until({"10.0.0.2", "10.0.0.9"}, 1.0)

            wait_for(told, why="a datagram of the instance in the place of the first")
            wait_for(lambda: poll.answer, why="the long poll to be answered")

        def see_again(name: str) -> None:
            self.assertEqual(read(last, name), "by gRPC again")
            self.assertEqual(first.deregister(name, "10.0.0.9").text, "ok")

        version = JAVA_STREAM_VERSIONS[0]
        self.together([*self.java_stream(version), self.servers, "mixed"], ["mixed"], see, subscribe, see_again)

    def test_java_failover(self) -> None:
        """The leader is killed: what a client registered, subscribes and listens to is there at another node."""
        command = [*self.java_stream(JAVA_STREAM_VERSIONS[-1]), self.servers, "failover"]
        self.together(command, ["failover"], self.kill_leader)

    def test_java_away(self) -> None:
        """A node is killed and comes back: clients that know no other are told of what changed meanwhile."""
        for version in JAVA_STREAM_VERSIONS:
            self.together(
                [*self.java_stream(version), self.servers, "away"], ["away"], self.kill_first, self.restart_first
            )

    def kill_first(self, name: str) -> None:
        self.cluster.nodes[0].kill()

    def restart_first(self, name: str) -> None:
        self.bring_back(self.cluster.nodes[0])

    def kill_leader(self, name: str) -> None:
        leader = self.cluster.leader()
        leader.kill()
        self.addCleanup(self.bring_back, leader)

    def bring_back(self, node: RealNode) -> None:
        self.cluster.restart(node)
        self.cluster.wait_ready()

    def test_spring_cloud(self) -> None:
        """Spring Cloud Alibaba 2021 and 2023: an application registers itself, is found, is balanced to, and goes."""
        for versions in SPRING_VERSIONS:
            said = self.passes([*self.spring(*versions), self.servers], SPRING_STAGES)
            name = said.split()[-1]
            for node in self.cluster.nodes:
                wait_for(functools.partial(self.gone, node, name), why="the application's instance to go")

    def test_dubbo(self) -> None:
        """Dubbo 3 with nacos-client 2.5: a consumer finds a provider, calls it, and hears that it is gone."""
        self.passes([*self.dubbo(), self.servers], ["provider", "call", "gone"])

    @staticmethod
    def gone(node: RealNode, name: str) -> bool:
        return not node.ips(name)

    # -- others

    def test_go(self) -> None:
        """nacos-sdk-go 2.3; it registers persistent instances by HTTP."""
        self.passes([*self.go_stream(), self.servers, self.folder, *GO_STAGES], GO_STAGES)

    def test_go_failover(self) -> None:
        """As with Java."""
        command = [*self.go_stream(), self.servers, self.folder, "failover"]
        self.together(command, ["failover"], self.kill_leader)

    def test_go_away(self) -> None:
        """As with Java."""
        command = [*self.go_stream(), self.servers, self.folder, "away"]
        self.together(command, ["away"], self.kill_first, self.restart_first)

    def test_python(self) -> None:
        """nacos-sdk-python 3.2."""
        packages = self.python("3.2.0")
        self.copy("python2")
        command = [sys.executable, "trial.py", self.servers, self.folder, *PYTHON_STAGES]
        self.passes(command, PYTHON_STAGES, PYTHONPATH=packages)

    def test_python_failover(self) -> None:
        """As with Java."""
        self.python_together("failover", self.kill_leader)

    def test_python_away(self) -> None:
        """As with Java."""
        self.python_together("away", self.kill_first, self.restart_first)

    def python_together(self, stage: str, *parts: Part) -> None:
        packages = self.python("3.2.0")
        self.copy("python2")
        command = [sys.executable, "trial.py", self.servers, self.folder, stage]
        self.together(command, [stage], *parts, PYTHONPATH=packages)

    def test_rust(self) -> None:
        """The crate nacos-sdk 0.8, where cargo is."""
        self.passes([*self.rust_stream(), self.servers, *RUST_STAGES], RUST_STAGES)

    def test_rust_failover(self) -> None:
        """As with Java."""
        self.together([*self.rust_stream(), self.servers, "failover"], ["failover"], self.kill_leader)

    # -- help

    def together(self, command: Sequence[str], stages: Sequence[str], *parts: Part, **environment: str) -> None:
        """The test does its parts, one each time that the program waits; what a part gives, when it goes on."""
        program = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        assert program.stdin is not None and program.stdout is not None
        said = ""
        for part in parts:
            line = ""
            while not line.startswith("waiting"):
                line = program.stdout.readline()
                said += line
                self.assertTrue(line, said)
            then = part(line.split()[1])
            program.stdin.write("\n")
            program.stdin.flush()
            if then is not None:
                then()
        self.judge(said + program.communicate(timeout=RUN)[0], stages)


class LoginsTests(StreamCase):
    """The same clients with a name and a password: right, wrong, with a right to read only, with tokens for seconds."""

    def servers(self, properties: str = BY_PROPERTY) -> str:
        return ",".join(node.address for node in filled(properties).nodes)

    def test_java(self) -> None:
        """nacos-client 2.5, 3.0 and 3.2: log in by HTTP."""
        for version in JAVA_STREAM_VERSIONS:
            program = self.java_stream(version)
            self.passes([*program, self.servers(), *LOGIN_STAGES], LOGIN_STAGES, TRIAL_PASSWORD=PASSWORD)

    def test_java_expiry(self) -> None:
        """
        Tokens end while the clients work. These look every 5 s whether less than a tenth of its time is left, so one
        for 11 s is replaced in its last second, or, on a busy machine, when it has been refused.
        """
        for version in (JAVA_STREAM_VERSIONS[0], JAVA_STREAM_VERSIONS[-1]):
            program = self.java_stream(version)
            self.passes([*program, self.servers(ENDING), "expiry"], ["expiry"], TRIAL_PASSWORD=PASSWORD)

    def test_go(self) -> None:
        """nacos-sdk-go 2.3: logs in by a timer."""
        program = self.go_stream()
        self.both(lambda servers: [*program, servers, self.folder])

    def test_python(self) -> None:
        """nacos-sdk-python 3.2."""
        packages = self.python("3.2.0")
        self.copy("python2")
        command = [sys.executable, "trial.py", self.servers(), self.folder, *LOGIN_STAGES]
        self.passes(command, LOGIN_STAGES, PYTHONPATH=packages, TRIAL_PASSWORD=PASSWORD)

    def test_rust(self) -> None:
        """The crate nacos-sdk 0.8: logs in by HTTP."""
        program = self.rust_stream()
        self.passes([*program, self.servers(), *LOGIN_STAGES], LOGIN_STAGES, TRIAL_PASSWORD=PASSWORD)

    def both(self, command: Callable[[str], Sequence[str]]) -> None:
        self.passes([*command(self.servers()), *LOGIN_STAGES], LOGIN_STAGES, TRIAL_PASSWORD=PASSWORD)
        self.passes([*command(self.servers(SHORT)), "expiry"], ["expiry"], TRIAL_PASSWORD=PASSWORD)
