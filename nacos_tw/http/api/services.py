"""Services in v2 and v3: the parameters that describe one, and how one is written (docs/spec/http-v2-v3.md#1.5)."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.http.api.instances import METADATA, hosts, metadata_of
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, SERVICE, Parameter, boolean, number, service_key, text
from nacos_tw.http.call import Call
from nacos_tw.naming.model import Cluster, Instance, Service
from nacos_tw.naming.requests import ServiceSettings
from nacos_tw.naming.selectors import Selector, parse_selector
from nacos_tw.naming.validation import check_limits, check_service_name

EPHEMERAL = boolean("ephemeral", "What its instances will be; a service of ours may have both kinds.")
THRESHOLD = number("protectThreshold", "Below which part of healthy ones all are shown as healthy, 0 to 1.")
SELECTOR = text("selector", 'JSON, {"type":"none"} or {"type":"label","expression":...}.')
SERVICE_FORM = NAMESPACE, GROUP, SERVICE, EPHEMERAL, THRESHOLD, METADATA, SELECTOR
"""Of a form that describes a whole one."""


def settings(call: Call, service: Parameter[str] = SERVICE) -> ServiceSettings:
    """The service that a form describes."""
    key = service_key(call, service)
    group, _, name = key[1].partition("@@")
    check_service_name(key[1])
    check_limits("group", group)
    check_limits("serviceName", name)
    EPHEMERAL(call)
    return ServiceSettings(key, THRESHOLD(call), metadata_of(call), parse_selector(SELECTOR(call)))


def selector_json(selector: Selector) -> dict[str, Any]:
    """A selector."""
    if selector.type == "none":
        return {"type": "none"}
    return {"type": selector.type, "expression": selector.expression, "labels": list(selector.labels)}


def is_ephemeral(service: Service) -> bool:
    """Which kind of instances a service is for: what it has, or what made it."""
    return bool(service.ephemeral) or not service.stored


def instances_of(service: Service, clusters: str = "") -> list[Instance]:
    """All instances of a service, or those of clusters, with commas between them; the persistent ones first."""
    found = [*service.persistent.values(), *service.ephemeral.values()]
    if not clusters:
        return found
    wanted = clusters.split(",")
    return [each for each in found if each.cluster in wanted]


def cluster_json(service: Service, cluster: Cluster, with_hosts: bool) -> dict[str, Any]:
    """A cluster of a service, as v2 writes it."""
    return {
        "clusterName": cluster.name,
        "healthChecker": msgspec.to_builtins(cluster.checker),
        "metadata": cluster.metadata,
        "hosts": hosts(instances_of(service, cluster.name)) if with_hosts else None,
    }


def service_json(service: Service) -> dict[str, Any]:
    """What v2 and v3 write alike of a service."""
    return {
        "serviceName": service.bare_name,
        "groupName": service.group,
        "metadata": service.metadata,
        "protectThreshold": service.protect_threshold,
        "selector": selector_json(service.selector),
        "ephemeral": is_ephemeral(service),
    }
