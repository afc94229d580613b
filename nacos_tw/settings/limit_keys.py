"""The keys of limits of each client address and user (C{nacos.limit.*}); all are off unless they are set."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import integer, milliseconds

_LIMIT = "nacos.limit."
_MOST = 10**6

ADDRESS_REQUESTS = Key(
    _LIMIT + "address.requests", integer(0, _MOST), "0", "Requests a second that one client address may send, by HTTP "
    "and gRPC together; 0: no limit.",
)  # fmt: skip
ADDRESS_REGISTRATIONS = Key(
    _LIMIT + "address.registrations", integer(0, _MOST), "0", "Instances a second that it may register; 0: no limit."
)
ADDRESS_CONNECTIONS = Key(
    _LIMIT + "address.connections", integer(0, _MOST), "0", "HTTP connections that it may have open at a time, and as "
    "many gRPC clients, unless nacos.grpc.max-clients-per-ip says how many of these; 0: no limit.",
)  # fmt: skip
USER_REQUESTS = Key(
    _LIMIT + "user.requests", integer(0, _MOST), "0", "Requests a second of one user, from wherever; 0: no limit."
)
USER_REGISTRATIONS = Key(
    _LIMIT + "user.registrations", integer(0, _MOST), "0", "Instances a second that one user may register; 0: no limit."
)
BURST = Key(
    _LIMIT + "burst", milliseconds(1, 3_600_000), "2000", "What was not used of a limit a second may be used at once, "
    "for so long a time.",
)  # fmt: skip
KEYS = (
    ADDRESS_REQUESTS, ADDRESS_REGISTRATIONS, ADDRESS_CONNECTIONS, USER_REQUESTS, USER_REGISTRATIONS, BURST,
)  # fmt: skip
