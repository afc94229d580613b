"""
Patterns of fuzzy watches: C{namespace>>group>>name} (docs/spec/grpc.md#8.1). The namespace is exact; C{*} stands at the
front, at the end, at both, or alone.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

Key: TypeAlias = tuple[str, str, str]
"""(namespace, group, name)."""

SPLITTER = ">>"
LONGEST = 1024
"""Characters of a pattern."""


@attrs.frozen
class Pattern:
    """
    What to watch.

    @ivar text: as the client sent it, which is how it knows the pattern again.
    """

    text: str
    namespace: str
    group: str
    name: str

    def matches(self, key: Key) -> bool:
        """Whether it is watched."""
        return key[0] == self.namespace and _fits(self.group, key[1]) and _fits(self.name, key[2])


def parse(text: str | None) -> Pattern | None:
    """The pattern; None if it is none. Java 3.2.1 writes C{.*} for all names."""
    parts = (text or "").split(SPLITTER)
    if text is None or len(text) > LONGEST or len(parts) != 3 or not parts[1] or not parts[2]:
        return None
    namespace, group, name = parts
    return Pattern(text, namespace.strip() or "public", group, "*" if name == ".*" else name)


def _fits(pattern: str, text: str) -> bool:
    if pattern == "*":
        return True
    front, end = pattern.startswith("*"), pattern.endswith("*")
    inner = pattern.removeprefix("*").removesuffix("*")
    if front and end:
        return inner in text
    if front:
        return text.endswith(inner)
    return text.startswith(inner) if end else text == pattern
