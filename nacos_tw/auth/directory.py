"""The accounts that this node checks against, as they are now."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.auth.accounts import UNKNOWN, Accounts, Rows

PATIENCE = 2.0
"""Seconds that a node waits at its start for a log or a database that says nothing, before it goes by what it knew."""


class Directory:
    """
    Holds them; whoever keeps the tables puts them in.

    @ivar now: L{UNKNOWN<nacos_tw.auth.accounts.UNKNOWN>} until they are known.
    @ivar on_changed: called after each change.
    """

    def __init__(self) -> None:
        self.now = UNKNOWN
        self.on_changed: Callable[[], None] = lambda: None

    def put(self, rows: Rows) -> None:
        """The tables are like this now."""
        if not self.now.known or rows != self.now.rows:
            self.now = Accounts(rows)
            self.on_changed()
