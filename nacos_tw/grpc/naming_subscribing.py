"""SubscribeServiceRequest: a client wants to hear of a service, and gets it as it is now (docs/spec/grpc.md#7.3)."""

from __future__ import annotations

from typing import Any

from nacos_tw.errors import Unavailable
from nacos_tw.grpc import checking
from nacos_tw.grpc.dispatch import Asked, Handler
from nacos_tw.grpc.naming_messages import SubscribeServiceRequest, SubscribeServiceResponse
from nacos_tw.grpc.naming_push import ServicePushes
from nacos_tw.grpc.service_info import Rendering
from nacos_tw.naming.operations.discovery import Discovery, Look


class NamingSubscribing:
    """The handler."""

    def __init__(self, discovery: Discovery, rendering: Rendering, pushes: ServicePushes) -> None:
        self._discovery = discovery
        self._rendering = rendering
        self._pushes = pushes

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {"SubscribeServiceRequest": Handler(SubscribeServiceRequest, self.subscribe, SubscribeServiceResponse)}

    def subscribe(self, asked: Asked[SubscribeServiceRequest]) -> SubscribeServiceResponse:
        """A service, which need not exist, is there now or when it comes."""
        request = asked.request
        key = checking.service_of(request)
        clusters = request.clusters or ""
        checking.check_clusters(clusters)
        view = self._discovery.look(asked, Look(key))
        checking.check_naming_client(asked.client)
        if not request.subscribe:
            self._pushes.unsubscribe(asked.client, key, clusters)
        elif not self._pushes.subscribe(asked.client, key, clusters, asked.identity):
            raise Unavailable("too many clients subscribe at this node")
        return SubscribeServiceResponse(message="success", serviceInfo=self._rendering.info(view, key, clusters))
