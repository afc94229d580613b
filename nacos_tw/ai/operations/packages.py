"""Packages: what clients get, and the life of their versions: draft, online, offline (docs/ai.md)."""

from __future__ import annotations

import re
from typing import Any, Generic

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.ai.package_requests import (
    PackageDraft,
    PackageListing,
    PackageQuery,
    PackageSettings,
    PackageSwitch,
    PackageUpload,
    PackageVersion,
)
from nacos_tw.ai.packages import Kind, P
from nacos_tw.ai.problems import AiInvalid, Lacks, ResourceExists, ResourceUnknown, WrongState
from nacos_tw.ai.requests import LARGEST_PAGE, Listing, OfName
from nacos_tw.ai.shelves import DRAFT, LATEST, OFFLINE, ONLINE, Row, Shelf, Thing
from nacos_tw.ai.writing import Step, Writer
from nacos_tw.config.commands import Change
from nacos_tw.config.operations.contents import user_of
from nacos_tw.paging import Page, page_of

_TARGET = re.compile(r"\d+\.\d+\.\d+|v\d+", re.ASCII)
READ, WRITE = Rule("read", "ai"), Rule("write", "ai", recorded=True)


class Archive(Struct, kw_only=True):
    """A version as clients get it."""

    name: str
    version: str
    md5: str
    data: bytes


