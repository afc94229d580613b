"""What a caller needs for an operation, and the check of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import attrs

from nacos_tw.access.identity import READ, WRITE, Identity
from nacos_tw.errors import Forbidden, Problem

ACTIONS = frozenset({"open", "user", "read", "write", "admin"})
NAMED = frozenset({"naming", "services", "config", "configs", "switches", "lock", "ai"})
"""Kinds of resources that permissions name."""
KINDS = NAMED | {"", "cluster", "console", "accounts"}
RECORDED = frozenset({"", "switches", "config", "cluster", "console", "accounts", "ai"})
"""Kinds whose writes are recorded; registrations and heartbeats are not."""


class Rule(NamedTuple):
    """
    What a caller needs.

    @ivar action: C{open} (nothing, ever), C{user} (a login), C{read}, C{write}, or C{admin} (to be an administrator).
    @ivar kind: what the resource is: C{naming} a service, C{services} all of a namespace, and so on; "": there is none.
    @ivar recorded: whether calls go into the audit log.
    """

    action: str
    kind: str = ""
    recorded: bool = False

    @classmethod
    def parse(cls, text: str) -> Rule:
        """
        Read C{"read:naming"}, C{"open"}; a C{"+"} at the end: it is recorded whatever it is.

        @raise ValueError: for any other word, so at import time of the module that declares it.
        """
        text, plus, rest = text.partition("+")
        action, _, kind = text.partition(":")
        if rest:
            raise ValueError(f"unknown rule {text!r}")
        recorded = bool(plus) or (action in ("write", "admin") and kind in RECORDED)
        return cls(action, kind, recorded).checked()

    def checked(self) -> Rule:
        """
        The same.

        @raise ValueError: its words are unknown.
        """
        action, kind = self.action, self.kind
        if action not in ACTIONS or kind not in KINDS or (action in ("read", "write")) != bool(kind):
            raise ValueError(
                f"unknown rule {action}:{kind}: one of {sorted(ACTIONS)}, read and write of {sorted(KINDS - {''})}"
            )
        return self

    @property
    def changes(self) -> bool:
        """Whether what it is for changes something; a login does not."""
        return self.action in ("write", "admin") or (self.recorded and self.action == "user")

    @property
    def by_permission(self) -> bool:
        """Whether permissions say who may."""
        return self.action in ("read", "write") and self.kind in NAMED


@attrs.define(slots=False)
class NotAllowed(Problem, Forbidden):
    """
    The check said no.

    @ivar identity: who asked.
    @ivar rule: what they would need.
    @ivar resource: for what; "" where permissions name none.
    """

    identity: Identity
    rule: Rule
    resource: str = ""


def authorize(identity: Identity, rule: Rule, resource: Callable[[], str]) -> None:
    """
    Whether somebody may; what is not allowed here is forbidden.

    @param resource: what the request is about; asked only where permissions decide.
    @raise NotAllowed: they may not.
    """
    action, kind = rule.action, rule.kind
    if identity.admin or action == "open":
        return
    if not rule.by_permission:
        # Who has a login may read what concerns the cluster, and that is all.
        if (identity.name or identity.user) and (action == "user" or (action == "read" and kind == "cluster")):
            return
        raise NotAllowed(identity, rule)
    name = resource()
    if not identity.may(READ if action == "read" else WRITE, name):
        raise NotAllowed(identity, rule, name)
