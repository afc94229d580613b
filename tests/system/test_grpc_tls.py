"""TLS on 9848 with a real node and clients that other people wrote."""

from __future__ import annotations

import signal
import socket
import ssl

from nacos_tw.tls.making import NODE_DAYS, Span, make_node
from tests.system.clients import JAVA_STREAM_VERSIONS, StreamCase
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import READ, wait_for
from tests.system.secured import TlsCluster

TLS = "nacos.remote.server.rpc.tls."
PROPERTIES = f"""
{TLS}enableTls=true
{TLS}compatibility=false
{TLS}certChainFile=conf/tls/node.pem
{TLS}certPrivateKey=conf/tls/node.key
"""
STAGES = ["register", "listen"]


class GrpcTlsTests(StreamCase):
    """One node, whose 8848 is plain."""

    def setUp(self) -> None:
        super().setUp()
        self.cluster = TlsCluster(1, PROPERTIES)
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        self.node = self.cluster.nodes[0]

    def context(self) -> ssl.SSLContext:
        """It trusts the CA of the test, and nobody else."""
        context = ssl.create_default_context(cafile=self.cluster.files.at("ca.pem"))
        context.set_alpn_protocols(["h2"])
        return context

    def serial(self) -> int:
        """The serial number of the certificate that is shown to who connects now."""
        with (
            socket.create_connection((self.node.host, self.node.port + 1000), READ) as plain,
            self.context().wrap_socket(plain, server_hostname=self.node.host) as tls,
        ):
            found = tls.getpeercert()
        assert found is not None
        return int(str(found["serialNumber"]), 16)

    def run_client(self) -> None:
        """nacos-client over TLS, which trusts that CA."""
        client = "-Dnacos.remote.client.rpc.tls."
        options = [f"{client}enable=true", f"{client}trustAll=false"]
        options.append(f"{client}trustCollectionChainPath=file:{self.cluster.files.at('ca.pem')}")
        program, *rest = self.java_stream(JAVA_STREAM_VERSIONS[0])
        self.passes([program, *options, *rest, self.node.address, *STAGES], STAGES)

    def reload(self, said: str) -> None:
        """SIGHUP; the log says what came of it once more."""
        before = self.node.full_log.count(said)
        self.node.signal(signal.SIGHUP)
        wait_for(lambda: self.node.full_log.count(said) > before, why=f"the node to say: {said}")

    def test_reload(self) -> None:
        """
        New certificates are shown after SIGHUP, broken ones are not; clients that are connected stay, and those that
        come are served.
        """
        kept = GrpcClient(self.node, self.context())
        self.addCleanup(kept.close)
        self.assertTrue(kept.register("tls", "10.0.0.1")["success"])
        before = self.serial()
        pair = make_node(self.cluster.files.ca(), [self.node.host], Span.days(NODE_DAYS))
        self.cluster.put(self.node, pair)
        self.assertEqual(self.serial(), before)
        self.reload("certificates were read again")
        self.assertEqual(self.serial(), pair.certificate.serial_number)
        with open(self.cluster.place(self.node, "node.pem"), "wb") as file:
            file.write(b"no certificate")
        self.reload("the old ones stay")
        self.assertEqual(self.serial(), pair.certificate.serial_number)
        self.assertTrue(kept.register("tls", "10.0.0.2")["success"])
        self.assertEqual(self.node.ips("tls"), {"10.0.0.2"})

    def test_client(self) -> None:
        """A published client before and after a reload; no plain connection is taken."""
        self.run_client()
        pair = make_node(self.cluster.files.ca(), [self.node.host], Span.days(NODE_DAYS))
        self.cluster.put(self.node, pair)
        self.reload("certificates were read again")
        self.run_client()
        self.assertRaises(OSError, GrpcClient, self.node)
