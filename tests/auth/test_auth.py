"""Who somebody is, and logging in."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import READ, Identity
from nacos_tw.auth.auth import DISABLED, DISABLED_SECONDS
from nacos_tw.auth.commands import AddRole, CreateAdmin, DeleteRole, DeleteUser, SetPassword
from nacos_tw.auth.passwords import NOBODY
from nacos_tw.auth.problems import Refused, TooManyFailures
from nacos_tw.auth.throttle import BY_ADDRESS, BY_USER
from nacos_tw.errors import Unavailable
from tests.auth.fakes import KEY, NOW, Login, hash_of
from tests.security.test_breakins_tokens import signed
from tests.wording import said


class AuthCase(SynchronousTestCase):
    """A node with nacos and bob."""

    def setUp(self) -> None:
        self.login = Login(self.mktemp() + "/accounts.db").filled()
        self.addCleanup(self.login.tables.file.close)
        self.auth = self.login.auth

    def log_in(self, name: str = "bob", password: str = "secret", address: str = "10.0.0.1") -> Any:
        return self.successResultOf(self.logging_in(name, password, address))

    def logging_in(self, name: str = "bob", password: str = "secret", address: str = "10.0.0.1") -> Deferred[Any]:
        return ensureDeferred(self.auth.log_in(name, password, address))

    def at_once(self, name: str, password: str) -> Identity:
        """By a password in the request."""
        found = self.auth.by_password(name, password, "10.0.0.1")
        return self.successResultOf(found) if isinstance(found, Deferred) else found

    def refused(self, given: Deferred[Any], text: str = "unknown user!") -> None:
        self.assertEqual(said(self.failureResultOf(given, Refused).value), text)

    def token_refused(self, token: str, text: str = "token invalid!") -> None:
        error = self.assertRaises(Refused, self.auth.by_token, token.encode())
        self.assertEqual(said(error), text)
        self.assertIsNone(self.auth.known(token.encode()))

    def write(self, command: Any) -> Any:
        return self.successResultOf(self.auth.write(command))


class LoginTests(AuthCase):
    """With name and password."""

    def test_right(self) -> None:
        """A token that says who it is."""
        found = self.log_in()
        self.assertEqual((found.seconds, found.identity.name, found.identity.admin), (18000, "bob", False))
        identity = self.auth.by_token(found.token.encode())
        self.assertIs(identity, found.identity)
        self.assertTrue(identity.may(READ, "dev:g:config/d"))
        self.assertTrue(self.log_in("nacos", "first").identity.admin)

    def test_wrong(self) -> None:
        """A wrong password, an unknown name and a user that may not log in are the same."""
        self.login.tables.user("eve", "secret", enabled=False)
        for name, password in (("bob", "wrong"), ("nobody", "secret"), ("eve", "secret"), ("BOB", "secret"), ("", "")):
            self.refused(self.logging_in(name, password))

    def test_equal_work(self) -> None:
        """One comparison for each, of the same cost: time tells nobody which names there are."""
        self.login.tables.user("eve", "secret", enabled=False)
        for name, hashed in (("bob", hash_of("secret")), ("nobody", NOBODY), ("eve", NOBODY)):
            self.login.passwords.checked.clear()
            self.refused(self.logging_in(name, "wrong"))
            self.assertEqual(self.login.passwords.checked, [("wrong", hashed)])

    def test_nobodys_hash(self) -> None:
        """Whoever knows what the hash for unknown names is of does not get in by it."""
        self.login.passwords.right.add(("guessed", NOBODY))
        self.refused(self.logging_in("nobody", "guessed"))

    def test_again(self) -> None:
        """A password that was right is not hashed anew; nor does it wait for others' failures elsewhere."""
        self.log_in()
        checked = len(self.login.passwords.checked)
        self.assertEqual(self.at_once("bob", "secret").name, "bob")
        self.assertEqual(len(self.login.passwords.checked), checked)

    def test_deleted_meanwhile(self) -> None:
        """A user that is deleted, or whose password changes, while the hash is made: the old one opens nothing."""
        self.login.tables.user("ann", "old")
        self.login.passwords.holding = True
        deleted, changed, other = self.logging_in(), self.logging_in("ann", "old"), self.logging_in("nacos", "first")
        self.write(DeleteUser("bob"))
        self.write(SetPassword("ann", hash_of("new")))
        for answer in self.login.passwords.held:
            answer()
        self.refused(deleted)
        self.refused(changed)
        self.assertEqual(self.successResultOf(other).identity.name, "nacos")

    def test_not_known_yet(self) -> None:
        """Before the accounts were read nobody is let in, and nobody is called unknown."""
        empty = Login(self.mktemp() + "/a.db")
        self.addCleanup(empty.tables.file.close)
        self.failureResultOf(ensureDeferred(empty.auth.log_in("nacos", "nacos", "x")), Unavailable)
        token = empty.tokens.issue("nacos", "h")
        self.assertRaises(Unavailable, empty.auth.by_token, token.encode())

    def test_no_key_yet(self) -> None:
        """Before the nodes have agreed on a key there are no tokens; a password in the request works."""
        self.login.tokens.key = b""
        self.failureResultOf(self.logging_in(), Unavailable)
        self.assertRaises(Unavailable, self.auth.by_token, b"x.y.z")
        self.assertEqual(self.at_once("bob", "secret").name, "bob")


