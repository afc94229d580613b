"""What a node tells of its Raft part, put together from the core and the links."""

from __future__ import annotations

import attrs
from twisted.logger import Logger

from nacos_tw.raft.core.core import Core, Role
from nacos_tw.raft.net.peers import Peers
from nacos_tw.raft.status import PeerStatus, RaftStatus


@attrs.frozen
class NodeFacts:
    """
    What only the driver knows.

    @ivar name: the node's name in the log; C{shown} its name for people.
    @ivar reason: why it is not in order; "" when it is.
    @ivar contradictions: how often its state was not the cluster's.
    """

    name: str
    shown: str
    applied: int
    reason: str
    contradictions: int = 0


def raft_status(facts: NodeFacts, core: Core, peers: Peers | None, log_bytes: int) -> RaftStatus:
    """
    The state of a node's Raft part.

    @param log_bytes: size of log and snapshot on disk.
    """

    def shown(name: str) -> str:
        return facts.shown if name == facts.name else name

    return RaftStatus(
        node=facts.shown,
        role="CANDIDATE" if core.role is Role.PRE_CANDIDATE else core.role.value,
        term=core.term,
        vote=shown(core.vote),
        leader=shown(core.leader or ""),
        commit=core.commit,
        applied=facts.applied,
        last_index=core.last_index,
        leader_commit=core.leader_commit,
        voters=tuple(map(shown, core.config.voters)),
        learners=core.config.learners,
        healthy=not facts.reason,
        reason=facts.reason,
        recovering=core.recovering,
        contradictions=facts.contradictions,
        log_bytes=log_bytes,
        peers={} if peers is None else _peers(facts.name, core, peers),
    )


def log_role(log: Logger, before: tuple[Role, int, str | None], core: Core) -> None:
    """
    Say in the log what a core has become.

    @param before: role, term and leader of before.
    """
    if before[0] is Role.LEADER and core.role is not Role.LEADER and core.resigned:
        log.warn("raft: this node does not lead any more: {why}", why=core.resigned)
    if before[0] is not core.role or before[2] != core.leader:
        role, leader = core.role.value, core.leader or "unknown"
        log.info("raft: {role} in term {term}, leader {leader}", role=role, term=core.term, leader=leader)


def _peers(own: str, core: Core, peers: Peers) -> dict[str, PeerStatus]:
    found = {}
    for name in core.config.voters + core.config.learners:
        if name == own:
            continue
        progress = core.progress.get(name)
        match = progress.match if progress is not None else 0
        lag = core.last_index - match if core.role is Role.LEADER else 0
        found[name] = PeerStatus(peers.connected(name), match, lag, peers.rtt.get(name, 0.0))
    return found
