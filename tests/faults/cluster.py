"""The cluster that faults are put into: each node in a network namespace, with a disk of its own for its data."""

from __future__ import annotations

import os
import subprocess

from twisted.trial.unittest import SkipTest

from tests.faults.cables import Cables
from tests.system.network import NetworkCluster, run
from tests.system.wallclock import WallClock, build, usable

SIZE = "200m"
"""Of each node's disk."""


class FaultyCluster(NetworkCluster):
    """
    Three nodes whose networks can be cut, slowed down and made lossy, whose disks can be filled and whose wall clocks
    can be set. Linux, as root.

    @ivar cables: of the nodes, in their order.
    @ivar clocks: likewise.
    """

    cables: Cables

    def __init__(self, properties: str = "", arguments: tuple[str, ...] = ("-p", "embedded")) -> None:
        """@raise SkipTest: this user may not make networks or disks."""
        if not usable():
            raise SkipTest("clocks that can be set need Linux and gcc")
        super().__init__()
        self._arguments = arguments
        self._mounted: list[str] = []
        self.clocks: list[WallClock] = []
        library = build(self.folder)
        for number, node in enumerate(self.nodes):
            clock = WallClock(library, os.path.join(self.folder, f"clock{number}"))
            node.prefix += ("env", *(f"{name}={value}" for name, value in clock.environment.items()))
            self.clocks.append(clock)
            node.arguments = arguments
            with open(os.path.join(node.home, "conf", "application.properties"), "a") as file:
                file.write(f"{properties}\n")
            data = os.path.join(node.home, "data")
            os.makedirs(data)
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", data], capture_output=True)
            if done.returncode:
                self.close()
                raise SkipTest(f"a disk cannot be made here: {done.stderr.decode().strip()}")
            self._mounted.append(data)

    @property
    def arguments(self) -> tuple[str, ...]:
        return self._arguments

    def lay(self, names: list[str]) -> None:
        self.cables = Cables(names)

    def plug(self, number: int, space: str) -> None:
        run("ip", "link", "set", f"{space}-i", "netns", space, "name", "eth0")
        run("ip", "link", "set", f"{space}-o", "master", self.bridge, "up")

    def close(self) -> None:
        """End the nodes, remove their disks and the network."""
        for node in self.nodes:
            if node.running:
                node.kill()
        for data in getattr(self, "_mounted", ()):
            subprocess.run(["umount", "-l", data], capture_output=True)
        super().close()
        if hasattr(self, "cables"):
            self.cables.close()
