"""
Users of an LDAP directory (docs/spec/config-v1.md#12.10): C{ann} there is C{LDAP_ann} here, with a row in the server's
own table from the first login on, so that the user can be given roles.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.commands import AuthCommand, EnsureUser
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.ldap import LdapTrouble
from nacos_tw.auth.problems import TooManyAtATime
from nacos_tw.auth.validation import check_name
from nacos_tw.errors import BadParameter, Unavailable
from nacos_tw.memo import BoundedMemo

PREFIX = "LDAP_"
"""How the names of these users begin here. No user of such a name logs in with a password of the own table: Nacos
gives all of them the password nacos there."""
MOST_ASKING = 8
"""Questions to the directory at a time."""
MOST_WAITING = 200
"""Those that may wait for one of these to end."""
PATIENCE = 5.0
"""Seconds for which they wait."""
KEPT = 5.0
"""Seconds for which a right password is not asked for again: clients may send it with each request."""
MOST_KEPT = 10_000

Run = Callable[..., "Deferred[bool]"]


class Asked(Protocol):
    """L{nacos_tw.auth.ldap.Ldap}."""

    def matches(self, name: str, password: str) -> bool:
        """See there."""


def in_thread(reactor: Any) -> Run:
    """
    Runs a function in a thread of its own.

    It is a daemon, not one of a pool: a directory that does not answer must not keep the node from stopping.
    """

    def run(fn: Callable[..., bool], *args: Any) -> Deferred[bool]:
        result: Deferred[bool] = Deferred()

        def work() -> None:
            try:
                outcome: Any = fn(*args)
            except Exception:
                outcome = Failure()
            reactor.callFromThread(result.callback, outcome)

        threading.Thread(target=work, name="ldap", daemon=True).start()
        return result

    return run


class LdapUsers:
    """
    Asks the directory, and makes the rows.

    @ivar trouble: why it could not tell last time, "" if it could.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        directory: Directory,
        write: Callable[[AuthCommand], Deferred[Any]],
        make_hash: Callable[[str], Deferred[str]],
        ldap: Asked,
        run: Run,
        *,
        case_sensitive: bool = True,
    ) -> None:
        """
        @param write: see L{nacos_tw.auth.auth.Auth}.
        @param make_hash: see L{nacos_tw.auth.passwords.Passwords.hash}.
        @param run: calls a function that blocks.
        """
        self._clock = clock
        self._directory = directory
        self._write = write
        self._make_hash = make_hash
        self._ldap = ldap
        self._run = run
        self._case_sensitive = case_sensitive
        self._slots = DeferredSemaphore(MOST_ASKING)
        self._key = os.urandom(32)
        self._right: BoundedMemo[bytes, float] = BoundedMemo(MOST_KEPT)
        self._asking: dict[bytes, list[Deferred[bool]]] = {}
        self.trouble = ""

    def subject(self, name: str) -> str:
        """The name here of a user of the directory."""
        return PREFIX + (name if self._case_sensitive else name.lower())

    def remembered(self, name: str, password: str) -> str | None:
        """The name here, if the password was right just now."""
        subject = self.subject(name)
        until = self._right.get(self._digest(subject, password))
        if until is None or until <= self._clock.seconds() or self._directory.now.password(subject) is None:
            return None
        return subject

    def _digest(self, subject: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{subject}\0{password}".encode("utf-8", "surrogatepass"), "sha256")

    async def find(self, name: str, password: str) -> str | None:
        """
        The name here of a user of the directory; None if there is none with that name and password, or it may not log
        in here.

        @raise Unavailable: the directory cannot tell, or the row cannot be made.
        """
        subject = self.subject(name)
        if not _is_plain(subject, password) or not await self._matches(subject, password):
            return None
        accounts = self._directory.now
        if accounts.password(subject) is None and subject not in accounts.names:
            # Not the password nacos, which Nacos stores: whoever knows the name would log in by it (there, and here
            # should the prefix ever lose its meaning). A random one, as long as bcrypt looks, is nobody's.
            await self._write(EnsureUser(subject, await self._make_hash(secrets.token_urlsafe(48))))
        return subject if self._directory.now.password(subject) is not None else None

    # -- asking

    def _matches(self, subject: str, password: str) -> Deferred[bool]:
        """The same question asked while it is being answered is not asked again; nor does who asked first end it."""
        digest = self._digest(subject, password)
        result: Deferred[bool] = Deferred()
        waiting = self._asking.get(digest)
        if waiting is not None:
            waiting.append(result)
            return result
        self._asking[digest] = [result]
        asking = Deferred.fromCoroutine(self._ask(subject.removeprefix(PREFIX), password, digest))
        asking.addBoth(self._answered, digest)
        return result

    def _answered(self, outcome: bool | Failure, digest: bytes) -> None:
        for waiting in self._asking.pop(digest):
            waiting.errback(outcome) if isinstance(outcome, Failure) else waiting.callback(outcome)

    async def _ask(self, name: str, password: str, digest: bytes) -> bool:
        await self._slot()
        asked = self._clock.seconds()
        try:
            right = await self._run(self._ldap.matches, name, password)
        except LdapTrouble as trouble:
            self._failed(str(trouble))
            raise Unavailable("the LDAP directory cannot be asked, try again later") from None
        finally:
            self._slots.release()
        if self.trouble:
            self.trouble = ""
            self.log.info("the LDAP directory answers again")
        if right:
            self._right.keep(digest, asked + KEPT)
        return right

    async def _slot(self) -> None:
        if len(self._slots.waiting) >= MOST_WAITING:
            raise TooManyAtATime()
        try:
            await self._slots.acquire().addTimeout(PATIENCE, self._clock)
        except DeferredTimeout:
            raise Unavailable("the LDAP directory is too slow, try again later") from None

    def _failed(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.log.warn("users of LDAP cannot log in: {trouble}", trouble=trouble)
        self.trouble = trouble


def _is_plain(subject: str, password: str) -> bool:
    """
    Whether it may be a user's name and password at all.

    A directory takes many texts for the same name: blanks around it, or several within, full-width letters (RFC 4518).
    Here each would be a user of its own, so only the plain one is.
    """
    name = subject.removeprefix(PREFIX)
    if (
        not password
        or "\0" in password
        or name != " ".join(name.split())
        or unicodedata.normalize("NFKC", name) != name
    ):
        return False
    try:
        password.encode()
        check_name("username", subject)
    except (BadParameter, UnicodeEncodeError):
        return False
    return bool(name)
