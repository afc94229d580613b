"""Forged tokens."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

from nacos_tw.settings.auth import PUBLISHED_KEYS
from tests.security.guarded import FORM, PUBLISHED_TOKEN_KEY, GuardedCase, query

ME = "/nacos/v1/auth/me"
HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def part(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: Any, key: bytes) -> str:
    """A token; for an algorithm that is none, without a signature."""
    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    name = HASHES.get(header.get("alg", ""))
    return f"{text}.{part(hmac.digest(key, text.encode(), name)) if name else ''}"


class TokenTests(GuardedCase):
    """Whatever is not signed by the node's own key, and whatever is too old, is nobody's."""

    def setUp(self) -> None:
        super().setUp()
        self.key = self.guarded.key
        self.claims = {"sub": "nacos", "exp": int(time.time()) + 3600}

    def invalid(self, token: str, text: str = "token invalid!") -> None:
        """It is refused wherever it may stand."""
        bearer = {"Authorization": f"Bearer {token}"}
        self.assertRefused(self.both("GET", ME, bearer), text, token)
        self.assertRefused(self.both("GET", ME + query(accessToken=token)), text, token)
        self.assertRefused(self.both("GET", ME, {"accessToken": token}), text, token)
        login = self.both("POST", "/nacos/v1/auth/login", bearer)
        self.assertEqual((login.status, login.text), (403, text))

    def test_own_key(self) -> None:
        """The right key opens, so that the tests below fail for their own reasons; a Nacos's token has no mark."""
        token = signed({"alg": "HS256"}, self.claims, self.key)
        answer = self.both("GET", ME, {"Authorization": f"Bearer {token}"})
        self.assertEqual((answer.status, answer.json["username"], answer.json["globalAdmin"]), (200, "nacos", True))

    def test_algorithm_none(self) -> None:
        """A token that says that it needs no signature."""
        for name in ("none", "None", "NONE", "nOnE", "", "HS1", "plain"):
            token = signed({"alg": name, "typ": "JWT"}, self.claims, b"")
            self.invalid(token)
            self.invalid(token + part(b"x" * 32))
        self.invalid(signed({}, self.claims, b""))
        self.invalid(signed({"typ": "JWT"}, self.claims, b""))

    def test_no_signature(self) -> None:
        """A good token without its signature, with a piece of it, or with another's."""
        head, body, signature = self.guarded.tokens["reader"].split(".")
        _, admins, _ = self.guarded.tokens["admin"].split(".")
        for token in (
            f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature[:-4]}", f"{head}.{admins}.{signature}",
            f"{head}.{body}.{signature}.{signature}", f".{body}.{signature}", "..", "a.b.c", "null", "undefined",
        ):  # fmt: skip
            self.invalid(token)

    def test_wrong_keys(self) -> None:
        """Keys that anybody could have: none, the published ones, and what is near the right one."""
        plain = PUBLISHED_TOKEN_KEY
        for key in (
            b"", b"\0" * 48, plain.encode(), base64.b64decode(plain[:68]), self.key[1:], self.key + b"x",
            base64.b64encode(self.key), *PUBLISHED_KEYS,
        ):  # fmt: skip
            for algorithm in HASHES:
                self.invalid(signed({"alg": algorithm}, self.claims, key))

    def test_default_token_key(self) -> None:
        """
        The key of an unconfigured Nacos opens nothing although it is the one that is set (QVD-2023-6271); the node
        made a random one and says so.
        """
        self.assertGreaterEqual(len(self.key), 32)
        self.assertIn("random key", self.node.log)

    def test_key_confusion(self) -> None:
        """Headers that name a key, or an algorithm of another kind, are not followed."""
        own = b"k" * 64
        jwk = {"kty": "oct", "k": part(own), "alg": "HS256"}
        for more in (
            {"kid": "../../../../dev/null"}, {"kid": "/dev/null"}, {"kid": "' UNION SELECT 'k' -- "}, {"jwk": jwk},
            {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/keys"}, {"x5c": [part(own)]},
        ):  # fmt: skip
            for key in (b"", b"\0", own):
                self.invalid(signed({"alg": "HS256", **more}, self.claims, key))
        for algorithm in ("RS256", "ES256", "PS256", "EdDSA"):
            text = signed({"alg": algorithm}, self.claims, b"")
            self.invalid(text + part(hmac.digest(own, text[:-1].encode(), "sha256")))

    def test_expired(self) -> None:
        """A token whose time is over, be its signature right."""
        for seconds in (-1, -3600, -(10**9)):
            claims = {**self.claims, "exp": int(time.time()) + seconds}
            self.invalid(signed({"alg": "HS256"}, claims, self.key), "token expired!")

    def test_claims(self) -> None:
        """Claims that name nobody, or no time."""
        later = self.claims["exp"]
        bad: tuple[Any, ...] = (
            {"sub": "nacos"}, {"exp": later}, {"sub": "nobody", "exp": later}, {"sub": "", "exp": later},
            {"sub": ["nacos"], "exp": later}, {"sub": 1, "exp": later}, {"sub": None, "exp": later},
            {"sub": "NACOS", "exp": later}, {"sub": "nacos ", "exp": later}, {"sub": "nacos\0", "exp": later},
            {"sub": "nacos", "exp": "never"}, {"sub": "nacos", "exp": None}, {"sub": "nacos", "exp": True},
            {"sub": "nacos", "exp": [later]}, {"sub": "nacos", "exp": later, "mark": "x"},
            {"sub": "nacos", "exp": later, "mark": 1}, {"sub": "nacos", "exp": later, "mark": None},
            [], "nacos", 7, None,
        )  # fmt: skip
        for claims in bad:
            self.invalid(signed({"alg": "HS256"}, claims, self.key))

    def test_unreadable(self) -> None:
        """What is no token gets the same answer, and no trace of it in the logs."""
        nested = part(b"[" * 3000)
        for token in ("x" * 5000, "%00", "\u00e9", f"{nested}.{nested}.x", "eyJhbGciOiJIUzM4NCJ9.e30.", "Bearer x"):
            answer = self.both("GET", ME, {"accessToken": token})
            self.assertRefused(answer, "token invalid!", token)
        self.assertNotIn("Traceback", self.guarded.logs("nacos.log"))

    def test_two_tokens(self) -> None:
        """The first one counts, in its place and everywhere: no second one adds to what the first may."""
        reader, admin = self.guarded.tokens["reader"], self.guarded.tokens["admin"]
        two = f"accessToken={reader}&accessToken={admin}"
        for target, headers, body in (
            (f"{ME}?{two}", {}, None),
            (ME + query(accessToken=admin), {"Authorization": f"Bearer {reader}"}, None),
            (ME + query(accessToken=reader), {"accessToken": admin}, None),
            (f"{ME}?accessToken=&accessToken={reader}", {"Authorization": f"Bearer {reader}"}, None),
            (ME + query(accessToken=reader, username="nacos", password=self.guarded.passwords["admin"]), {}, None),
            (ME + query(accessToken=reader), FORM, f"accessToken={admin}".encode()),
            (f"{ME}?%61ccessToken={reader}", {}, None),
        ):
            answer = self.both("GET", target, headers, body)
            self.assertEqual((answer.status, answer.json["username"]), (200, "reader"), target)
            self.assertFalse(answer.json["globalAdmin"])

    def test_a_bad_token_and_a_good_password(self) -> None:
        """A token that does not hold is not made up for by another way to log in."""
        target = ME + query(accessToken="x.y.z", username="nacos", password=self.guarded.passwords["admin"])
        self.assertRefused(self.both("GET", target), "token invalid!")
