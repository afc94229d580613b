"""Authentication: who a caller is, by a token or a password; and the first administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw.access.identity import Identity
from nacos_tw.auth.accounts import Accounts
from nacos_tw.auth.commands import AuthCommand, CreateAdmin
from nacos_tw.auth.defaults import PASSWORD, DefaultPassword
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.ldap_users import PREFIX, LdapUsers
from nacos_tw.auth.login_queue import LoginQueues
from nacos_tw.auth.oidc.claims import Person
from nacos_tw.auth.oidc.signatures import AskProviderError, is_theirs
from nacos_tw.auth.oidc.users import OidcUsers
from nacos_tw.auth.passwords import NOBODY, Passwords
from nacos_tw.auth.problems import (
    DEFAULT_PASSWORD,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    UNKNOWN_USER,
    Refused,
    TooManyFailures,
)
from nacos_tw.auth.same_logins import SameLogins
from nacos_tw.auth.throttle import Attempt, Throttle
from nacos_tw.auth.tokens import NO_KEY, Claims, Tokens
from nacos_tw.errors import Unavailable
from nacos_tw.memo import BoundedMemo

FIRST_ADMIN = "nacos"
MOST_TOKENS = 20_000
"""Valid tokens that are remembered; when there are more, all are forgotten."""
LONGEST_OF_LOGIN = 2500
"""Characters of a token for the console: coded, signed and named it must fit into a cookie, of 4096."""
NOT_KNOWN = "users and their rights are not known yet"
AWAITS_ADMIN = "the first administrator is being made"
DISABLED = "AUTH_DISABLED"
"""The token, as 2.5.1's, of a node that asks for none, for somebody whom it cannot give one that will hold."""
DISABLED_SECONDS = 15
"""
What such a token is said to hold for: clients log in again by then, and before an instance whose beats are refused is
taken for dead, should logins have been turned on meanwhile.
"""


@attrs.frozen
class Login:
    """
    A login that succeeded.

    @ivar seconds: for which the token still holds.
    """

    token: str
    seconds: int
    identity: Identity


@attrs.define
class _Known:
    """A valid token; C{identity} is of the accounts at C{accounts}."""

    claims: Claims
    expires: float
    accounts: object
    identity: Identity


