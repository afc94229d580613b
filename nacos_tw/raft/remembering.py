"""Keeps on disk what this node remembers of the others' starts, and lets its driver hear what they remember of it."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.raft.disk.startsfile import keep_starts
from nacos_tw.raft.net.starts import Starts

InThread = Callable[[Callable[[], None]], "Deferred[None]"]
"""Calls a function in a thread."""


class Remembering:
    """
    Writes L{Starts} whenever they change, one write at a time, beside the saves of the log: no vote waits for it.

    A disk that refuses is only reported: the next news tries again.
    """

    log = Logger()

    def __init__(self, starts: Starts, folder: str, in_thread: InThread) -> None:
        self._starts = starts
        self._folder = folder
        self._in_thread = in_thread
        self._writing = self._again = False
        starts.on_news = self._news

    def _news(self) -> None:
        if self._writing:
            self._again = True
            return
        self._writing, self._again = True, False
        folder, known = self._folder, self._starts.known
        self._in_thread(lambda: keep_starts(folder, known)).addErrback(self._refused).addCallback(self._written)

    def _refused(self, failure: Failure) -> None:
        self.log.warn("raft: the others' starts cannot be kept: {why}", why=failure.getErrorMessage())

    def _written(self, _: None) -> None:
        self._writing = False
        if self._again:
            self._news()
