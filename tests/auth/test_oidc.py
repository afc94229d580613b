"""Users of an OpenID Connect provider beside those of the table: tokens, keys, and the pages of a login."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import ADMIN_ROLE, Identity
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.oidc.provider import AGAIN
from nacos_tw.auth.oidc.users import OidcUsers
from nacos_tw.auth.passwords import Passwords
from nacos_tw.auth.problems import TOKEN_INVALID, Refused
from nacos_tw.auth.tokens import Tokens
from nacos_tw.errors import Unavailable
from nacos_tw.settings.oidc import OidcSettings

ISSUER = "https://idp.example/realm"
SETTINGS = OidcSettings(ISSUER, "nacos", "s3cret")
RSA, EC = RSAKey.generate_key(2048, {"kid": "r"}), ECKey.generate_key("P-256", {"kid": "e"})
NOW = 1_700_000_000.0


class Idp:
    """A provider: what it answers, and what it was asked."""

    def __init__(self) -> None:
        self.keys: list[Any] = [RSA]
        self.asked: list[str] = []
        self.forms: list[tuple[dict[str, str], Any]] = []
        self.away = False
        self.id_token = ""
        self.status = 200
        self.more: dict[str, Any] = {}
        self.info: tuple[int, dict[str, Any]] = (200, {})
        self.bearers: list[str] = []
        self.thinking: Deferred[None] | None = None

    async def __call__(
        self, url: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None, bearer: str = ""
    ) -> tuple[int, dict[str, Any]]:
        self.asked.append(url)
        if self.away:
            raise Unavailable("the OpenID Connect provider does not answer: test")
        if url.endswith("/.well-known/openid-configuration"):
            pages = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return 200, {"issuer": ISSUER + "/", **{name: ISSUER + path for name, path in pages.items()}, **self.more}
        if url.endswith("/keys"):
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys] + [{"kty": "strange", "kid": "s"}]}
        if url.endswith("/userinfo"):
            self.bearers.append(bearer)
            return await self.answer_of_userinfo()
        assert form is not None
        self.forms.append((form, basic))
        given = {"id_token": self.id_token, "access_token": "opaque"}
        return self.status, given if self.status == 200 else {"error": "invalid_grant"}

    async def answer_of_userinfo(self) -> tuple[int, dict[str, Any]]:
        """What it tells of a user, when that is to be told."""
        if self.thinking is not None:
            await self.thinking
        return self.info


def token(key: Any = RSA, algorithm: str = "RS256", **more: Any) -> bytes:
    """One that the provider signs."""
    claims = {"iss": ISSUER, "aud": "nacos", "sub": "1", "exp": NOW + 600, "preferred_username": "ann", **more}
    header = {"alg": algorithm} if key.kid is None else {"alg": algorithm, "kid": key.kid}
    return str(jwt.encode(header, claims, key, algorithms=[algorithm])).encode()


class OidcCase(SynchronousTestCase):
    """A node's logins with a provider."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.idp = Idp()
        self.directory = Directory()
        self.put()
        self.tokens = Tokens(b"k" * 64, 1800, lambda: self.now)
        self.now = NOW
        self.users = OidcUsers(SETTINGS, self.idp, self.clock, lambda: self.now, self.tokens)
        self.auth = Auth(
            self.clock, lambda: self.now, self.directory, self.tokens, Passwords(self.clock), lambda _: succeed(None),
            enabled=True, oidc=self.users,
        )  # fmt: skip

    def put(self, *permissions: tuple[str, str, str]) -> None:
        """The tables: the local administrator, and what roles may do."""
        self.directory.put(Rows([("nacos", "h", True)], [("nacos", ADMIN_ROLE)], list(permissions)))

    def who(self, given: bytes) -> Identity:
        """Whose token it is."""
        found = self.auth.by_bearer(given)
        return self.successResultOf(found) if isinstance(found, Deferred) else found

    def refused(self, given: bytes) -> None:
        """It is nobody's."""
        try:
            found = self.auth.by_bearer(given)
        except Refused:
            return
        assert isinstance(found, Deferred)
        self.failureResultOf(found, Refused)