class Auth:
    """
    Logins of one node.

    @ivar directory: the accounts as they are.
    @ivar tokens: makes and reads tokens; it has no key until one is agreed on.
    @ivar enabled: whether requests need a login at all.
    @ivar ldap: None where the own table has all users; C{oidc}: where no provider has some.
    @ivar admin_expected: whether the settings have a first administrator made, and that is not done yet.
    @ivar replacing: whether they may give one that has the default password another: that was not looked at yet.
    @ivar default: whether the password that everybody knows is still in use.
    """

    def __init__(
        self,
        clock: IReactorTime,
        now: Callable[[], float],
        directory: Directory,
        tokens: Tokens,
        passwords: Passwords,
        write: Callable[[AuthCommand], Deferred[Any]],
        *,
        enabled: bool,
        refuse_default: bool = False,
        ldap: LdapUsers | None = None,
        oidc: OidcUsers | None = None,
    ) -> None:
        """
        @param now: the wall clock, in seconds since 1970.
        @param write: does it; fires with the command's result once it is durable and the directory shows it, fails
            with what it was refused for, or with Unavailable.
        @param ldap: users whose passwords a directory has, None if there are none.
        @param oidc: those whose tokens an OpenID Connect provider makes, None if there are none.
        """
        self._clock = clock
        self.ldap = ldap
        self.oidc = oidc
        self.write = write
        self._now = now
        self.directory = directory
        self.tokens = tokens
        self.passwords = passwords
        self.enabled = enabled
        self.default = DefaultPassword(directory, passwords, refuse_default)
        self.admin_expected = self.replacing = False
        self._refuse_default = refuse_default
        self._throttle = Throttle()
        self._same_logins, self._login_queues = SameLogins(clock), LoginQueues(clock)
        self._known: BoundedMemo[bytes, _Known] = BoundedMemo(MOST_TOKENS)

    # -- who is it

    def known(self, token: bytes) -> Identity | None:
        """Whose token it is, if that was found out before and holds still."""
        known = self._known.get(token)
        if known is None or known.accounts is not self.directory.now or known.expires <= self._now():
            return None
        return known.identity

    @property
    def awaits_admin(self) -> bool:
        """Whether there is no administrator, but the settings have one made: nobody else may come first."""
        return self.admin_expected and not self.directory.now.has_admin

    def reason(self) -> str:
        """Why nobody can log in yet; "" when they can."""
        if not self.enabled:
            return ""
        if not self.directory.now.known:
            return NOT_KNOWN
        if self.awaits_admin or self.replacing:
            return AWAITS_ADMIN
        return "" if self.tokens.key else NO_KEY

    def use_key(self, key: bytes) -> None:
        """Sign with this key from now on; what another one has signed ends."""
        self.tokens.key = key
        self._known.clear()

    def by_token(self, token: bytes) -> Identity:
        """
        Whose token it is.

        @raise Refused: it is nobody's, or not any more.
        @raise Unavailable: the accounts are not known yet, or the OpenID Connect provider was not asked for its keys.
        """
        try:
            return self._by_token(token)
        except AskProviderError:
            raise Unavailable("the token's key is not known yet, try again") from None

    def by_bearer(self, token: bytes) -> Identity | Deferred[Identity]:
        """The same; a Deferred if a provider has to be asked first."""
        try:
            return self._by_token(token)
        except AskProviderError:
            return Deferred.fromCoroutine(self._asked(token))

    async def _asked(self, token: bytes) -> Identity:
        assert self.oidc is not None
        return self._keep_guest(token, await self.oidc.found(token)).identity

    def _by_token(self, token: bytes) -> Identity:
        known = self._known.get(token)
        if known is None or known.accounts is not self.directory.now:
            known = self._read(token)
        if known.expires <= self._now():
            del self._known[token]
            raise Refused(TOKEN_EXPIRED)
        return known.identity

    def _read(self, token: bytes) -> _Known:
        accounts = self.accounts()
        before = self._known.pop(token, None)
        claims = before.claims if before is not None else self._claims(token)
        if claims.roles is not None:
            return self._keep_guest(token, Person(claims.name, claims.roles, claims.expires))
        hashed = accounts.password(claims.name)
        # A token of a Nacos with the same key has no mark: it holds until its time.
        if hashed is None or (claims.mark and claims.mark != self.tokens.mark(hashed)):
            raise Refused(TOKEN_INVALID)
        self._refuse_known_password(claims.name)
        known = _Known(claims, claims.expires, accounts, accounts.identity(claims.name))
        self._known.keep(token, known)
        return known

    def _keep_guest(self, token: bytes, person: Person) -> _Known:
        """Somebody whom the provider vouches for, or has when they logged in."""
        if self.oidc is None:
            raise Refused(TOKEN_INVALID)
        accounts = self.accounts()
        claims = Claims(person.name, person.expires, "", person.roles)
        known = _Known(claims, person.expires, accounts, accounts.guest(person.name, person.roles))
        self._known.keep(token, known)
        return known

    def _claims(self, token: bytes) -> Claims:
        if self.oidc is not None and is_theirs(token):
            person = self.oidc.known(token)
            return Claims(person.name, person.expires, "", person.roles)
        if not self.tokens.key:
            raise Unavailable(NO_KEY)
        return self.tokens.verify(token.decode("ascii", "replace"))

    def accounts(self) -> Accounts:
        """
        The accounts as they are.

        @raise Unavailable: they are not known yet.
        """
        if not self.directory.now.known:
            raise Unavailable(NOT_KNOWN)
        return self.directory.now

    def _refuse_known_password(self, name: str, password: str | None = None) -> None:
        """
        Nothing, unless that is set.

        @param password: the right one; None if it is not at hand.
        @raise Refused: it is the user whose password everybody knows.
        @raise Unavailable: whether it still has that is being found out.
        """
        if not (self.enabled and self._refuse_default) or name != self.default.user:
            return
        stands = self.default.stands if password is None else password == PASSWORD
        if stands is None:
            raise Unavailable("the password of nacos is being looked at, try again")
        if stands:
            raise Refused(DEFAULT_PASSWORD)

    def by_password(self, name: str, password: str, address: str) -> Identity | Deferred[Identity]:
        """
        Who has that name and password. A Deferred if it takes a hash.

        @param address: where it comes from: failures slow the next attempts from there and for the name.
        @raise Refused: (also as the Deferred's failure) nobody has.
        @raise TooManyFailures: so many were wrong that this one was not looked at.
        """
        self.accounts()
        if self.awaits_admin:
            raise Unavailable(AWAITS_ADMIN)
        # To a directory Ann and ann are mostly the same user: they have one count of failures.
        counted = name if self.ldap is None else name.lower()
        if self._throttle.crowded(counted, address, self._clock.seconds()):
            return Deferred.fromCoroutine(
                self._after_others(self._login_queues.place(address), name, password, address)
            )
        try:
            attempt = self._throttle.attempt(counted, address, self._clock.seconds())
        except TooManyFailures:
            outcome = self._same_logins.outcome((counted, password))
            if outcome is None:
                raise
            return Deferred.fromCoroutine(self._as_another(outcome, name, password))
        found = None if attempt.wait else self._remembered(name, password)
        if found is not None:
            attempt.succeeded()
            return self._let_in(found, password)
        attempt.running()
        return Deferred.fromCoroutine(self._check(attempt, name, password))

    async def _after_others(self, turn: Deferred[None], name: str, password: str, address: str) -> Identity:
        await turn
        found = self.by_password(name, password, address)
        return found if isinstance(found, Identity) else await found

    async def _as_another(self, outcome: Deferred[bool], name: str, password: str) -> Identity:
        """What becomes of an attempt for which there were too many, when one that says the same is not decided yet."""
        found = self._remembered(name, password) if await outcome else None
        if found is None:
            raise TooManyFailures
        return self._let_in(found, password)

    def _has_room(self, address: str) -> bool:
        return not self._throttle.crowded("", address, self._clock.seconds())

    def _own_hash(self, name: str) -> str | None:
        """The hash in the own table of a user whose password is there."""
        return None if name.startswith(PREFIX) else self.directory.now.password(name)

    def _remembered(self, name: str, password: str) -> str | None:
        """The user whose password was found right before, and need not be looked at."""
        hashed = self._own_hash(name)
        if hashed is not None and self.passwords.is_known(password, hashed):
            return name
        return None if self.ldap is None else self.ldap.remembered(name, password)

    async def _check(self, attempt: Attempt, name: str, password: str) -> Identity:
        right: bool | None = None
        key = (attempt.user, password)
        self._same_logins.began(key)
        try:
            found = None
            if attempt.wait:
                await self._same_logins.turn(key, attempt.wait)
                found = self._remembered(name, password)
            attempt.looked_at = True
            found = found or await self._find(name, password)
            right = found is not None
        finally:
            attempt.ended(right, self._clock.seconds())
            self._same_logins.ended(key, right is True)
            self._login_queues.decided(attempt.address, lambda: self._has_room(attempt.address))
        if found is None:
            raise Refused(UNKNOWN_USER)
        return self._let_in(found, password)

    async def _find(self, name: str, password: str) -> str | None:
        """The user of that name and password: first of the own table, then of the directory."""
        hashed = self._own_hash(name)
        if hashed is None and self.ldap is not None:
            # No hash first: it could only be wrong, and there are as many of these logins as there are users.
            found = await self.ldap.find(name, password)
            if found is not None:
                return found
        matches = await self.passwords.check(password, NOBODY if hashed is None else hashed)
        if matches and hashed is not None and hashed == self._own_hash(name):  # not changed meanwhile
            return name
        return None if hashed is None or self.ldap is None else await self.ldap.find(name, password)

    def _let_in(self, name: str, password: str) -> Identity:
        self._refuse_known_password(name, password)
        return self.directory.now.identity(name)

    # -- logging in

    async def log_in(self, name: str, password: str, address: str) -> Login:
        """
        A token for a user: the same while no logins are asked for, so that it holds when they are.

        @raise Refused: wrong name or password; C{TooManyFailures}: see L{by_password}.
        @raise Unavailable: there is no key yet to sign it with, or the accounts are not known.
        """
        accounts = self.directory.now
        if not self.enabled and accounts.known and not accounts.has_admin and accounts.password(name) is None:
            # Nobody was ever asked for a password here; clients that send one are let go on.
            return Login(DISABLED, DISABLED_SECONDS, Identity(name, True))
        found = self.by_password(name, password, address)
        identity = found if isinstance(found, Identity) else await found
        hashed = self.directory.now.password(identity.name)
        if hashed is None:
            raise Refused(UNKNOWN_USER)  # deleted meanwhile
        if self.tokens.key:
            return Login(self.tokens.issue(identity.name, hashed), int(self.tokens.seconds), identity)
        if self.enabled:
            raise Unavailable(NO_KEY)
        return Login(DISABLED, DISABLED_SECONDS, identity)

    def renewed(self, token: bytes) -> Login:
        """
        What a login with a valid token gives: the same one.

        @raise Refused: it is not valid.
        """
        identity = self.by_token(token)
        left = int(self._known[token].expires - self._now())
        return Login(token.decode("ascii"), left, identity)

    def let_in(self, person: Person) -> Login:
        """
        A token of our own for somebody whom the provider has let in by the browser. One with very many roles has only
        those that allow something now: a browser keeps no longer token.

        @raise Unavailable: the accounts are not known, or there is no key yet.
        """
        if not self.tokens.key:
            raise Unavailable(NO_KEY)
        accounts, roles = self.accounts(), person.roles
        token = self.tokens.issue_guest(person.name, roles)
        if len(token) > LONGEST_OF_LOGIN:
            roles = accounts.of_use(roles)
            token = self.tokens.issue_guest(person.name, roles)
        return Login(token, int(self.tokens.seconds), accounts.guest(person.name, roles))

    # -- changing

    async def create_admin(self, password: str) -> bool:
        """
        Create the first administrator, C{nacos}.

        @return: False if there is one already.
        """
        if self.directory.now.known and self.directory.now.has_admin:
            return False
        hashed = await self.passwords.hash(password)
        return bool(await self.write(CreateAdmin(FIRST_ADMIN, hashed)))