class SlowedTests(AuthCase):
    """After failures."""

    def fails(self, count: int, **more: str) -> None:
        for number in range(count):
            given = self.logging_in(password=f"wrong {number}", **more)
            self.login.clock.advance(60)
            self.refused(given)

    def test_waits(self) -> None:
        """The password is not looked at before the wait is over, be it right or wrong."""
        for number in range(BY_USER.free + 1):
            self.refused(self.logging_in(password=f"w{number}"))
        checked = len(self.login.passwords.checked)
        wrong = self.logging_in(password="wrong")
        self.assertNoResult(wrong)
        self.assertEqual(len(self.login.passwords.checked), checked)
        self.login.clock.advance(0.5)
        self.refused(wrong)
        right = self.logging_in()
        self.assertNoResult(right)
        self.login.clock.advance(10)
        self.assertEqual(self.successResultOf(right).identity.name, "bob")

    def test_flood(self) -> None:
        """Of a thousand guesses at once a handful is looked at; the others are told that they are too many."""
        self.login.passwords.holding = True
        given = [self.logging_in(password=f"guess {number}") for number in range(1000)]
        self.login.clock.advance(10)
        looked_at = len(self.login.passwords.checked)
        self.assertLess(looked_at, BY_USER.free + 8)
        refused = [one for one in given if one.called]
        for one in refused:
            self.assertEqual(
                said(self.failureResultOf(one, TooManyFailures).value), "too many failed logins, try again later"
            )
        self.assertEqual(len(refused) + looked_at, 1000)
        for answer in self.login.passwords.held:
            answer()
        for one in given:
            one.addErrback(lambda failure: None)

    def test_flood_by_request(self) -> None:
        """The same with the password in each request instead of a login."""
        looked_at = 0
        for number in range(100):
            try:
                found = self.auth.by_password("bob", f"guess {number}", "10.0.0.1")
            except TooManyFailures:
                continue
            looked_at += 1
            assert isinstance(found, Deferred)
            found.addErrback(lambda failure: None)
        self.assertLess(looked_at, BY_USER.free + 12)

    def test_many_start_at_once(self) -> None:
        """Programs with the same name and password, at one address or at many, are all let in as soon as one is."""
        self.login.passwords.holding = True
        given = [self.logging_in(address=f"10.0.0.{number % 40}") for number in range(200)]
        guess = self.logging_in(password="guess", address="10.0.0.250")
        self.failureResultOf(guess, TooManyFailures)
        self.assertLess(len(self.login.passwords.checked), BY_USER.free + 2)
        self.login.passwords.held.pop(0)()
        self.assertEqual({self.successResultOf(one).identity.name for one in given[1 + BY_USER.free :]}, {"bob"})
        self.assertLess(len(self.login.passwords.checked), BY_USER.free + 2)
        for answer in self.login.passwords.held:
            answer()
        self.assertEqual({self.successResultOf(one).identity.name for one in given[: 1 + BY_USER.free]}, {"bob"})
        self.assertEqual(self.login.clock.getDelayedCalls(), [])
        self.login.passwords.holding = False
        self.refused(self.logging_in(password="guess", address="10.0.0.250"))

    def test_many_users_start_at_once(self) -> None:
        """Right passwords of many users behind one address: some are looked at, the others stand in line for them."""
        names = [f"user {number}" for number in range(3 * BY_ADDRESS.free)]
        for name in names:
            self.login.tables.user(name, "secret")
        self.login.passwords.holding = True
        given = [self.logging_in(name) for name in names]
        self.assertEqual(len(self.login.passwords.held), BY_ADDRESS.free)
        while self.login.passwords.held:
            self.login.passwords.held.pop(0)()
        self.assertEqual([self.successResultOf(one).identity.name for one in given], names)
        self.assertEqual(self.login.clock.getDelayedCalls(), [])

    def test_many_guesses_at_once(self) -> None:
        """Wrong ones of many users: once the free ones have failed the line is told that they were too many."""
        self.login.passwords.holding = True
        given = [self.logging_in(f"user {number}") for number in range(3 * BY_ADDRESS.free)]
        while self.login.passwords.held:
            self.login.passwords.held.pop(0)()
        self.login.clock.advance(10)
        for answer in self.login.passwords.held:
            answer()
        self.assertLess(len(self.login.passwords.checked), BY_ADDRESS.free + 10)
        results = [self.failureResultOf(one, Refused, TooManyFailures).type for one in given]
        self.assertGreater(results.count(TooManyFailures), BY_ADDRESS.free)

    def test_in_line_for_too_long(self) -> None:
        """Then it is refused, and nothing of it was looked at; who gives up leaves the line."""
        self.login.passwords.holding = True
        given = [self.logging_in(f"user {number}") for number in range(BY_ADDRESS.free + 2)]
        given[-1].cancel()
        self.failureResultOf(given[-1], CancelledError)
        self.login.clock.advance(10)
        self.failureResultOf(given[-2], Unavailable)
        for answer in self.login.passwords.held:
            answer()
        self.assertEqual(len(self.login.passwords.checked), BY_ADDRESS.free)
        for one in given[: BY_ADDRESS.free]:
            self.refused(one)

    def test_the_same_guess_at_once(self) -> None:
        """Many with the same wrong password are slowed as others are."""
        self.login.passwords.holding = True
        given = [self.logging_in(password="guess") for _ in range(200)]
        self.login.passwords.held.pop(0)()
        self.refused(given[0])
        refused = [one for one in given[1:] if one.called]
        self.assertGreater(len(refused), 180)
        for one in refused:
            self.failureResultOf(one, TooManyFailures)
        self.login.clock.advance(10)
        self.assertLess(len(self.login.passwords.checked), BY_USER.free + 8)
        for answer in self.login.passwords.held:
            answer()
        for one in given:
            one.addErrback(lambda failure: None)

    def test_unknown_names(self) -> None:
        """Unknown names are slowed as known ones: neither the wait nor the refusal tells which there are."""
        waits: dict[str, list[float]] = {}
        for name in ("bob", "nobody"):
            waits[name] = []
            for number in range(BY_USER.free + 4):
                before = self.login.clock.seconds()
                given = self.logging_in(name, f"w{number}", f"10.0.{len(waits)}.1")
                while not given.called:
                    self.login.clock.advance(0.25)
                waits[name].append(self.login.clock.seconds() - before)
                self.refused(given)
        self.assertEqual(waits["bob"], waits["nobody"])
        self.assertGreater(waits["bob"][-1], 0)

    def test_gives_up(self) -> None:
        """A client whose patience is shorter than the wait gets in by trying again; nothing of it was looked at."""
        self.fails(BY_USER.free + 8)
        self.refused(self.logging_in(password="wrong"))
        checked = len(self.login.passwords.checked)
        for _ in range(2):
            given = self.logging_in()
            self.login.clock.advance(3)
            given.cancel()
            self.failureResultOf(given, CancelledError)
        self.assertEqual(len(self.login.passwords.checked), checked)
        given = self.logging_in()
        self.login.clock.advance(3)
        self.assertEqual(self.successResultOf(given).identity.name, "bob")

    def test_a_known_client_goes_on(self) -> None:
        """A client that has logged in is not slowed while others guess its user's password elsewhere."""
        self.log_in(address="10.0.0.1")
        self.fails(20, address="10.0.0.2")
        given = self.logging_in(address="10.0.0.1")
        self.assertEqual(self.successResultOf(given).identity.name, "bob")


