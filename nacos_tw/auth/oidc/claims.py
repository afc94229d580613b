"""What the claims of a provider's token mean: for whom it is, until when, who it names and with which roles. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth.problems import TOKEN_EXPIRED, TOKEN_INVALID, Refused
from nacos_tw.settings.oidc import OidcSettings

PREFIX = "OIDC_"
"""How the names of these users begin here: a user C{nacos} of the provider is not the own table's."""
SKEW = 60.0
"""Seconds that the provider's clock may be wrong."""
LONGEST_NAME = 200
MOST_ROLES = 1000


@attrs.frozen
class Person:
    """
    Whom a token names.

    @ivar name: as it is here, with L{PREFIX}.
    @ivar roles: as they are here; L{ADMIN_ROLE} is one.
    @ivar expires: seconds since 1970.
    """

    name: str
    roles: tuple[str, ...]
    expires: float


def missing(settings: OidcSettings, claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The claims that the settings name and a token does not have."""
    return tuple(path for path in (settings.name_claim, settings.roles_claim) if _at(claims, path) is None)


def tells_roles(settings: OidcSettings, claims: Mapping[str, Any]) -> bool:
    """Whether a token has roles, be they none."""
    return _at(claims, settings.roles_claim) is not None or claims.get("groups") is not None


def person(
    settings: OidcSettings,
    claims: Mapping[str, Any],
    now: float,
    *,
    nonce: str | None = None,
    info: Mapping[str, Any] | None = None,
) -> Person:
    """
    Whom the claims of a token name whose signature is right.

    @param now: seconds since 1970.
    @param nonce: that an ID token must have; None for the token of a request.
    @param info: what the provider tells of the user beside it. Name and roles are taken from it where the token does
        not have the claims that the settings name; nothing else is.
    @raise Refused: it is for others, from another provider, or not valid now.
    """
    if str(claims.get("iss", "")).rstrip("/") != settings.issuer or not _is_for_us(settings, claims, nonce is not None):
        raise Refused(TOKEN_INVALID)
    if nonce is not None and claims.get("nonce") != nonce:
        raise Refused(TOKEN_INVALID)
    expires: Any = claims.get("exp")
    if type(expires) not in (int, float) or not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refused(TOKEN_INVALID)
    if expires <= now - SKEW:
        raise Refused(TOKEN_EXPIRED)
    for name in ("nbf", "iat"):
        begins: Any = claims.get(name, 0)
        if type(begins) not in (int, float) or begins > now + SKEW:
            raise Refused(TOKEN_INVALID)
    both = (claims, info or {})
    return Person(PREFIX + _name(settings, both), _roles(settings, both), float(expires) + SKEW)


def _is_for_us(settings: OidcSettings, claims: Mapping[str, Any], of_login: bool) -> bool:
    """
    Whether the audience has us. An ID token (C{of_login}) is for the client, and given to nobody else; another one may
    name the client as who asked for it.
    """
    audience = claims.get("aud", ())
    audiences = {audience} if isinstance(audience, str) else set(map(str, audience)) if _is_list(audience) else set()
    party = claims.get("azp")
    if of_login:
        return settings.client in audiences and party in (None, settings.client)
    wanted = {settings.client, *settings.audiences}
    return bool(audiences & wanted) or party in wanted


def _name(settings: OidcSettings, both: Sequence[Mapping[str, Any]]) -> str:
    """@param both: the token's claims, then those of the user's info."""
    named = (_at(claims, settings.name_claim) for claims in both)
    for found in (*named, *(claims.get("email") for claims in both), both[0].get("sub")):
        if isinstance(found, str) and found.strip():
            name = found.strip()
            if len(name) <= LONGEST_NAME and name.isprintable():
                return name
            break  # not another claim in its place: that would be another name
    raise Refused(TOKEN_INVALID)


def _roles(settings: OidcSettings, both: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """@param both: as of L{_name}."""
    listings = (*(_at(claims, settings.roles_claim) for claims in both), *(claims.get("groups") for claims in both))
    found: Any = next((each for each in listings if each is not None), None)
    listed = found.replace(",", " ").split() if isinstance(found, str) else found if _is_list(found) else ()
    theirs = [role for role in listed if isinstance(role, str)][:MOST_ROLES]
    named = dict(settings.roles)
    ours: dict[str, None] = {}
    for role in theirs:
        if role == settings.admin_role and role:
            ours[ADMIN_ROLE] = None
        # The administrators' role is given by the two settings alone: a provider may call its own roles anything.
        elif role in named or role != ADMIN_ROLE:
            ours[named.get(role, role)] = None
    return tuple(ours)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that name, else the one that its parts between dots lead to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
