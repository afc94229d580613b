"""The users of an OpenID Connect provider, as L{nacos_tw.auth.auth.Auth} asks for them."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.oidc import browser
from nacos_tw.auth.oidc.claims import Person, missing, person, tells_roles
from nacos_tw.auth.oidc.fetching import Fetch
from nacos_tw.auth.oidc.provider import Provider
from nacos_tw.auth.oidc.signatures import AskProviderError, UnknownKeyError
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

    log = Logger()

    def __init__(
        self, settings: OidcSettings, fetch: Fetch, clock: IReactorTime, now: Callable[[], float], tokens: Tokens
    ) -> None:
        """@param now: the wall clock, in seconds since 1970."""
        self.settings = settings
        self.provider = Provider(settings, fetch, clock)
        self._now = now
        self._tokens = tokens
        self._asked: dict[bytes, list[Deferred[Person]]] = {}
        self._sealed = browser.Sealed(lambda: tokens.key, now)

    def known(self, token: bytes) -> Person:
        """
        Whose token of the provider it is, by the keys that are known.

        @raise Refused: nobody's.
        @raise AskProviderError: L{found} can tell.
        """
        claims = self.provider.claims(token)
        found = person(self.settings, claims, self._now())
        if not tells_roles(self.settings, claims) and self.provider.tells_of_users:
            raise AskProviderError
        return found

    def found(self, token: bytes) -> Deferred[Person]:
        """
        The same after the provider was asked: for its keys, for the roles of a token that has none. Who comes with the
        same token while that is under way gets the same answer.

        @return: fails with Refused: nobody's; with Unavailable: the provider cannot be asked.
        """
        waiting = self._asked.get(token)
        result: Deferred[Person] = Deferred()
        if waiting is not None:
            waiting.append(result)
            return result
        self._asked[token] = [result]
        Deferred.fromCoroutine(self._find(token)).addBoth(self._answered, token)
        return result

    def _answered(self, outcome: Person | Failure, token: bytes) -> None:
        for result in self._asked.pop(token):
            result.errback(outcome) if isinstance(outcome, Failure) else result.callback(outcome)

    async def _find(self, token: bytes) -> Person:
        try:
            claims = self.provider.claims(token)
        except UnknownKeyError:
            claims = await self.provider.refreshed(token)
        found = person(self.settings, claims, self._now())
        if tells_roles(self.settings, claims) or not (await self.provider.pages()).user:
            return found
        info = await self.provider.user_info(token.decode("ascii"), str(claims["sub"]))
        # A token that is no access token, or none of a user, is what it says: without roles.
        return found if info is None else person(self.settings, claims, self._now(), info=info)

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
        tokens = await self.provider.exchanged(code, login.verifier, login.callback)
        claims = await self.provider.refreshed(tokens.id_token)
        found = person(self.settings, claims, self._now(), nonce=login.nonce)
        lacking = missing(self.settings, claims)
        if not (lacking and tokens.access and (await self.provider.pages()).user):
            return found
        info = await self.provider.user_info(tokens.access, str(claims["sub"]))
        if info is None:
            claim = " and ".join(lacking)
            self.log.warn("a login is refused: the ID token has no {claim}, and userinfo does not tell", claim=claim)
            raise Refused(TOKEN_INVALID)
        return person(self.settings, claims, self._now(), nonce=login.nonce, info=info)

    def hand_over(self, token: str) -> str:
        """The cookie by which the console fetches a token."""
        return self._sealed.seal(browser.Ended(token, self._now() + browser.HANDED_OVER))

    def taken_over(self, cookie: str) -> str:
        """@raise Refused: that is none, or too old."""
        return self._sealed.ended(cookie).token
