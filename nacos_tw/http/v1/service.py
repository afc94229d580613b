"""C{/v1/ns/service}: services, their names and their subscribers (docs/spec/naming-v1.md#4)."""

from __future__ import annotations

import math
from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw import paging
from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.requests import NamedMember
from nacos_tw.errors import BadParameter
from nacos_tw.http import params
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, ok_reply, raw_json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.pages import Pages
from nacos_tw.http.v1.reading import java_int_or_zero, read_metadata
from nacos_tw.http.v1.shapes import service_json
from nacos_tw.naming.model import DEFAULT_GROUP, split_name
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.subscribers import Subscribers, SubscribersOf
from nacos_tw.naming.requests import Asking, OfNamespace, OneService, Search, ServiceRemoval, ServiceSettings
from nacos_tw.naming.selectors import parse_list_filter, parse_selector
from nacos_tw.naming.validation import check_new_service


class Status(msgspec.Struct):
    """What a node of 1.4 posts to C{/status}."""

    statuses: str = "null"
    client_ip: str = msgspec.field(default="", name="clientIP")


def protect_threshold(text: str) -> float:
    """A threshold; what is no number counts as 0."""
    try:
        value = params.number(text)
    except BadParameter:
        return 0.0
    return value if math.isfinite(value) else 0.0


@attrs.frozen
class ServicesV1:
    """@ivar pages: the service lists that were given out."""

    prefix: ClassVar[str] = "/v1/ns/service"
    app = Klein()
    guard: Guard
    services: Services
    discovery: Discovery
    who_subscribes: Subscribers
    members: Members
    pages: Pages = attrs.field(default=attrs.Factory(lambda self: Pages(self.discovery), takes_self=True))

    # -- one service

    @serve(app, "POST", "", needs=rule_of(Services.create))
    async def create_service(self, call: Call) -> Reply:
        """Create a service that is not there yet."""
        key = call.service_key()
        check_new_service(key)  # of two faults this one is told
        threshold = protect_threshold(call.get("protectThreshold"))
        metadata = read_metadata(call.get("metadata"))
        selector = parse_selector(call.get("selector"))
        await self.services.create(call, ServiceSettings(key, threshold, metadata, selector))
        return ok_reply(call)

    @serve(app, "PUT", "", needs=rule_of(Services.update))
    async def update_service(self, call: Call) -> Reply:
        """Replace a service's settings; metadata and selector that are not sent become empty."""
        key = call.service_key()
        check_new_service(key)  # of two faults this one is told
        threshold = protect_threshold(call.required("protectThreshold"))
        metadata = read_metadata(call.get("metadata"))
        selector = parse_selector(call.get("selector"))
        await self.services.update(call, ServiceSettings(key, threshold, metadata, selector))
        return ok_reply(call)

    @serve(app, "DELETE", "", needs=rule_of(Services.remove))
    async def delete_service(self, call: Call) -> Reply:
        """Remove a service with all its instances, unless clients of 2.x or 3.x have some of them."""
        await self.services.remove(call, ServiceRemoval(call.service_key()))
        return ok_reply(call)

    @serve(app, "GET", "", needs=rule_of(Services.detail))
    def service_detail(self, call: Call) -> Reply:
        """A service's settings and clusters."""
        return json_reply(service_json(self.services.detail(call, OneService(call.service_key()))))

    # -- names

    @serve(app, "GET", "/list", needs=rule_of(Discovery.catalog))
    def service_list(self, call: Call) -> Reply:
        """A page of names. Clients ask for the same few pages, so the request's bytes lead to the answer."""
        kept = self.pages.kept(call)
        return kept if kept is not None else self._service_list(call)

    def _service_list(self, call: Call) -> Reply:
        page, size = java_int_or_zero(call.required("pageNo")), java_int_or_zero(call.required("pageSize"))
        group, namespace = call.get("groupName", DEFAULT_GROUP), call.namespace
        keep = parse_list_filter(call.get("selector"))
        catalog = self.discovery.catalog(call, OfNamespace(namespace))
        names = self.pages.names(catalog, group) if keep is None else catalog.names(group, keep)
        reply = json_reply({"doms": paging.page(names, page, size), "count": len(names)})
        if keep is None:
            self.pages.keep(call, catalog, reply)
        return reply

    @serve(app, "GET", "/names", needs=rule_of(Services.search))
    def service_search(self, call: Call) -> Reply:
        """Bare names that contain C{expr}, by namespace; the count is that of the namespaces."""
        wanted = call.namespace if call.get("namespaceId") else ""
        found = self.services.search(call, Search(wanted, call.get("expr")))
        services = {namespace: [split_name(name)[1] for name in names] for namespace, names in found.items()}
        return json_reply({"services": services, "count": len(services)})

    # -- subscribers

    @serve(app, "GET", "/subscribers", needs=rule_of(Subscribers.search))
    async def service_subscribers(self, call: Call) -> Reply:
        """A page of a service's subscribers, at all nodes or with C{aggregation=false} at this one."""
        wanted = call.service_key()
        page, size = call.integer("pageNo", 1), call.integer("pageSize", 1000)
        here = not call.strict("aggregation", True)
        found = await self.who_subscribes.search(call, SubscribersOf(wanted, here))
        shown = paging.page(found, page, size)
        return raw_json_reply(msgspec.json.encode({"subscribers": shown, "count": len(found) if shown else 0}))

    # -- what nodes of 1.4 ask each other

    @serve(app, "POST", "/status", needs=rule_of(Members.knows))
    def service_status(self, call: Call) -> Reply:
        """A member tells checksums; nothing follows from it, for here the log keeps nodes alike."""
        status: Status = read_json(call.body, Status)
        if not self.members.knows(call, NamedMember(status.client_ip)):
            raise BadParameter(f"ip: {status.client_ip} is not in serverlist")
        return ok_reply(call) if status.statuses != "null" else text_reply("fail", call)

    @serve(app, "PUT", "/checksum", needs=rule_of(Services.checksum))
    def service_checksum(self, call: Call) -> Reply:
        """A text that is equal on all nodes that have the same of the service."""
        return json_reply({"checksum": self.services.checksum(call, OneService(call.service_key()))})

    @serve(app, "GET", "/selector/types", needs=rule_of(Services.selector_types))
    def selector_types(self, call: Call) -> Reply:
        """The types that a service's selector may have."""
        return json_reply({"code": 200, "message": None, "data": self.services.selector_types(call, Asking())})
