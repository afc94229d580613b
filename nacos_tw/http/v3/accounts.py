"""C{/v3/auth}: users, roles, permissions and logging in (docs/spec/http-v2-v3.md#5.7)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.access.identity import ACTIONS
from nacos_tw.auth.auth import Login
from nacos_tw.auth.operations.accounts import Permissions, Roles, Users
from nacos_tw.auth.operations.logins import Administrator, Logins
from nacos_tw.auth.problems import UNKNOWN_USER, AdminBySettings, Refused
from nacos_tw.auth.requests import (
    Credentials,
    FirstAdmin,
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
from nacos_tw.http.api.parameters import REQUEST, Parameter, integer, text
from nacos_tw.http.api.phrases import coded
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.credentials import token_of
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.shared_words import refused_words

PAGE_NO = integer("pageNo", "Which page, from 1.", needed=REQUEST)
PAGE_SIZE = integer("pageSize", "How many a page.", needed=REQUEST)
SEARCH = text("search", "How names are compared; * stands for any text where it is blur.", "accurate",
              choices=("accurate", "blur"))  # fmt: skip
USER = text("username", "The user.", needed=REQUEST)
PASSWORD = text("password", "The password.", needed=REQUEST)
NEW_PASSWORD = text("newPassword", "The new password.", needed=REQUEST)
ADMIN_PASSWORD = text("password", "The password; one is made where there is none.")
ANY_USER = text("username", "The user; of all users where it is empty.")
ROLE = text("role", "The role.", needed=REQUEST)
ANY_ROLE = text("role", "The role; all where it is empty.")
RESOURCE = text("resource", "A pattern, <namespace>:<group>:config/<dataId>; * stands for any text.", needed=REQUEST)
ACTION = text("action", "What it may do.", needed=REQUEST, choices=tuple(sorted(ACTIONS)))
PERMISSION = ROLE, RESOURCE, ACTION
NO_USER = "User not found! Please check user exist or password is right!"


def needed(call: Call, parameter: Parameter[str]) -> str:
    """A parameter that has to be there and must not be empty."""
    value = parameter(call)
    if not value:
        raise Lacking(parameter.name, parameter.java, False)
    return value


def wanted(call: Call, parameter: Parameter[str]) -> Wanted:
    """Which values a parameter asks for."""
    return Wanted(parameter(call), SEARCH(call) == "blur")


@attrs.frozen
class LoginV3:
    """Logging in."""

    prefix: ClassVar[str] = "/v3/auth/user"
    app = Klein()
    guard: Guard
    logins: Logins

    @api(app, "POST", "/login", does=Logins.log_in, takes=(USER, PASSWORD), gives="The token, without a wrapper")
    async def log_in(self, call: Call) -> Reply:
        """A token for a name and its password, or the same token again for one that holds."""
        token, params = token_of(call), call.params
        if token:
            request = Credentials(token, params.get("username"), params.get("password"))
        else:
            request = Credentials(b"", USER(call), PASSWORD(call))
        try:
            return logged_in(await self.logins.log_in(call, request))
        except Refused as refused:
            # The same, whether there is no such user or the password is another.
            return text_reply(NO_USER if refused.why == UNKNOWN_USER else refused_words(refused), call, 403)

    @api(app, "POST", "/admin", does=Logins.first_admin, takes=(ADMIN_PASSWORD,), gives="Name and password")
    async def first_admin(self, call: Call) -> Reply | dict[str, str]:
        """Create the first administrator; works once."""
        try:
            made = await self.logins.first_admin(call, FirstAdmin(ADMIN_PASSWORD(call) or None))
        except AdminBySettings:
            return coded(200, 501, "not support")
        if not isinstance(made, Administrator):
            return coded(200, 409, "have admin user cannot use it.")
        return {"username": made.name, "password": made.password}


def logged_in(login: Login) -> Reply:
    """The answer to a login."""
    body = {
        "accessToken": login.token,
        "tokenTtl": login.seconds,
        "globalAdmin": login.identity.admin,
        "username": login.identity.name,
    }
    reply = json_reply(body)
    reply.headers = ((b"Authorization", b"Bearer " + login.token.encode()), (b"Cache-Control", b"no-store"))
    return reply


@attrs.frozen
class UsersV3:
    """Users."""

    prefix: ClassVar[str] = "/v3/auth/user"
    app = Klein()
    guard: Guard
    users: Users

    @api(app, "GET", "/list", does=Users.page, takes=(PAGE_NO, PAGE_SIZE, ANY_USER, SEARCH), gives="A page of users")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of users, with the hashes of their passwords, as in Nacos."""
        found = self.users.page(call, UserPage(PAGE_NO(call), PAGE_SIZE(call), wanted(call, ANY_USER)))
        return page_json(found, lambda row: {"username": row[0], "password": row[1]})

    @api(app, "GET", "/search", does=Users.names, takes=(USER,), gives="Names")
    def names(self, call: Call) -> list[str]:
        """The names of users that contain a text."""
        return self.users.names(call, NameSearch(USER(call)))

    @api(app, "POST", "", does=Users.create, takes=(USER, PASSWORD))
    async def create(self, call: Call) -> str:
        """Create a user."""
        await self.users.create(call, NewUser(needed(call, USER), needed(call, PASSWORD)))
        return "create user ok!"

    @api(app, "PUT", "", does=Users.set_password, takes=(USER, NEW_PASSWORD))
    async def set_password(self, call: Call) -> str:
        """Change a password: administrators may change everybody's, others their own."""
        await self.users.set_password(call, NewPassword(needed(call, USER), needed(call, NEW_PASSWORD)))
        return "update user ok!"

    @api(app, "DELETE", "", does=Users.delete, takes=(USER,))
    async def delete(self, call: Call) -> str:
        """Delete a user who is no administrator."""
        await self.users.delete(call, OneUser(needed(call, USER)))
        return "delete user ok!"


