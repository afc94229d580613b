"""OpenSSL contexts: which versions and ciphers, whose certificates count, and why one was refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from OpenSSL.crypto import Error as CryptoError
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions

from nacos_tw.errors import StartError
from nacos_tw.settings.tls import HttpsSettings
from nacos_tw.tls.files import Credentials, subject

HTTP, HTTP2 = b"http/1.1", b"h2"
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
"""Of TLS 1.2: those with forward secrecy and authenticated encryption, as Mozilla's intermediate list has them."""
_VERSIONS = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
_TROUBLES = {
    7: "has a wrong signature",
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself, not by a CA of ours",
    19: "comes from a CA that is not one of ours",
    20: "comes from a CA that is not one of ours",
    21: "comes from a CA that is not one of ours",
    23: "is revoked",
    24: "comes from a certificate that is no CA's",
    26: "is not made for this use (its extended key usage)",
}
"""OpenSSL's X509_V_ERR codes in the operator's words."""


def https_context(settings: HttpsSettings, credentials: Credentials, speaks: bytes = HTTP) -> SSL.Context:
    """
    For the listening side of 8848, and of 9848.

    @param speaks: the protocol on top, for ALPN.
    @raise StartError: OpenSSL does not take a certificate, or none of the ciphers.
    """
    ciphers = ":".join(map(openssl_name, settings.ciphers)) or CIPHERS
    enabled = sorted(_VERSIONS[name] for name in settings.protocols or _VERSIONS)
    verify = {"none": SSL.VERIFY_NONE, "want": SSL.VERIFY_PEER}.get(
        settings.client_auth, SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    )
    return _context(credentials, verify, (enabled[0], enabled[-1]), ciphers, speaks)


def raft_context(credentials: Credentials) -> SSL.Context:
    """
    For both sides of 7848, which are ours: only the newest version, and each shows a certificate.

    @raise StartError: OpenSSL does not take a certificate.
    """
    verify = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    return _context(credentials, verify, (SSL.TLS1_3_VERSION, SSL.TLS1_3_VERSION), CIPHERS)


def openssl_name(cipher: str) -> str:
    """OpenSSL's name of a cipher of TLS 1.2 that may have Java's: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256."""
    if not cipher.startswith("TLS_") or "_WITH_" not in cipher:
        return cipher
    exchange, _, rest = cipher[4:].partition("_WITH_")
    rest = re.sub(r"^(AES|ARIA|CAMELLIA)_(\d+)", r"\1\2", rest).replace("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305")
    rest = re.sub(r"_CBC(?=_)", "", rest).replace("_", "-")
    return rest if exchange == "RSA" else f"{exchange.replace('_', '-')}-{rest}"


def _context(
    credentials: Credentials, verify: int, versions: tuple[int, int], ciphers: str, speaks: bytes = HTTP
) -> SSL.Context:
    try:
        made = CertificateOptions(
            # Twisted's types are pyOpenSSL's older ones; it only hands them on.
            privateKey=cast(Any, credentials.key),
            certificate=cast(Any, credentials.certificate),
            extraCertChain=cast(Any, list(credentials.chain)),
            acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(ciphers),
        )
        context = made.getContext()
    except ValueError:
        raise StartError("server.ssl.ciphers: expected names of ciphers that OpenSSL knows") from None
    except SSL.Error as error:
        raise StartError(
            f"the certificate {subject(credentials.certificate)} cannot be used: {_reason(error)}"
        ) from None
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    context.set_min_proto_version(versions[0])
    context.set_max_proto_version(versions[1])
    _trust(context, credentials.authorities)
    context.set_verify(verify, _checked)
    context.set_alpn_select_callback(lambda _, offered: _chosen(offered, speaks))
    return context


def _chosen(offered: list[bytes], speaks: bytes) -> Any:
    """ALPN: what a client may speak. Without an answer it speaks what it likes."""
    return speaks if speaks in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _trust(context: SSL.Context, authorities: Sequence[x509.Certificate]) -> None:
    store = context.get_cert_store()
    assert store is not None
    for authority in authorities:
        converted = X509.from_cryptography(authority)
        try:
            store.add_cert(converted)
            # So that a client with several certificates shows the right one.
            context.add_client_ca(authority)
        except (SSL.Error, CryptoError) as error:
            raise StartError(f"the CA {subject(authority)} cannot be used: {_reason(error)}") from None


def _checked(connection: SSL.Connection, certificate: X509, code: int, depth: int, ok: int) -> bool:
    """OpenSSL has looked at one certificate of the other side's chain: remember what is wrong, for the log."""
    if not ok:
        whose = "its certificate" if depth == 0 else "the CA certificate in its chain"
        trouble = (
            f"{whose} ({subject(certificate.to_cryptography())}) {_TROUBLES.get(code, f'is wrong (X509 error {code})')}"
        )
        protocol = connection.get_app_data()
        if protocol is not None:
            protocol.trouble = protocol.trouble or trouble
    return bool(ok)


def explain(error: Exception) -> str:
    """What an error of OpenSSL's means on a link of ours; "" if it is none."""
    if not isinstance(error, SSL.Error) or isinstance(error, SSL.SysCallError):
        return ""
    reason = _reason(error)
    if "alert" in reason and re.search("certificate|unknown ca|access denied", reason):
        said = reason.partition("alert ")[2] or reason
        return f"it refuses this node's certificate ({said}); its log says more"
    if "did not return a certificate" in reason:
        return "it shows no certificate"
    if re.search("wrong version number|http request|packet length|record layer failure|unknown protocol", reason):
        return "it does not speak TLS"
    return f"TLS failed: {reason or 'it was broken off'}"


def _reason(error: Exception) -> str:
    queue = error.args[0] if error.args else ()
    found = [str(entry[-1]) for entry in queue if isinstance(entry, tuple)] if isinstance(queue, (list, tuple)) else []
    return "; ".join(filter(None, found))[:200]
