"""Skills: what clients get, and the life of their versions: draft, online, offline (docs/ai.md)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai import skill_package
from nacos_tw.ai.problems import Lacks, ResourceExists, UpToDate, WrongState
from nacos_tw.ai.requests import LARGEST_PAGE, Listing, OfName
from nacos_tw.ai.shelves import DRAFT, Row, Shelf, Thing
from nacos_tw.ai.skill_package import Skill
from nacos_tw.ai.skill_requests import SkillDraft, SkillQuery, SkillSettings, SkillSwitch, SkillUpload, SkillVersion
from nacos_tw.ai.writing import Step, Writer
from nacos_tw.config.operations.contents import user_of
from nacos_tw.paging import Page, page_of

READ, WRITE = Rule("read", "ai"), Rule("write", "ai", recorded=True)


class Package(Struct, kw_only=True):
    """A version as clients get it."""

    name: str
    version: str
    md5: str
    data: bytes


class Skills(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_shelf", "_writer")

    def __init__(self, shelf: Shelf, writer: Writer, audit: AuditLog) -> None:
        super().__init__(audit)
        self._shelf = shelf
        self._writer = writer

    # -- looking

    @operation(READ)
    def package(self, caller: Caller, request: SkillQuery) -> Package:
        """
        What a client gets.

        @raise ResourceUnknown, ResourceVersionUnknown: there is nothing for it.
        @raise UpToDate: it has it.
        """
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version, request.label)
        if request.md5 and request.md5 == row.md5:
            raise UpToDate
        return self._package(request.tenant, thing, row)

    @operation(READ)
    def download(self, caller: Caller, request: SkillQuery) -> Package:
        """The same for an operator, also of what clients do not get."""
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version or thing.editing, "", online=False)
        return self._package(request.tenant, thing, row)

    @operation(READ)
    def thing(self, caller: Caller, request: OfName) -> Thing:
        """
        A skill with its versions and labels.

        @raise ResourceUnknown: there is none.
        """
        return self._shelf.found(request.tenant, request.name)

    @operation(READ)
    def version(self, caller: Caller, request: SkillQuery) -> Skill:
        """
        The content of a version.

        @raise ResourceUnknown, ResourceVersionUnknown: there is none.
        """
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version, request.label, online=False)
        return self._skill(request.tenant, thing.name, row.version)

    @operation(READ)
    def page(self, caller: Caller, request: Listing) -> Page[Thing]:
        """A page of the skills of a namespace, by name."""
        wanted = request.name
        found = [
            thing
            for thing in self._shelf.all(request.tenant)
            if not wanted or (wanted in thing.name if request.blur else wanted == thing.name)
        ]
        return page_of(found, request.number, min(request.size, LARGEST_PAGE))

    def _skill(self, tenant: str, name: str, version: str) -> Skill:
        content = self._shelf.content(tenant, name, version)
        return replace(msgspec.convert(content, Skill, strict=False), namespace_id=tenant or "public", name=name)

    def _package(self, tenant: str, thing: Thing, row: Row) -> Package:
        data = skill_package.packed(self._skill(tenant, thing.name, row.version))
        return Package(name=thing.name, version=row.version, md5=row.md5, data=data)

    # -- writing

    @operation(WRITE)
    def upload(self, caller: Caller, request: SkillUpload) -> Deferred[str]:
        """
        Make an archive a draft.

        @return: the skill's name; fails with AiInvalid, Lacks, ResourceExists.
        """
        return Deferred.fromCoroutine(self._upload(caller, request))

    async def _upload(self, caller: Caller, request: SkillUpload) -> str:
        if not request.data:
            raise Lacks("file")
        found = skill_package.unpacked(request.data)
        author = user_of(caller, None)
        wanted = SkillDraft(tenant=request.tenant, name=found.skill.name, version=found.version, skill=found.skill)
        await self._writer.write(caller, lambda: self._draft(wanted, author, request.overwrite))
        return found.skill.name

    @operation(WRITE)
    def create_draft(self, caller: Caller, request: SkillDraft) -> Deferred[str]:
        """
        Begin a draft.

        @return: its version; fails with ResourceExists where there is one.
        """
        author = user_of(caller, None)
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._draft(request, author, False)))

    @operation(WRITE)
    def update_draft(self, caller: Caller, request: SkillDraft) -> Deferred[str]:
        """
        Change the draft.

        @return: its version; fails with WrongState where there is none.
        """
        author = user_of(caller, None)
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._redraft(request, author)))

    @operation(WRITE)
    def remove_draft(self, caller: Caller, request: OfName) -> Deferred[bool]:
        """Remove the draft; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._undraft(request)))

    @operation(WRITE)
    def publish(self, caller: Caller, request: SkillVersion) -> Deferred[str]:
        """
        Show a version, or the draft, to clients.

        @return: the version; fails with ResourceUnknown, ResourceVersionUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._publication(request)))

    @operation(WRITE)
    def switch(self, caller: Caller, request: SkillSwitch) -> Deferred[bool]:
        """
        Show a version that was published, or not any more.

        @return: fails with ResourceUnknown, ResourceVersionUnknown, WrongState.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._switched(request)))

    @operation(WRITE)
    def settle(self, caller: Caller, request: SkillSettings) -> Deferred[bool]:
        """
        Set labels, tags or the scope.

        @return: fails with ResourceUnknown, ResourceVersionUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._settled(request)))

    @operation(WRITE)
    def remove(self, caller: Caller, request: OfName) -> Deferred[bool]:
        """Remove a skill with all its versions; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._removal(request)))

    # -- steps

    async def _draft(self, request: SkillDraft, author: str | None, overwrite: bool) -> tuple[Step, str]:
        tenant, name = request.tenant, request.name
        thing, md5 = await self._shelf.current_or_new(tenant, name)
        editing = thing.editing
        if editing and not overwrite:
            raise ResourceExists("skill", name, editing)
        changes = [self._shelf.drop(tenant, thing, editing)] if editing else []
        version = request.version
        if not version or thing.row(version) is not None:
            if version and request.skill is None:
                raise ResourceExists("skill", name, version)
            version = editing or thing.next_version()
        skill = request.skill
        if skill is None:
            based_on = request.based_on or thing.latest
            if not based_on:
                raise Lacks("skillCard")
            skill = self._skill(tenant, name, based_on)
        return self._drafted(tenant, thing, md5, version, skill, author, changes)

    async def _redraft(self, request: SkillDraft, author: str | None) -> tuple[Step, str]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        if not thing.editing or request.skill is None:
            raise WrongState("skill", request.name, "", "", "change the draft of")
        return self._drafted(request.tenant, thing, md5, thing.editing, request.skill, author, [])

    def _drafted(
        self, tenant: str, thing: Thing, md5: str, version: str, skill: Skill, author: str | None, changes: list[Any]
    ) -> tuple[Step, str]:
        skill = replace(skill, name=thing.name, namespace_id=None)
        skill_package.check(skill)
        now = self._writer.millis()
        before = thing.row(version)
        began = before.create_time if before is not None else now
        row = Row(version=version, status=DRAFT, author=author, create_time=began, update_time=now)
        put = self._shelf.put(tenant, thing, row, msgspec.to_builtins(skill))
        if skill.description:
            thing.description = skill.description
        # One that was dropped may be the one that is put: the last of the changes counts.
        changes = [each for each in changes if each.key != put.key]
        return self._shelf.step(tenant, thing, md5, now, *changes, put), version

    async def _undraft(self, request: OfName) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        if not thing.editing:
            return Step([]), True
        change = self._shelf.drop(request.tenant, thing, thing.editing)
        if not thing.versions:
            return Step([change, *self._shelf.gone(request.tenant, thing, md5).changes]), True
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis(), change), True

    async def _publication(self, request: SkillVersion) -> tuple[Step, str]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        version = request.version or thing.editing
        if not version:
            raise WrongState("skill", request.name, "", "", "publish the draft of")
        self._shelf.publish(thing, version, request.latest)
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis()), version

    async def _switched(self, request: SkillSwitch) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        if request.version:
            self._shelf.switch(thing, request.version, request.online)
        else:
            thing.enable = request.online
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis()), True

    async def _settled(self, request: SkillSettings) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        if request.labels is not None:
            self._shelf.label(thing, request.labels)
        if request.biz_tags is not None:
            thing.biz_tags = request.biz_tags
        if request.scope is not None:
            thing.scope = request.scope
        return self._shelf.step(request.tenant, thing, md5, self._writer.millis()), True

    async def _removal(self, request: OfName) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current_or_new(request.tenant, request.name)
        return (self._shelf.gone(request.tenant, thing, md5), True) if md5 else (Step([]), True)
