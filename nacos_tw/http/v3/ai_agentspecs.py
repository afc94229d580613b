"""AgentSpecs, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.agentspec_package import AGENTSPEC, AgentSpec
from nacos_tw.ai.operations.agentspecs import AgentSpecs
from nacos_tw.ai.problems import UpToDate
from nacos_tw.ai.requests import Listing
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, text
from nacos_tw.http.api.results import page_json, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_packages import (
    BASED_ON,
    CLIENTS_NAME,
    LABEL,
    LABELS,
    LATEST,
    MD5,
    OVERWRITE,
    SCOPE,
    TAGS,
    TARGET,
    VERSION,
    PackagesV3,
    query_of,
    zipped,
)
from nacos_tw.http.v3.ai_parameters import PAGED, tenant

CLIENT = "/v3/client/ai/agentspecs"
PREFIXES = "/v3/admin/ai/agentspecs", "/v3/console/ai/agentspecs"

NAME = text("agentSpecName", "The AgentSpec's name.")
CARD = text("agentSpecCard", "The AgentSpec, as JSON.")
KEYWORD = text("keyword", "What the name or the description holds.")
ONE = NAMESPACE, NAME


@attrs.frozen
class ClientAgentSpecsV3:
    """For clients."""

    prefix: ClassVar[str] = CLIENT
    app = Klein()
    guard: Guard
    agentspecs: AgentSpecs

    @api(
        app, "GET", "", does=AgentSpecs.content, takes=(NAMESPACE, CLIENTS_NAME, VERSION, LABEL, MD5), gives="It"
    )  # fmt: skip
    def agentspec(self, call: Call) -> Reply:
        """An AgentSpec: of a version, by a label, or the latest one."""
        request = query_of(call)
        try:
            thing, row, found = self.agentspecs.content(call, request)
        except UpToDate:
            md5 = request.md5.encode()
            return Reply(304, b"", headers=((b"ETag", b'"%b"' % md5), (b"X-Nacos-AgentSpec-Md5", md5)))
        md5 = row.md5.encode()
        version = b"X-Nacos-AgentSpec-Resolved-Version", row.version.encode()
        headers = (b"ETag", b'"%b"' % md5), (b"X-Nacos-AgentSpec-Md5", md5), version
        found.biz_tags = thing.biz_tags
        answer = result(found)
        return Reply(answer.status, answer.body, answer.content_type, headers)

    @api(
        app, "GET", "/search", does=AgentSpecs.shown, takes=(NAMESPACE, KEYWORD, PAGE_NO, PAGE_SIZE), gives="A page"
    )  # fmt: skip
    def search(self, call: Call) -> dict[str, Any]:
        """A page of the AgentSpecs that clients get, by what their name or description holds."""
        namespace = tenant(call)
        request = Listing(tenant=namespace, name=KEYWORD(call), number=PAGE_NO(call), size=PAGE_SIZE(call))
        return page_json(
            self.agentspecs.shown(call, request),
            lambda thing: {
                "namespaceId": namespace or "public",
                "name": thing.name,
                "description": thing.description,
                "bizTags": thing.biz_tags,
                "updateTime": thing.update_time,
            },
        )


class AgentSpecsV3(PackagesV3[AgentSpec]):
    """What operators and browsers ask alike. Built for each of them."""

    app: ClassVar[Klein] = Klein()

    def __init__(self, prefix: str, guard: Guard, agentspecs: AgentSpecs) -> None:
        super().__init__(prefix, guard, AGENTSPEC, NAME.name, agentspecs)

    @api(app, "GET", "", does=AgentSpecs.thing, takes=ONE, gives="The AgentSpec without contents")
    def meta(self, call: Call) -> dict[str, Any]:
        """An AgentSpec with its versions and labels."""
        return self._meta(call)

    @api(app, "DELETE", "", does=AgentSpecs.remove, takes=ONE, gives="ok")
    async def remove(self, call: Call) -> str:
        """Remove an AgentSpec with all its versions; succeeds if it does not exist."""
        return await self._remove(call)

    @api(app, "GET", "/list", does=AgentSpecs.page, takes=(NAME, *PAGED), gives="A page of AgentSpecs")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the AgentSpecs of a namespace."""
        return self._page(call)

    @api(app, "GET", "/version", does=AgentSpecs.version, takes=(*ONE, VERSION), gives="The content")
    def version(self, call: Call) -> AgentSpec:
        """The content of a version of an AgentSpec."""
        return self.packages.version(call, self._query(call))

    @api(app, "GET", "/version/download", does=AgentSpecs.download, takes=(*ONE, VERSION), gives="The archive")
    def download(self, call: Call) -> Reply:
        """A version of an AgentSpec as a zip archive, also of one that clients do not get."""
        return zipped(self.packages.download(call, self._query(call)))

    @api(
        app, "POST", "/upload", does=AgentSpecs.upload, takes=(NAMESPACE, OVERWRITE), body="multipart", gives="Its name"
    )
    async def upload(self, call: Call) -> str:
        """Make the archive in the field file a draft."""
        return await self._upload(call)

    @api(app, "POST", "/draft", does=AgentSpecs.create_draft, takes=(*ONE, BASED_ON, TARGET, CARD), gives="Its version")
    async def create_draft(self, call: Call) -> str:
        """Begin a draft: with a content, or with that of a version."""
        return await self._create_draft(call)

    @api(app, "PUT", "/draft", does=AgentSpecs.update_draft, takes=(NAMESPACE, CARD), gives="ok")
    async def update_draft(self, call: Call) -> str:
        """Change the content of the draft."""
        return await self._update_draft(call)

    @api(app, "DELETE", "/draft", does=AgentSpecs.remove_draft, takes=ONE, gives="ok")
    async def remove_draft(self, call: Call) -> str:
        """Remove the draft; succeeds if there is none."""
        return await self._remove_draft(call)

    @api(app, "POST", "/submit", does=AgentSpecs.publish, takes=(*ONE, VERSION), gives="The version")
    async def submit(self, call: Call) -> str:
        """Publish the draft: nothing is reviewed here."""
        return await self._publish(call)

    @api(app, "POST", "/publish", "/force-publish", does=AgentSpecs.publish, takes=(*ONE, VERSION, LATEST), gives="ok")
    async def publish(self, call: Call) -> str:
        """Publish a version: clients get it."""
        await self._publish(call)
        return "ok"

    @api(app, "POST", "/online", does=AgentSpecs.switch, takes=(*ONE, VERSION), gives="ok")
    async def online(self, call: Call) -> str:
        """Put a version, or the whole AgentSpec, online again."""
        return await self._switch(call, True)

    @api(app, "POST", "/offline", does=AgentSpecs.switch, takes=(*ONE, VERSION), gives="ok")
    async def offline(self, call: Call) -> str:
        """Take a version, or the whole AgentSpec, offline: clients no longer get it."""
        return await self._switch(call, False)

    @api(app, "PUT", "/labels", does=AgentSpecs.settle, takes=(*ONE, LABELS), gives="ok")
    async def labels(self, call: Call) -> str:
        """Replace the labels."""
        return await self._labels(call)

    @api(app, "PUT", "/biz-tags", does=AgentSpecs.settle, takes=(*ONE, TAGS), gives="ok")
    async def biz_tags(self, call: Call) -> str:
        """Replace the business tags."""
        return await self._biz_tags(call)

    @api(app, "PUT", "/scope", does=AgentSpecs.settle, takes=(*ONE, SCOPE), gives="ok")
    async def scope(self, call: Call) -> str:
        """Set the scope; it is stored and shown, and has no other effect."""
        return await self._scope(call)
