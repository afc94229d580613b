"""Users of an OpenID Connect provider beside those of the table: their tokens and its keys."""

from __future__ import annotations

import base64
import hmac
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import ADMIN_ROLE, Identity
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.oidc.provider import AGAIN
from nacos_tw.auth.oidc.users import OidcUsers
from nacos_tw.auth.passwords import Passwords
from nacos_tw.auth.problems import Refused
from nacos_tw.auth.tokens import Tokens
from nacos_tw.errors import Unavailable
from nacos_tw.settings.oidc import OidcSettings

ISSUER = "https://idp.example/realm"
SETTINGS = OidcSettings(ISSUER, "nacos")
RSA, EC = RSAKey.generate_key(2048, {"kid": "r"}), ECKey.generate_key("P-256", {"kid": "e"})
NOW = 1_700_000_000.0


class Idp:
    """A provider: what it answers, and what it was asked."""

    def __init__(self) -> None:
        self.keys: list[Any] = [RSA]
        self.asked: list[str] = []
        self.away = False

    async def __call__(self, url: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(url)
        if self.away:
            raise Unavailable("the OpenID Connect provider does not answer: test")
        if url.endswith("/.well-known/openid-configuration"):
            return 200, {"issuer": ISSUER + "/", "jwks_uri": ISSUER + "/keys"}
        return 200, {"keys": [key.as_dict(private=False) for key in self.keys] + [{"kty": "strange", "kid": "s"}]}


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
        self.users = OidcUsers(SETTINGS, self.idp, self.clock, lambda: self.now)
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
        """Without a provider its tokens are nobody's."""
        given = token(roles=["nacos-admin"])
        self.auth.oidc = None
        self.refused(given)
