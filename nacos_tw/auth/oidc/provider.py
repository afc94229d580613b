"""The provider's description of itself: its pages and keys, fetched when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.oidc.fetching import Fetch
from nacos_tw.auth.oidc.signatures import Keys, UnknownKeyError
from nacos_tw.auth.problems import TOKEN_INVALID, Refused
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.settings.oidc import OidcSettings

AGAIN = 10.0
"""Seconds between two questions for keys because a token is signed by one that is not known."""
PAGES = ("jwks_uri", "authorization_endpoint", "token_endpoint", "end_session_endpoint", "userinfo_endpoint")
"""What the discovery document calls those of L{Pages}."""


@attrs.frozen
class Pages:
    """
    Where the provider is asked what: its discovery document (OpenID Connect Discovery 1.0, 3).

    @ivar authorize: where browsers log in, and C{token} where their codes are taken; "" if it has no such page.
    @ivar end: where they log out (OpenID Connect RP-Initiated Logout 1.0, 2.1), or "".
    @ivar user: what tells of the user of an access token (OpenID Connect Core 1.0, 5.3), or "".
    """

    keys: str
    authorize: str = ""
    token: str = ""
    end: str = ""
    user: str = ""


@attrs.frozen
class Exchanged:
    """What a code was exchanged for. C{access}: "" if there is none."""

    id_token: bytes = attrs.field(repr=False)
    access: str = attrs.field(default="", repr=False)


class Provider:
    """
    Asks it, each question once at a time.

    @ivar trouble: why it could not be asked last time, "" if it could.
    """

    log = Logger()

    def __init__(self, settings: OidcSettings, fetch: Fetch, clock: IReactorTime) -> None:
        self._settings = settings
        self._fetch = fetch
        self._clock = clock
        self._pages: Pages | None = None
        self._keys: Keys | None = None
        self._fetched = 0.0
        self._waiting: list[Deferred[None]] = []
        self._asking = False
        self.trouble = ""

    def claims(self, token: bytes) -> Mapping[str, Any]:
        """
        What a token says, by the keys that are known.

        @raise Refused: its signature is wrong.
        @raise UnknownKeyError: its key is not known: L{refreshed} may know it.
        """
        if self._keys is None or self._clock.seconds() - self._fetched > self._settings.keys_seconds:
            raise UnknownKeyError
        return self._keys.claims(token)

    async def refreshed(self, token: bytes) -> Mapping[str, Any]:
        """
        The same after the provider was asked for its keys, unless that was just now.

        @raise Refused: likewise; or no key of the provider's has signed it.
        @raise Unavailable: the provider cannot be asked.
        """
        if self._keys is None or self._clock.seconds() - self._fetched >= AGAIN:
            await self._renewed()
        try:
            return self.claims(token)
        except UnknownKeyError:
            raise Refused(TOKEN_INVALID) from None

    @property
    def tells_of_users(self) -> bool:
        """Whether it is known to have a page that tells of users."""
        return self._pages is not None and bool(self._pages.user)

    async def pages(self) -> Pages:
        """
        Where it is asked what.

        @raise Unavailable: it cannot be asked.
        """
        if self._pages is None:
            status, found = await self._fetch(self._settings.issuer + "/.well-known/openid-configuration")
            self._pages = self._read(status, found)
        return self._pages

    def _read(self, status: int, found: dict[str, Any]) -> Pages:
        issuer = str(found.get("issuer", "")).rstrip("/")
        if status != 200 or issuer != self._settings.issuer:
            raise Unavailable(
                f"the OpenID Connect provider does not say what it is (status {status}): expected the issuer "
                f"{self._settings.issuer}"
            )
        pages = Pages(*(_page(found.get(name)) for name in PAGES))
        if not pages.keys:
            raise Unavailable("the OpenID Connect provider names no jwks_uri")
        return pages

    def _renewed(self) -> Deferred[None]:
        """Ask for the keys; who comes while that is under way gets the same answer."""
        result: Deferred[None] = Deferred()
        self._waiting.append(result)
        if not self._asking:
            self._asking = True
            Deferred.fromCoroutine(self._renew()).addBoth(self._answered)
        return result

    def _answered(self, outcome: Failure | None) -> None:
        self._asking = False
        waiting, self._waiting = self._waiting, []
        if isinstance(outcome, Failure):
            self._failed(outcome)
        for result in waiting:
            result.errback(outcome) if isinstance(outcome, Failure) else result.callback(None)

    async def _renew(self) -> None:
        status, found = await self._fetch((await self.pages()).keys)
        try:
            keys = Keys(found)
        except ValueError:
            raise Unavailable(f"the OpenID Connect provider gives no keys (status {status})") from None
        self._keys, self._fetched = keys, self._clock.seconds()
        if self.trouble:
            self.trouble = ""
            self.log.info("the OpenID Connect provider answers again")

    def _failed(self, failure: Failure) -> None:
        trouble = str(failure.value) if failure.check(NacosError) else f"its keys cannot be read: {failure.type}"
        if trouble != self.trouble:
            self.log.warn("tokens of the OpenID Connect provider cannot be looked at: {trouble}", trouble=trouble)
        self.trouble = trouble

    async def exchanged(self, code: str, verifier: str, callback: str) -> Exchanged:
        """
        The tokens for a code (RFC 6749, 4.1.3, with RFC 7636).

        @raise Refused: the provider does not take the code.
        @raise Unavailable: it cannot be asked.
        """
        wanted = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": verifier,
            "client_id": wanted.client,
        }
        basic = (wanted.client, wanted.secret) if wanted.secret else None
        page = (await self.pages()).token
        if not page:
            raise Unavailable("the OpenID Connect provider names no token_endpoint")
        status, found = await self._fetch(page, form, basic)
        token = found.get("id_token")
        if status != 200 or not isinstance(token, str):
            said = _error(found) or "no ID token"
            self.log.warn("the OpenID Connect provider gave no login: {status} {said}", status=status, said=said)
            if status >= 500:
                raise Unavailable("the OpenID Connect provider cannot tell, try again later")
            raise Refused(TOKEN_INVALID)
        access = found.get("access_token")
        return Exchanged(token.encode(), access if isinstance(access, str) and access.isascii() else "")

    async def user_info(self, access: str, subject: str) -> Mapping[str, Any] | None:
        """
        What the provider tells of the user of an access token.

        @param subject: the C{sub} of who it must be.
        @return: None: the provider does not take this token for that.
        @raise Refused: it tells of somebody else, or of nobody.
        @raise Unavailable: it cannot be asked.
        """
        status, found = await self._fetch((await self.pages()).user, bearer=access)
        if status == 429 or status >= 500:
            self.log.warn("the OpenID Connect provider tells nothing of a user now: {status}", status=status)
            raise Unavailable("the OpenID Connect provider cannot tell of the user, try again later")
        if status != 200:
            said = _error(found)
            self.log.warn(
                "the OpenID Connect provider tells nothing of a user: {status} {said}", status=status, said=said
            )
            return None
        if found.get("sub") != subject:
            other = "of another user than the token's" if "sub" in found else "of no user (expected JSON with a sub)"
            self.log.warn("a login is refused: the OpenID Connect provider's userinfo tells {other}", other=other)
            raise Refused(TOKEN_INVALID)
        return found


def _error(found: Mapping[str, Any]) -> str:
    """The name of the error in an answer, if it has one; nothing else of it is for a log."""
    error = found.get("error")
    return error if isinstance(error, str) and error.isascii() and error.isidentifier() else ""


def _page(value: Any) -> str:
    """The address of a page, if it is one."""
    return value if isinstance(value, str) and value.isascii() and value.startswith(("https://", "http://")) else ""
