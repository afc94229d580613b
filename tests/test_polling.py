"""The reactor of a node: each socket is served, whatever becomes of the others."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

from twisted.internet.abstract import FileDescriptor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

if sys.platform == "linux":
    from nacos_tw.polling import PollReactor


class Reader(FileDescriptor):
    """One end of a pair of sockets, with something to read. @ivar does: what it does then."""

    def __init__(self, reactor: PollReactor, does: Callable[[], None]) -> None:
        super().__init__(reactor)  # type: ignore[arg-type]
        self._mine, self._other = socket.socketpair()
        self._other.sendall(b"x")
        self._does = does
        self.lost = 0
        reactor.addReader(self)

    def fileno(self) -> int:
        return self._mine.fileno()

    def doRead(self) -> None:  # noqa: N802
        self._mine.recv(10)
        self._does()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override] # noqa: N802
        self.lost += 1
        self._does()

    def close(self) -> None:
        self._mine.close()
        self._other.close()


class PollReactorTests(SynchronousTestCase):
    """On a reactor that does not run: each turn is asked for."""

    if sys.platform != "linux":
        skip = "there is no epoll"

    def setUp(self) -> None:
        self.reactor = PollReactor()
        self.addCleanup(self._close)
        self.readers: list[Reader] = []
        self.done: list[str] = []

    def _close(self) -> None:
        for each in self.reactor.removeAll():
            self.assertNotIn(each, self.readers)
        for reader in self.readers:
            reader.close()

    def reader(self, does: Callable[[], None]) -> Reader:
        self.readers.append(Reader(self.reactor, does))
        return self.readers[-1]

    def gone(self, *readers: Reader) -> None:
        for reader in readers:
            self.reactor.removeReader(reader)

    def test_timed(self) -> None:
        """What is due is done, and waiting ends with its time."""
        self.reactor.callLater(0, self.done.append, "called")
        self.reactor.iterate(0.001)
        self.assertEqual(self.done, ["called"])

    def test_one_that_fails(self) -> None:
        """It is closed, with a line in the log; even where its end fails too, the others are served."""

        def fail() -> None:
            raise ZeroDivisionError("on purpose")

        bad = self.reader(fail)
        good = [self.reader(lambda: self.done.append("read")) for _ in range(3)]
        self.reactor.iterate(1.0)
        self.assertEqual((self.done, bad.lost), (["read"] * 3, 1))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertNotIn(bad, self.reactor.getReaders())
        self.gone(*good)

    def test_one_that_ends_another(self) -> None:
        """Who is not there any more when its turn comes is not served."""
        pair: list[Reader] = []

        def end_other() -> None:
            self.done.append("read")
            self.gone(*pair)

        pair += [self.reader(end_other), self.reader(end_other)]
        self.reactor.iterate(1.0)
        self.assertEqual(self.done, ["read"])
