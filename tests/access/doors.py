"""
Every way into a node, as a table: each API adds its own to L{DOORS}.

A way is entered here behind whatever an API checks before it, so that what refuses is the operation alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import attrs
import msgspec

from nacos_tw.access.identity import NOBODY
from nacos_tw.access.operations import rule_of
from nacos_tw.access.rules import Rule
from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.dispatch import Asked
from nacos_tw.grpc.messages import ConnectionSetupRequest
from nacos_tw.grpc.payloads import Metadata
from nacos_tw.http.call import Call
from nacos_tw.http.routing import Route
from nacos_tw.service import NacosNode
from tests.access.payloads import payloads


@attrs.frozen
class Way:
    """
    One way in.

    @ivar name: method and path, or the type of a request.
    @ivar rule: what it says that a caller needs.
    @ivar enter: asks for something well formed as nobody; gives or raises what comes of it, or gives a Deferred or a
        coroutine of that.
    """

    name: str
    rule: Rule
    enter: Callable[[], Any]


GIVEN = {
    # naming
    "namespaceId": "dev", "serviceName": "g@@s", "groupName": "g", "ip": "10.0.0.1", "port": "80", "healthy": "true",
    "clusterName": "c", "checkPort": "80", "useInstancePort4Check": "true", "healthChecker": '{"type":"TCP"}',
    "metadata": '{"a":"b"}', "consistencyType": "ephemeral", "instances": "[]", "key": "dev##g@@s", "expr": "s",
    "entry": "pushEnabled", "keys": "com.alibaba.nacos.naming.domains.meta.dev##g@@s", "serverStatus": "x",
    "protectThreshold": "0.5", "weight": "1.0", "enabled": "true",
    "beat": '{"ip":"10.0.0.1","port":80,"serviceName":"g@@s","cluster":"c"}', "dom": "g@@s",
    # configs
    "tenant": "dev", "dataId": "d", "group": "g", "content": "c", "pageNo": "1", "pageSize": "10", "nid": "1",
    "id": "1", "quota": "1", "Listening-Configs": "d\2g\2m\2dev\1",
    # accounts, namespaces, the cluster
    "code": "c",
    "username": "u", "password": "p", "newPassword": "p", "role": "r", "resource": "dev:*:*", "action": "r",
    "customNamespaceId": "dev", "namespaceName": "n", "namespace": "dev", "namespaceShowName": "n", "type": "file",
    "config_detail": "x", "clientId": "1", "ids": "1", "targetNamespaceId": "dev", "logName": "root",
    "logLevel": "INFO", "value": "true", "connectionId": "1", "count": "1",
    "mcpName": "m", "serverSpecification": '{"name":"m","protocol":"stdio","version":"1"}', "agentName": "a",
    "agentCard": '{"name":"a","version":"1","protocolVersion":"1","preferredTransport":"JSONRPC","url":"http://a"}',
    "promptKey": "p", "version": "1", "template": "t", "label": "l", "labels": "{}", "skillName": "s", "name": "s",
    "skillCard": '{"name":"s","skillMd":"x"}', "agentSpecName": "s",
    "agentSpecCard": '{"name":"s","content":"{}"}', "scope": "PUBLIC",
    "importType": "json", "data": "{}", "transportType": "mcp-sse", "baseUrl": "http://192.0.2.1",
    "index": "1", "offset": "0", "session": "s", "lockName": "l", "member": "10.0.0.2:8848", "address": "10.0.0.9:8848",
    "sql": "SELECT 1", "pluginType": "auth", "pluginName": "nacos", "config": "{}",
    "node": "10.0.0.1:8848", "grayName": "hz", "grayRuleExp": "region=hz",
}  # fmt: skip
"""Values under all names that a route may ask for."""

MORE = {
    **{f"GET /v1/ns/{prefix}/distro/status": {"action": "view"} for prefix in ("operator", "ops")},
    **{f"GET /v3/{face}/ai/a2a/list": {"search": "blur"} for face in ("admin", "console")},
}
"""What a route has other values for."""

BODIES = {
    "POST /v1/core/cluster/report": b'{"ip":"10.0.0.1","port":8848}',
    "POST /v1/core/ops/raft": b'{"command":"doSnapshot"}',
    "PUT /v1/ns/distro/datum": b'{"com.alibaba.nacos.naming.iplist.ephemeral.dev##g@@s":{"value":{"instanceList":[]}}}',
    "GET /v1/ns/distro/datum": b'{"keys":"com.alibaba.nacos.naming.iplist.ephemeral.dev##g@@s"}',
    "PUT /v1/ns/service/checksum": b"",
    "POST /v1/ns/service/status": b'{"clientIP":"10.0.0.1"}',
    "POST /v3/admin/cs/config/clone": b'[{"configId":1}]',
    "POST /v3/console/cs/config/clone": b'[{"configId":1}]',
    "PUT /v2/core/cluster/node/list": b'[{"ip":"10.0.0.1","port":8848}]',
    "PUT /v3/admin/core/cluster/node/list": b'[{"ip":"10.0.0.1","port":8848}]',
}
"""Bodies of routes that want JSON."""


def v1(node: NacosNode) -> Iterator[Way]:
    """Every route of v1, out of the table that Klein's C{url_map} was compiled to."""
    seen = {(route.method, route.path): route for methods in node.front.table.values() for route in methods.values()}
    for (method, path), route in sorted(seen.items()):
        if path.startswith(("/v1/", "/actuator/")):
            name = f"{method} {path}"
            yield Way(name, route.needs, lambda name=name, route=route: _ask(name, route))  # type: ignore[misc]


