"""
Keeps a node's copy of the accounts up to date with a shared database: it reads them when another node reports a change,
every few seconds in any case, and more often while a node cannot report. A copy on disk serves a start without the
database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth import store
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.directory import PATIENCE, Directory
from nacos_tw.auth.privatefile import PrivateFile

T = TypeVar("T")
Query = Callable[..., "Deferred[Any]"]

PERIOD = 10.0
"""Seconds between two looks at tables of which nobody said that they have changed."""
CUT_OFF = 0.7
"""Seconds between two looks while another node that may change them cannot say so: a change is to work within one."""
AGAIN = 1.0
"""Seconds after which a look that failed is tried again."""


class CopyFile:
    """The last known tables, for their owner alone: they hold hashes of passwords."""

    log = Logger()

    def __init__(self, path: str) -> None:
        self._file = PrivateFile(path)

    def read(self) -> Rows | None:
        """What was written last; None if there is nothing that can be read."""
        data = self._file.read()
        if data is None:
            return None
        try:
            return msgspec.msgpack.decode(data, type=Rows)
        except msgspec.MsgspecError as error:
            self.log.warn("{path} cannot be read: {error}", path=self._file.path, error=error)
            return None

    def write(self, rows: Rows) -> None:
        """Take the place of what was there, whole or not at all."""
        self._file.write(msgspec.msgpack.encode(rows))


class AccountSync(Service):
    """
    Reads the tables, one query at a time: so the last state wins.

    @ivar trouble: why the last query failed, "" if it did not.
    @ivar cut_off: whether there is another node that this one would not hear.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, query: Query, directory: Directory, copy: CopyFile) -> None:
        """@param query: see L{nacos_tw.interfaces.IDatabase.query}."""
        self._clock = clock
        self._query = query
        self._directory = directory
        self._copy = copy
        self._reading: Deferred[Any] | None = None
        self._waiting: list[Deferred[None]] = []
        self._timer: IDelayedCall | None = None
        self._patience: IDelayedCall | None = None
        self.trouble = ""
        self.cut_off: Callable[[], bool] = lambda: False

    def startService(self) -> None:
        """Begin to follow. Whom the copy on disk still lets in counts only if the database does not answer."""
        super().startService()
        self._patience = self._clock.callLater(PATIENCE, self._take_copy)
        self._read()

    def _take_copy(self) -> None:
        rows = None if self._directory.now.known else self._copy.read()
        if rows is not None:
            self._directory.put(rows)

    def stopService(self) -> None:
        """Read nothing more."""
        super().stopService()
        for timer in (self._timer, self._patience):
            if timer is not None and timer.active():
                timer.cancel()
        self._timer = None
        if self._reading is not None:
            self._reading.cancel()

    def refresh(self) -> Deferred[None]:
        """
        Read the tables as they are from now on.

        @return: fires when they are known, or could not be read: then it is tried again.
        """
        if not self.running:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        if self._reading is None:
            self._read()
        return waiting

    def _read(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        self._reading = reading = maybeDeferred(self._query, "accounts", store.rows)
        reading.addCallbacks(self._found, self._failed).addBoth(self._done, waiting)

    def _found(self, rows: Rows) -> None:
        self.trouble = ""
        if not self._directory.now.known or rows != self._directory.now.rows:
            self._copy.write(rows)
        self._directory.put(rows)

    def _failed(self, failure: Failure) -> None:
        if not self.trouble and not failure.check(CancelledError):
            self.log.warn("users and their rights cannot be read: {why}", why=failure.getErrorMessage())
        self.trouble = failure.getErrorMessage()
        if self.running:
            self._take_copy()

    def _done(self, outcome: object, waiting: list[Deferred[None]]) -> None:
        if isinstance(outcome, Failure):
            self.log.failure("the accounts could not be taken over", outcome)
        self._reading = None
        for one in waiting:
            one.callback(None)
        if not self.running:
            for one in self._waiting:
                one.callback(None)
        elif self._waiting:
            self._read()
        else:
            self._timer = self._clock.callLater(self._pause(), self._timed)

    def _pause(self) -> float:
        if self.trouble:
            return AGAIN
        return CUT_OFF if self.cut_off() else PERIOD

    def _timed(self) -> None:
        self._timer = None
        if self._reading is None:
            self._read()
