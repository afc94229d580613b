"""The Raft part of one node, put together from its settings and its folder."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet.interfaces import IReactorTime

from nacos_tw import __version__
from nacos_tw.interfaces import IStateMachine
from nacos_tw.raft.core.messages import MemberRecord
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.startsfile import read_starts
from nacos_tw.raft.disk.store import Store
from nacos_tw.raft.disk.writer import Writer
from nacos_tw.raft.net.peers import IPeerEvents, Peers
from nacos_tw.raft.net.roster import Roster
from nacos_tw.raft.net.security import IRaftTls
from nacos_tw.raft.net.starts import Starts
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.options import node_options
from nacos_tw.raft.remembering import InThread, Remembering
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.identity import Identity, settle
from nacos_tw.settings.settings import Settings

ALONE = "standalone"
"""What the log of a node that stands alone calls it: its address may change from start to start."""


def record_of(address: Address, name: str = "", id: str = "") -> MemberRecord:
    """What the log has of a member at an address."""
    return MemberRecord(name or address.node, id, address.node, address.raft_address)


def roster_of(own: Identity, listed: Iterable[Address]) -> Roster:
    """
    What a starting node knows of the members.

    @param listed: those that the operator names.
    """
    me = MemberRecord(own.name, own.id, own.http, own.raft)
    known = [MemberRecord(each.name, each.id, each.http, each.raft) for each in own.members]
    others = [record_of(address) for address in listed if address.node != own.http]
    roster = Roster(me, [me, *(known or others)], joined=own.joined)
    if own.forced:
        roster.force(known)
    return roster


@attrs.frozen
class RaftFolder:
    """
    What a node finds when it opens its folder.

    @ivar path: of the folder; C{store}: its log.
    @ivar name: what the log calls this node; C{shown}: what it is called to others.
    @ivar own: who it is; None where it stands alone.
    @ivar roster: the members that it knows; None where it has no others.
    @ivar records: the same as the log has them, at least this node's.
    """

    path: str
    store: Store
    name: str
    shown: str
    own: Identity | None
    roster: Roster | None
    records: list[MemberRecord]


def open_folder(settings: Settings) -> RaftFolder:
    """
    Open the log on disk.

    @raise nacos_tw.errors.StartError: the folder cannot be used, or is another member's.
    """
    path = os.path.join(settings.data, "raft")
    own = None if settings.standalone else settle(path, settings.member, settings.listed)
    name, shown = (ALONE, settings.node) if own is None else (own.name, own.name)
    store = open_store(path, name, not settings.clustered, segment_bytes=settings.raft.segment_bytes)
    if own is None or not settings.clustered:
        return RaftFolder(path, store, name, shown, own, None, [record_of(settings.member, name)])
    roster = roster_of(own, settings.listed or settings.members)
    return RaftFolder(path, store, name, shown, own, roster, roster.records())


def build_node(
    settings: Settings, clock: IReactorTime, folder: RaftFolder, writer: Writer, machine: IStateMachine
) -> RaftNode:
    """The driver on that log; C{machine}: what it changes."""
    options = node_options(
        settings.raft, folder.name, folder.records, folder.store.folder, folder.shown,
        alone=not settings.clustered, must_wait=settings.discovery is not None,
    )  # fmt: skip
    return RaftNode(options, folder.store, writer, machine, clock, random.SystemRandom())


def build_peers(
    settings: Settings,
    reactor: Any,
    folder: RaftFolder,
    node: RaftNode,
    events: IPeerEvents,
    interface: str,
    level: int,
    tls: IRaftTls | None,
    in_thread: InThread,
) -> Peers | None:
    """
    The links to the other members; None where there are none.

    @param interface: the address to listen on.
    @param level: of the commands that this version can apply.
    @param in_thread: for what is written beside the log.
    """
    if folder.roster is None:
        return None
    roster = folder.roster
    roster.open, roster.committed = settings.autopilot is not None, lambda: node.core.commit
    peers = node.peers = Peers(
        reactor, folder.name, roster.places(), settings.raft.secret, interface, settings.raft_port,
        node.frame_received, events,
        random=random.random, server=__version__, http=settings.node, level=level, tls=tls, roster=roster,
    )  # fmt: skip
    peers.sources.anyone = settings.welcome
    peers.sources.seeks = roster.seeks = lambda: roster.begun and not node.available and not node.failure
    peers.starts, peers.own_start = Starts(read_starts(folder.path)), lambda: node.start_told
    peers.own_term = lambda: node.core.term
    peers.own_leader = lambda: node.core.leader or ""
    peers.in_order = lambda: not node.reason()
    Remembering(peers.starts, folder.path, in_thread)
    return peers
