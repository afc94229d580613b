"""Import of MCP servers from a document: shows what is in it, or publishes it, one server after the other."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import ai_resource
from nacos_tw.access.rules import Rule
from nacos_tw.ai import mcp_client, mcp_import
from nacos_tw.ai.fetching import Fetcher
from nacos_tw.ai.mcp_import import Candidate, Found
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.problems import AiInvalid, FetchRefused, Lacks
from nacos_tw.ai.requests import McpWrite
from nacos_tw.errors import NacosError, Unavailable

VALID, INVALID, DUPLICATE = "valid", "invalid", "duplicate"
PAGE, ALL = 30, -1
_MOST_PAGES = 200
_PAGE_TIMEOUT, _ALL_TIMEOUT = 10.0, 60.0
"""Seconds for a page of a registry, and for all."""


@attrs.frozen
class McpImport:
    """
    A document.

    @ivar kind: C{json} (one server) or C{file} (a list of them), or C{url}: C{data} is the address of a list.
    @ivar override: whether a version that is there is replaced; C{skip}: whether what is wrong is passed over.
    @ivar selected: the ids of those that are meant; none: all.
    @ivar cursor: of the page of a registry to begin with; C{limit}: how many servers, C{ALL} for all; C{search}: a part
        of their names.
    """

    tenant: str
    kind: str
    data: str
    override: bool = False
    skip: bool = False
    selected: frozenset[str] = frozenset()
    cursor: str = ""
    limit: int = PAGE
    search: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.kind:
            raise Lacks("importType")
        if self.kind not in mcp_import.KINDS:
            raise AiInvalid("importType", "choice", self.kind, mcp_import.KINDS)
        if not self.data:
            raise Lacks("data")
        if self.limit != ALL and not 0 < self.limit <= PAGE:
            raise AiInvalid("limit", "pages", str(self.limit), PAGE)

    def resource(self) -> str:
        """All of the namespace."""
        return ai_resource(self.tenant)

    def details(self) -> dict[str, str]:
        """Where to, and how."""
        return {"namespaceId": self.tenant, "import": self.kind, "override": str(self.override).lower()}


@attrs.frozen
class Judged:
    """A server of the document. @ivar status: C{valid}, C{invalid}, C{duplicate} (that version is there)."""

    candidate: Candidate
    status: str


@attrs.frozen
class Imported:
    """What became of one. @ivar status: C{success}, C{failed}, C{skipped}; C{error}: why."""

    candidate: Candidate
    status: str
    error: NacosError | str | None = None


@attrs.frozen
class Looked:
    """What is in a document. @ivar cursor: of what comes behind it, "" for nothing."""

    servers: list[Judged]
    cursor: str


@attrs.frozen
class ToolQuestion:
    """
    An MCP server to be asked for its tools.

    @ivar transport: C{mcp-sse} or C{mcp-streamable}; C{endpoint}: a path there; C{token}: sent as a bearer's.
    """

    tenant: str
    transport: str
    url: str
    endpoint: str = ""
    token: str = attrs.field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.transport or not self.url:
            raise Lacks("baseUrl" if self.transport else "transportType")

    def resource(self) -> str:
        """All of the namespace."""
        return ai_resource(self.tenant)

    def details(self) -> dict[str, str]:
        """Who is asked."""
        return {"namespaceId": self.tenant, "transport": self.transport, "url": self.url}


class McpImports(Operations):
    """Each server is a write of its own."""

    __slots__ = ("_does", "_fetcher", "_servers")

    def __init__(self, servers: Servers, does: McpServers, fetcher: Fetcher, audit: AuditLog) -> None:
        super().__init__(audit)
        self._servers = servers
        self._does = does
        self._fetcher = fetcher

    @operation(Rule("write", "ai", recorded=True))
    def tools(self, caller: Caller, request: ToolQuestion) -> Deferred[list[dict[str, Any]]]:
        """
        The tools that a running MCP server lists.

        @return: fails with TransportUnsupported, FetchRefused, Unfetched.
        """
        if not self._fetcher.settings.tools:
            return fail(FetchRefused(request.url, "tools"))
        asked = mcp_client.tools_of(self._fetcher, request.transport, request.url, request.endpoint, request.token)
        return Deferred.fromCoroutine(asked)

    @operation(Rule("write", "ai"))
    def validate(self, caller: Caller, request: McpImport) -> Deferred[Looked]:
        """
        What is in the document, and whether it could be published.

        @return: fails with AiInvalid: it cannot be read; FetchRefused, Unfetched: it cannot be had.
        """
        return Deferred.fromCoroutine(self._looked(request))

    async def _looked(self, request: McpImport) -> Looked:
        found = await self._found(request)
        return Looked([self._judged(request, each) for each in found.candidates], found.cursor)

    async def _found(self, request: McpImport) -> Found:
        if request.kind != mcp_import.URL:
            return mcp_import.parsed(request.data)
        if not self._fetcher.settings.urls:
            raise FetchRefused(request.data, "urls")
        seconds = _ALL_TIMEOUT if request.limit == ALL else _PAGE_TIMEOUT
        return await self._fetcher.within(request.data, seconds, self._pages(request))

    async def _pages(self, request: McpImport) -> Found:
        """One page of a registry, or all from there on."""
        found: dict[tuple[str, str], Candidate] = {}
        cursor = request.cursor
        for _ in range(_MOST_PAGES if request.limit == ALL else 1):
            limit = PAGE if request.limit == ALL else request.limit
            url = mcp_import.page_url(request.data, cursor, limit, request.search)
            page = mcp_import.parsed(await self._fetcher.get(url))
            for each in page.candidates:
                found.setdefault((each.name, each.spec.wanted_version), each)
            cursor = page.cursor
            if not cursor:
                break
        return Found(list(found.values()), cursor)

    @operation(Rule("write", "ai", recorded=True))
    def execute(self, caller: Caller, request: McpImport) -> Deferred[list[Imported]]:
        """
        Publish them; after one that fails the rest is not tried, unless what is wrong is passed over.

        @return: fails as that of L{validate}.
        """
        return Deferred.fromCoroutine(self._execute(caller, request))

    async def _execute(self, caller: Caller, request: McpImport) -> list[Imported]:
        found: list[Imported] = []
        for candidate in (await self._found(request)).candidates:
            if request.selected and candidate.id not in request.selected:
                continue
            done = await self._one(caller, request, candidate)
            found.append(done)
            if done.status == "failed" and not request.skip:
                break
        return found

    async def _one(self, caller: Caller, request: McpImport, candidate: Candidate) -> Imported:
        status = self._judged(request, candidate).status
        if status == INVALID:
            return Imported(candidate, "failed", "; ".join(candidate.errors))
        if status == DUPLICATE and not request.override:
            return Imported(candidate, "skipped")
        there = self._servers.ids(request.tenant).get(candidate.name, "")
        spec = candidate.spec
        if there:
            spec.id = there
        write = McpWrite(
            tenant=request.tenant, name=candidate.name, id=there, spec=spec, endpoints=candidate.endpoints, only=True
        )
        try:
            await (self._does.update if there else self._does.create)(caller, write)
        except Unavailable:
            raise
        except NacosError as error:
            return Imported(candidate, "failed", error)
        return Imported(candidate, "success")

    def _judged(self, request: McpImport, candidate: Candidate) -> Judged:
        if candidate.errors:
            return Judged(candidate, INVALID)
        server = self._servers.ids(request.tenant).get(candidate.name, "")
        if server and self._servers.found(request.tenant, server, "").has(candidate.spec.wanted_version):
            return Judged(candidate, DUPLICATE)
        return Judged(candidate, VALID)
