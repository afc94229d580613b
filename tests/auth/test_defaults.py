"""The password that everybody knows, and the administrator that the settings name."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from nacos_tw.auth.auth import AWAITS_ADMIN, NOT_KNOWN
from nacos_tw.auth.commands import SetPassword
from nacos_tw.auth.defaults import AGAIN, AdminBootstrap, NoAdmin
from nacos_tw.auth.problems import DEFAULT_PASSWORD, Refused
from nacos_tw.errors import Unavailable
from tests.auth.fakes import Login, hash_of
from tests.wording import said


@implementer(ILogObserver)
class Warnings:
    """Takes the texts of warnings and worse."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.warn, LogLevel.error, LogLevel.critical):
            self.said.append(str(event.get("log_format")).format_map(event))


class DefaultsCase(SynchronousTestCase):
    """@ivar said: what was logged as a warning or worse."""

    def setUp(self) -> None:
        self.said: list[str] = []
        observer = Warnings(self.said)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def made(self, **options: Any) -> Login:
        found = Login(self.mktemp() + "/a.db", **options)
        self.addCleanup(found.tables.file.close)
        found.auth.default.running = True
        return found

    def log_in(self, login: Login, password: str) -> Any:
        return ensureDeferred(login.auth.log_in("nacos", password, "10.0.0.1"))


class StandsTests(DefaultsCase):
    """Whether nacos has the password nacos."""

    def test_stands(self) -> None:
        """It is found out at start, and warned of once; a change of other things does not warn again."""
        login = self.made()
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.assertIs(login.auth.default.stands, True)
        login.tables.user("bob", "nacos")
        self.assertEqual(len([text for text in self.said if "password nacos" in text]), 1)
        self.successResultOf(login.auth.write(SetPassword("nacos", hash_of("own"))))
        self.assertIs(login.auth.default.stands, False)
        self.successResultOf(login.auth.write(SetPassword("nacos", hash_of("nacos"))))
        self.assertEqual(len([text for text in self.said if "password nacos" in text]), 2)

    def test_stands_not(self) -> None:
        """Of another password, and of no such user, nothing is said."""
        login = self.made()
        login.tables.user("root", "nacos", "ROLE_ADMIN")
        self.assertIs(login.auth.default.stands, False)
        login.tables.user("nacos", "own")
        self.assertEqual((login.auth.default.stands, self.said), (False, []))

    def test_allowed(self) -> None:
        """Without the setting it opens."""
        login = self.made()
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.assertTrue(self.successResultOf(self.log_in(login, "nacos")).identity.admin)

    def test_refused(self) -> None:
        """With it neither the password nor a token opens, and the text says why; a new password does."""
        login = self.made(refuse_default=True)
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.assertEqual(self.failureResultOf(self.log_in(login, "nacos"), Refused).value, Refused(DEFAULT_PASSWORD))
        token = login.tokens.issue("nacos", hash_of("nacos")).encode()
        self.assertRaises(Refused, login.auth.by_token, token)
        refused = self.failureResultOf(self.log_in(login, "wrong"), Refused)
        self.assertEqual(said(refused.value), "unknown user!")
        self.successResultOf(login.auth.write(SetPassword("nacos", hash_of("own"))))
        self.assertTrue(self.successResultOf(self.log_in(login, "own")).identity.admin)

    def test_refused_while_it_is_found_out(self) -> None:
        """A hash takes its time: a token has to wait for it, a password says itself which one it is."""
        login = self.made(refuse_default=True)
        login.passwords.holding = True
        login.tables.user("nacos", "own", "ROLE_ADMIN")
        self.assertIsNone(login.auth.default.stands)
        token = login.tokens.issue("nacos", hash_of("own")).encode()
        self.assertRaises(Unavailable, login.auth.by_token, token)
        looking, login.passwords.holding = login.passwords.held, False
        self.assertTrue(self.successResultOf(self.log_in(login, "own")).identity.admin)
        looking.pop()()
        self.assertTrue(login.auth.by_token(token).admin)

    def test_changed_while_it_is_found_out(self) -> None:
        """An answer about an old hash is none about the new one."""
        login = self.made()
        login.passwords.holding = True
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.successResultOf(login.auth.write(SetPassword("nacos", hash_of("own"))))
        old, new = login.passwords.held
        new()
        old()
        self.assertEqual((login.auth.default.stands, self.said), (False, []))


class NoAdminTests(DefaultsCase):
    """Without a password in the settings."""

    def started(self, login: Login, by_request: bool = True) -> None:
        found = NoAdmin(login.auth.directory, by_request)
        found.startService()
        self.addCleanup(found.stopService)

    def test_said_once(self) -> None:
        """As soon as the accounts are known, with both ways out."""
        login = self.made()
        self.started(login)
        self.assertEqual(self.said, [], "nothing is known yet")
        login.tables.user("bob", "x")
        login.tables.user("eve", "x")
        (said,) = self.said
        self.assertIn("there is no administrator yet: set nacos.core.auth.admin.password", said)
        self.assertIn("POST /nacos/v1/auth/users/admin", said)

    def test_no_request_makes_one(self) -> None:
        """Where users are in a directory of the company's, only the setting does."""
        login = self.made()
        login.tables.read()
        self.started(login, by_request=False)
        self.assertEqual([text.partition(" and start again")[2] for text in self.said], [""])

    def test_there_is_one(self) -> None:
        """Nothing is said."""
        login = self.made()
        login.tables.user("root", "own", "ROLE_ADMIN")
        self.started(login)
        self.assertEqual(self.said, [])


