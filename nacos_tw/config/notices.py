"""
Nodes that share a database tell each other which configs to read again (docs/spec/config-v1.md#15.2), and that accounts
have changed.

A notice names configs, not what became of them: the receiver reads the rows, so that late, doubled and reordered
notices do no harm. A notice is repeated until the other node has acknowledged it or is a member no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.config.model import ConfigKey
from nacos_tw.timers import Backoff

WHAT = "config-changed"
"""The kind of question that a notice is."""
MOST = 10_000
"""Configs that are remembered for a node that does not answer; beyond, it is told to compare all."""
PART = 1000
"""Most in one notice."""
SOONEST, LATEST = 0.5, 8.0
"""Seconds between two tries."""

Ask = Callable[[str, str, bytes], Deferred[bytes]]


class ITraces(Protocol):
    """What follows writes from node to node."""

    def trace_of(self, key: ConfigKey) -> str:
        """Of which write a config is the subject now, in words for other nodes; "" for none that is followed."""

    def noticed(self, keys: list[ConfigKey], traces: list[str]) -> Callable[[], object]:
        """Another node's notice has come. @return: to be called when the configs have been read."""


class Notice(msgspec.Struct, frozen=True, array_like=True):
    """
    What one node tells another.

    @ivar keys: configs that have changed.
    @ivar everything: whether there were too many to name: compare all.
    @ivar accounts: whether users, roles or permissions have changed.
    @ivar traces: see L{ITraces.trace_of}, for each of the keys; empty where none is followed.
    """

    keys: list[ConfigKey]
    everything: bool = False
    accounts: bool = False
    traces: list[str] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Notice).decode


class _Peer:
    """What one other node has not acknowledged yet."""

    __slots__ = ("accounts", "asking", "everything", "keys", "pause", "timer")

    def __init__(self) -> None:
        self.keys: dict[ConfigKey, str] = {}
        self.everything = self.accounts = False
        self.asking = False
        self.pause = Backoff(SOONEST, LATEST)
        self.timer: IDelayedCall | None = None

    @property
    def due(self) -> bool:
        """Whether there is something to tell it."""
        return bool(self.keys) or self.everything or self.accounts

    def take(self) -> Notice:
        """What to tell it next; it is not due any more."""
        keys = list(self.keys)[:PART]
        traces = [self.keys.pop(key) for key in keys]
        notice = Notice(keys, self.everything, self.accounts, traces if any(traces) else [])
        self.everything = self.accounts = False
        return notice

    def put_back(self, notice: Notice) -> None:
        """It has not heard that."""
        traces = notice.traces or [""] * len(notice.keys)
        self.keys = {**dict(zip(notice.keys, traces, strict=True)), **self.keys}
        self.everything = self.everything or notice.everything
        self.accounts = self.accounts or notice.accounts


class Notices:
    """
    The notices of this node, both ways.

    @ivar sent: acknowledged ones; C{failed}: tries that were not; C{received}: others' notices.
    @ivar traces: follows writes; None: nothing does.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        ask: Ask,
        others: Callable[[], Iterable[str]],
        refresh: Callable[[list[ConfigKey]], Deferred[None]],
        compare: Callable[[], object],
        accounts: Callable[[], object] = lambda: None,
    ) -> None:
        """
        @param ask: asks a peer; fails when it cannot be reached or does not answer in time.
        @param others: the other members as they are now.
        @param refresh: read these configs anew, because of another node's notice; fires when that was tried.
        @param compare: compare all.
        @param accounts: read users, roles and permissions anew.
        """
        self._clock = clock
        self._ask = ask
        self._others = others
        self._refresh = refresh
        self._compare = compare
        self._accounts = accounts
        self._peers: dict[str, _Peer] = {}
        self._stopped = False
        self.traces: ITraces | None = None
        self.sent = self.failed = self.received = 0

    # -- telling

    def tell(self, keys: Iterable[ConfigKey], accounts: bool = False) -> None:
        """Tell all other members, now, that these have changed, or that accounts have."""
        keys = list(keys)
        if not (keys or accounts) or self._stopped:
            return
        members = list(self._others())
        trace_of = None if self.traces is None else self.traces.trace_of
        found = dict.fromkeys(keys, "") if trace_of is None else {key: trace_of(key) for key in keys}
        for gone in self._peers.keys() - set(members):
            self._forget(gone)
        for name in members:
            peer = self._peers.setdefault(name, _Peer())
            peer.accounts = peer.accounts or accounts
            peer.keys.update(found)
            if len(peer.keys) > MOST:
                peer.keys.clear()
                peer.everything = True
            if not peer.asking and peer.timer is None:
                self._send(name, peer)

    def peer_connected(self, name: str) -> None:
        """The link to a member stands (again): what it has missed goes out at once."""
        peer = self._peers.get(name)
        if peer is not None and not peer.asking and peer.due:
            if peer.timer is not None:
                peer.timer.cancel()
                peer.timer = None
            self._send(name, peer)

    def _send(self, name: str, peer: _Peer) -> None:
        notice = peer.take()
        peer.asking = True
        asked = maybeDeferred(self._ask, name, WHAT, _encode(notice))
        asked.addCallbacks(
            self._acknowledged,
            self._unacknowledged,
            callbackArgs=(name, peer),
            errbackArgs=(name, peer, notice),
        ).addErrback(lambda failure: self.log.failure("notices to {peer} have failed", failure, peer=name))

    def _acknowledged(self, _: object, name: str, peer: _Peer) -> None:
        self.sent += 1
        peer.asking = False
        peer.pause.reset()
        if peer.due and not self._stopped:
            self._send(name, peer)

    def _unacknowledged(self, failure: Failure, name: str, peer: _Peer, notice: Notice) -> None:
        self.failed += 1
        peer.asking = False
        peer.put_back(notice)
        if self._stopped or self._peers.get(name) is not peer:
            return
        if peer.pause.first:
            self.log.info("{peer} missed a notice: {why}", peer=name, why=failure.getErrorMessage())
        peer.timer = self._clock.callLater(peer.pause.next(), self._again, name, peer)

    def _again(self, name: str, peer: _Peer) -> None:
        peer.timer = None
        if name in self._others():
            self._send(name, peer)
        else:
            self._forget(name)

    def _forget(self, name: str) -> None:
        peer = self._peers.pop(name)
        if peer.timer is not None:
            peer.timer.cancel()

    def waiting(self) -> dict[str, int]:
        """Configs that each other node has not heard of yet; -1: it is to compare all."""
        return {name: -1 if peer.everything else len(peer.keys) for name, peer in self._peers.items()}

    def stop(self) -> None:
        """Tell nothing more; the others compare every 30 s."""
        self._stopped = True
        for name in list(self._peers):
            self._forget(name)

    # -- being told

    def asked(self, peer: str, body: bytes) -> bytes:
        """
        Take another node's notice. The answer acknowledges it: from now on it is this node's task.

        @raise ValueError: it is none.
        """
        notice = _decode(body)
        self.received += 1
        if notice.keys:
            done = None if self.traces is None else self.traces.noticed(notice.keys, notice.traces)
            reading = self._refresh(notice.keys)
            if done is not None:
                reading.addCallback(lambda _: done())
        if notice.everything:
            self._compare()
        if notice.accounts:
            self._accounts()
        return b""
