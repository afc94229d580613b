"""Spans on their way to a collector: a real process that takes OTLP."""

from __future__ import annotations

import logging

from opentelemetry.trace import SpanKind
from twisted.trial.unittest import TestCase

from nacos_tw.settings.tracing import TracingSettings
from nacos_tw.tracing.exporting import ToOurLog, export, provider_of, shut_down
from nacos_tw.tracing.tracer import Tracer
from tests.otlp import collector
from tests.ports import free_port


class ExportingTests(TestCase):
    """One node's."""

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor = reactor
        self.addCleanup(self._without_handlers)

    def _without_handlers(self) -> None:
        library = logging.getLogger("opentelemetry")
        library.addHandler(logging.NullHandler())  # the thread of one that nobody took may go on for a while
        for handler in [each for each in library.handlers if isinstance(each, ToOurLog)]:
            library.removeHandler(handler)

    async def _one(self, endpoint: str) -> str:
        """Begin and end a span, and stop as a node does. @return: its trace."""
        settings = TracingSettings(endpoint, "registry")
        provider = provider_of(settings, "10.0.0.1:8848")
        export(provider, settings)
        span = Tracer(provider).start("config publish", SpanKind.SERVER, None, nacos__request="POST /x", empty="")
        assert span.place is not None
        span.end("Unavailable")
        await shut_down(provider, self.reactor)
        return span.place.traceparent.split("-")[1]

    async def test_taken(self) -> None:
        """What was left is sent at the end, with who sends it."""
        with collector() as running:
            trace = await self._one(running.endpoint)
            (found,) = running.spans(trace)
        self.assertEqual(
            (found["name"], found["service"], found["node"]), ("config publish", "registry", "10.0.0.1:8848")
        )
        self.assertEqual((found["error"], found["nacos.request"]), ("Unavailable", "POST /x"))
        self.assertNotIn("empty", found)

    async def test_nobody_takes_them(self) -> None:
        """A collector that is not there keeps no node from stopping; the log tells, once for each try to send."""
        seen: list[str] = []
        self.patch(ToOurLog, "emit", lambda handler, record: seen.append(record.getMessage()))
        await self._one(f"http://127.0.0.1:{free_port()}/v1/traces")
        self.assertTrue(seen)
