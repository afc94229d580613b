"""
Which nodes are members, where they are, and who may link with this one (pure).

The log decides. While it is empty (on a new node) the operator's list does, and every node that proves to know the
cluster's secret may connect: it may be the leader that adds this node. They may, too, while the log names this node not
yet: what a new node has of the log may be older than its being added, and name nobody who is a member now. Such a node
need not be told who leads: those that it calls say so (one leader at a time), and it calls that one, too. If a member
says that it is at another address than in the log, this node connects there at once; the leader updates the log.

A member that has been away may know nobody who is a member now, either. So nodes tell each other, when they connect,
the index of their newest list of members, and the id of the other one in it. While this node finds no leader, one may
link whose list is newer than what this node knows to be committed and has this node's id; it stays until the log has
got that far here. That decides only who is listened to and dialed: whose votes and acknowledgements count is the log's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import attrs
import msgspec

from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.net.codec import Hello

RAFT_OFFSET = 1000
"""A Raft port that is not told is the HTTP port minus this."""


@attrs.frozen
class Place:
    """Where a member is: see L{IRaftAddress<nacos_tw.raft.net.dialing.IRaftAddress>}."""

    host: str
    raft_port: int


class Told(msgspec.Struct, frozen=True, array_like=True):
    """
    A member's answer to where others are.

    @ivar config, to_id: see L{Hello}, C{to_id} of the node that is answered.
    @ivar members: itself, and those with which it has links now.
    """

    config: int
    to_id: str
    members: list[MemberRecord]


def place_of(record: MemberRecord) -> Place | None:
    """Where a member's Raft port is; None if its record does not say it in a way that can be dialed."""
    host, _, port = (record.raft or record.http or record.name).rpartition(":")
    if not host or not port.isdigit():
        return None
    number = int(port) - (0 if record.raft else RAFT_OFFSET)
    return Place(host.strip("[]"), number) if 0 < number < 65536 else None


