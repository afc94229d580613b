"""Which pages of other origins a browser may let see answers: none, unless the operator names them (Fetch standard)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from twisted.web.http import Request

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
KEPT_SECONDS = b"600"
"""How long a browser may go by the answer to a preflight."""

# Names of headers as a browser lists them.
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*\Z")

Headers = list[tuple[bytes, bytes]]


@attrs.frozen
class CrossOrigin:
    """
    Cross-origin resource sharing. No answer ever allows credentials: there are no cookies to send.

    @ivar allowed: exact origins, C{"https://console.example.com"}; none by default.
    """

    allowed: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, origins: Iterable[str]) -> CrossOrigin:
        """Of the setting's value."""
        return cls(frozenset(origin.encode() for origin in origins))

    def headers(self, request: Request) -> Headers:
        """Headers to put on the answer to a request; none for a page that is not allowed."""
        origins = request.requestHeaders.getRawHeaders(b"origin") if self.allowed else None
        if not origins:
            return []
        vary = (b"Vary", b"Origin")
        if len(origins) > 1 or origins[0] not in self.allowed:
            return [vary]
        return [vary, (b"Access-Control-Allow-Origin", origins[0]), *_preflight(request)]


def _preflight(request: Request) -> Headers:
    """What the answer to a preflight has beside."""
    asked = request.requestHeaders
    if request.method != b"OPTIONS" or not asked.hasHeader(b"access-control-request-method"):
        return []
    found: Headers = [(b"Access-Control-Allow-Methods", METHODS), (b"Access-Control-Max-Age", KEPT_SECONDS)]
    names = (asked.getRawHeaders(b"access-control-request-headers") or [b""])[0]
    if _NAMES.match(names):
        found.append((b"Access-Control-Allow-Headers", names))
    return found
