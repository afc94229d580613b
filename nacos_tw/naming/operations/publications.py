"""
What clients of 2.x and 3.x publish: all instances that a connection has of a service, at once (docs/spec/grpc.md#7.3).

Instances of 1.x, and persistent ones, are those of C{operations/instances.py}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.limits import Admission
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.naming.clients import Clients, Publisher
from nacos_tw.naming.commands import Published
from nacos_tw.naming.model import Client, Instance
from nacos_tw.naming.operations.clientviews import OfClient
from nacos_tw.naming.requests import Asking, OfService, OneService, Registration
from nacos_tw.naming.validation import check_port

READ, WRITE, ADMIN = Rule("read", "naming"), Rule("write", "naming"), Rule("admin")


class StreamRegistration(Registration, frozen=True, gc=False):
    """
    An instance that a connection publishes. Names of services may have more characters than 1.x allows (Dubbo's
    C{Outer$Inner} has a dollar sign); APIs check them. Any weight is taken, as of L{Publication}.
    """

    def __post_init__(self) -> None:
        check_port(self.port)


class Publication(OfService, frozen=True, gc=False):
    """
    What a connection publishes of a service from now on. Any weight is taken, as by Nacos, and kept within the limits:
    SDKs repeat for ever what is refused, and connect anew each time.

    @raise Invalid: a port is refused. APIs check the names.
    """

    client: str
    instances: tuple[Published, ...]

    def __post_init__(self) -> None:
        for each in self.instances:
            check_port(each.port)


class Withdrawal(OfService, frozen=True, gc=False):
    """A connection publishes nothing of a service any more."""

    client: str


class Publications(Operations):
    """Writes are done once this node has applied them, or, without a majority, has taken them."""

    __slots__ = ("_admission", "_clients")

    def __init__(self, clients: Clients, admission: Admission | None = None) -> None:
        """@param admission: as in L{nacos_tw.naming.operations.instances.Instances}."""
        self._clients = clients
        self._admission = admission

    @operation(WRITE)
    def publish(self, caller: Caller, request: Publication) -> Deferred[Any]:
        """
        Replace what a connection publishes of a service.

        @return: fails with ClientUnknown, with KindMismatch
        """
        if self._admission is not None:
            self._admission.caller(caller, max(1, len(request.instances)))
        return self._clients.publish_set(request.client, request.service, request.instances)

    @operation(WRITE)
    def withdraw(self, caller: Caller, request: Withdrawal) -> Deferred[Any]:
        """Publish nothing of a service any more; fine if nothing was."""
        return self._clients.withdraw(request.client, request.service)

    @operation(READ)
    def publishers(self, caller: Caller, request: OneService) -> list[Publisher]:
        """The clients that publish a service."""
        return self._clients.publishers(request.service)

    @operation(ADMIN)
    def clients(self, caller: Caller, request: Asking) -> list[Client]:
        """All clients that publish, of all nodes."""
        return list(self._clients.clients())

    @operation(ADMIN)
    def publications(self, caller: Caller, request: OfClient) -> list[Instance]:
        """What one client publishes; none for one that is not known."""
        return self._clients.publications(request.client)
