"""Copies of configs for some clients (docs/spec/config-v1.md#3.7, #3.8); they are published as configs are."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.config import store_gray
from nacos_tw.config.commands import RemoveGray, StopBeta
from nacos_tw.config.configs import Configs
from nacos_tw.config.model import CopyRow
from nacos_tw.config.operations.contents import READ, WRITE, user_of
from nacos_tw.config.requests import BetaRemoval, CopiesOfFound, CopyRemoval, OneConfig, OneCopy


class Copies(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_configs", "_millis")

    def __init__(self, configs: Configs, millis: Callable[[], int], audit: AuditLog) -> None:
        """@param millis: the wall clock, in epoch milliseconds."""
        super().__init__(audit)
        self._configs = configs
        self._millis = millis

    @operation(READ)
    def detail(self, caller: Caller, request: OneCopy) -> Deferred[CopyRow | None]:
        """A copy with all that is stored of it; None if there is none."""
        return self._configs.query(store_gray.named_copy, request.key, request.name)

    @operation(READ)
    def names(self, caller: Caller, request: CopiesOfFound) -> list[list[str]]:
        """The names of each config's copies, as this node knows them."""
        entries = map(self._configs.cache.get, request.keys)
        return [[] if entry is None else [name for name, _ in entry.copies() if name] for entry in entries]

    @operation(READ)
    def all(self, caller: Caller, request: OneConfig) -> Deferred[list[CopyRow]]:
        """All copies of a config, with all that is stored of them: the beta copy, those of tags, those by labels."""
        return self._configs.query(store_gray.copies, request.key)

    @operation(WRITE)
    def remove(self, caller: Caller, request: CopyRemoval) -> Deferred[bool]:
        """Remove a copy by labels. @return: True, also when there was none."""
        user = user_of(caller, request.user)
        return self._configs.write(RemoveGray(request.key, request.name, self._millis(), request.ip, user), caller)

    @operation(WRITE)
    def remove_beta(self, caller: Caller, request: BetaRemoval) -> Deferred[bool]:
        """Remove the beta copy. @return: True, also when there was none."""
        user = user_of(caller, request.user)
        return self._configs.write(StopBeta(request.key, self._millis(), request.ip, user), caller)
