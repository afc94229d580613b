"""Signatures of a provider's tokens, by joserfc, which is imported only where there is a provider."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from nacos_tw.auth.problems import TOKEN_INVALID, Refused
from nacos_tw.errors import StartError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with public keys; an HMAC is what our own tokens have."""
LONGEST = 16_384
"""Characters of a token that is looked at."""
MOST_KEYS = 100


class AskProviderError(Exception):
    """The provider has to be asked before it is known whose token it is."""


class UnknownKeyError(AskProviderError):
    """The token is signed by a key that the provider did not have when it was asked last."""


def check_library() -> None:
    """@raise StartError: joserfc is not installed."""
    try:
        import joserfc  # noqa: F401
    except ImportError:
        raise StartError(
            "nacos.core.auth.oidc.issuer-uri needs the Python package joserfc, which is not installed: "
            "pip install 'nacos_tw[oidc]', into the environment that runs this server"
        ) from None


def header_of(token: bytes) -> Mapping[str, Any]:
    """The header of a JWT, which nobody has vouched for yet; empty if it is none."""
    first = token.partition(b".")[0]
    if len(token) > LONGEST or not first:
        return {}
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def is_theirs(token: bytes) -> bool:
    """Whether a token is one of a provider's: signed by a public key."""
    return header_of(token).get("alg") in ALGORITHMS


class Keys:
    """The public keys of a provider."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        """
        @param found: as the provider's jwks_uri gives them.
        @raise ValueError: they are none.
        """
        from joserfc.jwk import KeySet

        listed = found.get("keys")
        if not isinstance(listed, list):
            raise ValueError("no list of keys")
        public = [key for key in listed[:MOST_KEYS] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
        usable = []
        for key in public:
            if key.get("kty") in ("RSA", "EC", "OKP"):
                try:
                    KeySet.import_key_set({"keys": [key]})
                except Exception:  # noqa: S112 - a kind of key that is not known keeps none of the others out
                    continue
                usable.append(key)
        self._names = {key.get("kid") for key in usable}
        self._set = KeySet.import_key_set({"keys": usable}) if usable else None

    def claims(self, token: bytes) -> Mapping[str, Any]:
        """
        What a token says.

        @raise UnknownKeyError: none of these keys can have signed it.
        @raise Refused: the signature is wrong, or it is no token.
        """
        from joserfc import jwt
        from joserfc.errors import JoseError

        header = header_of(token)
        if header.get("alg") not in ALGORITHMS:
            raise Refused(TOKEN_INVALID)
        if self._set is None or (header.get("kid") is not None and header["kid"] not in self._names):
            raise UnknownKeyError
        try:
            found = jwt.decode(token.decode("ascii"), self._set, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise Refused(TOKEN_INVALID) from None
        return found.claims
