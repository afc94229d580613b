"""
What can be asked about users, roles, permissions and logins: frozen values, which every API makes of its parameters.
"""

from __future__ import annotations

import attrs

from nacos_tw.access.globs import Glob
from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth.problems import RoleReserved
from nacos_tw.auth.validation import check_name, check_password, check_permission
from nacos_tw.paging import offset


@attrs.frozen
class Wanted:
    """
    Which values of a column are wanted.

    @ivar text: all, where it is "".
    @ivar blur: whether C{*} in it stands for any text.
    """

    text: str = ""
    blur: bool = False

    def matches(self, value: str) -> bool:
        """Whether it is one."""
        if not self.text:
            return True
        return Glob(self.text).matches(value) if self.blur else value == self.text


ALL = Wanted()


class _OfAccounts:
    """Base: permissions name nothing of accounts."""

    def resource(self) -> str:
        """None."""
        return ""


@attrs.frozen
class _OnePage(_OfAccounts):
    """
    Base of what asks for a page.

    @ivar number: from 1.
    @raise BadParameter: there is no such page.
    """

    number: int
    size: int

    def __attrs_post_init__(self) -> None:
        offset(self.number, self.size)


@attrs.frozen
class UserPage(_OnePage):
    """A page of users."""

    user: Wanted = ALL


@attrs.frozen
class RolePage(_OnePage):
    """A page of who has which role."""

    user: Wanted = ALL
    role: Wanted = ALL


@attrs.frozen
class PermissionPage(_OnePage):
    """A page of permissions."""

    role: Wanted = ALL


@attrs.frozen
class NameSearch(_OfAccounts):
    """Names that hold a text."""

    text: str


@attrs.frozen
class NewUser(_OfAccounts):
    """
    A user to be created.

    @raise BadParameter: there can be no such user.
    """

    name: str
    password: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        check_name("username", self.name)
        check_password(self.password)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"username": self.name}


@attrs.frozen
class NewPassword(_OfAccounts):
    """A password that a user gets."""

    name: str
    password: str = attrs.field(repr=False)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"username": self.name}


@attrs.frozen
class OneUser(_OfAccounts):
    """A user."""

    name: str

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"username": self.name}


@attrs.frozen
class Membership(_OfAccounts):
    """
    A role of a user; C{user} "": of all who have it, where that means something.
    """

    role: str
    user: str = ""

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"username": self.user, "role": self.role}


@attrs.frozen
class NewMembership(Membership):
    """
    A role that a user gets.

    @raise BadParameter: it is none that can be given.
    """

    def __attrs_post_init__(self) -> None:
        check_name("role", self.role)
        if self.role == ADMIN_ROLE:
            raise RoleReserved(self.role)


@attrs.frozen
class OnePermission(_OfAccounts):
    """What a role may do; see L{nacos_tw.access.identity.Permission}."""

    role: str
    resource_pattern: str
    action: str

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"role": self.role, "resource": self.resource_pattern, "action": self.action}


@attrs.frozen
class NewPermission(OnePermission):
    """
    What a role shall be allowed.

    @raise BadParameter: nothing can be allowed so.
    """

    def __attrs_post_init__(self) -> None:
        check_permission(self.resource_pattern, self.action)


# -- logins


@attrs.frozen
class Credentials(_OfAccounts):
    """
    What somebody logs in with: a token that still holds, or else name and password.

    @ivar token: b"" if there is none.
    @ivar name: C{None}: there is only the token, and so for C{password}.
    """

    token: bytes = attrs.field(default=b"", repr=False)
    name: str | None = None
    password: str | None = attrs.field(default=None, repr=False)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"username": self.name or ""}


@attrs.frozen
class FirstAdmin(_OfAccounts):
    """
    The password of the first administrator; C{None}: the server makes one.
    """

    password: str | None = attrs.field(default=None, repr=False)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {}


@attrs.frozen
class ProviderAsked(_OfAccounts):
    """Is there an OpenID Connect provider?"""


@attrs.frozen
class Departing(_OfAccounts):
    """
    A login by the OpenID Connect provider begins.

    @ivar callback: the address that it sends the browser back to.
    """

    callback: str


@attrs.frozen
class Arriving(_OfAccounts):
    """Somebody comes back from there. C{cookie} is what they were sent off with, C{code} the provider's."""

    cookie: str = attrs.field(repr=False)
    state: str = attrs.field(repr=False)
    code: str = attrs.field(repr=False)

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {}


@attrs.frozen
class Leaving(_OfAccounts):
    """Somebody logs out. C{callback} is as in L{Departing}."""

    callback: str


@attrs.frozen
class TakingOver(_OfAccounts):
    """The console fetches the token of somebody who has come back."""

    cookie: str = attrs.field(repr=False)


@attrs.frozen
class Me(_OfAccounts):
    """Who am I?"""
