"""
Writes of several configs and services that belong together.

With embedded storage a write is one entry of the log: it takes effect as a whole or not at all, even if nodes die. With
a shared database the configs are one transaction, but the services are in the log. So the services of a server are
registered before its configs are written, and removed after its configs are removed. A crash in between can leave an
unused endpoint, but no server without its endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.config.commands import Batch, Change
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.operations.contents import user_of
from nacos_tw.config.problems import CasConflict
from nacos_tw.config.validation import check_blank, check_characters, check_key, check_tenant
from nacos_tw.database import commands as database_commands
from nacos_tw.database.machine import NAME as CONFIGS
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.naming import commands as naming_commands
from nacos_tw.naming.commands import Command, Deregister, Level, RemoveService
from nacos_tw.naming.machine import NAME as NAMING
from nacos_tw.naming.naming import Naming

T = TypeVar("T")

LEVEL = 3
"""The level of commands (see L{nacos_tw.naming.commands.Level}) with L{Batch} and with several commands as one."""
ATTEMPTS = 10
"""How often a write is tried whose documents were changed meanwhile."""

Propose = Callable[[Sequence[bytes]], "Deferred[Any]"]
"""Puts several commands into the log as one; fires with the list of their results."""


@attrs.frozen
class Step:
    """
    One write.

    @ivar changes: of configs; all or none of them are done.
    @ivar naming: commands of the registry that belong to it.
    @ivar undo: those that take them back, if the configs have changed meanwhile.
    """

    changes: list[Change]
    naming: Sequence[Command] = ()
    undo: Sequence[Command] = ()


class Writer:
    """Writes steps."""

    def __init__(
        self,
        configs: Configs,
        naming: Naming,
        limits: Limits,
        millis: Callable[[], int],
        propose: Propose | None,
        members_level: Callable[[], int],
    ) -> None:
        """
        @param members_level: the level of commands that every member is known to know.
        @param millis: the wall clock, in epoch milliseconds.
        @param propose: None where configs are not in the log.
        """
        self._configs = configs
        self._naming = naming
        self._limits = limits
        self.millis = millis
        self._propose = propose
        self._members_level = members_level

    async def write(self, caller: Caller, make: Callable[[], Awaitable[tuple[Step, T]]]) -> T:
        """
        Make a step out of what is there, and write it; again if something came between.

        @param make: gives the step, and what is the result when it is written. What it raises ends the write.
        @raise CasConflict: others write all the time.
        """
        await self._agree()
        for attempt in range(ATTEMPTS):
            step, result = await make()
            try:
                await self._write(caller, step)
            except CasConflict:
                for command in step.undo:
                    await self._naming.change(command)
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return result
        raise AssertionError

    async def _agree(self) -> None:
        """@raise Unavailable: a member may be there that does not know these commands."""
        naming = self._naming
        if naming.registry.level >= LEVEL:
            return
        if self._members_level() < LEVEL:
            raise Unavailable("not every node of the cluster knows this kind of write yet")
        await naming.change(Level(LEVEL))

    async def _write(self, caller: Caller, step: Step) -> None:
        if not step.changes:
            return
        batch = self._batch(caller, step.changes)
        if self._propose is not None:
            parts = [NAMING + naming_commands.encode(command) for command in step.naming]
            results = await self._propose([CONFIGS + database_commands.encode(batch), *parts])
            if isinstance(results[0], Exception):
                raise results[0]
            return
        for command in step.naming:
            if not isinstance(command, (Deregister, RemoveService)):
                await self._named(command)
        await self._configs.write(batch)
        for command in step.naming:
            if isinstance(command, (Deregister, RemoveService)):
                await self._named(command)

    async def _named(self, command: Command) -> None:
        """Do it; what is so already is fine."""
        try:
            await self._naming.change(command)
        except Unavailable:
            raise
        except NacosError:
            return

    def _batch(self, caller: Caller, changes: list[Change]) -> Batch:
        for change in changes:
            tenant, group, data_id = change.key
            check_tenant(tenant)
            if change.content is not None:
                check_key(data_id, group)
                check_blank(change.content)
                check_characters(len(change.content), self._limits.max_content)
        limits = self._limits
        return Batch(
            changes,
            self.millis(),
            caller.source or None,
            user_of(caller, "nacos"),
            limits.in_force,
            limits.counted,
        )


def document(key: tuple[str, str, str], content: str, expected: str | None, app: str, tags: str) -> Change:
    """A document to be published. @param expected: see L{Change}."""
    return Change(key, content, expected, "json", app, tags)
