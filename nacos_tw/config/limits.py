"""Limits for publishing, from the settings (docs/spec/config-v1.md#6, #9)."""

from __future__ import annotations

import attrs

from nacos_tw.config.commands import Quotas
from nacos_tw.config.model import MAX_CONTENT
from nacos_tw.settings.settings import ConfigSettings


@attrs.frozen
class Limits:
    """
    Limits of publishing.

    @ivar max_content: characters.
    @ivar quotas: the limits of docs/spec/config-v1.md#6.
    @ivar enforced: whether those are enforced (isCapacityLimitCheck).
    @ivar counted: whether usage is counted (isManageCapacity).
    @ivar copies: copies for some that a config may have when one by labels is added
        (nacos.config.gray.version.max.count).
    """

    max_content: int = MAX_CONTENT
    quotas: Quotas = Quotas()
    enforced: bool = False
    counted: bool = True
    copies: int = 10

    @property
    def in_force(self) -> Quotas | None:
        """What a publishing command has to keep to."""
        return self.quotas if self.enforced else None


def limits_of(settings: ConfigSettings) -> Limits:
    """As an operator decided."""
    quotas = Quotas(settings.cluster_quota, settings.group_quota, settings.tenant_quota, settings.max_size)
    return Limits(settings.max_content, quotas, settings.check_capacity, settings.manage_capacity, settings.copies)
