"""The members of the cluster and what this node believes of each: up, suspicious or down (pure).

A member's JSON is the one of C{/v1/core/cluster/nodes} (Nacos 1.4.8), because the console shows
it as it is. Moves between the states::

    event                                     new state
    ----------------------------------------  ------------------------------------------
    link on 7848 stands                       UP (SUSPICIOUS if its last report told a fault)
    link on 7848 closed, connection refused   DOWN
    report arrived, or answered               UP (SUSPICIOUS if it tells a fault)
    report failed                             SUSPICIOUS; after fail_limit in a row DOWN; DOWN stays
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import attrs
import msgspec

UP = "UP"
SUSPICIOUS = "SUSPICIOUS"
DOWN = "DOWN"

RECOVERING = "raftRecovering"
"""Says of a member that it has lost its log."""
RAFT_GROUP = "naming_persistent_service"
"""The name under which Nacos's tools look for the Raft group."""


class IAddress(Protocol):
    """Where a member is, as L{nacos_tw.settings.clusterconf.Address} has it; its name, if that is another one."""

    @property
    def node(self) -> str: ...

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def raft_port(self) -> int: ...


class PeerFacts(Protocol):
    """The part of L{nacos_tw.raft.status.PeerStatus} that members tell each other."""

    @property
    def connected(self) -> bool: ...
    @property
    def lag(self) -> int: ...
    @property
    def rtt_seconds(self) -> float: ...


