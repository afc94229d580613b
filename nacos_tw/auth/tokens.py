"""Logins as signed tokens: JWT with an HMAC, as Nacos's (docs/spec/config-v1.md#12.2)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Any

import attrs

from nacos_tw import tls_on_demand
from nacos_tw.auth.problems import TOKEN_EXPIRED, TOKEN_INVALID, Refused

LONGEST = 4096
"""Characters of a token that is looked at."""
LATEST = 2.0**53
"""Seconds since 1970 that a token may hold until."""
NO_KEY = "the nodes have not agreed on a key for tokens yet"
"""Why there are no tokens while they have no key."""
_ALGORITHMS = (("HS512", 64), ("HS384", 48), ("HS256", 32))
"""Algorithms and the bytes that a key needs for them: the first that fits signs, as in 2.5.1."""


@attrs.frozen
class Claims:
    """
    What a valid token says.

    @ivar name: the user.
    @ivar expires: seconds since 1970.
    @ivar mark: of the password it was given for, "" in a token that a Nacos made.
    @ivar roles: of somebody who came from an OpenID Connect provider; None of a user of the table.
    """

    name: str
    expires: float
    mark: str
    roles: tuple[str, ...] | None = None


class Tokens:
    """
    Makes and reads tokens.

    @ivar seconds: how long a new one holds.
    @ivar key: what signs; b"" while there is none.
    """

    def __init__(self, key: bytes, seconds: float, now: Callable[[], float]) -> None:
        """@param now: the wall clock, in seconds since 1970."""
        self.key = key
        self.seconds = seconds
        self._now = now

    def mark(self, hashed: str) -> str:
        """What a token holds of the password, so that a new password ends it. Nobody can tell the hash from it."""
        digest = hmac.digest(self.key, b"password\0" + hashed.encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:12]).decode()

    def issue(self, name: str, hashed: str) -> str:
        """A token for a user with that password hash."""
        return self._signed({"sub": name, "mark": self.mark(hashed)})

    def issue_guest(self, name: str, roles: tuple[str, ...]) -> str:
        """A token for somebody who came from an OpenID Connect provider."""
        return self._signed({"sub": name, "guest": list(roles)})

    def _signed(self, claims: dict[str, Any]) -> str:
        claims["exp"] = int(self._now() + self.seconds)
        # Without "typ", as Nacos writes it.
        return str(_jwt().encode(claims, self.key, algorithm=self._algorithms()[0], headers={"typ": None}))

    def verify(self, token: str) -> Claims:
        """
        Check a token's signature and time.

        @raise Refused: it is not valid, or not any more.
        """
        jwt = _jwt()
        if not self.key or len(token) > LONGEST:
            raise Refused(TOKEN_INVALID)
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=self._algorithms(),
                options={"require": ["sub", "exp"], "verify_exp": False, "verify_aud": False},
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise Refused(TOKEN_INVALID) from None
        name, expires, mark = claims["sub"], claims["exp"], claims.get("mark", "")
        if not isinstance(name, str) or not isinstance(mark, str) or type(expires) not in (int, float):
            raise Refused(TOKEN_INVALID)
        if not expires < LATEST:
            raise Refused(TOKEN_INVALID)
        if expires <= self._now():
            raise Refused(TOKEN_EXPIRED)
        return Claims(name, float(expires), mark, _roles(claims.get("guest")))

    def _algorithms(self) -> list[str]:
        return [name for name, least in _ALGORITHMS if len(self.key) >= least]


def _roles(found: Any) -> tuple[str, ...] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(role, str) for role in found):
        raise Refused(TOKEN_INVALID)
    return tuple(found)


def _jwt() -> Any:
    """
    PyJWT, loaded when it is needed first: without cryptography, which it takes where it is, and which is 12 MB that an
    HMAC has no use for.
    """
    with tls_on_demand.without("cryptography"):
        import jwt
    return jwt
