"""
The protocol, by the official package C{mcp}: its server, in a thread with an asyncio loop of its own, as the package
wants one. A call goes there as an ASGI request; what it asks of tools comes back into the reactor's thread, where all
parts live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from importlib.util import find_spec
from threading import Thread
from typing import Any, Protocol

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw import __version__
from nacos_tw.errors import StartError, Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.mcp.tool import Answer, Desk
from nacos_tw.http.reply import Reply

SECRETS = (b"authorization", b"accesstoken", b"username", b"password")
"""Headers that the package need not see."""
DESK = "nacos_tw.desk"
"""Where a request has its L{Desk}."""
ABOUT = (
    "A nacos_tw server: configs, and services with their instances. Before publish_config read the config with "
    "read_config, and show what would change with diff_config."
)


class ReactorThreads(Protocol):
    """What is needed of the reactor."""

    def callFromThread(self, what: Callable[..., Any], *given: Any) -> None:  # noqa: N802
        """Call it in the reactor's thread."""


class McpEngine(Service):
    """Answers messages while it is started."""

    log = Logger()

    def __init__(self, reactor: ReactorThreads) -> None:
        """@raise StartError: the package is not installed."""
        if find_spec("mcp") is None:
            raise StartError(
                "nacos.ai.mcp.enabled needs the Python package mcp, which is not installed: "
                "pip install 'nacos_tw[mcp]' (or 'mcp>=2'), into the environment that runs this server"
            )
        self._reactor = reactor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._manager: Any = None
        self._end: asyncio.Event | None = None
        self._open: dict[Deferred[Reply], Future[Reply]] = {}
        self._began: Deferred[None] = Deferred()
        self._ended: Deferred[None] = Deferred()

    # -- in the reactor's thread

    def startService(self) -> Deferred[None]:
        """Begin. @return: fires when it answers."""
        super().startService()
        Thread(target=self._run, name="mcp", daemon=True).start()
        return self._began

    def stopService(self) -> Deferred[None]:
        """End; who is not answered yet gets 503. @return: fires when the thread has ended."""
        super().stopService()
        loop, end, self._loop = self._loop, self._end, None
        for answered, running in list(self._open.items()):
            running.cancel()
            answered.errback(Failure(Unavailable("the node is stopping")))
        if loop is None or end is None:
            self._done()
        else:
            loop.call_soon_threadsafe(end.set)
        return self._ended

    def ask(self, desk: Desk, call: Call) -> Deferred[Reply]:
        """
        Answer a message.

        @return: cancelled when nobody waits for it any more; fails with Unavailable if this is not started.
        """
        loop = self._loop
        if loop is None:
            raise Unavailable("the node is starting or stopping")
        running = asyncio.run_coroutine_threadsafe(self._answer(_scope(desk, call), call.body), loop)
        answered: Deferred[Reply] = Deferred(lambda _: _cancel(running))
        self._open[answered] = running
        running.add_done_callback(lambda future: self._reactor.callFromThread(_fire, answered, future))
        return answered.addBoth(self._closed, answered)

    def _closed(self, result: Any, answered: Deferred[Reply]) -> Any:
        self._open.pop(answered, None)
        return result

    # -- in the thread of the loop

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException:
            self._reactor.callFromThread(self._broken, Failure())
        else:
            self._reactor.callFromThread(self._done)

    def _broken(self, failure: Failure) -> None:
        self._loop = None
        if not self._began.called:
            self._began.errback(failure)
        else:
            self.log.failure("the MCP server has ended", failure)
        self._done()

    def _done(self) -> None:
        if not self._ended.called:
            self._ended.callback(None)

    async def _serve(self) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._end = asyncio.Event()
        self._manager = StreamableHTTPSessionManager(
            self._server(), json_response=True, stateless=True, max_request_body_size=2**30
        )
        async with self._manager.run():
            self._reactor.callFromThread(self._has_begun, asyncio.get_running_loop())
            await self._end.wait()

    def _has_begun(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._began.callback(None)

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Reply:
        """An ASGI request, and its whole response."""
        pending = [body]
        reply = Reply()

        async def receive() -> dict[str, Any]:
            if pending:
                return {"type": "http.request", "body": pending.pop(), "more_body": False}
            await asyncio.Event().wait()  # until it is cancelled
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                headers = dict(message.get("headers", ()))
                reply.content_type = headers.get(b"content-type")
                reply.headers = tuple((name.title(), value) for name, value in headers.items() if name == b"allow")
            else:
                reply.body += message.get("body", b"")

        await self._manager.handle_request(scope, receive, send)
        return reply

    def _server(self) -> Any:
        import mcp_types
        from mcp.server.lowlevel import Server

        async def on_list(context: Any, given: Any) -> Any:
            desk: Desk = context.request.scope[DESK]
            tools = [
                mcp_types.Tool(
                    name=each.name,
                    description=each.about,
                    input_schema=each.schema,
                    annotations=mcp_types.ToolAnnotations(read_only_hint=not each.writes, open_world_hint=False),
                )
                for each in desk.offered()
            ]
            return mcp_types.ListToolsResult(tools=tools)

        async def on_call(context: Any, given: Any) -> Any:
            answer = await self._in_reactor(context.request.scope[DESK].call, given.name, given.arguments)
            found = answer.found
            if callable(found):
                found = await asyncio.to_thread(found)
            text = found if isinstance(found, str) else msgspec.json.encode(found).decode()
            return mcp_types.CallToolResult(
                content=[mcp_types.TextContent(type="text", text=text)],
                structured_content=found if isinstance(found, dict) else None,
                is_error=answer.failed,
            )

        return Server("nacos_tw", version=__version__, instructions=ABOUT, on_list_tools=on_list, on_call_tool=on_call)

    async def _in_reactor(self, call: Callable[..., Deferred[Answer]], *given: Any) -> Answer:
        waiting: Future[Answer] = Future()

        def begin() -> None:
            if waiting.set_running_or_notify_cancel():
                maybeDeferred(call, *given).addCallbacks(waiting.set_result, lambda it: waiting.set_exception(it.value))

        self._reactor.callFromThread(begin)
        return await asyncio.wrap_future(waiting)


def _cancel(running: Future[Reply]) -> None:
    running.cancel()


def _scope(desk: Desk, call: Call) -> dict[str, Any]:
    """The call as ASGI has it, without what says who it is of."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name, value) for name, value in call.headers if name not in SECRETS],
        "client": (call.peer, 0),
        "server": None,
        DESK: desk,
    }


def _fire(answered: Deferred[Reply], future: Future[Reply]) -> None:
    """In the reactor's thread."""
    if answered.called or future.cancelled():
        return  # nobody waits
    error = future.exception()
    if error is None:
        answered.callback(future.result())
    else:
        answered.errback(Failure(error))
