"""
The members at run time: this node follows the members in its log, and as leader changes them, one change at a time.

The leader writes into the log what nodes send of themselves when they connect: the new address of a member, the id of a
new member, and a member that has lost its data folder, which becomes a learner until it has caught up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence

import attrs
import msgspec
from twisted.application import service
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from nacos_tw import __version__
from nacos_tw.cluster.members import MemberList
from nacos_tw.cluster.operations.membership import GroupMember, GroupView
from nacos_tw.cluster.problems import ChangeRefused, MemberUnknown
from nacos_tw.cluster.requests import MemberChange, Verb
from nacos_tw.errors import SettingsError
from nacos_tw.raft.assembly import RaftFolder, record_of
from nacos_tw.raft.autopilot import Autopilot, Facts
from nacos_tw.raft.core import changes
from nacos_tw.raft.core.leader import Leader
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.core.quorum import majority
from nacos_tw.raft.net.codec import Hello
from nacos_tw.raft.net.peers import Peers
from nacos_tw.raft.net.roster import Roster, Told
from nacos_tw.raft.node import RaftNode
from nacos_tw.settings import identity
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.identity import Identity, Known
from nacos_tw.settings.settings import Settings
from nacos_tw.timers import Periodic, guarded, until

MEMBERS = 5
"""The level of nodes that take their members from the log alone."""
LOOK = 0.5
"""Seconds between the leader's looks at what members say of themselves."""
PATIENCE = 1.0
"""Seconds that members whose links stand have to answer, before a change is refused because they do not."""
HAND_OVER = 3.0
"""Seconds that a leader which is to go gives another one to take over."""


@attrs.frozen
class _Place:
    """What L{MemberList} wants to know of a member."""

    node: str
    host: str
    port: int
    raft_port: int


def members_of(settings: Settings, folder: RaftFolder) -> MemberList:
    """The list of members of a node that starts."""
    if settings.standalone:
        return MemberList(settings.node, settings.members, version=__version__, standalone=True)
    made = MemberList(folder.name, _all_listed(folder.records), version=__version__)
    made.grpc_port = settings.grpc.port
    return made


class Alone:
    """The same for a node that has no cluster."""

    def __init__(self, name: str, place: Address) -> None:
        self._member = GroupMember(name, "", place.node, place.raft_address, True, False, True, None, True, "UP", "")

    def view(self) -> GroupView:
        """Itself."""
        return GroupView((self._member,), self._member.name, 0, 0, settled=True)

    def leader(self) -> str:
        """Itself."""
        return self._member.name

    async def make(self, change: MemberChange) -> bool:
        """@raise ChangeRefused: always."""
        raise ChangeRefused("alone")

    async def left(self, member: str) -> bool:
        """It stays."""
        return False

    def listed(self, addresses: Sequence[Address]) -> None:
        """The operator names members: a restart takes them in."""


