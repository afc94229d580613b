"""The users of an OpenID Connect provider, as L{nacos_tw.auth.auth.Auth} asks for them."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime

from nacos_tw.auth.oidc import browser
from nacos_tw.auth.oidc.claims import Person, person
from nacos_tw.auth.oidc.fetching import Fetch
from nacos_tw.auth.oidc.provider import Provider
from nacos_tw.auth.problems import TOKEN_INVALID, Refused
from nacos_tw.auth.tokens import NO_KEY, Tokens
from nacos_tw.errors import Unavailable
from nacos_tw.settings.oidc import OidcSettings


@attrs.frozen
class Departure:
    """
    Somebody is sent to the provider.

    @ivar to: its page.
    @ivar cookie: what the browser keeps.
    """

    to: str
    cookie: str = attrs.field(repr=False)


class OidcUsers:
    """Whose tokens are, and logins by the browser."""

    def __init__(
        self, settings: OidcSettings, fetch: Fetch, clock: IReactorTime, now: Callable[[], float], tokens: Tokens
    ) -> None:
        """@param now: the wall clock, in seconds since 1970."""
        self.settings = settings
        self.provider = Provider(settings, fetch, clock)
        self._now = now
        self._tokens = tokens
        self._sealed = browser.Sealed(lambda: tokens.key, now)

    def known(self, token: bytes) -> Person:
        """
        Whose token of the provider it is, by the keys that are known.

        @raise Refused: nobody's.
        @raise nacos_tw.auth.oidc.signatures.UnknownKeyError: L{found} can tell.
        """
        return person(self.settings, self.provider.claims(token), self._now())

    async def found(self, token: bytes) -> Person:
        """
        The same after the provider was asked for its keys.

        @raise Refused: nobody's.
        @raise Unavailable: the provider cannot be asked.
        """
        return person(self.settings, await self.provider.refreshed(token), self._now())

    # -- by the browser

    async def depart(self, callback: str) -> Departure:
        """
        Begin a login.

        @param callback: the address that the provider sends the browser back to.
        @raise Unavailable: the provider cannot be asked, or there is no key yet.
        """
        if not self._tokens.key:
            raise Unavailable(NO_KEY)
        pages = await self.provider.pages()
        if not pages.authorize:
            raise Unavailable("the OpenID Connect provider names no authorization_endpoint")
        login = browser.begin(self._now(), callback)
        return Departure(browser.address(self.settings, pages, login), self._sealed.seal(login))

    async def leave(self, callback: str) -> str:
        """
        Where somebody who logs out goes to, to do so at the provider too; "": nowhere.

        @raise Unavailable: the provider cannot be asked.
        """
        return browser.farewell(self.settings, await self.provider.pages(), callback) if self.settings.logout else ""

    async def arrive(self, cookie: str, state: str, code: str) -> Person:
        """
        Whom the provider has sent back.

        @param cookie: that of L{depart}.
        @raise Refused: it did not begin here, or the provider does not know them.
        @raise Unavailable: the provider cannot be asked.
        """
        login = self._sealed.begun(cookie)
        if not code or not hmac.compare_digest(login.state.encode(), state.encode("utf-8", "replace")):
            raise Refused(TOKEN_INVALID)
        token = await self.provider.exchanged(code, login.verifier, login.callback)
        claims = await self.provider.refreshed(token)
        return person(self.settings, claims, self._now(), nonce=login.nonce)

    def hand_over(self, token: str) -> str:
        """The cookie by which the console fetches a token."""
        return self._sealed.seal(browser.Ended(token, self._now() + browser.HANDED_OVER))

    def taken_over(self, cookie: str) -> str:
        """@raise Refused: that is none, or too old."""
        return self._sealed.ended(cookie).token
