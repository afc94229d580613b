"""What changes users, roles and permissions; part of the union of L{nacos_tw.database.commands}.
Tags from 40 are theirs.

Passwords come as bcrypt hashes: nothing else of them goes into the log or the database.
"""

from __future__ import annotations

import msgspec


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="command"):
    """Base of all: frozen, encoded as an array that starts with the tag."""


class CreateUser(_Command, frozen=True, array_like=True, tag=40):
    """Create a user. Result: True; BadParameter when there is one of that name."""

    name: str
    password: str


class CreateAdmin(_Command, frozen=True, array_like=True, tag=41):
    """Create the first administrator. Result: True, or False when there is one already: then nothing is changed."""

    name: str
    password: str


class DeleteUser(_Command, frozen=True, array_like=True, tag=42):
    """Delete a user with its roles. Result: True, for an unknown one too; BadParameter for an administrator."""

    name: str


class SetPassword(_Command, frozen=True, array_like=True, tag=43):
    """
    Change a password. C{expected}: only if the hash is this one. Result: True, or False if it was not;
    BadParameter for an unknown user.
    """

    name: str
    password: str
    expected: str | None = None


class AddRole(_Command, frozen=True, array_like=True, tag=44):
    """Give a role to a user. Result: True; BadParameter for an unknown user, or when the user has it."""

    role: str
    user: str


class DeleteRole(_Command, frozen=True, array_like=True, tag=45):
    """
    Take a role from a user, or from all where C{user} is "". Result: True, also when nobody has it; BadParameter when
    no administrator would be left.
    """

    role: str
    user: str = ""


class AddPermission(_Command, frozen=True, array_like=True, tag=46):
    """Let a role do something. Result: True, also when it may already; BadParameter for a role that nobody has."""

    role: str
    resource: str
    action: str


class DeletePermission(_Command, frozen=True, array_like=True, tag=47):
    """The opposite. Result: True, always."""

    role: str
    resource: str
    action: str


class EnsureUser(_Command, frozen=True, array_like=True, tag=48):
    """Create a user; one of that name stays as it is. Result: True, always."""

    name: str
    password: str


AuthCommand = (
    CreateUser
    | CreateAdmin
    | DeleteUser
    | SetPassword
    | AddRole
    | DeleteRole
    | AddPermission
    | DeletePermission
    | EnsureUser
)
