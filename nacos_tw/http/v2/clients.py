"""C{/v2/ns/client}: who publishes and who subscribes (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.clients import CLIENT, OF_SERVICE, of_client, published, subscribing
from nacos_tw.http.api.parameters import SERVICE_ASKED, service_key
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.naming.operations.clientviews import ClientViews, id_of_subscriber
from nacos_tw.naming.requests import Asking, OneService


@attrs.frozen
class ClientsV2:
    """Clients."""

    prefix: ClassVar[str] = "/v2/ns/client"
    app = Klein()
    guard: Guard
    clients: ClientViews

    @api(app, "GET", "/list", does=ClientViews.ids, gives="Ids")
    def ids(self, call: Call) -> list[str]:
        """All clients that this node knows."""
        return self.clients.ids(call, Asking())

    @api(app, "GET", "", does=ClientViews.facts, takes=(CLIENT,), gives="The client")
    def facts(self, call: Call) -> dict[str, Any]:
        """One client."""
        found = self.clients.facts(call, of_client(call))
        shown: dict[str, Any] = {
            "clientId": found.id,
            "ephemeral": found.ephemeral,
            "lastUpdatedTime": found.updated_ms,
            "clientType": "connection" if found.connection else "ipPort",
        }
        if found.connection:
            shown |= {"connectType": "GRPC", "appName": found.app, "version": found.version}
        return {**shown, "clientIp": found.ip, "clientPort": str(found.port)}

    @api(app, "GET", "/publish/list", does=ClientViews.published, takes=(CLIENT,), gives="What it publishes")
    def published(self, call: Call) -> list[dict[str, Any]]:
        """What one client publishes."""
        return [
            {
                "namespace": each.service[0],
                "group": each.service[1].partition("@@")[0],
                "serviceName": each.service[1].partition("@@")[2],
                "registeredInstance": {"ip": each.ip, "port": each.port, "cluster": each.cluster},
            }
            for each in self.clients.published(call, of_client(call))
        ]

    @api(app, "GET", "/subscribe/list", does=ClientViews.subscribed, takes=(CLIENT,), gives="What it is told of")
    def subscribed(self, call: Call) -> list[dict[str, Any]]:
        """What one client of this node subscribes to."""
        return [
            {
                "namespace": each.service[0],
                "group": each.service[1].partition("@@")[0],
                "serviceName": each.service[1].partition("@@")[2],
                "subscriberInfo": {"app": each.client.app, "agent": each.client.agent, "addr": each.client.address},
            }
            for each in self.clients.subscribed(call, of_client(call))
        ]

    @api(app, "GET", "/service/publisher/list", does=ClientViews.publishers, takes=OF_SERVICE, gives="Publishers")
    def publishers(self, call: Call) -> list[dict[str, Any]]:
        """Who publishes a service."""
        found = self.clients.publishers(call, OneService(service_key(call, SERVICE_ASKED)))
        return [
            {
                "ip": each.instance.ip,
                "port": each.instance.port,
                "cluster": each.instance.cluster,
                "clientId": each.client,
            }
            for each in published(found, call)
        ]

    @api(app, "GET", "/service/subscriber/list", does=ClientViews.subscribers, takes=OF_SERVICE, gives="Subscribers")
    def subscribers(self, call: Call) -> list[dict[str, Any]]:
        """Who subscribes to a service at this node."""
        found = self.clients.subscribers(call, OneService(service_key(call, SERVICE_ASKED)))
        return [
            {"clientId": id_of_subscriber(each), "ip": each.ip, "port": each.port} for each in subscribing(found, call)
        ]
