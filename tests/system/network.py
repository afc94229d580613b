"""A network of its own for each node, which can be cut in one direction. Linux, as root."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterable

from twisted.trial.unittest import SkipTest

from tests.system.nodes import RealCluster, RealNode

NOWHERE = "02:de:ad:00:00:01"
"""A link address that nobody has: what is sent there is lost without a word."""


def run(*command: str) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.decode().strip()}")


class NetworkCluster(RealCluster):
    """
    Three nodes, each in a network namespace of its own, on one bridge with the test.

    All listen on 8848 and 7848 of their own address.
    """

    def __init__(self, size: int = 3) -> None:
        """
        @raise SkipTest: this user may not make networks, or this machine cannot.
        """
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-test-")
        self.nodes: list[RealNode] = []
        self._cuts: set[tuple[str, str]] = set()
        self.bridge = f"ntw{random.randrange(16**5):05x}"
        self._net = f"10.{random.randrange(200, 250)}.{random.randrange(1, 250)}"
        if os.geteuid() or not shutil.which("ip"):
            shutil.rmtree(self.folder)
            raise SkipTest("a network that can be cut needs root and ip (iproute2)")
        try:
            self._build(size)
        except OSError as error:
            self.close()
            raise SkipTest(f"a network that can be cut cannot be made here: {error}") from None

    def _build(self, size: int) -> None:
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "address", "add", f"{self._net}.254/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        self.lay([f"{self.bridge}-{number}" for number in range(1, size + 1)])
        for number in range(1, size + 1):
            space, host = f"{self.bridge}-{number}", f"{self._net}.{number}"
            run("ip", "netns", "add", space)
            inside = ("ip", "netns", "exec", space)
            self.plug(number - 1, space)
            run(*inside, "ip", "link", "set", "lo", "up")
            run(*inside, "ip", "address", "add", f"{host}/24", "dev", "eth0")
            run(*inside, "ip", "link", "set", "eth0", "up")
            home = os.path.join(self.folder, f"node{number}")
            os.makedirs(os.path.join(home, "conf"))
            self.nodes.append(RealNode(home, 8848, host, inside))
            with open(os.path.join(home, "conf", "application.properties"), "w") as file:
                file.write("nacos.raft.secret=only-for-this-test-cluster\n")
            with open(os.path.join(home, "conf", "cluster.conf"), "w") as file:
                file.writelines(f"{self._net}.{other}\n" for other in range(1, size + 1))

    def lay(self, names: list[str]) -> None:
        """Make what the nodes are to be plugged into, where that is more than the bridge."""

    def plug(self, number: int, space: str) -> None:
        """Give a node's namespace its device, which goes to the bridge."""
        run("ip", "link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space)
        run("ip", "link", "set", space, "master", self.bridge, "up")

    def cut(self, source: RealNode, target: RealNode) -> None:
        """From now on nothing that C{source} sends gets to C{target}."""
        run(*source.prefix, "ip", "neigh", "replace", target.host, "lladdr", NOWHERE, "nud", "permanent", "dev", "eth0")
        self._cuts.add((source.address, target.address))

    def cut_both_ways(self, one: RealNode, others: Iterable[RealNode]) -> None:
        """Neither side hears the other."""
        for other in others:
            self.cut(one, other)
            self.cut(other, one)

    def heal(self) -> None:
        """Everyone hears everyone again."""
        by_address = {node.address: node for node in self.nodes}
        while self._cuts:
            source, target = (by_address[address] for address in self._cuts.pop())
            run(*source.prefix, "ip", "neigh", "del", target.host, "dev", "eth0")

    def close(self) -> None:
        """End the nodes, remove the network."""
        super().close()
        for number in range(1, len(self.nodes) + 2):
            subprocess.run(["ip", "netns", "del", f"{self.bridge}-{number}"], capture_output=True)
        subprocess.run(["ip", "link", "del", self.bridge], capture_output=True)
