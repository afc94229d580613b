"""Mutual TLS on 7848: the certificate of each side must be of our CA and name the member that the side says it is."""

from __future__ import annotations

import ipaddress
from typing import Any

import attrs
import service_identity
from cryptography import x509
from OpenSSL.crypto import X509, X509Store, X509StoreContext, X509StoreContextError
from service_identity.cryptography import extract_patterns
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.python.failure import Failure

from nacos_tw.errors import StartError
from nacos_tw.settings.tls import RaftTlsSettings
from nacos_tw.tls.contexts import explain, raft_context
from nacos_tw.tls.files import Credentials, read_authorities, read_pem, subject
from nacos_tw.tls.loaded import LoadedCertificates
from nacos_tw.tls.transport import TlsClientEndpoint, TlsFactory

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME. A clock that is wrong when a node starts may be put right later; each handshake
looks at the time anew."""


def misnamed(certificate: x509.Certificate, host: str) -> str:
    """
    Why a certificate is not that host's; "" if it is.

    @param host: an IP address or a host name, as it stands in cluster.conf; the certificate must have it as a
        subjectAltName of that kind.
    """
    try:
        wanted: Any = _identity(host)
        verify_service_identity(extract_patterns(certificate), [wanted], [])
    except service_identity.VerificationError:
        return f"its certificate ({subject(certificate)}) does not name {host}"
    except (service_identity.CertificateError, ValueError):
        return f"its certificate ({subject(certificate)}) names no host (subjectAltName)"
    return ""


def _identity(host: str) -> Any:
    try:
        return IPAddress_ID(str(ipaddress.ip_address(host.strip("[]").partition("%")[0])))
    except ValueError:
        return DNS_ID(host)


def read_raft(settings: RaftTlsSettings, host: str) -> Credentials:
    """
    The files of the settings.

    @param host: this node's in cluster.conf.
    @raise StartError: one cannot be used, or the others would refuse what it holds.
    """
    found = read_pem(settings.certificate, settings.private_key, settings.password)
    found = attrs.evolve(found, authorities=read_authorities(settings.ca))
    if trouble := misnamed(found.certificate, host):
        raise StartError(
            f"{settings.certificate}: {trouble.replace('its', 'the', 1)}, this node's address in cluster.conf"
        )
    _check_chain(found, settings)
    return found


def _check_chain(found: Credentials, settings: RaftTlsSettings) -> None:
    store = X509Store()
    store.set_flags(NO_CHECK_TIME)
    for authority in found.authorities:
        store.add_cert(X509.from_cryptography(authority))
    chain = [X509.from_cryptography(one) for one in found.chain]
    try:
        X509StoreContext(store, X509.from_cryptography(found.certificate), chain).verify_certificate()
    except X509StoreContextError as error:
        raise StartError(f"{settings.certificate}: does not come from a CA in {settings.ca}: {error}") from None


class RaftTls:
    """
    Implements L{nacos_tw.raft.net.security.IRaftTls}.

    @ivar certificates: this node's certificates.
    """

    def __init__(self, settings: RaftTlsSettings, host: str, port: int, reactor: Any) -> None:
        """
        @raise StartError: the files of the settings cannot be used.
        """
        self._reactor = reactor
        self.certificates = LoadedCertificates(
            f"TLS between nodes on port {port}", lambda: read_raft(settings, host), raft_context
        )

    def listening(self, factory: IProtocolFactory) -> IProtocolFactory:
        """See IRaftTls."""
        return TlsFactory(self.certificates.creator, False, factory, self._reactor)

    def dialing(self, endpoint: IStreamClientEndpoint) -> IStreamClientEndpoint:
        """See IRaftTls."""
        return TlsClientEndpoint(self.certificates.creator, endpoint, self._reactor)

    def misnamed(self, transport: Any, host: str) -> str:
        """See IRaftTls."""
        found = transport.getPeerCertificate()
        return "it shows no certificate" if found is None else misnamed(found.to_cryptography(), host)

    def explain(self, transport: Any, reason: Failure) -> str:
        """See IRaftTls."""
        trouble: str = getattr(transport, "trouble", "")
        return trouble or explain(reason.value) if isinstance(reason.value, Exception) else trouble
