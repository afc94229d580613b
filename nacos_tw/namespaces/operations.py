"""Namespaces: creating, changing, removing and looking at them (docs/spec/config-v1.md#11.1 to #11.6)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.namespaces import store
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.namespaces.model import Namespace
from nacos_tw.namespaces.problems import NamespaceUnknown
from nacos_tw.namespaces.requests import All, NewNamespace, OneNamespace, Renaming

T = TypeVar("T")
READ, WRITE = Rule("user"), Rule("write", "console", recorded=True)


class Database(Protocol):
    """Where the rows are."""

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """Run C{fn(txn, *args)}, which only reads."""

    def write(self, command: CreateNamespace | UpdateNamespace | DeleteNamespace) -> Deferred[Any]:
        """Do it; fires with its result once it is durable."""


class Namespaces(Operations):
    """All fail with Unavailable where the database is away, a write also without a majority."""

    __slots__ = ("_database", "_millis", "_new_id")

    def __init__(
        self,
        database: Database,
        millis: Callable[[], int],
        audit: AuditLog,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """
        @param millis: the wall clock, in milliseconds since 1970.
        @param new_id: makes the id of one that is created without.
        """
        super().__init__(audit)
        self._database = database
        self._millis = millis
        self._new_id = new_id

    @operation(READ)
    def all(self, caller: Caller, request: All) -> Deferred[list[Namespace]]:
        """The public one first, then the others in the order they were made."""
        return self._database.query(store.namespaces)

    @operation(READ)
    def detail(self, caller: Caller, request: OneNamespace) -> Deferred[Namespace]:
        """
        One of them.

        @return: fails with NamespaceUnknown if there is none.
        """

        def there(found: Namespace | None) -> Namespace:
            if found is None:
                raise NamespaceUnknown(request.id)
            return found

        return self._database.query(store.namespace, request.id).addCallback(there)

    @operation(READ)
    def exists(self, caller: Caller, request: OneNamespace) -> Deferred[bool]:
        """Whether there is one that was created; the public one was not."""
        return self._database.query(store.exists, request.id)

    @operation(WRITE)
    def create(self, caller: Caller, request: NewNamespace) -> Deferred[bool]:
        """
        Create one.

        @return: fires with whether it was: not if there is one of that id.
        """
        number = request.id or self._new_id()
        return self._database.write(CreateNamespace(number, request.name, request.desc, self._millis()))

    @operation(WRITE)
    def update(self, caller: Caller, request: Renaming) -> Deferred[bool]:
        """
        Rename one.

        @return: fires with True, for an unknown one too, where nothing is done.
        """
        return self._database.write(UpdateNamespace(request.id, request.name, request.desc, self._millis()))

    @operation(WRITE)
    def delete(self, caller: Caller, request: OneNamespace) -> Deferred[bool]:
        """
        Remove one, but nothing that is in it.

        @return: fires with True, always.
        """
        return self._database.write(DeleteNamespace(request.id))
