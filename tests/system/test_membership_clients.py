"""Three nodes become five and three others, under clients of gRPC that other people wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from twisted.trial.unittest import SkipTest

from tests.system.clients import JAVA_STREAM_VERSIONS, RUN, StreamCase
from tests.system.config_nodes import ConfigCluster
from tests.system.nodes import RealNode, wait_for
from tests.system.test_membership import Changing

GRACE = "nacos.naming.client.grace=120\n"
"""So long that clients come again in time on a busy machine, too."""


class ClientLoadTests(StreamCase, Changing):
    """Programs of C{tests/clients} that call without a pause until they are told to stop."""

    def setUp(self) -> None:
        StreamCase.setUp(self)

    def test_three_five_three(self) -> None:
        """Two nodes join, then the leader and another of the first three leave for good: nacos-client of Java
        and nacos-sdk-python, which know the first three only, lose no instance and no config, and all calls succeed."""
        nodes = ConfigCluster(properties=GRACE)
        self.addCleanup(nodes.close)
        nodes.start()
        servers = ",".join(node.address for node in nodes.nodes)
        programs = [self.begun(command, path) for command, path in self.commands(servers)]
        heads = [self.waits(program) for program in programs]
        new = [self.newcomer(nodes), self.newcomer(nodes)]
        for node in new:
            node.arguments = nodes.arguments
            with open(os.path.join(node.home, "conf", "application.properties"), "a") as file:
                file.write(GRACE)
        self.replace(nodes.nodes, new)
        for program, head in zip(programs, heads, strict=True):
            said, _ = program.communicate("\n", timeout=RUN)
            self.judge(head + said, ["load"])

    def replace(self, nodes: list[RealNode], new: list[RealNode]) -> None:
        """By commands at nodes that stay."""
        old = [node for node in nodes if node not in new]
        wait_for(lambda: self.known(old[0]), why="the log to have the ids")
        for node in new:
            node.start()
            self.assertEqual(self.change(old[0], "POST", address=node.address, voter="true").status, 200)
            wait_for(lambda node=node: self.roles(old[0]).get(node.address) == "voter", why="it to be promoted")  # type: ignore[misc]
        self.assertRoles(nodes, nodes)
        leader = wait_for(lambda: next((node for node in old if node.address == old[0].leader()), None) or old[0])
        leave = [leader, next(node for node in old if node is not leader)]
        stay = [node for node in nodes if node not in leave]
        for node in leave:
            self.assertEqual(self.change(stay[0], "DELETE", member=node.address).status, 200)
            wait_for(lambda node=node: "was removed" in node.readiness().text, why="it to say so")  # type: ignore[misc]
            node.stop()
        self.assertRoles(stay, stay)

    def commands(self, servers: str) -> list[tuple[Sequence[str], dict[str, str]]]:
        """Of the clients whose toolchains are there; a skip where there are none."""
        found: list[tuple[Sequence[str], dict[str, str]]] = []
        missing = ""
        try:
            packages = self.python("3.2.0")
            self.copy("python2")
            found.append(([sys.executable, "trial.py", servers, self.folder, "load"], {"PYTHONPATH": packages}))
        except SkipTest as error:
            missing = str(error)
        try:
            found.append(([*self.java_stream(JAVA_STREAM_VERSIONS[-1]), servers, "load"], {}))
        except SkipTest as error:
            missing = str(error)
        if not found:
            raise SkipTest(missing)
        return found

    def begun(self, command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        """A program that runs."""
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
        return program

    def waits(self, program: subprocess.Popen[str]) -> str:
        """What it says until it calls without a pause."""
        assert program.stdout is not None
        said = ""
        while "waiting" not in said:
            line = program.stdout.readline()
            said += line
            self.assertTrue(line, said)
        return said
