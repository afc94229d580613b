"""The OpenID Connect provider whose users may log in, beside those of the own table."""

from __future__ import annotations

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import oidc_keys
from nacos_tw.settings.reading import Reader


@attrs.frozen
class OidcSettings:
    """
    Where it is, and what its tokens mean. Times in seconds.

    @ivar issuer: its URL, as its tokens have it, without a slash at the end.
    @ivar client: the id under which it knows this server.
    @ivar secret: "" for a public client, which PKCE alone protects.
    @ivar audiences: for whom tokens may be, beside the client.
    @ivar scope: what browsers ask it for.
    @ivar name_claim: that holds a user's name; dots lead into objects. C{roles_claim}: their roles, likewise.
    @ivar admin_role: the role of administrators, "" for none.
    @ivar roles: (role there, role here); a role that is not named keeps its name.
    @ivar callback: the address of the page that it sends browsers back to, "" to make it of the request's.
    @ivar label: what the button of the login page says.
    @ivar logout: whether who logs out of the console is sent to the provider to log out there.
    @ivar authorities: a PEM file, "" for those of the system.
    """

    issuer: str
    client: str
    secret: str = attrs.field(default="", repr=False)
    audiences: tuple[str, ...] = ()
    scope: str = "openid profile email"
    name_claim: str = "preferred_username"
    roles_claim: str = "roles"
    admin_role: str = "nacos-admin"
    roles: tuple[tuple[str, str], ...] = ()
    callback: str = ""
    label: str = "OpenID Connect"
    logout: bool = True
    authorities: str = ""
    timeout: float = 5.0
    keys_seconds: float = 3600.0


def read_oidc(reader: Reader) -> OidcSettings | None:
    """
    The settings of a node; None where there is no provider.

    @raise SettingsError: there is one, but not the id under which it knows this server.
    """
    issuer = reader.get(oidc_keys.ISSUER)
    if not issuer:
        return None
    client = reader.get(oidc_keys.CLIENT)
    if not client:
        raise SettingsError(
            f"{reader.filename}: {oidc_keys.ISSUER.name} is set, but {oidc_keys.CLIENT.name} is not: "
            "expected the id under which the provider knows this server"
        )
    return OidcSettings(
        issuer=issuer,
        client=client,
        secret=reader.get(oidc_keys.SECRET),
        audiences=tuple(filter(None, reader.get(oidc_keys.AUDIENCES).split(","))),
        scope=reader.get(oidc_keys.SCOPE),
        name_claim=reader.get(oidc_keys.NAME_CLAIM),
        roles_claim=reader.get(oidc_keys.ROLES_CLAIM),
        admin_role=reader.get(oidc_keys.ADMIN_ROLE),
        roles=reader.get(oidc_keys.ROLES),
        callback=reader.get(oidc_keys.CALLBACK),
        label=reader.get(oidc_keys.LABEL),
        logout=reader.get(oidc_keys.LOGOUT),
        authorities=reader.get(oidc_keys.CA),
        timeout=reader.get(oidc_keys.TIMEOUT),
        keys_seconds=reader.get(oidc_keys.KEYS_SECONDS),
    )
