"""C{/v1/ns/catalog}: what the console shows of services (docs/spec/naming-v1.md#5.1 to #5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.params import integer
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.faces import Naming
from nacos_tw.http.v1.shapes import Json, instances_json, selector_json
from nacos_tw.naming import catalog
from nacos_tw.naming.model import NO_METADATA, Cluster, Service, ServiceKey
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.probes import RoundTrips
from nacos_tw.naming.requests import OfNamespace, OneService


@attrs.frozen
class CatalogV1:
    """
    Reads for people.

    @ivar round_trips: how long the probes of a service's clusters take.
    """

    prefix: ClassVar[str] = "/v1/ns/catalog"
    app = Klein()
    guard: Guard
    naming: Naming
    round_trips: Callable[[ServiceKey], Iterable[RoundTrips]] = lambda key: ()
    services: Services = attrs.field(default=attrs.Factory(lambda self: Services(self.naming), takes_self=True))

    def _service(self, call: Call) -> tuple[Service | None, ServiceKey]:
        key = call.service_key()
        return self.services.find(call, OneService(key)), key

    @serve(app, "GET", "/services", needs=rule_of(Services.of_namespace))
    def catalog_services(self, call: Call) -> Reply:
        """A page of services with counts, or with C{withInstances=true} with their instances (pages from 0 there)."""
        page, size = integer(call.given("pageNo")), integer(call.given("pageSize"))
        details = call.spring("withInstances")
        found, count = catalog.catalog_page(
            self.services.of_namespace(call, OfNamespace(call.namespace)),
            page if details else page - 1,
            size,
            call.get("serviceNameParam"),
            call.get("groupNameParam"),
            call.get("instance"),
            call.spring("hasIpCount"),
        )
        if details:
            return json_reply([_detail(service) for service in found])
        return json_reply({"serviceList": [_line(catalog.summary(service)) for service in found], "count": count})

    @serve(app, "GET", "/service", needs=rule_of(Services.find))
    def catalog_service(self, call: Call) -> Reply:
        """A service and its clusters, as the console edits them."""
        service = catalog.catalog_service(*self._service(call))
        return json_reply(
            {
                "service": {
                    "name": service.bare_name,
                    "protectThreshold": service.protect_threshold,
                    "groupName": service.group,
                    "selector": selector_json(service.selector),
                    "metadata": service.metadata,
                },
                "clusters": [_cluster(service, cluster) for cluster in service.clusters.values()],
            }
        )

    @serve(app, "GET", "/instances", needs=rule_of(Services.find))
    def catalog_instances(self, call: Call) -> Reply:
        """A page of a cluster's instances, with their real health; disabled ones are there too."""
        service, name = self._service(call)
        cluster = call.given("clusterName")
        page, size = integer(call.given("pageNo")), integer(call.given("pageSize"))
        found, count = catalog.cluster_instances(service, name, cluster, page, size)
        return json_reply({"list": instances_json(found, self.naming), "count": count})

    @serve(app, "GET", "/rt/service", needs=rule_of(Services.find))
    def response_times(self, call: Call) -> Reply:
        """How long probes of each cluster take, on the node that probes; elsewhere 1.4's values before a probe."""
        service, key = self._service(call)
        names = catalog.cluster_names(service, key)
        known = {each.name: each for each in self.round_trips(key)}
        times = [known.get(name) or RoundTrips(name) for name in names]
        return json_reply({"clusters": [_times(each) for each in times]})


def _times(times: RoundTrips) -> Json:
    return {
        "name": times.name,
        "checkRTBest": times.best,
        "checkRTWorst": times.worst,
        "checkRTNormalized": times.normalized,
    }


def _line(summary: catalog.Summary) -> Json:
    return {
        "name": summary.name,
        "groupName": summary.group,
        "clusterCount": summary.clusters,
        "ipCount": summary.instances,
        "healthyInstanceCount": summary.healthy,
        "triggerFlag": "true" if summary.trigger else "false",
    }


def _detail(service: Service) -> Json:
    clusters: dict[str, Json] = {name: {"hosts": []} for name in service.clusters}
    for each in service.instances():
        clusters.setdefault(each.cluster, {"hosts": []})["hosts"].append(
            {
                "valid": each.healthy,
                "metadata": each.metadata or NO_METADATA,
                "port": each.port,
                "ip": each.ip,
                "weight": each.weight,
                "enabled": each.enabled,
            }
        )
    return {
        "serviceName": service.bare_name,
        "groupName": service.group,
        "clusterMap": clusters,
        "metadata": service.metadata,
    }


def _cluster(service: Service, cluster: Cluster) -> Json:
    """1.4.8's keys; C{defaultCheckPort} is the port in force, which is where 2.x's console looks for it."""
    return {
        "serviceName": service.name,
        "name": cluster.name,
        "healthChecker": msgspec.to_builtins(cluster.checker),
        "defaultPort": 80,
        "defaultCheckPort": cluster.default_check_port,
        "useIPPort4Check": cluster.use_instance_port,
        "metadata": cluster.metadata,
        "sitegroup": cluster.sitegroup,
        "defCkport": cluster.default_check_port,
        "empty": not service.instances(cluster.name),
        "defIPPort": cluster.default_ip_port,
    }
