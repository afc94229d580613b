"""Instances: registering, changing, removing and looking at them (docs/spec/naming-v1.md#3)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail

from nacos_tw.access.caller import Caller
from nacos_tw.access.limits import Admission
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.errors import KindMismatch
from nacos_tw.naming import queries
from nacos_tw.naming.commands import Deregister, MetadataBatch, Patch, Register, Update
from nacos_tw.naming.model import Instance
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.requests import Change, MetadataChange, OneInstance, OneService, Registration, Removal

READ, WRITE = Rule("read", "naming"), Rule("write", "naming")


class Instances(Operations):
    """Each write is done once this node has applied it, or, for an ephemeral one without a majority, has taken it."""

    __slots__ = ("_admission", "_naming")

    def __init__(self, naming: Naming, admission: Admission | None = None) -> None:
        """@param admission: of registrations; those that are refused raise L{nacos_tw.access.limits.OverLimit}."""
        self._naming = naming
        self._admission = admission

    @operation(WRITE)
    def register(self, caller: Caller, request: Registration) -> Deferred[Any]:
        """Add an instance, or replace the one of its address."""
        return self._add(caller, request)

    @operation(WRITE)
    def register_one_kind(self, caller: Caller, request: Registration) -> Deferred[Any]:
        """
        Add an instance, or replace the one of its address, by an API of Nacos 2 or 3 (docs/spec/README.md#19).

        @return: fails with KindMismatch if the service has instances of the other kind only.
        """
        kind = self._kind(request)
        service = queries.service_of(self._naming.registry, self._naming.overlay, request.service)
        if service is not None:
            same, other = (service.ephemeral, service.persistent) if kind else (service.persistent, service.ephemeral)
            if other and not same:
                return fail(KindMismatch(request.service, ephemeral=kind))
        return self._add(caller, request)

    @operation(WRITE)
    def replace(self, caller: Caller, request: Registration) -> Deferred[Any]:
        """
        Replace an instance.

        @return: fails with InstanceUnknown if there is none.
        """
        if request.keeps:
            place = request.service, request.cluster, request.ip, request.port
            return self._naming.edit(Patch(*place, weight=request.weight, enabled=request.enabled))
        return self._naming.edit(self._edited(request, Update))

    @operation(WRITE)
    def put(self, caller: Caller, request: Registration) -> Deferred[Any]:
        """Replace an instance, or add it where there is none. One that a client of 2.x has stays that client's."""
        if self._admission is not None:
            self._admission.caller(caller)
        return self._naming.put(replace(self._edited(request, Register), edit=True))

    @operation(WRITE)
    def deregister(self, caller: Caller, request: Removal) -> Deferred[Any]:
        """Remove an instance; one that is not there is fine."""
        kind = self._kind(request)
        return self._naming.deregister(Deregister(request.service, request.ip, request.port, request.cluster, kind))

    @operation(WRITE)
    def change(self, caller: Caller, request: Change) -> Deferred[Any]:
        """
        Change the given fields of an instance.

        @return: fails if there is none.
        """
        return self._naming.edit(
            Patch(
                request.service,
                request.cluster,
                request.ip,
                request.port,
                request.metadata,
                request.app,
                request.weight,
                request.healthy,
                request.enabled,
            )
        )

    @operation(WRITE)
    def change_metadata(self, caller: Caller, request: MetadataChange) -> Deferred[list[str] | None]:
        """
        Change keys in the metadata of several instances.

        @return: fires with those that were found, see L{MetadataBatch}.
        """
        return self._naming.edit(
            MetadataBatch(request.service, request.kind, request.instances, request.metadata, request.remove)
        )

    @operation(READ)
    def detail(self, caller: Caller, request: OneInstance) -> Instance:
        """
        One instance with its real health.

        @raise NotFound: no such service, cluster or instance.
        """
        naming = self._naming
        return queries.find_one(
            naming.registry, naming.overlay, request.service, request.cluster, request.ip, request.port
        )

    @operation(Rule("admin"))
    def statuses(self, caller: Caller, request: OneService) -> list[str]:
        """The health of a service's instances, see L{queries.statuses}."""
        return queries.statuses(self._naming.registry, self._naming.overlay, request.service)

    def _add(self, caller: Caller, request: Registration) -> Deferred[Any]:
        if self._admission is not None:
            self._admission.caller(caller)
        command = self._whole(request, Register)
        if request.given_id is not None:
            command = replace(command, given_id=request.given_id)
        return self._naming.register(command)

    def _kind(self, request: Registration | Removal) -> bool:
        kind = request.ephemeral
        return self._naming.registry.switches.default_instance_ephemeral if kind is None else kind

    def _edited(self, request: Registration, kind: Any) -> Any:
        """As L{_whole}; but of an instance that a client of 2.x has, the application is what that client said."""
        whole = self._whole(request, kind)
        service = queries.service_of(self._naming.registry, self._naming.overlay, request.service)
        known = None
        if service is not None and whole.ephemeral:
            known = service.ephemeral.get((request.cluster, request.ip, request.port))
        return replace(whole, app=known.app) if known is not None and known.client else whole

    def _whole(self, request: Registration, kind: Any) -> Any:
        return kind(
            request.service,
            request.ip,
            request.port,
            request.cluster,
            self._kind(request),
            request.weight,
            request.enabled,
            request.healthy,
            request.metadata,
            request.app,
        )
