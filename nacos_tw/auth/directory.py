"""The accounts against which this node currently checks requests."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.access.identity import Identity
from nacos_tw.auth.accounts import UNKNOWN, Accounts, Rows

PATIENCE = 2.0
"""Seconds that a node waits at its start for a log or a database that says nothing, before it goes by what it knew."""


class Directory:
    """
    Holds them; whoever keeps the tables puts them in.

    @ivar now: L{UNKNOWN<nacos_tw.auth.accounts.UNKNOWN>} until they are known.
    @ivar on_changed: each is called after each change.
    """

    def __init__(self) -> None:
        self.now = UNKNOWN
        self.on_changed: list[Callable[[], None]] = []

    def put(self, rows: Rows) -> None:
        """The tables are like this now."""
        if not self.now.known or rows != self.now.rows:
            self.now = Accounts(rows)
            for told in self.on_changed:
                told()

    def still(self, identity: Identity) -> Identity | None:
        """
        Somebody whom an answer waits for, with the rights of now; None if there is no such user any more. Whoever is
        none of the table's users stays who they are.
        """
        if identity.roles is not None and self.now.known:
            return self.now.guest(identity.name, identity.roles)
        if not identity.user or not self.now.known:
            return identity
        return None if self.now.password(identity.name) is None else self.now.identity(identity.name)
