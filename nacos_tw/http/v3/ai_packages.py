"""What the routes of skills and of AgentSpecs translate alike (docs/ai.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic

import attrs
from klein import Klein

from nacos_tw.ai.jsons import read
from nacos_tw.ai.operations.packages import Archive, Packages
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
from nacos_tw.ai.problems import Lacks
from nacos_tw.ai.requests import OfName
from nacos_tw.ai.shelves import ONLINE, Row, Thing
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, Parameter, boolean, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_parameters import PAGED_BY_PARTS, PARTS, blurred, tenant

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
TAG = text("bizTag", "What its words hold.")
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


def headers(word: bytes, md5: str, version: str = "") -> tuple[tuple[bytes, bytes], ...]:
    """Those that tell which content it is. @param word: what the kind is called in them; C{version}: "" for a 304."""
    value = md5.encode()
    found = (b"ETag", b'"%b"' % value), (b"X-Nacos-%b-Md5" % word, value)
    return (*found, (b"X-Nacos-%b-Resolved-Version" % word, version.encode())) if version else found


def zipped(found: Archive, *more: tuple[bytes, bytes]) -> Reply:
    """The archive."""
    named = b"Content-Disposition", f"attachment;filename={found.name}.zip".encode()
    return Reply(200, found.data, ZIP, (named, *more))


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
        "labels": thing.shown_labels,
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
    What operators and browsers ask alike; L{package_routes} are its routes.

    @cvar tagged: whether a list can be asked for by a tag.
    """

    tagged: ClassVar[bool] = False
    prefix: str
    guard: Guard
    kind: Kind[P]
    packages: Packages[P]

    def meta(self, call: Call) -> dict[str, Any]:
        """{A} with its versions and labels."""
        request = self._one(call)
        thing = self.packages.thing(call, request)
        return {**package_json(thing, request.tenant), "versions": [version_json(row) for row in thing.versions]}

    async def remove(self, call: Call) -> str:
        """Remove {a} with all its versions; succeeds if it does not exist."""
        await self.packages.remove(call, self._one(call))
        return "ok"

    def page(self, call: Call) -> dict[str, Any]:
        """A page of the {one}s of a namespace."""
        namespace = tenant(call)
        name = call.params.get(self.kind.named, "")
        request = PackageListing(
            tenant=namespace,
            name=name,
            blur=blurred(call, PARTS),
            number=PAGE_NO(call),
            size=PAGE_SIZE(call),
            scope=SCOPE(call) or None,
            biz_tag=TAG(call) if self.tagged else "",
        )
        return page_json(self.packages.page(call, request), lambda thing: package_json(thing, namespace))

    def version(self, call: Call) -> P:
        """The content of a version of {a}."""
        return self.packages.version(call, self._query(call))

    def download(self, call: Call) -> Reply:
        """A version of {a} as a zip archive, also of one that clients do not get."""
        return zipped(self.packages.download(call, self._query(call)))

    async def upload(self, call: Call) -> str:
        """Make the archive in the field file a draft."""
        uploaded = call.files.get("file")
        data = None if uploaded is None else uploaded.data
        request = PackageUpload(tenant=tenant(call), data=data, overwrite=OVERWRITE(call))
        return await self.packages.upload(call, request)

    async def create_draft(self, call: Call) -> str:
        """Begin a draft: with a content, or with that of a version."""
        card = call.params.get(self.kind.card, "")
        package = read(card, self.kind.type, self.kind.card) if card else None
        name = call.params.get(self.kind.named, "") or (package.name if package is not None else "")
        request = PackageDraft(
            tenant=tenant(call), name=name, based_on=BASED_ON(call), version=TARGET(call), package=package
        )
        return await self.packages.create_draft(call, request)

    async def update_draft(self, call: Call) -> str:
        """Change the content of the draft."""
        card = given_name(call, self.kind.card)
        package = read(card, self.kind.type, self.kind.card)
        await self.packages.update_draft(call, PackageDraft(tenant=tenant(call), name=package.name, package=package))
        return "ok"

    async def remove_draft(self, call: Call) -> str:
        """Remove the draft; succeeds if there is none."""
        await self.packages.remove_draft(call, self._one(call))
        return "ok"

    async def submit(self, call: Call) -> str:
        """Publish the draft: nothing is reviewed here."""
        return await self.packages.publish(call, self._published(call, draft=True))

    async def publish(self, call: Call) -> str:
        """Publish a version: clients get it."""
        given_name(call, "version")
        await self.packages.publish(call, self._published(call))
        return "ok"

    async def force_publish(self, call: Call) -> str:
        """Publish a version that is not online yet: clients get it."""
        given_name(call, "version")
        await self.packages.publish(call, self._published(call, unseen=True))
        return "ok"

    def _published(self, call: Call, draft: bool = False, unseen: bool = False) -> PackageVersion:
        return PackageVersion(
            tenant=tenant(call),
            name=self._name(call),
            version=VERSION(call),
            latest=LATEST(call),
            draft=draft,
            unseen=unseen,
        )

    async def online(self, call: Call) -> str:
        """Put a version, or the whole {one}, online again."""
        return await self._switch(call, True)

    async def offline(self, call: Call) -> str:
        """Take a version, or the whole {one}, offline: clients no longer get it."""
        return await self._switch(call, False)

    async def labels(self, call: Call) -> str:
        """Replace the labels; `latest` stays what it is where none is given."""
        found = read(given_name(call, "labels"), dict[str, str], "labels")
        return await self._settle(call, PackageSettings(tenant=tenant(call), name=self._name(call), labels=found))

    async def biz_tags(self, call: Call) -> str:
        """Replace the business tags."""
        request = PackageSettings(tenant=tenant(call), name=self._name(call), biz_tags=TAGS(call))
        return await self._settle(call, request)

    async def scope(self, call: Call) -> str:
        """Set the scope; it is stored and shown, and has no other effect."""
        scope = given_name(call, "scope")
        return await self._settle(call, PackageSettings(tenant=tenant(call), name=self._name(call), scope=scope))

    def _name(self, call: Call) -> str:
        return given_name(call, self.kind.named)

    def _one(self, call: Call) -> OfName:
        return OfName(tenant=tenant(call), name=self._name(call))

    def _query(self, call: Call) -> PackageQuery:
        return PackageQuery(tenant=tenant(call), name=self._name(call), version=VERSION(call))

    async def _switch(self, call: Call, online: bool) -> str:
        request = PackageSwitch(tenant=tenant(call), name=self._name(call), version=VERSION(call), online=online)
        await self.packages.switch(call, request)
        return "ok"

    async def _settle(self, call: Call, request: PackageSettings) -> str:
        await self.packages.settle(call, request)
        return "ok"


