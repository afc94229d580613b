"""Import of MCP servers from a document: what is in it is told, or published, one server after the other."""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import ai_resource
from nacos_tw.access.rules import Rule
from nacos_tw.ai import mcp_import
from nacos_tw.ai.mcp_import import Candidate
from nacos_tw.ai.mcp_servers import Servers
from nacos_tw.ai.operations.mcp import McpServers
from nacos_tw.ai.problems import AiInvalid, Lacks
from nacos_tw.ai.requests import McpWrite
from nacos_tw.errors import NacosError, Unavailable

VALID, INVALID, DUPLICATE = "valid", "invalid", "duplicate"


@attrs.frozen
class McpImport:
    """
    A document.

    @ivar kind: C{json} (one server) or C{file} (a list of them).
    @ivar override: whether a version that is there is replaced; C{skip}: whether what is wrong is passed over.
    @ivar selected: the ids of those that are meant; none: all.
    """

    tenant: str
    kind: str
    data: str
    override: bool = False
    skip: bool = False
    selected: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        if not self.kind:
            raise Lacks("importType")
        if self.kind not in mcp_import.KINDS:
            raise AiInvalid("importType", "choice", self.kind, mcp_import.KINDS)
        if not self.data:
            raise Lacks("data")
        if self.kind == mcp_import.URL:
            raise AiInvalid("importType", "fetching", self.kind)

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


class McpImports(Operations):
    """Each server is a write of its own."""

    __slots__ = ("_does", "_servers")

    def __init__(self, servers: Servers, does: McpServers, audit: AuditLog) -> None:
        super().__init__(audit)
        self._servers = servers
        self._does = does

    @operation(Rule("read", "ai"))
    def validate(self, caller: Caller, request: McpImport) -> list[Judged]:
        """
        What is in the document, and whether it could be published.

        @raise AiInvalid: it cannot be read.
        """
        return [self._judged(request, each) for each in mcp_import.parsed(request.data).candidates]

    @operation(Rule("write", "ai", recorded=True))
    def execute(self, caller: Caller, request: McpImport) -> Deferred[list[Imported]]:
        """
        Publish them; after one that fails the rest is not tried, unless what is wrong is passed over.

        @return: fails with AiInvalid: the document cannot be read.
        """
        return Deferred.fromCoroutine(self._execute(caller, request))

    async def _execute(self, caller: Caller, request: McpImport) -> list[Imported]:
        found: list[Imported] = []
        for candidate in mcp_import.parsed(request.data).candidates:
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
