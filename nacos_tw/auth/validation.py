"""What names and rights may look like."""

from __future__ import annotations

import re

from nacos_tw.access.identity import ACTIONS
from nacos_tw.errors import BadParameter

LONGEST_NAME = 50
"""Of a user or a role, in characters: as wide as their columns."""
LONGEST_RESOURCE = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_name(what: str, text: str) -> None:
    """
    A new user's or role's name.

    @raise BadParameter: it is empty, too long, or holds what would break a line.
    """
    if not text.strip():
        raise BadParameter(f"{what} is empty")
    _check(what, text, LONGEST_NAME)


def check_permission(resource: str, action: str) -> None:
    """@raise BadParameter: it is none that can be stored and matched."""
    if not resource.strip():
        raise BadParameter("resource is empty")
    _check("resource", resource, LONGEST_RESOURCE)
    if action not in ACTIONS:
        raise BadParameter(f"action is one of r, w and rw, not '{action[:20]}'")


def check_password(text: str) -> None:
    """@raise BadParameter: it is empty."""
    if not text:
        raise BadParameter("the password is empty")


def _check(what: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise BadParameter(f"too long {what}, over {longest}")
    if _CONTROL.search(text):
        raise BadParameter(f"{what} holds a control character")
