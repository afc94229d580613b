"""What a namespace is, and how one may be called (docs/spec/config-v1.md#11)."""

from __future__ import annotations

import re

import msgspec

PUBLIC_NAME = "public"
PUBLIC_DESC = "Default Namespace"
QUOTA = 200
"""What the API shows for every namespace."""

_ID = re.compile(r"[\w-]+", re.ASCII)
_NAME = re.compile(r"[^@#$%^&*]+")


class Namespace(msgspec.Struct, frozen=True, gc=False):
    """C{kind}: 0 for the public one, 2 for one that was created. C{configs}: how many it holds."""

    id: str
    name: str
    desc: str | None
    configs: int
    kind: int = 2


def is_valid_id(text: str) -> bool:
    """Whether a namespace may be created with that id."""
    return len(text) <= 128 and _ID.fullmatch(text) is not None


def is_valid_name(text: str) -> bool:
    """Whether a namespace may have that name."""
    return len(text) <= 128 and _NAME.fullmatch(text) is not None
