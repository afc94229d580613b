"""C{/v1/auth/login}, the first administrator, and who one is (docs/spec/config-v1.md#12.1, #12.8)."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred

from nacos_tw.auth.auth import DISABLED
from nacos_tw.auth.throttle import BY_ADDRESS, BY_USER
from nacos_tw.errors import Unavailable
from nacos_tw.http.reply import Reply
from tests.auth.fakes import Login
from tests.http.v1.accounting import AccountsCase

LOGINS = ("/v1/auth/login", "/v1/auth/users/login")


class LoginTests(AccountsCase):
    """Items 40 to 42, 49 and 50."""

    def test_right(self) -> None:
        """Both paths: token, its time in seconds, and whose it is; the header has it too. No cookie is set."""
        for path in LOGINS:
            reply = self.reply("POST", path, "", username="nacos", password="first")
            found = msgspec.json.decode(reply.body)
            self.assertEqual(reply.status, 200)
            self.assertEqual(
                {**found, "accessToken": ""},
                {"accessToken": "", "tokenTtl": 18000, "globalAdmin": True, "username": "nacos"},
            )
            headers = dict(reply.headers)
            self.assertEqual(headers[b"Authorization"].decode(), f"Bearer {found['accessToken']}")
            self.assertEqual(headers[b"Cache-Control"], b"no-store")
            self.assertNotIn(b"Set-Cookie", headers)
            self.assertEqual(self.login.auth.by_token(found["accessToken"].encode()).name, "nacos")
        self.assertFalse(self.json("POST", LOGINS[0], "", username="bob", password="secret")["globalAdmin"])

    def test_wrong(self) -> None:
        """403 and a bare text, the same for a wrong password and an unknown name."""
        for name, password in (("nacos", "wrong"), ("nobody", "first"), ("nacos", ""), ("", "")):
            reply = self.reply("POST", LOGINS[0], "", username=name, password=password)
            self.assertEqual((reply.status, reply.body), (403, b"unknown user!"))
        self.assertEqual(self.lines[0], "- 10.0.0.1 POST /v1/auth/login refused 403 username=nacos")

    def test_missing(self) -> None:
        """A missing parameter is named."""
        text = "Required request parameter '{}' for method parameter type String is not present"
        self.caused(text.format("username"), "POST", LOGINS[0], "", password="x")
        self.caused(text.format("password"), "POST", LOGINS[0], "", username="x")

    def test_with_a_token(self) -> None:
        """The same token with the time that is left."""
        self.login.now += 1000
        found = self.json("POST", LOGINS[0], "bob")
        self.assertEqual(
            (found["accessToken"], found["tokenTtl"], found["username"]), (self.tokens["bob"], 17_000, "bob")
        )

    def test_with_an_old_token(self) -> None:
        """It is no reason to refuse the password beside it; alone it is."""
        self.login.now += 18_001
        self.assertEqual(self.json("POST", LOGINS[0], "bob", username="bob", password="secret")["tokenTtl"], 18_000)
        reply = self.reply("POST", LOGINS[0], "bob")
        self.assertEqual((reply.status, reply.body), (403, b"token expired!"))

    def test_too_many(self) -> None:
        """429, whatever address the client says that it is at, and whatever the user's name looks like."""
        statuses = []
        for number in range(100):
            given = self.call(
                "POST",
                LOGINS[0],
                "",
                username="bob",
                password=f"w{number}",
                headers={"X-Forwarded-For": f"1.2.3.{number}", "X-Real-IP": f"1.2.4.{number}"},
            )
            statuses.append(given.status if isinstance(given, Reply) else self._status(given))
        looked_at = len(self.login.passwords.checked)
        self.assertLess(looked_at, BY_USER.free + 2)
        self.assertGreater(statuses.count(429), 80)
        self.assertTrue(all("10.0.0.1" in line for line in self.lines))

    def _status(self, given: Deferred[Reply]) -> int:
        found: list[Reply] = []
        given.addCallback(found.append)
        return found[0].status if found else 0

    def test_recorded(self) -> None:
        """Each login with its name, and no password."""
        self.reply("POST", LOGINS[0], "", username="bob", password="secret")
        self.reply("POST", LOGINS[0], "", username="bob", password="hunter2")
        self.assertEqual(self.lines, [
            "bob 10.0.0.1 POST /v1/auth/login ok username=bob",
            "- 10.0.0.1 POST /v1/auth/login refused 403 username=bob",
        ])  # fmt: skip


