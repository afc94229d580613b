"""Logins: whether they are asked for, and by what they are signed (docs/spec/config-v1.md#12, #16)."""

from __future__ import annotations

import base64
from typing import NamedTuple

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import api_keys, keys
from nacos_tw.settings.ldap import LdapSettings, read_ldap
from nacos_tw.settings.oidc import OidcSettings, read_oidc
from nacos_tw.settings.reading import Reader

SHORTEST_KEY = 32
"""Bytes of a key that signs tokens."""
PUBLISHED_KEYS = (
    base64.b64decode("SecretKey01234567890123456789012"),
    b"SecretKey01234567890123456789012",
    b"ThisIsMyCustomSecretKey0123",
)
"""How keys begin that are printed in Nacos's source and documents; with the first a 1.4 signs that was told none."""


class Asking(NamedTuple):
    """Which kinds of APIs ask for a login: those of clients, of operators, of browsers."""

    client: bool
    admin: bool
    console: bool


_FLAGS = {"": None, "true": True, "false": False}


@attrs.frozen
class AuthSettings:
    """
    Logins. Times in seconds.

    @ivar enabled: whether clients need one; C{admin}, C{console}: likewise operators and browsers, None: as clients do.
    @ivar token_key: b"" where the nodes are to make one.
    @ivar token_key_known: whether one is set that is printed in documents, and so is none.
    @ivar identity_value: "" where no header lets anybody in.
    @ivar ldap: None where only the own table has users; C{oidc}: where no OpenID Connect provider has some.
    """

    enabled: bool = False
    system_type: str = "nacos"
    ldap: LdapSettings | None = None
    oidc: OidcSettings | None = None
    caching: bool = True
    user_agent_white: bool = False
    identity_key: str = ""
    identity_value: str = attrs.field(default="", repr=False)
    token_seconds: float = 18000.0
    token_key: bytes = attrs.field(default=b"", repr=False)
    token_key_known: bool = False
    admin_password: str = attrs.field(default="", repr=False)
    refuse_default: bool = False
    admin: bool | None = None
    console: bool | None = None

    @property
    def asking(self) -> Asking:
        """Who needs a login."""
        return Asking(
            self.enabled,
            self.enabled if self.admin is None else self.admin,
            self.enabled if self.console is None else self.console,
        )


def read_auth(reader: Reader) -> AuthSettings:
    """
    The settings of a node.

    @raise SettingsError: with logins on, the key of tokens cannot be used; or those of LDAP cannot work together.
    """
    key = _token_key(reader)
    known = key.startswith(PUBLISHED_KEYS)
    return AuthSettings(
        enabled=reader.get(keys.AUTH),
        system_type=reader.get(keys.AUTH_TYPE),
        ldap=read_ldap(reader) if reader.get(keys.AUTH_TYPE) == "ldap" else None,
        oidc=read_oidc(reader),
        caching=reader.get(keys.AUTH_CACHE),
        user_agent_white=reader.get(keys.AUTH_AGENT),
        identity_key=reader.get(keys.AUTH_IDENTITY_KEY),
        identity_value=reader.get(keys.AUTH_IDENTITY_VALUE),
        token_seconds=reader.get(keys.AUTH_SECONDS),
        token_key=b"" if known else key,
        token_key_known=known,
        admin_password=reader.get(keys.AUTH_ADMIN),
        refuse_default=reader.get(keys.AUTH_REFUSE),
        admin=_FLAGS[reader.get(api_keys.AUTH_ADMIN_API)],
        console=_FLAGS[reader.get(api_keys.AUTH_CONSOLE_API)],
    )


def _asked(reader: Reader) -> bool:
    """Whether any API asks for a login."""
    of_some = reader.get(api_keys.AUTH_ADMIN_API), reader.get(api_keys.AUTH_CONSOLE_API)
    return reader.get(keys.AUTH) or "true" in of_some


def _token_key(reader: Reader) -> bytes:
    """Base64 as Java's lenient decoder reads it; b"" for none."""
    text = "".join(reader.get(keys.AUTH_TOKEN).split())
    if not text:
        return b""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:  # binascii.Error too
        key = b""
    if len(key) >= SHORTEST_KEY or key.startswith(PUBLISHED_KEYS):
        return key
    if not _asked(reader):
        return b""
    value = reader.value(keys.AUTH_TOKEN)
    raise SettingsError(
        f"{reader.filename if value is None else value.origin}: {keys.AUTH_TOKEN.name} (or {keys.AUTH_TOKEN.instead}): "
        f"expected base64 of {SHORTEST_KEY} bytes or more, as openssl rand -base64 48 gives it"
    )
