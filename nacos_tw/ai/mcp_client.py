"""The client of MCP that asks a server for its tools, by streamable HTTP or by SSE."""

from __future__ import annotations

from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from nacos_tw.ai.fetching import Fetcher
from nacos_tw.ai.outbound import parts_of
from nacos_tw.ai.problems import FetchRefused, TransportUnsupported, Unfetched
from nacos_tw.ai.sse import EventStream

STREAMABLE, SSE = "mcp-streamable", "mcp-sse"
TIMEOUT = 10.0
"""Seconds for all of it."""
PROTOCOL = "2025-06-18"
SESSION = "Mcp-Session-Id"
_LEAVING = 1.0
"""Seconds for telling a server that its session may end."""
_MOST = 20
"""Pages of tools."""
_HELLO = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "nacos_tw", "version": "1"}}


def endpoint_url(base: str, endpoint: str) -> str:
    """
    Where the server is.

    @param endpoint: a path; it leads to no other host.
    @raise FetchRefused: it does, or the address is none.
    """
    origin = parts_of(base)
    found = urljoin(base, endpoint) if endpoint else base
    if urlsplit(found)[:2] != origin[:2] or urlsplit(endpoint).scheme or endpoint.startswith(("//", "\\")):
        raise FetchRefused(endpoint, "origin")
    return found


async def tools_of(fetcher: Fetcher, transport: str, base: str, endpoint: str, token: str) -> list[dict[str, Any]]:
    """
    The tools of an MCP server.

    @raise TransportUnsupported, FetchRefused, Unfetched: they cannot be had.
    """
    if transport not in (STREAMABLE, SSE):
        raise TransportUnsupported(transport)
    url = endpoint_url(base, endpoint)
    session = (_Streamable if transport == STREAMABLE else _OverSse)(fetcher, url, token)

    async def work() -> list[dict[str, Any]]:
        try:
            found = await _tools(session)
            await session.leave()
            return found
        finally:
            session.close()

    return await fetcher.within(url, TIMEOUT, work())


async def _tools(session: _Session) -> list[dict[str, Any]]:
    await session.open()
    await session.call("initialize", _HELLO)
    await session.notify("notifications/initialized")
    found: list[dict[str, Any]] = []
    cursor: Any = None
    for _ in range(_MOST):
        result = await session.call("tools/list", {"cursor": cursor} if cursor else {})
        page = result.get("tools")
        if not isinstance(page, list) or not all(isinstance(each, dict) for each in page):
            raise session.failed("it lists no tools")
        found += page
        cursor = result.get("nextCursor")
        if not cursor:
            return found
    raise session.failed("it has too many tools")


class _Session:
    """JSON-RPC with a server. C{headers}: of each request."""

    def __init__(self, fetcher: Fetcher, url: str, token: str) -> None:
        self._fetcher, self.url = fetcher, url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._numbers = count(1)
        self._streams: list[EventStream] = []

    async def open(self) -> None:
        """Before all else."""

    async def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a method. @raise Unfetched: there is none."""
        number = next(self._numbers)
        found = await self._answer({"jsonrpc": "2.0", "id": number, "method": method, "params": params}, number)
        result = found.get("result")
        if not isinstance(result, dict):
            raise self.failed(f"{method} failed")
        return result

    async def notify(self, method: str) -> None:
        """Tell something."""
        response = await self._post(self.url, {"jsonrpc": "2.0", "method": method})
        await self._fetcher.body(response)

    async def leave(self) -> None:
        """After all else."""

    def failed(self, why: str) -> Unfetched:
        """For raising."""
        return Unfetched(self.url, why)

    def close(self) -> None:
        """Hear no more."""
        for stream in self._streams:
            stream.close()

    def stream(self, response: Any) -> EventStream:
        """A response's events, until L{close}."""
        self._streams.append(self._fetcher.events(response))
        return self._streams[-1]

    async def _answer(self, message: dict[str, Any], number: int) -> dict[str, Any]:
        raise NotImplementedError

    async def _post(self, url: str, message: dict[str, Any]) -> Any:
        kinds = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        response = await self._fetcher.ask("POST", url, {**self.headers, **kinds}, msgspec.json.encode(message))
        if response.code not in (200, 202, 204):
            raise self.failed(f"status {response.code}")
        return response

    async def _awaited(self, stream: EventStream, number: int) -> dict[str, Any]:
        """The answer with that number; others are passed over."""
        while True:
            kind, data = await stream.next()
            found = self._object(data) if kind == "message" else {}
            if found.get("id") == number:
                return found

    def _object(self, data: str | bytes) -> dict[str, Any]:
        try:
            found = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise self.failed("its answer is no JSON") from None
        return found if isinstance(found, dict) else {}


class _Streamable(_Session):
    """Each answer comes in the response to its request, as JSON or as an event."""

    async def _answer(self, message: dict[str, Any], number: int) -> dict[str, Any]:
        response = await self._post(self.url, message)
        session = response.headers.getRawHeaders(SESSION)
        if session:
            self.headers[SESSION] = session[0]
        self.headers["Mcp-Protocol-Version"] = PROTOCOL
        kind = (response.headers.getRawHeaders("content-type") or [""])[0]
        if kind.startswith("text/event-stream"):
            stream = self.stream(response)
            try:
                return await self._awaited(stream, number)
            finally:
                stream.close()
        return self._object(await self._fetcher.body(response))

    async def leave(self) -> None:
        """The server keeps the session no longer, if there is one; whether it says so does not matter."""
        if SESSION in self.headers:
            try:
                await self._fetcher.within(self.url, _LEAVING, self._ended())
            except (FetchRefused, Unfetched):
                pass

    async def _ended(self) -> None:
        await self._fetcher.body(await self._fetcher.ask("DELETE", self.url, self.headers))


class _OverSse(_Session):
    """Answers come in one stream, which says first where requests go."""

    async def open(self) -> None:
        """Begin the stream."""
        response = await self._fetcher.ask("GET", self.url, {**self.headers, "Accept": "text/event-stream"})
        if response.code != 200:
            raise self.failed(f"status {response.code}")
        self._events = self.stream(response)
        kind, data = await self._events.next()
        if kind != "endpoint":
            raise self.failed("it names no endpoint")
        target = urljoin(self.url, data)
        if urlsplit(target)[:2] != urlsplit(self.url)[:2]:
            raise FetchRefused(data, "origin")
        self.url = target

    async def _answer(self, message: dict[str, Any], number: int) -> dict[str, Any]:
        await self._fetcher.body(await self._post(self.url, message))
        return await self._awaited(self._events, number)
