"""
What can be asked of naming: frozen values, which every API makes of its own parameters.

Where a request says the same as a command of the log (L{nacos_tw.naming.commands}) it becomes that when it is done.
"""

from __future__ import annotations

import msgspec

from nacos_tw.access.resources import SWITCHES, naming_resource
from nacos_tw.errors import Missing
from nacos_tw.naming.checkers import TCP, Checker
from nacos_tw.naming.commands import Target
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, NO_METADATA, ServiceKey
from nacos_tw.naming.selectors import NO_SELECTOR, Selector
from nacos_tw.naming.validation import check_cluster_name, check_names, check_new_service, check_port, check_weight


def resource_of(service: ServiceKey) -> str:
    """A service as permissions name it; its group may hold C{@@} no less than its name."""
    namespace, grouped = service
    group, _, name = grouped.partition("@@")
    return naming_resource(namespace, group, name)


class OfService(msgspec.Struct, frozen=True, gc=False):
    """Base of what is about one service."""

    service: ServiceKey

    def resource(self) -> str:
        """The service."""
        return resource_of(self.service)


class Registration(OfService, frozen=True, gc=False):
    """
    A whole instance, to be registered or to replace one.

    C{ephemeral}: None leaves it to the switch C{defaultInstanceEphemeral}. C{given_id}: an instanceId that does not
    follow from the address, of clients of 2.x only; "" for one that does, None where nothing is said of it. C{keeps}:
    the one that it replaces keeps its metadata and application.

    @raise Invalid: a name, the port or the weight is refused.
    """

    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    ephemeral: bool | None = None
    weight: float = 1.0
    enabled: bool = True
    healthy: bool = True
    metadata: dict[str, str] = NO_METADATA
    app: str = DEFAULT_APP
    given_id: str | None = None
    keeps: bool = False

    def __post_init__(self) -> None:
        check_port(self.port)
        check_weight(self.weight)
        check_names(self.service, self.cluster, self.ip)


class Heartbeat(OfService, frozen=True, gc=False):
    """
    A beat of an instance.

    C{whole}: it says all about the instance, so that one that is not known is registered.

    @raise Missing: it is whole, and without an address nobody could deregister it.
    @raise Invalid: it is whole, and a name or the port is refused.
    """

    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    whole: bool = False
    ephemeral: bool = True
    weight: float = 1.0
    metadata: dict[str, str] = NO_METADATA

    def __post_init__(self) -> None:
        if self.whole:
            if not self.ip:
                raise Missing("ip")
            check_port(self.port)
            check_names(self.service, self.cluster, self.ip)


class Removal(OfService, frozen=True, gc=False):
    """An instance to be removed; C{ephemeral} as above."""

    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    ephemeral: bool | None = None

    def __post_init__(self) -> None:
        check_port(self.port)


class Change(OfService, frozen=True, gc=False):
    """Fields of an instance to be changed: those that are not None."""

    cluster: str
    ip: str
    port: int
    metadata: dict[str, str] | None = None
    app: str | None = None
    weight: float | None = None
    healthy: bool | None = None
    enabled: bool | None = None

    def __post_init__(self) -> None:
        check_port(self.port)
        if self.weight is not None:
            check_weight(self.weight)


class MetadataChange(OfService, frozen=True, gc=False):
    """Keys to be put into the metadata of instances, or taken out; see L{nacos_tw.naming.commands.MetadataBatch}."""

    kind: str
    instances: list[Target]
    metadata: dict[str, str]
    remove: bool = False


class OneInstance(OfService, frozen=True, gc=False):
    """One instance, of either kind."""

    cluster: str
    ip: str
    port: int


class OneService(OfService, frozen=True, gc=False):
    """One service."""


class ServiceRemoval(OfService, frozen=True, gc=False):
    """A service to be removed, with its instances unless C{must_be_empty} or they are of connected clients."""

    must_be_empty: bool = False


class OfNamespace(msgspec.Struct, frozen=True, gc=False):
    """All services of a namespace."""

    namespace: str

    def resource(self) -> str:
        """All of it."""
        return naming_resource(self.namespace)


class Search(msgspec.Struct, frozen=True, gc=False):
    """Services whose names contain a text; C{namespace}: "" for all."""

    namespace: str
    text: str

    def resource(self) -> str:
        """None: what is found is what the caller may read."""
        return ""


class HealthByHand(OfService, frozen=True, gc=False):
    """The health of an instance of a cluster that nobody checks."""

    cluster: str
    ip: str
    port: int
    healthy: bool


class ServiceSettings(OfService, frozen=True, gc=False):
    """
    A service to be created, or the settings that one gets.

    @raise Invalid: no service can be called so.
    """

    protect_threshold: float = 0.0
    metadata: dict[str, str] = NO_METADATA
    selector: Selector = NO_SELECTOR

    def __post_init__(self) -> None:
        check_new_service(self.service)


class ClusterSettings(OfService, frozen=True, gc=False):
    """
    The settings that a cluster of a service gets.

    @raise Invalid: no cluster can be called so.
    """

    cluster: str
    checker: Checker = TCP
    check_port: int = 80
    use_instance_port: bool = True
    metadata: dict[str, str] = NO_METADATA

    def __post_init__(self) -> None:
        check_cluster_name(self.cluster)


class Asking(msgspec.Struct, frozen=True, gc=False):
    """What says nothing but that it is asked, for what is open to all."""

    def resource(self) -> str:
        """None."""
        return ""


class SwitchChange(msgspec.Struct, frozen=True, gc=False):
    """An entry of the switches to be changed, on all nodes or on this one only."""

    entry: str
    value: str
    here: bool = False

    def resource(self) -> str:
        """The switches."""
        return SWITCHES

    def details(self) -> dict[str, str]:
        """For the audit log."""
        return {"entry": self.entry, "value": self.value}