def _ask(name: str, route: Route) -> Any:
    target = f"{route.path}?{urlencode({**GIVEN, **MORE.get(name, {})})}"
    body = BODIES.get(name, b"")
    headers = {"Content-Type": "application/json"} if body else {}
    handler: Any = route.handler
    return handler(route.area, Call.make(route.method, target, body, headers, route.path))


def newer(node: NacosNode, prefix: str) -> Iterator[Way]:
    """Every route of v2 or v3; what each says is the rule of the operation that it is declared for."""
    seen = {(route.method, route.path): route for methods in node.front.table.values() for route in methods.values()}
    for (method, path), route in sorted(seen.items()):
        if path.startswith(prefix):
            name = f"{method} {path}"
            handler: Any = route.handler
            does = handler.declared.does
            rule = Rule("open") if does is None else rule_of(does)
            yield Way(name, rule, lambda name=name, route=route: _ask(name, route))  # type: ignore[misc]


class Stream:
    """A connection without a socket: takes what is sent on it."""

    host, port, serial = "10.0.0.9", 50000, 1764400000000

    def __init__(self) -> None:
        self.client: ClientConnection | None = None

    def __getattr__(self, name: str) -> Callable[..., bool]:
        return lambda *given, **more: True


def connected(node: NacosNode) -> ClientConnection:
    """A client of 2.x on the node."""
    setup = ConnectionSetupRequest(clientVersion="Nacos-Java-Client:v2.5.1", labels={"module": "naming"})
    metadata = Metadata("ConnectionSetupRequest", {}, "10.0.0.9")
    client = node.grpc.connections.register(Stream(), 1, metadata, setup)  # type: ignore[arg-type]
    assert client is not None
    return client


def grpc(node: NacosNode) -> Iterator[Way]:
    """Every type of payload, as the node's table of handlers has them."""
    client, table = connected(node), node.grpc.dispatcher._handlers
    for type_, rule, members in payloads(iter(sorted(table))):

        def enter(type_: str = type_, members: Any = members) -> Any:
            request = table[type_].decode(msgspec.json.encode(members))
            return table[type_].serve(Asked(client, NOBODY, {}, request, type_))

        yield Way(f"{type_} {members}", rule, enter)


DOORS: dict[str, Callable[[NacosNode], Iterator[Way]]] = {
    "v1": v1,
    "v2": lambda node: newer(node, "/v2/"),
    "v3": lambda node: newer(node, "/v3/"),
    "grpc": grpc,
}
"""By the name of the API."""