def package_routes(name: Parameter[str], card: Parameter[str], a: str, *listed: Parameter[str]) -> Klein:
    """
    The routes of L{PackagesV3}.

    @param name: the package's name; C{card}: a package, as JSON.
    @param a: one package, in words: C{a skill}. C{listed}: by what a list can be asked for besides.
    """
    app, one = Klein(), a.partition(" ")[2]
    words = {"a": a, "A": a[0].upper() + a[1:], "one": one}
    of_one, it = (NAMESPACE, name), PackagesV3

    def route(
        perform: Callable[..., Any], does: Callable[..., Any], method: str, *paths: str,
        takes: tuple[Parameter[Any], ...], gives: str = "ok", body: str = "",
    ) -> None:  # fmt: skip
        about = (perform.__doc__ or "").strip().format(**words)
        api(app, method, *paths, does=does, takes=takes, gives=gives, body=body, about=about)(perform)

    route(it.meta, Packages.thing, "GET", "", takes=of_one, gives=f"The {one} without contents")
    route(it.remove, Packages.remove, "DELETE", "", takes=of_one)
    route(
        it.page, Packages.page, "GET", "/list", takes=(name, *PAGED_BY_PARTS, SCOPE, *listed), gives=f"A page of {one}s"
    )
    route(it.version, Packages.version, "GET", "/version", takes=(*of_one, VERSION), gives="The content")
    route(it.download, Packages.download, "GET", "/version/download", takes=(*of_one, VERSION), gives="The archive")
    given = NAMESPACE, OVERWRITE
    route(it.upload, Packages.upload, "POST", "/upload", takes=given, gives="Its name", body="multipart")
    begun = *of_one, BASED_ON, TARGET, card
    route(it.create_draft, Packages.create_draft, "POST", "/draft", takes=begun, gives="Its version")
    route(it.update_draft, Packages.update_draft, "PUT", "/draft", takes=(NAMESPACE, card))
    route(it.remove_draft, Packages.remove_draft, "DELETE", "/draft", takes=of_one)
    route(it.submit, Packages.publish, "POST", "/submit", takes=(*of_one, VERSION), gives="The version")
    published = *of_one, VERSION, LATEST
    route(it.publish, Packages.publish, "POST", "/publish", takes=published)
    route(it.force_publish, Packages.publish, "POST", "/force-publish", takes=published)
    route(it.online, Packages.switch, "POST", "/online", takes=(*of_one, VERSION))
    route(it.offline, Packages.switch, "POST", "/offline", takes=(*of_one, VERSION))
    route(it.labels, Packages.settle, "PUT", "/labels", takes=(*of_one, LABELS))
    route(it.biz_tags, Packages.settle, "PUT", "/biz-tags", takes=(*of_one, TAGS))
    route(it.scope, Packages.settle, "PUT", "/scope", takes=(*of_one, SCOPE))
    return app
