"""The one place where what went wrong becomes a code and a text for clients of gRPC (docs/spec/grpc.md#3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.access.limits import OverLimit
from nacos_tw.auth.problems import TooManyAtATime, TooManyFailures
from nacos_tw.config.problems import CasConflict, ConfigUnknown, OverQuota
from nacos_tw.database_phrases import alike_words, duplicate_words, refused_words
from nacos_tw.errors import (
    Alike,
    BadParameter,
    ClientUnknown,
    ClusterUnknown,
    Conflict,
    Defect,
    Duplicate,
    InstanceUnknown,
    Invalid,
    KindMismatch,
    Missing,
    NacosError,
    NotFound,
    ServiceExists,
    ServiceNotEmpty,
    ServiceUnknown,
    TooLarge,
    ValueRefused,
)
from nacos_tw.grpc.messages import BAD_PARAMETER, CLIENT_DISCONNECT, FAIL, OVER_THRESHOLD

CODES: dict[type[NacosError], int] = {
    BadParameter: BAD_PARAMETER,
    NotFound: 404,
    Conflict: 409,
    KindMismatch: BAD_PARAMETER,
    CasConflict: FAIL,
    ClientUnknown: CLIENT_DISCONNECT,
    OverLimit: OVER_THRESHOLD,
}
"""By kind of error; all others are the server's fault."""

_INVALID: dict[tuple[str, str], str] = {
    ("dataId", "characters"): "invalid dataId : {value}",
    ("group", "characters"): "invalid group : {value}",
    ("content", "blank"): "content is blank : {value}",
    ("content", "length"): "invalid content, over {limit}",
    ("tenant", "characters"): "invalid tenant",
    ("tag", "characters"): "invalid tag : {value}",
    ("config_tags", "count"): "too much config_tags, over {limit}",
    ("config_tags", "length"): "too long tag, over {limit}",
    ("port", "range"): "Param 'port' is illegal, the value should be between {limit[0]} and {limit[1]}.",
    ("ip", "format"): "instance format invalid: Your IP address is spelled incorrectly",
}
"""By field and rule; where a pair is not here, L{_BY_RULE} has it."""
_BY_RULE = {
    "length": "Param '{field}' is illegal, the param length should not exceed {limit}.",
    "characters": "Param '{field}' is illegal, illegal characters should not appear in the param.",
}


_QUOTAS = {
    "cluster": "Exceeded the maximum number of configurations in the cluster",
    "group": "Exceeded the maximum number of configurations in this group",
    "namespace": "Exceeded the maximum number of configurations for this namespaceId",
    "size": "Exceeded the maximum size limit of the configuration content",
}


def _cas(it: CasConflict) -> str:
    return f"Cas publish {'gray config ' if it.gray else ''}fail, server md5 may have changed."


def _invalid(it: Invalid) -> str:
    text = _INVALID.get((it.field, it.rule)) or _BY_RULE.get(it.rule, "Param '{field}' is illegal.")
    return text.format(field=it.field, value=it.value, limit=it.limit)


def _kind_mismatch(it: KindMismatch) -> str:
    refused, there = ("ephemeral", "persistent") if it.ephemeral else ("persistent", "ephemeral")
    return (
        f"errCode: 400, errMsg: Current service {it.service[1]} is {there} service, can't register {refused} instance. "
    )


WORDS: dict[type[NacosError], Callable[[Any], str]] = {
    Missing: lambda it: f"Param '{it.field}' is required.",
    Invalid: _invalid,
    TooLarge: lambda it: f"the write is too large: {it.size} bytes, at most {it.limit}",
    OverLimit: lambda it: f"Tps Flow restricted:{it.text}",
    TooManyFailures: lambda it: "too many failed logins, try again later",
    TooManyAtATime: lambda it: "too many logins at a time, try again later",
    ValueRefused: refused_words,
    Alike: alike_words,
    Duplicate: duplicate_words,
    Defect: lambda it: "internal error: the command could not be applied",
    ServiceUnknown: lambda it: f"service {it.service[1]} not found!",
    ServiceExists: lambda it: f"specified service {it.service[1]} already exists!",
    ServiceNotEmpty: lambda it: (
        f"Service {it.service[1]} is not empty, can't be delete. Please unregister instance first"
    ),
    KindMismatch: _kind_mismatch,
    CasConflict: _cas,
    ClientUnknown: lambda it: (
        f"errCode: {CLIENT_DISCONNECT}, errMsg: Client [{it.client}] connection already disconnect, can't register "
        "ephemeral instance. "
    ),
    OverQuota: lambda it: _QUOTAS[it.of],
    ConfigUnknown: lambda it: "config data not exist",
    ClusterUnknown: lambda it: f"cluster {it.cluster} is not found!",
    InstanceUnknown: lambda it: f"instance {it.ip}:{it.port} of service {it.service[1]} is not found!",
}
"""The table. Of an error that is in none of its types, the first of its bases that is; others bring their text."""


def or_null(text: str | None) -> str:
    """A member of a request, as Java writes it into a text."""
    return "null" if text is None else text


def phrase(error: NacosError) -> str:
    """The text."""
    for kind in type(error).__mro__:
        found = WORDS.get(kind)
        if found is not None:
            return found(error)
    return str(error)


def code_of(error: NacosError) -> int:
    """The code, of both C{errorCode} and C{resultCode}."""
    for kind in type(error).__mro__:
        found = CODES.get(kind)
        if found is not None:
            return found
    return FAIL
