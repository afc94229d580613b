"""Identities: who calls, and what their roles allow them (docs/spec/config-v1.md#12.6)."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from nacos_tw.access.globs import Glob
from nacos_tw.access.resources import without_public

ADMIN_ROLE = "ROLE_ADMIN"
READ, WRITE = "r", "w"
ACTIONS = frozenset({"r", "w", "rw"})
"""What a permission may allow."""


@attrs.frozen
class Permission:
    """
    What a role allows.

    @ivar resource: a pattern, C{<namespace>:<group>:config/<dataId>}; C{*} stands for any text.
    @ivar action: C{r}, C{w} or C{rw}.
    """

    role: str
    resource: str
    action: str


class Identity:
    """
    Who asks, and what they may do.

    @ivar name: "" where nobody logged in.
    @ivar admin: may do everything.
    @ivar user: whether it is a user of the table.
    @ivar permissions: what their roles allow.
    @ivar roles: of somebody whose roles an OpenID Connect provider tells; None of all others.
    """

    __slots__ = ("_rules", "admin", "name", "permissions", "roles", "user")

    def __init__(
        self,
        name: str,
        admin: bool,
        permissions: Iterable[Permission] = (),
        *,
        user: bool = False,
        roles: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name
        self.user = user
        self.roles = roles
        self.admin = admin
        self.permissions = tuple(permissions)
        self._rules = [(Glob(without_public(one.resource)), one.action) for one in self.permissions]

    def __repr__(self) -> str:
        return f"<Identity {self.name!r}{' admin' if self.admin else ''}>"

    def may(self, action: str, resource: str) -> bool:
        """
        Whether a role of theirs allows it.

        @param action: L{READ} or L{WRITE}.
        """
        return self.admin or any(action in allowed and rule.matches(resource) for rule, allowed in self._rules)


NOBODY = Identity("", False)
"""Whoever asks, until it is found out who that is: may do nothing."""

EVERYBODY = Identity("", True)
"""Whoever asks a node that asks for no logins: an administrator without a name."""
