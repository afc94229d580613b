"""The entry point of the configuration centre, which the HTTP handlers call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.content_check import ContentCheck
from nacos_tw.config.gray import Chosen, Entry
from nacos_tw.config.listeners import Listeners, normal
from nacos_tw.config.model import ConfigKey
from nacos_tw.storage.txn import Txn

T = TypeVar("T")

Write = Callable[[Any], "Deferred[Any]"]
Around = Callable[[Any, "Caller | None", Write], "Deferred[Any]"]
"""(command, who asks for it, what does it): goes around each write."""


@attrs.frozen
class Waiting:
    """
    What waits in a backend's queues.

    @ivar notices: configs that another member has not heard of yet; C{unheard}: notices that did not reach one, so far.
    @ivar reads: configs that have changed in a shared database and are not read yet.
    """

    notices: int = 0
    unheard: int = 0
    reads: int = 0


class IConfigBackend(Protocol):
    """Where configs are kept: a shared MySQL, or SQLite on every node behind the Raft log."""

    def write(self, command: Any) -> Deferred[Any]:
        """
        Do it: a L{nacos_tw.config.commands.Command}, or one of another part that keeps its rows there.

        @return: fires with the command's result once it is durable and this node's cache shows it. Fails with what
            the command was refused for, or with Unavailable.
        """

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """Run C{fn(txn, *args)}, a function of L{nacos_tw.config.store} that only reads."""

    def has_namespace(self, txn: Txn, tenant: str) -> bool:
        """Whether a namespace of that id was created; for functions that C{query} runs."""

    def health(self) -> str:
        """The answer of C{/v1/cs/health} (docs/spec/config-v1.md#7.1): C{UP}, or what is wrong."""

    def reason(self) -> str:
        """Why this node's cache may lag behind or writes fail, in one line for an operator; C{""} if all is well."""

    def compare_all(self) -> None:
        """Begin to compare the whole cache with the database (docs/spec/config-v1.md#7.5)."""

    def waiting(self) -> Waiting:
        """What waits now."""


class Configs:
    """
    The configuration centre of one node.

    @ivar listeners: who wants to hear of changes.
    @ivar backend: for what is not here: C{backend.query(store.full_row, key)}.
    @ivar check: the periodic look at the stored contents, if there is one.
    @ivar around: what follows writes; None: nothing does.
    """

    def __init__(
        self, backend: IConfigBackend, cache: ConfigCache, listeners: Listeners, check: ContentCheck | None = None
    ) -> None:
        self.around: Around | None = None
        self.check = check
        self.backend = backend
        self.cache = cache
        self.listeners = listeners

    def write(self, command: Any, caller: Caller | None = None) -> Deferred[Any]:
        """See L{IConfigBackend.write}. @param caller: who asks for it, if somebody does."""
        if self.around is None:
            return self.backend.write(command)
        return self.around(command, caller, self.backend.write)

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """See L{IConfigBackend.query}."""
        return self.backend.query(fn, *args)

    def read(self, key: ConfigKey, client_ip: str, tag_param: str = "", vip_tag: str = "") -> Chosen | None:
        """
        What a client gets (docs/spec/config-v1.md#3.2).

        @param key: the tenant as sent.
        @return: None if there is nothing for it.
        @raise nacos_tw.errors.Unavailable: the content is not at hand, or this node has never known all configs.
        """
        return self.cache.choose(normal(key), client_ip, tag_param, vip_tag)

    def entry(self, key: ConfigKey) -> Entry | None:
        """The config as the cache knows it, to tell an unknown config from an unknown tag."""
        return self.cache.get(normal(key))

    def data_changed(self, key: ConfigKey) -> None:
        """Somebody says that a config has changed in a shared database (docs/spec/config-v1.md#7.2)."""
        refresh = getattr(self.backend, "refresh", None)
        if refresh is not None:
            refresh([normal(key)])

    def health(self) -> str:
        """See L{IConfigBackend.health}."""
        return self.backend.health()

    def reason(self) -> str:
        """See L{IConfigBackend.reason}."""
        return self.backend.reason()

    def compare_all(self) -> None:
        """See L{IConfigBackend.compare_all}."""
        self.backend.compare_all()
