"""Versions, ciphers and certificates, in handshakes without a socket."""

from __future__ import annotations

from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError
from nacos_tw.settings.tls import HttpsSettings
from nacos_tw.tls.contexts import explain, https_context, openssl_name, raft_context
from tests.tls.pairs import ca, credentials, node


class Remembering:
    """What stands in the transport's place."""

    trouble = ""


def client(
    version: int = 0, ciphers: str = "", alpn: tuple[bytes, ...] = (), shown: SSL.Context | None = None
) -> SSL.Context:
    """A context of a client that trusts our CA, of one version only if wanted."""
    context = SSL.Context(SSL.TLS_METHOD) if shown is None else shown
    if version:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    if ciphers:
        context.set_cipher_list(ciphers.encode())
    if alpn:
        context.set_alpn_protos(list(alpn))
    store = context.get_cert_store()
    assert store is not None
    store.add_cert(X509.from_cryptography(ca().certificate))
    context.set_verify(SSL.VERIFY_PEER, lambda *args: bool(args[-1]))
    return context


def shake(near: SSL.Context, far: SSL.Context) -> tuple[SSL.Connection, str]:
    """
    A handshake in memory.

    @return: the client's connection, and what the listening side has against the client.
    """
    dialing, listening = SSL.Connection(near, None), SSL.Connection(far, None)
    dialing.set_connect_state()
    listening.set_accept_state()
    remembering = Remembering()
    listening.set_app_data(remembering)
    dialing.set_app_data(Remembering())
    for _ in range(6):
        for one, other in ((dialing, listening), (listening, dialing)):
            try:
                one.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error:
                if remembering.trouble:
                    return dialing, remembering.trouble
                raise
            try:
                other.bio_write(one.bio_read(65536))
            except SSL.WantReadError:
                pass
    return dialing, remembering.trouble


def https(**settings: object) -> SSL.Context:
    """A listening context for 127.0.0.1."""
    return https_context(HttpsSettings(**settings), credentials(node(), [ca()]))  # type: ignore[arg-type]


class HttpsTests(SynchronousTestCase):
    """8848."""

    def test_versions(self) -> None:
        """1.2 and 1.3, or those that are enabled; nothing older."""
        both = https()
        self.assertEqual(shake(client(), both)[0].get_protocol_version_name(), "TLSv1.3")
        self.assertEqual(shake(client(SSL.TLS1_2_VERSION), https())[0].get_protocol_version_name(), "TLSv1.2")
        for only, version in (("TLSv1.2", SSL.TLS1_2_VERSION), ("TLSv1.3", SSL.TLS1_3_VERSION)):
            other = SSL.TLS1_3_VERSION if version == SSL.TLS1_2_VERSION else SSL.TLS1_2_VERSION
            self.assertEqual(shake(client(version), https(protocols=(only,)))[0].get_protocol_version_name(), only)
            self.assertRaises(SSL.Error, shake, client(other), https(protocols=(only,)))
        for old in (SSL.TLS1_VERSION, SSL.TLS1_1_VERSION):
            self.assertRaises(SSL.Error, shake, client(old, "ALL:@SECLEVEL=0"), https())

    def test_ciphers(self) -> None:
        """Only forward secrecy; or those that are named, by either's names."""
        for weak in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0", "eNULL:@SECLEVEL=0", "RC4:@SECLEVEL=0"):
            try:
                near = client(SSL.TLS1_2_VERSION, weak)
            except SSL.Error:
                continue  # this OpenSSL has none of them
            self.assertRaises(SSL.Error, shake, near, https())
        wanted = ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",)
        connection, _ = shake(client(SSL.TLS1_2_VERSION), https(ciphers=wanted))
        self.assertEqual(connection.get_cipher_name(), "ECDHE-ECDSA-AES256-GCM-SHA384")
        self.assertRaises(StartError, https, ciphers=("NONE",))

    def test_cipher_names(self) -> None:
        """Java's names are OpenSSL's, written otherwise."""
        for java, openssl in (
            ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
            ("TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256"),
            ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
            ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        ):
            self.assertEqual(openssl_name(java), openssl)

    def test_protocols_offered(self) -> None:
        """A client that offers HTTP/2 too gets HTTP/1.1; one that offers only that, no answer, but a connection."""
        self.assertEqual(shake(client(alpn=(b"h2", b"http/1.1")), https())[0].get_alpn_proto_negotiated(), b"http/1.1")
        self.assertEqual(shake(client(alpn=(b"h2",)), https())[0].get_alpn_proto_negotiated(), b"")

    def test_clients(self) -> None:
        """Their certificates are asked for, needed, or nothing."""
        good, bad = raft_context(credentials(node("c"))), raft_context(credentials(node("c", signer="theirs")))
        for wanted, without, wrong in (
            ("none", "", ""),
            ("want", "", "comes from a CA"),
            ("need", None, "comes from a CA"),
        ):
            self.assertEqual(shake(client(shown=good), https(client_auth=wanted))[1], "")
            self.assertIn(wrong, shake(client(shown=bad), https(client_auth=wanted))[1])
            if without is None:
                self.assertRaises(SSL.Error, shake, client(), https(client_auth=wanted))
            else:
                self.assertEqual(shake(client(), https(client_auth=wanted))[1], without)
            good, bad = raft_context(credentials(node("c"))), raft_context(credentials(node("c", signer="theirs")))


class RaftTests(SynchronousTestCase):
    """7848."""

    def context(self, *hosts: str, days: float = 20, signer: str = "ours") -> SSL.Context:
        return raft_context(credentials(node(*hosts, days=days, signer=signer), [ca()]))

    def test_mutual(self) -> None:
        """Both show a certificate of our CA, in the newest version."""
        connection, trouble = shake(self.context("a"), self.context("b"))
        self.assertEqual((connection.get_protocol_version_name(), trouble), ("TLSv1.3", ""))
        self.assertRaises(SSL.Error, shake, client(SSL.TLS1_2_VERSION), self.context("b"))

    def test_refused(self) -> None:
        """Each refusal has its reason."""
        for days, signer, said in (
            (-1.0, "ours", "(CN=a) has expired"),
            (20.0, "theirs", "(CN=a) comes from a CA that is not one of ours"),
        ):
            self.assertIn(said, shake(self.context("a", days=days, signer=signer), self.context("b"))[1])
        alone = raft_context(credentials(ca("alone"), [ca()]))
        self.assertIn("signed by itself", shake(alone, self.context("b"))[1])
        error = self.assertRaises(SSL.Error, shake, client(), self.context("b"))
        self.assertEqual(explain(error), "it shows no certificate")


class ExplainTests(SynchronousTestCase):
    """Errors in the operator's words."""

    def test_reasons(self) -> None:
        for reason, said in (
            ("wrong version number", "it does not speak TLS"),
            ("http request", "it does not speak TLS"),
            (
                "sslv3 alert certificate expired",
                "it refuses this node's certificate (certificate expired); its log says more",
            ),
            ("tlsv1 alert unknown ca", "it refuses this node's certificate (unknown ca); its log says more"),
            ("peer did not return a certificate", "it shows no certificate"),
            ("no shared cipher", "TLS failed: no shared cipher"),
        ):
            self.assertEqual(explain(SSL.Error([("SSL routines", "", reason)])), said)
        self.assertEqual(explain(SSL.Error([])), "TLS failed: it was broken off")
        self.assertEqual(explain(ValueError("x")), "")
        self.assertEqual(explain(SSL.SysCallError(-1, "Unexpected EOF")), "")
