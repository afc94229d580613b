"""C{/v3/admin/ns/client}: who publishes and who subscribes (docs/spec/http-v2-v3.md#5.2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.requests import Responsible
from nacos_tw.http.api.clients import CLIENT, OF_SERVICE, of_client, published, subscribing
from nacos_tw.http.api.instances import IP_ASKED, PORT_ASKED
from nacos_tw.http.api.parameters import (
    GROUP,
    NAMESPACE,
    PAGE_NO,
    PAGE_SIZE,
    SERVICE,
    SERVICE_ASKED,
    boolean,
    service_key,
)
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call, ServiceKey
from nacos_tw.http.guard import Guard
from nacos_tw.naming.operations.clientviews import ClientViews, id_of_subscriber
from nacos_tw.naming.operations.subscribers import Subscribers, SubscribersOf
from nacos_tw.naming.requests import Asking, OneService
from nacos_tw.paging import page_of

AGGREGATION = boolean("aggregation", "Whether all nodes are asked.", True)


def service_names(service: ServiceKey) -> dict[str, Any]:
    """A service."""
    group, _, name = service[1].partition("@@")
    return {"namespaceId": service[0], "groupName": group, "serviceName": name}


@attrs.frozen
class ClientsV3:
    """Clients."""

    prefix: ClassVar[str] = "/v3/admin/ns/client"
    app = Klein()
    guard: Guard
    clients: ClientViews
    members: Members

    @api(app, "GET", "/list", does=ClientViews.ids, gives="Ids")
    def ids(self, call: Call) -> list[str]:
        """All clients that this node knows."""
        return self.clients.ids(call, Asking())

    @api(app, "GET", "", does=ClientViews.facts, takes=(CLIENT,), gives="The client")
    def facts(self, call: Call) -> dict[str, Any]:
        """One client."""
        found = self.clients.facts(call, of_client(call))
        return {
            "clientId": found.id,
            "ephemeral": found.ephemeral,
            "lastUpdatedTime": found.updated_ms,
            "clientType": "connection" if found.connection else "ipPort",
            "connectType": "GRPC" if found.connection else None,
            "appName": found.app or None,
            "version": found.version or None,
            "clientIp": found.ip,
            "clientPort": found.port,
        }

    @api(app, "GET", "/publish/list", does=ClientViews.published, takes=(CLIENT,), gives="What it publishes")
    def published(self, call: Call) -> list[dict[str, Any]]:
        """What one client publishes."""
        return [
            {
                **service_names(each.service),
                "publisherInfo": {
                    "clientId": CLIENT(call),
                    "ip": each.ip,
                    "port": each.port,
                    "clusterName": each.cluster,
                },
                "subscriberInfo": None,
            }
            for each in self.clients.published(call, of_client(call))
        ]

    @api(app, "GET", "/subscribe/list", does=ClientViews.subscribed, takes=(CLIENT,), gives="What it is told of")
    def subscribed(self, call: Call) -> list[dict[str, Any]]:
        """What one client of this node subscribes to."""
        return [
            {
                **service_names(each.service),
                "publisherInfo": None,
                "subscriberInfo": {
                    "clientId": CLIENT(call),
                    "appName": each.client.app,
                    "agent": each.client.agent,
                    "address": each.client.address,
                },
            }
            for each in self.clients.subscribed(call, of_client(call))
        ]

    @api(app, "GET", "/service/publisher/list", does=ClientViews.publishers, takes=OF_SERVICE, gives="Publishers")
    def publishers(self, call: Call) -> list[dict[str, Any]]:
        """Who publishes a service."""
        found = self.clients.publishers(call, OneService(service_key(call, SERVICE_ASKED)))
        return [
            {
                "clientId": each.client,
                "ip": each.instance.ip,
                "port": each.instance.port,
                "clusterName": each.instance.cluster,
            }
            for each in published(found, call)
        ]

    @api(app, "GET", "/service/subscriber/list", does=ClientViews.subscribers, takes=OF_SERVICE, gives="Subscribers")
    def subscribers(self, call: Call) -> list[dict[str, Any]]:
        """Who subscribes to a service at this node."""
        found = self.clients.subscribers(call, OneService(service_key(call, SERVICE_ASKED)))
        return [
            {"clientId": id_of_subscriber(each), "appName": each.app, "agent": each.agent, "address": each.address}
            for each in subscribing(found, call)
        ]

    @api(app, "GET", "/distro", does=Members.responsible, takes=(IP_ASKED, PORT_ASKED), gives="A member")
    def responsible(self, call: Call) -> dict[str, str]:
        """Which member Nacos would hold responsible for a client of 1.x."""
        tag = f"{IP_ASKED(call)}:{PORT_ASKED(call)}"
        return {"responsibleServer": self.members.responsible(call, Responsible(tag))}


@attrs.frozen
class SubscribersV3:
    """Who is told of a service. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    who_subscribes: Subscribers

    @api(
        app, "GET", "", does=Subscribers.subscribers,
        takes=(NAMESPACE, GROUP, SERVICE, AGGREGATION, PAGE_NO, PAGE_SIZE), gives="A page of subscribers",
    )  # fmt: skip
    async def subscribers(self, call: Call) -> dict[str, Any]:
        """A page of a service's subscribers, at all nodes or at this one."""
        wanted = SubscribersOf(service_key(call), here=not AGGREGATION(call))
        found = await self.who_subscribes.subscribers(call, wanted)
        return page_json(
            page_of(found, PAGE_NO(call), PAGE_SIZE(call)),
            lambda each: {
                **service_names((each.namespace_id, each.service_name)),
                "ip": each.ip,
                "port": each.port,
                "agent": each.agent,
                "appName": each.app,
                "address": each.addr_str,
            },
        )
