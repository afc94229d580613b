"""Services and instances by v3, v2 or v1: one face."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from nacos_tw.ctl.failures import NotFound
from nacos_tw.ctl.server import Server, items_of

PAGE = 200


@attrs.frozen
class ServiceName:
    """A service."""

    name: str
    group: str = "DEFAULT_GROUP"


class NamingApi:
    """By v3."""

    services, instances = "/v3/admin/ns/service", "/v3/admin/ns/instance"

    def __init__(self, server: Server, namespace: str) -> None:
        self.server = server
        self.client = server.client
        self.namespace = namespace or "public"

    def named(self, service: ServiceName) -> dict[str, Any]:
        """The parameters that name it."""
        return {"namespaceId": self.namespace, "groupName": service.group, "serviceName": service.name}

    def all(self, name: str = "", group: str = "", empty: bool = True) -> Iterator[dict[str, Any]]:
        """
        The services of the namespace.

        @param name: a part of their names, C{group}: of their groups.
        @param empty: those without instances, too.
        """
        wanted = {"serviceNameParam": name, "groupNameParam": group, "ignoreEmptyService": not empty}
        yield from self._pages(f"{self.services}/list", wanted)

    def _pages(self, path: str, wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        number = 1
        while True:
            params = {"namespaceId": self.namespace, **wanted, "pageNo": number, "pageSize": PAGE}
            page = items_of(self.client.data("GET", path, params))
            yield from map(service_row, page)
            if len(page) < PAGE:
                return
            number += 1

    def service(self, service: ServiceName) -> dict[str, Any]:
        """
        Its settings and clusters.

        @raise NotFound: there is none.
        """
        return dict(self.client.data("GET", self.services, self.named(service)))

    def hosts(self, service: ServiceName) -> list[dict[str, Any]]:
        """All its instances with their real health, disabled ones too; none of one that is not there."""
        return [instance_row(each) for each in self.client.data("GET", f"{self.instances}/list", self.named(service))]

    def create(self, service: ServiceName, settings: Mapping[str, Any]) -> None:
        """Create it: C{protectThreshold}, C{metadata}, C{selector}, C{ephemeral}."""
        self._done("POST", self.services, {**self.named(service), **settings})

    def update(self, service: ServiceName, settings: Mapping[str, Any]) -> None:
        """Replace its settings."""
        self._done("PUT", self.services, {**self.named(service), **settings})

    def remove(self, service: ServiceName) -> None:
        """Remove one that is empty."""
        self._gone(self.services, self.named(service))

    def register(self, service: ServiceName, instance: Mapping[str, Any]) -> None:
        """Register an instance, or replace it: C{ip}, C{port}, C{clusterName}, C{weight}, C{enabled} and so on."""
        self._done("POST", self.instances, {**self.named(service), **instance})

    def deregister(self, service: ServiceName, instance: Mapping[str, Any]) -> None:
        """Remove an instance; one that is not there is fine."""
        self._gone(self.instances, {**self.named(service), **instance})

    def change(self, service: ServiceName, instance: Mapping[str, Any]) -> None:
        """Replace weight and state of an instance; what else it has is named too, as it was."""
        self._done("PUT", self.instances, {**self.named(service), **instance})

    def beat(self, service: ServiceName, instance: Mapping[str, Any]) -> None:
        """Say that it lives."""
        beat = {
            "serviceName": f"{service.group}@@{service.name}", "cluster": instance.get("clusterName") or "DEFAULT",
            "ip": instance["ip"], "port": instance["port"], "weight": float(instance.get("weight", 1)),
            "metadata": json.loads(instance.get("metadata") or "{}"), "scheduled": True,
        }  # fmt: skip
        params = {"namespaceId": self.namespace, "groupName": service.group}
        answer = self.client.call(
            "PUT", "/v1/ns/instance/beat",
            {**params, "serviceName": beat["serviceName"], "beat": json.dumps(beat)},
        )  # fmt: skip
        if answer.routed:
            self.client.checked(answer)
            return
        # v3: a heartbeat is a registration that says so, and one that is unknown is registered again.
        form = {**self.named(service), **instance}
        answer = self.client.call("POST", "/v3/client/ns/instance", form={**form, "heartBeat": True})
        if (answer.coded or {}).get("code") != 0:
            self.client.checked(self.client.call("POST", "/v3/client/ns/instance", form=form))

    def _done(self, method: str, path: str, form: Mapping[str, Any]) -> None:
        self.client.checked(self.client.call(method, path, form=form), str(form.get("serviceName", "")))

    def _gone(self, path: str, params: Mapping[str, Any]) -> None:
        self.client.checked(self.client.call("DELETE", path, params), str(params.get("serviceName", "")))


class NamingV1(NamingApi):
    """By v1."""

    services, instances = "/v1/ns/service", "/v1/ns/instance"

    def all(self, name: str = "", group: str = "", empty: bool = True) -> Iterator[dict[str, Any]]:
        wanted = {
            "serviceNameParam": name, "groupNameParam": group, "hasIpCount": not empty, "withInstances": False,
        }  # fmt: skip
        yield from self._pages("/v1/ns/catalog/services", wanted)

    def hosts(self, service: ServiceName) -> list[dict[str, Any]]:
        params = self.named(service)
        params["serviceName"] = f"{service.group}@@{service.name}"
        found: list[dict[str, Any]] = []
        for cluster in self._clusters(service):
            number = 1
            while True:
                wanted = {**params, "clusterName": cluster, "pageNo": number, "pageSize": PAGE}
                page = items_of(self.client.data("GET", "/v1/ns/catalog/instances", wanted))
                found += map(instance_row, page)
                if len(page) < PAGE:
                    break
                number += 1
        return found

    def _clusters(self, service: ServiceName) -> list[str]:
        params = {**self.named(service), "serviceName": f"{service.group}@@{service.name}"}
        answer = self.client.call("GET", "/v1/ns/catalog/service", params)
        if answer.status != 200:
            self.client.call("GET", "/v1/ns/service", params)
            return []
        return [each.get("name", "DEFAULT") for each in answer.json().get("clusters", [])]


class NamingV2(NamingV1):
    """By v2, and by v1 what v2 has not."""

    services, instances = "/v2/ns/service", "/v2/ns/instance"


def naming_api(server: Server, namespace: str) -> NamingApi:
    """By the API that the server offers."""
    kinds = {"v1": NamingV1, "v2": NamingV2, "v3": NamingApi}
    return kinds[server.api](server, namespace)


def service_row(found: Mapping[str, Any]) -> dict[str, Any]:
    """A service of a list, in the same words."""
    return {
        "name": found.get("name", ""),
        "group": found.get("groupName", ""),
        "clusters": found.get("clusterCount", 0),
        "instances": found.get("ipCount", 0),
        "healthy": found.get("healthyInstanceCount", 0),
    }


def instance_row(found: Mapping[str, Any]) -> dict[str, Any]:
    """An instance, likewise."""
    return {
        "ip": found.get("ip", ""),
        "port": int(found.get("port", 0)),
        "cluster": found.get("clusterName") or found.get("cluster") or "DEFAULT",
        "healthy": bool(found.get("healthy", found.get("valid"))),
        "enabled": bool(found.get("enabled", True)),
        "weight": float(found.get("weight", 1)),
        "ephemeral": bool(found.get("ephemeral", True)),
        "metadata": found.get("metadata") or {},
    }


def as_instance(row: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an instance that was listed."""
    return {
        "ip": row["ip"],
        "port": row["port"],
        "clusterName": row["cluster"],
        "weight": row["weight"],
        "enabled": row["enabled"],
        "ephemeral": row["ephemeral"],
        "metadata": json.dumps(row["metadata"], ensure_ascii=False),
    }


def find_instance(api: NamingApi, service: ServiceName, ip: str, port: int, cluster: str) -> dict[str, Any]:
    """
    The instance with that address.

    @param cluster: "" for any.
    @raise NotFound: there is none.
    """
    for row in api.hosts(service):
        if (row["ip"], row["port"]) == (ip, port) and cluster in ("", row["cluster"]):
            return row
    raise NotFound(f"{service.group}@@{service.name} has no instance {ip}:{port}")
