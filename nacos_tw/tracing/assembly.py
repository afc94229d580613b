"""Traces of one node, put together and wired into its parts."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.sdk.trace import TracerProvider
from twisted.application.service import Service
from twisted.internet.defer import Deferred

from nacos_tw.config.configs import Configs
from nacos_tw.config.notices import Notices
from nacos_tw.grpc.service import Grpc
from nacos_tw.interfaces import IProposer
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.sessions import Machines
from nacos_tw.tracing import notes
from nacos_tw.tracing.listening import Told
from nacos_tw.tracing.tracer import Tracer
from nacos_tw.tracing.write_spans import WriteSpans
from nacos_tw.tracing.writes import Writes


class Tracing(Service):
    """The traces of one node."""

    def __init__(
        self, provider: TracerProvider, export: Callable[[], None], shut_down: Callable[[], Deferred[None]]
    ) -> None:
        """
        @param provider: makes the spans.
        @param export: begins to send them; C{shut_down}: sends what is left.
        """
        self._export = export
        self._shut_down = shut_down
        self._spans = WriteSpans(Tracer(provider))
        self._writes = Writes(self._spans)
        self._told = Told(self._spans)

    def proposer(self, proposer: IProposer) -> IProposer:
        """What the database's commands are proposed by."""
        return self._writes.proposer(proposer)

    def watch_log(self, machines: Machines) -> None:
        """Hear of notes that are committed."""
        machines.observers[notes.NAME] = self._spans.applied

    def join(
        self, configs: Configs, node: RaftNode, grpc: Grpc, notices: Notices | None, level: Callable[[], int] | None
    ) -> None:
        """
        Wire it in, once all parts are there.

        @param notices: of a shared database.
        @param level: of commands that all members know; None for a node that is alone.
        """
        configs.around = self._writes.around
        if level is not None:
            self._writes.members_level = level
        node.watch_taken(self._spans.taken)
        applied = node.on_applied

        def shown() -> None:
            applied()
            self._spans.shown()

        node.on_applied = shown
        if notices is not None:
            notices.traces = self._spans
        configs.listeners.watch(self._told.around)
        grpc.keep_heads()
        if grpc.config_pushes is not None:
            grpc.config_pushes.on_told = self._told.acknowledged

    def startService(self) -> None:
        """Begin to send."""
        super().startService()
        self._export()

    def stopService(self) -> Deferred[None]:
        """Send what is left."""
        super().stopService()
        return self._shut_down()
