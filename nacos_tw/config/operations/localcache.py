"""What this node serves, and whether it is what is stored (docs/spec/config-v1.md#7)."""

from __future__ import annotations

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.config.configs import Configs
from nacos_tw.config.requests import NoParameters, OneConfig


class LocalCache(Operations):
    """The configs in this node's memory and on its disk."""

    __slots__ = ("_configs",)

    def __init__(self, configs: Configs, audit: AuditLog) -> None:
        super().__init__(audit)
        self._configs = configs

    @operation(Rule("open"))
    def health(self, caller: Caller, request: NoParameters) -> str:
        """C{UP}, or what is wrong with the database."""
        return self._configs.health()

    @operation(Rule("admin", "", recorded=True))
    def refresh(self, caller: Caller, request: OneConfig) -> None:
        """Somebody has changed a config in a shared database: it is read again."""
        self._configs.data_changed(request.key)

    @operation(Rule("admin", "", recorded=True))
    def compare(self, caller: Caller, request: NoParameters) -> None:
        """Begin to compare what this node serves with the database."""
        self._configs.compare_all()

    @operation(Rule("admin", "", recorded=True))
    def derby(self, caller: Caller, request: NoParameters) -> None:
        """Whoever asks for Nacos's Derby, which is not here, has to be let in before that is told."""
