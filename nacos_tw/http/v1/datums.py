"""
The registry in the words of Nacos 1.4's Distro and old Raft: keys and datums (docs/spec/naming-v1.md#12.3 and #13.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.http.v1.shapes import Json, instance_json, selector_json
from nacos_tw.naming.model import Instance, Service, ServiceKey
from nacos_tw.naming.operations.datums import Datums, ServiceDatum
from nacos_tw.naming.requests import Asking, OneService

PREFIX = "com.alibaba.nacos.naming."
EPHEMERAL = PREFIX + "iplist.ephemeral."
PERSISTENT = PREFIX + "iplist."
META = PREFIX + "domains.meta."
SWITCHES = META + "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00"


def service_text(service: ServiceKey) -> str:
    """C{namespace##group@@name}."""
    return f"{service[0]}##{service[1]}"


def service_of(text: str) -> ServiceKey | None:
    """What L{service_text} gave; None for anything else."""
    namespace, separator, name = text.partition("##")
    group, at, bare = name.partition("@@")
    return (namespace or "public", name) if separator and group and at and bare else None


def ephemeral_service(key: str) -> ServiceKey | None:
    """The service whose ephemeral instances a key names; None if it is no such key."""
    return service_of(key.removeprefix(EPHEMERAL)) if key.startswith(EPHEMERAL) else None


def ephemeral_datums(found: Iterable[ServiceDatum]) -> dict[str, Json]:
    """The ephemeral instances of services, by key."""
    datums = {}
    for datum in found:
        key = EPHEMERAL + service_text(datum.service.key)
        datums[key] = _list_datum(key, datum.service.ephemeral.values(), datum)
    return datums


def datum(datums: Datums, caller: Caller, key: str) -> Json | None:
    """What is stored under a key; None if nothing is."""
    if key == SWITCHES:
        switches, version = datums.switches(caller, Asking())
        return _datum(key, msgspec.to_builtins(switches), version)
    for prefix in (EPHEMERAL, PERSISTENT, META):
        if key.startswith(prefix):
            named = service_of(key.removeprefix(prefix))
            datum = None if named is None else datums.find(caller, OneService(named))
            return None if datum is None else _of_service(datum, key, prefix)
    return None


def listened_keys(services: Iterable[ServiceKey]) -> Iterator[str]:
    """The keys that a node of 1.4 listens to in its old Raft: switches, and two for each service."""
    yield SWITCHES
    for key in services:
        text = service_text(key)
        yield META + text
        yield PERSISTENT + text


def _of_service(datum: ServiceDatum, key: str, prefix: str) -> Json | None:
    service = datum.service
    if prefix == META:
        return _datum(key, _meta(service), service.version) if service.stored else None
    instances = (service.ephemeral if prefix == EPHEMERAL else service.persistent).values()
    return _list_datum(key, instances, datum) if instances else None


def _list_datum(key: str, instances: Iterable[Instance], datum: ServiceDatum) -> Json:
    found = [instance_json(each, datum.last_beat(each.number)) for each in instances]
    return _datum(key, {"instanceList": found}, 1)


def _datum(key: str, value: Any, timestamp: int) -> Json:
    return {"key": key, "value": value, "timestamp": timestamp}


def _meta(service: Service) -> Json:
    return {
        "name": service.name,
        "groupName": service.group,
        "namespaceId": service.namespace,
        "protectThreshold": service.protect_threshold,
        "metadata": service.metadata,
        "selector": selector_json(service.selector),
        "clusterMap": {
            cluster.name: {
                "name": cluster.name,
                "healthChecker": msgspec.to_builtins(cluster.checker),
                "defaultCheckPort": cluster.default_check_port,
                "useIPPort4Check": cluster.use_instance_port,
                "metadata": cluster.metadata,
                "serviceName": service.name,
            }
            for cluster in service.clusters.values()
        },
    }
