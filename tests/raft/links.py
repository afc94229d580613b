"""What stands between the Raft parts of L{tests.raft.nodes}: a disk that takes its time, and links in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from nacos_tw.raft.core.messages import Entry, HardState
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.net import codec

if TYPE_CHECKING:
    from tests.raft.nodes import Nodes


class LateWriter:
    """A writer whose disk takes its time; what was not finished when the node dies is lost."""

    def __init__(self, store: Store, clock: Clock, slowness: Callable[[], float]) -> None:
        self.failed: Callable[[BaseException], None] = lambda error: None
        self._store = store
        self._clock = clock
        self._slowness = slowness
        self._jobs: deque[tuple[Store, Callable[[], Any], Callable[[], None] | None, Deferred[Any] | None]] = deque()
        self._broken = False
        self.dead = False

    def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def save(self, hard: HardState | None, entries: Sequence[Entry], done: Callable[[], None], commit: int = 0) -> None:
        store = self._store
        self._put(store, lambda: store.save(hard, entries, commit), done, None)

    def in_thread(self, fn: Callable[[], Any]) -> Deferred[Any]:
        """As L{Writer.in_thread}; here it keeps its place."""
        return self.run(fn)

    def run(self, fn: Callable[[], Any]) -> Deferred[Any]:
        result: Deferred[Any] = Deferred()
        self._put(self._store, fn, None, result)
        return result

    def replace(self, store: Store) -> None:
        self._store, self._broken = store, False

    def _put(self, *job: Any) -> None:
        self._jobs.append(job)  # type: ignore[arg-type]
        if len(self._jobs) == 1:
            self._clock.callLater(self._slowness(), self._work)

    def _work(self) -> None:
        if self.dead:
            return
        store, fn, done, result = self._jobs.popleft()
        if self._jobs:
            self._clock.callLater(self._slowness(), self._work)
        try:
            value = None if done is not None and self._broken else fn()
        except Exception as error:
            if result is not None:
                result.errback(Failure(error))
            if store is self._store and store.failure is not None and not self._broken:
                self._broken = True
                self.failed(error)
            return
        if result is not None:
            result.callback(value)
        elif done is not None and not self._broken and store is self._store:
            done()


class Link:
    """
    One direction: what C{sender} dialed.

    @ivar full: it takes nothing, although it is up.
    @ivar stalled: it takes everything and delivers nothing.
    """

    def __init__(self, nodes: Nodes, sender: str, receiver: str) -> None:
        self._nodes = nodes
        self.sender = sender
        self.receiver = receiver
        self.up = self.full = self.stalled = False
        self._queue: deque[bytes] = deque()
        self._last = 0.0
        self._epoch = 0
        self._decode = codec.Decoder(codec.DialedFrame)

    def send(self, payload: bytes) -> bool:
        if not self.up or self.full:
            return False
        self._queue.append(payload)
        if not self.stalled:
            self._schedule()
        return True

    def _schedule(self) -> None:
        clock = self._nodes.clock
        self._last = max(self._last, clock.rightNow + self._nodes.latency())
        clock.callLater(self._last - clock.rightNow, self._deliver, self._epoch)

    def _deliver(self, epoch: int) -> None:
        if epoch == self._epoch and self._queue:
            self.deliver_one()

    def deliver_one(self) -> None:
        """The oldest frame arrives."""
        payload = self._queue.popleft()
        node = self._nodes.members[self.receiver].node
        if node is not None:
            (frame,) = self._decode.feed(codec.pack(payload))
            self._nodes.watch(self.sender, self.receiver, frame)
            node.frame_received(self.sender, frame)

    def go_on(self) -> None:
        """No longer stalled."""
        if self.stalled:
            self.stalled = False
            for _ in self._queue:
                self._schedule()

    def close(self) -> None:
        """Some of what is on its way arrives, the rest is lost."""
        if not self.up:
            return
        arrived = 0 if self.stalled else self._nodes.random.randint(0, len(self._queue))
        for _ in range(arrived):
            self.deliver_one()
        self.up = self.full = self.stalled = False
        self._queue.clear()
        self._epoch += 1


class FakePeers:
    """The face of L{nacos_tw.raft.net.peers.Peers} that the driver knows."""

    def __init__(self, nodes: Nodes, name: str) -> None:
        self._nodes = nodes
        self._name = name
        self.rtt: dict[str, float] = {}

    def send(self, peer: str, frame: Any) -> bool:
        return self.send_encoded(peer, codec.encode(frame))

    def send_encoded(self, peer: str, payload: bytes) -> bool:
        link = self._nodes.links.get((self._name, peer))
        return link is not None and link.send(payload)

    def connected(self, peer: str) -> bool:
        link = self._nodes.links.get((self._name, peer))
        return link is not None and link.up
