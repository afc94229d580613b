"""nacosctl lock: a command that runs alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from tests.system.ctl import CtlCase
from tests.system.homes import venv
from tests.system.nodes import wait_for


class LockTests(CtlCase):
    """One node."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-ctl-")
        self.addCleanup(shutil.rmtree, self.folder)

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A nacosctl lock in a process of its own, which is ended with the test."""
        process = subprocess.Popen(
            [venv("nacosctl"), "--addr", self.node.address, "lock", self.name, *arguments],
            stdout=subprocess.DEVNULL, env={**os.environ, "NACOSCTL_CONFIG": "/nonexistent/nacosctl.yaml"},
        )  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def number(self, name: str) -> int:
        """The number that a command has written into a file."""
        with open(self.path(name)) as file:
            return int(file.read())

    def test_status_and_numbers(self) -> None:
        """The command's own status; each grant has a higher number."""
        for name, status in (("a", 0), ("b", 3)):
            script = f"echo $NACOSCTL_LOCK_NUMBER > {self.path(name)}; exit {status}"
            self.assertEqual(self.begin("--", "sh", "-c", script).wait(60), status)
        self.assertGreater(self.number("b"), self.number("a"))
        self.assertGreater(self.number("a"), 0)

    def test_one_at_a_time(self) -> None:
        """Who does not wait gets 8 while another has it; who waits runs when that has ended."""
        script = f"echo $NACOSCTL_LOCK_NUMBER > {self.path('a')}; while [ ! -e {self.path('go')} ]; do sleep 0.05; done"
        first = self.begin("--", "sh", "-c", script)
        wait_for(lambda: os.path.exists(self.path("a")))
        self.assertEqual(self.begin("--wait", "0", "--", "true").wait(60), 8)
        second = self.begin("--", "sh", "-c", f"echo $NACOSCTL_LOCK_NUMBER > {self.path('b')}")
        with open(self.path("go"), "w"):
            pass
        self.assertEqual((first.wait(60), second.wait(60)), (0, 0))
        self.assertGreater(self.number("b"), self.number("a"))

    def test_killed_holder(self) -> None:
        """What a killed call held is free when its time is over."""
        first = self.begin("--ttl", "1", "--", "sh", "-c", f"echo 1 > {self.path('a')}; exec sleep 60")
        wait_for(lambda: os.path.exists(self.path("a")))
        first.kill()
        self.assertEqual(self.begin("--", "true").wait(60), 0)
