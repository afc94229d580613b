"""Patterns of resources in permissions."""

from __future__ import annotations

ANY = "*"


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
