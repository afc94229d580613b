"""What names and rights may look like."""

from __future__ import annotations

import re

from nacos_tw.access.identity import ACTIONS
from nacos_tw.auth.problems import AccountInvalid

LONGEST_NAME = 50
"""Of a user or a role, in characters: as wide as their columns."""
LONGEST_RESOURCE = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_name(what: str, text: str) -> None:
    """
    A new user's or role's name.

    @raise AccountInvalid: it is empty, too long, or holds what would break a line.
    """
    if not text.strip():
        raise AccountInvalid(what, "blank")
    _check(what, text, LONGEST_NAME)


def check_permission(resource: str, action: str) -> None:
    """@raise AccountInvalid: it is none that can be stored and matched."""
    if not resource.strip():
        raise AccountInvalid("resource", "blank")
    _check("resource", resource, LONGEST_RESOURCE)
    if action not in ACTIONS:
        raise AccountInvalid("action", "choice", action[:20], ("r", "w", "rw"))


def check_password(text: str) -> None:
    """@raise AccountInvalid: it is empty."""
    if not text:
        raise AccountInvalid("password", "blank")


def _check(what: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise AccountInvalid(what, "length", limit=longest)
    if _CONTROL.search(text):
        raise AccountInvalid(what, "control")
