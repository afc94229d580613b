"""bcrypt, in threads: a hash takes some 60 ms by design, and the reactor has other things to do."""

from __future__ import annotations

import hmac
import os
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from nacos_tw.auth.problems import AccountInvalid, TooManyAtATime
from nacos_tw.memo import BoundedMemo

COST = 10
"""Nacos's: C{$2a$10$}."""
LONGEST = 72
"""Bytes of a password that bcrypt looks at."""
THREADS = 2
MOST_WAITING = 200
"""Hashes that may wait for a thread; with more of them the node is not keeping up with logins."""
MOST_KNOWN = 10_000
NOBODY = "$2a$10$5zJsFzkvK2PXNzGZPiV6WOVuEh86c/Wj2RCpX7Ae7QhWqSJSdN7Li"
"""A hash of nothing that anybody knows: what an unknown user's password is compared with, so that it takes as long."""


class Passwords:
    """
    Checks and makes hashes.

    It remembers, by a keyed digest, which passwords were right: a client that sends its password with each request, or
    a thousand clients that start at once, cost one hash.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, THREADS, name="bcrypt")
        self._waiting = 0
        self._key = os.urandom(32)
        self._right: BoundedMemo[bytes, None] = BoundedMemo(MOST_KNOWN)
        self._checking: dict[bytes, list[Deferred[bool]]] = {}

    def start(self) -> None:
        """Threads are made when there is work."""
        self._pool.start()

    def stop(self) -> None:
        """Wait for the hashes that are being made."""
        self._pool.stop()

    def _digest(self, password: str, hashed: str) -> bytes:
        return hmac.digest(self._key, hashed.encode() + b"\0" + _bytes(password), "sha256")

    def is_known(self, password: str, hashed: str) -> bool:
        """Whether it was found right before."""
        return self._digest(password, hashed) in self._right

    def check(self, password: str, hashed: str) -> Deferred[bool]:
        """
        Whether the password has that hash. The same question asked while it is being answered is not asked again.

        One that is longer than L{LONGEST} is no hash's: bcrypt would not look at the rest.

        @return: fails with Unavailable when too many wait.
        """
        digest = self._digest(password, hashed)
        result: Deferred[bool] = Deferred()
        waiting = self._checking.get(digest)
        if waiting is not None:
            waiting.append(result)
            return result
        self._checking[digest] = [result]
        self._in_thread(_matches, password, hashed).addBoth(self._checked, digest)
        return result

    def _checked(self, outcome: bool | Failure, digest: bytes) -> None:
        if outcome is True:
            self._right.keep(digest, None)
        for waiting in self._checking.pop(digest):
            waiting.errback(outcome) if isinstance(outcome, Failure) else waiting.callback(outcome)

    def hash(self, password: str) -> Deferred[str]:
        """
        A new hash, as Nacos makes them.

        @return: fails with Unavailable when too many wait.
        @raise BadParameter: bcrypt would not look at all of the password.
        """
        if len(_bytes(password)) > LONGEST:
            raise AccountInvalid("password", "bytes", limit=LONGEST)
        return self._in_thread(_hashed, password)

    def _in_thread(self, fn: Any, *args: Any) -> Deferred[Any]:
        if self._waiting >= MOST_WAITING:
            return fail(Failure(TooManyAtATime()))
        self._waiting += 1
        return deferToThreadPool(self._reactor, self._pool, fn, *args).addBoth(self._done)

    def _done(self, outcome: Any) -> Any:
        self._waiting -= 1
        return outcome


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _matches(password: str, hashed: str) -> bool:
    import bcrypt

    try:
        given = _bytes(password)
        return bcrypt.checkpw(given[:LONGEST], hashed.encode()) and len(given) <= LONGEST
    except ValueError:
        return False  # the column holds no bcrypt hash


def _hashed(password: str) -> str:
    import bcrypt

    return bcrypt.hashpw(_bytes(password), bcrypt.gensalt(COST, b"2a")).decode()
