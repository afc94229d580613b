"""All operations of the configuration centre, of one node."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.operations.capacities import Capacities
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.config.operations.history import History
from nacos_tw.config.operations.listening import Listening
from nacos_tw.config.operations.localcache import LocalCache
from nacos_tw.config.operations.transfers import Transfers
from nacos_tw.config.watchers import Watchers


@attrs.frozen
class ConfigOperations:
    """One object of each kind, for every API."""

    contents: Contents
    copies: Copies
    history: History
    transfers: Transfers
    capacities: Capacities
    listening: Listening
    local_cache: LocalCache


def config_operations(
    configs: Configs, watchers: Watchers, limits: Limits, millis: Callable[[], int], audit: AuditLog
) -> ConfigOperations:
    """
    Make them.

    @param watchers: asks all nodes who listens.
    @param limits: from the settings.
    @param millis: the wall clock, in epoch milliseconds.
    """
    return ConfigOperations(
        Contents(configs, limits, millis, audit),
        Copies(configs, millis, audit),
        History(configs),
        Transfers(configs, limits, millis, audit),
        Capacities(configs, limits, millis, audit),
        Listening(watchers),
        LocalCache(configs, audit),
    )
