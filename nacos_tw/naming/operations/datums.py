"""The whole registry, as tools of Nacos 1.4 and migrations read and write it: for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.python.failure import Failure

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming import queries
from nacos_tw.naming.commands import Register
from nacos_tw.naming.model import Service, ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Asking, OneService, Registration
from nacos_tw.naming.switches import Switches

ADMIN = Rule("admin")


class ServiceDatum(NamedTuple):
    """
    What is held of a service.

    C{last_beat} gives when the instance of a number was last heard of, in milliseconds since 1970; 0 if not known.
    """

    service: Service
    last_beat: Callable[[int], int]


class Several(msgspec.Struct, frozen=True, gc=False):
    """Instances of any services, to be registered."""

    registrations: list[Registration]

    def resource(self) -> str:
        """None: only an administrator may."""
        return ""


class Datums(Operations):
    """What reads give are the registry's own values: not to change."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    @operation(ADMIN)
    def ephemeral(self, caller: Caller, request: Asking) -> list[ServiceDatum]:
        """All services that have ephemeral instances."""
        naming = self._naming
        found = queries.all_services(naming.registry, naming.overlay)
        return [ServiceDatum(service, naming.last_beat_millis) for service in found if service.ephemeral]

    @operation(ADMIN)
    def find(self, caller: Caller, request: OneService) -> ServiceDatum | None:
        """One service, None if there is none."""
        naming = self._naming
        service = queries.service_of(naming.registry, naming.overlay, request.service)
        return None if service is None else ServiceDatum(service, naming.last_beat_millis)

    @operation(ADMIN)
    def keys(self, caller: Caller, request: Asking) -> list[ServiceKey]:
        """Those of all services in the replicated state."""
        return list(self._naming.registry.services)

    @operation(ADMIN)
    def switches(self, caller: Caller, request: Asking) -> tuple[Switches, int]:
        """The switches, and the version of the registry."""
        return self._naming.registry.switches, self._naming.registry.version

    @operation(ADMIN)
    def register(self, caller: Caller, request: Several) -> Deferred[Any]:
        """
        Register them as ephemeral instances; others that the services have stay.

        @return: fires when all are; fails with what went wrong first.
        """
        done = [self._naming.register(_command(each)) for each in request.registrations]
        return gatherResults(done, consumeErrors=True).addErrback(_first)


def _command(it: Registration) -> Register:
    return Register(
        it.service, it.ip, it.port, it.cluster, True, it.weight, it.enabled, it.healthy, it.metadata, it.app
    )


def _first(failure: Failure) -> Failure:
    error = failure.value
    return error.subFailure if isinstance(error, FirstError) else failure
