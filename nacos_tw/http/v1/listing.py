"""C{GET /v1/ns/instance/list}: the instances of a service (docs/spec/naming-v1.md#3.6), and subscriptions by UDP.

Answers are rendered once and given again, see L{nacos_tw.http.answers}: what one depends on are clusters, health, the
agent and more, but rarely the client's address.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.answers import Answers
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, raw_json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.list_rendering import ListRendering
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.operations.discovery import Discovery, Look, View
from nacos_tw.push.udp import UdpPush


@attrs.frozen
class InstanceListV1:
    """@ivar answers: for others than Java agents, and for these."""

    prefix: str
    guard: Guard
    discovery: Discovery
    udp: UdpPush
    rendering: ListRendering
    answers: tuple[Answers[View], Answers[View]] = attrs.field(init=False)
    app: ClassVar[Klein] = Klein()

    @answers.default
    def _none_yet(self) -> tuple[Answers[View], Answers[View]]:
        return Answers(self.discovery.holds), Answers(self.discovery.holds)

    @serve(app, "GET", "/list", needs=rule_of(Discovery.look))
    def instance_list(self, call: Call) -> Reply:
        """The instances that a client may call; with C{udpPort} also a subscription."""
        java = call.java_agent
        kept = self.answers[java].by_target.get(call.target)  # as Answers.again does, one call less
        if kept is not None and not call.body and self.discovery.holds(call, kept[0]):
            return kept[1]
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
        found = self._answer(view, clusters, healthy_only, client_ip, call.get("env"), java, pushed)
        if udp_port <= 0 and found[0].version >= 0:
            self.answers[java].keep_target(call, found)
        return found[1]

    def _answer(
        self, view: View, clusters: str, healthy_only: bool, client_ip: str, env: str, java: bool, pushed: bool
    ) -> tuple[View, Reply]:
        """The answer, with what it stands on."""
        ip = client_ip if view.by_client else ""
        what = (view.key, clusters, healthy_only, ip, env, pushed)
        kept = self.answers[java].rendered.get(what)
        if kept is not None and kept[0].same(view):
            return kept
        found = (view, raw_json_reply(self.rendering.render(view, clusters, healthy_only, ip, env, java, pushed)))
        if view.version >= 0 and len(env) + len(clusters) < 256:
            self.answers[java].keep(what, found)
        return found
