"""
Clients that other people wrote, unchanged, against a real cluster of three. Each program in C{tests/clients} does
what an application does and says how it went; one whose toolchain is missing, or whose client cannot be fetched, is
skipped.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys

from twisted.trial.unittest import SkipTest

from tests.system.clients import (
    JAVA_VERSIONS,
    PYTHON_STREAM_VERSIONS,
    RUN,
    ClientCase,
    need,
)
from tests.system.nodes import RealNode, wait_for
from tests.system.secured import TlsCluster
from tests.system.shared import shared

BEAT_SECONDS = os.environ.get("NACOS_CLIENT_BEATS", "6")
"""How long beats are watched, twice; from 31 on with the default leases of 15 and 30 s, below with short ones."""

JAVA_STAGES = [
    "status", "register", "persistent", "select", "subscribe", "maintainInstance", "services", "serviceList", "beats"
]  # fmt: skip


class ClientsTests(ClientCase):
    """One cluster for all; each program names services of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.cluster = shared(3)
        self.servers = ",".join(node.address for node in self.cluster.nodes)

    # -- Java

    def test_java(self) -> None:
        """nacos-client 1.4: every naming call, pushes by a node for what another was told, both kinds of beats."""
        for version in JAVA_VERSIONS:
            command = self.java(version)
            self.passes([*command, self.servers, BEAT_SECONDS, *JAVA_STAGES], JAVA_STAGES)

    def test_java_https(self) -> None:
        """nacos-client 1.4 over https, checking the nodes' certificates: naming, pushes, beats."""
        command = self.java(JAVA_VERSIONS[0])
        cluster = TlsCluster()
        self.addCleanup(cluster.close)
        cluster.start()
        options = [
            "-Dcom.alibaba.nacos.client.naming.tls.enable=true", "-Dtls.enable=true", "-Dtls.client.authServer=true",
            f"-Dtls.client.trustCertPath={cluster.files.at('ca.pem')}",
        ]  # fmt: skip
        servers = ",".join(node.address for node in cluster.nodes)
        stages = ["status", "register", "persistent", "select", "subscribe", "services"]
        self.passes([command[0], *options, *command[1:], servers, "0", *stages], stages)
        cluster.files.new_ca()
        cluster.files.drop_old_cas()  # the nodes still show certificates of the old one
        done = subprocess.run(
            [command[0], *options, *command[1:], servers, "0", "register"], cwd=self.folder, timeout=RUN,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.assertNotIn("ok register", done.stdout)

    def test_java_2(self) -> None:
        """nacos-client 2.5: what it does by HTTP, persistent instances and maintenance; the rest is gRPC."""
        stages = ["status", "services", "persistentWrites"]
        self.passes([*self.java("2.5.1"), self.servers, "0", *stages], stages)

    def test_python_streams(self) -> None:
        """nacos-sdk-python 2: instances of all kinds, subscriptions, configs, listening."""
        stages = [
            "connect", "register", "leave", "batch", "persistent", "subscribe", "services", "publish", "listen"
        ]  # fmt: skip
        self.copy("python2")
        for version in PYTHON_STREAM_VERSIONS:
            command = [sys.executable, "trial.py", self.servers, self.folder, *stages]
            self.passes(command, stages, PYTHONPATH=self.python(version))

    def test_java_failover(self) -> None:
        """The leader is killed: a client that knows three servers goes on writing, reading and beating."""
        command = [*self.java(JAVA_VERSIONS[0]), self.servers, "0", "status", "failover"]
        program = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        assert program.stdin is not None and program.stdout is not None
        said = ""
        while said.splitlines()[-1:] != ["waiting"]:
            line = program.stdout.readline()
            said += line
            self.assertTrue(line, said)
        leader = self.cluster.leader()
        leader.kill()
        try:
            self.judge(said + program.communicate("\n", timeout=RUN)[0], ["status", "failover"])
        finally:
            leader.start()
            self.cluster.wait_ready()

    def test_spring_cloud(self) -> None:
        """Spring Cloud Alibaba 2.2: an application registers itself, is found, is balanced to, and goes."""
        opened = ("--add-opens", "java.base/java.lang=ALL-UNNAMED")  # for its old Spring on a new Java
        command = self.jvm(self.jars("spring", options=("--release", "9")), *opened)
        stages = ["discovery", "names", "balanced", "closed"]
        said = self.passes([*command, "SpringTrial", self.servers], stages)
        name = said.split()[-1]
        for node in self.cluster.nodes:
            wait_for(functools.partial(self.gone, node, name), why="the application's instance to go")

    @staticmethod
    def gone(node: RealNode, name: str) -> bool:
        return not node.ips(name)

    # -- others

    def test_go(self) -> None:
        """nacos-sdk-go 1.1: writes by form body, lists, subscription with UDP pushes, beats."""
        command = [self.go("go", "naming-trial"), self.servers, self.folder]
        self.passes(command, ["register", "persistent", "subscribe", "beats", "list"])

    def test_node(self) -> None:
        """The npm package nacos: what eggjs applications use."""
        need("node", "npm")
        self.copy("node")
        self.fetch("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        stages = ["status", "register", "persistent", "subscribe", "beats"]
        self.passes(["node", "trial.js", self.servers], stages)

    def test_python(self) -> None:
        """nacos-sdk-python 0.1, if this Python has it."""
        if subprocess.run([sys.executable, "-c", "import nacos.listener"], stderr=subprocess.DEVNULL).returncode:
            raise SkipTest("nacos-sdk-python 0.1 is not installed")
        self.copy("python")
        self.passes([sys.executable, "trial.py", self.servers], ["register", "persistent", "beats", "subscribe"])
