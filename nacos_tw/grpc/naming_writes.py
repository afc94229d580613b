"""Registering: what a client publishes on its connection, and persistent instances (docs/spec/grpc.md#7.3)."""

from __future__ import annotations

import re
from typing import Any

from nacos_tw.grpc import checking
from nacos_tw.grpc.dispatch import Asked, Done, Handler, RequestFailed, rendered
from nacos_tw.grpc.messages import BAD_PARAMETER, FAIL
from nacos_tw.grpc.naming_messages import (
    BatchInstanceRequest,
    BatchInstanceResponse,
    GivenInstance,
    InstanceRequest,
    InstanceResponse,
    PersistentInstanceRequest,
)
from nacos_tw.grpc.phrases import or_null
from nacos_tw.naming.commands import Published
from nacos_tw.naming.model import (
    BEAT_INTERVAL_KEY,
    BEAT_TIMEOUT_KEY,
    DEFAULT_BEAT_INTERVAL,
    DEFAULT_BEAT_TIMEOUT,
    DEFAULT_CLUSTER,
    DEFAULT_DELETE_TIMEOUT,
    DELETE_TIMEOUT_KEY,
    ServiceKey,
    preserved,
)
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.publications import Publication, Publications, StreamRegistration, Withdrawal
from nacos_tw.naming.requests import Registration, Removal

REGISTER, DEREGISTER, BATCH = "registerInstance", "deregisterInstance", "batchRegisterInstance"
_CLUSTER = re.compile(r"[0-9a-zA-Z-]+")
_LEASE_KEYS = (BEAT_INTERVAL_KEY, BEAT_TIMEOUT_KEY, DELETE_TIMEOUT_KEY)
_DONE = {type_: rendered(InstanceResponse(type=type_)) for type_ in (REGISTER, DEREGISTER)}
_BATCH_DONE = rendered(BatchInstanceResponse(type=BATCH))


class NamingWrites:
    """The handlers."""

    def __init__(self, publications: Publications, instances: Instances) -> None:
        self._publications = publications
        self._instances = instances

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {
            "InstanceRequest": Handler(InstanceRequest, self.instance, InstanceResponse),
            "BatchInstanceRequest": Handler(BatchInstanceRequest, self.batch, BatchInstanceResponse),
            "PersistentInstanceRequest": Handler(PersistentInstanceRequest, self.persistent, InstanceResponse),
        }

    def instance(self, asked: Asked[InstanceRequest]) -> Done:
        """The one instance that the client publishes of a service, or none any more, whatever the request names."""
        request = asked.request
        key, given = checking.service_of(request), request.instance or _none_given(request.type)
        checking.check_instance(given)
        client = asked.client
        if request.type == REGISTER:
            wanted = (_published(given, client.app, key),)
            if client.module != "naming" or not client.open:
                checking.check_naming_client(client)
            done = self._publications.publish(asked, Publication(key, client.id, wanted))
        elif request.type == DEREGISTER:
            done = self._publications.withdraw(asked, Withdrawal(key, client.id))
        else:
            raise _unsupported(request.type)
        return Done(done, _DONE[request.type])

    def batch(self, asked: Asked[BatchInstanceRequest]) -> Done:
        """All instances that the client publishes of a service, in the place of those before."""
        request, client = asked.request, asked.client
        key = checking.service_of(request)
        if request.type != BATCH:
            raise _unsupported(request.type)
        given = request.instances
        if given is None:
            raise RequestFailed(FAIL, "Param 'instances' is required.")
        for each in given:
            checking.check_instance(each)
        wanted = tuple(_published(each, client.app, key) for each in given)
        checking.check_naming_client(client)
        done = self._publications.publish(asked, Publication(key, client.id, wanted))
        return Done(done, _BATCH_DONE)

    def persistent(self, asked: Asked[PersistentInstanceRequest]) -> Done:
        """An instance that stays when the client has gone, registered or removed by its address."""
        request = asked.request
        key, given = checking.service_of(request), request.instance or _none_given(REGISTER)
        checking.check_instance(given)
        cluster = given.clusterName or DEFAULT_CLUSTER
        if request.type == REGISTER:
            _check_legal(given)
            done = self._instances.register_one_kind(asked, _registration(key, given, asked.client.app))
        elif request.type == DEREGISTER:
            done = self._instances.deregister(asked, Removal(key, given.ip or "", given.port, cluster, False))
        else:
            raise _unsupported(request.type)
        return Done(done, _DONE[request.type])


