"""Mutual TLS between nodes: whose certificate names whom, and links over real sockets."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase

from nacos_tw.errors import StartError
from nacos_tw.raft.net.codec import Refused
from nacos_tw.raft.net.peers import Peers
from nacos_tw.settings.tls import RaftTlsSettings
from nacos_tw.tls.making import Pair
from nacos_tw.tls.raft import RaftTls, misnamed, read_raft
from tests.raft.test_peers import Place, Recorder
from tests.tls.pairs import FolderCase, ca, node


class NameTests(FolderCase):
    """The certificate must name the host as cluster.conf has it."""

    def test_names(self) -> None:
        for hosts, host, fits in (
            (("10.0.0.1",), "10.0.0.1", True),
            (("10.0.0.1",), "10.0.0.2", False),
            (("10.0.0.1", "10.0.0.2"), "10.0.0.2", True),
            (("2001:db8::1",), "2001:db8::1", True),
            (("2001:db8::1",), "2001:0db8:0::1", True),
            (("2001:db8::1",), "2001:db8::2", False),
            (("n1.example",), "n1.example", True),
            (("N1.example",), "n1.example", True),
            (("n1.example",), "n2.example", False),
            (("n1.example",), "10.0.0.1", False),
            (("10.0.0.1",), "n1.example", False),
            (("n1.example",), "", False),
            (("*.nodes.example",), "n1.nodes.example", True),
        ):
            trouble = misnamed(node(*hosts).certificate, host)
            self.assertEqual(trouble == "", fits, (hosts, host, trouble))
        self.assertEqual(
            misnamed(node("10.0.0.1").certificate, "10.0.0.2"), "its certificate (CN=10.0.0.1) does not name 10.0.0.2"
        )

    def test_common_name(self) -> None:
        """A subject's common name is not looked at."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "10.0.0.1")])
        old = node("x").certificate
        builder = x509.CertificateBuilder(
            subject, old.issuer, old.public_key(), 1, old.not_valid_before_utc, old.not_valid_after_utc
        )
        self.assertIn("names no host", misnamed(builder.sign(ca().key, hashes.SHA256()), "10.0.0.1"))

    def test_read(self) -> None:
        """What the others would refuse is refused at home."""
        authority = self.write("ca", ca("old").certificate_pem, ca().certificate_pem)
        for pair, said in (
            (node("10.0.0.1"), ""),
            (node("10.0.0.1", days=-1), ""),  # the log says so, and it may be replaced while the node runs
            (node("10.0.0.2"), "the certificate (CN=10.0.0.2) does not name 10.0.0.1, this node's address"),
            (node("10.0.0.1", signer="theirs"), "does not come from a CA in"),
        ):
            settings = RaftTlsSettings(self.write("c", pair.certificate_pem), self.write("k", pair.key_pem), authority)
            if said:
                self.assertIn(said, str(self.assertRaises(StartError, read_raft, settings, "10.0.0.1")))
            else:
                self.assertEqual(len(read_raft(settings, "10.0.0.1").authorities), 2)


class LinkTests(TestCase):
    """Two nodes with TLS over the loopback; no secret."""

    timeout = 120

    def setUp(self) -> None:
        self.folder = pathlib.Path(os.path.abspath(self.mktemp()))
        self.folder.mkdir()
        self.warned: Deferred[str] = Deferred()
        globalLogPublisher.addObserver(self._observe)
        self.addCleanup(globalLogPublisher.removeObserver, self._observe)

    def _observe(self, event: Any) -> None:
        if event.get("text", "").startswith("no Raft link with b:1") and not self.warned.called:
            self.warned.callback(event["text"])

    def node(self, name: str, host: str, pair: Pair, members: dict[str, Place]) -> tuple[Peers, Recorder]:
        paths = []
        for ending, data in (("pem", pair.certificate_pem), ("key", pair.key_pem), ("ca", ca().certificate_pem)):
            path = self.folder / f"{name}.{ending}"
            path.write_bytes(data)
            paths.append(str(path))
        settings = RaftTlsSettings(*paths)
        tls = RaftTls(settings, host, 0, real_reactor)
        recorder = Recorder()
        peers = Peers(
            real_reactor, name, {}, b"", "127.0.0.1", 0, recorder.frame_received, recorder,
            random=lambda: 0.5, source=host, tls=tls,
        )  # fmt: skip
        self.successResultOf(peers.listen())
        members[name] = Place(host, peers.port)
        self.addCleanup(lambda: peers.stopService())
        return peers, recorder

    async def pair(self) -> tuple[Peers, Recorder, Peers, Recorder]:
        members: dict[str, Place] = {}
        a, seen_a = self.node("a:1", "127.0.0.1", node("127.0.0.1"), members)
        b, seen_b = self.node("b:1", "127.0.0.1", node("127.0.0.1"), members)
        for peers in (a, b):
            peers.set_members(members)
            peers.startService()
        await DeferredList([seen_a.until("up", "b:1"), seen_b.until("up", "a:1")])
        return a, seen_a, b, seen_b

    async def test_exchange(self) -> None:
        """Frames large and small arrive in order; nothing is written past TLS."""
        a, seen_a, b, seen_b = await self.pair()
        self.assertFalse(a._outgoing["b:1"]._direct)
        for term in range(200):
            self.assertTrue(a.send("b:1", Refused(term)))
        await seen_b.until("frame", "a:1", Refused(199))
        self.assertEqual([event[2].term for event in seen_b.events if event[0] == "frame"], list(range(200)))
        seen_b.answer = b"x" * 8_000_000
        self.assertEqual(await a.ask("b:1", "much", b"y" * 8_000_000, 60.0), seen_b.answer)

    async def test_lost_and_stopped(self) -> None:
        """A link that is cut is made anew; a peer that stops is lost once; closing twice does no harm."""
        a, seen_a, b, seen_b = await self.pair()
        link = a._outgoing["b:1"]
        link.abort()
        await DeferredList([seen_a.until("up", "b:1", count=2), seen_b.until("up", "a:1", count=2)])
        link.abort()
        link.close()
        await b.stopService()
        await seen_a.until("down", "b:1", count=2)

    async def test_wrong_name(self) -> None:
        """A listening side whose certificate names another host is sent nothing; the log says why."""
        members: dict[str, Place] = {}
        a, seen_a = self.node("a:1", "127.0.0.1", node("127.0.0.1"), members)
        b, seen_b = self.node("b:1", "127.0.0.2", node("127.0.0.2"), members)
        members["b:1"] = Place("127.0.0.1", members["b:1"].raft_port)
        a.set_members(members)
        a.startService()
        b.set_members({"b:1": Place("127.0.0.2", 1), "a:1": Place("127.0.0.1", 1)})
        b.startService()
        self.assertEqual(
            await self.warned, "no Raft link with b:1: its certificate (CN=127.0.0.2) does not name 127.0.0.1"
        )
        self.assertEqual((seen_a.events, b.hellos), ([], {}))
