"""Raft's promises (paper, figure 3), checked after each step of a L{tests.raft.group.Group}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.raft.core.core import Core, Role
from nacos_tw.raft.core.messages import Entry
from nacos_tw.raft.core.quorum import majority

if TYPE_CHECKING:
    from tests.raft.group import Group
    from tests.raft.member import Member


class BrokenError(AssertionError):
    """A promise was broken."""


class Checks:
    """
    What all nodes ever did, as far as a promise speaks of it.

    @ivar commit: the highest index that was ever committed.
    @ivar log: what was applied at each index: (term, data, state after it).
    """

    def __init__(self) -> None:
        self.commit = 0
        self.commit_term = 0
        self._committed_in = 0
        self.log: dict[int, tuple[int, bytes, int]] = {}
        self._leaders: dict[int, str] = {}
        self._entries: dict[tuple[int, int], tuple[int | None, bytes]] = {}
        self._payloads: dict[bytes, set[str]] = {}

    def role_changed(self, member: Member, core: Core) -> None:
        """Election safety: at most one leader in a term. Leader completeness: it has all
        that was committed in earlier terms."""
        if core.role is not Role.LEADER:
            return
        first = self._leaders.setdefault(core.term, member.name)
        if first != member.name:
            raise BrokenError(f"election safety: {first} and {member.name} lead in term {core.term}")
        if core.term <= self._committed_in:
            return  # late: its term is over already
        if not core.log.first - 1 > self.commit and core.log.term(self.commit) not in (self.commit_term, None):
            raise BrokenError(f"leader completeness: {member.name} has another entry at {self.commit}")
        if core.last_index < self.commit:
            raise BrokenError(f"leader completeness: {member.name} ends before {self.commit}")

    def voted(self, member: Member, peer: str, term: int) -> None:
        """A vote leaves: it must be on disk, or a restart could vote again."""
        hard = member.disk.hard
        if hard.term < term or (hard.term == term and hard.vote != peer):
            raise BrokenError(f"{member.name} votes for {peer} in term {term} without having that on disk")

    def appended(self, core: Core, entries: tuple[Entry, ...]) -> None:
        """Log matching: entries of one index and term are equal, and so are all before them. With each
        entry the term before it is compared, the rest follows by induction."""
        seen = self._entries
        before = core.log.term(entries[0].index - 1)
        for entry in entries:
            key = (entry.index, entry.term)
            known = seen.get(key)
            if known is None:
                seen[key] = (before, entry.data)
            elif known[1] != entry.data or (known[0] != before and None not in (known[0], before)):
                raise BrokenError(f"log matching: {core.node} has another entry {entry.index} of term {entry.term}")
            before = entry.term

    def contradicted(self, member: Member, core: Core) -> None:
        """No node's state contradicts the cluster's as long as no disk goes back."""
        raise BrokenError(f"{member.name}: {core.contradiction}")

    def committed(self, group: Group, member: Member) -> None:
        """Somebody's commit index is the highest ever: a majority must have that on disk."""
        core = member.core
        assert core is not None
        term = core.log.term(core.commit)
        if core.role is Role.LEADER and term is not None:
            if term != core.term:
                raise BrokenError(f"{member.name} committed an entry of term {term} by counting (paper, 5.4.2)")
            # The commit may have let the leader append another configuration just now.
            configs = (core.config, core.log.config_at(core.commit) or core.config)
            if not any(_durable(group, config.voters, core.commit, term) for config in configs):
                raise BrokenError(f"durability: {member.name} committed {core.commit} without a majority")
        self._committed_in = max(self._committed_in, core.term)
        self.commit, self.commit_term = core.commit, term if term is not None else self.commit_term

    def applied(self, name: str, entry: Entry, state: int) -> None:
        """State machine safety: nobody applies another entry at the same index."""
        mine = (entry.term, entry.data, state)
        if self.log.setdefault(entry.index, mine) != mine:
            raise BrokenError(f"state machine safety: {name} applied another entry {entry.index}")

    def restored(self, name: str, index: int, state: int) -> None:
        """State machine safety with snapshots."""
        if self.log[index][2] != state:
            raise BrokenError(f"state machine safety: {name} restored another state of {index}")

    def received(self, name: str, payload: bytes) -> None:
        """A node got the payload of a confirmation round."""
        self._payloads.setdefault(payload, set()).add(name)

    def confirmed(self, member: Member, core: Core, number: int) -> None:
        """A confirmed round's payload is at a majority, and nobody had committed more when it was opened."""
        for asked in [asked for asked in member.asked if asked <= number]:
            payload, commit = member.asked.pop(asked)
            holders = {member.name, *self._payloads.get(payload, ())}
            configs = (core.config, core.log.config_at(core.commit) or core.config)
            if not any(sum(v in holders for v in c.voters) >= majority(len(c.voters)) for c in configs):
                raise BrokenError(f"confirmation: round {asked} of {member.name} did not reach a majority")
            if core.commit < commit:
                raise BrokenError(f"confirmation: {member.name} confirmed while another led")


def _durable(group: Group, voters: tuple[str, ...], index: int, term: int) -> bool:
    """Whether a majority has an entry on disk. A disk that was lost since it acknowledged counts, too, and one that
    went back, as long as its node knows that."""
    members = [group.members[voter] for voter in voters]
    return sum(_recovers(m) or m.disk.term(index) in (term, -1) for m in members) >= majority(len(members))


def _recovers(member: Member) -> bool:
    if member.disk.hard.recovering:
        return True
    return member.forgot and (member.core is None or member.core.recovering)
