"""What v2 and v3 say about problems of namespaces, accounts and the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.cluster.problems import (
    BackupGone,
    ChangeRefused,
    LeaveUnsupported,
    LogLevelsFixed,
    LookupUnsupported,
    MemberUnknown,
    OrderFailed,
    PluginFixed,
    PluginUnknown,
)
from nacos_tw.http.api.codes import (
    ILLEGAL_NAMESPACE,
    NAMESPACE_NOT_EXIST,
    PARAMETER_ERROR,
    RESOURCE_CONFLICT,
    RESOURCE_NOT_FOUND,
    SERVER_ERROR,
)
from nacos_tw.http.api.error_result import ErrorResult
from nacos_tw.http.shared_words import order_words
from nacos_tw.loglevels import LogLevelUnknown, LogUnknown
from nacos_tw.namespaces.problems import DescriptionTooLong, NamespaceRefused, NamespaceUnknown

_CHANGES = {
    "address": "{subject} is no address; name the node as ip:port, or host:port",
    "known": "{subject} is a member already; promote, demote or remove it",
    "taken": "{subject} is where the member {detail} is; remove that first, or name another address",
    "id": "the member {detail} has the id {subject}: two nodes with one id would be taken for each other; start the "
    "new one with an empty data folder",
    "voter": "{subject} is a voter already; there is nothing to do",
    "learner": "{subject} is a learner already; there is nothing to do",
    "behind": "{subject} lacks {number} log entries; promote it when it has caught up",
    "recovering": "{subject} has lost its log and is fetching it; promote it when it has it",
    "unreachable": "the leader does not hear {subject}; start it and see that its Raft port is reached, or remove it "
    "if its address is wrong",
    "alive": "{subject} is alive; add the other node, then remove this one",
    "majority": "of the {of} voters that there would be only {number} are heard, which is no majority: nothing could "
    "be written any more; start the others first, or force it",
    "last": "{subject} is the only voter; add or promote another one first",
    "busy": "another change is under way, or the leader has just begun; try again",
    "older": "{subject} runs an older version, which would undo the change; upgrade or remove it first, or force it",
    "unheard": "{subject} was not heard since it is a member, so its version is not known, and an older one would undo "
    "the change; start it or remove it first, or force it",
    "successor": "no other voter could take over the lead from {subject}; see that another one is up, and try again",
    "alone": "this node stands alone: it has no members; start it with a list of members",
}


def change_words(it: ChangeRefused) -> str:
    """Why the members are not changed."""
    return _CHANGES[it.why].format(subject=it.subject, detail=it.detail, number=it.number, of=it.of)


def _refused(it: NamespaceRefused, route: str) -> ErrorResult:
    if it.field == "id":
        return ErrorResult(400, ILLEGAL_NAMESPACE, f"namespaceId [{it.value}] mismatch the pattern")
    return ErrorResult(400, ILLEGAL_NAMESPACE, f"namespaceName [{it.value}] contains illegal char")


def _unknown(it: NamespaceUnknown, route: str) -> ErrorResult:
    return ErrorResult(404, NAMESPACE_NOT_EXIST, f"namespaceId [ {it.id or 'public'} ] not exist")


CLUSTER: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    NamespaceUnknown: _unknown,
    DescriptionTooLong: lambda it, route: ErrorResult(400, SERVER_ERROR, f"too long namespaceDesc, over {it.limit}"),
    NamespaceRefused: _refused,
    LookupUnsupported: lambda it, route: ErrorResult(
        400, PARAMETER_ERROR, f"the members are cluster.conf's, they are not looked up by {it.kind[:50]!r}"
    ),
    LeaveUnsupported: lambda it, route: ErrorResult(405, SERVER_ERROR, "members leave by cluster.conf"),
    BackupGone: lambda it, route: ErrorResult(
        404, RESOURCE_NOT_FOUND, f"the snapshot at entry {it.index} is gone: newer ones have taken its place"
    ),
    PluginUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, f"Plugin not found: {it.kind}:{it.name}"),
    PluginFixed: lambda it, route: ErrorResult(
        400, PARAMETER_ERROR, f"{it.kind}:{it.name} is set up by conf/application.properties"
    ),
    OrderFailed: lambda it, route: ErrorResult(500, SERVER_ERROR, order_words(it)),
    MemberUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, f"{it.member[:100]} is no member"),
    ChangeRefused: lambda it, route: ErrorResult(409, RESOURCE_CONFLICT, change_words(it)),
    LogUnknown: lambda it, route: ErrorResult(
        400, SERVER_ERROR, f"unknown log {it.name}, expected one of {', '.join(it.known)}"
    ),
    LogLevelUnknown: lambda it, route: ErrorResult(
        400, SERVER_ERROR, f"unknown level {it.level}, expected one of {', '.join(it.known)}"
    ),
    LogLevelsFixed: lambda it, route: ErrorResult(400, SERVER_ERROR, "log levels cannot be changed on this node"),
}
