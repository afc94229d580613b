"""What v2 and v3 say about problems of naming (docs/spec/http-v2-v3.md#2)."""

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
    ServiceExists,
    ServiceNotEmpty,
    ServiceUnknown,
)
from nacos_tw.http.api.codes import (
    INSTANCE_ERROR,
    INSTANCE_METADATA_ERROR,
    PARAMETER_ERROR,
    RESOURCE_NOT_FOUND,
    SELECTOR_ERROR,
    SERVER_ERROR,
    SERVICE_DELETE_FAILURE,
    SERVICE_EXISTS,
    SERVICE_NAME_ERROR,
    SERVICE_NOT_EXIST,
    WEIGHT_ERROR,
    Code,
)
from nacos_tw.http.api.error_result import ErrorResult
from nacos_tw.http.shared_words import SWITCHES, choices_of

_INVALID: dict[tuple[str, str], tuple[Code, str]] = {
    ("serviceName", "format"): (
        SERVICE_NAME_ERROR,
        "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'",
    ),
    ("serviceName", "group"): (SERVICE_NAME_ERROR, "Param 'serviceName' is illegal, groupName can't be empty"),
    ("serviceName", "name"): (
        SERVICE_NAME_ERROR,
        "service name can only have these characters: 0-9a-zA-Z-._:, current: {value}",
    ),
    ("cluster", "name"): (
        INSTANCE_ERROR,
        "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: {value})",
    ),
    ("ip", "format"): (INSTANCE_ERROR, "instance format invalid: Your IP address is spelled incorrectly"),
    ("port", "range"): (
        PARAMETER_ERROR,
        "Param 'port' is illegal, the value should be between {limit[0]} and {limit[1]}.",
    ),
    ("weight", "range"): (WEIGHT_ERROR, "instance format invalid: The weights range from {limit[0]} to {limit[1]}"),
    ("metadata", "format"): (INSTANCE_METADATA_ERROR, "metadata format incorrect:{value}"),
    ("healthChecker", "format"): (PARAMETER_ERROR, "healthChecker format incorrect:{value}"),
    ("ephemeral", "persistent"): (
        PARAMETER_ERROR,
        "only persistent instances are removed here: ephemeral ones by their clients",
    ),
    ("selector", "format"): (SELECTOR_ERROR, "selector format incorrect:{value}"),
    ("selector", "choice"): (SELECTOR_ERROR, "not match any type of selector!"),
    ("selector", "expression"): (SELECTOR_ERROR, "Selector parses failed: parse expression failed!"),
}

_BY_RULE = {
    "length": "Param '{field}' is illegal, the param length should not exceed {limit}.",
    "characters": "Param '{field}' is illegal, illegal characters should not appear in the param.",
    "number": 'For input string: "{value}"',
    "page": "Parameter '{field}' should be greater than 0, current: {value}",
}


def _invalid(it: Invalid, route: str) -> ErrorResult:
    if (it.field, it.rule) in SWITCHES:
        # A value that a switch refuses is no fault of the form for Nacos.
        words = SWITCHES[it.field, it.rule]
        said = words.format(field=it.field, value=it.value, limit=it.limit, detail=it.detail, choices=choices_of(it))
        return ErrorResult(500, SERVER_ERROR, said)
    code, text = _INVALID.get((it.field, it.rule)) or (
        PARAMETER_ERROR,
        _BY_RULE.get(it.rule, "Param '{field}' is illegal."),
    )
    said = text.format(field=it.field, value=it.value, limit=it.limit, detail=it.detail)
    return ErrorResult(500, SERVER_ERROR, said) if "switches" in route else ErrorResult(400, code, said)


def _service_unknown(it: ServiceUnknown, route: str) -> ErrorResult:
    namespace, name = it.service
    if route.startswith("GET"):
        said = f"service not found, namespace: {namespace}, serviceName: {name}"
    else:
        said = f"service {name} not found!"
    return ErrorResult(400, SERVICE_NOT_EXIST, said)


def _instance_unknown(it: InstanceUnknown, route: str) -> ErrorResult:
    namespace, name = it.service
    if it.wanted is not None or not route.startswith("GET"):
        if it.lacking == "service":
            return ErrorResult(400, INSTANCE_ERROR, f"service not found, namespace: {namespace}, service: {name}")
        return ErrorResult(
            400, INSTANCE_ERROR, f"instance not found, ip: {it.ip}, port: {it.port}, cluster: {it.cluster}"
        )
    if it.lacking == "instance":
        return ErrorResult(404, RESOURCE_NOT_FOUND, "no matched ip found!")
    return ErrorResult(404, RESOURCE_NOT_FOUND, f"no ips found for cluster {it.cluster} in service {name}")


def _not_empty(it: ServiceNotEmpty, route: str) -> ErrorResult:
    said = f"Service {it.service[1]} is not empty, can't be delete. Please unregister instance first"
    return ErrorResult(400, SERVICE_DELETE_FAILURE, said)


def _health_is_checked(it: HealthIsChecked, route: str) -> ErrorResult:
    said = f"health check is still working, service: {it.service[1]}, cluster: {it.cluster}"
    return ErrorResult(400, SERVER_ERROR, said)


def _kind_mismatch(it: KindMismatch, route: str) -> ErrorResult:
    given, there = ("ephemeral", "persistent") if it.ephemeral else ("persistent", "ephemeral")
    said = f"Current service {it.service[1]} is {there} service, can't register {given} instance. "
    return ErrorResult(400, SERVER_ERROR, f"errCode: 400, errMsg: {said}")


NAMING: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    Invalid: _invalid,
    KindMismatch: _kind_mismatch,
    ServiceUnknown: _service_unknown,
    ServiceExists: lambda it, route: ErrorResult(
        400, SERVICE_EXISTS, f"specified service {it.service[1]} already exists!"
    ),
    ServiceNotEmpty: _not_empty,
    ClusterUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, f"cluster {it.cluster} is not found!"),
    InstanceUnknown: _instance_unknown,
    ClientUnknown: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, f"clientId [ {it.client} ] not exist"),
    HealthIsChecked: _health_is_checked,
}