@attrs.frozen
class RolesV3:
    """Roles: who has which."""

    prefix: ClassVar[str] = "/v3/auth/role"
    app = Klein()
    guard: Guard
    roles: Roles

    @api(
        app, "GET", "/list", does=Roles.page, takes=(PAGE_NO, PAGE_SIZE, ANY_USER, ANY_ROLE, SEARCH),
        gives="A page of roles",
    )  # fmt: skip
    def page(self, call: Call) -> dict[str, Any]:
        """A page of roles and their users."""
        request = RolePage(PAGE_NO(call), PAGE_SIZE(call), wanted(call, ANY_USER), wanted(call, ANY_ROLE))
        return page_json(self.roles.page(call, request), lambda row: {"role": row[1], "username": row[0]})

    @api(app, "GET", "/search", does=Roles.names, takes=(ROLE,), gives="Names")
    def names(self, call: Call) -> list[str]:
        """The roles whose names contain a text."""
        return self.roles.names(call, NameSearch(ROLE(call)))

    @api(app, "POST", "", does=Roles.add, takes=(ROLE, USER))
    async def add(self, call: Call) -> str:
        """Give a role to a user."""
        await self.roles.add(call, NewMembership(needed(call, ROLE), needed(call, USER)))
        return "add role ok!"

    @api(app, "DELETE", "", does=Roles.delete, takes=(ROLE, ANY_USER))
    async def delete(self, call: Call) -> str:
        """Take a role from a user, or from everybody."""
        request = Membership(needed(call, ROLE), ANY_USER(call))
        await self.roles.delete(call, request)
        return f"delete role of user {request.user} ok!"


@attrs.frozen
class PermissionsV3:
    """Permissions: what a role may do."""

    prefix: ClassVar[str] = "/v3/auth/permission"
    app = Klein()
    guard: Guard
    permissions: Permissions

    @api(
        app, "GET", "/list", does=Permissions.page, takes=(PAGE_NO, PAGE_SIZE, ANY_ROLE, SEARCH),
        gives="A page of permissions",
    )  # fmt: skip
    def page(self, call: Call) -> dict[str, Any]:
        """A page of permissions."""
        found = self.permissions.page(call, PermissionPage(PAGE_NO(call), PAGE_SIZE(call), wanted(call, ANY_ROLE)))
        return page_json(found, lambda row: {"role": row[0], "resource": row[1], "action": row[2]})

    @api(app, "GET", "", does=Permissions.exists, takes=PERMISSION, gives="Whether it is")
    def exists(self, call: Call) -> bool:
        """Whether exactly that permission exists."""
        return self.permissions.exists(call, OnePermission(*(needed(call, each) for each in PERMISSION)))

    @api(app, "POST", "", does=Permissions.add, takes=PERMISSION)
    async def add(self, call: Call) -> str:
        """Let a role do something."""
        await self.permissions.add(call, NewPermission(*(needed(call, each) for each in PERMISSION)))
        return "add permission ok!"

    @api(app, "DELETE", "", does=Permissions.delete, takes=PERMISSION)
    async def delete(self, call: Call) -> str:
        """Take a permission from a role."""
        await self.permissions.delete(call, OnePermission(*(needed(call, each) for each in PERMISSION)))
        return "delete permission ok!"
