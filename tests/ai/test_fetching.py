"""What the node asks other hosts because users say so: which hosts it asks, registries' lists, tools of MCP servers."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from nacos_tw.ai import mcp_client
from nacos_tw.ai.fetching import LARGEST, Fetcher
from nacos_tw.ai.mcp_client import SSE, STREAMABLE, endpoint_url, tools_of
from nacos_tw.ai.mcp_import import page_url
from nacos_tw.ai.outbound import allowed, parts_of
from nacos_tw.ai.problems import FetchRefused, TransportUnsupported, Unfetched
from nacos_tw.ai.sse import EventParser
from nacos_tw.settings.ai_keys import AiFetching, networks
from tests.ai.case import AiCase

MCP = "/v3/console/ai/mcp"
HOME = AiFetching(urls=True, private=networks("127.0.0.1"))
TOOL = {"name": "add", "inputSchema": {"type": "object"}}


class RuleTests(SynchronousTestCase):
    """Which hosts may be asked."""

    def test_addresses(self) -> None:
        """Public ones; others only where the operator says so, whatever they look like."""
        for address in ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"):
            self.assertTrue(allowed(address, ()), address)
        private = (
            "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
            "224.0.0.1",
            "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
        )  # fmt: skip
        for address in private:
            self.assertFalse(allowed(address, ()), address)
            self.assertFalse(allowed(address, networks("172.31.0.0/16, fd11::/16")), address)
        self.assertTrue(allowed("10.1.2.3", networks("fd00::/8, 10.0.0.0/8")))
        self.assertTrue(allowed("::ffff:10.1.2.3", networks("10.1.2.3")))

    def test_addresses_of_pages(self) -> None:
        """Only HTTP, without logins in them, and no odd characters."""
        self.assertEqual(parts_of("https://h/x?y").hostname, "h")
        for url in ("", "h", "ftp://h", "file:///etc/passwd", "http://", "http://u:p@h/", "http://h\r\nX: y/", "http://é/",
                    "http://h:99999/", "http://h:0/", "http://h /"):  # fmt: skip
            self.assertRaises(FetchRefused, parts_of, url)

    def test_endpoint(self) -> None:
        """It leads to no other host."""
        self.assertEqual(endpoint_url("http://h:1/a", "/sse?x=1"), "http://h:1/sse?x=1")
        self.assertEqual(endpoint_url("http://h/a", ""), "http://h/a")
        for endpoint in ("//other/x", "http://other/x", "https://h/x", "\\\\other", "http:x"):
            self.assertRaises(FetchRefused, endpoint_url, "http://h/a", endpoint)

    def test_pages(self) -> None:
        """The registry's own parameters stay."""
        found = page_url("https://h/v0/servers?namespaceId=a&limit=7#x", "c 1", 30, "")
        self.assertEqual(found, "https://h/v0/servers?namespaceId=a&limit=30&cursor=c+1")

    def test_networks(self) -> None:
        """What is no network stops the node at its start."""
        found = [str(each) for each in networks(" 10.0.0.8 , 192.168.1.1/16,")]
        self.assertEqual(found, ["10.0.0.8/32", "192.168.0.0/16"])
        self.assertRaises(ValueError, networks, "10.0.0.0/8,registry.example")

    def test_events(self) -> None:
        """However they are cut."""
        text = b"event: endpoint\r\ndata: /m\r\n\r\n: c\ndata:a\rdata: b\n\ndata\n\nevent: x\n\nid: 1\n\n"
        wanted = [("endpoint", "/m"), ("message", "a\nb"), ("message", "")]
        self.assertEqual(EventParser().feed(text), wanted)
        parser = EventParser()
        self.assertEqual([each for byte in text for each in parser.feed(bytes([byte]))], wanted)


class RefusedTests(AiCase):
    """What HTTP says of it."""

    def tool_question(self, **fields: str) -> tuple[int, int, str]:
        return self.told("GET", "/importToolsFromMcp", **fields)

    def told(self, method: str, path: str, **fields: str) -> tuple[int, int, str]:
        """Status, code and reason of an answer."""
        reply = self.call(method, MCP + path, **fields)
        found = msgspec.json.decode(reply.body)
        return reply.status, found["code"], f"{found['data'] or found['message']}"

    def test_refused(self) -> None:
        """A host with one address that is not public is not asked at all."""
        for url in ("http://127.0.0.1:1", "http://both.example"):
            *codes, said = self.tool_question(transportType="mcp-streamable", baseUrl=url, endpoint="/mcp")
            self.assertEqual(codes, [200, 10001])
            self.assertIn("nacos.console.ai.mcp.import.allowed-private-addresses", said)
        found = self.tool_question(transportType="x", baseUrl="http://public.example")
        self.assertEqual(found, (200, 30000, "Unsupported transport type: x"))
        missing = "Required parameter 'baseUrl' type String is not present"
        self.assertEqual(self.tool_question(transportType="mcp-sse"), (400, 10000, missing))

    def test_registries_are_off(self) -> None:
        """A list of a registry is fetched only where the operator wants it."""
        for step in ("validate", "execute"):
            *codes, said = self.told("POST", f"/import/{step}", importType="url", data="http://public.example")
            self.assertEqual(codes, [200, 10001])
            self.assertIn("allow-user-url", said)
        found = self.told("POST", "/import/validate", importType="url", data="http://public.example", limit="31")
        self.assertEqual(found, (400, 20002, "limit must be -1, or from 1 to 30"))


