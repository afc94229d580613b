"""A connection to a database that several nodes share, whatever makes it. Blocking: for the threads of the pool."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable
from datetime import tzinfo

import attrs

from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.txn import Columns, Txn

LEAST = 0.05
"""Seconds that a statement has at least, however little is left."""


@attrs.frozen
class Described:
    """
    What a database's tables are.

    @ivar columns: what they have beyond those of Nacos 1.4.
    @ivar advice: what its operator should know, "" for nothing: a reason and the statements that mend it.
    """

    columns: Columns
    advice: str = ""


class Link(abc.ABC):
    """
    A connection that is ready to use: any text, one transaction after the other.

    @ivar index: of the source that it leads to.
    @ivar read_only: whether the server says that it takes no writes.
    @ivar zone: of the columns with times; None for UTC.
    @ivar used: when it was last heard from; C{born}: when it was made. In C{time.monotonic}.
    @ivar broken: whether nothing more may be asked of it.
    """

    def __init__(self, target: Target, index: int = 0, columns: Columns | None = None) -> None:
        """Nothing is connected before L{open}."""
        self.index = index
        self.target = target
        self.broken = False
        self.read_only = False
        self.columns = columns or Columns()
        self.born = self.used = time.monotonic()
        self.zone: tzinfo | None = None
        self._limit = target.socket_timeout

    def limit(self, seconds: float) -> None:
        """How long each wait of the next statements may be: no longer than the target's socket time-out."""
        self._limit = max(LEAST, min(self.target.socket_timeout, seconds))

    @abc.abstractmethod
    def open(self, within: float) -> None:
        """
        Connect.

        @param within: seconds that each answer may take, if fewer than the target's limits.
        @raise nacos_tw.errors.Unavailable: it is not possible now.
        """

    @abc.abstractmethod
    def describe(self) -> Described:
        """
        Look at the tables.

        @raise nacos_tw.errors.StartError: a table or a column is missing; the line names the file that makes it.
        """

    @abc.abstractmethod
    def refresh(self) -> None:
        """Ask the server what it is like now: sets C{read_only}."""

    @abc.abstractmethod
    def tell(self) -> tuple[str, str]:
        """The server's version, and how it compares names of configs: collations, with commas between them."""

    @abc.abstractmethod
    def txn(self, answered: Callable[[], None]) -> Txn:
        """
        A transaction; the one before must have ended.

        @param answered: called after each statement; may raise.
        """

    @abc.abstractmethod
    def commit(self) -> None:
        """
        End the transaction; it is durable.

        @raise nacos_tw.errors.NacosError: it is not, or (where the link is C{broken}) may not be.
        """

    @abc.abstractmethod
    def rollback(self) -> None:
        """End the transaction; nothing of it is left."""

    @abc.abstractmethod
    def alive(self) -> bool:
        """
        Ask the server for a sign of life.

        @return: False when the connection is gone.
        @raise nacos_tw.errors.Unavailable: the server does not answer.
        """

    @abc.abstractmethod
    def interrupt(self) -> None:
        """Let a thread that waits on it fail at once. From any thread."""

    @abc.abstractmethod
    def close(self) -> None:
        """Idempotent, and waits for nothing."""
