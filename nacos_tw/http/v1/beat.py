"""C{PUT /v1/ns/instance/beat}: heartbeats (docs/spec/naming-v1.md#3.7).

A client sends the same bytes every few seconds, so the bytes of a request are looked up before
anything in them is read: they lead to the instance as it was when they were last read. The registry
holds instances as frozen values, so as long as it still holds that very value, all that was worked
out from it holds too.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.errors import BadParameter, Missing
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.reading import LONGEST_METADATA
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.commands import Register
from nacos_tw.naming.model import DEFAULT_CLUSTER, NO_METADATA, Instance, ServiceKey, own_beat_interval
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.switches import Switches
from nacos_tw.naming.validation import check_names, check_port

REMEMBERED_BYTES = 128 * 1024 * 1024
"""Bytes of requests that are remembered, about; when there are more, all are forgotten."""
ENTRY = 400
"""Bytes that one takes beside its own, about."""
LONGEST = 4096
"""Bytes of a request that is remembered."""


class Beat(msgspec.Struct):
    """The C{beat} parameter; keys that are not here are ignored."""

    ip: str = ""
    port: int = 0
    cluster: str | None = None
    weight: float = 0.0
    metadata: dict[str, str] | None = None
    ephemeral: bool = True


class Known:
    """What a request's bytes led to."""

    __slots__ = ("instance", "reply", "switches")

    def __init__(self, instance: Instance, switches: Switches, reply: Reply) -> None:
        self.instance = instance
        self.switches = switches
        self.reply = reply


class Requests:
    """
    The requests that are known by their bytes.

    @ivar known: what a request's target and body led to, by the type of the body too: that decides what is a parameter.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: BoundedMemo[tuple[bytes, bytes, bytes], Known] = BoundedMemo(REMEMBERED_BYTES)

    def remember(self, key: tuple[bytes, bytes, bytes], known: Known) -> None:
        """Keep what a request led to, unless it is unusually long."""
        size = sum(map(len, key))
        if size <= LONGEST:
            self.known.keep(key, known, size + ENTRY)


@attrs.frozen
class BeatsV1:
    """The beat route."""

    prefix: str
    guard: Guard
    naming: Naming
    requests: Requests = attrs.field(factory=Requests)
    app: ClassVar[Klein] = Klein()

    @serve(app, "PUT", "/beat", needs="write:naming")
    def beat(self, call: Call) -> Reply | Deferred[Reply]:
        """Renew the lease of an instance, or register it when the beat says all about it."""
        known = self.requests.known.get(_bytes_of(call))
        naming = self.naming
        if known is not None:
            instance, registry = known.instance, naming.registry
            if (
                registry.by_number.get(instance.number) is instance
                and known.switches is registry.switches
                and not naming.provisional.overlay
            ):
                waiting = naming.beat(instance)
                if waiting is None:
                    return known.reply
                return waiting.addCallback(self._counted, call, instance, known.reply)
        return self._read(call)

    def _counted(self, _: Any, call: Call, instance: Instance, reply: Reply) -> Reply | Deferred[Reply]:
        """A majority has the beat. If the instance went meanwhile, the beat is one of an unknown instance."""
        now = self.naming.registry.by_number.get(instance.number)
        if instance.number and (now is None or now.client):
            return self._read(call)
        return reply

    def _read(self, call: Call) -> Reply | Deferred[Reply]:
        """A request that is not known by its bytes."""
        service = call.service_key()
        text = call.get("beat")
        full = read_beat(text) if text else None
        if full is not None:
            ip, port = full.ip or call.get("ip"), full.port if full.ip else call.integer("port")
            cluster = full.cluster or call.get("clusterName", DEFAULT_CLUSTER)
        else:
            ip, port = call.get("ip"), call.integer("port")
            cluster = call.get("clusterName", DEFAULT_CLUSTER)
        naming = self.naming
        instance = naming.find(service, (cluster, ip, port))
        if instance is None or instance.client:  # beats do not renew what a client of 2.x has, as in 2.5.1
            if full is None:
                return json_reply({"clientBeatInterval": naming.registry.switches.client_beat_interval, "code": 20404})
            return self._register(service, cluster, ip, port, full)
        switches = naming.registry.switches
        reply = answer(switches, instance)
        if instance.number:
            self.requests.remember(_bytes_of(call), Known(instance, switches, reply))
        waiting = naming.beat(instance)
        return reply if waiting is None else waiting.addCallback(self._counted, call, instance, reply)

    def _register(self, service: ServiceKey, cluster: str, ip: str, port: int, beat: Beat) -> Deferred[Reply]:
        if not ip:
            raise Missing("ip")  # nobody could deregister it
        check_port(port)
        check_names(service, cluster, ip)
        command = Register(
            service,
            ip,
            port,
            cluster,
            beat.ephemeral,
            beat.weight,
            True,
            True,
            beat.metadata or NO_METADATA,
            "DEFAULT",
            beat=True,
        )

        def registered(_: Any) -> Reply:
            switches = self.naming.registry.switches
            return answer(switches, self.naming.find(service, (cluster, ip, port)))

        return self.naming.register(command).addCallback(registered)


def _bytes_of(call: Call) -> tuple[bytes, bytes, bytes]:
    """All that decides what a request says."""
    return call.target, call.body, call.raw_header(b"content-type") if call.body else b""


def answer(switches: Switches, instance: Instance | None) -> Reply:
    """What a beat of a known instance is answered; one Reply for each interval."""
    interval = own_beat_interval(instance.metadata) if instance is not None else None
    if interval is None:
        interval = switches.client_beat_interval
    key = (interval, switches.light_beat_enabled)
    reply = _ANSWERS.get(key)
    if reply is None:
        reply = json_reply({"clientBeatInterval": interval, "code": 10200, "lightBeatEnabled": key[1]})
        if len(_ANSWERS) < 1000:
            _ANSWERS[key] = reply
    return reply


_ANSWERS: dict[tuple[int, bool], Reply] = {}


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
