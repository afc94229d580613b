"""The writes that clients ask this node for: the beginning of each trace here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from opentelemetry.trace import SpanKind
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from nacos_tw.access.caller import Caller
from nacos_tw.config.configs import Write
from nacos_tw.config.model import ConfigKey
from nacos_tw.interfaces import IProposer
from nacos_tw.tracing.notes import LEVEL, with_note
from nacos_tw.tracing.tracer import Place, Span
from nacos_tw.tracing.write_spans import WriteSpans, described

MOST_KEYS = 100
"""Configs of one write that are followed to those who listen."""


class Writes:
    """
    Goes around each write.

    @ivar members_level: the level of commands that every member is known to know.
    """

    def __init__(self, spans: WriteSpans) -> None:
        self._spans = spans
        self._now: tuple[Place, list[ConfigKey]] | None = None
        self.members_level: Callable[[], int] = lambda: LEVEL

    def around(self, command: Any, caller: Caller | None, write: Write) -> Deferred[Any]:
        """See L{nacos_tw.config.configs.Around}: a span, in the trace of the caller, if it has one."""
        if caller is None:
            return write(command)
        keys = keys_of(command)
        parent = Place(caller.said("traceparent"), caller.said("tracestate"))
        span = self._spans.tracer.start(
            f"config {verb(command)}",
            SpanKind.SERVER,
            parent,
            client__address=caller.source,
            nacos__request=caller.what,
            **described(keys),
        )
        if span.place is None:
            span.end()
            return write(command)
        self._spans.begin(keys, span.place)
        before, self._now = self._now, (span.place, keys)
        try:
            done = write(command)
        finally:
            self._now = before
        return done.addBoth(self._done, span, keys)

    def _done(self, result: Any, span: Span, keys: list[ConfigKey]) -> Any:
        self._spans.end(keys, span.place)
        span.end(why(result))
        return result

    def proposer(self, proposer: IProposer) -> IProposer:
        """The same with a note beside each command of a write that is followed."""
        return _Noting(proposer, self)

    def propose(self, proposer: IProposer, command: bytes) -> Deferred[Any]:
        """A command of a write that begins in this call, or of nothing that is followed."""
        if self._now is None or self.members_level() < LEVEL:
            return proposer.propose(command)
        parent, keys = self._now
        span = self._spans.tracer.start("raft propose", SpanKind.INTERNAL, parent)
        assert span.place is not None  # as its parent is recorded
        done = proposer.propose(with_note(span.place, keys, command))
        return done.addCallback(_last).addBoth(_ended, span)


class _Noting:
    """An L{IProposer}."""

    def __init__(self, proposer: IProposer, writes: Writes) -> None:
        self._proposer = proposer
        self._writes = writes

    def propose(self, command: bytes) -> Deferred[Any]:
        """See L{Writes.propose}."""
        return self._writes.propose(self._proposer, command)

    def renew(self, number: int) -> Deferred[None] | None:
        """As it was."""
        return self._proposer.renew(number)

    @property
    def available(self) -> bool:
        """As it was."""
        return self._proposer.available

    @property
    def is_leader(self) -> bool:
        """As it was."""
        return self._proposer.is_leader


def _last(results: list[Any]) -> Any:
    """What came of the command itself."""
    result = results[-1]
    if isinstance(result, BaseException):
        raise result
    return result


def _ended(result: Any, span: Span) -> Any:
    span.end(why(result))
    return result


def why(result: Any) -> str:
    """Why something failed, by the name of its problem: texts may hold what clients sent. "" if it did not."""
    if not isinstance(result, Failure):
        return ""
    return "the client has gone" if result.check(CancelledError) else type(result.value).__name__


def verb(command: Any) -> str:
    """What a command does, for the name of its span: C{publish gray}."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(command).__name__).lower()


def keys_of(command: Any) -> list[ConfigKey]:
    """The configs that it is about, as far as it tells."""
    key = getattr(command, "key", None)
    if key is not None:
        return [key]
    several = getattr(command, "items", None) or getattr(command, "changes", None) or ()
    return [each.key for each in several][:MOST_KEYS]
