"""Lists of a service's instances: the same request bytes get a kept answer as long as the service is unchanged."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.http.answers import Answers
from nacos_tw.http.api.instances import CLUSTERS, HEALTHY_ONLY
from nacos_tw.http.api.parameters import Parameter, service_key
from nacos_tw.http.call import Call, ServiceKey
from nacos_tw.http.reply import Reply
from nacos_tw.naming.operations.discovery import Discovery, Look, Seen, View

KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of answers that are kept."""


@attrs.frozen
class Asked:
    """What a call asks for."""

    key: ServiceKey
    clusters: str
    healthy_only: bool


class Lists:
    """
    The answers of one route.

    @ivar again: see L{Answers.again}.
    """

    def __init__(
        self,
        discovery: Discovery,
        service: Parameter[str],
        render: Callable[[Asked, Seen], Reply],
        healthy_only: Parameter[bool] | None = HEALTHY_ONLY,
    ) -> None:
        """
        @param service: the parameter for its name.
        @param render: makes the answer, of what is given and the switches.
        @param healthy_only: the parameter for that; None: unhealthy ones are always there.
        """
        self._discovery = discovery
        self._healthy_only = healthy_only
        self._service = service
        self._render = render
        self._answers: Answers[View] = Answers(discovery.holds, KEPT_BYTES)
        self.again = self._answers.again

    def answer(self, call: Call) -> Reply:
        """The list that a call asks for, whose bytes are not known."""
        only = self._healthy_only is not None and self._healthy_only(call)
        asked = Asked(service_key(call, self._service), CLUSTERS(call), only)
        kept = self._answers.of(call, asked)
        if kept is not None:
            return kept
        view = self._discovery.look(call, Look(asked.key))
        reply = self._render(asked, view.seen(asked.clusters, asked.healthy_only))
        if view.version >= 0:
            self._answers.keep(asked, (view, reply))
            self._answers.keep_target(call, (view, reply))
        return reply
