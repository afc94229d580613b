"""What configs were before (docs/spec/config-v1.md#5)."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.config import store_history
from nacos_tw.config.configs import Configs
from nacos_tw.config.operations.contents import READ
from nacos_tw.config.requests import LARGEST_PAGE, HistoryPage, HistoryRow, LastHistoryRow
from nacos_tw.config.rows import Past
from nacos_tw.paging import Page


class History(Operations):
    """Rows of history. To roll a config back is to publish what such a row holds."""

    __slots__ = ("_configs",)

    def __init__(self, configs: Configs) -> None:
        self._configs = configs

    @operation(READ)
    def page(self, caller: Caller, request: HistoryPage) -> Deferred[Page[Past]]:
        """
        A page of a config's rows, newest first, without contents.

        @return: fails with BadParameter: there can be no such page.
        """
        size = min(request.size, LARGEST_PAGE)
        return self._configs.query(store_history.history, request.key, request.number, size)

    @operation(READ)
    def row(self, caller: Caller, request: HistoryRow) -> Deferred[Past | None]:
        """
        One row with its content.

        @return: None if there is none; fails with OtherConfig.
        """
        return self._configs.query(store_history.past, request.key, request.nid)

    @operation(READ)
    def last(self, caller: Caller, request: LastHistoryRow) -> Deferred[Past | None]:
        """
        The newest row of the config with an id.

        @return: None if there is none; fails with OtherConfig.
        """
        return self._configs.query(store_history.previous, request.key, request.config_id)
