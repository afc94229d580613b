"""What only a leader does: replicate, count, confirm, hand over (paper, 5.3, 5.4.2; thesis, 3.10, 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nacos_tw.raft.core.changes import promoted
from nacos_tw.raft.core.leads import NUMBERS, first_config, first_entry
from nacos_tw.raft.core.messages import (
    COMMAND,
    CONFIG,
    NOOP,
    AppendEntries,
    AppendResponse,
    Configuration,
    Entry,
    InstallSnapshot,
    SnapshotResponse,
    TimeoutNow,
)
from nacos_tw.raft.core.progress import Flow, Progress
from nacos_tw.raft.core.quorum import majority, reached
from nacos_tw.raft.core.rounds import Rounds

if TYPE_CHECKING:
    from nacos_tw.raft.core.core import Core

CAUGHT_UP = 200
"""So many entries a learner may be behind for it to be made a voter: what comes in while it is asked."""
_RESEND = 4
"""After how many heartbeats without an answer a chunk of the snapshot is sent again."""


class Leader:
    """
    The leading part of a core, for one term. Entries and rounds are only noted as they come; L{flush},
    which runs before each Ready, makes as few messages of them as it can.

    @ivar progress: how far each other member is.
    @ivar rounds: its confirmation rounds.
    """

    __slots__ = ("_core", "_handover", "_handover_until", "_known", "progress", "rounds")

    def __init__(self, core: Core, now: float) -> None:
        self._core = core
        self._handover = ""
        self._handover_until = 0.0
        # They go on counting where this node's last lead ended, so that a number means one round only.
        self.rounds = Rounds(core.rounds)
        self.progress: dict[str, Progress] = {}
        self._known = core.config
        self._meet(now)

    def begin(self) -> None:
        """The first entry of the term: what came before commits with it (paper, 5.4.2)."""
        core = self._core
        core.deadline = core.now + core.timing.heartbeat
        lead = 1 + int(core.random.random() * (NUMBERS - 1))
        if core.log.config is None:
            self._append(CONFIG, first_config(core.wanted, lead))
        else:
            self._append(NOOP, first_entry(lead))

    # -- inputs, see Core

    def tick(self, now: float) -> None:
        """A heartbeat is due; and it is time to see whether this node should still lead."""
        core = self._core
        election = core.timing.election
        if core.persistence.stuck(now, election):
            self._abdicate("its disk does not save")
            return
        voters = core.config.voters
        alive = sum(self._alive(voter, now) for voter in voters)
        if alive < majority(len(voters)):
            why = f"{alive} of {len(voters)} members, itself included, were heard within the election timeout"
            core.become_follower(core.term, "", why)
            return
        if self._handover and now >= self._handover_until:
            self._handover = ""
        core.deadline = now + core.timing.heartbeat
        for peer, progress in self.progress.items():
            self._heartbeat(peer, progress, now)
        if self._handover:
            self._hand_over()
        elif core.config.joining:
            self._promote()

    def propose(self, data: bytes) -> tuple[int, int] | None:
        """Append a command."""
        return None if self._handover else self._append(COMMAND, data)

    def propose_config(self, config: Configuration) -> tuple[int, int] | None:
        """Append a configuration, if it may act at once."""
        changed = set(config.voters) ^ set(self._core.config.voters)
        if self._handover or not self.settled or len(changed) > 1 or not config.voters:
            return None
        return self._append(CONFIG, msgspec.msgpack.encode(config))

    @property
    def settled(self) -> bool:
        """Whether the members may be changed. Not before an entry of this term is committed: an earlier leader's
        unfinished change could overlap."""
        core = self._core
        return core.log.config_index <= core.commit and core.log.term(core.commit) == core.term

    def lag(self, peer: str) -> int:
        """How many entries a member lacks, as far as is known."""
        last, progress = self._core.log.last_index, self.progress.get(peer)
        return 0 if peer == self._core.node else last if progress is None else last - progress.match

    def answers(self, peer: str, now: float) -> bool:
        """Whether a member (or this node) answered within the election timeout, over a link that is up."""
        return peer == self._core.node or (peer in self.progress and self._answers(peer, now))

    def may_vote(self, peer: str, now: float) -> bool:
        """Whether a learner may become a voter: it answers over a link that is up, and has this node's log but for a
        little. One that does not would be missing in every majority from then on, also in that which could undo it."""
        return self.answers(peer, now) and self.lag(peer) <= CAUGHT_UP and self._follows(peer)

    def confirm(self, payload: bytes) -> int:
        """Open a round."""
        number = self._core.rounds = self.rounds.open(payload)
        self._core.dirty = True
        if self._core.config.voters == (self._core.node,):
            self._settle_rounds()
        return number

    def connected(self, peer: str) -> None:
        """Speak to a peer that is back at once."""
        progress = self.progress.get(peer)
        if progress is not None:
            self._probe_again(progress)
            progress.round_sent = progress.round_acked
            self._core.dirty = True

    def disconnected(self, peer: str) -> None:
        """What was on its way to a peer is lost."""
        progress = self.progress.get(peer)
        if progress is not None:
            progress.answered = False
            self._probe_again(progress)
            progress.probing = True  # until the next heartbeat, or the link is back

    def transfer(self, target: str | None, now: float) -> bool:
        """Begin to hand over."""
        core = self._core
        if self._handover:
            return target is None or target == self._handover
        ready = [peer for peer in core.config.voters if peer in self.progress]
        if target is None and ready:
            target = max(ready, key=lambda peer: (self._answers(peer, now), self.progress[peer].match))
        if target is None or target not in ready:
            return False
        self._handover = target
        self._handover_until = now + core.timing.election
        self._hand_over()
        return True

    def has_lease(self, now: float) -> bool:
        """Whether a majority answered within the election timeout, over links that are up."""
        voters = self._core.config.voters
        return sum(self._answers(voter, now) for voter in voters) >= majority(len(voters))

    @property
    def sending_snapshot(self) -> bool:
        """Whether any follower is being sent a snapshot."""
        return any(progress.state is Flow.SNAPSHOT for progress in self.progress.values())

    # -- answers

    def on_append_response(self, sender: str, response: AppendResponse, now: float) -> None:
        """A follower took entries, or says where to try."""
        progress = self.progress.get(sender)
        if progress is None:
            return
        self._answered(progress, response.round, now)
        if response.success:
            self._matched(sender, progress, response.match)
        elif progress.state is not Flow.SNAPSHOT:
            hint = max(0, self._core.log.agreement(response.match, response.match_term)[0])
            if hint + 1 < progress.next:
                # Below what it had acknowledged: it lost its log, and must not be counted for that.
                progress.match = min(progress.match, hint)
                progress.probe(hint + 1)
                self._core.dirty = True

    def on_snapshot_response(self, sender: str, response: SnapshotResponse, now: float) -> None:
        """A follower took a chunk of a snapshot, or wants another."""
        progress = self.progress.get(sender)
        if progress is None:
            return
        self._answered(progress, response.round, now)
        if response.installed:
            self._matched(sender, progress, response.index)
        elif progress.snapshot == response.index and progress.offset != response.offset >= 0:
            progress.offset = response.offset
            if progress.state is Flow.SNAPSHOT:
                self._ask_chunk(sender, progress)

    def send_chunk(self, peer: str, message: InstallSnapshot) -> None:
        """The driver has read what L{_ask_chunk} wanted; if it still is wanted, it goes out."""
        progress = self.progress.get(peer)
        if progress is None or progress.state is not Flow.SNAPSHOT:
            return
        if progress.snapshot == message.meta.index and progress.offset == message.offset:
            self._core.send_now(peer, message)

    def snapshot_replaced(self) -> None:
        """The snapshot that is being sent exists no longer: send the new one."""
        for peer, progress in self.progress.items():
            if progress.state is Flow.SNAPSHOT:
                self._send_snapshot(peer, progress)

    def config_changed(self) -> None:
        """A configuration was appended (or cut): members come and go."""
        self._meet(self._core.now)
        self.advance()

    def advance(self) -> None:
        """Count again: this node's disk, a follower or the configuration moved on."""
        core = self._core
        matches = [self._match(voter) for voter in core.config.voters]
        index = reached(matches)
        # Only entries of its own term are committed by counting (paper, figure 8).
        if index > core.commit and core.log.term(index) == core.term:
            core.commit_to(index)
            self._reconfigure()

    # -- messages

    def flush(self) -> None:
        """Make messages of all that followers are not told yet."""
        core = self._core
        last = core.log.last_index
        for peer, progress in self.progress.items():
            state = progress.state
            if state is Flow.REPLICATE:
                sent = False
                while progress.next <= last and len(progress.inflight) < core.max_inflight:
                    if not self._send_entries(peer, progress):
                        break
                    sent = True
                if not sent and (progress.round_sent < self.rounds.newest or self._uninformed(progress)):
                    self._send_empty(peer, progress, progress.next - 1)
            elif state is Flow.PROBE:
                if not progress.probing:
                    self._send_entries(peer, progress)
            elif progress.round_sent < self.rounds.newest:
                self._send_empty(peer, progress, 0)

    def _heartbeat(self, peer: str, progress: Progress, now: float) -> None:
        """Say that the leader lives, and again what may have been lost. In REPLICATE the heartbeat
        stands after all that was sent, so that a loss shows."""
        progress.round_sent = progress.round_acked
        if progress.state is not Flow.SNAPSHOT:
            self._send_empty(peer, progress, progress.next - 1, progress.match)
            return
        self._send_empty(peer, progress, 0, progress.match)
        if now - progress.asked > _RESEND * self._core.timing.heartbeat:
            self._ask_chunk(peer, progress)

    def _send_entries(self, peer: str, progress: Progress) -> bool:
        """Send what comes next, or turn to the snapshot (False) if that is gone from the log."""
        core = self._core
        prev = progress.next - 1
        term = core.log.term(prev)
        if term is None:
            self._send_snapshot(peer, progress)
            return False
        entries: tuple[Entry, ...] = ()
        if prev < core.log.last_index:
            entries = core.log.slice(progress.next, core.log.last_index, core.max_bytes)
        # Not beside every entry: what goes to followers that are equally far is encoded once.
        acked = progress.match if progress.state is Flow.PROBE else 0
        self._send(peer, progress, prev, term, entries, acked)
        if progress.state is Flow.PROBE:
            progress.probing = True
        elif entries:
            last = entries[-1].index
            progress.next = last + 1
            progress.inflight.append(last)
        return True

    def _send_empty(self, peer: str, progress: Progress, prev: int, acked: int = 0) -> None:
        """Send no entries. With C{prev} 0 every log agrees: it only carries rounds and the commit index."""
        term = self._core.log.term(prev) if prev else 0
        if term is None:
            self._send_snapshot(peer, progress)
            prev = term = 0
        self._send(peer, progress, prev, term, (), acked)

    def _send(
        self, peer: str, progress: Progress, prev: int, prev_term: int, entries: tuple[Entry, ...], acked: int
    ) -> None:
        core = self._core
        commit = core.commit
        last, beats, floor = self.rounds.take(progress)
        lead = core.log.leads.at(prev) if prev else 0
        core.send_now(peer, AppendEntries(core.term, prev, prev_term, commit, entries, last, beats, floor, lead, acked))
        progress.told = max(progress.told, min(commit, prev + len(entries)))

    def _send_snapshot(self, peer: str, progress: Progress) -> None:
        snapshot = self._core.log.snapshot
        if snapshot is not None:
            progress.send_snapshot(snapshot.index, self._core.now)
            self._ask_chunk(peer, progress)

    def _ask_chunk(self, peer: str, progress: Progress) -> None:
        progress.asked = self._core.now
        self._core.outbox.reads.append((peer, progress.snapshot, progress.offset))
        self._core.dirty = True

    # -- counting

    def _answered(self, progress: Progress, round_: int, now: float) -> None:
        progress.last_contact = now
        progress.answered = True
        if progress.round_acked < round_ <= self.rounds.newest:
            progress.round_acked = round_
            if round_ > self.rounds.confirmed:
                self._settle_rounds()

    def _settle_rounds(self) -> None:
        core = self._core
        newest = self.rounds.newest
        if self.rounds.settle([newest if v == core.node else self.progress[v].round_acked for v in core.config.voters]):
            core.outbox.confirmed = self.rounds.confirmed
            core.dirty = True

    def _matched(self, peer: str, progress: Progress, match: int) -> None:
        core = self._core
        if match > core.log.last_index:
            return  # no follower of this leader can say that
        if match > progress.match:
            progress.reached(match)
            if match > core.commit:
                self.advance()
        if progress.state is Flow.PROBE:
            progress.replicate()
            core.dirty = True
        elif progress.state is Flow.SNAPSHOT:
            if progress.match >= core.log.first - 1:
                progress.next = progress.match + 1
                progress.replicate()
                core.dirty = True
        elif progress.next <= core.log.last_index or self._uninformed(progress):
            core.dirty = True
        if peer == self._handover:
            self._hand_over()

    def _match(self, voter: str) -> int:
        """How far a voter is for certain. This node counts itself, too, only for what is on its disk."""
        return self._core.persistence.stable if voter == self._core.node else self.progress[voter].match

    def _uninformed(self, progress: Progress) -> bool:
        """Whether a follower that is waiting for nothing else does not know what is committed."""
        return not progress.inflight and progress.told < min(self._core.commit, progress.next - 1)

    def _alive(self, voter: str, now: float) -> bool:
        return voter == self._core.node or now - self.progress[voter].last_contact < self._core.timing.election

    def _answers(self, voter: str, now: float) -> bool:
        return self._alive(voter, now) and (voter == self._core.node or self.progress[voter].answered)

    # -- changes

    def _append(self, kind: int, data: bytes) -> tuple[int, int]:
        core = self._core
        index = core.log.last_index + 1
        core.log.append((Entry(index, core.term, kind, data),))
        core.log_changed()
        return index, core.term

    def _meet(self, now: float) -> None:
        """Have a Progress for exactly the other members."""
        core = self._core
        before, self._known = self._known, core.config
        members = [*core.config.voters, *core.config.learners]
        for peer in members:
            if peer != core.node and (peer not in self.progress or _replaced(before, core.config, peer)):
                self.progress[peer] = Progress(core.log.last_index + 1, now, self.rounds.confirmed)
        for peer in [peer for peer in self.progress if peer not in members]:
            del self.progress[peer]

    def _reconfigure(self) -> None:
        """Something was committed. A leader that was voted out goes; a learner that is to become a voter does."""
        core = self._core
        if core.log.config_index > core.commit:
            return
        if core.node not in core.config.voters:
            self._abdicate("the log does not name it as a voter any more")
        elif core.config.joining:
            self._promote()

    def _promote(self) -> None:
        """Make a voter of a learner that is to become one, once it has caught up."""
        core, config = self._core, self._core.config
        for peer in config.joining:
            if peer not in config.learners or not self.settled:
                continue
            if self.may_vote(peer, core.now):
                self.propose_config(promoted(config, peer))
                return

    def _follows(self, peer: str) -> bool:
        """Whether a member is known to share this node's log."""
        return peer == self._core.node or self.progress[peer].state is Flow.REPLICATE

    @staticmethod
    def _probe_again(progress: Progress) -> None:
        """Ask where the logs agree, beginning at the best guess there is."""
        progress.probe(progress.match + 1 if progress.match else progress.next)

    def _hand_over(self) -> None:
        """Let the chosen one stand for election as soon as it has everything."""
        core = self._core
        if self.progress[self._handover].match == core.log.last_index:
            core.send_now(self._handover, TimeoutNow(core.term))

    def _abdicate(self, why: str) -> None:
        """This node cannot lead on (its disk hangs, it was voted out): the one that is furthest is asked to."""
        core = self._core
        now = core.now
        others = [peer for peer in core.config.voters if peer in self.progress and self._answers(peer, now)]
        if others:
            best = max(others, key=lambda peer: self.progress[peer].match)
            core.send_now(best, TimeoutNow(core.term))
        core.become_follower(core.term, "", why)


def _replaced(before: Configuration, now: Configuration, name: str) -> bool:
    """Whether another node has the name of a member since: nothing of what that had is to be expected of it."""
    old, new = before.record(name).id, now.record(name).id
    # A member of an older version gets its id later; one that takes another's place begins as a learner.
    return new != old and (old != "" or (name in before.voters and name in now.learners))
