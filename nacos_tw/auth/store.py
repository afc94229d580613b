"""
Users, roles and permissions in the database, as SQL in the caller's transaction.

On SQLite the commands are applied by every node alike; on MySQL several nodes may run them at once, where the unique
keys decide and the rows of administrators are locked before one goes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.commands import (
    AddPermission,
    AddRole,
    AuthCommand,
    CreateAdmin,
    CreateUser,
    DeletePermission,
    DeleteRole,
    DeleteUser,
    EnsureUser,
    SetPassword,
)
from nacos_tw.auth.problems import (
    AdministratorStays,
    AdminRoleTaken,
    LastAdministrator,
    RoleHeld,
    RoleUnknown,
    UserExists,
    UserUnknown,
)
from nacos_tw.errors import Alike, Duplicate, Problem
from nacos_tw.storage.txn import Row, Txn


def rows(txn: Txn) -> Rows:
    """All there is, in an order that does not change by itself."""
    users = txn.all("SELECT username, password, enabled FROM users ORDER BY username")
    return Rows(
        [(name, password, _is_on(enabled)) for name, password, enabled in users],
        [(name, role) for name, role in txn.all("SELECT username, role FROM roles ORDER BY role, username")],
        [
            (role, resource, action)
            for role, resource, action in txn.all(
                "SELECT role, resource, action FROM permissions ORDER BY role, resource, action"
            )
        ],
    )


def _is_on(enabled: Any) -> bool:
    """A MySQL column may be TINYINT or BIT."""
    return enabled != b"\0" if isinstance(enabled, bytes) else bool(enabled)


def apply(txn: Txn, command: AuthCommand) -> bool:
    """
    Run a command.

    @return: as its docstring says.
    @raise Problem: it is refused: roll back to before it.
    """
    return _WAYS[type(command)](txn, command)


# A database may take names for the same that differ in cases, accents or blanks at the end: MySQL's collation does, and
# Nacos's tables of accounts have it. So rows are looked for by the database, and what is found is compared here.


def _user(txn: Txn, name: str, lock: str = "") -> tuple[str, str] | None:
    """Name and hash of just that user."""
    row = txn.one(f"SELECT username, password FROM users WHERE username=? {lock}", (name,))
    return (row[0], row[1]) if row is not None and row[0] == name else None


def _insert_user(txn: Txn, name: str, password: str) -> None:
    try:
        txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", (name, password, True))
    except Duplicate:
        raise _taken(txn, name) from None


def _taken(txn: Txn, name: str) -> Problem:
    """Why there cannot be another user of that name."""
    row = txn.one(f"SELECT username FROM users WHERE username=?{txn.for_share}", (name,))
    if row is not None and row[0] != name:
        return Alike("user", (name,), (row[0],))
    return UserExists(name)


def _create_user(txn: Txn, command: CreateUser) -> bool:
    if _user(txn, command.name) is not None:
        raise UserExists(command.name)
    _insert_user(txn, command.name, command.password)
    return True


def _ensure_user(txn: Txn, command: EnsureUser) -> bool:
    values = (command.name, command.password, True)
    if _user(txn, command.name) is None:
        try:
            txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", values)
        except Duplicate:
            taken = _taken(txn, command.name)
            if isinstance(taken, Alike):
                raise taken from None
            # another node was faster
    return True


def _create_admin(txn: Txn, command: CreateAdmin) -> bool:
    if _administrators(txn):
        return False
    try:  # the row that decides which of two nodes is the first, so it comes first
        txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (command.name, ADMIN_ROLE))
    except Duplicate:
        if not _administrators(txn, ""):
            raise AdminRoleTaken(command.name) from None
        return False
    if _user(txn, command.name, txn.for_update) is None:
        _insert_user(txn, command.name, command.password)
    else:
        update = "UPDATE users SET password=?, enabled=? WHERE username=?"
        txn.execute(update, (command.password, True, command.name))
    return True


def _administrators(txn: Txn, lock: str | None = None) -> list[str]:
    """Their names; the rows stay as they are until the transaction ends, unless C{lock} is ""."""
    lock = txn.for_update if lock is None else lock
    found = txn.all(f"SELECT username, role FROM roles WHERE role=? {lock}", (ADMIN_ROLE,))
    return [name for name, role in found if role == ADMIN_ROLE]


def _delete_user(txn: Txn, command: DeleteUser) -> bool:
    if command.name in _administrators(txn):
        raise AdministratorStays(command.name)
    _delete_roles(txn, txn.all("SELECT username, role FROM roles WHERE username=?", (command.name,)), command.name)
    if _user(txn, command.name) is not None:
        txn.execute("DELETE FROM users WHERE username=?", (command.name,))
    return True


def _set_password(txn: Txn, command: SetPassword) -> bool:
    found = _user(txn, command.name, txn.for_update)
    if found is None:
        raise UserUnknown(command.name)
    if command.expected is not None and found[1] != command.expected:
        return False
    txn.execute("UPDATE users SET password=? WHERE username=?", (command.password, command.name))
    return True


def _add_role(txn: Txn, command: AddRole) -> bool:
    if _user(txn, command.user) is None:
        raise UserUnknown(command.user)
    try:
        txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (command.user, command.role))
    except Duplicate:
        wanted = command.user, command.role
        found = txn.all("SELECT username, role FROM roles WHERE username=? AND role=?", wanted)
        if found and wanted not in found:
            name, role = found[0]
            raise Alike("role", (command.role, command.user), (role, name)) from None
        raise RoleHeld(command.user, command.role) from None
    return True


def _delete_role(txn: Txn, command: DeleteRole) -> bool:
    if command.role == ADMIN_ROLE:
        before = _administrators(txn)
        if before and (not command.user or before == [command.user]):
            raise LastAdministrator
    _delete_roles(
        txn, txn.all("SELECT username, role FROM roles WHERE role=?", (command.role,)), command.user, command.role
    )
    return True


def _delete_roles(txn: Txn, found: list[Row], user: str = "", role: str = "") -> None:
    """Delete those of the rows that are just that user's, and just that role; "" for any."""
    for row in found:
        if row[0] == (user or row[0]) and row[1] == (role or row[1]):
            txn.execute("DELETE FROM roles WHERE username=? AND role=?", row)


def _add_permission(txn: Txn, command: AddPermission) -> bool:
    if (command.role,) not in txn.all("SELECT role FROM roles WHERE role=?", (command.role,)):
        raise RoleUnknown(command.role)
    row = command.role, command.resource, command.action
    try:
        txn.execute("INSERT INTO permissions (role, resource, action) VALUES (?, ?, ?)", row)
    except Duplicate:
        found = _permissions(txn, row)
        if found and row not in found:
            raise Alike("permission", row, found[0]) from None
    return True


def _permissions(txn: Txn, row: Row) -> list[Row]:
    """What the database takes for that one."""
    return txn.all("SELECT role, resource, action FROM permissions WHERE role=? AND resource=? AND action=?", row)


def _delete_permission(txn: Txn, command: DeletePermission) -> bool:
    row = command.role, command.resource, command.action
    if row in _permissions(txn, row):
        txn.execute("DELETE FROM permissions WHERE role=? AND resource=? AND action=?", row)
    return True


_WAYS: dict[type, Callable[[Txn, Any], bool]] = {
    CreateUser: _create_user,
    CreateAdmin: _create_admin,
    DeleteUser: _delete_user,
    SetPassword: _set_password,
    AddRole: _add_role,
    DeleteRole: _delete_role,
    AddPermission: _add_permission,
    DeletePermission: _delete_permission,
    EnsureUser: _ensure_user,
}
