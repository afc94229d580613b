"""An audit log in memory."""

from __future__ import annotations


class Lines:
    """@ivar lines: (who, where, what, result, details) of each."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, str, dict[str, str]]] = []

    def write(self, who: str, where: str, what: str, result: str, details: dict[str, str]) -> None:
        """Take one."""
        self.lines.append((who, where, what, result, details))
