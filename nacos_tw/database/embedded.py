"""Embedded storage: writes go through the Raft log, every node applies them to its own SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail

from nacos_tw.config.configs import Waiting
from nacos_tw.database import commands
from nacos_tw.database.commands import BY_LABELS, LABELS, DatabaseCommand, Level
from nacos_tw.database.machine import NAME
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.interfaces import IProposer
from nacos_tw.namespaces import store as namespaces
from nacos_tw.storage.sqlite import SQLiteFile

T = TypeVar("T")

NOT_YET = "copies of configs by labels wait until every member runs a version that knows them"


class EmbeddedBackend:
    """An L{IConfigBackend<nacos_tw.config.configs.IConfigBackend>} on this node's file and the log."""

    has_namespace = staticmethod(namespaces.exists)

    def __init__(
        self,
        proposer: IProposer,
        file: SQLiteFile,
        trouble: Callable[[], str],
        rebuilding: Callable[[], str] = lambda: "",
        differing: Callable[[], str] = lambda: "",
        level: Callable[[], int] = lambda: LABELS,
        members_level: Callable[[], int] = lambda: LABELS,
    ) -> None:
        """
        @param trouble: why writes cannot be replicated now; "" when they can.
        @param rebuilding: why the file does not hold yet what it should; "" when it does.
        @param differing: which contents are not what was written; "" if none is.
        @param level: the level of commands that the log says all members know.
        @param members_level: the one that they are known to know now.
        """
        self._level = level
        self._members_level = members_level
        self._differing = differing
        self._rebuilding = rebuilding
        self._proposer = proposer
        self._file = file
        self._trouble = trouble

    def write(self, command: DatabaseCommand) -> Deferred[Any]:
        """Replicate the command; fires when this node has applied it, so its cache shows it."""
        if isinstance(command, BY_LABELS) and self._level() < LABELS:
            if self._members_level() < LABELS:
                return fail(Unavailable(NOT_YET))
            agreed = self._proposer.propose(NAME + commands.encode(Level(LABELS)))
            agreed.addErrback(lambda failure: failure.trap(NacosError))  # then the command itself fails, too
        return self._proposer.propose(NAME + commands.encode(command))

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """Read this node's file, in a thread."""
        if self._rebuilding():
            return fail(Unavailable(self._rebuilding()))
        return self._file.query(getattr(fn, "__name__", "query"), fn, *args)

    def health(self) -> str:
        """As docs/spec/config-v1.md#7.1: the file is part of the node."""
        trouble = self._rebuilding() or self._differing()
        return f"DOWN:{trouble}. " if trouble else self._file.health()

    def reason(self) -> str:
        """Why writes fail, or contents cannot be served; "" when all is well."""
        return self._rebuilding() or self._trouble() or self._differing()

    def compare_all(self) -> None:
        """Nothing: the cache follows each applied entry."""

    def waiting(self) -> Waiting:
        """Nothing ever: the log brings each change to each node, and its cache shows it when it is applied."""
        return Waiting()