class Packages(Operations, Generic[P]):
    """A write is done once this node shows it."""

    __slots__ = ("_kind", "_shelf", "_writer")

    def __init__(self, kind: Kind[P], shelf: Shelf, writer: Writer, audit: AuditLog) -> None:
        super().__init__(audit)
        self._kind = kind
        self._shelf = shelf
        self._writer = writer

    # -- looking

    @operation(READ)
    def archive(self, caller: Caller, request: PackageQuery) -> Archive:
        """
        What a client gets.

        @raise ResourceUnknown, ResourceVersionUnknown: there is nothing for it.
        @raise UpToDate: it has it.
        """
        thing, row = self._asked(request)
        return self._archive(request.tenant, thing, row)

    @operation(READ)
    def content(self, caller: Caller, request: PackageQuery) -> tuple[Thing, Row, P]:
        """The same, not packed; likewise."""
        thing, row = self._asked(request)
        return thing, row, self._package(request.tenant, thing.name, row.version)

    @operation(READ)
    def download(self, caller: Caller, request: PackageQuery) -> Archive:
        """The same for an operator, also of what clients do not get."""
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version or thing.editing, "", online=False)
        return self._archive(request.tenant, thing, row)

    @operation(READ)
    def thing(self, caller: Caller, request: OfName) -> Thing:
        """
        A package with its versions and labels.

        @raise ResourceUnknown: there is none.
        """
        return self._shelf.found(request.tenant, request.name)

    @operation(READ)
    def version(self, caller: Caller, request: PackageQuery) -> P:
        """
        The content of a version.

        @raise ResourceUnknown, ResourceVersionUnknown: there is none.
        """
        thing = self._shelf.found(request.tenant, request.name)
        row = self._shelf.meant(thing, request.version, request.label, online=False)
        return self._package(request.tenant, thing.name, row.version)

    @operation(READ)
    def page(self, caller: Caller, request: PackageListing) -> Page[Thing]:
        """A page of the packages of a namespace, by name."""
        scope, tag = request.scope, request.biz_tag
        return self._shelf.page(request, lambda thing: scope in (None, thing.scope) and tag in thing.biz_tags)

    @operation(READ)
    def shown(self, caller: Caller, request: Listing) -> Page[Thing]:
        """A page of those that clients get, whose name or description holds a text."""
        wanted = request.name.lower()
        found = [
            thing
            for thing in self._shelf.all(request.tenant)
            if thing.shown and (wanted in thing.name.lower() or wanted in thing.description.lower())
        ]
        return page_of(found, request.number, min(request.size, LARGEST_PAGE))

    def _asked(self, request: PackageQuery) -> tuple[Thing, Row]:
        return self._shelf.asked(request.tenant, request.name, request.version, request.label, request.md5)

    def _package(self, tenant: str, name: str, version: str) -> P:
        content = self._shelf.content(tenant, name, version)
        return replace(
            msgspec.convert(content, self._kind.type, strict=False), namespace_id=tenant or "public", name=name
        )

    def _archive(self, tenant: str, thing: Thing, row: Row) -> Archive:
        data = self._kind.packed(self._package(tenant, thing.name, row.version))
        return Archive(name=thing.name, version=row.version, md5=row.md5, data=data)

    # -- writing

    @operation(WRITE)
    def upload(self, caller: Caller, request: PackageUpload) -> Deferred[str]:
        """
        Make an archive a draft.

        @return: the package's name; fails with AiInvalid, Lacks, ResourceExists.
        """
        return Deferred.fromCoroutine(self._upload(caller, request))

    async def _upload(self, caller: Caller, request: PackageUpload) -> str:
        if not request.data:
            raise Lacks("file")
        found = self._kind.unpacked(request.data)
        author = user_of(caller, None)
        wanted = PackageDraft(
            tenant=request.tenant,
            name=found.package.name,
            version=found.version,
            package=found.package,
            biz_tags=found.biz_tags or None,
        )
        await self._writer.write(caller, lambda: self._draft(wanted, author, request.overwrite))
        return found.package.name

    @operation(WRITE)
    def create_draft(self, caller: Caller, request: PackageDraft) -> Deferred[str]:
        """
        Begin a draft.

        @return: its version; fails with ResourceExists where there is one.
        @raise AiInvalid: the version cannot be called so, or the content is another package's.
        """
        author = user_of(caller, None)
        if request.version and not _TARGET.fullmatch(request.version):
            raise AiInvalid("targetVersion", "numbers", request.version)
        if request.package is not None and request.package.name not in ("", request.name):
            raise AiInvalid(self._kind.card, "other", request.package.name)
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._draft(request, author, False)))

    @operation(WRITE)
    def update_draft(self, caller: Caller, request: PackageDraft) -> Deferred[str]:
        """
        Change the draft.

        @return: its version; fails with WrongState where there is none. An AgentSpec that is not there begins so.
        """
        author = user_of(caller, None)
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._redraft(request, author)))

    @operation(WRITE)
    def remove_draft(self, caller: Caller, request: OfName) -> Deferred[bool]:
        """Remove the draft; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._undraft(request)))

    @operation(WRITE)
    def publish(self, caller: Caller, request: PackageVersion) -> Deferred[str]:
        """
        Show a version, or the draft, to clients. One that was taken offline is not shown by this: it is switched.

        @return: the version; fails with ResourceUnknown, ResourceVersionUnknown, AiInvalid.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._publication(request)))

    @operation(WRITE)
    def switch(self, caller: Caller, request: PackageSwitch) -> Deferred[bool]:
        """
        Show a version that was published, or not any more.

        @return: fails with ResourceUnknown, ResourceVersionUnknown, WrongState.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._switched(request)))

    @operation(WRITE)
    def settle(self, caller: Caller, request: PackageSettings) -> Deferred[bool]:
        """
        Set labels, tags or the scope.

        @return: fails with ResourceUnknown, ResourceVersionUnknown.
        """
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._settled(request)))

    @operation(WRITE)
    def remove(self, caller: Caller, request: OfName) -> Deferred[bool]:
        """Remove a package with all its versions; fine if there is none."""
        return Deferred.fromCoroutine(self._writer.write(caller, lambda: self._removal(request)))

    # -- steps

    async def _draft(self, request: PackageDraft, author: str | None, overwrite: bool) -> tuple[Step, str]:
        tenant, name = request.tenant, request.name
        self._kind.check_name(name)
        thing, md5 = await self._shelf.current_or_new(tenant, name)
        editing = thing.editing
        if editing and not overwrite:
            raise ResourceExists(self._kind.name, name, editing)
        changes = [self._shelf.drop(tenant, thing, editing)] if editing else []
        version = request.version
        if not version or thing.row(version) is not None:
            if version and request.package is None:
                raise ResourceExists(self._kind.name, name, version, wanted=True)
            version = editing or thing.next_version()
        package: Any = request.package
        if package is None:
            based_on = request.based_on or thing.latest
            if based_on:
                package = self._package(tenant, name, based_on)
            elif self._kind.blank is not None:
                package = self._kind.blank(name)
            else:
                raise Lacks(self._kind.card)
        if request.biz_tags is not None:
            thing.biz_tags = request.biz_tags
        return self._drafted(tenant, thing, md5, version, package, author, changes)

    async def _redraft(self, request: PackageDraft, author: str | None) -> tuple[Step, str]:
        thing, md5 = await self._shelf.current_or_new(request.tenant, request.name)
        if not md5:
            if self._kind.blank is None:
                raise ResourceUnknown(self._kind.name, request.name)
            return await self._draft(request, author, False)
        package: Any = request.package
        if not thing.editing or package is None:
            raise WrongState(self._kind.name, request.name, "", "", "change")
        if request.biz_tags is not None:
            thing.biz_tags = request.biz_tags
        return self._drafted(request.tenant, thing, md5, thing.editing, package, author, [])

    def _drafted(
        self, tenant: str, thing: Thing, md5: str, version: str, package: P, author: str | None, changes: list[Change]
    ) -> tuple[Step, str]:
        package = replace(package, name=thing.name, namespace_id=None)
        self._kind.check(package)
        now = self._writer.millis()
        before = thing.row(version)
        began = before.create_time if before is not None else now
        row = Row(version=version, status=DRAFT, author=author, create_time=began, update_time=now)
        put = self._shelf.put(tenant, thing, row, msgspec.to_builtins(package))
        if package.description:
            thing.description = package.description
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

    async def _publication(self, request: PackageVersion) -> tuple[Step, str]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        version = request.version or thing.editing
        if not version:
            raise WrongState(self._kind.name, request.name, "", "", "submit")
        row = thing.row(version)
        if row is not None:  # of one that does not exist the shelf says so
            if request.draft and row.status != DRAFT:
                raise AiInvalid("version", "draft", version)
            if request.unseen and row.status == ONLINE:
                raise AiInvalid("version", "online", version)
            if row.status == OFFLINE:
                raise AiInvalid("version", "offline", version)
        before = replace(thing)
        self._shelf.publish(thing, version, request.latest, self._writer.millis())
        return await self._step(request.tenant, before, thing, md5), version

    async def _switched(self, request: PackageSwitch) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        before = replace(thing)
        if request.version:
            self._shelf.switch(thing, request.version, request.online, self._writer.millis())
        else:
            thing.enable = request.online
        return await self._step(request.tenant, before, thing, md5), True

    async def _settled(self, request: PackageSettings) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current(request.tenant, request.name)
        before = replace(thing)
        if request.labels is not None:
            self._shelf.label(thing, self._labels(thing, request.labels))
        if request.biz_tags is not None:
            thing.biz_tags = request.biz_tags
        if request.scope is not None:
            thing.scope = request.scope
        return await self._step(request.tenant, before, thing, md5), True

    def _labels(self, thing: Thing, labels: dict[str, str]) -> dict[str, str]:
        """
        Those that a package has then: it keeps C{latest} where none is given, or one that is no version.

        @raise AiInvalid: one is to be of the draft.
        """
        for label, version in labels.items():
            if version and version == thing.editing:
                raise AiInvalid("labels", "draft", label, version)
        if thing.latest and thing.row(labels.get(LATEST, "")) is None:
            return {**labels, LATEST: thing.latest}
        return labels

    async def _removal(self, request: OfName) -> tuple[Step, bool]:
        thing, md5 = await self._shelf.current_or_new(request.tenant, request.name)
        if not md5:
            return Step([]), True
        also = await self._also(request.tenant, thing, Thing(name=thing.name))
        return Step([*also, *self._shelf.gone(request.tenant, thing, md5).changes]), True

    async def _step(self, tenant: str, before: Thing, after: Thing, md5: str) -> Step:
        also = await self._also(tenant, before, after)
        return self._shelf.step(tenant, after, md5, self._writer.millis(), *also)

    async def _also(self, tenant: str, before: Thing, after: Thing) -> list[Change]:
        """What else is written when a package changes so."""
        return []