class FirstAdminTests(DefaultsCase):
    """With a password in the settings."""

    def started(self, login: Login, password: str = "from the settings") -> AdminBootstrap:
        found = AdminBootstrap(login.clock, login.auth, password)
        found.startService()
        self.addCleanup(self.end, found)
        return found

    def end(self, first: AdminBootstrap) -> None:
        if first.running:
            first.stopService()

    def test_empty_table(self) -> None:
        """The administrator is made."""
        login = self.made()
        login.tables.read()
        self.started(login)
        self.assertTrue(self.successResultOf(self.log_in(login, "from the settings")).identity.admin)
        self.assertEqual(login.clock.getDelayedCalls(), [])

    def test_waits(self) -> None:
        """Until the table is known, and can be written."""
        login = self.made()
        login.tables.trouble = Unavailable("no leader")
        self.started(login)
        login.clock.advance(AGAIN)
        self.assertEqual(login.passwords.made, 0)
        login.tables.read()
        login.clock.advance(AGAIN)
        login.tables.trouble = None
        login.clock.advance(AGAIN)
        self.assertTrue(self.successResultOf(self.log_in(login, "from the settings")).identity.admin)
        login.clock.advance(10 * AGAIN)
        self.assertEqual(len(login.tables.written), 1)

    def test_nobody_else_comes_first(self) -> None:
        """While the settings' administrator is not made yet nobody logs in, and the node says so; then they do."""
        login = self.made()
        login.tables.trouble = Unavailable("no leader")
        self.assertEqual(login.auth.reason(), NOT_KNOWN)
        self.started(login)
        self.assertTrue(login.auth.awaits_admin, "before the table is known too")
        login.tables.read()
        login.clock.advance(AGAIN)
        self.assertEqual((login.auth.reason(), login.auth.awaits_admin), (AWAITS_ADMIN, True))
        self.failureResultOf(self.log_in(login, "from the settings"), Unavailable)
        login.tables.trouble = None
        login.clock.advance(AGAIN)
        self.assertEqual((login.auth.reason(), login.auth.awaits_admin), ("", False))
        self.assertTrue(self.successResultOf(self.log_in(login, "from the settings")).identity.admin)

    def test_another_administrator(self) -> None:
        """Then there is nothing to do: a password in the settings does not bring back what an operator removed."""
        login = self.made()
        login.tables.user("root", "x", "ROLE_ADMIN")
        self.started(login)
        self.assertEqual((login.tables.written, login.clock.getDelayedCalls()), ([], []))

    def test_in_place_of_the_default(self) -> None:
        """A database that Nacos's script filled gets the password of the settings."""
        login = self.made()
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.started(login)
        self.failureResultOf(self.log_in(login, "nacos"), Refused)
        self.successResultOf(self.log_in(login, "from the settings"))

    def test_replacing_takes_time(self) -> None:
        """Until it is done the node says that it is not ready: who waits for that is let in with the new one."""
        login = self.made()
        login.passwords.holding = True
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        self.started(login)
        self.assertEqual(login.auth.reason(), AWAITS_ADMIN)
        login.passwords.holding = False
        login.passwords.held.pop(0)()
        login.clock.advance(AGAIN)
        self.assertEqual(login.auth.reason(), "")
        self.successResultOf(self.log_in(login, "from the settings"))

    def test_cannot_be_replaced(self) -> None:
        """A database that takes no writes: the node is ready, the old password holds until it can be replaced."""
        login = self.made()
        login.tables.user("nacos", "nacos", "ROLE_ADMIN")
        login.tables.trouble = Unavailable("the database is away")
        self.started(login)
        self.assertEqual(login.auth.reason(), "")
        self.successResultOf(self.log_in(login, "nacos"))
        login.tables.trouble = None
        login.clock.advance(AGAIN)
        self.failureResultOf(self.log_in(login, "nacos"), Refused)
        self.successResultOf(self.log_in(login, "from the settings"))

    def test_own_password_stays(self) -> None:
        """One that was changed is not changed back at each start."""
        login = self.made()
        login.tables.user("nacos", "own", "ROLE_ADMIN")
        self.started(login)
        self.assertEqual(login.tables.written, [])

    def test_default_by_the_settings(self) -> None:
        """Who sets nacos gets nacos, and the warning."""
        login = self.made()
        login.tables.read()
        self.started(login, "nacos")
        self.assertIs(login.auth.default.stands, True)
        self.assertEqual(len(self.said), 1)

    def test_none(self) -> None:
        """Without a password nothing is made."""
        login = self.made()
        login.tables.read()
        self.started(login, "")
        self.assertEqual((login.tables.written, login.clock.getDelayedCalls()), ([], []))

    def test_stop(self) -> None:
        """Nothing is tried any more."""
        login = self.made()
        self.started(login).stopService()
        self.assertEqual(login.clock.getDelayedCalls(), [])
