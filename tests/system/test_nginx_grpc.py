"""The nginx configuration of docs/grpc.md, a plain TCP proxy before three real nodes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.config_nodes import shared_configs
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import ROOT, RealNode, free_port, wait_for

DOCUMENT = os.path.join(ROOT, "docs", "grpc.md")
DOCUMENTED = [f"192.168.163.{last}:9848" for last in (131, 132, 133)]
MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def documented() -> str:
    """The configuration as the document has it."""
    with open(DOCUMENT) as file:
        found = re.search(r"<!-- nginx stream -->\s*```nginx\n(.*?)```\s*<!-- end -->", file.read(), re.DOTALL)
    if found is None:
        raise AssertionError(f"{DOCUMENT}: no nginx block between the two comments")
    return found[1]


class NginxGrpcTests(SynchronousTestCase):
    """Clients of 2.x that know the proxy only."""

    def setUp(self) -> None:
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if program is None or not os.path.exists(MODULE):
            raise SkipTest("nginx has no streams (Debian: apt-get install nginx-light libnginx-mod-stream)")
        self.nodes = shared_configs(3).nodes
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-nginx-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)  # the workers are another user
        self.port = free_port()
        text = documented()
        changes = [(old, f"{node.host}:{node.port + 1000}") for old, node in zip(DOCUMENTED, self.nodes, strict=True)]
        for old, new in (*changes, ("listen 9848;", f"listen 127.0.0.1:{self.port};")):
            self.assertEqual(text.count(old), 1, f"{old} in {DOCUMENT}")
            text = text.replace(old, new)
        configuration = os.path.join(self.folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(text)
        command = [program, "-p", self.folder, "-c", configuration, "-e", os.path.join(self.folder, "error.log")]
        process = subprocess.Popen(
            [*command, "-g", f"daemon off; pid {self.folder}/nginx.pid;"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)

    def client(self) -> GrpcClient:
        """One that connects to the proxy, once that listens."""

        def connected() -> GrpcClient | None:
            try:
                return GrpcClient(RealNode(self.folder, self.port - 1000))
            except OSError:
                return None

        found: GrpcClient = wait_for(connected, why="a client to connect through nginx")
        self.addCleanup(found.close)
        return found

    def test_registers(self) -> None:
        """Clients register through the proxy, at whatever nodes; all nodes list them until they end."""
        clients = [self.client() for _ in range(3)]
        for number, client in enumerate(clients):
            self.assertTrue(client.register("behind-nginx", f"10.0.0.{number}")["success"])
        wanted = {"10.0.0.0", "10.0.0.1", "10.0.0.2"}
        for node in self.nodes:
            wait_for(lambda node=node: node.ips("behind-nginx") == wanted, why="a node to list all")  # type: ignore[misc]
        clients[0].close()
        wanted.discard("10.0.0.0")
        for node in self.nodes:
            wait_for(lambda node=node: node.ips("behind-nginx") == wanted, why="one to go with its client")  # type: ignore[misc]
