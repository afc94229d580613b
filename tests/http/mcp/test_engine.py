"""The MCP server of the official package, behind the route: what is answered to messages, and when it stops."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from nacos_tw.access.identity import EVERYBODY
from nacos_tw.errors import Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.mcp.area import McpArea
from nacos_tw.http.mcp.engine import McpEngine
from nacos_tw.http.mcp.tool import Nothing, Tool
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes
from tests.access.lines import Lines
from tests.http.v1.fakes import GUARD

HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
}  # fmt: skip


class EngineTests(TestCase):
    """With a reactor and a thread, as in a node."""

    async def setUp(self) -> None:
        self.waiting: Deferred[dict[str, Any]] = Deferred()
        tools = [
            Tool("now", "Says so.", Nothing, lambda caller, given: {"said": caller.what}),
            Tool("slow", "Works in a thread.", Nothing, lambda caller, given: lambda: "worked out"),
            Tool("later", "Waits.", Nothing, lambda caller, given: self.waiting),
            Tool("broken", "Fails.", Nothing, lambda caller, given: 1 / 0),
        ]
        self.engine = McpEngine(reactor)  # type: ignore[arg-type]
        area = McpArea(GUARD, self.engine, {each.name: each for each in tools}, Lines(), frozenset({"https://ok"}))
        self.route = compile_routes([area], "")[b"/mcp"][b"POST"]
        await self.engine.startService()
        self.addCleanup(self.stop)

    async def stop(self) -> None:
        if self.engine.running:
            await self.engine.stopService()

    def post(self, body: bytes, **headers: str) -> Reply | Deferred[Reply]:
        call = Call.make("POST", "/mcp", body, {**HEADERS, **headers}, path="/mcp")
        call.identity = EVERYBODY
        return answer(self.route.area, self.route.handler, call)

    async def ask(self, method: str, params: Any = None, **headers: str) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}).encode()
        found = self.post(body, **headers)
        reply = found if isinstance(found, Reply) else await found
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)["result"]

    async def test_messages(self) -> None:
        """Initialize, list, call; each by itself, in JSON."""
        found = await self.ask("initialize", INITIALIZE)
        self.assertEqual((found["protocolVersion"], found["serverInfo"]["name"]), ("2025-06-18", "nacos_tw"))
        noted = await self.post(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')  # type: ignore[misc]
        self.assertEqual(noted.status, 202)
        listed = (await self.ask("tools/list"))["tools"]
        self.assertEqual([each["name"] for each in listed], ["now", "slow", "later", "broken"])
        self.assertEqual(listed[0]["annotations"]["readOnlyHint"], True)
        self.assertEqual(listed[0]["inputSchema"]["type"], "object")
        called = await self.ask("tools/call", {"name": "now", "arguments": {}})
        self.assertEqual((called["structuredContent"], called["isError"]), ({"said": "MCP now"}, False))
        self.assertEqual(json.loads(called["content"][0]["text"]), {"said": "MCP now"})
        slow = await self.ask("tools/call", {"name": "slow"})
        self.assertEqual(slow["content"][0]["text"], "worked out")

    async def test_what_is_none(self) -> None:
        """No JSON, no message, an unknown method: an error, and the next one is answered."""
        for body in (b"", b"{", b"[]", b'{"jsonrpc":"2.0","id":1,"method":"nothing"}'):
            found = self.post(body)
            reply = found if isinstance(found, Reply) else await found
            self.assertIn(reply.status, (200, 400), body)
            self.assertIn(b'"error"', reply.body, body)
        await self.ask("tools/list")

    async def test_broken_tool(self) -> None:
        """What goes wrong in a tool goes into the log, and not to the caller."""
        found = await self.ask("tools/call", {"name": "broken", "arguments": {}})
        self.assertEqual((found["isError"], found["content"][0]["text"]), (True, "internal error"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_pages_of_other_origins(self) -> None:
        """A page that a browser shows reaches it only from an origin that the operator has named."""
        refused = self.post(b"{}", Origin="https://evil")
        assert isinstance(refused, Reply)
        self.assertEqual(refused.status, 403)
        await self.ask("tools/list", Origin="https://ok")

    async def test_stop(self) -> None:
        """Who is not answered yet gets 503, as who comes later."""
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"later","arguments":{}}}'
        waiting = self.post(body)
        assert isinstance(waiting, Deferred)
        await self.ask("tools/list")
        await self.engine.stopService()
        self.assertEqual((await waiting).status, 503)
        late = self.post(body)
        assert isinstance(late, Reply)
        self.assertEqual(late.status, 503)
        self.assertRaises(Unavailable, self.engine.ask, None, None)  # type: ignore[arg-type]
        self.waiting.callback({})

    async def test_who_hangs_up(self) -> None:
        """Nobody waits any more: nothing is logged, and the others are answered."""
        waiting = self.post(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"later"}}')
        assert isinstance(waiting, Deferred)
        waiting.cancel()
        await self.ask("tools/list")
        self.waiting.callback({})
