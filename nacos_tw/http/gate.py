"""Who asks, and whether they may: the check before each handler while logins are on."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from nacos_tw.auth.access import READ, WRITE, Identity
from nacos_tw.auth.refusals import NOT_ALLOWED, UNKNOWN_USER, Refused
from nacos_tw.http.credentials import password_of, source_of, token_of
from nacos_tw.http.resources import resource_of

if TYPE_CHECKING:
    from nacos_tw.auth.auth import Auth
    from nacos_tw.http.call import Call
    from nacos_tw.http.guard import Needs

KEPT_BYTES = 8 * 1024 * 1024
"""Bytes of requests' targets, about, whose permission is remembered; when there are more, all are forgotten."""
ENTRY = 250
"""Bytes that one takes beside its own, about."""
LONGEST_TARGET = 2048
PUBLISHED = frozenset({"security", "serverIdentity", "example", "nacos", "test", "authIdentity", "identity"})
"""Values of the server identity that documents and images of Nacos show."""

Allowed = dict[tuple[Identity, str, str, bytes], None]


class Gate:
    """
    The check. It remembers which requests, by their bytes, were allowed to whom; a change of any user or right makes
    new identities, and so ends all of that.
    """

    def __init__(
        self, auth: Auth, identity: tuple[str, str] = ("", ""), trusted_proxies: frozenset[str] = frozenset()
    ) -> None:
        """@param identity: header and value that let a request in as an administrator's."""
        self._auth = auth
        header, value = identity
        self._header = header.lower().encode()
        self._value = b"" if value in PUBLISHED else value.encode()
        self._trusted = trusted_proxies
        self._allowed: Allowed = {}
        self._bytes = 0
        self._accounts: object = None

    def check(self, needs: Needs, call: Call) -> None | Deferred[None]:
        """See L{nacos_tw.http.guard.Check.check}."""
        action = needs.action
        if action == "open":
            return None
        token = token_of(call)
        if token:
            identity = self._auth.by_token(token)
        else:
            found = self._without_token(call)
            if isinstance(found, Deferred):
                return found.addCallback(self._admit, needs, call)
            identity = found
        self._admit(identity, needs, call)
        return None

    def _without_token(self, call: Call) -> Identity | Deferred[Identity]:
        if self._value and self._header and hmac.compare_digest(call.raw_header(self._header), self._value):
            return Identity(f"server identity {self._header.decode()}", True)
        given = password_of(call)
        if given is None:
            raise Refused(UNKNOWN_USER)
        return self._auth.by_password(*given, source_of(call, self._trusted))

    def _admit(self, identity: Identity, needs: Needs, call: Call) -> None:
        call.identity = identity
        if not identity.admin and needs.action != "user" and not self._may(identity, needs, call):
            raise Refused(NOT_ALLOWED)

    def _may(self, identity: Identity, needs: Needs, call: Call) -> bool:
        action, kind = needs.action, needs.kind
        if kind == "cluster" and action == "read":
            return True
        if action == "admin" or kind in ("cluster", "console", "accounts"):
            return False
        accounts = self._auth.directory.now
        if accounts is not self._accounts:
            self._allowed.clear()
            self._bytes = 0
            self._accounts = accounts
        key = (identity, action, kind, call.target)
        if not call.body and key in self._allowed:
            return True
        allowed = identity.may(READ if action == "read" else WRITE, resource_of(kind, call))
        if allowed and not call.body:
            self._keep(key)
        return allowed

    def _keep(self, key: tuple[Identity, str, str, bytes]) -> None:
        size = len(key[3]) + ENTRY
        if size > LONGEST_TARGET + ENTRY:
            return
        self._bytes += size
        if self._bytes > KEPT_BYTES:
            self._allowed.clear()
            self._bytes = size
        self._allowed[key] = None
