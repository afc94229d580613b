"""The keys of 9848 (C{nacos.remote.server.grpc.*}, C{nacos.remote.server.rpc.tls.*}; docs/spec/grpc.md#12 and #13)."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import file_path, integer, listed, milliseconds, switch, text, words

_TLS = "nacos.remote.server.rpc.tls."

MESSAGE = Key(
    "nacos.remote.server.grpc.sdk.max-inbound-message-size", integer(1024, 2**30), "10485760",
    "Largest message from a client, in bytes.", instead="nacos.remote.server.grpc.maxinbound.message.size",
)  # fmt: skip
TLS = Key(_TLS + "enableTls", switch(), "false", "Whether clients may use TLS on 9848.")
COMPATIBLE = Key(
    _TLS + "compatibility", switch(), "true", "Whether plain connections are accepted as well, on the same port.",
)  # fmt: skip
CERTIFICATE = Key(
    _TLS + "certChainFile", file_path, "", "PEM file with the certificate, followed by the intermediate ones up to "
    "its CA.",
)  # fmt: skip
KEY = Key(_TLS + "certPrivateKey", file_path, "", "PEM file with the certificate's private key.")
PASSWORD = Key(_TLS + "certPrivateKeyPassword", text, "", "The key's password, if any.")
MUTUAL = Key(
    _TLS + "mutualAuthEnable", switch(), "false", "Whether clients must show a certificate of the CA in "
    "trustCollectionCertFile. (Nacos accepts any certificate unless trustAll is false; this server never does.)",
)  # fmt: skip
TRUST = Key(_TLS + "trustCollectionCertFile", file_path, "", "PEM file with the CAs of clients.")
PROTOCOLS = Key(_TLS + "protocols", listed("TLSv1.2", "TLSv1.3"), "", "TLSv1.2, TLSv1.3 or both. Both if unset.")
CIPHERS = Key(_TLS + "ciphers", words, "", "Ciphers of TLS 1.2. Those with forward secrecy if unset.")

CONNECTIONS = Key(
    "nacos.grpc.max-connections", integer(16, 10**6), "100000", "Maximum number of connections at a time. (The limit "
    "of open files is shared with HTTP.)",
)  # fmt: skip
CLIENTS = Key(
    "nacos.grpc.max-clients", integer(0, 10**6), "0", "Maximum number of clients that are registered at this node; 0: "
    "no limit.",
)  # fmt: skip
CLIENTS_PER_IP = Key(
    "nacos.grpc.max-clients-per-ip", integer(0, 10**6), "0", "Maximum number of clients of one address; 0: no limit.",
)  # fmt: skip
KEEP_ALIVE = Key(
    "nacos.remote.server.grpc.sdk.keep-alive-time", milliseconds(1000, 2**31 - 1), "7200000", "Time without traffic "
    "after which the server sends a ping. (Silent clients are asked for a sign of life after 20 s anyway.)",
)  # fmt: skip
KEEP_ALIVE_TIMEOUT = Key(
    "nacos.remote.server.grpc.sdk.keep-alive-timeout", milliseconds(1000, 2**31 - 1), "20000",
    "How long a connection may leave that ping unanswered.",
)  # fmt: skip

KEYS = (
    MESSAGE,
    CONNECTIONS,
    CLIENTS,
    CLIENTS_PER_IP,
    KEEP_ALIVE,
    KEEP_ALIVE_TIMEOUT,
    TLS,
    COMPATIBLE,
    CERTIFICATE,
    KEY,
    PASSWORD,
    MUTUAL,
    TRUST,
    PROTOCOLS,
    CIPHERS,
)
