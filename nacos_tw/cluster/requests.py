"""What can be asked of a node and of its cluster: frozen values, which every API makes of its own parameters."""

from __future__ import annotations

import enum

import attrs

from nacos_tw.cluster.members import Report
from nacos_tw.metrics.history import SPAN


class OfCluster:
    """Base: permissions name nothing of it."""

    def resource(self) -> str:
        """None."""
        return ""

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {}


@attrs.frozen
class Asking(OfCluster):
    """What says nothing but that it is asked."""


@attrs.frozen
class Nodes(OfCluster):
    """
    Members whose addresses begin with a text.

    @ivar only_up: without those that are not up.
    """

    prefix: str = ""
    only_up: bool = False


@attrs.frozen
class Reported(OfCluster):
    """A node that says that it is a member, by what it reports of itself."""

    report: Report


@attrs.frozen
class NamedMember(OfCluster):
    """A node that says that it is a member, by its address or a part of that, as nodes of 1.4 do."""

    address: str


@attrs.frozen
class Responsible(OfCluster):
    """Which member Distro would hold responsible for a text: C{ip:port} of a client, or a service."""

    tag: str


@attrs.frozen
class NoticeIn(OfCluster):
    """What an operator announces, in a language."""

    language: str


@attrs.frozen
class OnePlugin(OfCluster):
    """A plugin, by its type and its name."""

    kind: str
    name: str

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"plugin": f"{self.kind}:{self.name}"}


@attrs.frozen
class LookupKind(OfCluster):
    """How the members shall be found: C{file}."""

    kind: str


@attrs.frozen
class Order(OfCluster):
    """
    What the Raft part shall do.

    @ivar command: C{transferLeader} or C{doSnapshot}.
    @ivar value: the id or Raft address (C{ip:raftPort}) of the member that shall do it; None leaves it open.
    @ivar group: the Raft group; None or "" is ours.
    """

    command: str
    value: str | None = None
    group: str | None = None


class Verb(enum.Enum):
    """What is done to the members; one entry of the log each."""

    ADD = "add"
    PROMOTE = "promote"
    DEMOTE = "demote"
    REMOVE = "remove"
    REPLACE = "replace"
    UPDATE = "update"


@attrs.frozen
class MemberChange(OfCluster):
    """
    A change of the members.

    @ivar member: which one, by address, Raft address, name or id; "" where one is added.
    @ivar http: the address C{ip:port} that it has then; C{raft}: its Raft port's, "" for the usual one.
    @ivar id: the id of the one that is added, if it is known.
    @ivar joins: whether one that is added is promoted as soon as it has caught up.
    @ivar force: make it although no live majority would be left, or the one that is replaced is alive.
    """

    verb: Verb
    member: str = ""
    http: str = ""
    raft: str = ""
    id: str = ""
    joins: bool = False
    force: bool = False

    def details(self) -> dict[str, str]:
        """For the audit log."""
        found = {"member": self.member, "address": self.http, "raftAddress": self.raft, "id": self.id}
        return {**found, "voter": "true" if self.joins else "", "force": "true" if self.force else ""}


@attrs.frozen
class MakeBackup(OfCluster):
    """A snapshot of the whole state, made now."""


@attrs.frozen
class BackupPiece(OfCluster):
    """
    A piece of a snapshot.

    @ivar index: which snapshot; C{offset}: from which byte on.
    """

    index: int
    offset: int

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"index": str(self.index), "offset": str(self.offset)}


@attrs.frozen
class LogLevel(OfCluster):
    """The level that a log gets, both by Nacos's names."""

    log: str
    level: str

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"logName": self.log, "logLevel": self.level}


def _within(seconds: int) -> int:
    return min(max(1, seconds), int(SPAN))


@attrs.frozen
class Span(OfCluster):
    """The last C{seconds} of all nodes: at least one, at most L{SPAN}."""

    seconds: int = attrs.field(default=int(SPAN), converter=_within)
