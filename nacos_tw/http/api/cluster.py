"""The cluster in v2 and v3: what is asked of members and of the node (docs/spec/http-v2-v3.md#4 and #5.4)."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.cluster.members import Member, Report
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import Asking, LogLevel, LookupKind, Order, Reported
from nacos_tw.cluster.requests import Nodes as Wanted
from nacos_tw.http.api.codes import ILLEGAL_STATE, PARAMETER_MISSING, SERVER_ERROR
from nacos_tw.http.api.parameters import REQUEST, text
from nacos_tw.http.api.results import OK, result
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.reply import Reply

STATES = "UP", "DOWN", "SUSPICIOUS", "STARTING", "ISOLATION"
ADDRESS = text("address", "Members whose addresses begin so.")
STATE = text("state", "Members in that state.", choices=STATES)
KIND = text("type", "How members are looked up.", needed=REQUEST, choices=("file", "address-server"))


def member_json(member: Member) -> dict[str, Any]:
    """A member."""
    return {**member.as_json(), "abilities": {}, "grpcReportEnabled": True}


def listed(members: Members, call: Call) -> Reply:
    """The members that are asked for."""
    state = STATE(call)
    if state and state.upper() not in STATES:
        return result(f"Illegal state: {state}", ILLEGAL_STATE, 400)
    found = members.nodes(call, Wanted(ADDRESS(call)))
    return result([member_json(each) for each in found if not state or each.state == state.upper()])


def noted_members(members: Members, call: Call) -> Reply:
    """Members that a node reports. Nothing is taken from it: ours report over their own links."""
    given: list[Report] = read_json(call.body or b"[]", list[Report])
    if not given:
        return result("required parameter 'nodes' is missing", PARAMETER_MISSING, 400)
    for each in given:
        members.is_member(call, Reported(each))
    return result(True)


def switch_lookup(members: Members, call: Call) -> bool:
    """C{file} is how it is."""
    members.switch_lookup(call, LookupKind(KIND(call)))
    return True


def ready(nodes: Nodes, call: Call, status: int) -> Reply:
    """
    Whether the node can do its work.

    @param status: of the answer, if it cannot.
    """
    reason = nodes.readiness(call, Asking())
    return result(reason, SERVER_ERROR, status) if reason else OK


class OrderBody(msgspec.Struct):
    """What the Raft part shall do."""

    command: str = ""
    value: str | None = None
    groupId: str | None = None  # noqa: N815 - the name of the wire


class LevelBody(msgspec.Struct):
    """The level that a log gets."""

    logName: str = ""  # noqa: N815 - the names of the wire
    logLevel: str = ""  # noqa: N815


ORDER = (
    text("command", "What shall be done.", choices=("transferLeader", "doSnapshot")),
    text("value", "The member that shall do it, ip:raftPort; any where it is empty."),
    text("groupId", "The Raft group."),
)
LEVEL = text("logName", "The log."), text("logLevel", "Its level.")


def order(call: Call) -> Order:
    """From JSON, or from parameters."""
    if is_object(call):
        given: OrderBody = call.json(OrderBody)
        return Order(given.command, given.value, given.groupId)
    command, value, group = (each(call) for each in ORDER)
    return Order(command, value or None, group or None)


def level(call: Call) -> LogLevel:
    """From JSON, or from parameters."""
    if is_object(call):
        given: LevelBody = call.json(LevelBody)
        return LogLevel(given.logName, given.logLevel)
    return LogLevel(*(each(call) for each in LEVEL))


def is_object(call: Call) -> bool:
    """Whether the body is a JSON object."""
    return call.body.lstrip()[:1] == b"{"
