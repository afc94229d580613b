"""The check before each handler."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.rules import Rule
from nacos_tw.auth.commands import DeletePermission, DeleteRole, SetPassword
from nacos_tw.auth.defaults import PUBLISHED_IDENTITIES
from nacos_tw.auth.problems import TooManyFailures
from nacos_tw.errors import Forbidden, NacosError
from nacos_tw.http import authorization
from nacos_tw.http.authorization import Authorization
from nacos_tw.http.call import Call
from tests.auth.fakes import Login, hash_of
from tests.wording import said

READ, WRITE = Rule.parse("read:config"), Rule.parse("write:config")
OTHER_READ = Rule.parse("read:config")
ADMIN, USER, OPEN = Rule.parse("admin"), Rule.parse("user"), Rule.parse("open")
OWN = "/v1/cs/configs?tenant=dev&group=g&dataId=d"
FOREIGN = "/v1/cs/configs?tenant=prod&group=g&dataId=d"


class GateCase(SynchronousTestCase):
    """bob may read the namespace dev."""

    identity = ("", "")

    def setUp(self) -> None:
        self.login = Login(self.mktemp() + "/a.db").filled()
        self.addCleanup(self.login.tables.file.close)
        self.failed: list[tuple[str, str, str]] = []
        self.gate = Authorization(self.login.auth, self.identity, failed=self.failed_login)
        self.bob = self.login.tokens.issue("bob", hash_of("secret"))
        self.admin = self.login.tokens.issue("nacos", hash_of("first"))

    def failed_login(self, call: Call, name: str, error: NacosError) -> None:
        self.failed.append((call.path, name, said(error)))

    def ask(self, needs: Rule, target: str = OWN, token: str = "", method: str = "GET", **headers: str) -> str:
        """The refusal, or "" and the name of who was let in."""
        if token:
            target += f"{'&' if '?' in target else '?'}accessToken={token}"
        call = Call.make(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        try:
            found = self.gate.check(needs, call)
            if isinstance(found, Deferred):
                failed = []
                found.addErrback(failed.append)
                if failed:
                    failed[0].trap(Forbidden)
                    return said(failed[0].value)
        except Forbidden as refused:
            return said(refused)
        return f"let in: {call.identity.name}"


class CheckTests(GateCase):
    """By needs."""

    def test_open(self) -> None:
        """Nobody is asked; not even a bad token is looked at."""
        for token in ("", self.bob, "x.y.z"):
            self.assertEqual(self.ask(OPEN, OWN, token), "let in: ")

    def test_nobody(self) -> None:
        """Everything else needs somebody."""
        for needs in (READ, WRITE, ADMIN, USER):
            self.assertEqual(self.ask(needs), "unknown user!")
            self.assertEqual(self.ask(needs, OWN, "x.y.z"), "token invalid!")

    def test_rights(self) -> None:
        """What a user may, and an administrator."""
        self.assertEqual(self.ask(READ, OWN, self.bob), "let in: bob")
        self.assertEqual(self.ask(USER, FOREIGN, self.bob), "let in: bob")
        for needs, target in ((READ, FOREIGN), (WRITE, OWN), (ADMIN, OWN), (Rule.parse("write:accounts"), OWN)):
            self.assertEqual(self.ask(needs, target, self.bob), "authorization failed!")
            self.assertEqual(self.ask(needs, target, self.admin), "let in: nacos")

    def test_never_for_others(self) -> None:
        """Users, namespaces and the cluster are for administrators, whatever permissions a user has."""
        self.login.tables.permit("r", "*", "rw")
        for needs in ("read:accounts", "write:accounts", "read:console", "write:console", "write:cluster", "admin"):
            self.assertEqual(self.ask(Rule.parse(needs), OWN, self.bob), "authorization failed!", needs)
        for needs in ("read:cluster", "write:switches", "write:naming", "user"):
            self.assertEqual(self.ask(Rule.parse(needs), OWN, self.bob), "let in: bob", needs)

    def test_password(self) -> None:
        """Name and password with the request."""
        self.assertEqual(self.ask(READ, OWN + "&username=bob&password=secret"), "let in: bob")
        self.assertEqual(self.ask(READ, FOREIGN + "&username=bob&password=secret"), "authorization failed!")
        self.assertEqual(self.ask(READ, OWN + "&username=bob&password=wrong"), "unknown user!")

    def test_guesses_are_told_of(self) -> None:
        """Wrong passwords, and those that are too many to look at, whatever the route; those of a recorded one are in
        its line."""
        guess = f"{OWN}&username=bob&password="
        self.assertEqual(self.ask(READ, guess + "secret"), "let in: bob")
        self.assertEqual(self.ask(READ, OWN), "unknown user!")
        self.assertEqual(self.failed, [])
        self.assertEqual(self.ask(WRITE, guess + "wrong"), "unknown user!")
        self.assertEqual(self.failed, [])
        self.assertEqual(self.ask(READ, guess + "wrong"), "unknown user!")
        self.assertEqual(self.failed, [("/v1/cs/configs", "bob", "unknown user!")])
        self.login.passwords.holding = True
        with self.assertRaises(TooManyFailures):
            for number in range(100):
                self.ask(READ, f"{guess}w{number}")
        self.assertEqual(self.failed[1:], [("/v1/cs/configs", "bob", said(TooManyFailures()))])

    def test_both_ways_to_a_token(self) -> None:
        """The quick look finds the same as the thorough one: the header goes before the parameter, in any spelling."""
        for name in ("Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"):
            header = {name: f"Bearer {self.bob}"}
            self.ask(USER, "/x", self.admin)  # is known from here on
            self.assertEqual(self.ask(USER, "/x", self.admin, **header), "let in: bob", name)
        for target in (f"/x?a=1&accessToken={self.admin}&accessToken={self.bob}", f"/x?accessToken={self.admin}#"):
            self.assertIn(self.ask(USER, target), ("let in: nacos", "token invalid!"), target)
        self.assertEqual(self.ask(USER, f"/x?xaccessToken={self.admin}&accessToken={self.bob}"), "let in: bob")
        self.assertEqual(self.ask(USER, f"/x?a=?accessToken={self.admin}"), "unknown user!")


class RememberedTests(GateCase):
    """Requests whose permission is remembered."""

    def test_of_a_user(self) -> None:
        """One user's are not another's."""
        self.login.tables.user("eve", "x")
        eve = self.login.tokens.issue("eve", hash_of("x"))
        for _ in range(2):
            self.assertEqual(self.ask(READ, OWN, Authorization=f"Bearer {self.bob}"), "let in: bob")
            self.assertEqual(self.ask(READ, OWN, Authorization=f"Bearer {eve}"), "authorization failed!")

    def test_of_a_handler(self) -> None:
        """Not even one with the same needs, which may make something else of the same target."""
        target = OWN.replace("tenant=dev", "tenant=prod") + "&import=true&namespace=dev"
        self.login.tables.permit("r", "dev:*:*", "w")
        taking, removing = Rule.parse("write:config"), Rule.parse("write:config")
        for _ in range(2):
            self.assertEqual(self.ask(taking, target, self.bob, "POST"), "let in: bob")
            self.assertEqual(self.ask(removing, target, self.bob, "DELETE"), "authorization failed!")

    def test_with_a_body(self) -> None:
        """A body may name something else, so only the target alone counts."""
        self.ask(READ, OWN, Authorization=f"Bearer {self.bob}")
        call = Call.make(
            "POST",
            "/v1/cs/configs?tenant=dev&group=g&dataId=d",
            b"tenant=prod",
            {"Authorization": f"Bearer {self.bob}"},
        )
        self.assertIsNone(self.gate.check(READ, call))
        call = Call.make(
            "POST", "/v1/cs/configs?group=g&dataId=d", b"tenant=dev", {"Authorization": f"Bearer {self.bob}"}
        )
        self.assertIsNone(self.gate.check(READ, call))
        self.assertEqual(
            self.ask(READ, "/v1/cs/configs?group=g&dataId=d", Authorization=f"Bearer {self.bob}"),
            "authorization failed!",
        )

    def test_ends_with_changes(self) -> None:
        """A change of any right is felt at once."""
        self.assertEqual(self.ask(READ, OWN, self.bob), "let in: bob")
        self.successResultOf(self.login.auth.write(DeletePermission("r", "dev:*:*", "r")))
        self.assertEqual(self.ask(READ, OWN, self.bob), "authorization failed!")
        self.login.tables.permit("r", "dev:*:*", "r")
        self.assertEqual(self.ask(READ, OWN, self.bob), "let in: bob")
        self.successResultOf(self.login.auth.write(DeleteRole("r", "bob")))
        self.assertEqual(self.ask(READ, OWN, self.bob), "authorization failed!")
        self.successResultOf(self.login.auth.write(SetPassword("bob", hash_of("new"))))
        self.assertEqual(self.ask(READ, OWN, self.bob), "token invalid!")

    def test_ends_with_the_token(self) -> None:
        """A known request of a token whose time is over is refused."""
        self.assertEqual(self.ask(READ, OWN, self.bob), "let in: bob")
        self.login.now += 18_001
        self.assertEqual(self.ask(READ, OWN, self.bob), "token expired!")

    def test_bounded(self) -> None:
        """Requests that are made up do not fill the memory."""
        self.gate._kept.most = 5000
        for number in range(1000):
            target = f"{OWN}&x={number}"
            self.assertEqual(self.ask(READ, target, Authorization=f"Bearer {self.bob}"), "let in: bob")
            kept = sum(len(target) + authorization.ENTRY for targets in self.gate._kept.values() for target in targets)
            self.assertLessEqual(kept, 5000)
        self.assertEqual(self.ask(READ, f"{OWN}&x={'y' * 3000}", Authorization=f"Bearer {self.bob}"), "let in: bob")
        self.assertNotIn("y" * 3000, repr(self.gate._kept))


class IdentityTests(GateCase):
    """A server identity that is a secret."""

    identity = ("X-Our-Servers", "a-real-secret")

    def test_right(self) -> None:
        """It is an administrator's."""
        for needs in (READ, WRITE, ADMIN, USER):
            self.assertEqual(
                self.ask(needs, FOREIGN, X_Our_Servers="a-real-secret"), "let in: server identity x-our-servers"
            )

    def test_with_another_one(self) -> None:
        """It counts whatever else the request says, a token that has ended among it."""
        for token in (self.bob, "x.y.z"):
            self.assertEqual(
                self.ask(WRITE, FOREIGN, token, X_Our_Servers="a-real-secret"), "let in: server identity x-our-servers"
            )

    def test_wrong(self) -> None:
        """Then the usual check follows."""
        for value in ("", "A-real-secret", "a-real-secret2", "a-real-secre", "security"):
            self.assertEqual(self.ask(READ, OWN, X_Our_Servers=value), "unknown user!")
            self.assertEqual(self.ask(READ, OWN, self.bob, X_Our_Servers=value), "let in: bob")
        self.assertEqual(self.ask(READ, OWN, **{"a-real-secret": "X-Our-Servers"}), "unknown user!")


class PublishedIdentityTests(GateCase):
    """One that stands in documents, or half of one."""

    def test_nobody(self) -> None:
        """It opens nothing; nor does an empty one, whose header everybody sends by not sending it."""
        for key, value in [("serverIdentity", value) for value in PUBLISHED_IDENTITIES] + [
            ("", "x"),
            ("serverIdentity", ""),
        ]:
            self.gate = Authorization(self.login.auth, (key, value))
            self.assertEqual(self.ask(READ, OWN, serverIdentity=value), "unknown user!", value)
            self.assertEqual(self.ask(READ, OWN), "unknown user!", value)
