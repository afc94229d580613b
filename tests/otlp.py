"""
A small collector: takes spans by OTLP over HTTP, as any collector does, and tells which it has.

``python -m tests.otlp`` prints its port. POST /v1/traces takes them; GET / gives all as JSON.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

ROOT = pathlib.Path(__file__).resolve().parents[1]
SPANS: list[dict[str, Any]] = []


def spans_of(body: bytes) -> Iterator[dict[str, Any]]:
    """The spans of an ExportTraceServiceRequest."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        about = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {
                    "name": span.name,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "error": span.status.message,
                    "node": about.get("service.instance.id"),
                    "service": about.get("service.name"),
                    **{pair.key: pair.value.string_value for pair in span.attributes},
                }


class Collector(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        SPANS.extend(spans_of(body))
        self._answer(b"", "application/x-protobuf")

    def do_GET(self) -> None:  # noqa: N802
        self._answer(json.dumps(SPANS).encode(), "application/json")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Running:
    """A collector that runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.endpoint = self.url + "/v1/traces"

    def spans(self, trace: str) -> list[dict[str, Any]]:
        """What it has of a trace."""
        with urlopen(self.url, timeout=30) as answer:
            return [span for span in json.load(answer) if span["trace"] == trace]


@contextmanager
def collector() -> Iterator[Running]:
    """A process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "tests.otlp"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    print(server.server_port, flush=True)
    server.serve_forever()