class Group(service.MultiService):
    """
    See the module; for L{nacos_tw.cluster.operations.membership.Membership}.

    @ivar own: who this node is.
    @ivar on_removed: called when this node is no member any more.
    @ivar named: C{ip:port} of the nodes that DNS says are there; None: it is not asked, or has not answered.
    """

    log = Logger()

    def __init__(
        self,
        folder: RaftFolder,
        node: RaftNode,
        peers: Peers,
        members: MemberList,
        clock: IReactorTime,
        autopilot: Autopilot | None = None,
    ) -> None:
        """
        @param folder: of a node that has a roster.
        @param autopilot: what is done with members as leader without an operator; None: nothing.
        """
        super().__init__()
        self.on_removed: Callable[[], object] = lambda: None
        self._listed: frozenset[str] = frozenset()
        assert folder.own is not None and folder.roster is not None
        self.own: Identity = folder.own
        self._folder = folder.path
        self._roster: Roster = folder.roster
        self._node = node
        self._peers = peers
        self._members = members
        self._clock = clock
        self._newcomers: dict[str, MemberRecord] = {}
        self._autopilot = autopilot
        self.named: Callable[[], Collection[str] | None] = lambda: None
        node.membership.changed = self._configured
        Periodic(clock, LOOK, self._look).setServiceParent(self)

    # -- following the log

    def _configured(self, config: Configuration, begun: bool) -> None:
        """The log (or, before it begins, the operator) names these members."""
        if not begun:
            return
        own = config.record(self.own.name)
        if self.own.name in config.names and own.id == self.own.id:
            self._roster.joined = True
        self._roster.configured(config, self._node.core.log.config_index)
        self._follow()

    def _follow(self) -> None:
        """Links, the list of members and the file follow."""
        self._peers.set_members(self._roster.places())
        records = self._roster.records()
        self._members.replace(_all_listed(records))
        if not self._roster.begun:
            return
        kept = attrs.evolve(
            self.own,
            joined=self._roster.joined,
            members=tuple(Known(each.name, each.id, each.http or each.name, each.raft) for each in records),
            forced=self._roster.forced,
        )
        if kept != self.own:
            self.own = kept
            identity.keep(self._folder, kept)

    def relist(self, records: Iterable[MemberRecord]) -> None:
        """These are the other nodes, as long as the log does not say it."""
        self._roster.relist(records)
        self._follow()

    def met(self) -> list[str]:
        """All nodes that are known, by name."""
        return [record.name for record in self._roster.records()]

    def listed(self, addresses: Sequence[Address]) -> None:
        """The operator's list is this now. It is compared with the log's, and not acted on."""
        self._listed = frozenset(address.node for address in addresses)
        if difference := self._difference():
            self.log.warn("{difference}", difference=difference)

    def _difference(self) -> str:
        members = {record.http or record.name for record in self._roster.records()}
        if not self._roster.begun or not self._listed or self._listed == members:
            return ""
        more, less = sorted(self._listed - members), sorted(members - self._listed)
        parts = [f"names {', '.join(more)}" if more else "", f"does not name {', '.join(less)}" if less else ""]
        return f"cluster.conf {' and '.join(filter(None, parts))}; the members are those of the log: it changes nothing"

    def introduced(self, hello: Hello, refusal: str) -> None:
        """A node has proved itself; C{refusal}: why it gets no link, "" if it does."""
        if refusal:
            record = MemberRecord(hello.node, hello.id, hello.http, hello.raft)
            if hello.id and not hello.joined and hello.node in self._node.core.config.names:
                self._newcomers[hello.node] = record
            elif (
                hello.id and not hello.joined and hello.raft and hello.level >= MEMBERS and self._autopilot is not None
            ):
                self._autopilot.announced(record, self._node.seconds())
        elif self._roster.hear(hello):
            self.log.info("member {name} is at {http}", name=hello.node, http=hello.http)
            self._follow()

    @property
    def seeks(self) -> bool:
        """Whether no leader was found for a while."""
        return self._roster.seeks()

    def linked(self, peer: str) -> Told:
        """With whom this node has links, for another one."""
        records = [each for each in self._roster.records() if self._peers.connected(each.name)]
        return Told(*self._roster.shown_to(peer), [self._roster.own, *records])

    def told(self, told: Told) -> None:
        """Another one says with whom it has links."""
        for record in (news := self._roster.told(told, self._peers.connected)):
            self.log.info("member {name} is at {http}, as another one says", name=record.name, http=record.http)
        if news:
            self._follow()

    def leader_known(self, peer: str, leader: MemberRecord) -> None:
        """That one, which this node has called to become a member, follows that leader: call it, too."""
        if self._roster.leads(leader):
            self.log.info("{name} leads, as {peer} says: it is called", name=leader.name, peer=peer)
            self._follow()

    def removed(self, why: str) -> None:
        """A member says that this node is none any more."""
        if not self._roster.removed:
            self._roster.removed = why
            self.log.error("{why}", why=why)
            self._node.expel(why)
            guarded(self.log, "what follows the removal", self.on_removed)

    # -- as leader

    def _look(self) -> None:
        """Have the log follow what members say of themselves; one change at a time."""
        core = self._node.core
        newcomers, self._newcomers = self._newcomers, {}
        if self._roster.caught_up():
            self._follow()
        self._notice_removal()
        if core.leading is None and self._autopilot is not None:
            self._autopilot.resigned()
        if core.leading is None or not core.leading.settled:
            return
        config = core.config
        for name, record in newcomers.items():
            if name in config.names and config.record(name).id not in ("", record.id):
                if self._heard(name) and record.http != config.record(name).http:
                    self.log.warn("{at} calls itself {name}, which is alive elsewhere", at=record.http, name=name)
                    continue
                self.log.warn("member {name} has lost its data: it is taken in anew", name=name)
                self._propose(changes.replaced(config, name, record))
                return
        for name in config.names:
            known, said = config.record(name), self._said(name)
            if said is not None and said != known:
                self._propose(changes.noted(config, said))
                return
        self._steer(core.leading, config)

    def _steer(self, leading: Leader, config: Configuration) -> None:
        """What the operator leaves to the leader."""
        if self._autopilot is None:
            return
        now = self._node.seconds()
        facts = Facts(self.own.name, self._heard, lambda name: leading.may_vote(name, now), self.named())
        if (found := self._autopilot.next(config, facts, now)) is not None:
            self.log.warn("autopilot: {what}", what=found[1])
            self._propose(found[0])

    def _notice_removal(self) -> None:
        core = self._node.core
        config = core.log.config
        if config is None or core.log.config_index > core.commit or self.own.name in config.names:
            return
        if self._roster.predates:
            return  # it may be the removal of one that had this name before
        if any(gone.name == self.own.name and gone.id in ("", self.own.id) for gone in config.removed):
            self.removed(f"{self.own.name} was removed from the cluster")

    def _said(self, name: str) -> MemberRecord | None:
        """What the log should have of a member, as far as it has said."""
        if name == self.own.name:
            return self._roster.own
        hello = self._peers.hellos.get(name)
        if hello is None or not hello.id or not hello.raft:
            return None
        return MemberRecord(name, hello.id, hello.http, hello.raft)

    def _propose(self, config: Configuration) -> None:
        changing = self._node.change_members(config)
        if changing is not None:
            changing.addErrback(lambda failure: None)  # tried again by the next leader

    def leader(self) -> str:
        """The leader's name; "" while this node knows none."""
        return self._node.core.leader or ""

    async def make(self, change: MemberChange) -> bool:
        """See L{nacos_tw.cluster.operations.membership.Group.make}."""
        await until(self._all_answer, self._clock, PATIENCE)
        core = self._node.core
        if core.leading is None:
            return False
        config = core.config
        name = "" if change.verb is Verb.ADD else self._named(change.member)
        self._check_versions(change, name)
        if name == self.own.name and change.verb in (Verb.REMOVE, Verb.DEMOTE):
            if config.voters == (name,):
                raise ChangeRefused("last", name)
            self._check_majority(_made(config, change, name, MemberRecord(name)), change)
            await self._hand_over(name)
            return False
        wanted = self._checked(config, change, name)
        self._check_majority(wanted, change)
        changing = self._node.change_members(wanted)
        if changing is None:
            raise ChangeRefused("busy")
        await changing
        self.log.warn("the members were changed: {verb} {name}", verb=change.verb.value, name=name or change.http)
        return True

    async def left(self, member: str) -> bool:
        """See L{nacos_tw.cluster.operations.membership.Group.left}."""
        if member not in (self.own.name, self.own.id, self.own.http, self.own.raft):
            return False
        await until(lambda: self._roster.removed, self._clock, HAND_OVER)
        return bool(self._roster.removed)

    async def _hand_over(self, name: str) -> None:
        """Before this leader goes, another one leads."""
        if not self._node.transfer(None):
            raise ChangeRefused("successor", name)
        await until(lambda: self._node.core.leader not in (None, name), self._clock, HAND_OVER)
        if self._node.core.leader in (None, name):
            raise ChangeRefused("successor", name)

    def _checked(self, config: Configuration, change: MemberChange, name: str) -> Configuration:
        """
        The configuration that a change makes.

        @raise ChangeRefused: it cannot be made.
        """
        record = MemberRecord(name)
        if change.verb in (Verb.ADD, Verb.REPLACE, Verb.UPDATE):
            record = self._new_record(config, change, name)
        if change.verb is Verb.PROMOTE:
            self._check_promotion(config, name)
        elif change.verb is Verb.DEMOTE and name in config.learners:
            raise ChangeRefused("learner", name)
        elif change.verb is Verb.REPLACE and not change.force and self._heard(name):
            raise ChangeRefused("alive", name)
        if change.verb in (Verb.DEMOTE, Verb.REMOVE, Verb.REPLACE) and config.voters == (name,):
            raise ChangeRefused("last", name)
        return _made(config, change, name, record)

    def _new_record(self, config: Configuration, change: MemberChange, name: str) -> MemberRecord:
        """The record of a member that is added, stands in for another, or moves."""
        old = config.record(name) if name else MemberRecord("")
        try:
            place = identity.address(change.http or old.http or name, change.raft or ("" if change.http else old.raft))
        except SettingsError:
            raise ChangeRefused("address", change.http) from None
        record = record_of(place, name if change.verb is Verb.UPDATE else "", change.id)
        if change.verb is Verb.UPDATE:
            record = msgspec.structs.replace(record, id=old.id)
        for other in config.names:
            known = config.record(other)
            if other == name:
                continue
            if change.verb is Verb.ADD and record.http in (known.http, other):
                raise ChangeRefused("known", record.http)
            if record.http in (known.http, other) or record.raft == known.raft:
                raise ChangeRefused("taken", record.http, other)
            if record.id and record.id == known.id:
                raise ChangeRefused("id", record.id, other)
        return record

    def _check_promotion(self, config: Configuration, name: str) -> None:
        leading = self._node.core.leading
        assert leading is not None
        if name in config.voters:
            raise ChangeRefused("voter", name)
        if not self._answers(name):
            raise ChangeRefused("unreachable", name)
        if name in self._members.recovering():
            raise ChangeRefused("recovering", name)
        if not leading.may_vote(name, self._node.seconds()):
            raise ChangeRefused("behind", name, number=leading.lag(name))

    def _check_majority(self, config: Configuration, change: MemberChange) -> None:
        """What would leave no live majority is refused, unless it is forced."""
        alive = sum(self._answers(voter) for voter in config.voters)
        if alive < majority(len(config.voters)) and not change.force:
            raise ChangeRefused("majority", number=alive, of=len(config.voters))

    def _check_versions(self, change: MemberChange, changing: str) -> None:
        """An older leader would make the cluster what its own file says. Who goes is not asked, nor who never spoke."""
        config = self._node.core.config
        goes = changing if change.verb in (Verb.REMOVE, Verb.REPLACE) else ""
        for name in config.names:
            nobody = self._roster.never_heard(name) and not (name == changing and self._peers.connected(name))
            if nobody or change.force or name in (self.own.name, goes):
                continue
            hello = self._peers.hellos.get(name)
            if not (hello.level >= MEMBERS if hello is not None else config.record(name).id):
                raise ChangeRefused("older" if hello is not None else "unheard", name)

    def _heard(self, name: str) -> bool:
        """Whether a member answers, or at least the link to it stands: one may be late for a moment."""
        leading = self._node.core.leading
        return self._peers.connected(name) or (leading is not None and leading.answers(name, self._node.seconds()))

    def _answers(self, name: str) -> bool:
        """Whether a member answers this leader now: one that hangs has links for some seconds more."""
        leading = self._node.core.leading
        return leading is not None and leading.answers(name, self._node.seconds())

    def _all_answer(self) -> bool:
        """Whether all members do whose links stand; true where this node does not lead."""
        core = self._node.core
        linked = [name for name in core.config.names if self._peers.connected(name)]
        return core.leading is None or all(map(self._answers, linked))

    def _named(self, member: str) -> str:
        """The name of the member that is meant."""
        for name in self._node.core.config.names:
            known = self._node.core.config.record(name)
            if member and member in (name, known.id, known.http, known.raft):
                return name
        raise MemberUnknown(member)

    # -- facts

    def view(self) -> GroupView:
        """What this node's log has."""
        core = self._node.core
        config = core.config
        records = {record.name: record for record in self._roster.records()}
        found = [self._member(config, records.get(name) or config.record(name)) for name in config.names]
        return GroupView(
            tuple(found),
            core.leader or "",
            core.term,
            core.log.config_index,
            0 < core.log.config_index <= core.commit and not self._roster.predates,
            tuple((gone.name, gone.id) for gone in reversed(config.removed)),
            self._difference(),
            self._roster.removed,
        )

    def _member(self, config: Configuration, record: MemberRecord) -> GroupMember:
        name, core = record.name, self._node.core
        known = self._members.get(name)
        lag = None if core.leading is None or name == self.own.name else core.leading.lag(name)
        return GroupMember(
            name,
            record.id,
            record.http or name,
            record.raft,
            name in config.voters,
            name in (*config.joining, *config.proving),
            name == core.leader,
            lag,
            name == self.own.name or self._peers.connected(name),
            "DOWN" if known is None else known.state,
            "" if known is None else str(known.extend.get("version", "")),
        )


def _made(config: Configuration, change: MemberChange, name: str, record: MemberRecord) -> Configuration:
    if change.verb is Verb.ADD:
        return changes.added(config, record, joins=change.joins)
    if change.verb is Verb.PROMOTE:
        return changes.promoted(config, name)
    if change.verb is Verb.DEMOTE:
        return changes.demoted(config, name)
    if change.verb is Verb.REMOVE:
        return changes.removed(config, name)
    if change.verb is Verb.REPLACE:
        return changes.replaced(config, name, record)
    return changes.noted(config, record)


def _all_listed(records: Iterable[MemberRecord]) -> list[_Place]:
    found = []
    for record in records:
        with contextlib.suppress(SettingsError):  # of a version that names members otherwise
            place = identity.address(record.http or record.name, record.raft)
            found.append(_Place(record.name, place.host, place.port, place.raft_port))
    return found
