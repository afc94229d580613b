"""Small requests from node to node over a link: L{Ask} and L{Answer}."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.errors import NacosError, TimedOut, Unavailable
from nacos_tw.raft.net.codec import LIMIT, Answer, Ask, encode
from nacos_tw.raft.net.protocol import Link

MOST_AT_ONCE = 1000
"""Requests of one peer that are worked on at a time; more are refused."""
_ROOM = 1024


class Questions:
    """The requests of this node that have no answer yet."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._last = 0
        self._open: dict[int, tuple[Link, Deferred[bytes]]] = {}

    def ask(self, link: Link, what: str, body: bytes, timeout: float) -> Deferred[bytes]:
        """Ask over that link; see L{nacos_tw.raft.net.peers.Peers.ask}."""
        self._last = number = self._last + 1
        if not link.send(encode(Ask(number, what, body))):
            return unavailable("the connection is down or does not keep up")
        result: Deferred[bytes] = Deferred(lambda _: self._forget(number))
        self._open[number] = (link, result)
        result.addTimeout(timeout, self._clock, onTimeoutCancel=_timed_out)
        return result

    def answered(self, link: Link, answer: Answer) -> None:
        """An answer came; one that nobody waits for any more is dropped."""
        waiting = self._open.get(answer.id)
        if waiting is None or waiting[0] is not link:
            return
        del self._open[answer.id]
        if answer.ok:
            waiting[1].callback(answer.body)
        else:
            waiting[1].errback(NacosError(answer.body.decode("utf-8", "replace")))

    def link_down(self, link: Link) -> None:
        """What was asked over that link gets no answer."""
        lost = [number for number, (asked, _) in self._open.items() if asked is link]
        for number in lost:
            # An errback may cancel another of them.
            waiting = self._open.pop(number, None)
            if waiting is not None:
                waiting[1].errback(Unavailable("the connection was lost before the answer came"))

    def _forget(self, number: int) -> None:
        self._open.pop(number, None)


class Answering:
    """The requests of other nodes that this one works on."""

    log = Logger()

    def __init__(self, asked: Callable[[str, str, bytes], bytes | Deferred[bytes]]) -> None:
        self._asked = asked
        self._working: dict[Link, dict[int, Deferred[None]]] = {}

    def ask_received(self, link: Link, peer: str, ask: Ask) -> None:
        """Work on a request and answer it over the link that it came on."""
        working = self._working.setdefault(link, {})
        if len(working) >= MOST_AT_ONCE:
            self._answer(link, ask, False, b"too many requests at once")
            return
        result = maybeDeferred(self._asked, peer, ask.what, ask.body)
        done: Deferred[None] = result.addCallbacks(
            lambda body: self._answer(link, ask, True, body), lambda failure: self._answer_error(link, ask, failure)
        )
        done.addErrback(lambda failure: self._answer_error(link, ask, failure))
        if not done.called:
            working[ask.id] = done
            done.addBoth(lambda _: working.pop(ask.id, None))

    def link_down(self, link: Link) -> None:
        """Nobody waits for the answers on that link any more."""
        for done in list(self._working.pop(link, {}).values()):
            done.cancel()

    def _answer(self, link: Link, ask: Ask, ok: bool, body: bytes) -> None:
        if not isinstance(body, bytes):
            raise TypeError(f"the answer to {ask.what} is {type(body).__name__}, not bytes")
        if len(body) > LIMIT - _ROOM:
            ok, body = False, b"the answer is too large"
        link.send(encode(Answer(ask.id, ok, body)))

    def _answer_error(self, link: Link, ask: Ask, failure: Failure) -> None:
        if failure.check(NacosError):
            text = str(failure.value)
        else:
            text = "internal error"
            if not failure.check(CancelledError):
                self.log.failure("{what} failed", failure, what=ask.what)
        self._answer(link, ask, False, text.encode("utf-8", "replace"))


def unavailable(text: str) -> Deferred[bytes]:
    """A Deferred that has failed with L{Unavailable}."""
    failed: Deferred[bytes] = Deferred()
    failed.errback(Unavailable(text))
    return failed


def _timed_out(result: object, timeout: float) -> object:
    """Phrase the cancellation by the clock."""
    if isinstance(result, Failure):
        result.trap(CancelledError)
        raise TimedOut(f"no answer within {timeout:g} s")
    return result
