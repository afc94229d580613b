"""Logging in, the first administrator, and who one is (docs/spec/config-v1.md#12.1, #12.8)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import Identity
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.auth.auth import FIRST_ADMIN, Auth, Login
from nacos_tw.auth.oidc.users import Departure, OidcUsers
from nacos_tw.auth.problems import UNKNOWN_USER, AdminBySettings, NoProvider, Refused
from nacos_tw.auth.requests import Arriving, Credentials, Departing, FirstAdmin, Leaving, Me, ProviderAsked, TakingOver
from nacos_tw.auth.validation import check_password

GENERATED = 12
"""Random bytes of a password that the server makes."""


@attrs.frozen
class Administrator:
    """The first administrator as it was created."""

    name: str
    password: str = attrs.field(repr=False)


@attrs.frozen
class Myself:
    """
    Who asks, and what they may do.

    @ivar default_password: whether an administrator asks, and the password that everybody knows is in use.
    """

    identity: Identity
    default_password: bool


class Logins(Operations):
    """What is done before, or right after, it is known who asks."""

    __slots__ = ("_auth", "_new_password")

    def __init__(
        self,
        auth: Auth,
        audit: AuditLog,
        new_password: Callable[[], str] = lambda: secrets.token_urlsafe(GENERATED),
    ) -> None:
        """@param new_password: makes a password for the first administrator."""
        super().__init__(audit)
        self._auth = auth
        self._new_password = new_password

    @operation(Rule("open", recorded=True))
    async def log_in(self, caller: Caller, request: Credentials) -> Login:
        """
        A token for a name and its password, or the same token again for one that holds. The caller is that user then.

        @raise Refused: neither is right.
        @raise TooManyFailures: the password was not looked at.
        """
        login = self._by_token(request) or await self._by_password(caller, request)
        caller.identity = login.identity
        return login

    def _by_token(self, request: Credentials) -> Login | None:
        """Nacos looks at a token first; one that does not hold is no reason to refuse a password beside it."""
        if not request.token:
            return None
        try:
            return self._auth.renewed(request.token)
        except Refused:
            if request.password is None:
                raise
            return None

    async def _by_password(self, caller: Caller, request: Credentials) -> Login:
        if request.name is None or request.password is None:
            raise Refused(UNKNOWN_USER)
        return await self._auth.log_in(request.name, request.password, caller.source)

    @operation(Rule("open", recorded=True))
    async def first_admin(self, caller: Caller, request: FirstAdmin) -> Administrator | bool:
        """
        Create the first administrator; works once.

        @return: False: there is one already, or the settings make one.
        @raise AdminBySettings: not here.
        @raise BadParameter: the password is none.
        """
        if self._auth.ldap is not None:
            raise AdminBySettings
        password = self._new_password() if request.password is None else request.password
        check_password(password)
        if self._auth.awaits_admin or not await self._auth.create_admin(password):
            return False
        return Administrator(FIRST_ADMIN, password)

    @operation(Rule("open"))
    def provider(self, caller: Caller, request: ProviderAsked) -> str | None:
        """What the OpenID Connect provider is called; None: there is none."""
        return None if self._auth.oidc is None else self._auth.oidc.settings.label

    @operation(Rule("open"))
    async def depart(self, caller: Caller, request: Departing) -> Departure:
        """
        Where a browser goes to log in at the OpenID Connect provider.

        @raise NoProvider: there is none.
        """
        return await self._provider().depart(request.callback)

    @operation(Rule("open", recorded=True))
    async def arrive(self, caller: Caller, request: Arriving) -> str:
        """
        Let in somebody whom the provider has sent back. The caller is them then.

        @return: the cookie by which the console fetches their token.
        @raise Refused: it did not send them, or they did not set out here.
        """
        provider = self._provider()
        login = self._auth.let_in(await provider.arrive(request.cookie, request.state, request.code))
        caller.identity = login.identity
        return provider.hand_over(login.token)

    @operation(Rule("open"))
    def take_over(self, caller: Caller, request: TakingOver) -> Login:
        """
        The login that L{arrive} has let in.

        @raise Refused: there was none just now.
        """
        return self._auth.renewed(self._provider().taken_over(request.cookie).encode())

    @operation(Rule("open"))
    async def leave(self, caller: Caller, request: Leaving) -> str:
        """
        Where a browser goes to log out at the OpenID Connect provider; "" for nowhere.

        @raise NoProvider: there is none.
        """
        return await self._provider().leave(request.callback)

    def _provider(self) -> OidcUsers:
        if self._auth.oidc is None:
            raise NoProvider
        return self._auth.oidc

    @operation(Rule("user"))
    def who_am_i(self, caller: Caller, request: Me) -> Myself:
        """Who asks, and what they may do; for the console."""
        identity = caller.identity
        return Myself(identity, identity.admin and self._auth.default.stands is True)
