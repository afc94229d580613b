"""The JSON of instances, services and selectors that several endpoints share, keys in Nacos's order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from nacos_tw.http.v1.faces import Naming
from nacos_tw.naming.model import (
    NO_METADATA,
    Instance,
    Service,
    beat_interval,
    beat_timeout,
    delete_timeout,
    id_generator,
)
from nacos_tw.naming.selectors import Selector

Json = dict[str, Any]


def selector_json(selector: Selector) -> Json:
    """C{{"type":"none"}}, or a label selector with its expression and labels."""
    if selector.type == "none":
        return {"type": "none"}
    return {"type": selector.type, "expression": selector.expression, "labels": list(selector.labels)}


def instance_json(instance: Instance, last_beat: int) -> Json:
    """
    A whole instance with its derived getters (docs/spec/naming-v1.md#2.1 and #5.3).

    @param last_beat: milliseconds since 1970.
    """
    shown: Json = {
        "instanceId": instance.instance_id,
        "ip": instance.ip,
        "port": instance.port,
        "weight": instance.weight,
        "healthy": instance.healthy,
        "enabled": instance.enabled,
        "ephemeral": instance.ephemeral,
        "clusterName": instance.cluster,
        "serviceName": instance.service[1],
        "metadata": instance.metadata or NO_METADATA,
        "lastBeat": last_beat,
        "marked": instance.marked,
        "app": instance.app,
        "instanceHeartBeatInterval": beat_interval(instance),
        "instanceHeartBeatTimeOut": beat_timeout(instance),
        "ipDeleteTimeout": delete_timeout(instance),
    }
    generator = id_generator(instance)
    if generator is not None:
        shown["instanceIdGenerator"] = generator
    return shown


def instances_json(instances: Iterable[Instance], naming: Naming) -> list[Json]:
    """L{instance_json} of each, with its last beat."""
    return [instance_json(each, naming.last_beat_millis(each.number)) for each in instances]


def service_json(service: Service) -> Json:
    """A service's settings and clusters (docs/spec/naming-v1.md#4.4)."""
    return {
        "name": service.bare_name,
        "namespaceId": service.namespace,
        "protectThreshold": service.protect_threshold,
        "metadata": service.metadata,
        "selector": selector_json(service.selector),
        "groupName": service.group,
        "clusters": [
            {
                "name": cluster.name,
                "healthChecker": msgspec.to_builtins(cluster.checker),
                "metadata": cluster.metadata,
            }
            for cluster in service.clusters.values()
        ],
    }
