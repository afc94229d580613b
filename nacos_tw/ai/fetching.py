"""Fetches from other hosts at addresses that users give: pages of MCP registries, streams of MCP servers."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from nacos_tw import http_client
from nacos_tw.ai.outbound import CheckedEndpoint, Resolve, parts_of, resolver
from nacos_tw.ai.problems import FetchRefused, Unfetched
from nacos_tw.ai.sse import EventStream
from nacos_tw.settings.ai_keys import AiFetching

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer."""
Found = TypeVar("Found")


class Fetcher:
    """Asks whom it may: see L{nacos_tw.ai.outbound}."""

    def __init__(self, reactor: Any, settings: AiFetching, resolve: Resolve | None = None) -> None:
        self.settings = settings
        self._reactor = reactor
        self._resolve = resolver(reactor) if resolve is None else resolve
        self._agent: Any = None

    async def within(self, url: str, seconds: float, work: Coroutine[Any, Any, Found]) -> Found:
        """
        What C{work} gives.

        @raise Unfetched, FetchRefused: it failed, or took longer.
        """
        try:
            return await Deferred.fromCoroutine(work).addTimeout(seconds, self._reactor)
        except (FetchRefused, Unfetched):
            raise
        except Exception as error:
            inner = getattr(getattr(error, "subFailure", None), "value", error)
            raise Unfetched(url, http_client.why(inner)) from None

    async def get(self, url: str) -> bytes:
        """
        The body of an address that answers with 200.

        @raise Unfetched, FetchRefused: it does not, or may not be asked.
        """
        response = await self.ask("GET", url, {"Accept": "application/json"})
        if response.code != 200:
            raise Unfetched(url, f"status {response.code}")
        return await self.body(response)

    async def ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Any:
        """The response, whose body is still to come. Redirects are not followed."""
        from twisted.web.http_headers import Headers

        parts_of(url)
        if self._agent is None:
            self._agent = http_client.agent(self._reactor, self._endpoint)
        sent = Headers({"User-Agent": ["nacos_tw"], **{name: [value] for name, value in headers.items()}})
        producer = None if body is None else http_client.sent_body(body)
        return await self._agent.request(method.encode(), url.encode("ascii"), sent, producer)

    async def body(self, response: Any) -> bytes:
        """All of it."""
        return await http_client.limited_body(response, LARGEST)

    def events(self, response: Any) -> EventStream:
        """Its server-sent events."""
        stream = EventStream(LARGEST)
        response.deliverBody(stream)
        return stream

    def _endpoint(self, host: bytes, port: int) -> CheckedEndpoint:
        return CheckedEndpoint(
            self._reactor, self._resolve, self.settings.private, host.decode("ascii"), port, self.settings.connect
        )
