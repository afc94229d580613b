"""
Heartbeats of instances (docs/spec/naming-v1.md#3.7).

A client sends the same beat every few seconds. What a beat came to, a L{Lease}, can be given back by an API that knows
the beat again, by its bytes: as long as the registry holds the very same values, all that came of them holds too.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming.commands import Register
from nacos_tw.naming.model import DEFAULT_APP, Instance, own_beat_interval
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Heartbeat, resource_of
from nacos_tw.naming.switches import Switches

WRITE = Rule("write", "naming")


class Lease:
    """
    What a beat came to; also the request to renew it again.

    @ivar instance: None if it is unknown, and the beat did not say enough to register it.
    @ivar switches: in force at the time.
    """

    __slots__ = ("instance", "switches")

    def __init__(self, instance: Instance | None, switches: Switches) -> None:
        self.instance = instance
        self.switches = switches

    def resource(self) -> str:
        """The instance's service."""
        return "" if self.instance is None else resource_of(self.instance.service)

    @property
    def lasting(self) -> bool:
        """Whether it can be renewed: not one that is only provisional."""
        return self.instance is not None and self.instance.number != 0

    @property
    def interval(self) -> int:
        """Milliseconds after which the next beat is due."""
        own = None if self.instance is None else own_beat_interval(self.instance.metadata)
        return self.switches.client_beat_interval if own is None else own


class Beats(Operations):
    """A beat is done when a majority has it, or, without one, when this node has noted it."""

    __slots__ = ("_naming",)

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    @operation(WRITE)
    def beat(self, caller: Caller, request: Heartbeat) -> Lease | Deferred[Lease]:
        """Renew the lease of an instance, or register it when the beat says all about it."""
        return self._beat(request)

    @operation(WRITE)
    def renew(self, caller: Caller, lease: Lease) -> bool | Deferred[bool]:
        """
        Do for a lasting lease what its beat did.

        @return: False if it does not hold any more: then the beat has to be read anew.
        """
        naming, instance = self._naming, lease.instance
        registry = naming.registry
        if (
            instance is None
            or registry.by_number.get(instance.number) is not instance
            or lease.switches is not registry.switches
            or naming.overlay
        ):
            return False
        waiting = naming.beat(instance)
        return True if waiting is None else waiting.addCallback(self._still_there, instance)

    def _beat(self, request: Heartbeat) -> Lease | Deferred[Lease]:
        naming = self._naming
        instance = naming.find(request.service, (request.cluster, request.ip, request.port))
        if instance is None or instance.client:  # what a client of 2.x publishes is not renewed by beats, as in 2.5.1
            return self._register(request) if request.whole else Lease(None, naming.registry.switches)
        lease = Lease(instance, naming.registry.switches)
        waiting = naming.beat(instance)
        return lease if waiting is None else waiting.addCallback(self._counted, request, instance, lease)

    def _counted(self, _: Any, request: Heartbeat, instance: Instance, lease: Lease) -> Lease | Deferred[Lease]:
        """A majority has the beat. If the instance went meanwhile, the beat is one of an unknown instance."""
        return lease if self._still_there(None, instance) else self._beat(request)

    def _still_there(self, _: Any, instance: Instance) -> bool:
        now = self._naming.registry.by_number.get(instance.number)
        return not instance.number or (now is not None and not now.client)

    def _register(self, request: Heartbeat) -> Deferred[Lease]:
        naming = self._naming
        command = Register(
            request.service,
            request.ip,
            request.port,
            request.cluster,
            request.ephemeral,
            request.weight,
            True,
            True,
            request.metadata,
            DEFAULT_APP,
            beat=True,
        )

        def registered(_: Any) -> Lease:
            found = naming.find(request.service, (request.cluster, request.ip, request.port))
            return Lease(found, naming.registry.switches)

        return naming.register(command).addCallback(registered)
