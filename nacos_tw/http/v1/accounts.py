"""C{/v1/auth/users}, C{roles} and C{permissions}: for administrators (docs/spec/config-v1.md#12.4, #12.5)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.auth.operations.accounts import Permissions, Roles, Users
from nacos_tw.auth.requests import (
    Membership,
    NameSearch,
    NewMembership,
    NewPassword,
    NewPermission,
    NewUser,
    OnePermission,
    OneUser,
    PermissionPage,
    RolePage,
    UserPage,
    Wanted,
)
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_reading import integer, needed
from nacos_tw.http.v1.config_replies import console_result, page
from nacos_tw.paging import Page


def _wanted(call: Call, name: str) -> Wanted:
    """Which values a parameter asks for; C{search=blur} has C{*} for any text."""
    return Wanted(call.params.get(name, ""), call.params.get("search") == "blur")


def _paged(found: Page[Any], *columns: tuple[str, int]) -> Reply:
    """A page of rows; C{columns}: the names of those that are shown, and where they are."""
    items = ({name: row[at] for name, at in columns} for row in found.items)
    return Reply(200, page(found, items).body, JSON)


def _ok(text: str) -> Reply:
    """What 2.5.1 answers to a change; 1.4.8 has the text in C{message} (docs/spec/config-v1.md#12.4)."""
    return console_result(text)


@attrs.frozen
class UsersV1:
    """Users."""

    prefix: ClassVar[str] = "/v1/auth/users"
    app = Klein()
    guard: Guard
    users: Users

    @serve(app, "GET", "", needs=rule_of(Users.page))
    def get_users(self, call: Call) -> Reply:
        """A page of users, with the hashes of their passwords, as in Nacos."""
        request = UserPage(integer(call, "pageNo"), integer(call, "pageSize"), _wanted(call, "username"))
        return _paged(self.users.page(call, request), ("username", 0), ("password", 1))

    @serve(app, "GET", "/search", needs=rule_of(Users.names))
    def names(self, call: Call) -> Reply:
        """The names of users that contain a text."""
        return json_reply(self.users.names(call, NameSearch(needed(call, "username"))))

    @serve(app, "POST", "", needs=rule_of(Users.create))
    async def create(self, call: Call) -> Reply:
        """Create a user."""
        await self.users.create(call, NewUser(needed(call, "username"), needed(call, "password")))
        return _ok("create user ok!")

    @serve(app, "PUT", "", needs=rule_of(Users.set_password))
    async def set_password(self, call: Call) -> Reply:
        """Change a password: administrators may change everybody's, others their own."""
        await self.users.set_password(call, NewPassword(needed(call, "username"), needed(call, "newPassword")))
        return _ok("update user ok!")

    @serve(app, "DELETE", "", needs=rule_of(Users.delete))
    async def delete(self, call: Call) -> Reply:
        """Delete a user who is no administrator."""
        await self.users.delete(call, OneUser(needed(call, "username")))
        return _ok("delete user ok!")


@attrs.frozen
class RolesV1:
    """Roles: who has which."""

    prefix: ClassVar[str] = "/v1/auth/roles"
    app = Klein()
    guard: Guard
    roles: Roles

    @serve(app, "GET", "", needs=rule_of(Roles.page))
    def get_roles(self, call: Call) -> Reply:
        """A page of roles and their users."""
        number, size = integer(call, "pageNo"), integer(call, "pageSize")
        request = RolePage(number, size, _wanted(call, "username"), _wanted(call, "role"))
        return _paged(self.roles.page(call, request), ("role", 1), ("username", 0))

    @serve(app, "GET", "/search", needs=rule_of(Roles.names))
    def names(self, call: Call) -> Reply:
        """The roles whose names contain a text."""
        return json_reply(self.roles.names(call, NameSearch(needed(call, "role"))))

    @serve(app, "POST", "", needs=rule_of(Roles.add))
    async def add(self, call: Call) -> Reply:
        """Give a role to a user."""
        await self.roles.add(call, NewMembership(needed(call, "role"), needed(call, "username")))
        return _ok("add role ok!")

    @serve(app, "DELETE", "", needs=rule_of(Roles.delete))
    async def delete(self, call: Call) -> Reply:
        """Take a role from a user, or from everybody."""
        request = Membership(needed(call, "role"), call.params.get("username", ""))
        await self.roles.delete(call, request)
        return _ok(f"delete role of user {request.user} ok!")


@attrs.frozen
class PermissionsV1:
    """Permissions: what a role may do."""

    prefix: ClassVar[str] = "/v1/auth/permissions"
    app = Klein()
    guard: Guard
    permissions: Permissions

    @serve(app, "GET", "", needs=rule_of(Permissions.page))
    def get_permissions(self, call: Call) -> Reply:
        """A page of permissions; or, for a whole permission, whether it exists."""
        params = call.params
        if "resource" in params and "action" in params and "pageNo" not in params:
            return json_reply(
                {"code": 0, "message": "success", "data": self.permissions.exists(call, _permission(call))}
            )
        request = PermissionPage(integer(call, "pageNo"), integer(call, "pageSize"), _wanted(call, "role"))
        return _paged(self.permissions.page(call, request), ("role", 0), ("resource", 1), ("action", 2))

    @serve(app, "POST", "", needs=rule_of(Permissions.add))
    async def add(self, call: Call) -> Reply:
        """Let a role do something."""
        await self.permissions.add(call, NewPermission(*(needed(call, name) for name in PERMISSION)))
        return _ok("add permission ok!")

    @serve(app, "DELETE", "", needs=rule_of(Permissions.delete))
    async def delete(self, call: Call) -> Reply:
        """Take a permission from a role."""
        await self.permissions.delete(call, _permission(call))
        return _ok("delete permission ok!")


PERMISSION = ("role", "resource", "action")


def _permission(call: Call) -> OnePermission:
    return OnePermission(*(needed(call, name) for name in PERMISSION))