class RaftFacts(Protocol):
    """The part of L{nacos_tw.raft.status.RaftStatus} that members tell each other, and show."""

    @property
    def node(self) -> str: ...
    @property
    def vote(self) -> str: ...
    @property
    def learners(self) -> tuple[str, ...]: ...
    @property
    def role(self) -> str: ...
    @property
    def term(self) -> int: ...
    @property
    def leader(self) -> str: ...
    @property
    def commit(self) -> int: ...
    @property
    def applied(self) -> int: ...
    @property
    def last_index(self) -> int: ...
    @property
    def voters(self) -> tuple[str, ...]: ...
    @property
    def peers(self) -> Mapping[str, PeerFacts]: ...
    @property
    def healthy(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def recovering(self) -> bool: ...


class Report(msgspec.Struct, rename={"extend": "extendInfo", "fail_count": "failAccessCnt"}):
    """A member's JSON, as it travels. Keys that are not known are ignored."""

    ip: str
    port: int
    state: str = UP
    extend: dict[str, Any] = {}
    address: str = ""
    fail_count: int = 0


_decode_report = msgspec.json.Decoder(Report).decode


def bracketed(host: str) -> str:
    """The host as it stands before a colon: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@attrs.define
class Member:
    """One node of the cluster."""

    ip: str
    port: int
    raft_port: int
    state: str = DOWN
    fail_count: int = 0
    extend: dict[str, Any] = attrs.field(factory=dict)
    fault: str = ""
    """What the member last told to be wrong with itself."""
    name: str = attrs.field(default=attrs.Factory(lambda self: f"{self.ip}:{self.port}", takes_self=True))
    """What the log and the links call it: its address when it joined."""

    @property
    def address(self) -> str:
        """Where it serves now, C{ip:port}."""
        return f"{self.ip}:{self.port}"

    @property
    def raft_address(self) -> str:
        """Where its Raft part listens, C{ip:raftPort}."""
        return f"{self.ip}:{self.raft_port}"

    def as_json(self) -> dict[str, Any]:
        """The member as Nacos shows it: ip, port, state, extendInfo (keys sorted), address, failAccessCnt."""
        return {
            "ip": self.ip,
            "port": self.port,
            "state": self.state,
            "extendInfo": dict(sorted(self.extend.items())),
            "address": self.address,
            "failAccessCnt": self.fail_count,
        }


class MemberList:
    """
    All members, this node included, sorted by name: C{ip:port} of when they joined.

    @ivar listeners: each is called with the member and its old state, once for each change of a state.
    @ivar reported: each is called when a member's report was taken.
    @ivar grpc_port: where clients of 2.x and 3.x find this node; told to the others, 0 for not.
    @ivar own_facts: gives more entries of this node's extendInfo (empty ones are left out), and what is wrong with it.
    """

    def __init__(
        self, own: str, addresses: Iterable[IAddress], *, version: str, standalone: bool = False, fail_limit: int = 3
    ) -> None:
        """
        @param own: this node's id; one of the addresses.
        @param fail_limit: so many reports may fail before the member is down
            (C{nacos.core.member.fail-access-cnt}).
        """
        self.own_name = own
        self.standalone = standalone
        self.grpc_port = 0
        self.listeners: list[Callable[[Member, str], None]] = []
        self.reported: list[Callable[[], object]] = []
        self.own_facts: Callable[[], tuple[dict[str, Any], str]] = lambda: ({}, "")
        self._version = version
        self._fail_limit = fail_limit
        self._members: dict[str, Member] = {}
        self.replace(addresses)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def get(self, name: str) -> Member | None:
        """The member with that name, if it is one."""
        return self._members.get(name)

    def at(self, address: str) -> Member | None:
        """The member with that address (or Raft address, or name), if it is one."""
        found = next((member for member in self if address in (member.address, member.raft_address)), None)
        return found or self._members.get(address)

    def shown(self, name: str) -> str:
        """The address of the member with that name; the name, if it is none."""
        member = self._members.get(name)
        return name if member is None else member.address

    @property
    def own(self) -> Member:
        """This node."""
        return self._members[self.own_name]

    def others(self) -> list[str]:
        """The names of all members but this one."""
        return [name for name in self._members if name != self.own_name]

    def well(self) -> list[str]:
        """The names of the other members that are up and tell nothing wrong of themselves, sorted."""
        return [address for address in self.others() if self._members[address].state == UP]

    def recovering(self) -> list[str]:
        """The names of the other members that say that they have lost their logs."""
        return [address for address in self.others() if self._members[address].extend.get(RECOVERING)]

    def reachable(self) -> list[str]:
        """The addresses of the members that are not down, sorted."""
        return [member.address for member in self if member.state != DOWN]

    def replace(self, addresses: Iterable[IAddress]) -> None:
        """Take over a new list; members that stay keep what is known of them, new ones are down. This node stays."""
        members = {self.own_name: self._members[self.own_name]} if self.own_name in self._members else {}
        for address in addresses:
            ip = bracketed(address.host)
            name = address.node
            member = self._members.get(name) or Member(ip, address.port, address.raft_port, name=name)
            member.ip, member.port, member.raft_port = ip, address.port, address.raft_port
            member.extend["raftPort"] = str(address.raft_port)
            members[name] = member
        self._members = dict(sorted(members.items()))
        own = self.own
        own.state = UP if not own.fault else SUSPICIOUS
        own.extend["version"] = self._version

    def see_self(self, facts: RaftFacts, now: int) -> Member:
        """Note the state of this node's own Raft part. C{now} in epoch milliseconds."""
        own = self.own
        more, trouble = self.own_facts()
        own.fault = trouble if facts.healthy else facts.reason or "unknown"
        own.extend["lastRefreshTime"] = now
        if not self.standalone:
            own.extend.pop(RECOVERING, None)
            own.extend.update(self._raft_extend(facts, own.fault), **more)
            if self.grpc_port:
                own.extend["grpcPort"] = str(self.grpc_port)
            for name in [name for name, value in more.items() if not value]:
                del own.extend[name]
        self._move(own, SUSPICIOUS if own.fault else UP)
        return own

    def link_up(self, address: str) -> None:
        """The link to that member on 7848 stands."""
        member = self._other(address)
        if member is not None:
            member.fail_count = 0
            self._move(member, SUSPICIOUS if member.fault else UP)

    def link_down(self, address: str) -> None:
        """The link to that member on 7848 closed."""
        member = self._other(address)
        if member is not None:
            self._move(member, DOWN)

    def report_received(self, address: str, report: Report, now: int) -> bool:
        """
        A member told its state.

        @param now: epoch milliseconds.
        @return: whether the address is another member's; else nothing changed.
        """
        member = self._other(address)
        if member is None:
            return False
        member.fail_count = 0
        member.fault = _fault_in(report)
        member.extend = {**report.extend, "raftPort": str(member.raft_port), "lastRefreshTime": now}
        self._move(member, SUSPICIOUS if member.fault else UP)
        for heard in self.reported:
            heard()
        return True

    def report_failed(self, address: str, *, refused: bool = False) -> None:
        """A member did not take or answer a report; C{refused}: nothing listens there."""
        member = self._other(address)
        if member is None:
            return
        member.fail_count += 1
        if refused or member.fail_count > self._fail_limit:
            self._move(member, DOWN)
        elif member.state != DOWN:
            self._move(member, SUSPICIOUS)

    def responsible(self, tag: str) -> str:
        """
        The member that Nacos 1.4 would hold responsible for a text (Distro's mapping).

        @return: an address; this node's own when it stands alone or takes itself for down.
        """
        addresses = self.reachable()
        if self.standalone or self.own.address not in addresses:
            return self.own.address
        return addresses[abs(_java_remainder(java_hash(tag), 2147483647)) % len(addresses)]

    def _other(self, name: str) -> Member | None:
        return None if name == self.own_name else self._members.get(name)

    def _move(self, member: Member, state: str) -> None:
        old = member.state
        if old != state:
            member.state = state
            for listener in tuple(self.listeners):
                listener(member, old)

    def _raft_address(self, node: str) -> str:
        member = self._members.get(node)
        return member.raft_address if member is not None else node

    def _raft_extend(self, facts: RaftFacts, fault: str) -> dict[str, Any]:
        group: dict[str, Any] = {"errMsg": fault} if fault else {}
        if facts.leader:
            group["leader"] = self._raft_address(facts.leader)
        group["raftGroupMember"] = [self._raft_address(node) for node in facts.voters]
        group["term"] = facts.term
        meta: dict[str, Any] = {"errMsg": fault} if fault else {}
        meta["metaDataMap"] = {RAFT_GROUP: group}
        return {
            "members": [member.address for member in self],
            "raftApplied": facts.applied,
            "raftCommit": facts.commit,
            "raftLastIndex": facts.last_index,
            "raftMetaData": meta,
            "raftPeers": {self.shown(node): _peer_json(peer) for node, peer in sorted(facts.peers.items())},
            "raftRole": facts.role,
            **({RECOVERING: True} if facts.recovering else {}),
        }


def _peer_json(peer: PeerFacts) -> dict[str, Any]:
    return {"connected": peer.connected, "lag": peer.lag, "rttMillis": round(peer.rtt_seconds * 1000, 3)}


def parse_report(body: bytes) -> Report:
    """
    Read a member's JSON.

    @raise ValueError: it is no such thing.
    """
    report = _decode_report(body)
    if not report.address:
        report.address = f"{bracketed(report.ip)}:{report.port}"
    return report


def _fault_in(report: Report) -> str:
    meta = report.extend.get("raftMetaData")
    fault = meta.get("errMsg") if isinstance(meta, dict) else None
    if fault:
        return str(fault)
    return "" if report.state == UP else f"it says that it is {report.state}"


def java_hash(text: str) -> int:
    """C{String.hashCode()}: over UTF-16 units, as a signed 32-bit number."""
    value = 0
    data = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(data[::2], data[1::2], strict=True):
        value = (value * 31 + (high << 8 | low)) & 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value


def _java_remainder(value: int, by: int) -> int:
    """C{value % by} with the sign of the value, as in C and Java."""
    return -(-value % by) if value < 0 else value % by
