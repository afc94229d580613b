"""
Cores that break one rule each. The simulation must find every one of them, or it proves nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.raft.autopilot import Autopilot
from nacos_tw.raft.core.core import Core
from nacos_tw.raft.core.election import Election
from nacos_tw.raft.core.follower import Follower
from nacos_tw.raft.core.leader import Leader
from nacos_tw.raft.core.messages import (
    CONFIG,
    AnyMessage,
    AppendEntries,
    AppendResponse,
    Configuration,
    RequestVote,
    SnapshotResponse,
    VoteResponse,
)
from nacos_tw.raft.core.progress import Progress
from nacos_tw.raft.core.quorum import reached


class _Mutant(Core):
    """A core whose parts can be replaced."""

    leader_type: type[Leader] = Leader
    election_type: type[Election] = Election
    follower_type: type[Follower] = Follower

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.election.__class__ = self.election_type
        self.follower.__class__ = self.follower_type

    def become_leader(self) -> None:
        super().become_leader()
        if self.leading is not None:
            self.leading.__class__ = self.leader_type


class CountsOldTerms(_Mutant):
    """Commits entries of earlier terms by counting (paper, figure 8)."""

    class leader_type(Leader):  # noqa: N801
        __slots__ = ()

        def advance(self) -> None:
            index = reached([self._match(voter) for voter in self._core.config.voters])
            if index > self._core.commit:
                self._core.commit_to(index)


class AnswersVotesUnsaved(_Mutant):
    """Grants a vote before it is on disk."""

    def send_persisted(self, peer: str, message: AnyMessage) -> None:
        send = self.send_now if isinstance(message, VoteResponse) else super().send_persisted
        send(peer, message)


class AcknowledgesUnsaved(_Mutant):
    """Acknowledges entries before they are on disk."""

    def send_persisted(self, peer: str, message: AnyMessage) -> None:
        send = self.send_now if isinstance(message, (AppendResponse, SnapshotResponse)) else super().send_persisted
        send(peer, message)


class CountsItselfUnsaved(_Mutant):
    """As leader, counts its own entries before they are on disk."""

    class leader_type(Leader):  # noqa: N801
        __slots__ = ()

        def _match(self, voter: str) -> int:
            return self._core.log.last_index if voter == self._core.node else super()._match(voter)


class VotesForAnybody(_Mutant):
    """Does not ask whether the candidate's log is up to date."""

    class election_type(Election):  # noqa: N801
        __slots__ = ()

        def _may_vote_for(self, request: RequestVote) -> bool:
            return not self._core.recovering


class VotesTwice(_Mutant):
    """Forgets for whom it voted."""

    class election_type(Election):  # noqa: N801
        __slots__ = ()

        def on_request(self, sender: str, request: RequestVote, now: float) -> None:
            self._core.vote = ""
            super().on_request(sender, request, now)


class TrustsItsLog(_Mutant):
    """Votes although its log was lost."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.recovering = False


class NeverLowersMatch(_Mutant):
    """Goes on counting a follower that lost what it had acknowledged."""

    class leader_type(Leader):  # noqa: N801
        __slots__ = ()

        def on_append_response(self, sender: str, response: AppendResponse, now: float) -> None:
            progress = self.progress.get(sender) or Progress(1, now)
            match = progress.match
            super().on_append_response(sender, response, now)
            progress.match = max(match, progress.match)


class CommitsUnmatched(_Mutant):
    """Takes the leader's commit index for entries that were not compared."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def on_append(self, sender: str, message: AppendEntries, now: float) -> None:
            super().on_append(sender, message, now)
            if self._core.leader == sender:
                self._core.commit_to(min(message.commit, self._core.log.last_index))


class ComparesIndexOnly(_Mutant):
    """Does not compare the term of the entry before."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def on_append(self, sender: str, message: AppendEntries, now: float) -> None:
            log = self._core.log
            if message.term >= self._core.term and message.prev_index <= log.last_index:
                term = log.term(message.prev_index)
                entries = message.entries
                message = AppendEntries(
                    message.term, message.prev_index, term or 0, message.commit, entries, message.round, message.beats
                )
            super().on_append(sender, message, now)


class ConfirmsAnything(_Mutant):
    """Takes any answer for one to the newest confirmation round."""

    class leader_type(Leader):  # noqa: N801
        __slots__ = ()

        def _answered(self, progress: Progress, round_: int, now: float) -> None:
            super()._answered(progress, self.rounds.newest, now)


class ChangesMembersEarly(_Mutant):
    """Changes the members before an entry of its own term is committed."""

    class leader_type(Leader):  # noqa: N801
        __slots__ = ()

        def propose_config(self, config: Configuration) -> tuple[int, int] | None:
            core = self._core
            changed = set(config.voters) ^ set(core.config.voters)
            if self._handover or core.log.config_index > core.commit or len(changed) > 1:
                return None
            return self._append(CONFIG, msgspec.msgpack.encode(config))


class RecoversEarly(_Mutant):
    """Votes again after its log was lost without an entry of the leader's own term."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def check_recovered(self) -> None:
            core = self._core
            if 0 <= self.target <= core.commit <= core.persistence.stable:
                core.recovering = False
                core.dirty = True


class RecoversBehind(_Mutant):
    """Votes again although it has not all that the leader had committed."""

    class follower_type(Follower):  # noqa: N801
        __slots__ = ()

        def check_recovered(self) -> None:
            core = self._core
            if 0 < core.commit <= core.persistence.stable and core.log.term(core.commit) == core.term:
                core.recovering = False
                core.dirty = True


class VotesOnceMet(_Mutant):
    """Votes for anybody as soon as it has heard a leader since its log was lost."""

    class election_type(Election):  # noqa: N801
        __slots__ = ()

        def _may_vote_for(self, request: RequestVote) -> bool:
            core = self._core
            known = core.log.last_term, core.log.last_index
            return (not core.recovering or core.met is not None) and (request.last_term, request.last_index) >= known


class SparesAnybody(Autopilot):
    """Removes the dead although too few voters stay to live through the next death."""

    def _can_spare(self, config: Configuration, name: str) -> bool:
        return len(config.voters) > 1


MUTANTS = (
    CountsOldTerms,
    AnswersVotesUnsaved,
    AcknowledgesUnsaved,
    CountsItselfUnsaved,
    VotesForAnybody,
    VotesTwice,
    TrustsItsLog,
    NeverLowersMatch,
    CommitsUnmatched,
    ComparesIndexOnly,
    ConfirmsAnything,
)

CHANGING = (ChangesMembersEarly,)
"""Those that L{tests.raft.rivals.Rivals} finds soon, and chance hardly ever."""

FORGETTING = (RecoversEarly, RecoversBehind, VotesOnceMet)
"""Those that L{tests.raft.rivals.Forgotten} finds soon."""
