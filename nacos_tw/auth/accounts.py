"""All users, roles and permissions at one moment, as a value against which requests are checked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nacos_tw.access.identity import ADMIN_ROLE, Identity, Permission
from nacos_tw.memo import BoundedMemo

MOST_GUESTS = 20_000
"""Identities of users of an OpenID Connect provider that are kept; when there are more, all are forgotten."""

UserRow = tuple[str, str, bool]
"""Name, bcrypt hash, whether it may log in."""
RoleRow = tuple[str, str]
"""Name of the user, role."""
PermissionRow = tuple[str, str, str]
"""Role, resource, action."""


class Rows(msgspec.Struct, frozen=True, array_like=True):
    """The three tables."""

    users: list[UserRow]
    roles: list[RoleRow]
    permissions: list[PermissionRow]


class Accounts:
    """
    The tables, indexed.

    @ivar rows: what it was made of.
    @ivar known: whether it was read; nobody is let in before.
    """

    __slots__ = ("_guests", "_hashes", "_identities", "_permissions", "_roles", "known", "rows")

    def __init__(self, rows: Rows | None) -> None:
        """@param rows: None while they are not known."""
        self.known = rows is not None
        self.rows = rows or Rows([], [], [])
        self._hashes = {name: password for name, password, enabled in self.rows.users if enabled}
        self._roles: dict[str, list[str]] = {}
        for name, role in self.rows.roles:
            self._roles.setdefault(name, []).append(role)
        self._permissions: dict[str, list[Permission]] = {}
        for row in self.rows.permissions:
            self._permissions.setdefault(row[0], []).append(Permission(*row))
        self._identities: dict[str, Identity] = {}
        self._guests: BoundedMemo[tuple[str, tuple[str, ...]], Identity] = BoundedMemo(MOST_GUESTS)

    def password(self, name: str) -> str | None:
        """The bcrypt hash of a user that may log in; None for any other name."""
        return self._hashes.get(name)

    @property
    def names(self) -> Iterable[str]:
        """Of all users, also those that may not log in."""
        return (row[0] for row in self.rows.users)

    @property
    def role_names(self) -> list[str]:
        """Of all roles, sorted."""
        return sorted({role for _, role in self.rows.roles})

    @property
    def has_admin(self) -> bool:
        """Whether somebody is administrator."""
        return any(role == ADMIN_ROLE for _, role in self.rows.roles)

    def identity(self, name: str) -> Identity:
        """A user's, always the same object."""
        found = self._identities.get(name)
        if found is None:
            roles = self._roles.get(name, ())
            permissions = [one for role in roles for one in self._permissions.get(role, ())]
            found = self._identities[name] = Identity(name, ADMIN_ROLE in roles, permissions, user=True)
        return found

    def of_use(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these roles that allow anything."""
        return tuple(role for role in roles if role == ADMIN_ROLE or role in self._permissions)

    def guest(self, name: str, roles: tuple[str, ...]) -> Identity:
        """That of somebody who is not in the table, with these of its roles; the same object for the same."""
        found = self._guests.get((name, roles))
        if found is None:
            permissions = [one for role in roles for one in self._permissions.get(role, ())]
            found = Identity(name, ADMIN_ROLE in roles, permissions, roles=roles)
            self._guests.keep((name, roles), found)
        return found


UNKNOWN = Accounts(None)
"""Before anything was read."""
