"""The check before each handler: the caller, and whether the call is allowed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.access.rules import Rule, authorize
from nacos_tw.auth.defaults import PUBLISHED_IDENTITIES
from nacos_tw.auth.problems import UNKNOWN_USER, Refused, TooManyFailures
from nacos_tw.errors import NacosError
from nacos_tw.http.credentials import TOKEN, password_of, token_of
from nacos_tw.http.resources import resource_of
from nacos_tw.memo import BoundedMemo

if TYPE_CHECKING:
    from nacos_tw.auth.auth import Auth
    from nacos_tw.http.call import Call

FailedLogin = Callable[["Call", str, NacosError], None]
"""failed(call, name, error): that is not the user's password, or it was not looked at."""

KEPT_BYTES = 8 * 1024 * 1024
"""Bytes of requests' targets, about, whose permission is remembered; when there are more, all are forgotten."""
ENTRY = 150
"""Bytes that one takes beside its own, about."""
LONGEST_TARGET = 2048
AND = ord("&")


class EverybodyMay:
    """The check of a node that asks for no logins."""

    def check(self, needs: Rule, call: Call) -> None:
        """See L{nacos_tw.http.guard.Check.check}."""
        call.identity = EVERYBODY


class Authorization:
    """
    The check of a node that asks for logins. It remembers which requests, by their bytes, were allowed to whom; a
    change of any user or right makes new identities, and so ends all of that.

    @ivar _kept: target to the handler's needs, which are an object of its own: what a handler makes of a target may
        differ from what another one of the same needs does.
    """

    def __init__(
        self,
        auth: Auth,
        identity: tuple[str, str] = ("", ""),
        failed: FailedLogin = lambda call, name, error: None,
    ) -> None:
        """
        @param identity: header and value that let a request in as an administrator's.
        @param failed: told of requests with a wrong password to routes whose calls are not recorded anyway.
        """
        self._failed = failed
        self._auth = auth
        header, value = identity
        self._header = header.lower().encode()
        self._value = b"" if value in PUBLISHED_IDENTITIES else value.encode()
        self._kept: BoundedMemo[Identity, dict[bytes, Rule]] = BoundedMemo(KEPT_BYTES)
        self._accounts: object = None

    def check(self, needs: Rule, call: Call) -> None | Deferred[None]:
        """See L{nacos_tw.http.guard.Check.check}."""
        if needs.action == "open":
            return None
        # Before everything else, as in Nacos: its nodes pass on what clients sent, old tokens too.
        if self._value and self._header and hmac.compare_digest(call.raw_header(self._header), self._value):
            self._admit(Identity(f"server identity {self._header.decode()}", True), needs, call)
            return None
        # Nearly always the token is a parameter of the query, and known.
        target = call.target
        at = target.find(TOKEN)
        if (
            at > 0
            and (target[at - 1] == AND or target.find(b"?") == at - 1)
            and b"\nauthorization:" not in call.head[len(target) :].lower()  # what follows the target
        ):
            end = target.find(b"&", at)
            identity = self._auth.known(target[at + len(TOKEN) :] if end < 0 else target[at + len(TOKEN) : end])
            if identity is not None:
                self._admit(identity, needs, call)
                return None
        return self._slowly(needs, call)

    def _slowly(self, needs: Rule, call: Call) -> None | Deferred[None]:
        token = token_of(call)
        found = self._auth.by_bearer(token) if token else self._without_token(needs, call)
        if isinstance(found, Deferred):
            return found.addCallback(self._admit, needs, call)
        self._admit(found, needs, call)
        return None

    def _without_token(self, needs: Rule, call: Call) -> Identity | Deferred[Identity]:
        given = password_of(call)
        if given is None:
            raise Refused(UNKNOWN_USER)
        if needs.recorded:
            return self._auth.by_password(*given, call.source)
        return self._noted(call, *given)

    def _noted(self, call: Call, name: str, password: str) -> Identity | Deferred[Identity]:
        """A guess leaves a trace whatever it was sent to."""

        def failed(failure: Failure) -> Failure:
            if isinstance(failure.value, (Refused, TooManyFailures)):
                self._failed(call, name, failure.value)
            return failure

        try:
            found = self._auth.by_password(name, password, call.source)
        except (Refused, TooManyFailures) as error:
            self._failed(call, name, error)
            raise
        return found.addErrback(failed) if isinstance(found, Deferred) else found

    def _admit(self, identity: Identity, needs: Rule, call: Call) -> None:
        call.identity = identity
        if identity.admin:
            return
        kept = self._kept.get(identity)
        if kept is not None and kept.get(call.target) is needs and not call.body:
            return
        authorize(identity, needs, lambda: resource_of(needs.kind, call))
        if needs.by_permission and not call.body:
            self._keep(identity, needs, call.target)

    def _keep(self, identity: Identity, needs: Rule, target: bytes) -> None:
        """Remember it; what was allowed to the identities of other accounts is of no use any more."""
        if len(target) > LONGEST_TARGET:
            return
        accounts = self._auth.directory.now
        if accounts is not self._accounts:
            self._kept.clear()
            self._accounts = accounts
        self._kept.make_room(len(target) + ENTRY)
        self._kept.setdefault(identity, {})[target] = needs
