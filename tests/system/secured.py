"""Real nodes that speak TLS, on addresses of their own on the loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator

from nacos_tw.tls.making import CA_DAYS, Folder, Pair, Span, file_name, make_ca, make_node
from tests.system.nodes import RealCluster, RealNode

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")

RAFT = """
nacos.raft.tls.enabled=true
nacos.raft.tls.certificate=conf/tls/node.pem
nacos.raft.tls.private-key=conf/tls/node.key
nacos.raft.tls.ca=conf/tls/ca.pem
"""
HTTPS = """
server.ssl.certificate=conf/tls/node.pem
server.ssl.certificate-private-key=conf/tls/node.key
"""


class TlsCluster(RealCluster):
    """
    Three nodes at 127.0.0.1 to 127.0.0.3, each with a certificate of its own from one CA.

    @ivar files: the CA, and the certificates as they are made.
    """

    def __init__(self, size: int = 3, properties: str = RAFT + HTTPS, hosts: tuple[str, ...] = HOSTS) -> None:
        super().__init__(size, properties)
        self.files = Folder(os.path.join(self.folder, "certificates"))
        self.files.new_ca()
        members = []
        for node, host in zip(self.nodes, hosts, strict=False):
            node.host = host
            node.address = f"{host}:{node.port}"
            node.url = f"https://{node.address}"
            members.append(node.address)
            self.files.node(self.files.ca(), host, [])
        for node in self.nodes:
            self.write(
                node, "application.properties", f"server.port={node.port}\nserver.address={node.host}\n{properties}"
            )
            if size > 1:
                self.write(node, "cluster.conf", "\n".join(members) + "\n")
            self.install(node)
            if "server.ssl" in properties:
                self.trust(node)

    def write(self, node: RealNode, name: str, text: str) -> None:
        """A file in conf/."""
        with open(os.path.join(node.home, "conf", name), "w") as file:
            file.write(text)

    def place(self, node: RealNode, name: str) -> str:
        """The path of a file in a node's conf/tls."""
        folder = os.path.join(node.home, "conf", "tls")
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, name)

    def install(self, node: RealNode) -> None:
        """Copy to a node what it needs: the CAs, its certificate and key."""
        shutil.copy(self.files.at("ca.pem"), self.place(node, "ca.pem"))
        name = file_name(node.host)
        for ending in ("pem", "key"):
            shutil.copy(self.files.at(f"{name}.{ending}"), self.place(node, f"node.{ending}"))

    def put(self, node: RealNode, pair: Pair) -> None:
        """Another certificate for a node."""
        with open(self.place(node, "node.pem"), "wb") as file:
            file.write(pair.certificate_pem)
        with open(self.place(node, "node.key"), "wb") as file:
            file.write(pair.key_pem)

    def context(self, shown: RealNode | Pair | None) -> ssl.SSLContext:
        """What an outsider dials with: it trusts everybody, and shows that node's certificate, or another, or none."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if isinstance(shown, RealNode):
            name = file_name(shown.host)
            context.load_cert_chain(self.files.at(f"{name}.pem"), self.files.at(f"{name}.key"))
        elif shown is not None:
            self.load(context, shown)
        return context

    def load(self, context: ssl.SSLContext, pair: Pair) -> None:
        """Show that certificate."""
        with self.written(pair) as (certificate, key):
            context.load_cert_chain(certificate, key)

    @contextlib.contextmanager
    def written(self, pair: Pair) -> Iterator[tuple[str, str]]:
        """The paths of two files with a certificate and its key."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            paths = os.path.join(folder, "c.pem"), os.path.join(folder, "c.key")
            for path, data in zip(paths, (pair.certificate_pem, pair.key_pem), strict=True):
                with open(path, "wb") as file:
                    file.write(data)
            yield paths

    def restarted(self, node: RealNode) -> RealNode:
        """The node, stopped and started."""
        node.stop()
        node.start()
        self.wait_ready([node])
        return node

    def trust(self, node: RealNode) -> None:
        """Let this test's requests to the node trust what counts now."""
        node.tls = ssl.create_default_context(cafile=self.files.at("ca.pem"))


def stranger(*hosts: str, days: float = CA_DAYS) -> Pair:
    """A certificate for these hosts from a CA that nobody trusts."""
    return make_node(make_ca("someone else", Span.days(CA_DAYS)), hosts, Span.days(days))