class TokenTests(OidcCase):
    """Tokens of the provider on requests."""

    def test_roles(self) -> None:
        """Its roles are ours of the same name, as these are now; its administrators are ours."""
        self.put(("readers", "dev:*:*", "r"))
        found = self.who(token(roles=["readers"]))
        self.assertEqual((found.name, found.admin, found.user), ("OIDC_ann", False, False))
        self.assertTrue(found.may("r", "dev:g:config/d"))
        self.assertFalse(found.may("w", "dev:g:config/d"))
        self.put(("readers", "dev:*:*", "rw"))
        self.assertTrue(self.who(token(roles=["readers"])).may("w", "dev:g:config/d"))
        still = self.directory.still(found)
        assert still is not None
        self.assertTrue(still.may("w", "dev:g:config/d"), "who waits for an answer has the rights of now")
        self.assertTrue(self.who(token(roles=["nacos-admin"])).admin)

    def test_asked_once(self) -> None:
        """The keys are asked for once, and a token that is known is not looked at again."""
        given = token()
        self.assertIs(self.who(given), self.who(given))
        self.assertIs(self.auth.known(given), self.who(given))
        self.who(token(sub="2"))
        self.assertEqual(len(self.idp.asked), 2)

    def test_local_users(self) -> None:
        """Tokens of our own hold beside them, those of the local administrator too."""
        own = self.tokens.issue("nacos", "h").encode()
        self.assertTrue(self.who(own).admin)
        self.assertEqual(self.who(own).name, "nacos")
        self.assertEqual(self.idp.asked, [])

    def test_new_key(self) -> None:
        """A key that the provider has since is asked for, at most every ten seconds."""
        self.who(token())
        self.idp.keys = [RSA, EC]
        self.refused(token(EC, "ES256"))
        self.clock.advance(AGAIN)
        self.assertEqual(self.who(token(EC, "ES256")).name, "OIDC_ann")
        asked = len(self.idp.asked)
        for number in range(20):
            self.refused(token(RSAKey.import_key(RSA.as_dict(private=True), {"kid": f"x{number}"})))
        self.assertEqual(len(self.idp.asked), asked)

    def test_forged(self) -> None:
        """Signed by another key, by an HMAC with the public key, by nothing, cut, or for others: nobody's."""
        self.who(token())
        other = RSAKey.generate_key(2048, {"kid": "r"})
        # Signed by hand: libraries refuse to.
        first = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"r"}').rstrip(b"=") + b"." + token().split(b".")[1]
        mac = hmac.digest(RSA.as_pem(private=False), first, "sha256")
        mixed = first + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")
        good = token()
        head, body, signature = good.split(b".")
        none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"r"}').rstrip(b"=")
        for given in (
            token(other), mixed, none + b"." + body + b".", good[:-4], head + b"." + body, b"x.y.z",
            token(aud="others"), token(iss="https://evil.example"), token(exp=NOW - 1000), b"." * 17_000,
        ):  # fmt: skip
            self.refused(given)

    def test_ends(self) -> None:
        """A token holds until its time, though it is known."""
        given = token(exp=NOW + 10)
        self.who(given)
        self.now += 100
        self.refused(given)

    def test_away(self) -> None:
        """A provider that does not answer is 503 for new keys alone; who waits together asks once."""
        self.idp.away = True
        found = self.auth.by_bearer(token())
        assert isinstance(found, Deferred)
        self.failureResultOf(found, Unavailable)
        self.idp.away = False
        self.who(token())
        self.idp.away = True
        self.assertEqual(self.who(token(sub="3")).name, "OIDC_ann")

    def test_off(self) -> None:
        """Without a provider its tokens, and those that were given for them, are nobody's."""
        given, login = token(roles=["nacos-admin"]), self.auth.let_in(self.users_person())
        self.auth.oidc = None
        self.refused(given)
        self.refused(login.token.encode())

    def users_person(self) -> Any:
        """Somebody whom the provider knows."""
        self.who(token())
        return self.users.known(token())


