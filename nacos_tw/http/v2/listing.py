"""C{/v2/ns/instance/list}: a service as clients see it (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.clocks import onward
from nacos_tw.http.api.instances import CLUSTERS, HEALTHY_ONLY, Host, host
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, SERVICE_ASKED, integer, service_key, text
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call, ServiceKey
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import Service
from nacos_tw.naming.operations.discovery import Discovery, Look

KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of answers that are kept."""
ENTRY = 300
"""Bytes that one takes beside its own, about."""
LONGEST_TARGET = 2048

CLIENT_IP = text("ip", "The client's address; nothing depends on it.")
UDP_PORT = integer("port", "The client's port for pushes by UDP; v2 has none.")
APP = text("app", "The client's application; nothing depends on it.")


class ServiceInfo(msgspec.Struct, frozen=True, gc=False):
    """The data of the answer; C{name} has the group in it."""

    name: str
    groupName: str  # noqa: N815 - the names of the wire, here and below
    clusters: str
    cacheMillis: int  # noqa: N815
    hosts: list[Host]
    lastRefTime: int  # noqa: N815
    checksum: str
    allIPs: bool  # noqa: N815
    reachProtectionThreshold: bool  # noqa: N815
    valid: bool


@attrs.frozen
class _Asked:
    """What a request's target asks for, and the answer that it got."""

    key: ServiceKey
    clusters: str
    healthy_only: bool
    service: Service | None = None
    version: int = -1
    cache_millis: int = 0
    reply: Reply | None = None


@attrs.frozen
class InstanceListV2:
    """
    The list. An answer is given again to the same bytes as long as the service is the same.

    @ivar cache_millis: how long clients keep an answer.
    """

    prefix: ClassVar[str] = "/v2/ns/instance"
    app = Klein()
    guard: Guard
    discovery: Discovery
    cache_millis: Callable[[], int]
    seconds: Callable[[], float] = onward
    _kept: BoundedMemo[bytes, _Asked] = attrs.field(factory=lambda: BoundedMemo(KEPT_BYTES), init=False)

    @api(
        app,
        "GET",
        "/list",
        does=Discovery.look,
        takes=(NAMESPACE, GROUP, SERVICE_ASKED, CLUSTERS, CLIENT_IP, UDP_PORT, HEALTHY_ONLY, APP),
        gives="The service",
    )
    def instance_list(self, call: Call) -> Reply:
        """A service's enabled instances; one that does not exist has none."""
        known = self._kept.get(call.target) if not call.body else None
        asked = known or _Asked(service_key(call, SERVICE_ASKED), CLUSTERS(call), HEALTHY_ONLY(call))
        view = self.discovery.look(call, Look(asked.key))
        cache_millis = self.cache_millis()
        if (
            asked.reply is not None
            and asked.service is view.service
            and asked.version == view.version
            and asked.cache_millis == cache_millis
        ):
            return asked.reply
        seen = view.seen(asked.clusters, asked.healthy_only)
        reply = result(
            ServiceInfo(
                asked.key[1],
                asked.key[1].partition("@@")[0],
                asked.clusters,
                cache_millis,
                [host(*each) for each in seen.instances],
                int(self.seconds() * 1000),
                "",
                False,
                seen.protected,
                True,
            )
        )
        if view.service is not None and view.version >= 0 and not call.body and len(call.target) <= LONGEST_TARGET:
            kept = attrs.evolve(
                asked, service=view.service, version=view.version, cache_millis=cache_millis, reply=reply
            )
            self._kept.keep(call.target, kept, len(call.target) + len(reply.body) + ENTRY)
        return reply
