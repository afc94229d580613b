"""Ports that processes of tests give out."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests import ports

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GIVES = """
import sys
from tests import ports
ports.CLAIMS = ports.Claims(sys.argv[1])
print(ports.free_port(-1000, 1000), flush=True)
sys.stdin.read()
"""
ASKS = """
import sys
from tests import ports
claims = ports.Claims(sys.argv[1])
print([claims.take((port,)) for port in range(1, 6)])
"""


class PortsTests(SynchronousTestCase):
    """Beside another process that runs tests."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.claims = ports.Claims(self.path)

    def process(self, program: str) -> subprocess.Popen[str]:
        """One that runs a program with the same file."""
        command = [sys.executable, "-c", program, self.path]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def test_not_those_of_another_process(self) -> None:
        """They are its own until it ends, whether something listens there or not."""
        with self.process(GIVES) as other:
            assert other.stdout is not None
            port = int(other.stdout.readline())
            for near in (port, port - 1000, port + 1000):
                self.assertFalse(self.claims.take((near - 2000, near)))
                self.assertTrue(self.claims.take((near - 3, near + 3)))
            other.communicate()
        self.assertTrue(self.claims.take((port, port - 1000, port + 1000)))

    def test_let_go(self) -> None:
        """Those that were given out long ago are anybody's."""
        self.patch(ports, "KEPT", 2)
        for taken in ((1, 2), (2, 3), (4, 5)):
            self.assertTrue(self.claims.take(taken))
        said, _ = self.process(ASKS).communicate()
        self.assertEqual(said.strip(), "[True, False, False, False, False]")

    def test_no_file(self) -> None:
        """Where it cannot be opened, ports are given out all the same."""
        self.assertTrue(ports.Claims("/nowhere/at/all").take((1,)))