class UserInfoTokenTests(OidcCase):
    """Tokens on requests that have no roles, of a provider that tells of users."""

    def setUp(self) -> None:
        super().setUp()
        self.idp.more = {"userinfo_endpoint": ISSUER + "/userinfo"}

    def test_roles(self) -> None:
        """They are asked for once, with the token itself; its other claims count before those of userinfo."""
        self.idp.info = 200, {"sub": "1", "roles": ["nacos-admin"], "preferred_username": "eve", "exp": NOW + 9999}
        given = token()
        found = self.who(given)
        self.assertEqual((found.name, found.admin), ("OIDC_ann", True))
        self.assertIs(self.who(given), found)
        self.assertEqual(self.idp.bearers, [given.decode()])
        self.now += 700
        self.refused(given)

    def test_told_already(self) -> None:
        """A token that has roles, or says that there are none, is enough."""
        self.idp.info = 200, {"sub": "1", "roles": ["nacos-admin"]}
        for roles in ({"roles": []}, {"groups": ["readers"]}):
            self.assertFalse(self.who(token(**roles)).admin)
        self.assertEqual(self.idp.bearers, [])

    def test_somebody_else(self) -> None:
        """What is told of another user, or of none, gives nothing and lets nobody in."""
        for info in ({"sub": "2", "roles": ["nacos-admin"]}, {"roles": ["nacos-admin"]}, {}):
            self.idp.info = 200, info
            self.refused(token())

    def test_not_taken(self) -> None:
        """A token that is none for userinfo, as an ID token or one of no user, is what it says: without roles."""
        for status in (400, 401, 403, 404):
            self.idp.info = status, {"error": "invalid_token"}
            self.assertFalse(self.who(token(jti=str(status))).admin)

    def test_away(self) -> None:
        """A provider that cannot tell now is 503; at the next request it is asked again."""
        for status in (429, 500, 503):
            self.idp.info = status, {}
            found = self.auth.by_bearer(token())
            assert isinstance(found, Deferred)
            self.failureResultOf(found, Unavailable)
        self.idp.info = 200, {"sub": "1", "roles": ["nacos-admin"]}
        self.assertTrue(self.who(token()).admin)

    def test_together(self) -> None:
        """Many requests with one token ask once, and all get the answer."""
        self.who(token(roles=[]))
        self.idp.thinking = Deferred()
        self.idp.info = 200, {"sub": "1", "roles": ["nacos-admin"]}
        given = token()
        waiting = [self.auth.by_bearer(given) for _ in range(20)]
        self.idp.thinking.callback(None)
        for found in waiting:
            assert isinstance(found, Deferred)
            self.assertTrue(self.successResultOf(found).admin)
        self.assertEqual(len(self.idp.bearers), 1)


