"""C{PUT /v1/ns/instance/beat}: heartbeats (docs/spec/naming-v1.md#3.7).

A client sends the same bytes every few seconds, so the bytes of a request are looked up before
anything in them is read: they lead to the lease that was renewed when they were
last read, as long as it holds.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.operations import rule_of
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.reading import LONGEST_METADATA
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import DEFAULT_CLUSTER, NO_METADATA
from nacos_tw.naming.operations.beats import Beats, Lease
from nacos_tw.naming.requests import Heartbeat

REMEMBERED_BYTES = 128 * 1024 * 1024
"""Bytes of requests that are remembered, about; when there are more, all are forgotten."""
ENTRY = 400
"""Bytes that one takes beside its own, about."""
LONGEST = 4096
"""Bytes of a request that is remembered."""


RequestBytes = tuple[bytes, bytes, bool]
"""Target and body of a request, and whether its body is a form: that decides what is a parameter."""


class Beat(msgspec.Struct):
    """The C{beat} parameter; keys that are not here are ignored."""

    ip: str = ""
    port: int = 0
    cluster: str | None = None
    weight: float = 0.0
    metadata: dict[str, str] | None = None
    ephemeral: bool = True


class Known(Lease):
    """What a request's bytes led to, and its answer."""

    __slots__ = ("reply",)

    def __init__(self, lease: Lease, reply: Reply) -> None:
        super().__init__(lease.instance, lease.switches)
        self.reply = reply


class Requests:
    """
    The requests that are known by their bytes.

    @ivar known: what a request led to.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: BoundedMemo[RequestBytes, Known] = BoundedMemo(REMEMBERED_BYTES)

    def remember(self, key: RequestBytes, known: Known) -> None:
        """Keep what a request led to, unless it is unusually long."""
        size = len(key[0]) + len(key[1])
        if size <= LONGEST:
            self.known.keep(key, known, size + ENTRY)


@attrs.frozen
class BeatsV1:
    """The beat route."""

    prefix: str
    guard: Guard
    beats: Beats
    requests: Requests = attrs.field(factory=Requests)
    app: ClassVar[Klein] = Klein()

    @serve(app, "PUT", "/beat", needs=rule_of(Beats.beat))
    def beat(self, call: Call) -> Reply | Deferred[Reply]:
        """Renew the lease of an instance, or register it when the beat says all about it."""
        known = self.requests.known.get(_bytes_of(call))
        if known is not None:
            counted = self.beats.renew(call, known)
            if counted is True:
                return known.reply
            if counted is not False:
                return counted.addCallback(self._renewed, call, known.reply)
        return self._read(call)

    def _renewed(self, counted: bool, call: Call, reply: Reply) -> Reply | Deferred[Reply]:
        return reply if counted else self._read(call)

    def _read(self, call: Call) -> Reply | Deferred[Reply]:
        """A request that is not known by its bytes."""
        lease = self.beats.beat(call, read_heartbeat(call))
        if isinstance(lease, Lease):
            return self._answer(lease, call)
        return lease.addCallback(self._answer, call)

    def _answer(self, lease: Lease, call: Call) -> Reply:
        reply = answer(lease)
        if lease.lasting:
            self.requests.remember(_bytes_of(call), Known(lease, reply))
        return reply


def _bytes_of(call: Call) -> RequestBytes:
    """All that decides what a request says."""
    body = call.body
    return call.target, body, bool(body) and call.has_form


def answer(lease: Lease) -> Reply:
    """What a beat is answered; of known instances one Reply for each interval."""
    if lease.instance is None:
        return json_reply({"clientBeatInterval": lease.interval, "code": 20404})
    key = (lease.interval, lease.switches.light_beat_enabled)
    reply = _ANSWERS.get(key)
    if reply is None:
        reply = json_reply({"clientBeatInterval": key[0], "code": 10200, "lightBeatEnabled": key[1]})
        if len(_ANSWERS) < 1000:
            _ANSWERS[key] = reply
    return reply


_ANSWERS: dict[tuple[int, bool], Reply] = {}


def read_heartbeat(call: Call) -> Heartbeat:
    """
    The beat that a call tells.

    @raise BadParameter: a parameter is missing or refused.
    """
    service = call.service_key()
    text = call.get("beat")
    if not text:
        return Heartbeat(service, call.get("ip"), call.integer("port"), call.get("clusterName", DEFAULT_CLUSTER))
    beat = read_beat(text)
    ip, port = (beat.ip, beat.port) if beat.ip else (call.get("ip"), call.integer("port"))
    cluster = beat.cluster or call.get("clusterName", DEFAULT_CLUSTER)
    return Heartbeat(service, ip, port, cluster, True, beat.ephemeral, beat.weight, beat.metadata or NO_METADATA)


def read_beat(text: str) -> Beat:
    """
    The C{beat} parameter.

    @raise BadParameter: it is not JSON, or its fields are of other kinds.
    """
    if len(text) > LONGEST_METADATA + LONGEST:
        raise BadParameter("the beat is too long")
    found = read_json(text, dict[str, Any])
    metadata = found.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadParameter("JSON expected: metadata is no object")
    if metadata:
        found["metadata"] = {key: _text(value) for key, value in metadata.items() if value is not None}
    try:
        return msgspec.convert({k: v for k, v in found.items() if v is not None}, Beat, strict=False)
    except msgspec.MsgspecError as error:
        raise BadParameter(f"JSON expected: {error}") from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