class Roster:
    """
    The members as one node knows them.

    @ivar own: this node's record.
    @ivar joined: whether the log has named this node by its id.
    @ivar predates: whether the log, as far as this node has it, is older than its being a member.
    @ivar removed: why this node is no member any more; "" while it may be one.
    @ivar open: whether nodes that are no members are listened to, until they have proved who they are: they may be
        taken in.
    @ivar seeks: whether this node has found no leader for a while: those that it knows may be members no more.
    @ivar committed: how far this node knows its log to be committed.
    """

    def __init__(self, own: MemberRecord, listed: Iterable[MemberRecord], *, joined: bool = False) -> None:
        """@param listed: the members that the operator names, this node among them or not."""
        self.own = own
        self.joined = joined
        self.removed = ""
        self.predates = False
        self.open = False
        self.seeks: Callable[[], bool] = lambda: False
        self.committed: Callable[[], int] = lambda: 0
        self._index = 0
        self._newer: dict[str, int] = {}
        self._listed = {record.name: record for record in listed}
        self._config: Configuration | None = None
        self._heard: dict[str, MemberRecord] = {}
        self._forced: dict[str, MemberRecord] = {}
        self._leader: MemberRecord | None = None

    def force(self, records: Iterable[MemberRecord]) -> None:
        """An operator says where the members are, whatever the log has."""
        self._forced = {record.name: record for record in records if record.name != self.own.name}

    def relist(self, listed: Iterable[MemberRecord]) -> None:
        """The operator names other members; says nothing once the log does."""
        self._listed = {record.name: record for record in listed}

    def configured(self, config: Configuration, index: int) -> None:
        """The log has these members, in the entry of that index (or in a snapshot of up to there)."""
        self._config, self._index = config, index
        self.predates = not self.joined and not self._named
        if not self.asks_leader:
            self._leader = None
        self._forget()
        for name, forced in list(self._forced.items()):
            if config.record(name).http == forced.http:
                del self._forced[name]

    def caught_up(self) -> bool:
        """More may be committed. @return: whether nodes that had a newer list are no members by the log."""
        reached = [name for name, index in self._newer.items() if index <= self.committed()]
        for name in reached:
            del self._newer[name]
        return bool(reached) and self._forget()

    def _forget(self) -> bool:
        """Forget who is no member, and cannot be one since."""
        if self._config is None or self.predates:
            return False
        names = {*self._config.names, *self._newer}
        gone = [name for name in self._heard if name not in names]
        for name in gone:
            del self._heard[name]
        return bool(gone)

    @property
    def _named(self) -> bool:
        """Whether the log's newest list has this node, by its id or before that was known."""
        config = self._config
        return config is not None and self.own.name in config.names and self._id_of(self.own.name) in ("", self.own.id)

    def _id_of(self, name: str) -> str:
        return "" if self._config is None else self._config.record(name).id

    def shown_to(self, peer: str) -> tuple[int, str]:
        """See C{config} and C{to_id} of L{Hello}. Who is no member itself has nothing to say."""
        return (self._index, self._id_of(peer)) if self._named else (0, "")

    def _is_newer(self, said: Hello | Told) -> bool:
        """Whether a node has a list of members that this one, which is in it, has not got yet."""
        return said.to_id == self.own.id != "" and said.config > self.committed()

    def _is_sought(self, hello: Hello) -> bool:
        """Whether such a node is listened to as a member."""
        return self._is_newer(hello) and (hello.node in self._newer or self.seeks())

    @property
    def begun(self) -> bool:
        """Whether the log says who the members are."""
        return self._config is not None

    @property
    def asks_leader(self) -> bool:
        """Whether this node wants to hear who leads: the log does not name it yet."""
        return self._config is None or self.predates

    @property
    def admits_strangers(self) -> bool:
        """Whether nodes that are no members, as far as this node knows, are listened to."""
        return self.open or self.predates

    @property
    def forced(self) -> bool:
        """Whether the operator's word on an address still differs from the log's."""
        return bool(self._forced)

    def records(self) -> list[MemberRecord]:
        """All members with what is known of them, this node as it is now."""
        if self._config is not None:
            names = self._config.names
            more = [record for name, record in self._heard.items() if name not in names]
            found = [*(self.own if name == self.own.name else self._record(name) for name in names), *more]
            return self._with_leader(found)
        taken = {record.raft for record in self._heard.values()}
        listed = [record for record in self._listed.values() if record.raft not in taken or record.name in self._heard]
        known = {record.name: record for record in (*listed, *self._heard.values())}
        known[self.own.name] = self.own
        return self._with_leader(list(known.values()))

    def _with_leader(self, found: list[MemberRecord]) -> list[MemberRecord]:
        """Those, and the leader that this node was told of, unless it is one of them by its name or at its place."""
        told = self._leader
        if told is None or any(each.name == told.name or place_of(each) == place_of(told) for each in found):
            return found
        return [*found, told]

    def _record(self, name: str) -> MemberRecord:
        assert self._config is not None
        known = self._config.record(name)
        said = self._heard.get(name) or self._forced.get(name)
        if said is None:
            return known
        return MemberRecord(name, known.id, said.http or known.http, said.raft or known.raft)

    def member(self, name: str) -> MemberRecord | None:
        """What is known of a member; None: the log does not name it."""
        return None if self._config is None or name not in self._config.names else self._record(name)

    def places(self) -> dict[str, Place]:
        """Where to dial: the other members, and this node itself."""
        found = {record.name: place_of(record) for record in self.records()}
        return {name: place for name, place in found.items() if place is not None}

    def former_hosts(self) -> list[str]:
        """Where members were that were removed: they are told so."""
        removed = () if self._config is None else self._config.removed
        return [place.host for place in map(place_of, removed) if place is not None]

    def admits(self, hello: Hello) -> bool:
        """Whether who says this may go on with its handshake; what is to be said to it comes after."""
        if self._config is None or self.admits_strangers or hello.node in self._config.names or self._is_sought(hello):
            return True
        return any(gone.name == hello.node for gone in self._config.removed)

    def gone(self, hello: Hello) -> str:
        """
        What is to be said to a node that was removed, or whose place another one has; "" if it is none. True only if
        this node knows the members of today: one that has been away, or is new, may read of a past in which others had
        these places.
        """
        config = self._config
        if config is None or not hello.id or self._is_newer(hello):
            return ""
        known = config.record(hello.node).id
        if hello.node in config.names and known and known != hello.id and hello.joined:
            return f"{hello.node} comes with old data, and another node has its place since: empty its data folder"
        former = [gone for gone in config.removed if gone.id == hello.id or (gone.name == hello.node and not gone.id)]
        if former and known != hello.id:
            return f"{hello.node} was removed from the cluster; with an empty data folder it can be added anew"
        return ""

    def objection(self, hello: Hello, *, alive: bool) -> str:
        """
        Why a node that has proved itself gets no link; "" if it does.

        @param alive: whether the member of that name is heard of at another address.
        """
        if self._config is None or self.predates:
            return ""
        if not self._is_sought(hello):
            if hello.node not in self._config.names:
                return f"{hello.node} is no member of this node's cluster"
            known = self._config.record(hello.node)
            if hello.id and known.id and hello.id != known.id:
                return f"{hello.node} has lost its data folder: the leader takes it in as a new member"
        if alive and hello.raft and place_of(self._record(hello.node)) != _place(hello):
            return f"{hello.node} is alive at another address: two nodes use the same data"
        return ""

    def hear(self, hello: Hello) -> bool:
        """A member says where it is. @return: whether that is news."""
        if not hello.http or not hello.raft or hello.node == self.own.name:
            return False
        if self._is_sought(hello):
            self._newer[hello.node] = hello.config
        return self._note(MemberRecord(hello.node, hello.id, hello.http, hello.raft))

    def told(self, told: Told, linked: Callable[[str], bool]) -> list[MemberRecord]:
        """
        A member says where others are.

        @param linked: whether this node has a link with one: then it knows that itself.
        @return: what is news of it.
        """
        config, news = self._config, []
        for said in told.members:
            if config is None or not said.http or not said.raft or said.name == self.own.name or linked(said.name):
                continue
            if self._is_newer(told):
                self._newer[said.name] = told.config
            elif said.name not in config.names or self._id_of(said.name) not in ("", said.id):
                continue
            if self._note(said):
                news.append(said)
        return news

    def leads(self, leader: MemberRecord) -> bool:
        """One that this node has called follows that leader. @return: whether there is another one to call now."""
        before = self.places()
        if self.asks_leader and leader.name != self.own.name and place_of(leader) is not None:
            self._leader = leader
        return self.places() != before

    def _note(self, said: MemberRecord) -> bool:
        """That member is there. @return: whether that is news."""
        before = {record.name: record for record in self.records()}.get(said.name)
        self._heard[said.name] = said
        self._forced.pop(said.name, None)
        return before is None or (before.http or before.name, place_of(before)) != (said.http, place_of(said))

    def never_heard(self, name: str) -> bool:
        """Whether that is a learner that has said nothing, to this node or to a leader: its address may be wrong."""
        config = self._config
        if config is None or name not in config.learners or name == self.own.name:
            return False
        return not config.record(name).id and name not in self._heard


def _place(hello: Hello) -> Place | None:
    return place_of(MemberRecord(hello.node, raft=hello.raft))


def digest(members: Iterable[str]) -> bytes:
    """What two nodes compare to see whether they have the same members: 16 bytes, whatever the order."""
    return hashlib.sha256("\n".join(sorted(members)).encode()).digest()[:16]