class BrowserTests(OidcCase):
    """The pages of a login."""

    def test_userinfo(self) -> None:
        """What the ID token does not have is asked for with the access token; nothing else is taken from there."""
        self.idp.more = {"userinfo_endpoint": ISSUER + "/userinfo"}
        self.idp.info = 200, {"sub": "1", "roles": ["nacos-admin"], "preferred_username": "eve"}
        found = self.successResultOf(self.arrive(token))
        self.assertEqual((found.name, found.roles), ("OIDC_ann", (ADMIN_ROLE,)))
        self.assertEqual(self.idp.bearers, ["opaque"])
        found = self.successResultOf(self.arrive(token, roles=["readers"]))
        self.assertEqual((found.roles, self.idp.bearers), (("readers",), ["opaque"]), "nothing was missing")
        found = self.successResultOf(self.arrive(token, preferred_username=None, email="a@b"))
        self.assertEqual((found.name, found.roles), ("OIDC_eve", (ADMIN_ROLE,)))

    def test_no_userinfo(self) -> None:
        """A provider without such an endpoint: the ID token is all there is."""
        found = self.successResultOf(self.arrive(token))
        self.assertEqual((found.name, found.roles), ("OIDC_ann", ()))

    def test_userinfo_refuses(self) -> None:
        """Of somebody else, of nobody, not to be had: nobody is let in, and the log says why, without the token."""
        self.idp.more = {"userinfo_endpoint": ISSUER + "/userinfo"}
        heard: list[str] = []
        observer = lambda event: heard.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for info, wanted, said in (
            ((200, {"sub": "2", "roles": ["nacos-admin"]}), Refused, "userinfo tells of another user"),
            ((200, {}), Refused, "userinfo tells of no user"),
            ((401, {"error": "invalid_token"}), Refused, "the ID token has no roles, and userinfo does not tell"),
            ((302, {}), Refused, "tells nothing of a user: 302"),
            ((503, {}), Unavailable, "tells nothing of a user now: 503"),
        ):
            self.idp.info = info
            heard.clear()
            self.failureResultOf(self.arrive(token), wanted)
            self.assertIn(said, "\n".join(heard))
            self.assertNotIn("opaque", "\n".join(heard))

    def arrive(self, make: Any, **claims: Any) -> Deferred[Any]:
        """Log in, with an ID token of those claims."""
        cookie, asked = self.depart()
        self.idp.id_token = make(nonce=asked["nonce"], **claims).decode()
        return Deferred.fromCoroutine(self.users.arrive(cookie, asked["state"], "c0de"))

    def depart(self) -> tuple[str, dict[str, str]]:
        """The cookie, and what the provider is asked."""
        departure = self.successResultOf(
            Deferred.fromCoroutine(self.users.depart("https://n/nacos/v1/auth/oidc/callback"))
        )
        parts = urlsplit(departure.to)
        self.assertEqual(f"{parts.scheme}://{parts.netloc}{parts.path}", ISSUER + "/auth")
        return departure.cookie, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def test_login(self) -> None:
        """The code is exchanged with the verifier of the challenge, and the ID token names who has come."""
        cookie, asked = self.depart()
        self.assertEqual(
            (asked["response_type"], asked["client_id"], asked["scope"]), ("code", "nacos", SETTINGS.scope)
        )
        self.idp.id_token = token(nonce=asked["nonce"], roles=["nacos-admin"]).decode()
        arriving = self.users.arrive(cookie, asked["state"], "c0de")
        found = self.successResultOf(Deferred.fromCoroutine(arriving))
        self.assertEqual((found.name, found.roles), ("OIDC_ann", (ADMIN_ROLE,)))
        ((form, basic),) = self.idp.forms
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        self.assertEqual((challenge.decode(), asked["code_challenge_method"]), (asked["code_challenge"], "S256"))
        self.assertEqual((form["code"], form["redirect_uri"]), ("c0de", asked["redirect_uri"]))
        self.assertEqual(basic, ("nacos", "s3cret"))
        login = self.auth.let_in(found)
        handed = self.users.hand_over(login.token)
        self.assertEqual(self.users.taken_over(handed), login.token)
        self.assertTrue(self.who(login.token.encode()).admin)
        self.assertRaises(Refused, self.users.taken_over, cookie)

    def test_refused(self) -> None:
        """Another state, another browser, a login that is too old, another nonce, a code that is not taken."""
        cookie, asked = self.depart()
        other, _ = self.depart()
        self.idp.id_token = token(nonce=asked["nonce"]).decode()
        for given, state, code in (
            (cookie, "other", "c"), (other, asked["state"], "c"), ("", asked["state"], "c"),
            (cookie, asked["state"], ""),
            (cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), asked["state"], "c"),
        ):  # fmt: skip
            self.failureResultOf(Deferred.fromCoroutine(self.users.arrive(given, state, code)), Refused)
        self.assertEqual(self.idp.forms, [], "no code went to the provider")
        self.idp.id_token = token(nonce="another").decode()
        self.failureResultOf(Deferred.fromCoroutine(self.users.arrive(cookie, asked["state"], "c")), Refused)
        self.idp.status = 400
        self.failureResultOf(Deferred.fromCoroutine(self.users.arrive(cookie, asked["state"], "c")), Refused)
        self.idp.status = 503
        self.failureResultOf(Deferred.fromCoroutine(self.users.arrive(cookie, asked["state"], "c")), Unavailable)
        self.now += 601
        failure = self.failureResultOf(Deferred.fromCoroutine(self.users.arrive(cookie, asked["state"], "c")), Refused)
        self.assertNotEqual(failure.value.why, TOKEN_INVALID)

    def test_another_node(self) -> None:
        """The login may end at another node, which has the same key; not at one of another cluster."""
        cookie, asked = self.depart()
        self.idp.id_token = token(nonce=asked["nonce"]).decode()
        for key, works in ((b"k" * 64, True), (b"other" * 13, False)):
            tokens = Tokens(key, 1800, time.time)
            users = OidcUsers(SETTINGS, self.idp, self.clock, lambda: self.now, tokens)
            arriving = Deferred.fromCoroutine(users.arrive(cookie, asked["state"], "c"))
            if works:
                self.assertEqual(self.successResultOf(arriving).name, "OIDC_ann")
            else:
                self.failureResultOf(arriving, Refused)

    def test_secrets(self) -> None:
        """Neither the settings nor a departure tells its secrets when it is shown."""
        departure = self.successResultOf(Deferred.fromCoroutine(self.users.depart("https://n/c")))
        self.assertNotIn("s3cret", repr(SETTINGS))
        self.assertNotIn(departure.cookie, repr(departure))
