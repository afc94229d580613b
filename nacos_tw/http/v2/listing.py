"""C{/v2/ns/instance/list}: a service as clients see it (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.clocks import onward
from nacos_tw.http.api.instances import CLUSTERS, HEALTHY_ONLY, Host, host
from nacos_tw.http.api.listing import Asked, Lists
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, SERVICE_ASKED, integer, text
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.naming.operations.discovery import Discovery, Seen

CLIENT_IP = text("ip", "The client's address; nothing depends on it.")
UDP_PORT = integer("port", "The client's port for pushes by UDP; v2 has none.")
APP = text("app", "The client's application; nothing depends on it.")
LIST = NAMESPACE, GROUP, SERVICE_ASKED, CLUSTERS, CLIENT_IP, UDP_PORT, HEALTHY_ONLY, APP


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


def rendering(cache_millis: Callable[[], int], seconds: Callable[[], float]) -> Callable[[Asked, Seen], Reply]:
    """
    How a list is written.

    @param cache_millis: how long clients keep it, as the switches say.
    @param seconds: since 1970, for C{lastRefTime}.
    """

    def render(asked: Asked, seen: Seen) -> Reply:
        name = asked.key[1]
        found = [host(*each) for each in seen.instances]
        at = int(seconds() * 1000)
        return result(
            ServiceInfo(
                name,
                name.partition("@@")[0],
                asked.clusters,
                cache_millis(),
                found,
                at,
                "",
                False,
                seen.protected,
                True,
            )  # fmt: skip
        )

    return render


@attrs.frozen
class InstanceListV2:
    """The list."""

    prefix: ClassVar[str] = "/v2/ns/instance"
    app = Klein()
    guard: Guard
    lists: Lists

    @classmethod
    def make(
        cls,
        guard: Guard,
        discovery: Discovery,
        cache_millis: Callable[[], int],
        seconds: Callable[[], float] = onward,
    ) -> InstanceListV2:
        """See L{rendering}."""
        return cls(guard, Lists(discovery, SERVICE_ASKED, rendering(cache_millis, seconds)))

    def _known(self, call: Call) -> Reply | None:
        return self.lists.again(call)

    @api(app, "GET", "/list", does=Discovery.look, takes=LIST, gives="The service", known=_known)
    def instance_list(self, call: Call) -> Reply:
        """A service's enabled instances; one that does not exist has none."""
        return self.lists.answer(call)
