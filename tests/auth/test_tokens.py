"""Signed tokens."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.problems import Refused
from nacos_tw.auth.tokens import LONGEST, Tokens
from tests.security.test_breakins_tokens import part, signed
from tests.wording import said

NOW = 1_700_000_000.5
HASH = "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu"


class TokensTests(SynchronousTestCase):
    """Made and read."""

    def setUp(self) -> None:
        self.now = NOW
        self.tokens = self.made(b"k" * 32)

    def made(self, key: bytes) -> Tokens:
        return Tokens(key, 18000, lambda: self.now)

    def refused(self, token: str, text: str = "token invalid!", tokens: Tokens | None = None) -> None:
        error = self.assertRaises(Refused, (tokens or self.tokens).verify, token)
        self.assertEqual(said(error), text)

    def contents(self, token: str) -> list[Any]:
        parts = token.split(".")[:2]
        return [json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) for text in parts]

    def test_as_nacos(self) -> None:
        """Header and claims are Nacos's, with one more that it does not look at."""
        header, claims = self.contents(self.tokens.issue("nacos", HASH))
        self.assertEqual(header, {"alg": "HS256"})
        self.assertEqual({**claims, "mark": ""}, {"sub": "nacos", "exp": 1_700_018_000, "mark": ""})

    def test_read(self) -> None:
        """What was made is read."""
        claims = self.tokens.verify(self.tokens.issue("n\u00e4cos", HASH))
        self.assertEqual(
            (claims.name, claims.expires, claims.mark), ("n\u00e4cos", 1_700_018_000.0, self.tokens.mark(HASH))
        )

    def test_algorithms(self) -> None:
        """The key's length tells which one signs; shorter ones that fit are read too, as Nacos's of each version."""
        for size, name in ((32, "HS256"), (47, "HS256"), (48, "HS384"), (63, "HS384"), (64, "HS512"), (200, "HS512")):
            key = bytes(range(size))
            tokens = self.made(key)
            self.assertEqual(self.contents(tokens.issue("nacos", HASH))[0]["alg"], name)
            for other, least in (("HS256", 32), ("HS384", 48), ("HS512", 64)):
                token = signed({"alg": other}, {"sub": "nacos", "exp": NOW + 9}, key)
                if size >= least:
                    self.assertEqual(tokens.verify(token).name, "nacos")
                else:
                    self.refused(token, tokens=tokens)

    def test_of_a_nacos(self) -> None:
        """A token that a Nacos made with the same key has no mark; more claims and a type do no harm."""
        claims = {"sub": "nacos", "exp": int(NOW) + 60}
        self.assertEqual(self.tokens.verify(signed({"alg": "HS256"}, claims, b"k" * 32)).mark, "")
        more = {**claims, "iat": int(NOW) - 1, "aud": "x", "iss": "y"}
        self.assertEqual(self.tokens.verify(signed({"alg": "HS256", "typ": "JWT"}, more, b"k" * 32)).name, "nacos")

    def test_known_token_of_1_4(self) -> None:
        """
        One that a Nacos 1.4.8 signed with its default key: computed here by hand, as that of
        docs/spec/config-v1.md#12.2 was.
        """
        text = "SecretKey012345678901234567890123456789012345678901234567890123456789"
        key = base64.b64decode(text[:68])
        body = part(b'{"sub":"nacos","exp":1700000001}')
        head = part(b'{"alg":"HS256"}')
        token = f"{head}.{body}.{part(hmac.digest(key, f'{head}.{body}'.encode(), 'sha256'))}"
        self.assertEqual(self.made(key).verify(token).name, "nacos")

    def test_time(self) -> None:
        """It holds until its second, and not in it."""
        token = self.tokens.issue("nacos", HASH)
        self.now = 1_700_017_999.9
        self.assertEqual(self.tokens.verify(token).name, "nacos")
        self.now = 1_700_018_000.0
        self.refused(token, "token expired!")

    def test_foreign(self) -> None:
        """Another key's, without an algorithm, or without a signature."""
        claims = {"sub": "nacos", "exp": NOW + 9}
        self.refused(signed({"alg": "HS256"}, claims, b"x" * 32))
        self.refused(signed({"alg": "none"}, claims, b""))
        self.refused(signed({"alg": "HS512"}, claims, b"k" * 32))
        self.refused(self.tokens.issue("nacos", HASH).rpartition(".")[0] + ".")

    def test_claims(self) -> None:
        """Each wrong kind is refused, also with the right signature."""
        bad: tuple[Any, ...] = (
            {}, {"sub": "nacos"}, {"exp": NOW + 9}, {"sub": 1, "exp": NOW + 9}, {"sub": None, "exp": NOW + 9},
            {"sub": ["nacos"], "exp": NOW + 9}, {"sub": "nacos", "exp": "1800000000"}, {"sub": "nacos", "exp": True},
            {"sub": "nacos", "exp": NOW + 9, "mark": 0}, {"sub": "nacos", "exp": [9]}, [], "x", None, 1,
        )  # fmt: skip
        for claims in bad:
            self.refused(signed({"alg": "HS256"}, claims, b"k" * 32))

    def test_times_that_are_none(self) -> None:
        """Not a number, endless, or more than a number holds."""
        for text in ("NaN", "-Infinity", "Infinity", "1e999", "-1e999", "9" * 400, "9" * 5000):
            head, body = part(b'{"alg":"HS256"}'), part(b'{"sub":"nacos","exp":%s}' % text.encode())
            token = f"{head}.{body}.{part(hmac.digest(b'k' * 32, f'{head}.{body}'.encode(), 'sha256'))}"
            self.assertRaises(Refused, self.tokens.verify, token)

    def test_mark(self) -> None:
        """It changes with the password and with the key, and tells nothing of the hash."""
        mark = self.tokens.mark(HASH)
        self.assertEqual(mark, self.tokens.mark(HASH))
        self.assertNotEqual(mark, self.tokens.mark(HASH[:-1]))
        self.assertNotEqual(mark, self.made(b"x" * 32).mark(HASH))
        self.assertNotIn(HASH[7:15], self.tokens.issue("nacos", HASH))

    def test_without_a_key(self) -> None:
        """Nothing is valid."""
        self.refused(signed({"alg": "HS256"}, {"sub": "nacos", "exp": NOW + 9}, b""), tokens=self.made(b""))

    def test_long(self) -> None:
        """What is too long for a token is not looked at."""
        claims = {"sub": "nacos", "exp": NOW + 9, "pad": "x" * LONGEST}
        self.refused(signed({"alg": "HS256"}, claims, b"k" * 32))

    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        """Whatever comes, it is refused as a token is."""
        self.refused(text)

    @given(st.integers(0, 200), st.sampled_from("abXYZ019-_."))
    def test_altered(self, place: int, char: str) -> None:
        """A token with one other character is none. (But for bits at the end of a part that stand for nothing.)"""
        token = self.tokens.issue("nacos", HASH)
        place %= len(token)
        if token[place] != char and token[place + 1 : place + 2] not in ("", "."):
            self.refused(token[:place] + char + token[place + 1 :])
