"""Opens the log of a running node again after an error, until that succeeds."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from nacos_tw.descriptors import Reserve
from nacos_tw.errors import Damaged
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import DirectWriter, Writer
from nacos_tw.raft.divergence import Divergence
from nacos_tw.raft.options import NodeOptions


class Reopening:
    """
    The open store of a node.

    @ivar store: the store; another one after it was opened anew.
    @ivar failure: why the log cannot be used; "" while it can.
    """

    log = Logger()

    def __init__(
        self,
        options: NodeOptions,
        store: Store,
        writer: Writer | DirectWriter,
        divergence: Divergence,
        clock: IReactorTime,
        restore: Callable[[], Core],
        resume: Callable[[Core], None],
    ) -> None:
        """
        @param restore: makes a core of what is in L{store}; may raise.
        @param resume: goes on with that core.
        """
        self.store = store
        self.failure = ""
        self._options = options
        self._writer = writer
        self._divergence = divergence
        self._clock = clock
        self._restore = restore
        self._resume = resume
        self._reserve = Reserve()
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        """Hold the descriptors that opening needs."""
        self._reserve.open()

    def stop(self) -> None:
        """Open nothing any more."""
        self._reserve.close()
        if self._call is not None and self._call.active():
            self._call.cancel()

    def disk_failed(self, error: BaseException) -> None:
        """The disk refused: nobody knows what is on it now. Look at it again, from the start, after a while."""
        pause = self._options.mend_every
        self.failure = f"the Raft log cannot be written: {error}"
        if isinstance(error, Damaged):  # the disk works: what is damaged is made again at once
            self.failure, pause = str(error), 0.0
        self._call = self._clock.callLater(pause, self._reopen)
        self.log.error("raft: stopped: {reason}; trying again every {pause} s", reason=self.failure, pause=pause)

    def diverged(self, why: str) -> None:
        """The state is not the cluster's, which is said already: begin anew with the leader's."""
        self.failure = why
        self._call = self._clock.callLater(0, self._reopen)

    def _reopen(self) -> None:
        """Start again from the disk, as after a restart; a damaged log is fetched from the leader."""
        options = self._options
        self._call = self._clock.callLater(options.mend_every, self._reopen)
        try:
            with self._reserve.lent():
                self.store.close()
                self._divergence.carry_out(options.folder, options.disk)
                self.store = open_store(
                    options.folder, options.node, options.alone, options.disk, options.segment_bytes
                )
                self.store.try_room()
                self._writer.replace(self.store)
                core = self._restore()
        except Exception as error:
            reason = f"the Raft log cannot be opened: {error}"
            if reason != self.failure:
                self.log.error("raft: {reason}", reason=reason)
            self.failure = reason
            return
        self._call.cancel()
        self.failure = ""
        self.log.info("raft: the log is usable again")
        self._resume(core)
