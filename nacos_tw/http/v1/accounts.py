"""C{/v1/auth/users}, C{roles} and C{permissions}: for administrators (docs/spec/config-v1.md#12.4, #12.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import attrs
from klein import Klein

from nacos_tw.access.globs import Glob
from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.access.rules import NOT_ALLOWED
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.commands import (
    AddPermission,
    AddRole,
    CreateUser,
    DeletePermission,
    DeleteRole,
    DeleteUser,
    SetPassword,
)
from nacos_tw.auth.ldap_users import PREFIX
from nacos_tw.auth.refusals import Refused
from nacos_tw.auth.validation import check_name, check_password, check_permission
from nacos_tw.config.pages import Page, offset
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import console_result, page

T = TypeVar("T")
Row = TypeVar("Row", bound=tuple[Any, ...])


def _page(call: Call, rows: Sequence[Row], shown: Callable[[Row], dict[str, str]]) -> Reply:
    """The page of rows that a call asks for."""
    number, size = reading.integer(call, "pageNo"), reading.integer(call, "pageSize")
    start = offset(number, size)
    found = Page(len(rows), number, size, list(rows[start : start + size]))
    return Reply(200, page(found, map(shown, found.items)).body, JSON)


def _chooser(call: Call, name: str) -> Callable[[str], bool]:
    """Whether a value is one that the call's parameter asks for; C{search=blur} has C{*} for any text."""
    wanted = call.params.get(name)
    if not wanted:
        return lambda value: True
    if call.params.get("search") == "blur":
        return Glob(wanted).matches
    return lambda value: value == wanted


def _ok(text: str) -> Reply:
    """What 2.5.1 answers to a change; 1.4.8 has the text in C{message} (docs/spec/config-v1.md#12.4)."""
    return console_result(text)


@attrs.frozen
class UsersV1:
    """Users."""

    prefix: ClassVar[str] = "/v1/auth/users"
    app = Klein()
    guard: Guard
    auth: Auth

    @serve(app, "GET", "", needs="read:accounts")
    def users(self, call: Call) -> Reply:
        """A page of them, with their hashes, as Nacos has it."""
        chosen = _chooser(call, "username")
        rows = [row for row in self.auth.accounts().rows.users if chosen(row[0])]
        return _page(call, rows, lambda row: {"username": row[0], "password": row[1]})

    @serve(app, "GET", "/search", needs="read:accounts")
    def names(self, call: Call) -> Reply:
        """The names that hold a text."""
        text = reading.needed(call, "username")
        return json_reply([name for name in self.auth.accounts().names if text in name])

    @serve(app, "POST", "", needs="write:accounts")
    async def create(self, call: Call) -> Reply:
        """Create one."""
        name, password = reading.needed(call, "username"), reading.needed(call, "password")
        check_name("username", name)
        check_password(password)
        if name in self.auth.accounts().names:
            raise BadParameter(f"user '{name}' already exist!")
        hashed = await self.auth.passwords.hash(password)
        await self.auth.write(CreateUser(name, hashed))
        return _ok("create user ok!")

    @serve(app, "PUT", "", needs="user+")
    async def set_password(self, call: Call) -> Reply:
        """Change a password: an administrator anybody's, anybody their own."""
        name, password = reading.needed(call, "username"), reading.needed(call, "newPassword")
        if not call.identity.admin and call.identity.name != name:
            raise Refused(NOT_ALLOWED)
        check_password(password)
        if name.startswith(PREFIX):
            raise BadParameter(f"user {name} has its password in LDAP!")
        if name not in self.auth.accounts().names:
            raise BadParameter(f"user {name} not exist!")
        hashed = await self.auth.passwords.hash(password)
        await self.auth.write(SetPassword(name, hashed))
        return _ok("update user ok!")

    @serve(app, "DELETE", "", needs="write:accounts")
    async def delete(self, call: Call) -> Reply:
        """Delete one, but no administrator."""
        await self.auth.write(DeleteUser(reading.needed(call, "username")))
        return _ok("delete user ok!")


@attrs.frozen
class RolesV1:
    """Roles: who has which."""

    prefix: ClassVar[str] = "/v1/auth/roles"
    app = Klein()
    guard: Guard
    auth: Auth

    @serve(app, "GET", "", needs="read:accounts")
    def roles(self, call: Call) -> Reply:
        """A page of them."""
        user, role = _chooser(call, "username"), _chooser(call, "role")
        rows = [row for row in self.auth.accounts().rows.roles if user(row[0]) and role(row[1])]
        return _page(call, rows, lambda row: {"role": row[1], "username": row[0]})

    @serve(app, "GET", "/search", needs="read:accounts")
    def names(self, call: Call) -> Reply:
        """The roles that hold a text."""
        text = reading.needed(call, "role")
        return json_reply([role for role in self.auth.accounts().role_names if text in role])

    @serve(app, "POST", "", needs="write:accounts")
    async def add(self, call: Call) -> Reply:
        """Give one to a user."""
        role, name = reading.needed(call, "role"), reading.needed(call, "username")
        check_name("role", role)
        if role == ADMIN_ROLE:
            raise BadParameter(f"role '{ADMIN_ROLE}' is not permitted to create!")
        await self.auth.write(AddRole(role, name))
        return _ok("add role ok!")

    @serve(app, "DELETE", "", needs="write:accounts")
    async def delete(self, call: Call) -> Reply:
        """Take one from a user, or from everybody."""
        role, name = reading.needed(call, "role"), call.params.get("username", "")
        await self.auth.write(DeleteRole(role, name))
        return _ok(f"delete role of user {name} ok!")


@attrs.frozen
class PermissionsV1:
    """Permissions: what a role may do."""

    prefix: ClassVar[str] = "/v1/auth/permissions"
    app = Klein()
    guard: Guard
    auth: Auth

    @serve(app, "GET", "", needs="read:accounts")
    def permissions(self, call: Call) -> Reply:
        """A page of them; or, for a whole permission, whether there is such a one."""
        params = call.params
        rows = self.auth.accounts().rows.permissions
        if "resource" in params and "action" in params and "pageNo" not in params:
            wanted = (reading.needed(call, "role"), params["resource"], params["action"])
            return json_reply({"code": 0, "message": "success", "data": wanted in rows})
        role = _chooser(call, "role")
        found = [row for row in rows if role(row[0])]
        return _page(call, found, lambda row: {"role": row[0], "resource": row[1], "action": row[2]})

    @serve(app, "POST", "", needs="write:accounts")
    async def add(self, call: Call) -> Reply:
        """Let a role do something."""
        role, resource, action = _permission(call)
        check_permission(resource, action)
        await self.auth.write(AddPermission(role, resource, action))
        return _ok("add permission ok!")

    @serve(app, "DELETE", "", needs="write:accounts")
    async def delete(self, call: Call) -> Reply:
        """The opposite."""
        await self.auth.write(DeletePermission(*_permission(call)))
        return _ok("delete permission ok!")


def _permission(call: Call) -> tuple[str, str, str]:
    return tuple(reading.needed(call, name) for name in ("role", "resource", "action"))  # type: ignore[return-value]
