"""The cluster that faults are put into: each node in a network namespace, with a disk of its own for its data."""

from __future__ import annotations

import os
import subprocess

from twisted.trial.unittest import SkipTest

from tests.system.network import NetworkCluster

SIZE = "200m"
"""Of each node's disk."""


class FaultyCluster(NetworkCluster):
    """Three nodes whose networks can be cut and whose disks can be filled. Linux, as root."""

    def __init__(self, properties: str = "", arguments: tuple[str, ...] = ("-p", "embedded")) -> None:
        """@raise SkipTest: this user may not make networks or disks."""
        super().__init__()
        self._arguments = arguments
        self._mounted: list[str] = []
        for node in self.nodes:
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

    def close(self) -> None:
        """End the nodes, remove their disks and the network."""
        for node in self.nodes:
            if node.running:
                node.kill()
        for data in getattr(self, "_mounted", ()):
            subprocess.run(["umount", "-l", data], capture_output=True)
        super().close()
