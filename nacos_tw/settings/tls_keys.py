"""The keys of TLS: of HTTPS (C{server.ssl.*}), and between nodes (C{nacos.raft.tls.*})."""

from __future__ import annotations

from typing import Any

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, file_path, listed, switch, text, words

HTTPS = Key(
    "server.ssl.enabled", switch(), "true", "Whether server.port uses https (TLS 1.2 and 1.3) if a key store or a "
    "certificate is set here.",
)  # fmt: skip
HTTPS_CERTIFICATE = Key(
    "server.ssl.certificate", file_path, "", "PEM file with the certificate, followed by the intermediate ones up to "
    "its CA. Relative paths begin at the home.",
)  # fmt: skip
HTTPS_KEY = Key("server.ssl.certificate-private-key", file_path, "", "PEM file with the certificate's private key.")
HTTPS_STORE = Key(
    "server.ssl.key-store", file_path, "", "PKCS#12 file with the certificate and its key, instead of the two PEM "
    "files.",
)  # fmt: skip
HTTPS_STORE_TYPE = Key(
    "server.ssl.key-store-type", choice("", "pkcs12", "pem", p12="pkcs12", jks=""), "", "PKCS12 or PEM; detected if "
    "unset, or if JKS, as Java also calls PKCS#12 files so. (keytool -importkeystore -deststoretype PKCS12 converts a "
    "JKS store.)",
)  # fmt: skip
HTTPS_STORE_PASSWORD = Key("server.ssl.key-store-password", text, "", "The key store's password.")
HTTPS_KEY_PASSWORD = Key("server.ssl.key-password", text, "", "The private key's password, if it has one.")
HTTPS_ALIAS = Key("server.ssl.key-alias", text, "", "Name of the entry in the key store; it is checked.")
HTTPS_CLIENTS = Key(
    "server.ssl.client-auth", choice("none", "want", "need"), "none", "Whether clients may (want) or must (need) show "
    "a certificate.",
)  # fmt: skip
HTTPS_TRUST = Key("server.ssl.trust-certificate", file_path, "", "PEM file with the CAs of the clients' certificates.")
HTTPS_TRUST_STORE = Key(
    "server.ssl.trust-store", file_path, "", "PKCS#12 (or PEM) file with these CAs, instead of the PEM file.",
)  # fmt: skip
HTTPS_TRUST_PASSWORD = Key("server.ssl.trust-store-password", text, "", "The trust store's password.")
HTTPS_PROTOCOLS = Key(
    "server.ssl.enabled-protocols", listed("TLSv1.2", "TLSv1.3"), "", "TLSv1.2, TLSv1.3 or both, comma separated. Both "
    "if unset.",
)  # fmt: skip
HTTPS_CIPHERS = Key(
    "server.ssl.ciphers", words, "", "Ciphers of TLS 1.2, by OpenSSL's names or Java's, comma separated. Those with "
    "forward secrecy if unset.",
)  # fmt: skip
RAFT_TLS = Key(
    "nacos.raft.tls.enabled", switch(), "false", "Whether the nodes use mutual TLS (1.3) between each other; the same "
    "on every node. nacos.raft.secret is not needed then, but is checked as well if it is set.",
)  # fmt: skip
RAFT_TLS_CERTIFICATE = Key(
    "nacos.raft.tls.certificate", file_path, "", "PEM file with this node's certificate, which must name its address "
    "in cluster.conf, followed by the intermediate ones up to its CA.",
)  # fmt: skip
RAFT_TLS_KEY = Key("nacos.raft.tls.private-key", file_path, "", "PEM file with its private key.")
RAFT_TLS_PASSWORD = Key("nacos.raft.tls.private-key-password", text, "", "The key's password, if any.")
RAFT_TLS_CA = Key(
    "nacos.raft.tls.ca", file_path, "", "PEM file with the CA that signs the nodes' certificates; with two CAs while "
    "one replaces the other.",
)  # fmt: skip

HTTPS_KEYS: tuple[Key[Any], ...] = (
    HTTPS,
    HTTPS_CERTIFICATE,
    HTTPS_KEY,
    HTTPS_STORE,
    HTTPS_STORE_TYPE,
    HTTPS_STORE_PASSWORD,
    HTTPS_KEY_PASSWORD,
    HTTPS_ALIAS,
    HTTPS_CLIENTS,
    HTTPS_TRUST,
    HTTPS_TRUST_STORE,
    HTTPS_TRUST_PASSWORD,
    HTTPS_PROTOCOLS,
    HTTPS_CIPHERS,
)
RAFT_TLS_KEYS: tuple[Key[Any], ...] = (RAFT_TLS, RAFT_TLS_CERTIFICATE, RAFT_TLS_KEY, RAFT_TLS_PASSWORD, RAFT_TLS_CA)
