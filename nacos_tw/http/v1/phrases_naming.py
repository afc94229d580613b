"""What v1 says about problems of naming (docs/spec/naming-v1.md): 1.4.8's texts, and 2.5.1's of its parameter check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.errors import (
    ClientUnknown,
    ClusterUnknown,
    HealthIsChecked,
    InstanceUnknown,
    Invalid,
    KindMismatch,
    Missing,
    ServiceExists,
    ServiceNotEmpty,
    ServiceUnknown,
)
from nacos_tw.http.shared_words import SWITCHES, choices_of

_TOO_LONG = "Param '{field}' is illegal, the param length should not exceed {limit}."
_ODD = "Param '{field}' is illegal, illegal characters should not appear in the param."
_NO_NUMBER = 'For input string: "{value}"'

_INVALID: dict[tuple[str, str], str] = {
    ("serviceName", "format"): "Param '{field}' is illegal, it should be format as 'groupName@@serviceName'",
    ("serviceName", "group"): "Param '{field}' is illegal, groupName can't be empty",
    ("serviceName", "name"): "dom name can only have these characters: 0-9a-zA-Z-._:, current: {value}",
    ("cluster", "name"): "cluster name can only have these characters: 0-9a-zA-Z-, current: {value}",
    ("ip", "format"): "instance format invalid: Your IP address is spelled incorrectly",
    ("port", "range"): "Param 'port' is illegal, the value should be between {limit[0]} and {limit[1]}.",
    ("weight", "range"): "instance format invalid: The weights range from {limit[0]} to {limit[1]}",
    ("metadata", "length"): "Param 'Metadata' is illegal, the param length should not exceed {limit}.",
    ("metadata", "format"): "metadata format incorrect:{value}",
    ("healthChecker", "format"): "healthChecker format incorrect:{value}",
    ("selector", "format"): "selector format incorrect:{value}",
    ("selector", "choice"): "not match any type of selector!",
    ("selector", "expression"): "Selector parses failed: parse expression failed!",
    ("pageNo", "page"): "pageNo and pageSize must be greater than zero",
    ("pageSize", "page"): "pageNo and pageSize must be greater than zero",
    **SWITCHES,
}
"""By field and rule; where a pair is not here, L{_BY_RULE} has it."""

_BY_RULE = {"length": _TOO_LONG, "characters": _ODD, "number": _NO_NUMBER}


def _invalid(it: Invalid, route: str) -> tuple[int, str]:
    text = _INVALID.get((it.field, it.rule)) or _BY_RULE.get(it.rule, "Param '{field}' is illegal.")
    said = text.format(field=it.field, value=it.value, limit=it.limit, detail=it.detail, choices=choices_of(it))
    return 400, said


_SERVICE_UNKNOWN: dict[str, tuple[int, str]] = {
    "PUT /v1/ns/cluster": (400, "service not found:{name}"),
    "GET /v1/ns/service": (400, "service not found, namespace: {namespace}, serviceName: {name}"),
    "PUT /v1/ns/service/checksum": (404, "serviceName not found: {name}"),
    "GET /v1/ns/catalog/service": (404, "service {name} is not found!"),
    "GET /v1/ns/catalog/instances": (404, "service {name} is not found!"),
    "GET /v1/ns/catalog/rt/service": (400, "request service doesn't exist"),
    "GET /v1/ns/operator/distro/server": (400, "service not found"),
    "GET /v1/ns/ops/distro/server": (400, "service not found"),
}


def _service_unknown(it: ServiceUnknown, route: str) -> tuple[int, str]:
    status, text = _SERVICE_UNKNOWN.get(route, (400, "service {name} not found!"))
    return status, text.format(namespace=it.service[0], name=it.service[1])


def _instance_unknown(it: InstanceUnknown, route: str) -> tuple[int, str]:
    namespace, name = it.service
    wanted = it.wanted
    if wanted is None:
        if it.lacking == "instance":
            return 404, "no matched ip found!"
        return 404, f"no ips found for cluster {it.cluster} in service {name}"
    if it.lacking == "service":
        return 400, f"service not found, namespace: {namespace}, service: {name}"
    flags = f"{str(wanted.healthy).lower()}_{str(wanted.marked).lower()}"
    return 400, f"instance not exist: {wanted.datum_key}_{wanted.weight}_{flags}_{wanted.cluster}"


def _health_is_checked(it: HealthIsChecked, route: str) -> tuple[int, str]:
    return 400, f"health check is still working, service: {it.service[1]}, cluster: {it.cluster}"


def _kind_mismatch(it: KindMismatch, route: str) -> tuple[int, str]:
    given, there = ("ephemeral", "persistent") if it.ephemeral else ("persistent", "ephemeral")
    return 400, f"Current service {it.service[1]} is {there} service, can't register {given} instance."


def _not_empty(it: ServiceNotEmpty, route: str) -> tuple[int, str]:
    return 400, f"Service {it.service[1]} is not empty, can't be delete. Please unregister instance first"


WORDS: dict[type[BaseException], Callable[[Any, str], tuple[int, str]]] = {
    Missing: lambda it, route: (400, f"Param '{it.field}' is required."),
    Invalid: _invalid,
    KindMismatch: _kind_mismatch,
    ClientUnknown: lambda it, route: (404, f"client {it.client} is not found!"),
    ServiceUnknown: _service_unknown,
    ServiceExists: lambda it, route: (400, f"specified service {it.service[1]} already exists!"),
    ServiceNotEmpty: _not_empty,
    ClusterUnknown: lambda it, route: (404, f"cluster {it.cluster} is not found!"),
    InstanceUnknown: _instance_unknown,
    HealthIsChecked: _health_is_checked,
}
