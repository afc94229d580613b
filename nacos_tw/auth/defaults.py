"""The default password: whether it is still in use, and the first administrator that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.accounts import Accounts
from nacos_tw.auth.commands import SetPassword
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.passwords import Passwords
from nacos_tw.errors import NacosError

if TYPE_CHECKING:
    from nacos_tw.auth.auth import Auth

USER = PASSWORD = "nacos"
PUBLISHED_IDENTITIES = frozenset(
    {
        "security",
        "serverIdentity",
        "example",
        "nacos",
        "test",
        "authIdentity",
        "identity",
        "nacos_auth_identity_value",
        "nacosSecurty",
    }
)
"""Values of the server identity that documents and images of Nacos show: they prove nothing."""
AGAIN = 0.1
"""Seconds between two looks whether the first administrator can be made."""


class DefaultPassword:
    """
    Whether C{nacos} has the password C{nacos}.

    @ivar stands: None until it is known.
    @ivar user: the user's name.
    """

    log = Logger()
    user = USER

    def __init__(self, directory: Directory, passwords: Passwords, refused: bool) -> None:
        self.stands: bool | None = False
        self._directory = directory
        self._passwords = passwords
        self._refused = refused
        self._hash: str | None = None
        self.running = False

    def look(self) -> None:
        """The accounts may have changed."""
        hashed = self._directory.now.password(USER)
        if not self.running or hashed == self._hash:
            return
        self._hash = hashed
        if hashed is None:
            self.stands = False
            return
        self.stands = None
        self._passwords.check(PASSWORD, hashed).addCallbacks(self._found, self._unknown, (hashed,))

    def _found(self, stands: bool, hashed: str) -> None:
        if hashed != self._hash:
            return
        self.stands = stands
        if stands:
            self.log.warn(
                "the user nacos has the password nacos, which everybody knows: {what}",
                what="it is refused" if self._refused else "change it (PUT /v1/auth/users, or in the console)",
            )

    def _unknown(self, failure: Failure) -> None:
        failure.trap(NacosError)
        self._hash = None


class NoAdmin(Service):
    """Says once, while it runs, that nobody is administrator and what to do."""

    log = Logger()

    def __init__(self, directory: Directory, by_request: bool) -> None:
        """@param by_request: whether a request may make the first one; the setting can in any case."""
        self._directory = directory
        self._way = (
            ", or now, once: POST /nacos/v1/auth/users/admin with password=... (the console's login page offers it)"
            if by_request
            else ""
        )
        self._said = False
        directory.on_changed.append(self.look)

    def startService(self) -> None:
        """Look from now on."""
        super().startService()
        self.look()

    def look(self) -> None:
        """The accounts may have changed."""
        accounts = self._directory.now
        if self.running and accounts.known and not accounts.has_admin and not self._said:
            self._said = True
            self.log.warn(
                "there is no administrator yet: set nacos.core.auth.admin.password and start again{way}", way=self._way
            )


class AdminBootstrap(Service):
    """
    Gives an empty table of users its first administrator, with the password that the settings name; one that has the
    default password gets that password instead.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, auth: Auth, password: str) -> None:
        """@param password: "" for none."""
        self._clock = clock
        self._auth = auth
        self._password = password
        self._timer: IDelayedCall | None = None
        self._working: Deferred[bool] | None = None

    def startService(self) -> None:
        """See to it until it is done."""
        super().startService()
        if self._password:
            self._auth.admin_expected = self._auth.replacing = True
            if self._working is None:  # else that goes on
                self._try()

    def stopService(self) -> None:
        """Try no more."""
        super().stopService()
        self._auth.admin_expected = self._auth.replacing = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _try(self) -> None:
        self._timer = None
        self._working = Deferred.fromCoroutine(self._see_to_it())
        self._working.addErrback(self._failed).addCallback(self._tried)

    def _failed(self, failure: Failure) -> bool:
        if not failure.check(NacosError):
            self.log.failure("the first administrator could not be made", failure)
        return False

    def _tried(self, done: bool) -> None:
        self._working = None
        self._auth.admin_expected = not done and bool(self.running)
        if self._auth.admin_expected:
            self._timer = self._clock.callLater(AGAIN, self._try)

    async def _see_to_it(self) -> bool:
        """@return: whether there is nothing more to do."""
        auth = self._auth
        accounts = auth.directory.now
        if not accounts.known or auth.default.stands is None:
            auth.default.look()  # again, if there were too many hashes to make
            return False
        try:
            return await self._make_or_replace(accounts)
        finally:
            auth.replacing = False  # where it failed the old password holds on: the node is ready for the rest

    async def _make_or_replace(self, accounts: Accounts) -> bool:
        auth = self._auth
        if not accounts.has_admin:
            if await auth.create_admin(self._password):
                self.log.info("the first administrator, nacos, was made with the password of the settings")
            return True
        hashed = accounts.password(USER)
        if auth.default.stands and hashed is not None and self._password != PASSWORD:
            new = await auth.passwords.hash(self._password)
            if await auth.write(SetPassword(USER, new, hashed)):
                self.log.info("the default password of nacos was replaced by that of the settings")
        return True
