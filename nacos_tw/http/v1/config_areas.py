"""The routes of the configuration centre, built from their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.auth.directory import Directory
from nacos_tw.config.client_metrics import METRICS
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.operations.assembly import ConfigOperations, config_operations
from nacos_tw.config.watchers import WATCHED, WATCHERS, Watchers
from nacos_tw.http.guard import Guard
from nacos_tw.http.routing import Area
from nacos_tw.http.v1.capacity import CapacityV1
from nacos_tw.http.v1.configs import ConfigsV1
from nacos_tw.http.v1.cs_ops import ConfigOpsV1
from nacos_tw.http.v1.faces import Millis
from nacos_tw.http.v1.history import HistoryV1
from nacos_tw.http.v1.listener import ListenedV1, ListenerV1
from nacos_tw.http.v1.transfer import TransferV1
from nacos_tw.push.longpoll import LongPolls
from nacos_tw.push.poll_operations import PollOperations


@attrs.frozen
class ConfigParts:
    """
    What the handlers work with.

    @ivar limits: from the settings.
    @ivar polls: who waits for changes.
    @ivar watchers: asks all nodes who listens.
    @ivar directory: the accounts, if there are any.
    """

    guard: Guard
    configs: Configs
    polls: LongPolls
    watchers: Watchers
    millis: Millis
    audit: AuditLog
    limits: Limits = Limits()
    directory: Directory | None = None
    does: ConfigOperations | None = None
    """The operations, if they are made already."""


def config_areas(parts: ConfigParts) -> list[Area]:
    """Every object with routes under C{/v1/cs}."""
    guard, configs, watchers, millis = parts.guard, parts.configs, parts.watchers, parts.millis
    does = parts.does or config_operations(configs, watchers, parts.limits, millis, parts.audit)
    return [
        ConfigsV1(guard, does.contents, does.copies, TransferV1(does.transfers)),
        ListenerV1(guard, PollOperations(configs, parts.polls, parts.directory), does.listening),
        ListenedV1(guard, does.listening),
        HistoryV1(guard, does.history, does.contents),
        CapacityV1(guard, does.capacities),
        ConfigOpsV1(guard, does.local_cache, does.listening),
    ]


def config_questions(watchers: Watchers) -> dict[str, Callable[[str, bytes], Any]]:
    """What other nodes ask, and who answers; see L{nacos_tw.http.assembly.Areas}."""
    return {
        WATCHERS: watchers.asked_watchers,
        WATCHED: watchers.asked_watched,
        METRICS: watchers.metrics.asked,
    }