class ToolsOffTests(RefusedTests):
    """Where tools are not asked for."""

    fetching = AiFetching(tools=False)

    def test_refused(self) -> None:
        """Of nobody."""
        found = self.tool_question(transportType="mcp-sse", baseUrl="http://public.example")
        self.assertEqual(found, (200, 10001, "nacos.console.ai.mcp.import.enabled is false"))


class Server(Resource):
    """
    A small server.

    @ivar asked: methods and addresses of what was asked; C{tokens}: what it was asked with.
    @ivar parting: the status with which a session ends.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.stream: Request | None = None
        self.parting = 200

    def render(self, request: Request) -> Any:
        """Whatever is asked."""
        uri = request.uri.decode()
        self.asked.append(f"{request.method.decode()} {uri}")
        self.tokens.add(request.getHeader("authorization"))
        self.body = request.content.read()
        path = uri.partition("?")[0].strip("/").replace("-", "_")
        return getattr(self, path)(request)

    def servers(self, request: Request) -> bytes:
        """Three pages of a registry."""
        number = int(request.args.get(b"cursor", [b"0"])[0])
        server = {"name": f"s{number}", "version": "1", "packages": [{"identifier": "p"}]}
        more = {"nextCursor": str(number + 1)} if number < 2 else {}
        return msgspec.json.encode({"servers": [{"server": server}], "metadata": more})

    def elsewhere(self, request: Request) -> bytes:
        """A redirect."""
        request.setResponseCode(302)
        request.setHeader("Location", "/servers")
        return b""

    def endless(self, request: Request) -> Any:
        """More than is read."""
        request.write(b" " * (LARGEST + 1))
        return NOT_DONE_YET

    def silent(self, request: Request) -> Any:
        """Nothing, ever."""
        return NOT_DONE_YET

    def _result(self) -> bytes | None:
        message = msgspec.json.decode(self.body)
        if "id" not in message:
            return None
        result: dict[str, Any] = {"protocolVersion": "2025-06-18"}
        if message["method"] == "tools/list":
            second = message["params"].get("cursor") == "2"
            result = {"tools": [TOOL] if second else [{"name": "first"}], **({} if second else {"nextCursor": "2"})}
        return msgspec.json.encode({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def mcp(self, request: Request) -> bytes:
        """Streamable HTTP with a session; every other answer is an event."""
        if request.method == b"DELETE":
            request.setResponseCode(self.parting)
            return b""
        if b'"initialize"' not in self.body and request.getHeader("mcp-session-id") != "one":
            request.setResponseCode(400)
            return b""
        request.setHeader("Mcp-Session-Id", "one")
        result = self._result()
        if result is None:
            request.setResponseCode(202)
            return b""
        if b"tools/list" in self.body:
            request.setHeader("Content-Type", "text/event-stream")
            return b'data: {"jsonrpc":"2.0","method":"notifications/x"}\n\ndata: ' + result + b"\n\n"
        request.setHeader("Content-Type", "application/json")
        return result

    def sse(self, request: Request) -> Any:
        """A stream."""
        request.setHeader("Content-Type", "text/event-stream")
        request.write(b"event: endpoint\ndata: /messages?session=1\n\n")
        self.stream = request
        return NOT_DONE_YET

    def elsewhere_sse(self, request: Request) -> Any:
        """A stream that names another host."""
        request.write(b"event: endpoint\ndata: http://other.example/messages\n\n")
        return NOT_DONE_YET

    def messages(self, request: Request) -> bytes:
        """What belongs to the stream."""
        request.setResponseCode(202)
        result = self._result()
        if result is not None:
            assert self.stream is not None
            self.stream.write(b"event: message\ndata: " + result + b"\n\n")
        return b"Accepted"


class FetchTests(TestCase):
    """L{Fetcher} at a server."""

    def setUp(self) -> None:
        self.server = Server()
        site = Site(self.server)
        self.port: IListeningPort = reactor.listenTCP(0, site, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(self.port.stopListening)
        self.base = f"http://localhost:{self.port.getHost().port}"
        self.names: list[str] = []
        self.fetcher = Fetcher(reactor, HOME, self.resolve)

    async def resolve(self, host: str) -> list[str]:
        """Always here."""
        self.names.append(host)
        return ["127.0.0.1"]

    def tools(self, transport: str, endpoint: str, token: str = "") -> Deferred[list[dict[str, Any]]]:
        return Deferred.fromCoroutine(tools_of(self.fetcher, transport, self.base, endpoint, token))

    async def fails(self, work: Deferred[Any], said: str) -> None:
        error = await self.assertFailure(work, Unfetched)
        self.assertIn(said, error.detail)

    def test_get(self) -> Deferred[None]:
        """A page; no redirect is followed, and nothing is read without end."""

        async def run() -> None:
            self.assertIn(b"s0", await self.fetcher.get(f"{self.base}/servers"))
            self.assertEqual(self.names, ["localhost"])
            for path, said in (("/elsewhere", "status 302"), ("/endless", "cut or too long")):
                url = f"{self.base}{path}"
                await self.fails(Deferred.fromCoroutine(self.fetcher.within(url, 60, self.fetcher.get(url))), said)
            url = f"{self.base}/silent"
            await self.fails(
                Deferred.fromCoroutine(self.fetcher.within(url, 0.05, self.fetcher.get(url))), "it takes too long"
            )
            self.assertNotIn("GET /servers", self.server.asked[1:])

        return Deferred.fromCoroutine(run())

    def test_streamable(self) -> Deferred[None]:
        """All pages of its tools, in one session, with the token; the session is ended."""
        self.patch(mcp_client, "_LEAVING", 60.0)

        async def run() -> None:
            self.assertEqual(await self.tools(STREAMABLE, "/mcp", "secret"), [{"name": "first"}, TOOL])
            self.assertEqual(self.server.tokens, {"Bearer secret"})
            self.assertEqual(set(self.server.asked[:-1]), {"POST /mcp"})
            self.assertEqual(self.server.asked[-1], "DELETE /mcp")
            self.server.parting = 405  # of one that ends no sessions
            self.assertEqual(await self.tools(STREAMABLE, "/mcp"), [{"name": "first"}, TOOL])

        return Deferred.fromCoroutine(run())

    def test_sse(self) -> Deferred[None]:
        """The stream is closed afterwards."""

        async def run() -> None:
            found = self.tools(SSE, "/sse")
            self.assertEqual(await found, [{"name": "first"}, TOOL])
            assert self.server.stream is not None
            self.assertEqual(self.server.asked[:2], ["GET /sse", "POST /messages?session=1"])
            if not self.server.stream._disconnected:
                await self.server.stream.notifyFinish().addErrback(lambda failure: None)

        return Deferred.fromCoroutine(run())

    def test_elsewhere(self) -> Deferred[None]:
        """A stream may not send the node to another host."""

        async def run() -> None:
            await self.assertFailure(self.tools(SSE, "/elsewhere-sse"), FetchRefused)
            await self.assertFailure(self.tools("x", "/mcp"), TransportUnsupported)
            await self.fails(self.tools(STREAMABLE, "/elsewhere"), "status 302")

        return Deferred.fromCoroutine(run())


class RegistryTests(AiCase, TestCase):
    """Importing from a registry."""

    def setUp(self) -> None:
        self.server = Server()
        self.port: IListeningPort = reactor.listenTCP(0, Site(self.server), interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(self.port.stopListening)
        super().setUp()
        self.ai.mcp_imports._fetcher = Fetcher(reactor, HOME)

    def imported(self, step: str, **fields: str) -> Deferred[Any]:
        url = f"http://127.0.0.1:{self.port.getHost().port}/servers"
        found = self.replied("POST", f"{MCP}/import/{step}", importType="url", data=url, **fields)
        return found.addCallback(lambda reply: msgspec.json.decode(reply.body)["data"])

    def test_pages(self) -> Deferred[None]:
        """A page at a time, or all of them."""

        async def run() -> None:
            found = await self.imported("validate")
            self.assertEqual([each["serverName"] for each in found["servers"]], ["s0"])
            self.assertEqual((found["nextCursor"], found["hasMore"]), ("1", True))
            found = await self.imported("validate", cursor="1", limit="-1", search="s")
            self.assertEqual([each["serverName"] for each in found["servers"]], ["s1", "s2"])
            self.assertEqual((found["nextCursor"], found["hasMore"]), (None, False))
            self.assertEqual(self.server.asked[1], "GET /servers?limit=30&cursor=1&search=s")
            found = await self.imported("execute", limit="-1")
            self.assertEqual([each["status"] for each in found["results"]], ["success"] * 3)

        return Deferred.fromCoroutine(run())
