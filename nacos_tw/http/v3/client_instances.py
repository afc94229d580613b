"""C{/v3/client/ns/instance}: instances, of clients without an SDK (docs/spec/http-v2-v3.md#5.1)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.http.api.codes import INSTANCE_NOT_FOUND
from nacos_tw.http.api.instances import CLUSTER, CLUSTERS, HEALTHY_ONLY, INSTANCE, IP, PORT, host, registration, removal
from nacos_tw.http.api.listing import Asked, Lists
from nacos_tw.http.api.parameters import GROUP, NAMESPACE, SERVICE, boolean, service_key
from nacos_tw.http.api.results import OK, ok, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.operations.beats import Beats, Lease
from nacos_tw.naming.operations.discovery import Discovery, Seen
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.requests import Heartbeat

HEARTBEAT = boolean("heartBeat", "Only a heartbeat, of an instance that is registered.")
UNKNOWN = result(None, INSTANCE_NOT_FOUND)
KEPT_BYTES = 64 * 1024 * 1024
"""Bytes of heartbeats that are known again, about."""
ENTRY = 400
"""Bytes that one takes beside its own, about."""
LONGEST = 4096


def render(asked: Asked, seen: Seen) -> Reply:
    """A list: bare instances."""
    return result([host(*each) for each in seen.instances])


@attrs.frozen
class ClientInstancesV3:
    """@ivar known: what a heartbeat's target and body led to."""

    prefix: ClassVar[str] = "/v3/client/ns/instance"
    app = Klein()
    guard: Guard
    instances: Instances
    beats: Beats
    lists: Lists
    known: BoundedMemo[tuple[bytes, bytes], Lease] = attrs.field(factory=lambda: BoundedMemo(KEPT_BYTES))

    @classmethod
    def make(cls, guard: Guard, instances: Instances, beats: Beats, discovery: Discovery) -> ClientInstancesV3:
        """With lists of its own."""
        return cls(guard, instances, beats, Lists(discovery, SERVICE, render, None))

    def _known(self, call: Call) -> Reply | Deferred[Reply] | None:
        lease = self.known.get((call.target, call.body))
        renewed = False if lease is None else self.beats.renew(call, lease)
        if renewed is True:
            return OK
        return None if renewed is False else renewed.addCallback(lambda still: OK if still else self._beat(call))

    @api(app, "POST", "", does=Instances.register_one_kind, takes=(*INSTANCE, HEARTBEAT), known=_known)
    def register(self, call: Call) -> Reply | Deferred[Reply]:
        """Register an instance; or, with heartBeat=true, say that it lives: code 21003 asks to register it again."""
        if HEARTBEAT(call):
            return self._beat(call)
        return self.instances.register_one_kind(call, registration(call)).addCallback(ok)

    def _beat(self, call: Call) -> Reply | Deferred[Reply]:
        key = service_key(call)
        found = self.beats.beat(call, Heartbeat(key, IP(call), PORT(call), CLUSTER(call)))
        return self._beaten(found, call) if isinstance(found, Lease) else found.addCallback(self._beaten, call)

    def _beaten(self, lease: Lease, call: Call) -> Reply:
        if lease.instance is None:
            return UNKNOWN
        size = len(call.target) + len(call.body)
        if lease.lasting and size <= LONGEST:
            self.known.keep((call.target, call.body), lease, size + ENTRY)
        return OK

    @api(app, "DELETE", "", does=Instances.deregister, takes=INSTANCE)
    async def deregister(self, call: Call) -> str:
        """Remove an instance; succeeds if it does not exist."""
        await self.instances.deregister(call, removal(call))
        return "ok"

    def _known_list(self, call: Call) -> Reply | None:
        return self.lists.again(call)

    @api(
        app, "GET", "/list", does=Discovery.look, takes=(NAMESPACE, GROUP, SERVICE, CLUSTERS, HEALTHY_ONLY),
        gives="The instances", known=_known_list,
    )  # fmt: skip
    def instance_list(self, call: Call) -> Reply:
        """
        A service's enabled instances, of all clusters or of some; one that does not exist has none. As in Nacos,
        unhealthy ones are there in any case, and healthyOnly has no effect.
        """
        return self.lists.answer(call)
