"""C{GET /v1/ns/instance/list}: the instances of a service (docs/spec/naming-v1.md#3.6), and subscriptions by UDP.

Answers are rendered once and given again. Two look-ups, both dropped by the service's version: the
request's bytes lead straight to an answer, because a client asks the same thing every few seconds;
and what an answer depends on (clusters, health, agent, ...) leads to the same answer for clients that
differ only in their address.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, raw_json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.list_rendering import ListRendering
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.discovery import Discovery, Look, View
from nacos_tw.push.udp import UdpPush

REMEMBERED_BYTES = 32 * 1024 * 1024
"""Bytes of requests that are remembered, about; when there are more, all are forgotten."""
ENTRY = 300
"""Bytes that one takes beside its own, about."""
RENDERED_BYTES = 32 * 1024 * 1024
"""Bytes of rendered answers that are kept."""

Cached = tuple[View, Reply]
"""The service as it was, and the answer."""


class ListAnswers:
    """
    The rendered answers of one node.

    @ivar by_target: for Java agents and for others: the request's target to an answer.
    @ivar rendered: answers by what is in them. When they are forgotten, so are the ways to them.
    """

    __slots__ = ("by_target", "rendered")

    def __init__(self) -> None:
        half = REMEMBERED_BYTES // 2
        self.by_target: tuple[BoundedMemo[bytes, Cached], BoundedMemo[bytes, Cached]] = (
            BoundedMemo(half), BoundedMemo(half),
        )  # fmt: skip
        self.rendered: BoundedMemo[tuple[object, ...], Cached] = BoundedMemo(RENDERED_BYTES, self._forget_targets)

    def _forget_targets(self) -> None:
        for targets in self.by_target:
            targets.clear()

    def keep(self, key: tuple[object, ...], cached: Cached) -> None:
        """Keep a rendered answer."""
        self.rendered.keep(key, cached, 2 * len(cached[1].body) + ENTRY)

    def keep_target(self, java: bool, target: bytes, cached: Cached) -> None:
        """Keep the way from a request's bytes to an answer."""
        self.by_target[java].keep(target, cached, len(target) + ENTRY)


@attrs.frozen
class InstanceListV1:
    """The list."""

    prefix: str
    guard: Guard
    discovery: Discovery
    udp: UdpPush
    rendering: ListRendering
    answers: ListAnswers = attrs.field(factory=ListAnswers)
    app: ClassVar[Klein] = Klein()

    @serve(app, "GET", "/list", needs=rule_of(Discovery.look))
    def instance_list(self, call: Call) -> Reply:
        """The instances that a client may call; with C{udpPort} also a subscription."""
        java = call.java_agent
        cached = self.answers.by_target[java].get(call.target)
        if cached is not None and not call.body and self.discovery.holds(call, cached[0]):
            return cached[1]
        return self._list(call, call.service_key(), java)

    def _list(self, call: Call, key: ServiceKey, java: bool) -> Reply:
        """A request that is not known by its bytes."""
        clusters, udp_port = call.get("clusters"), call.integer("udpPort")
        healthy_only = call.strict("healthyOnly")
        client_ip = call.get("clientIP")
        view = self.discovery.look(call, Look(key))
        if call.strict("isCheck") and view.service is not None:
            return raw_json_reply(b"{}")
        pushed = False
        if udp_port > 0:
            pushed = self.udp.subscribe(key, clusters, client_ip or call.peer, udp_port, call.agent, call.get("app"))
        cached = self._answer(view, clusters, healthy_only, client_ip, call.get("env"), java, pushed)
        if udp_port <= 0 and cached[0].version >= 0 and not call.body:
            self.answers.keep_target(java, call.target, cached)
        return cached[1]

    def _answer(
        self, view: View, clusters: str, healthy_only: bool, client_ip: str, env: str, java: bool, pushed: bool
    ) -> Cached:
        """The answer, with what it stands on."""
        ip = client_ip if view.by_client else ""
        what = (view.key, clusters, healthy_only, ip, env, java, pushed)
        cached = self.answers.rendered.get(what)
        if cached is not None and cached[0].same(view):
            return cached
        found = (view, raw_json_reply(self.rendering.render(view, clusters, healthy_only, ip, env, java, pushed)))
        if view.version >= 0 and len(env) + len(clusters) < 256:
            self.answers.keep(what, found)
        return found
