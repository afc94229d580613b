"""What v2 and v3 say about problems of configs (docs/spec/http-v2-v3.md#3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.config.problems import (
    ArchiveError,
    CasConflict,
    ConfigInvalid,
    ConfigUnknown,
    CopiesUnsupported,
    CopyUnknown,
    MetadataError,
    NothingToImport,
    OtherConfig,
    OverQuota,
    TargetUnknown,
    TooManyCopies,
    UnreadableEntries,
)
from nacos_tw.http.api.codes import (
    ACCESS_DENIED,
    CLUSTER_QUOTA,
    GRAY_OVER_MAX,
    GRAY_RULE_INVALID,
    GRAY_RULE_VERSION,
    GROUP_QUOTA,
    IMPORT_EMPTY,
    IMPORT_INVALID,
    IMPORT_UNREADABLE,
    NAMESPACE_NOT_EXIST,
    NOTHING_SELECTED,
    OVER_SIZE,
    PARAMETER_ERROR,
    RESOURCE_CONFLICT,
    RESOURCE_NOT_FOUND,
    SERVER_ERROR,
    TENANT_QUOTA,
)
from nacos_tw.http.api.error_result import ErrorResult

_INVALID: dict[tuple[str, str], str] = {
    ("dataId", "characters"): "invalid dataId : {value}",
    ("group", "characters"): "invalid group : {value}",
    ("content", "blank"): "content is blank : {value}",
    ("content", "length"): "invalid content, over {limit}",
    ("tenant", "characters"): "invalid tenant",
    ("tag", "characters"): "invalid tag : {value}",
    ("grayName", "characters"): "invalid grayName : {value}",
    ("grayRuleExp", "format"): "invalid grayRuleExp : {value}",
    ("grayVersion", "choice"): "unknown grayVersion : {value}",
    ("grayType", "choice"): "unknown grayType : {value}",
    ("grayPriority", "range"): "grayPriority is out of range",
    ("config_tags", "count"): "too much config_tags, over {limit}",
    ("policy", "choice"): "policy is one of ABORT, SKIP and OVERWRITE, not '{value:.20}'",
    ("pageSize", "bytes"): "the contents of this page are more than {limit} bytes, ask for a smaller pageSize",
}
_CODES = {
    ("grayRuleExp", "format"): GRAY_RULE_INVALID,
    ("grayRuleExp", "length"): GRAY_RULE_INVALID,
    ("grayVersion", "choice"): GRAY_RULE_VERSION,
    ("grayType", "choice"): GRAY_RULE_VERSION,
}
_QUOTAS = {
    "cluster": (CLUSTER_QUOTA, "Exceeded the maximum number of configurations in the cluster"),
    "group": (GROUP_QUOTA, "Exceeded the maximum number of configurations in this group"),
    "namespace": (TENANT_QUOTA, "Exceeded the maximum number of configurations for this namespaceId"),
    "size": (OVER_SIZE, "Exceeded the maximum size limit of the configuration content"),
}
_NOTHING = {
    "archive": IMPORT_EMPTY,
    "entries": IMPORT_EMPTY,
    "configs": IMPORT_EMPTY,
    "ids": NOTHING_SELECTED,
}


def _invalid(it: ConfigInvalid, route: str) -> ErrorResult:
    said = _INVALID.get((it.field, it.rule), "too long {field}, over {limit}")
    code = _CODES.get((it.field, it.rule), PARAMETER_ERROR)
    return ErrorResult(400, code, said.format(field=it.field, value=it.value, limit=it.limit))


def _quota(it: OverQuota, route: str) -> ErrorResult:
    code, said = _QUOTAS[it.of]
    return ErrorResult(429, code, said)


def _archive(it: ArchiveError, route: str) -> ErrorResult:
    where = f" of {it.entry}" if it.entry else ""
    return ErrorResult(200, IMPORT_UNREADABLE, f"{it.rule}{where}{f': {it.detail}' if it.detail else ''}")


def _metadata(it: MetadataError, route: str) -> ErrorResult:
    return ErrorResult(200, IMPORT_INVALID, f"{f'line {it.line}: ' if it.line else ''}{it.rule} {it.detail}".strip())


def _unreadable(it: UnreadableEntries, route: str) -> ErrorResult:
    return ErrorResult(200, IMPORT_UNREADABLE, f"no text in UTF-8: {', '.join(it.unreadable)}")


CONFIG: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    ConfigInvalid: _invalid,
    CasConflict: lambda it, route: ErrorResult(
        500, RESOURCE_CONFLICT, f"Cas publish {'gray config ' if it.gray else ''}fail, server md5 may have changed."
    ),
    OverQuota: _quota,
    ConfigUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, "config data not exist"),
    CopyUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, "config data not exist"),
    OtherConfig: lambda it, route: ErrorResult(403, ACCESS_DENIED, "Please check dataId, group or namespaceId."),
    TargetUnknown: lambda it, route: ErrorResult(404, NAMESPACE_NOT_EXIST, f"namespaceId [ {it.namespace} ] not exist"),
    NothingToImport: lambda it, route: ErrorResult(200, _NOTHING[it.lacking], None),
    ArchiveError: _archive,
    MetadataError: _metadata,
    UnreadableEntries: _unreadable,
    TooManyCopies: lambda it, route: ErrorResult(
        400, GRAY_OVER_MAX, f"gray config version is over max count :{it.limit}"
    ),
    CopiesUnsupported: lambda it, route: ErrorResult(400, SERVER_ERROR, "the database has no table config_info_gray"),
}