class TokenTests(AuthCase):
    """With a token."""

    def test_password_changed(self) -> None:
        """It ends the tokens of the old password, at once; others' stay."""
        bob, nacos = self.log_in().token, self.log_in("nacos", "first").token
        self.auth.by_token(bob.encode())
        self.write(SetPassword("bob", hash_of("new")))
        self.token_refused(bob)
        self.assertEqual(self.auth.by_token(nacos.encode()).name, "nacos")
        self.refused(self.logging_in())
        self.assertEqual(self.log_in("bob", "new").identity.name, "bob")

    def test_password_changed_back(self) -> None:
        """A hash is another one each time, so a token does not come back with the password."""
        token = self.log_in().token
        self.write(SetPassword("bob", hash_of("new")))
        self.write(SetPassword("bob", "another hash"))
        self.token_refused(token)

    def test_deleted(self) -> None:
        """A deleted user's tokens are nobody's; nor are they a new user's of that name."""
        token = self.log_in().token
        self.write(DeleteUser("bob"))
        self.token_refused(token)
        self.login.tables.user("bob", "other")
        self.token_refused(token)

    def test_rights_change(self) -> None:
        """Roles and permissions count as they are, not as they were when the token was made."""
        token = self.log_in().token.encode()
        self.assertTrue(self.auth.by_token(token).may(READ, "dev:g:config/d"))
        self.write(DeleteRole("r", "bob"))
        self.assertFalse(self.auth.by_token(token).may(READ, "dev:g:config/d"))
        self.login.tables.user("ann", "x", "q")
        self.login.tables.permit("q", "*", "r")
        self.write(AddRole("q", "bob"))
        self.assertTrue(self.auth.by_token(token).may(READ, "dev:g:config/d"))

    def test_of_a_nacos(self) -> None:
        """A token without a mark holds until its time, for a user that is there."""
        token = signed({"alg": "HS256"}, {"sub": "bob", "exp": NOW + 60}, KEY)
        self.assertEqual(self.auth.by_token(token.encode()).name, "bob")
        self.write(SetPassword("bob", hash_of("new")))
        self.assertEqual(self.auth.by_token(token.encode()).name, "bob")
        self.write(DeleteUser("bob"))
        self.token_refused(token)

    def test_expired(self) -> None:
        """Also one that was looked at before."""
        token = self.log_in().token
        self.auth.by_token(token.encode())
        self.login.now += 17_999
        self.assertEqual(self.auth.by_token(token.encode()).name, "bob")
        self.login.now += 1
        self.token_refused(token, "token expired!")
        self.token_refused(token, "token expired!")

    def test_another_key(self) -> None:
        """What the old key has signed ends with it, also what was looked at before."""
        token = self.log_in().token
        bare = signed({"alg": "HS256"}, {"sub": "bob", "exp": NOW + 60}, KEY)
        for one in (token, bare):
            self.auth.by_token(one.encode())
        self.auth.use_key(b"n" * 32)
        for one in (token, bare):
            self.token_refused(one)
        self.assertEqual(self.auth.by_token(self.log_in().token.encode()).name, "bob")

    def test_renewed(self) -> None:
        """A login with a token gives it back, with the time that is left."""
        token = self.log_in().token
        self.login.now += 100.5
        found = self.auth.renewed(token.encode())
        self.assertEqual((found.token, found.seconds, found.identity.name), (token, 17_899, "bob"))

    def test_known(self) -> None:
        """What was found out is known until something changes or time is over."""
        token = self.log_in().token.encode()
        self.assertIsNone(self.auth.known(token))
        identity = self.auth.by_token(token)
        self.assertIs(self.auth.known(token), identity)
        self.write(DeleteRole("r", "bob"))
        self.assertIsNone(self.auth.known(token))
        self.auth.by_token(token)
        self.login.now += 18_001
        self.assertIsNone(self.auth.known(token))

    def test_bounded(self) -> None:
        """Tokens that are remembered have a limit."""
        self.auth._known.most = 10
        for _ in range(25):
            self.login.now += 1
            self.auth.by_token(self.login.tokens.issue("bob", hash_of("secret")).encode())
            self.assertLessEqual(len(self.auth._known), 10)


