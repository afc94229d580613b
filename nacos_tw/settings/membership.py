"""Where the list of members comes from, and which of them this node is."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

import attrs

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings import identity, keys
from nacos_tw.settings.addresses import Preferences, is_own, literal, preferred_ip
from nacos_tw.settings.clusterconf import RAFT_OFFSET, Address, find_self, parse_members
from nacos_tw.settings.discovery import Discovery, discovery
from nacos_tw.settings.identity import Identity
from nacos_tw.settings.reading import Reader, read_text


@attrs.frozen
class Found:
    """See L{nacos_tw.settings.settings.Settings}, whose fields these are; C{own}: this node."""

    members: tuple[Address, ...]
    own: Address
    listed: tuple[Address, ...] = ()
    clustered: bool = True
    remarks: tuple[str, ...] = ()
    discovery: Discovery | None = None


def alone(reader: Reader, port: int) -> Found:
    """A node that stands alone."""
    own = Address(own_host(reader), port, reader.get(keys.RAFT_PORT) or max(0, port - RAFT_OFFSET))
    return Found((own,), own, clustered=False)


def find(reader: Reader, home: str, folder: str, port: int) -> Found:
    """
    All members, and which of them this node is.

    A node that was a member once knows the others from its log: what the operator lists can be torn, empty or wrong
    then, and changes nothing.

    @param folder: of the log.
    @raise StartError: a new node has no list, or is not in it.
    @raise SettingsError: its list is malformed.
    """
    known = identity.read(folder)
    remarks: tuple[str, ...] = ()
    if (looked_for := discovery(reader, port)) is not None:
        return _discovered(reader, known, looked_for, port)
    listed: tuple[Address, ...] = ()
    try:
        found, own = find_members(reader, home, port)
        listed = tuple(found)
        _check_raft_port(reader, own)
    except (StartError, SettingsError) as error:
        if known is None or not known.members:
            raise
        own = _own_place(reader, known, port)
        remarks = (f"{error}. The node goes on as {own.node}: its log says who the members are",)
    if known is None or not known.members:
        return Found(listed, own, listed, len(listed) > 1, remarks)
    return Found((own, *_others(known)), own, listed, True, remarks)


def _others(known: Identity) -> list[Address]:
    return [identity.address(each.http, each.raft) for each in known.members if each.name != known.name]


def _discovered(reader: Reader, known: Identity | None, looked_for: Discovery, port: int) -> Found:
    """
    As L{find}, where DNS names the members. What it says at the start need not be all: the node looks again.

    @raise StartError: SRV records name the nodes by their host names, and not this one yet.
    """
    nodes: list[Address] = []
    remarks: tuple[str, ...] = ()
    try:
        nodes = looked_for.look()
    except SettingsError as error:
        remarks = (f"{error}. The node looks again",)
    try:
        own = find_self(nodes, port, configured_host(reader, nodes, port), is_own, f"dns:{looked_for.name}")
    except StartError as error:
        if known is not None:
            own = _own_place(reader, known, port)
        elif looked_for.by_services and not reader.get(keys.IP_ADDRESS):
            raise StartError(f"{error}, to the name by which its SRV record knows this node") from None
        else:
            own = Address(own_host(reader), port, reader.get(keys.RAFT_PORT) or max(0, port - RAFT_OFFSET))
    if known is not None and known.members:
        nodes = _others(known)
    others = [node for node in nodes if node != own]
    return Found((own, *others), own, (), True, remarks, looked_for)


def _check_raft_port(reader: Reader, own: Address) -> None:
    raft_port = reader.get(keys.RAFT_PORT)
    if raft_port and raft_port != own.raft_port:
        raise SettingsError(
            f"{reader.filename}: nacos.raft.port={raft_port}, but the other nodes look for this one's Raft at "
            f"{own.raft_port}; expected {own.raw}?raft_port={raft_port} in cluster.conf, on every node"
        )


def _own_place(reader: Reader, known: Identity, port: int) -> Address:
    """Where a node is that nobody lists: where it was, if it still can be there."""
    before = identity.address(known.http, known.raft)
    if before.port == port and is_own(before.host):
        return before
    return Address(own_host(reader), port, reader.get(keys.RAFT_PORT) or max(0, port - RAFT_OFFSET))


def find_members(reader: Reader, home: str, port: int) -> tuple[list[Address], Address]:
    """
    The members from conf/cluster.conf, else from C{nacos.member.list}; and this node among them.

    @raise StartError: there is no list, or this node is not in it.
    @raise SettingsError: the list is malformed.
    """
    filename = os.path.join(home, "conf", "cluster.conf")
    listed = reader.value(keys.MEMBERS)
    if reader.get(keys.LOOKUP) == "address-server":
        raise StartError(
            f"{reader.filename}: nacos.core.member.lookup.type=address-server is not supported; write the nodes "
            f"into {filename}, one ip:port a line"
        )
    if os.path.lexists(filename):
        origin, text = filename, read_text(filename)
    elif listed is not None:
        origin, text = f"nacos.member.list ({listed.origin})", reader.get(keys.MEMBERS)
    else:
        raise StartError(
            f"{filename} does not exist; write every node of the cluster into it, one ip:port a line, the same on "
            "every node (conf/cluster.conf.example shows it), or start with -m standalone for a single node"
        )
    members = parse_members(text, port, origin)
    if not members:
        raise StartError(f"{origin} names no node; expected every node of the cluster, one ip:port a line")
    return members, find_self(members, port, configured_host(reader, members, port), is_own, origin)


def configured_host(reader: Reader, members: Sequence[Address], port: int) -> str:
    """The operator's word about this node's address, or "" where the list and the interfaces decide.

    C{server.address}, C{prefer-hostname-over-ip} and the C{inetutils} filters count where what they give is in the
    list.
    """
    if told := reader.get(keys.IP_ADDRESS):
        return told
    hosts = {member.host for member in members if member.port == port}
    if (listening := _listening(reader)) in hosts:
        return listening
    name = _host_name(reader)
    if name in hosts:
        return name
    full = [host for host in hosts if host.partition(".")[0] == name and literal(host) is None]
    if len(full) == 1:
        return full[0]
    preferences = _preferences(reader)
    if preferences != Preferences() and (address := preferred_ip(preferences)) in hosts:
        return address
    return ""


def own_host(reader: Reader) -> str:
    """The address by which a node that stands alone is known."""
    told = _plain(reader.get(keys.IP_ADDRESS))
    return told or _listening(reader) or _host_name(reader) or preferred_ip(_preferences(reader))


def _listening(reader: Reader) -> str:
    """The one address to listen on, as cluster.conf would have it; "" for all."""
    told = _plain(reader.get(keys.ADDRESS))
    address = literal(told)
    return "" if address is not None and address.is_unspecified else told


def _plain(host: str) -> str:
    """An address in its shortest form without brackets, or a name in lower case: as members have it."""
    text = host.strip("[]").lower().rstrip(".")
    address = literal(text)
    return text if address is None else str(address)


def _host_name(reader: Reader) -> str:
    return socket.gethostname().lower() if reader.get(keys.PREFER_HOSTNAME) else ""


def _preferences(reader: Reader) -> Preferences:
    return Preferences(
        networks=tuple(reader.all(keys.PREFERRED_NETWORKS)),
        ignored=tuple(reader.all(keys.IGNORED_INTERFACES)),
        site_local=reader.get(keys.SITE_LOCAL),
    )
