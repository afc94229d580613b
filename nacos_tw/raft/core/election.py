"""Timeouts and votes: how a core without a leader comes to one (paper, 5.2, 5.4.1; thesis, 9.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.raft.core.messages import RequestVote, VoteResponse
from nacos_tw.raft.core.quorum import majority
from nacos_tw.raft.core.ready import Role

if TYPE_CHECKING:
    from nacos_tw.raft.core.core import Core


class Election:
    """
    The voting part of a core.

    @ivar votes: who granted the (pre-)vote of the current candidacy.
    @ivar haste: how many hurried attempts were made; -1 when there is no hurry.
    @ivar patience: the timeout that was drawn last, in seconds.
    """

    __slots__ = ("_core", "_links", "_transfer", "haste", "patience", "votes")

    def __init__(self, core: Core) -> None:
        self._core = core
        self._links: set[str] = set()
        self._transfer = False
        self.votes: set[str] = set()
        self.haste = -1
        self.patience = 0.0

    @property
    def may_stand(self) -> bool:
        """
        Whether this node could become leader: it is a voter and not recovering. As long as it does not
        know that it was voted out for good, it stands: its log may be the only one that can win (thesis,
        4.2.2).
        """
        core = self._core
        if core.recovering or self._must_wait:
            return False
        if core.node in core.config.voters:
            return True
        log, commit = core.log, core.commit
        named = log.named_since(commit, core.node)
        if log.config_at(commit) is None:
            named = named or core.node in core.wanted.voters
        return named and log.config_index > commit

    def draw(self) -> float:
        """A fresh timeout, in seconds."""
        timing = self._core.timing
        if self.haste >= 0:
            low = timing.hurried * (1 << min(self.haste, 16))
            if low < timing.election:
                return low * (1 + 2 * self._core.random.random())
        return timing.election * (1 + self._core.random.random())

    def arm(self) -> None:
        """Draw a timeout, and let it begin now."""
        self.patience = self.draw()
        self._core.deadline = self._core.now + self.patience

    def hurry(self, now: float) -> None:
        """The next timeout comes within the hurried range."""
        self.haste = 0
        self._core.deadline = min(self._core.deadline, now + self.draw())

    def connected(self, peer: str, now: float) -> None:
        """The link to a peer came up: ask for its vote, or stand soon if a majority is connected and nobody leads."""
        core = self._core
        self._links.add(peer)
        if core.leading is not None:
            return
        if peer == core.leader:
            core.leader_lost = False
        voters = core.config.voters
        if core.leader or core.role is Role.CANDIDATE or peer not in voters:
            if core.role is Role.CANDIDATE and peer in voters and peer not in self.votes:
                self.ask(peer)
            return
        reachable = sum(voter in self._links for voter in voters if voter != core.node) + 1
        if reachable >= majority(len(voters)):
            self.hurry(now)

    def disconnected(self, peer: str, now: float) -> None:
        """The link to a peer closed."""
        core = self._core
        self._links.discard(peer)
        if core.leading is None and peer == core.leader:
            core.leader_lost = True
            self.hurry(now)

    def timeout(self, now: float) -> None:
        """Nothing was heard of a leader, or a candidacy led nowhere: stand, if that makes sense."""
        core = self._core
        if self.haste >= 0:
            self.haste += 1
        if self.may_stand and not core.persistence.stuck(now, core.timing.election):
            self.stand(now, pre=core.config.voters != (core.node,))
        else:
            core.become_follower(core.term, "")
            self.arm()

    def stand(self, now: float, *, pre: bool, transfer: bool = False) -> None:
        """Ask all voters for their votes; with C{pre} ask first whether they would give it."""
        core = self._core
        core.become_candidate(pre=pre)
        self.arm()
        self._transfer = transfer
        # Its own vote counts once it is on disk (own_vote); a pre-vote promises nothing.
        self.votes = {core.node} if pre else set()
        for voter in core.config.voters:
            if voter != core.node:
                self.ask(voter)
        if pre:
            self._count(now)

    def take_over(self, now: float) -> None:
        """The leader hands over to this node."""
        if self.may_stand:
            self.stand(now, pre=False, transfer=True)

    def ask(self, voter: str) -> None:
        """Send (again) the request of the current candidacy to one voter."""
        core = self._core
        pre = core.role is Role.PRE_CANDIDATE
        request = RequestVote(core.term + pre, core.log.last_index, core.log.last_term, pre, self._transfer)
        if pre:
            core.send_now(voter, request)
        else:
            core.send_persisted(voter, request)

    def own_vote(self, now: float) -> None:
        """Something was saved; if it was this candidate's vote for itself, count it."""
        core = self._core
        durable = core.persistence.durable
        if core.role is Role.CANDIDATE and durable.term == core.term and durable.vote == core.node:
            self.votes.add(core.node)
            self._count(now)

    def on_request(self, sender: str, request: RequestVote, now: float) -> None:
        """Somebody stands for election, or asks whether it should."""
        core = self._core
        if request.term < core.term or (request.pre and request.term == core.term):
            core.send_now(sender, VoteResponse(core.term, request.pre, False))
        elif request.pre:
            if not self._loyal(now):
                self._answer_pre_vote(sender, request, now)
        elif request.term == core.term or request.transfer or not self._loyal(now):
            if request.term > core.term:
                core.become_follower(request.term, "", f"{sender} stands for election in term {request.term}")
            granted = core.vote in ("", sender) and self._may_vote_for(request)
            if granted:
                core.set_vote(sender)
                self.arm()
            # Leaves once the vote is on disk: a restart must not vote twice in one term.
            core.send_persisted(sender, VoteResponse(core.term, False, granted))

    def on_response(self, sender: str, response: VoteResponse, now: float) -> None:
        """A voter's answer, of this term (a granted pre-vote: of the next)."""
        core = self._core
        role = Role.PRE_CANDIDATE if response.pre else Role.CANDIDATE
        if response.granted and core.role is role and response.term == core.term + response.pre:
            self.votes.add(sender)
            self._count(now)

    def _answer_pre_vote(self, sender: str, request: RequestVote, now: float) -> None:
        core = self._core
        granted = self._may_vote_for(request)
        core.send_now(sender, VoteResponse(request.term if granted else core.term, True, granted))
        if not granted:
            return
        if core.role is Role.PRE_CANDIDATE:
            own = (core.log.last_term, core.log.last_index, core.node)
            if (request.last_term, request.last_index, sender) > own:
                core.become_follower(core.term, "")  # one of two is enough: fewer split votes
        if self.haste >= 0 and core.role is Role.FOLLOWER:
            core.deadline = max(core.deadline, now + self.draw())

    def _loyal(self, now: float) -> bool:
        """Whether there is a leader that this node knows to live (itself, too): then it takes no part
        in elections, so that a node that was cut off cannot disturb."""
        core = self._core
        if core.role is Role.LEADER:
            return True
        return bool(core.leader) and not core.leader_lost and now - core.last_heard < core.timing.election

    @property
    def _must_wait(self) -> bool:
        """Whether this node waits for others to begin a cluster with, and may be of one that has begun."""
        return self._core.must_wait and self._core.log.config is None

    def _may_vote_for(self, request: RequestVote) -> bool:
        core = self._core
        log = core.log
        if self._must_wait:
            return False
        if core.recovering and (core.met is None or (request.last_term, request.last_index) < core.met):
            # What this node may have acknowledged and lost, and a majority had, is in the log of a leader that it has
            # met since: among what that had committed then, or before its own first entry.
            return False
        return (request.last_term, request.last_index) >= (log.last_term, log.last_index)

    def _count(self, now: float) -> None:
        core = self._core
        voters = core.config.voters
        granted = sum(voter in self.votes for voter in voters)
        if granted < majority(len(voters)) or core.node not in self.votes:
            return
        if core.role is Role.PRE_CANDIDATE:
            self.stand(now, pre=False)
        else:
            core.become_leader()
