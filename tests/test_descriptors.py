"""Tests for L{nacos_tw.descriptors}, with the real limits of processes of their own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

import nacos_tw
from nacos_tw.descriptors import KEPT, Reserve, Room, connections

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(nacos_tw.__file__)))


def run(program: str, soft: int, hard: int) -> str:
    """What a program prints under these limits."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    done = subprocess.run(
        [sys.executable, "-c", program], preexec_fn=limit, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.strip()


class LimitTests(SynchronousTestCase):
    """How many files may be open."""

    def test_raised(self) -> None:
        """The soft limit becomes the hard one."""
        program = "from nacos_tw.descriptors import *\nimport resource\n"
        program += "print(raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0], connections(20000))"
        self.assertEqual(run(program, 256, 2048), "2048 2048 1536")
        self.assertEqual(run(program, 300, 300), "300 300 150")

    def test_room(self) -> None:
        """Connections of all ports have room together."""
        self.assertEqual(run("from nacos_tw.descriptors import *\nprint(Room().most)", 300, 300), "150")
        room = Room()
        self.assertFalse(room.full)
        room.taken = room.most
        self.assertTrue(room.full)

    def test_every_node(self) -> None:
        """However a node is started, by twistd say: its limit is raised before it counts what it may open."""
        home = self.mktemp()
        os.makedirs(home)
        program = f"""
import resource
from nacos_tw.options import Options
from nacos_tw.service import makeService
options = Options()
options.parseOptions(["--home", {os.path.abspath(home)!r}, "-m", "standalone"])
makeService(options)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
        self.assertEqual(run(program, 256, 2048), "2048")

    def test_connections(self) -> None:
        """What is allowed is not raised."""
        self.assertEqual(connections(3), 3)

    def test_reserve(self) -> None:
        """When nothing can be opened any more, what is kept back can be used, and is there again afterwards."""
        program = f"""
import os
from nacos_tw.descriptors import Reserve
reserve, used = Reserve(), []
reserve.open()
def fill():
    try:
        while True:
            used.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno
assert fill() == 24
for _ in range(3):
    with reserve.lent():
        opened = [os.open(os.devnull, os.O_RDONLY) for _ in range({KEPT})]
        for fd in opened:
            os.close(fd)
    count = len(used)
    fill()
    assert len(used) == count
print("well")
"""
        self.assertEqual(run(program, 64, 64), "well")

    def test_closed(self) -> None:
        """Given back, it holds nothing."""
        before = len(os.listdir("/dev/fd"))
        reserve = Reserve()
        reserve.open()
        self.assertEqual(len(os.listdir("/dev/fd")), before + KEPT)
        reserve.close()
        self.assertEqual(len(os.listdir("/dev/fd")), before)
