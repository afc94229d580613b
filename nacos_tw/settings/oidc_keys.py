"""The keys of logins by OpenID Connect (C{nacos.core.auth.oidc.*}); Nacos 3.2's count where these are not set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import file_path, milliseconds, seconds, switch, text, words

_OURS, _NACOS = "nacos.core.auth.oidc.", "nacos.core.auth.plugin.oidc."


def web_address(value: str) -> str:
    """The URL of a page or a server, without a slash at its end."""
    value = value.strip()
    try:
        url = urlsplit(value)
        plain = url.scheme in ("http", "https") and url.hostname and not (url.query or url.fragment or url.username)
    except ValueError:
        plain = False
    if not plain:
        raise ValueError("https://host/path")
    return value.rstrip("/")


def role_pairs(value: str) -> tuple[tuple[str, str], ...]:
    """C{theirs=ours}, between commas."""
    found = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        theirs, equal, ours = part.partition("=")
        if not (equal and theirs.strip() and ours.strip()):
            raise ValueError("role of the provider=role here, between commas")
        found.append((theirs.strip(), ours.strip()))
    return tuple(found)


def _key(name: str, parse: Any, default: str, comment: str) -> Key[Any]:
    return Key(_OURS + name, parse, default, comment, instead=_NACOS + name)


ISSUER = _key(
    "issuer-uri", lambda value: web_address(value) if value.strip() else "", "", "URL of the OpenID Connect provider "
    "whose users may also log in, exactly as in its tokens; none if unset.",
)  # fmt: skip
CLIENT = _key("client-id", text, "", "The id under which the provider knows this server.")
SECRET = _key("client-secret", text, "", "The secret that goes with it; unset for a public client.")
SCOPE = _key(
    "scope", text, "openid profile email", "The scopes that a login by the console requests from the provider.",
)  # fmt: skip
NAME_CLAIM = _key(
    "username-claim", text, "preferred_username", "The claim with a user's name, else email, else sub; the provider's "
    "user ann is OIDC_ann here.",
)  # fmt: skip
ROLES_CLAIM = _key(
    "roles-claim", text, "roles", "The claim with a user's roles, else groups; dots lead into nested claims: "
    "realm_access.roles.",
)  # fmt: skip
ADMIN_ROLE = _key("admin-role", text, "nacos-admin", "The provider's role whose users are administrators here.")
KEYS_SECONDS = _key("jwks-cache-ttl-seconds", seconds(10, 10**6), "3600", "How long the provider's keys are kept.")
ROLES = Key(
    _OURS + "role-mapping", role_pairs, "", "Roles of the provider and the roles that they stand for here: "
    "theirs=ours, comma separated. A role that is not listed stands for the role of the same name.",
)  # fmt: skip
AUDIENCES = Key(
    _OURS + "audiences", words, "", "Audiences that tokens at the API may have, in addition to client-id, comma "
    "separated.",
)  # fmt: skip
CALLBACK = Key(
    _OURS + "redirect-uri", lambda value: web_address(value) if value.strip() else "", "", "URL to which the provider "
    "sends browsers back, and which must be registered there: https://host:port/nacos/v1/auth/oidc/callback. If "
    "unset, it is made from the request.",
)  # fmt: skip
LABEL = Key(
    _OURS + "label", text, "OpenID Connect", "The provider's name on the button of the login page: Log in with ...",
)  # fmt: skip
LOGOUT = Key(
    _OURS + "logout", switch(), "true", "Whether logging out of the console leads to the provider's logout page, if "
    "it has one.",
)  # fmt: skip
CA = Key(_OURS + "ca", file_path, "", "PEM file of the CAs for the provider's certificate.")
TIMEOUT = Key(_OURS + "timeout", milliseconds(100, 60_000), "5000", "How long an answer of the provider may take.")

KEYS: tuple[Key[Any], ...] = (
    ISSUER, CLIENT, SECRET, SCOPE, NAME_CLAIM, ROLES_CLAIM, ADMIN_ROLE, ROLES, AUDIENCES, CALLBACK, LABEL,
    LOGOUT, CA, TIMEOUT, KEYS_SECONDS,
)  # fmt: skip
