"""What a user may do: roles, permissions and the resources they name (docs/spec/config-v1.md#12.6). Pure rules."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

ADMIN_ROLE = "ROLE_ADMIN"
READ, WRITE = "r", "w"
ANY = "*"
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


class Glob:
    """
    A pattern in which C{*} stands for any text, all else for itself.

    Of a resource's pattern Nacos makes a regular expression; here a dot is a dot, and no pattern takes longer than one
    look along the text.
    """

    __slots__ = ("_last", "_middle", "_plain")

    def __init__(self, text: str) -> None:
        first, *rest = text.split(ANY)
        self._plain = first
        self._last = rest.pop() if rest else None
        self._middle = [part for part in rest if part]

    def matches(self, text: str) -> bool:
        """Whether the whole text is one that is meant."""
        last = self._last
        if last is None:
            return text == self._plain
        end = len(text) - len(last)
        at = len(self._plain)
        if end < at or not text.startswith(self._plain) or not text.endswith(last):
            return False
        for part in self._middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True


def without_public(resource: str) -> str:
    """The public namespace has an empty name in resources, however a rule's author wrote it."""
    return resource[len("public") :] if resource.startswith("public:") else resource


def config_resource(tenant: str, group: str = ANY, data_id: str = "") -> str:
    """A config as permissions name it; without a dataId all of its namespace. Tenant "" is the public one."""
    return f"{tenant}:{group or ANY}:config/{data_id}" if data_id else f"{tenant}:*:config/*"


def naming_resource(namespace: str, group: str = ANY, name: str = "") -> str:
    """A service likewise."""
    namespace = "" if namespace == "public" else namespace
    return f"{namespace}:{group}:naming/{name}" if name else f"{namespace}:*:naming/*"


class Identity:
    """
    Who asks, and what they may do.

    @ivar name: "" where nobody logged in.
    @ivar admin: may do everything.
    @ivar user: whether it is a user of the table.
    @ivar permissions: what their roles allow.
    """

    __slots__ = ("_rules", "admin", "name", "permissions", "user")

    def __init__(self, name: str, admin: bool, permissions: Iterable[Permission] = (), *, user: bool = False) -> None:
        self.name = name
        self.user = user
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


ANYONE = Identity("", True)
"""Everybody, while no logins are asked for."""
