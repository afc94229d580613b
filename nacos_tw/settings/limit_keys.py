"""The keys of limits of each client address and user (C{nacos.limit.*}); all are off unless they are set."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import integer, milliseconds

_LIMIT = "nacos.limit."
_MOST = 10**6

ADDRESS_REQUESTS = Key(
    _LIMIT + "address.requests", integer(0, _MOST), "0", "Requests per second from one client address, by HTTP and "
    "gRPC together; 0: no limit.",
)  # fmt: skip
ADDRESS_REGISTRATIONS = Key(
    _LIMIT + "address.registrations", integer(0, _MOST), "0", "Instances per second that one client address may "
    "register; 0: no limit.",
)  # fmt: skip
ADDRESS_CONNECTIONS = Key(
    _LIMIT + "address.connections", integer(0, _MOST), "0", "HTTP connections that one client address may have open "
    "at a time, and as many gRPC clients, unless nacos.grpc.max-clients-per-ip sets their number; 0: no limit.",
)  # fmt: skip
USER_REQUESTS = Key(
    _LIMIT + "user.requests", integer(0, _MOST), "0", "Requests per second of one user, from any address; 0: no limit.",
)  # fmt: skip
USER_REGISTRATIONS = Key(
    _LIMIT + "user.registrations", integer(0, _MOST), "0", "Instances per second that one user may register; 0: no "
    "limit.",
)  # fmt: skip
BURST = Key(
    _LIMIT + "burst", milliseconds(1, 3_600_000), "2000", "For how much time the unused part of a limit per second is "
    "saved, to be used at once later.",
)  # fmt: skip
KEYS = (
    ADDRESS_REQUESTS, ADDRESS_REGISTRATIONS, ADDRESS_CONNECTIONS, USER_REQUESTS, USER_REGISTRATIONS, BURST,
)  # fmt: skip
