"""What v1 says about problems of configs (docs/spec/config-v1.md#9.1, #6, #8.3)."""

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

_INVALID: dict[tuple[str, str], str] = {
    ("dataId", "characters"): "invalid dataId : {value}",
    ("dataId", "length"): "Param 'dataId' is illegal, the param length should not exceed {limit}.",
    ("group", "characters"): "invalid group : {value}",
    ("group", "length"): "Param 'group' is illegal, the param length should not exceed {limit}.",
    ("content", "blank"): "content is blank : {value}",
    ("content", "length"): "invalid content, over {limit}",
    ("tenant", "characters"): "invalid tenant",
    ("tenant", "length"): "too long tag, over {limit}",  # sic
    ("tag", "characters"): "invalid tag : {value}",
    ("tag", "length"): "too long tag, over {limit}",
    ("config_tags", "count"): "too much config_tags, over {limit}",
    ("config_tags", "length"): "too long tag, over {limit}",
    ("policy", "choice"): "Failed to convert value of type 'java.lang.String' to required type"
    " 'com.alibaba.nacos.config.server.model.SameConfigPolicy': {value}",
    ("unreadable", "choice"): "unreadable is abort or skip, not '{value:.20}'",
    ("pageSize", "bytes"): "the contents of this page are more than {limit} bytes, ask for a smaller pageSize",
}
"""By field and rule."""
_BY_RULE = {"length": "too long {field}, over {limit}"}

_QUOTAS = {
    "cluster": "Exceeded the maximum number of configurations in the cluster",
    "group": "Exceeded the maximum number of configurations in this group",
    "namespace": "Exceeded the maximum number of configurations for this namespaceId",
    "size": "Exceeded the maximum size limit of the configuration content",
}

_ARCHIVE = {
    "entries": "more than {limit} entries",
    "size": "the archive unpacks to too much",
    "nul": "the name of an entry has a NUL",
    "name": "the name of an entry is too long",
    "packing": "an entry is packed in a way that is not supported",
    "overlap": "entries share bytes",
    "entry": "an entry unpacks to too much",
    "metadata": "the metadata are too long",
    "encoding": "the metadata are no text in UTF-8",
    "format": "no archive that can be read: {detail}",
}

_METADATA = {
    "lines": "too many lines",
    "events": "too much",
    "items": "too many items",
    "list": "no list of metadata",
    "document": "a second document",
    "mapping": "an item that is no mapping",
    "merge": "a merge of something else than aliases",
    "type": "a value of an unknown type",
    "length": "a value that is too long",
    "alias": "*{detail} is no item",
    "field": "item {item} has no {detail}",
    "yaml": "{detail}",
    "format": "no YAML: {detail}",
}


def _invalid(it: ConfigInvalid, route: str) -> tuple[int, str]:
    text = _INVALID.get((it.field, it.rule)) or _BY_RULE.get(it.rule, "Param '{field}' is illegal.")
    return 400, text.format(field=it.field, value=it.value, limit=it.limit)


def _cas(it: CasConflict, route: str) -> tuple[int, str]:
    return 500, f"Cas publish {'gray config ' if it.gray else ''}fail, server md5 may have changed."


def archive_words(it: ArchiveError) -> str:
    """What is wrong with an archive."""
    return _ARCHIVE[it.rule].format(limit=it.limit, detail=it.detail)


def metadata_words(it: MetadataError) -> str:
    """What is wrong with an archive's metadata, and in which line."""
    if it.rule == "text":
        text = f"*{it.detail} is no text" if it.detail else "a value that is no text"
    else:
        text = _METADATA[it.rule].format(item=it.item, detail=it.detail)
    return f"line {it.line}: {text}" if it.line else text


WORDS: dict[type[BaseException], Callable[[Any, str], tuple[int, str]]] = {
    ConfigInvalid: _invalid,
    # Where a client reads a config, docs/spec/config-v1.md#3.2 has headers and a line end besides: configs.py has them.
    ConfigUnknown: lambda it, route: (404, "config data not exist"),
    CopyUnknown: lambda it, route: (404, "config data not exist"),
    CasConflict: _cas,
    OtherConfig: lambda it, route: (403, "Please check dataId, group or namespaceId."),
    # The routes of imports and clones answer these in a document of their own.
    TargetUnknown: lambda it, route: (404, f"there is no namespace {it.namespace}"),
    NothingToImport: lambda it, route: (400, "there is nothing to import"),
    UnreadableEntries: lambda it, route: (400, f"entries that are no text in UTF-8: {', '.join(it.unreadable)}"),
    ArchiveError: lambda it, route: (400, archive_words(it)),
    MetadataError: lambda it, route: (400, metadata_words(it)),
    OverQuota: lambda it, route: (429, _QUOTAS[it.of]),
    TooManyCopies: lambda it, route: (400, f"gray config version is over max count :{it.limit}"),
    CopiesUnsupported: lambda it, route: (400, "the database has no table config_info_gray"),
}
