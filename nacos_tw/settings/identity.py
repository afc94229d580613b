"""
Who a node is, whatever its address: a small file in its data folder, made at the first start and kept.

It also holds where the members were when the log last named them, so that a node finds them again without cluster.conf.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from typing import Any

import attrs

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings.clusterconf import Address, parse_members

NAME = "member"
"""The file, in the folder of the log: who loses that is another node."""
OWNER = "owner"
"""Beside it: whose folder it is. Older versions have this one only."""


@attrs.frozen
class Known:
    """Where a member is: C{http} and C{raft} are C{ip:port}; C{id} is "" while it is not known."""

    name: str
    id: str
    http: str
    raft: str


@attrs.frozen
class Identity:
    """
    A node.

    @ivar name: what the log calls it.
    @ivar id: no other node has it.
    @ivar http, raft: where it is since its last start, C{ip:port}.
    @ivar joined: whether the log has named it by this id.
    @ivar members: all members, as the log had them last.
    @ivar forced: whether an operator has written C{members}: they count, whatever the log says.
    """

    name: str
    id: str
    http: str
    raft: str
    joined: bool = False
    members: tuple[Known, ...] = ()
    forced: bool = False


def read(folder: str) -> Identity | None:
    """
    Who the node of that folder of a log is; None if it does not say.

    @raise StartError: the file cannot be read.
    """
    path = os.path.join(folder, NAME)
    try:
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        members = tuple(Known(*map(str, each)) for each in found.pop("members"))
        return Identity(**found, members=members)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StartError(f"{path}: does not say who this node is: {error}") from None


def keep(folder: str, identity: Identity) -> None:
    """Keep it: a crash leaves the file of before or the new one."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, NAME)
    facts = attrs.asdict(identity, recurse=False)
    facts["members"] = [attrs.astuple(each) for each in identity.members]
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(json.dumps(facts))
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.new", path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(folder: str, own: Address, listed: Sequence[Address]) -> Identity:
    """
    Who this node is, for a start in a cluster; made and kept if the folder is new.

    @param own: where it is now.
    @param listed: the members that the operator names.
    @raise StartError: the folder is that of another member.
    """
    known = read(folder)
    name = known.name if known is not None else _owner(folder) or own.node
    if name != own.node and any(member.node == name for member in listed):
        raise StartError(f"the data folder {folder} belongs to node {name}, this is node {own.node}")
    http, raft = own.node, own.raft_address
    if known is None:
        settled = Identity(name, secrets.token_hex(8), http, raft)
    else:
        settled = attrs.evolve(known, http=http, raft=raft)
    if settled != known:
        keep(folder, settled)
    return settled


def _owner(folder: str) -> str:
    try:
        with open(os.path.join(folder, OWNER), encoding="utf-8") as file:
            found = file.read()
    except OSError:
        return ""
    # The folder of a node that stood alone is no member's.
    return found if ":" in found else ""


def address(http: str, raft: str) -> Address:
    """
    Where a member is.

    @param http: C{ip:port}; C{raft}: the same of its Raft port, "" for the usual one.
    @raise SettingsError: it is no address.
    """
    port = raft.rpartition(":")[2]
    found = parse_members(f"{http}?raft_port={port}" if port else http, 0, "the address")
    if len(found) != 1 or not found[0].port:
        raise SettingsError(f"{http[:100]!r}: expected one ip:port")
    return attrs.evolve(found[0], raw=http)
