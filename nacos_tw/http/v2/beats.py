"""C{PUT /v2/ns/instance/beat}: heartbeats (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.http.api.instances import CLUSTER
from nacos_tw.http.api.parameters import NAMESPACE, SERVICE_ASKED, integer, service_key, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import DEFAULT_CLUSTER, NO_METADATA
from nacos_tw.naming.operations.beats import Beats, Lease
from nacos_tw.naming.requests import Heartbeat

IP = text("ip", "The instance's address.")
PORT = integer("port", "The instance's port.")
BEAT = text("beat", "JSON that says all of the instance, so that one that is unknown is registered.")
KEPT_BYTES = 64 * 1024 * 1024
"""Bytes of heartbeats that are known again, about."""
ENTRY = 400
"""Bytes that one takes beside its own, about."""
LONGEST = 4096


class Whole(msgspec.Struct):
    """The parameter C{beat}; keys that are not here are ignored."""

    ip: str | None = None
    port: int | None = None
    cluster: str | None = None
    weight: float | None = None
    metadata: dict[str, str | int | float | bool | None] | None = None
    ephemeral: bool | None = None


@attrs.frozen
class BeatsV2:
    """@ivar known: what a heartbeat's target and body led to."""

    prefix: ClassVar[str] = "/v2/ns/instance"
    app = Klein()
    guard: Guard
    beats: Beats
    known: BoundedMemo[tuple[bytes, bytes], Lease] = attrs.field(factory=lambda: BoundedMemo(KEPT_BYTES))

    def _known(self, call: Call) -> Reply | Deferred[Reply] | None:
        lease = self.known.get((call.target, call.body))
        if lease is None or (renewed := self.beats.renew(call, lease)) is False:
            return None
        if renewed is True:
            return answer(lease)
        return renewed.addCallback(lambda still: answer(lease) if still else self._read(call))

    def _read(self, call: Call) -> Reply | Deferred[Reply]:
        found = self.beats.beat(call, heartbeat(call))
        return self._beaten(found, call) if isinstance(found, Lease) else found.addCallback(self._beaten, call)

    @api(
        app, "PUT", "/beat", does=Beats.beat, takes=(NAMESPACE, SERVICE_ASKED, IP, PORT, CLUSTER, BEAT),
        gives="When the next one is due; without a wrapper", known=_known,
    )  # fmt: skip
    def beat(self, call: Call) -> Reply | Deferred[Reply]:
        """Renew the lease of an instance, or register it when the beat says all about it."""
        return self._read(call)

    def _beaten(self, lease: Lease, call: Call) -> Reply:
        size = len(call.target) + len(call.body)
        if lease.lasting and size <= LONGEST:
            self.known.keep((call.target, call.body), lease, size + ENTRY)
        return answer(lease)


def heartbeat(call: Call) -> Heartbeat:
    """What a call says."""
    key, said = service_key(call, SERVICE_ASKED), BEAT(call)
    if not said:
        return Heartbeat(key, IP(call), PORT(call), CLUSTER(call))
    whole: Whole = read_json(said, Whole)
    metadata = {name: _text(value) for name, value in (whole.metadata or {}).items() if value is not None}
    return Heartbeat(
        key,
        whole.ip or IP(call),
        whole.port or PORT(call),
        whole.cluster or call.params.get("clusterName") or DEFAULT_CLUSTER,
        True,
        whole.ephemeral is not False,
        0.0 if whole.weight is None else whole.weight,
        metadata or NO_METADATA,
    )


def _text(value: str | int | float | bool) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def answer(lease: Lease) -> Reply:
    """A bare object: 10200, or 20404 to register."""
    if lease.instance is None:
        return json_reply({"clientBeatInterval": lease.interval, "code": 20404})
    return json_reply(
        {"clientBeatInterval": lease.interval, "code": 10200, "lightBeatEnabled": lease.switches.light_beat_enabled}
    )