def _published(given: GivenInstance, app: str, key: ServiceKey) -> Published:
    """An instance as the log has it; what is asked with it checks it."""
    metadata, cluster = given.metadata, given.clusterName
    if cluster == DEFAULT_CLUSTER:
        cluster = DEFAULT_CLUSTER  # the one that is kept, not one more
    if cluster is not DEFAULT_CLUSTER or (metadata and not metadata.keys().isdisjoint(_LEASE_KEYS)):
        _check_legal(given)
    if metadata and None in metadata.values():
        metadata = _metadata(given)  # type: ignore[assignment]
    return Published(
        given.ip or "",
        given.port,
        cluster or DEFAULT_CLUSTER,
        given.weight,
        given.enabled,
        given.healthy,
        metadata or {},  # type: ignore[arg-type]
        app if app != "-" else "unknown",
        _given_id(given, key) if given.instanceId else "",
    )


def _given_id(given: GivenInstance, key: ServiceKey) -> str:
    """The instanceId that a client gave; "" for the one that follows from the address, which lists have."""
    usual = f"{given.ip}#{given.port}#{given.clusterName or DEFAULT_CLUSTER}#{key[1]}"
    return "" if given.instanceId == usual else given.instanceId or ""


def _registration(key: ServiceKey, given: GivenInstance, app: str) -> Registration:
    """A persistent one."""
    return StreamRegistration(
        key,
        given.ip or "",
        given.port,
        given.clusterName or DEFAULT_CLUSTER,
        False,
        given.weight,
        given.enabled,
        given.healthy,
        _metadata(given),
        app if app != "-" else "unknown",
        _given_id(given, key),
    )


def _metadata(given: GivenInstance) -> dict[str, str]:
    """Without what is null."""
    metadata = given.metadata
    if metadata and None in metadata.values():
        return {name: value for name, value in metadata.items() if value is not None}
    return metadata or {}  # type: ignore[return-value]


def _check_legal(given: GivenInstance) -> None:
    """@raise RequestFailed: its leases contradict each other, or its cluster's name cannot be one."""
    if given.metadata and not given.metadata.keys().isdisjoint(_LEASE_KEYS):
        metadata = _metadata(given)
        interval = preserved(metadata, BEAT_INTERVAL_KEY, DEFAULT_BEAT_INTERVAL)
        timeout = preserved(metadata, BEAT_TIMEOUT_KEY, DEFAULT_BEAT_TIMEOUT)
        gone = preserved(metadata, DELETE_TIMEOUT_KEY, DEFAULT_DELETE_TIMEOUT)
        if timeout < interval or gone < interval:
            text = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."
            raise RequestFailed(BAD_PARAMETER, text)
    if given.clusterName and given.clusterName != DEFAULT_CLUSTER and not _CLUSTER.fullmatch(given.clusterName):
        text = f"Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: {given.clusterName})"
        raise RequestFailed(BAD_PARAMETER, text)


def _none_given(type_: str | None) -> GivenInstance:
    """
    Of a request without an instance: one that is not needed, as what is removed is found without it.

    @raise RequestFailed: it is needed.
    """
    if type_ == REGISTER:
        raise RequestFailed(FAIL, "Param 'instance' is required.")
    return GivenInstance()


def _unsupported(type_: str | None) -> RequestFailed:
    return RequestFailed(BAD_PARAMETER, f"Unsupported request type {or_null(type_)}")
