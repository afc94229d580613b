"""Which writes this node sees go by, and the spans of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry.trace import SpanKind

from nacos_tw.config.model import ConfigKey
from nacos_tw.tracing.notes import note_of, read_note
from nacos_tw.tracing.tracer import Place, Span, Tracer

MOST = 1000
"""Writes that a leader follows at a time to their commit; beyond, the oldest are given up."""
LOST = "not committed while this node led"


class WriteSpans:
    """
    The writes that are followed on this node.

    Embedded, the note of a write is in the log: the leader's span ends when it is committed, and every node has one for
    applying it, until its cache shows it and those who listen have been told. With a shared database, notices between
    the nodes carry it.
    """

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self._commits: dict[str, Span] = {}
        self._applying: list[tuple[Span, list[ConfigKey]]] = []
        self._changing: dict[ConfigKey, Place] = {}

    # -- which trace a change is of

    def place(self, key: ConfigKey) -> Place | None:
        """Where in a trace the change of a config is that is made now."""
        return self._changing.get(key)

    def begin(self, keys: Sequence[ConfigKey], place: Place | None) -> None:
        """These are about to change."""
        if place is not None:
            for key in keys:
                self._changing[key] = place

    def end(self, keys: Sequence[ConfigKey], place: Place | None) -> None:
        """They have; another write of them may have begun."""
        for key in keys:
            if self._changing.get(key) is place:
                self._changing.pop(key, None)

    # -- by the log

    def taken(self, commands: Sequence[bytes]) -> None:
        """This node leads, and has put these commands into its log."""
        for command in commands:
            note = note_of(command)
            if note is None or note.trace in self._commits:
                continue
            while len(self._commits) >= MOST:
                self._commits.pop(next(iter(self._commits))).end(LOST)
            self._commits[note.trace] = self.tracer.start("raft commit", SpanKind.INTERNAL, note.place)

    def applied(self, data: bytes, repeated: bool) -> None:
        """
        The note of a command that is committed, and applied next.

        @param repeated: it was applied before the last start.
        """
        note = read_note(data)
        if note is None:
            return
        commit = self._commits.pop(note.trace, None)
        if commit is not None:
            commit.end()
        if repeated:
            return
        span = self.tracer.start("config apply", SpanKind.INTERNAL, note.place, **described(note.keys))
        self.begin(note.keys, span.place)
        self._applying.append((span, note.keys))

    def shown(self) -> None:
        """All that was applied is shown, and those who listen are being told."""
        if not self._applying:
            return
        done, self._applying = self._applying, []
        for span, keys in done:
            self.end(keys, span.place)
            span.end()

    # -- by a shared database: see L{nacos_tw.config.notices.ITraces}

    def trace_of(self, key: ConfigKey) -> str:
        """What other nodes are told."""
        place = self._changing.get(key)
        return "" if place is None else place.written

    def noticed(self, keys: list[ConfigKey], traces: list[str]) -> Callable[[], object]:
        """Another node has written these: they are read now."""
        begun: list[tuple[Span, list[ConfigKey]]] = []
        for key, trace in zip(keys, traces, strict=False):
            if trace:
                span = self.tracer.start("config refresh", SpanKind.INTERNAL, Place.read(trace), **described([key]))
                self.begin([key], span.place)
                begun.append((span, [key]))

        def done() -> None:
            for span, changed in begun:
                self.end(changed, span.place)
                span.end()

        return done


def described(keys: Sequence[ConfigKey]) -> dict[str, str]:
    """The attributes of a span that is about configs: of the first; never a content."""
    if not keys:
        return {}
    tenant, group, data_id = keys[0]
    return {
        "nacos__config__namespace": tenant or "public",
        "nacos__config__group": group,
        "nacos__config__data_id": data_id,
    }
