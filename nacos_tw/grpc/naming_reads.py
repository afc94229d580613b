"""What clients read of the registry: one service, and the names of a group's (docs/spec/grpc.md#7.3)."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from nacos_tw.grpc import checking
from nacos_tw.grpc.dispatch import Asked, Handler, rendered
from nacos_tw.grpc.kept_answers import KeptAnswers
from nacos_tw.grpc.naming_messages import (
    QueryServiceResponse,
    ServiceListRequest,
    ServiceListResponse,
    ServiceQueryRequest,
)
from nacos_tw.grpc.service_info import Rendering
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.discovery import Discovery, Look, NamesOfGroup

LARGEST_PAGE = 10_000


class NamingReads:
    """The handlers."""

    def __init__(self, discovery: Discovery, rendering: Rendering) -> None:
        self._discovery = discovery
        self._rendering = rendering
        # By service, clusters and health: what was rendered, and the answer with it.
        self._answers: KeptAnswers[tuple[ServiceKey, str, bool], Raw] = KeptAnswers()

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {
            "ServiceQueryRequest": Handler(ServiceQueryRequest, self.query, QueryServiceResponse),
            "ServiceListRequest": Handler(ServiceListRequest, self.names, ServiceListResponse),
        }

    def query(self, asked: Asked[ServiceQueryRequest]) -> bytes:
        """One service, which need not exist."""
        request = asked.request
        key = checking.service_of(request)
        clusters = request.cluster or ""
        if clusters:
            checking.check_clusters(clusters)
        view = self._discovery.look(asked, Look(key))
        info = self._rendering.info(view, key, clusters, request.healthyOnly)
        wanted = key, clusters, request.healthyOnly
        kept = self._answers.get(wanted)
        if kept is not None and kept[0] is info:
            return kept[1]
        answer = rendered(QueryServiceResponse(serviceInfo=info))
        self._answers.keep(wanted, info, answer)
        return answer

    def names(self, asked: Asked[ServiceListRequest]) -> ServiceListResponse:
        """A page of names."""
        request = asked.request
        namespace, group = checking.namespace_of(request.namespace), request.groupName or ""
        checking.check(("namespaceId/tenant", namespace), ("group", group))
        wanted = NamesOfGroup(
            namespace, checking.group_of(group), request.pageNo, min(max(request.pageSize, 0), LARGEST_PAGE)
        )
        names, count = self._discovery.names(asked, wanted)
        return ServiceListResponse(count=count, serviceNames=names)
