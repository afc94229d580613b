"""Nodes of tests that are forked: they are what bin/startup.sh starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.system import forks
from tests.system.homes import Home, listening
from tests.system.nodes import RealNode, wait_for

ALONE = "-m", "standalone"


def seen(node: RealNode) -> dict[str, Any]:
    """What the operating system says of a node's process, without the names of its home and of its sockets."""
    folder = f"/proc/{node.pid}"
    with open(f"{folder}/cmdline") as file:
        command = file.read().rstrip("\0").replace(node.home, "HOME").split("\0")
    with open(f"{folder}/status") as file:
        status = dict(line.rstrip("\n").split(":\t") for line in file)
    with open(f"{folder}/limits") as file:
        limits = file.read()
    files = [os.readlink(f"{folder}/fd/{number}") for number in range(3)]
    return {
        "command": command,
        "folder": os.readlink(f"{folder}/cwd").replace(node.home, "HOME"),
        "files": [name.replace(node.home, "HOME") for name in files],
        "limits": limits,
        **{name: status[name] for name in ("SigBlk", "SigIgn", "SigCgt", "Threads", "Umask")},
    }


class ForkTests(Home):
    """By a process of their own."""

    def setUp(self) -> None:
        super().setUp()
        if not forks.WANTED:
            raise SkipTest("nodes are not forked here")

    def forked(self, name: str = "forked", properties: str = "") -> RealNode:
        node = self.node(name, properties)
        node.by_script = False
        return node

    def test_like_started(self) -> None:
        """Command, folder, output, limits and signals are those of a node that the script starts."""
        one, other = self.node("started"), self.forked()
        one.start(*ALONE)  # it installs the server if it has to
        other.start(*ALONE)
        for node in (one, other):
            wait_for(node.ready)
        self.assertEqual(seen(other), seen(one))
        self.assertEqual(other.output, "", "the script has not run")
        for node in (one, other):
            node.stop()

    def test_refused(self) -> None:
        """A node that cannot start fails the test with what it said."""
        node = self.forked()
        with listening(node.port):
            error = self.assertRaises(AssertionError, node.start, *ALONE)
        self.assertIn("ended with 1: ", str(error))
        self.assertIn(f"ERROR port {node.port} is taken by another process", str(error))
        self.assertFalse(node.running)

    def test_special(self) -> None:
        """What counts while a process begins, and options that are not plain, are left to the script."""
        environ = dict(os.environ)
        self.assertTrue(forks.is_plain(environ))
        for name in ("LD_PRELOAD", "PYTHONHASHSEED", "LC_ALL", "MODE", "EMBEDDED_STORAGE"):
            self.assertFalse(forks.is_plain({**environ, name: "another"}), name)
        self.assertEqual(forks.options(()), ["--mode", "cluster"])
        self.assertEqual(forks.options(("-p", "embedded")), ["--mode", "cluster", "--storage", "embedded"])
        self.assertEqual(forks.options((*ALONE, "-p", "embedded")), ["--mode", "standalone"])
        for arguments in (("-m", "single"), ("-p", "mysql"), ("-v",), ("-m",), ("-m", "cluster", "-m", "standalone")):
            self.assertIsNone(forks.options(arguments), arguments)

    def test_ended(self) -> None:
        """The nodes of a test process that was killed end with it."""
        node = self.forked()
        code = (
            "import os, signal, sys\n"
            "from tests.system.nodes import RealNode\n"
            "node = RealNode(sys.argv[1], int(sys.argv[2]))\n"
            "node.start('-m', 'standalone')\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        self.node("started").start(*ALONE)
        done = subprocess.run(
            [sys.executable, "-c", code, node.home, str(node.port)],
            cwd=forks.ROOT,
            env={**os.environ, "PYTHONPATH": forks.ROOT},
        )
        self.assertEqual(done.returncode, -signal.SIGKILL)
        self.assertTrue(os.path.exists(os.path.join(node.home, "data", "nacos.pid")))
        wait_for(lambda: not node.running, why="the node to end")
