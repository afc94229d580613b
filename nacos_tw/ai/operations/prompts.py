"""Prompts: what clients read, and publishing, labelling and removing them (docs/ai.md)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai.problems import ResourceExists
from nacos_tw.ai.prompt_requests import (
    LabelChange,
    PromptDescription,
    PromptListing,
    PromptQuery,
    PromptWrite,
    VersionPage,
)
from nacos_tw.ai.requests import LARGEST_PAGE, OfName
from nacos_tw.ai.shelves import ONLINE, Row, Shelf, Thing
from nacos_tw.ai.writing import Step, Writer
from nacos_tw.config.operations.contents import user_of
from nacos_tw.paging import Page, page_of

READ, WRITE = Rule("read", "ai"), Rule("write", "ai", recorded=True)


class Prompt(Struct, rename="camel", kw_only=True):
    """What clients get."""

    prompt_key: str
    version: str
    template: str | None = None
    md5: str = ""
    variables: list[Any] | None = None


class Found(Struct, kw_only=True):
    """A version for operators: with the row of it."""

    prompt: Prompt
    row: Row


class Prompts(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_shelf", "_writer")

    def __init__(self, shelf: Shelf, writer: Writer, audit: AuditLog) -> None:
        super().__init__(audit)
        self._shelf = shelf
        self._writer = writer

    # -- looking

    @operation(READ)
    def query(self, caller: Caller, request: PromptQuery) -> Prompt:
        """
        What a client gets.

        @raise ResourceUnknown, ResourceVersionUnknown: there is nothing for it.
        @raise UpToDate: it has it.
        """
        thing, row = self._shelf.asked(request.tenant, request.name, request.version, request.label, request.md5)
        return self._prompt(request.tenant, thing, row)

    @operation(READ)
    def detail(self, caller: Caller, request: PromptQuery) -> Found:
        """The same for an operator, also of what clients do not get."""
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version, request.label, online=False)
        return Found(prompt=self._prompt(request.tenant, thing, row), row=row)

    @operation(READ)
    def thing(self, caller: Caller, request: OfName) -> Thing:
        """
        A prompt with its versions and labels.

        @raise ResourceUnknown: there is none.
        """
        return self._shelf.found(request.tenant, request.name)

    @operation(READ)
    def page(self, caller: Caller, request: PromptListing) -> Page[Thing]:
        """A page of the prompts of a namespace, by name."""
        return self._shelf.page(request, lambda thing: request.biz_tag in thing.biz_tags)

    @operation(READ)
    def versions(self, caller: Caller, request: VersionPage) -> Page[Row]:
        """A page of the versions of a prompt, newest first."""
        thing = self._shelf.found(request.tenant, request.name)
        return page_of(thing.versions[::-1], request.number, min(request.size, LARGEST_PAGE))

    def _prompt(self, tenant: str, thing: Thing, row: Row) -> Prompt:
        content = self._shelf.content(tenant, thing.name, row.version)
        return Prompt(
            prompt_key=thing.name,
            version=row.version,
            template=content.get("template"),
            md5=row.md5,
            variables=content.get("variables"),
        )

    # -- writing

    @operation(WRITE)
    def publish(self, caller: Caller, request: PromptWrite) -> Deferred[bool]:
        """
        Publish a version, which is the latest then.

        @return: fails with ResourceExists.
        """
        author = user_of(caller, None)
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._publication(request, author)))

    @operation(WRITE)
    def describe(self, caller: Caller, request: PromptDescription) -> Deferred[bool]:
        """
        Change what describes a prompt.

        @return: fails with ResourceUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._description(request)))

    @operation(WRITE)
    def label(self, caller: Caller, request: LabelChange) -> Deferred[bool]:
        """
        Put a label onto a version, or take it away.

        @return: fails with ResourceUnknown, ResourceVersionUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._label(request)))

    @operation(WRITE)
    def remove(self, caller: Caller, request: OfName) -> Deferred[bool]:
        """Remove a prompt with all its versions; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._removal(request)))

    async def _publication(self, request: PromptWrite, author: str | None) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current_or_new(request.tenant, request.name)
        if thing.row(request.version) is not None:
            raise ResourceExists("prompt", request.name, request.version)
        now = self._writer.millis()
        row = Row(
            version=request.version,
            status=ONLINE,
            author=author,
            commit_msg=request.commit,
            create_time=now,
            update_time=now,
        )
        content = {"template": request.template, "variables": request.variables or []}
        change = self._shelf.put(request.tenant, thing, row, content)
        self._shelf.publish(thing, request.version, True, now)
        _describe(thing, request.description, request.biz_tags)
        return self._shelf.step(request.tenant, thing, md5, now, change), True

    async def _description(self, request: PromptDescription) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        _describe(thing, request.description, request.biz_tags)
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis()), True

    async def _label(self, request: LabelChange) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        labels = {name: of for name, of in thing.labels.items() if name != request.label}
        if request.version:
            labels[request.label] = request.version
        self._shelf.label(thing, labels)
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis()), True

    async def _removal(self, request: OfName) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current_or_new(request.tenant, request.name)
        return (self._shelf.gone(request.tenant, thing, md5), True) if md5 else (Step([]), True)


def _describe(thing: Thing, description: str | None, biz_tags: str | None) -> None:
    if description is not None:
        thing.description = description
    if biz_tags is not None:
        thing.biz_tags = biz_tags
