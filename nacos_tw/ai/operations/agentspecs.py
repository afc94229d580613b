"""
AgentSpecs (docs/ai.md). What clients get is also there as the plain configs that Java's client reads: an index, and the
files of each version that was published.
"""

from __future__ import annotations

import msgspec

from nacos_tw.ai import agentspec_configs
from nacos_tw.ai.agentspec_package import AgentSpec
from nacos_tw.ai.operations.packages import Packages
from nacos_tw.ai.shelves import DRAFT, Thing
from nacos_tw.ai.writing import Step
from nacos_tw.config.commands import Change


class AgentSpecs(Packages[AgentSpec]):
    """A write is done once this node shows it."""

    __slots__ = ()

    def _drafted(
        self,
        tenant: str,
        thing: Thing,
        md5: str,
        version: str,
        package: AgentSpec,
        author: str | None,
        changes: list[Change],
    ) -> tuple[Step, str]:
        agentspec_configs.check_length(thing.name, version)
        return super()._drafted(tenant, thing, md5, version, package, author, changes)

    async def _also(self, tenant: str, before: Thing, after: Thing) -> list[Change]:
        name = after.name
        were, are = (
            {row.version for row in thing.versions if row.status != DRAFT} for thing in (before, after)
        )  # fmt: skip
        changes: list[Change] = []
        for version in sorted(are - were):
            changes += agentspec_configs.published(tenant, name, version, await self._current(tenant, name, version))
        for version in sorted(were - are):
            changes += agentspec_configs.removed(tenant, name, version, await self._current(tenant, name, version))
        if before.shown != after.shown:
            shown = await self._current(tenant, name, after.shown) if after.shown else None
            changes.append(agentspec_configs.index(tenant, name, after.shown, shown))
        return changes

    async def _current(self, tenant: str, name: str, version: str) -> AgentSpec:
        content = await self._shelf.current_content(tenant, name, version)
        try:
            return msgspec.convert(content, AgentSpec, strict=False)
        except msgspec.MsgspecError:  # somebody removed it as a plain config
            return AgentSpec(name=name)
