"""Messages of a node's parts to other nodes over 7848, and which part receives those of other nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.logger import Logger

from nacos_tw.cluster.operations.membership import MEMBER_CHANGE
from nacos_tw.cluster.reports import WHAT as REPORT
from nacos_tw.cluster.reports import Reports
from nacos_tw.database.assembly_embedded import EmbeddedConfigs
from nacos_tw.database.assembly_external import ExternalConfigs
from nacos_tw.errors import NacosError
from nacos_tw.membership import Group
from nacos_tw.raft.core.messages import MemberRecord
from nacos_tw.raft.net.codec import Hello
from nacos_tw.raft.net.peers import Peers
from nacos_tw.raft.node import RaftNode
from nacos_tw.timers import guarded

ASK_TIMEOUT = 2.0
"""Seconds that another member has for a small question."""
LONGER = {MEMBER_CHANGE.what: 15.0}
"""For what takes longer: an entry of the log must be committed, and another node may have to lead first."""

Answering = Callable[[str, bytes], "bytes | Deferred[bytes] | Any"]
"""Answers a question: given who asks, and the question's body."""


class PeerEvents:
    """
    An L{IPeerEvents<nacos_tw.raft.net.peers.IPeerEvents>}: tells the parts of links and questions; the frames of the
    log go from the links to the driver.

    @ivar peers: the links; None for a node that stands alone.
    @ivar group: the members at work; None likewise.
    @ivar questions: what other nodes may ask, and who answers.
    """

    log = Logger()

    def __init__(self, others: Callable[[], Iterable[str]]) -> None:
        """@param others: the names of the other members."""
        self.peers: Peers | None = None
        self.group: Group | None = None
        self.questions: dict[str, Answering] = {}
        self._others = others

    def join(
        self,
        node: RaftNode,
        reports: Reports,
        config: EmbeddedConfigs | ExternalConfigs | None,
        questions: Mapping[str, Answering],
    ) -> None:
        """The parts that hear of the other nodes, and what else can be asked here. Called before the links open."""
        self._node, self._reports, self._config = node, reports, config
        self.questions.update(questions)
        self.questions[REPORT] = reports.asked_report

    # -- to other nodes

    def ask(self, peer: str, what: str, body: bytes) -> Deferred[bytes]:
        """A small question to another node. Raises L{NacosError} if there is none."""
        if self.peers is None:
            raise NacosError("there are no other nodes")
        return self.peers.ask(peer, what, body, LONGER.get(what, ASK_TIMEOUT))

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        """Answers of the other members that give one."""
        peers = self.peers
        if peers is None:
            return succeed([])
        asked = [peers.ask(peer, what, body, ASK_TIMEOUT) for peer in self._others() if peers.connected(peer)]
        gathered = DeferredList(asked, consumeErrors=True)
        return gathered.addCallback(lambda results: [answer for succeeded, answer in results if succeeded])

    # -- IPeerEvents

    def peer_connected(self, peer: str) -> None:
        """The link to a member is up."""
        config = self._config
        told = [self._node.peer_connected, self._reports.peer_connected]
        self._tell(peer, *told, *(() if config is None else (config.peer_connected,)))

    def peer_disconnected(self, peer: str) -> None:
        """The link to a member is down."""
        config = self._config
        told = [self._node.peer_disconnected, self._reports.peer_disconnected]
        self._tell(peer, *told, *(() if config is None else (config.peer_disconnected,)))

    def _tell(self, peer: str, *parts: Callable[[str], object]) -> None:
        """Each part hears of it, whatever the ones before made of it; the log, which all stand on, first."""
        for part in parts:
            guarded(self.log, "news of a link", partial(part, peer))

    def asked(self, peer: str, what: str, body: bytes) -> bytes | Deferred[bytes]:
        """A small question of another node."""
        answering = self.questions.get(what)
        if answering is None:
            raise NacosError(f"unknown question {what}")
        return answering(peer, body)

    def introduced(self, hello: Hello, refusal: str) -> None:
        """A node has proved itself; C{refusal}: why it gets no link, "" if it does."""
        if self.group is not None:
            self.group.introduced(hello, refusal)

    def removed(self, why: str) -> None:
        """A member says that this node is none any more."""
        if self.group is not None:
            self.group.removed(why)

    def leader_known(self, peer: str, leader: MemberRecord) -> None:
        """A member that this node has called, to become one, says who leads."""
        if self.group is not None:
            self.group.leader_known(peer, leader)

    def remembered(self, peer: str, count: int, term: int) -> None:
        """A member has seen that many starts of this node: its disk is an older copy."""
        self._node.remembered(peer, count, term)

    def members_differ(self, peer: str) -> None:
        """That member's cluster.conf names other members than this node's."""
        self.log.warn(
            "{peer} has another list of members than this node; cluster.conf must be the same everywhere", peer=peer
        )
