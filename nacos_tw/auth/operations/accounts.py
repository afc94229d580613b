"""Users, roles and permissions: for administrators (docs/spec/config-v1.md#12.4, #12.5)."""

from __future__ import annotations

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.auth.accounts import PermissionRow, RoleRow, UserRow
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
from nacos_tw.auth.problems import OTHERS, PasswordElsewhere, Refused, UserExists, UserUnknown
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
)
from nacos_tw.auth.validation import check_password
from nacos_tw.paging import Page, page_of

READ, WRITE = Rule("read", "accounts"), Rule("write", "accounts", recorded=True)


class _OfAccounts(Operations):
    """Base: what is read is what this node checks against; a change is done once this node checks against it."""

    __slots__ = ("_auth",)

    def __init__(self, auth: Auth, audit: AuditLog) -> None:
        super().__init__(audit)
        self._auth = auth


class Users(_OfAccounts):
    """All fail with Unavailable where accounts are not known yet, and a change where it cannot be written."""

    @operation(READ)
    def page(self, caller: Caller, request: UserPage) -> Page[UserRow]:
        """A page of them by name, with their hashes, as Nacos has it."""
        rows = [row for row in self._auth.accounts().rows.users if request.user.matches(row[0])]
        return page_of(rows, request.number, request.size)

    @operation(READ)
    def names(self, caller: Caller, request: NameSearch) -> list[str]:
        """Those that hold a text."""
        return [name for name in self._auth.accounts().names if request.text in name]

    @operation(WRITE)
    async def create(self, caller: Caller, request: NewUser) -> None:
        """
        Create one.

        @raise BadParameter: there is one of that name.
        """
        if request.name in self._auth.accounts().names:
            raise UserExists(request.name)
        hashed = await self._auth.passwords.hash(request.password)
        await self._auth.write(CreateUser(request.name, hashed))

    @operation(Rule("user", recorded=True))
    async def set_password(self, caller: Caller, request: NewPassword) -> None:
        """
        Change a password: an administrator anybody's, anybody their own.

        @raise Refused: it is somebody else's.
        @raise BadParameter: it is none, the user's is in LDAP, or there is no such user.
        """
        name = request.name
        if not caller.identity.admin and caller.identity.name != name:
            raise Refused(OTHERS)
        check_password(request.password)
        if name.startswith(PREFIX):
            raise PasswordElsewhere(name)
        if name not in self._auth.accounts().names:
            raise UserUnknown(name)
        hashed = await self._auth.passwords.hash(request.password)
        await self._auth.write(SetPassword(name, hashed))

    @operation(WRITE)
    async def delete(self, caller: Caller, request: OneUser) -> None:
        """
        Delete one; one that is not there is fine.

        @raise BadParameter: it is an administrator.
        """
        await self._auth.write(DeleteUser(request.name))


class Roles(_OfAccounts):
    """Who has which role."""

    @operation(READ)
    def page(self, caller: Caller, request: RolePage) -> Page[RoleRow]:
        """A page of them, by role and name."""
        rows = self._auth.accounts().rows.roles
        found = [row for row in rows if request.user.matches(row[0]) and request.role.matches(row[1])]
        return page_of(found, request.number, request.size)

    @operation(READ)
    def names(self, caller: Caller, request: NameSearch) -> list[str]:
        """The roles that hold a text."""
        return [role for role in self._auth.accounts().role_names if request.text in role]

    @operation(WRITE)
    async def add(self, caller: Caller, request: NewMembership) -> None:
        """
        Give one to a user.

        @raise BadParameter: there is no such user, or the user has it.
        """
        await self._auth.write(AddRole(request.role, request.user))

    @operation(WRITE)
    async def delete(self, caller: Caller, request: Membership) -> None:
        """
        Take one from a user, or from everybody.

        @raise BadParameter: no administrator would be left.
        """
        await self._auth.write(DeleteRole(request.role, request.user))


class Permissions(_OfAccounts):
    """What roles may do."""

    @operation(READ)
    def page(self, caller: Caller, request: PermissionPage) -> Page[PermissionRow]:
        """A page of them, by role, resource and action."""
        rows = self._auth.accounts().rows.permissions
        return page_of([row for row in rows if request.role.matches(row[0])], request.number, request.size)

    @operation(READ)
    def exists(self, caller: Caller, request: OnePermission) -> bool:
        """Whether there is just that one."""
        wanted = (request.role, request.resource_pattern, request.action)
        return wanted in self._auth.accounts().rows.permissions

    @operation(WRITE)
    async def add(self, caller: Caller, request: NewPermission) -> None:
        """
        Let a role do something; it may already.

        @raise BadParameter: nobody has that role.
        """
        await self._auth.write(AddPermission(request.role, request.resource_pattern, request.action))

    @operation(WRITE)
    async def delete(self, caller: Caller, request: OnePermission) -> None:
        """The opposite; it may not be there."""
        await self._auth.write(DeletePermission(request.role, request.resource_pattern, request.action))
