"""Homes of single nodes for tests, and what keeps a node from starting."""

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
from collections.abc import Iterator

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import RealNode, free_port

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


def hear_interrupts() -> None:
    """In a child: what a shell has started in the background does not hear SIGINT, nor do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
        node.by_script = True  # it is the start that these tests are about
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


def damage_middle(node: RealNode) -> str:
    """Flip bytes in the middle of the first segment of a stopped node's log; the segment's path."""
    folder = os.path.join(node.home, "data", "raft")
    path = os.path.join(folder, min(name for name in os.listdir(folder) if name.endswith(".seg")))
    with open(path, "r+b") as file:
        data = file.read()
        file.seek(len(data) // 2)
        file.write(bytes(byte ^ 0x5A for byte in data[len(data) // 2 : len(data) // 2 + 8]))
    return path