class FirstTests(SynchronousTestCase):
    """The first administrator, and a node that asks for no logins."""

    def made(self, **options: Any) -> Login:
        found = Login(self.mktemp() + "/a.db", **options)
        self.addCleanup(found.tables.file.close)
        return found

    def test_once(self) -> None:
        """It works once; then not even a hash is made."""
        login = self.made()
        login.tables.read()
        self.assertTrue(self.successResultOf(ensureDeferred(login.auth.create_admin("one"))))
        self.assertFalse(self.successResultOf(ensureDeferred(login.auth.create_admin("two"))))
        self.assertEqual((login.passwords.made, login.tables.written), (1, [CreateAdmin("nacos", hash_of("one"))]))
        found = self.successResultOf(ensureDeferred(login.auth.log_in("nacos", "one", "x")))
        self.assertTrue(found.identity.admin)

    def test_unknown_table(self) -> None:
        """A node that has not read the table does not take it for empty: the table itself decides."""
        login = self.made()
        login.tables.user("root", "x", "ROLE_ADMIN")
        login.directory.now = Login(self.mktemp() + "/b.db").directory.now
        self.assertFalse(self.successResultOf(ensureDeferred(login.auth.create_admin("two"))))
        self.assertEqual([row[0] for row in login.tables.read().users], ["root"])

    def test_disabled(self) -> None:
        """Where no logins are asked for and nobody is administrator, clients that log in are let go on, as in 2.5.1."""
        login = self.made(enabled=False, key=b"")
        login.tables.read()
        found = self.successResultOf(ensureDeferred(login.auth.log_in("anybody", "anything", "x")))
        self.assertEqual((found.token, found.seconds), (DISABLED, DISABLED_SECONDS))
        login.filled()
        found = self.successResultOf(ensureDeferred(login.auth.log_in("bob", "secret", "x")))
        self.assertEqual(found.token, DISABLED)
        self.failureResultOf(ensureDeferred(login.auth.log_in("bob", "wrong", "x")), Refused)

    def test_disabled_with_a_key(self) -> None:
        """Then tokens are real ones, also where nobody is administrator yet."""
        login = self.made(enabled=False)
        login.tables.user("bob", "secret", "r")
        found = self.successResultOf(ensureDeferred(login.auth.log_in("bob", "secret", "x")))
        login.auth.enabled = True
        self.assertEqual(login.auth.by_token(found.token.encode()).name, "bob")
        self.assertEqual(found.seconds, 18000)

    def test_the_disabled_token(self) -> None:
        """It is worth nothing where logins are asked for."""
        login = self.made().filled()
        self.assertRaises(Refused, login.auth.by_token, DISABLED.encode())
