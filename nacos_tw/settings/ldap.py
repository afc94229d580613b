"""The LDAP directory whose users may log in (docs/spec/config-v1.md#12.10)."""

from __future__ import annotations

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import ldap_keys as keys
from nacos_tw.settings.kinds import LdapUrl
from nacos_tw.settings.reading import Reader

NAME = "{0}"
"""Where the name stands in a DN as which users log in."""


@attrs.frozen
class LdapSettings:
    """
    Where it is, and how a user is found.

    @ivar servers: tried in turn; at least one.
    @ivar base: DN below which users are looked for.
    @ivar timeout: seconds of silence after which a server counts as away.
    @ivar user: DN of who looks, "" for nobody in particular; or one with L{NAME}, as which a user logs in.
    @ivar attribute: that holds a user's name.
    @ivar case_sensitive: whether names that differ in case only are different users here.
    @ivar ignore_references: to other directories; else a search that gives some has failed.
    @ivar authorities: a PEM file, "" for those of the system.
    """

    servers: tuple[LdapUrl, ...]
    base: str = ""
    timeout: float = 3.0
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    attribute: str = "uid"
    case_sensitive: bool = True
    ignore_references: bool = False
    authorities: str = ""

    @property
    def direct(self) -> bool:
        """Whether users are bound without a search."""
        return NAME in self.user


def read_ldap(reader: Reader) -> LdapSettings:
    """
    The settings of a node.

    @raise SettingsError: they cannot work together.
    """
    found = LdapSettings(
        servers=reader.get(keys.URL),
        base=reader.get(keys.BASE),
        timeout=reader.get(keys.TIMEOUT),
        user=reader.get(keys.USER),
        password=reader.get(keys.PASSWORD),
        attribute=reader.get(keys.FILTER),
        case_sensitive=reader.get(keys.CASE),
        ignore_references=reader.get(keys.PARTIAL),
        authorities=reader.get(keys.CA),
    )
    if found.user and not found.direct and not found.password:
        # A name without a password is taken for nobody's (RFC 4513, 5.1.2): the search would find what anybody may see.
        raise SettingsError(f"{reader.filename}: {keys.PASSWORD.name}: expected one for {keys.USER.name}")
    return found
