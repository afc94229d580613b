"""
Users, roles and permissions in the database, as SQL in the caller's transaction.

On SQLite the commands are applied by every node alike; on MySQL several nodes may run them at once, where the unique
keys decide and the rows of administrators are locked before one goes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.auth.access import ADMIN_ROLE
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
from nacos_tw.errors import BadParameter
from nacos_tw.storage.errors import Duplicate
from nacos_tw.storage.txn import Txn


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
    @raise BadParameter: it is refused: roll back to before it.
    """
    return _WAYS[type(command)](txn, command)


def _exists(txn: Txn, name: str) -> bool:
    return txn.one("SELECT 1 FROM users WHERE username=?", (name,)) is not None


def _insert_user(txn: Txn, name: str, password: str) -> None:
    try:
        txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", (name, password, True))
    except Duplicate:
        raise BadParameter(f"user '{name}' already exist!") from None


def _create_user(txn: Txn, command: CreateUser) -> bool:
    if _exists(txn, command.name):
        raise BadParameter(f"user '{command.name}' already exist!")
    _insert_user(txn, command.name, command.password)
    return True


def _ensure_user(txn: Txn, command: EnsureUser) -> bool:
    values = (command.name, command.password, True)
    if not _exists(txn, command.name):
        try:
            txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", values)
        except Duplicate:
            pass  # another node was faster
    return True


def _create_admin(txn: Txn, command: CreateAdmin) -> bool:
    if _administrators(txn):
        return False
    if _exists(txn, command.name):
        txn.execute("UPDATE users SET password=?, enabled=? WHERE username=?", (command.password, True, command.name))
    else:
        _insert_user(txn, command.name, command.password)
    try:
        txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (command.name, ADMIN_ROLE))
    except Duplicate:
        return False  # another node was faster
    return True


def _administrators(txn: Txn) -> list[str]:
    """Their names; the rows stay as they are until the transaction ends."""
    found = txn.all(f"SELECT username FROM roles WHERE role=? {txn.for_update}", (ADMIN_ROLE,))
    return [name for (name,) in found]


def _delete_user(txn: Txn, command: DeleteUser) -> bool:
    if command.name in _administrators(txn):
        raise BadParameter(f"cannot delete admin: {command.name}")
    txn.execute("DELETE FROM roles WHERE username=?", (command.name,))
    txn.execute("DELETE FROM users WHERE username=?", (command.name,))
    return True


def _set_password(txn: Txn, command: SetPassword) -> bool:
    found = txn.one(f"SELECT password FROM users WHERE username=? {txn.for_update}", (command.name,))
    if found is None:
        raise BadParameter(f"user {command.name} not exist!")
    if command.expected is not None and found[0] != command.expected:
        return False
    txn.execute("UPDATE users SET password=? WHERE username=?", (command.password, command.name))
    return True


def _add_role(txn: Txn, command: AddRole) -> bool:
    if not _exists(txn, command.user):
        raise BadParameter(f"user '{command.user}' not found!")
    try:
        txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (command.user, command.role))
    except Duplicate:
        raise BadParameter(f"user '{command.user}' already bound to the role '{command.role}'!") from None
    return True


def _delete_role(txn: Txn, command: DeleteRole) -> bool:
    if command.role == ADMIN_ROLE:
        before = _administrators(txn)
        if before and (not command.user or before == [command.user]):
            raise BadParameter("cannot delete the role of the last administrator")
    if not command.user:
        txn.execute("DELETE FROM roles WHERE role=?", (command.role,))
    else:
        txn.execute("DELETE FROM roles WHERE role=? AND username=?", (command.role, command.user))
    return True


def _add_permission(txn: Txn, command: AddPermission) -> bool:
    if txn.one("SELECT 1 FROM roles WHERE role=?", (command.role,)) is None:
        raise BadParameter(f"role {command.role} not found!")
    try:
        txn.execute(
            "INSERT INTO permissions (role, resource, action) VALUES (?, ?, ?)",
            (command.role, command.resource, command.action),
        )
    except Duplicate:
        pass
    return True


def _delete_permission(txn: Txn, command: DeletePermission) -> bool:
    txn.execute(
        "DELETE FROM permissions WHERE role=? AND resource=? AND action=?",
        (command.role, command.resource, command.action),
    )
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
