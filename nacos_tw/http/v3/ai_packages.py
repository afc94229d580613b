"""What the routes of skills and of AgentSpecs translate alike (docs/ai.md)."""

from __future__ import annotations

from typing import Any, Generic

import attrs

from nacos_tw.ai.jsons import read
from nacos_tw.ai.operations.packages import Archive, Packages
from nacos_tw.ai.package_requests import (
    PackageDraft,
    PackageQuery,
    PackageSettings,
    PackageSwitch,
    PackageUpload,
    PackageVersion,
)
from nacos_tw.ai.packages import Kind, P
from nacos_tw.ai.problems import Lacks
from nacos_tw.ai.requests import Listing, OfName
from nacos_tw.ai.shelves import ONLINE, Row, Thing
from nacos_tw.http.api.parameters import PAGE_NO, PAGE_SIZE, boolean, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_parameters import blurred, tenant

CLIENTS_NAME = text("name", "The package's name.")
VERSION = text("version", "The version.")
LABEL = text("label", "The label of the version.")
MD5 = text("md5", "Of what the client has: where that is it, the answer is 304.")
BASED_ON = text("basedOnVersion", "The version whose content a draft begins with.")
TARGET = text("targetVersion", "The version that a draft is to be; the next one where none is named.")
OVERWRITE = boolean("overwrite", "Whether a draft that is there is replaced.")
LATEST = boolean("updateLatestLabel", "Whether the version becomes the latest.", True)
LABELS = text("labels", "Labels to versions, as JSON.")
TAGS = text("bizTags", "Words for it.")
SCOPE = text("scope", "Who it is meant for.", choices=("PUBLIC", "PRIVATE"))
ZIP = b"application/zip"


def given_name(call: Call, field: str) -> str:
    """@raise Lacks: it is not given."""
    found = call.params.get(field, "")
    if not found:
        raise Lacks(field)
    return found


def query_of(call: Call) -> PackageQuery:
    """What a client asks for."""
    return PackageQuery(
        tenant=tenant(call), name=given_name(call, "name"), version=VERSION(call), label=LABEL(call), md5=MD5(call)
    )


def zipped(found: Archive, *headers: tuple[bytes, bytes]) -> Reply:
    """The archive."""
    named = b"Content-Disposition", f"attachment;filename={found.name}.zip".encode()
    return Reply(200, found.data, ZIP, (named, *headers))


def package_json(thing: Thing, namespace: str) -> dict[str, Any]:
    """A package of a list."""
    return {
        "namespaceId": namespace or "public",
        "name": thing.name,
        "description": thing.description,
        "updateTime": thing.update_time,
        "enable": thing.enable,
        "bizTags": thing.biz_tags,
        "from": "local",
        "scope": thing.scope,
        "labels": thing.labels,
        "editingVersion": thing.editing or None,
        "reviewingVersion": None,
        "onlineCnt": sum(row.status == ONLINE for row in thing.versions),
        "downloadCount": 0,
    }


def version_json(row: Row) -> dict[str, Any]:
    """A version."""
    return {
        "version": row.version,
        "status": row.status,
        "author": row.author,
        "description": row.description or row.commit_msg,
        "createTime": row.create_time,
        "updateTime": row.update_time,
        "publishPipelineInfo": None,
        "downloadCount": 0,
    }


@attrs.frozen
class PackagesV3(Generic[P]):
    """
    What operators and browsers ask alike. The routes are in its subclasses.

    @ivar named: the parameter with the package's name.
    """

    prefix: str
    guard: Guard
    kind: Kind[P]
    named: str
    packages: Packages[P]

    def _name(self, call: Call) -> str:
        return given_name(call, self.named)

    def _one(self, call: Call) -> OfName:
        return OfName(tenant=tenant(call), name=self._name(call))

    def _meta(self, call: Call) -> dict[str, Any]:
        request = self._one(call)
        thing = self.packages.thing(call, request)
        return {**package_json(thing, request.tenant), "versions": [version_json(row) for row in thing.versions]}

    async def _remove(self, call: Call) -> str:
        await self.packages.remove(call, self._one(call))
        return "ok"

    def _page(self, call: Call) -> dict[str, Any]:
        namespace = tenant(call)
        name = call.params.get(self.named, "")
        request = Listing(tenant=namespace, name=name, blur=blurred(call), number=PAGE_NO(call), size=PAGE_SIZE(call))
        return page_json(self.packages.page(call, request), lambda thing: package_json(thing, namespace))

    def _query(self, call: Call) -> PackageQuery:
        return PackageQuery(tenant=tenant(call), name=self._name(call), version=VERSION(call))

    async def _upload(self, call: Call) -> str:
        uploaded = call.files.get("file")
        data = None if uploaded is None else uploaded.data
        return await self.packages.upload(
            call, PackageUpload(tenant=tenant(call), data=data, overwrite=OVERWRITE(call))
        )  # fmt: skip

    async def _create_draft(self, call: Call) -> str:
        card = call.params.get(self.kind.card, "")
        package = read(card, self.kind.type, self.kind.card) if card else None
        name = call.params.get(self.named, "") or (package.name if package is not None else "")
        request = PackageDraft(
            tenant=tenant(call), name=name, based_on=BASED_ON(call), version=TARGET(call), package=package
        )
        return await self.packages.create_draft(call, request)

    async def _update_draft(self, call: Call) -> str:
        card = given_name(call, self.kind.card)
        package = read(card, self.kind.type, self.kind.card)
        await self.packages.update_draft(call, PackageDraft(tenant=tenant(call), name=package.name, package=package))
        return "ok"

    async def _remove_draft(self, call: Call) -> str:
        await self.packages.remove_draft(call, self._one(call))
        return "ok"

    async def _publish(self, call: Call) -> str:
        request = PackageVersion(
            tenant=tenant(call), name=self._name(call), version=VERSION(call), latest=LATEST(call)
        )  # fmt: skip
        return await self.packages.publish(call, request)

    async def _switch(self, call: Call, online: bool) -> str:
        request = PackageSwitch(tenant=tenant(call), name=self._name(call), version=VERSION(call), online=online)
        await self.packages.switch(call, request)
        return "ok"

    async def _labels(self, call: Call) -> str:
        found = read(LABELS(call) or "{}", dict[str, str], "labels")
        return await self._settle(call, PackageSettings(tenant=tenant(call), name=self._name(call), labels=found))

    async def _biz_tags(self, call: Call) -> str:
        request = PackageSettings(tenant=tenant(call), name=self._name(call), biz_tags=TAGS(call))
        return await self._settle(call, request)

    async def _scope(self, call: Call) -> str:
        return await self._settle(call, PackageSettings(tenant=tenant(call), name=self._name(call), scope=SCOPE(call)))

    async def _settle(self, call: Call, request: PackageSettings) -> str:
        await self.packages.settle(call, request)
        return "ok"
