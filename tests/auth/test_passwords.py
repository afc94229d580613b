"""bcrypt: hashes of Nacos, odd passwords, and how much is done at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bcrypt
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.auth import passwords
from nacos_tw.auth.passwords import LONGEST, MOST_WAITING, NOBODY, Passwords
from nacos_tw.errors import BadParameter, Unavailable
from tests.wording import said

OF_NACOS = "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu"
"""nacos, by Java: it stands in Nacos's script."""


def quick(password: str, kind: bytes = b"2a") -> str:
    """A hash of the least cost, so that tests need not wait."""
    return (
        bcrypt.hashpw(password.encode()[:LONGEST], bcrypt.gensalt(4, b"2a"))
        .decode()
        .replace("$2a$", f"${kind.decode()}$")
    )


class RealTests(TestCase):
    """With threads."""

    timeout = 300

    def setUp(self) -> None:
        self.passwords = Passwords(reactor)
        self.passwords.start()
        self.addCleanup(self.passwords.stop)

    async def test_of_nacos(self) -> None:
        """The hash of Nacos's script is that of nacos."""
        self.assertTrue(await self.passwords.check("nacos", OF_NACOS))
        self.assertFalse(await self.passwords.check("nacos2", OF_NACOS))
        self.assertFalse(await self.passwords.check("Nacos", OF_NACOS))

    async def test_made(self) -> None:
        """A hash is as Nacos makes them, another one each time, and of the password."""
        first, second = await gatherResults([self.passwords.hash("p\u00e4ss"), self.passwords.hash("p\u00e4ss")])
        self.assertRegex(first, r"\A\$2a\$10\$[./A-Za-z0-9]{53}\Z")
        self.assertNotEqual(first, second)
        self.assertTrue(await self.passwords.check("p\u00e4ss", first))
        self.assertFalse(await self.passwords.check("pass", first))

    async def test_kinds(self) -> None:
        """bcrypt's other names are read too: tools that fill the table use them."""
        for kind in (b"2a", b"2b", b"2y"):
            self.assertTrue(await self.passwords.check("x", quick("x", kind)), kind)

    async def test_long(self) -> None:
        """A new one may be as long as bcrypt looks; a longer one is nobody's, whatever it begins with."""
        for longest in ("x" * LONGEST, "\u00e9" * (LONGEST // 2)):
            self.assertTrue(await self.passwords.check(longest, await self.passwords.hash(longest)))
            self.assertFalse(await self.passwords.check(longest + "y", quick(longest)))
        self.assertFalse(await self.passwords.check("x" * (LONGEST - 1), quick("x" * LONGEST)))
        for longer in ("x" * (LONGEST + 1), "\u00e9" * 37):
            error = self.assertRaises(BadParameter, self.passwords.hash, longer)
            self.assertEqual(said(error), "the password is longer than 72 bytes")

    async def test_zero(self) -> None:
        """NUL is a character like any other, not an end; so is what no UTF-8 has."""
        hashed = await self.passwords.hash("a\0b")
        self.assertTrue(await self.passwords.check("a\0b", hashed))
        for other in ("a", "a\0", "a\0c"):
            self.assertFalse(await self.passwords.check(other, hashed), repr(other))
        self.assertFalse(await self.passwords.check("\ud800", hashed))

    async def test_no_hash(self) -> None:
        """What stands in the column is no hash: no password is right."""
        for broken in (
            "", "nacos", "$2a$", "$2a$10$", OF_NACOS[:-1], "$2a$99$" + OF_NACOS[7:], "$1$x$y", "{noop}nacos",
            "\u00e9" * 60,
            OF_NACOS[:20] + "\0" + OF_NACOS[21:], "$2a$10$" + "*" * 53, "$5a$" + OF_NACOS[4:],
        ):  # fmt: skip
            for password in ("nacos", "", broken):
                self.assertFalse(await self.passwords.check(password, broken), broken)

    async def test_nobody(self) -> None:
        """The hash for unknown users costs as much as a real one, and is of nothing that is tried."""
        self.assertEqual(NOBODY[:7], OF_NACOS[:7])
        for password in ("", "nacos", "password", NOBODY):
            self.assertFalse(await self.passwords.check(password, NOBODY))


class Threads:
    """Threads that work when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Callable[[], Any]]] = []

    def defer(self, _reactor: object, _pool: object, fn: Callable[..., Any], *args: Any) -> Deferred[Any]:
        waiting: Deferred[Any] = Deferred()
        self.waiting.append((waiting, lambda: fn(*args)))
        return waiting

    def work(self) -> int:
        """Do all that waits; how much it was."""
        waiting, self.waiting = self.waiting, []
        for deferred, fn in waiting:
            deferred.callback(fn())
        return len(waiting)


class QueueTests(SynchronousTestCase):
    """What is done at a time."""

    def setUp(self) -> None:
        self.threads = Threads()
        self.patch(passwords, "deferToThreadPool", self.threads.defer)
        self.passwords = Passwords(None)
        self.hash = quick("right")

    def test_same_question(self) -> None:
        """A thousand clients that start at once with one password cost one hash."""
        asked = [self.passwords.check("right", self.hash) for _ in range(1000)]
        self.assertEqual(self.threads.work(), 1)
        self.assertEqual({self.successResultOf(one) for one in asked}, {True})

    def test_known(self) -> None:
        """A password that was right is known; a wrong one, or one of another hash, is not."""
        self.assertFalse(self.passwords.is_known("right", self.hash))
        for password in ("right", "wrong"):
            self.passwords.check(password, self.hash)
        self.assertEqual(self.threads.work(), 2)
        self.assertTrue(self.passwords.is_known("right", self.hash))
        self.assertFalse(self.passwords.is_known("wrong", self.hash))
        self.assertFalse(self.passwords.is_known("right", quick("right")))
        self.assertFalse(self.passwords.is_known("righ", "t" + self.hash))

    def test_nothing_readable_is_kept(self) -> None:
        """What it remembers holds neither password nor hash."""
        self.passwords.check("right", self.hash)
        self.threads.work()
        kept = repr(vars(self.passwords))
        self.assertNotIn("right", kept.replace("_right", ""))
        self.assertNotIn(self.hash, kept)

    def test_too_many(self) -> None:
        """With many at a time the next is told to try later; then there is room again."""
        asked = [self.passwords.check(f"p{number}", self.hash) for number in range(MOST_WAITING)]
        self.failureResultOf(self.passwords.check("one more", self.hash), Unavailable)
        self.failureResultOf(self.passwords.hash("another"), Unavailable)
        self.patch(passwords, "_matches", lambda *args: False)
        for deferred, _ in self.threads.waiting:
            deferred.callback(False)
        self.assertEqual({self.successResultOf(one) for one in asked}, {False})
        self.assertNoResult(self.passwords.check("one more", self.hash))

    def test_failure_reaches_all(self) -> None:
        """All that ask the same hear of it when it cannot be answered; asked anew it is tried anew."""
        asked = [self.passwords.check("right", self.hash) for _ in range(3)]
        self.threads.waiting.pop()[0].errback(Unavailable("no thread"))
        for one in asked:
            self.failureResultOf(one, Unavailable)
        again = self.passwords.check("right", self.hash)
        self.threads.work()
        self.assertTrue(self.successResultOf(again))

    def test_bounded(self) -> None:
        """What is remembered has a limit."""
        self.passwords._right.most = 10
        for number in range(25):
            password = f"p{number}"
            self.passwords.check(password, quick(password))
            self.threads.work()
            self.assertLessEqual(len(self.passwords._right), 10)
