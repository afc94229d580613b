"""Finds the user of a request in the headers of its payload (docs/spec/grpc.md#10)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from operator import attrgetter

from twisted.internet.defer import Deferred

from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.access.limits import Admission
from nacos_tw.admitting import admitted
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.defaults import PUBLISHED_IDENTITIES
from nacos_tw.auth.problems import UNKNOWN_USER, Refused

Identify = Callable[[Mapping[str, str], str], "Identity | Deferred[Identity]"]
"""
identify(headers, address): who it is. May raise (or fail with) Forbidden, TooManyFailures, Unavailable.
"""

BEARER = "Bearer "
NAME: Callable[[Identity], str] = attrgetter("name")


def everybody(headers: Mapping[str, str], address: str) -> Identity:
    """The check of a node that asks for no logins."""
    return EVERYBODY


class Logins:
    """The check of a node that asks for logins. It remembers nothing: what a token is worth, its owner remembers."""

    def __init__(self, auth: Auth, identity: tuple[str, str] = ("", "")) -> None:
        """
        @param identity: header and value by which servers are known; one that everybody knows is none.
        """
        self._auth = auth
        header, value = identity
        self._header = header
        self._value = b"" if value in PUBLISHED_IDENTITIES else value.encode()

    def __call__(self, headers: Mapping[str, str], address: str) -> Identity | Deferred[Identity]:
        """See L{Identify}."""
        if self._value and self._header and hmac.compare_digest(headers.get(self._header, "").encode(), self._value):
            return Identity(f"server identity {self._header}", True)
        token = headers.get("accessToken", "")
        given = headers.get("Authorization", "")
        if given.startswith(BEARER) and given[len(BEARER) :].strip():
            token = given[len(BEARER) :].strip()
        if token:
            return self._auth.by_bearer(token.encode())
        name, password = headers.get("username"), headers.get("password")
        if not name or not password:
            raise Refused(UNKNOWN_USER)
        return self._auth.by_password(name, password, address)


class Limited:
    """A check behind which an address, and then a user, has asked for no more than it may."""

    def __init__(self, identify: Identify, admission: Admission) -> None:
        self._identify = identify
        self._admission = admission

    def __call__(self, headers: Mapping[str, str], address: str) -> Identity | Deferred[Identity]:
        """
        See L{Identify}.

        @raise nacos_tw.access.limits.OverLimit: (also as a failure) it was too much.
        """
        return admitted(self._admission, address, NAME, self._identify, headers, address)


def limited(identify: Identify, admission: Admission | None) -> Identify:
    """The check itself where there is no limit."""
    return identify if admission is None else Limited(identify, admission)