class BehindProxyTests(AccountsCase):
    """A proxy that is trusted."""

    trusted = frozenset({"10.0.0.1"})

    def test_addresses(self) -> None:
        """Its clients are told apart; what they write before it is theirs."""
        for number in range(BY_ADDRESS.free + 2):
            forwarded = {"X-Forwarded-For": f"6.6.6.{number}, 9.9.9.9"}
            self.call("POST", LOGINS[0], "", username=f"u{number}", password="x", headers=forwarded)
        waiting = self.call(
            "POST", LOGINS[0], "", username="last", password="x", headers={"X-Forwarded-For": "9.9.9.9"}
        )
        assert isinstance(waiting, Deferred)
        self.assertNoResult(waiting)
        other = self.reply(
            "POST", LOGINS[0], "", username="last2", password="x", headers={"X-Forwarded-For": "9.9.9.8"}
        )
        self.assertEqual(other.status, 403)
        self.assertIn(" 9.9.9.8 ", self.lines[-1])


class MeTests(AccountsCase):
    """Who asks."""

    def test_user(self) -> None:
        """Name and rights."""
        found = self.json("GET", "/v1/auth/me", "bob")
        self.assertEqual(found["permissions"], [{"resource": "dev:*:*", "action": "r"}])
        self.assertEqual((found["username"], found["globalAdmin"], found["defaultPassword"]), ("bob", False, False))

    def test_default_password(self) -> None:
        """An administrator hears that the password which everybody knows still stands; others do not."""
        self.login.auth.default.running = True
        self.assertFalse(self.json("GET", "/v1/auth/me")["defaultPassword"])
        self.json("PUT", "/v1/auth/users", username="nacos", newPassword="nacos")
        self.tokens["nacos"] = self.token("nacos", "nacos")
        self.assertTrue(self.json("GET", "/v1/auth/me")["defaultPassword"])
        self.assertFalse(self.json("GET", "/v1/auth/me", "bob")["defaultPassword"])

    def test_nobody(self) -> None:
        """Needs a login."""
        self.forbidden("unknown user!", "GET", "/v1/auth/me", "")


class FirstAdminTests(AccountsCase):
    """An empty table."""

    path = "/v1/auth/users/admin"

    def made(self) -> Login:
        found = Login(self.mktemp() + "/a.db")
        found.tables.read()
        return found

    def test_once(self) -> None:
        """Given or made; the second call changes nothing and is told so with Nacos's code."""
        found = self.json("POST", self.path, "", password="own")
        self.assertEqual(found, {"username": "nacos", "password": "own"})
        again = self.json("POST", self.path, "", password="evil")
        self.assertEqual(again, {"code": 409, "message": None, "data": "have admin user cannot use it"})
        self.assertEqual(self.reply("POST", "/v1/auth/login", "", username="nacos", password="evil").status, 403)
        self.assertTrue(self.json("POST", "/v1/auth/login", "", username="nacos", password="own")["globalAdmin"])
        self.assertEqual(
            [line.split(" ", 2)[2] for line in self.lines[:2]], [f"POST {self.path} ok", f"POST {self.path} nothing"]
        )

    def test_not_before_the_one_of_the_settings(self) -> None:
        """Where the settings have one made, nobody is quicker; a node without that wants one and says so."""
        self.login.auth.admin_expected = True
        found = self.json("POST", self.path, "", password="evil")
        self.assertEqual(found["code"], 409)
        self.assertFalse(self.login.auth.directory.now.has_admin)

    def test_random(self) -> None:
        """Without a password it is made up, long enough, and another one each time."""
        password = self.json("POST", self.path, "")["password"]
        self.assertGreaterEqual(len(password), 16)
        self.assertTrue(self.json("POST", "/v1/auth/login", "", username="nacos", password=password)["globalAdmin"])
        self.assertNotIn(password, repr(self.lines))

    def test_refused(self) -> None:
        """An empty or too long password makes nobody."""
        self.caused("the password is empty", "POST", self.path, "", password="")
        self.caused("the password is longer than 72 bytes", "POST", self.path, "", password="x" * 73)
        self.assertFalse(self.login.directory.now.has_admin)

    def test_no_majority(self) -> None:
        """Nothing is promised that is not written."""
        self.login.tables.trouble = Unavailable("no leader")
        self.caused("no leader", "POST", self.path, "", status=503, password="own")


class DisabledTests(AccountsCase):
    """Without logins everything is open, and who logs in gets a token."""

    enabled = False

    def made(self) -> Login:
        found = Login(self.mktemp() + "/a.db", enabled=False, key=b"")
        found.tables.read()
        return found

    def token(self, name: str, password: str) -> str:
        return ""

    def test_login(self) -> None:
        """Clients with a name and password in their settings are let go on."""
        found = self.json("POST", "/v1/auth/login", "", username="any", password="thing")
        self.assertEqual((found["accessToken"], found["username"]), (DISABLED, "any"))

    def test_open(self) -> None:
        """Users can be made before logins are turned on."""
        self.json("POST", "/v1/auth/users", "", username="bob", password="secret")
        self.assertEqual(self.json("GET", "/v1/auth/users/search", "", username="b"), ["bob"])
