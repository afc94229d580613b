"""The way of commands and beats from this node to the leader, wherever it is.

Commands and beats are collected until the reactor's turn ends. If this node leads they become one
log entry and one confirmation round, else one frame each to the leader. What has no answer is sent
again, in order, when the leader or the link to it changes; L{Sessions<nacos_tw.raft.sessions>}
drops what the log has already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.errors import TimedOut
from nacos_tw.raft.answers import Answers
from nacos_tw.raft.core.core import Core, Role
from nacos_tw.raft.net import codec
from nacos_tw.raft.net.peers import Peers
from nacos_tw.raft.proposals import Proposals
from nacos_tw.raft.renewals import Renewals
from nacos_tw.raft.sessions import Sessions, encode_batch

ENTRY_OVERHEAD = 24
"""Bytes of an entry on disk beside its data, about."""

PACE = 0.001
"""
Seconds between two rounds of beats, at least. A round takes as much of all nodes as some thirty beats; so in a cluster
that gets many, each round carries all that came in a millisecond, while one that comes alone goes at once. With two
milliseconds clients waited for their answers, and nodes idled, for more than the rounds cost.
"""


class Forwarding:
    """
    Commands and beats of one node.

    @ivar core: the node's core; another one after a restart from disk.
    @ivar peers: the links; None for a node that stands alone.
    @ivar on_beats: called with the numbers of each round that this node opens as leader.
    @ivar bytes_proposed: bytes that this node appended to the log as leader.
    @ivar on_taken: called with commands that this node, as leader, has put into its log; None: nobody wants to know.
    """

    def __init__(
        self,
        node: str,
        session: int,
        core: Core,
        seconds: Callable[[], float],
        flush_soon: Callable[[], None],
        flush_at: Callable[[float], None],
        timeout: float,
    ) -> None:
        """
        @param session: a number that no other start of this node has.
        @param flush_soon: has L{flush} called at the end of the reactor's turn; C{flush_at}: at a time.
        @param timeout: seconds that a command or a beat may wait.
        """
        self.core = core
        self.peers: Peers | None = None
        self.on_beats: Callable[[bytes], None] = lambda numbers: None
        self.on_taken: Callable[[Sequence[bytes]], object] | None = None
        self.bytes_proposed = 0
        self._node = node
        self._session = session
        self._seconds = seconds
        self._flush_soon = flush_soon
        self._flush_at = flush_at
        self._next_round = 0.0
        self._proposals = Proposals(timeout)
        self._renewals = Renewals(self._carry, self._acknowledge, timeout)
        self._batch = session  # a number that no other start of this node has used
        self._sent_next = -1
        self._behind = False
        self._expected: dict[str, int] = {}
        self._turned_away: set[str] = set()

    # -- what this node wants

    def propose(self, command: bytes) -> Deferred[Any]:
        """
        Put a command on its way; fires when this node has applied it.

        @raise nacos_tw.errors.Unavailable: too many wait already.
        """
        deferred = self._proposals.add(command, self._seconds())
        self._flush_soon()
        return deferred

    def renew(self, number: int) -> Deferred[None]:
        """Put a beat on its way; fires when a majority has acknowledged it."""
        renewals = self._renewals
        deferred = renewals.add(number, self._seconds())
        if renewals.flying is None:
            self._flush_soon()
        return deferred

    def flush(self) -> None:
        """Send what was collected, if there is a leader."""
        core = self.core
        if core.role is Role.LEADER or core.leader is not None:
            if self._behind:
                self._send(self._proposals.everything(), again=True)
            else:
                self._send(self._proposals.unsent(), again=False)
            self._renewals.flush()

    def retry(self) -> None:
        """
        From time to time: what could not be sent on, or whose acknowledgement must be lost, although the leader
        stayed the same, is sent again; followers that were turned away while this node was handing over are
        told to do so.
        """
        core, peers = self.core, self.peers
        if core.role is not Role.LEADER and self._renewals.overdue():
            self._renewals.again()
        if self._behind or self._renewals.can_fly:
            self._flush_soon()
        if self._turned_away and core.role is Role.LEADER and peers is not None:
            turned_away, self._turned_away = self._turned_away, set()
            for peer in turned_away:
                peers.send(peer, codec.Refused(core.term))

    def send_everything(self) -> None:
        """The leader or the link to it is a new one: send all that waits, from the oldest."""
        self._renewals.again()
        self._send(self._proposals.everything(), again=True)
        self._renewals.flush()

    def _send(self, batches: Iterable[tuple[int, list[bytes]]], again: bool) -> None:
        core = self.core
        if again:
            self._sent_next, self._behind = -1, False
        if core.role is Role.LEADER:
            for first, commands in batches:
                if not self._append(self._node, self._session, first, commands):
                    # Handing over. Nothing newer may overtake this one: the log would take it for a repeat.
                    self._behind = True
                    return
        elif core.leader is not None and self.peers is not None:
            for first, commands in batches:
                restart = first != self._sent_next
                frame = codec.Forward(core.term, self._node, first, tuple(commands), restart, self._session)
                self._sent_next = first + len(commands)
                if not self.peers.send(core.leader, frame):
                    self._behind = True  # the link is down or full; again, nothing newer may overtake it
                    return

    def _append(self, origin: str, session: int, first: int, commands: Sequence[bytes]) -> bool:
        data = encode_batch(origin, session, first, commands)
        if self.core.propose(data, self._seconds()) is None:
            return False
        self.bytes_proposed += len(data) + ENTRY_OVERHEAD
        if self.on_taken is not None:
            self.on_taken(commands)
        return True

    def _carry(self, numbers: bytes) -> int | None:
        core = self.core
        if core.role is Role.LEADER:
            now = self._seconds()
            if now < self._next_round:
                self._flush_at(self._next_round)
                return None
            self._next_round = now + PACE
            self.on_beats(numbers)
            return core.confirm(numbers, now)
        if core.leader is None or self.peers is None:
            return None
        self._batch += 1
        sent = self.peers.send(core.leader, codec.Beats(core.term, self._batch, numbers))
        return self._batch if sent else None

    def _acknowledge(self, peer: str, batch: int) -> None:
        if self.peers is not None:
            self.peers.send(peer, codec.BeatsAck(batch, True))

    # -- what other nodes send

    def received(self, peer: str, frame: Any) -> None:
        """A frame about commands or beats came."""
        core = self.core
        if type(frame) is codec.Forward:
            self._forwarded(peer, frame)
        elif type(frame) is codec.Beats:
            if core.role is Role.LEADER and frame.term == core.term and len(frame.numbers) % 8 == 0:
                self._renewals.claim(peer, frame.batch, frame.numbers)
                if self._renewals.can_fly:
                    self._flush_soon()
        elif type(frame) is codec.BeatsAck:
            # Only the very batch that is under way: the leader may still answer those of this node's last life.
            if core.role is not Role.LEADER and peer == core.leader and frame.batch == self._batch:
                self._renewals.confirmed(frame.batch)
        elif type(frame) is codec.Refused and peer == core.leader and frame.term == core.term:
            self._send(self._proposals.everything(), again=True)

    def _forwarded(self, peer: str, frame: codec.Forward) -> None:
        """A follower's commands: taken in order and without a gap since it last began anew."""
        core = self.core
        if core.role is not Role.LEADER or frame.term != core.term or frame.origin != peer:
            return  # the sender sends again when it hears of the leader
        if not frame.restart and self._expected.get(peer) != frame.first:
            if self.peers is not None:
                self.peers.send(peer, codec.Refused(core.term))
            return
        if not self._append(peer, frame.session, frame.first, frame.commands):
            self._expected.pop(peer, None)
            self._turned_away.add(peer)
            return
        self._expected[peer] = frame.first + len(frame.commands)
        self._flush_soon()  # frames of one turn make up one AppendEntries

    # -- what became of it

    def applied(self, session: int, first: int, results: list[Any]) -> Answers:
        """Commands of this node were applied: the Deferreds to fire, with their results."""
        return self._proposals.applied(first, results) if session == self._session else []

    def restored(self, sessions: Sessions) -> Answers:
        """The state was replaced by a snapshot, which holds what some commands have done, but not their results."""
        unknown = TimedOut("this node fell behind and does not know what became of the write; it may have been applied")
        done = self._proposals.caught_up(sessions.applied(self._node, self._session))
        return [(deferred, unknown) for deferred in done]

    def confirmed(self, confirmation: int) -> None:
        """A majority has acknowledged this round of the leader, and all before it."""
        self._renewals.confirmed(confirmation)

    def leader_changed(self) -> None:
        """Role, term or leader are others now: followers begin anew."""
        self._expected.clear()
        self._turned_away.clear()

    def expired(self) -> Answers:
        """What has waited too long, with the error for it."""
        now = self._seconds()
        late = TimedOut("no majority confirmed the write in time; it may still be applied later")
        found: Answers = [(deferred, late) for deferred in self._proposals.expired(now)]
        beat = TimedOut("no majority confirmed the beat in time")
        found += [(deferred, beat) for deferred in self._renewals.expired(now)]
        return found

    def abandon(self, error: Exception) -> tuple[Answers, bytes]:
        """
        Give up what waits.

        @return: the Deferreds with what to fire them with: commands fail, beats count here only; and
            the numbers of those beats.
        """
        found: Answers = [(deferred, error) for deferred in self._proposals.abandon()]
        numbers, beats = self._renewals.abandon()
        found += [(deferred, None) for deferred in beats]
        return found, numbers
