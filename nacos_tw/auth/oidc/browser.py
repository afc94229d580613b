"""
A login by the browser: authorization code with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 1.0, 3.1).

What belongs to a login between its first and its last page is kept by the browser, in a cookie that only this server
reads and that the nodes' common key seals: so each page may be answered by another node.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec

from nacos_tw.auth.oidc.provider import Pages
from nacos_tw.auth.problems import TOKEN_EXPIRED, TOKEN_INVALID, Refused
from nacos_tw.settings.oidc import OidcSettings

PATIENCE = 600.0
"""Seconds that somebody has for logging in at the provider."""
HANDED_OVER = 60.0
"""Seconds in which the console fetches the token."""


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """A login that is under way. C{until}: in seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    callback: str
    until: float


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """A login that the console has yet to hear of."""

    token: str
    until: float


def begin(now: float, callback: str) -> Begun:
    """A new one. @param callback: the address of the last page."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Begun(state, nonce, verifier, callback, now + PATIENCE)


def address(settings: OidcSettings, pages: Pages, login: Begun) -> str:
    """Where the browser goes to."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(login.verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": settings.client,
            "redirect_uri": login.callback,
            "scope": settings.scope,
            "state": login.state,
            "nonce": login.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return _with_query(pages.authorize, query)


def farewell(settings: OidcSettings, pages: Pages, callback: str) -> str:
    """
    Where the browser goes to log out there, from where it comes back to the last page of a login, as that is an address
    that the provider knows; "" if the provider has no such page.
    """
    if not pages.end:
        return ""
    return _with_query(pages.end, urlencode({"client_id": settings.client, "post_logout_redirect_uri": callback}))


def _with_query(page: str, query: str) -> str:
    return f"{page}{'&' if '?' in page else '?'}{query}"


class Sealed:
    """Values as cookies, which nobody but the nodes can make."""

    def __init__(self, key: Callable[[], bytes], now: Callable[[], float]) -> None:
        """
        @param key: that signs; b"" while there is none.
        @param now: seconds since 1970.
        """
        self._key = key
        self._now = now

    def seal(self, value: Begun | Ended) -> str:
        """As a cookie's value."""
        data = base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=")
        return f"{data.decode()}.{self._mark(type(value).__name__, data)}"

    def begun(self, cookie: str) -> Begun:
        """@raise Refused: it is none, or too old."""
        return self._timely(msgspec.json.decode(self._open("Begun", cookie), type=Begun))

    def ended(self, cookie: str) -> Ended:
        """@raise Refused: it is none, or too old."""
        return self._timely(msgspec.json.decode(self._open("Ended", cookie), type=Ended))

    def _open(self, kind: str, cookie: str) -> bytes:
        data, _, mark = cookie.partition(".")
        if not self._key() or not hmac.compare_digest(mark.encode(), self._mark(kind, data.encode()).encode()):
            raise Refused(TOKEN_INVALID)
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))

    def _timely(self, value: Begun | Ended) -> Any:
        if value.until <= self._now():
            raise Refused(TOKEN_EXPIRED)
        return value

    def _mark(self, kind: str, data: bytes) -> str:
        return hmac.digest(self._key(), b"oidc\0" + kind.encode() + b"\0" + data, "sha256").hex()
