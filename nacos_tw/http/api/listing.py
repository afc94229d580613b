"""Lists of a service's instances: the same request bytes get a cached answer as long as the service is unchanged."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.http.api.instances import CLUSTERS, HEALTHY_ONLY
from nacos_tw.http.api.parameters import Parameter, service_key
from nacos_tw.http.call import Call, ServiceKey
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.model import Service
from nacos_tw.naming.operations.discovery import Discovery, Look, Seen

KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of answers that are kept."""
ENTRY = 300
"""Bytes that one takes beside its own, about."""
LONGEST_TARGET = 2048


@attrs.frozen
class Asked:
    """What a call asks for."""

    key: ServiceKey
    clusters: str
    healthy_only: bool


@attrs.frozen
class _Kept:
    asked: Asked
    service: Service
    version: int
    salt: int
    reply: Reply


class Lists:
    """The answers of one route."""

    def __init__(
        self,
        discovery: Discovery,
        service: Parameter[str],
        render: Callable[[Asked, Seen], Reply],
        salt: Callable[[], int] = lambda: 0,
    ) -> None:
        """
        @param service: the parameter for its name.
        @param render: makes the answer.
        @param salt: what else an answer depends on.
        """
        self._discovery = discovery
        self._service = service
        self._render = render
        self._salt = salt
        self._kept: BoundedMemo[bytes, _Kept] = BoundedMemo(KEPT_BYTES)

    def answer(self, call: Call) -> Reply:
        """The list that a call asks for."""
        known = None if call.body else self._kept.get(call.target)
        asked = (
            Asked(service_key(call, self._service), CLUSTERS(call), HEALTHY_ONLY(call))
            if known is None
            else known.asked
        )
        view = self._discovery.look(call, Look(asked.key))
        salt = self._salt()
        if known is not None and known.service is view.service and known.version == view.version and known.salt == salt:
            return known.reply
        reply = self._render(asked, view.seen(asked.clusters, asked.healthy_only))
        target = call.target
        if view.service is not None and view.version >= 0 and not call.body and len(target) <= LONGEST_TARGET:
            kept = _Kept(asked, view.service, view.version, salt, reply)
            self._kept.keep(target, kept, len(target) + len(reply.body) + ENTRY)
        return reply

    def _asked(self, call: Call) -> Asked:
        return Asked(service_key(call, self._service), CLUSTERS(call), HEALTHY_ONLY(call))
