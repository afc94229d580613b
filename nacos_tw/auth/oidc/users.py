"""The users of an OpenID Connect provider, as L{nacos_tw.auth.auth.Auth} asks for them."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from nacos_tw.auth.oidc.claims import Person, person
from nacos_tw.auth.oidc.fetching import Fetch
from nacos_tw.auth.oidc.provider import Provider
from nacos_tw.settings.oidc import OidcSettings


class OidcUsers:
    """Whose tokens are."""

    def __init__(self, settings: OidcSettings, fetch: Fetch, clock: IReactorTime, now: Callable[[], float]) -> None:
        """@param now: the wall clock, in seconds since 1970."""
        self.settings = settings
        self.provider = Provider(settings, fetch, clock)
        self._now = now

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
