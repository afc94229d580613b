"""
A registry of MCP servers, by the server side of mcp-registry-sdk. It prints its port; each page has two servers::

    python registry.py     # with mcp-registry-sdk
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mcpreg import ServerDetail, ServerStatus  # type: ignore[import-not-found]
from mcpreg.server import (  # type: ignore[import-not-found]
    ListQuery,
    Operation,
    decode_cursor,
    encode_cursor,
    entry,
    page,
    resolve,
    to_wire,
)

MOST = 2
REMOTES = [{"type": "streamable-http", "url": "https://mcp.example/v1/mcp"}]
PACKAGE = {"registryType": "npm", "identifier": "@a/b", "version": "1.2.3", "transport": {"type": "stdio"}}
SERVERS = [
    ServerDetail.model_validate({"name": f"com.example/{name}", "description": "d", "version": "1.0.0", **more})
    for name, more in (
        ("maps", {"remotes": REMOTES, "websiteUrl": "https://example.com"}),
        ("files", {"packages": [PACKAGE]}),
        ("events", {"remotes": [{"type": "sse", "url": "http://sse.example:8080/sse"}]}),
        ("nothing", {}),
        ("notes", {"remotes": REMOTES, "repository": {"url": "https://github.com/a/b", "source": "github"}}),
    )
]


class Handler(BaseHTTPRequestHandler):
    """The list, as the registry's specification has it."""

    def do_GET(self) -> None:
        """A page."""
        path, _, query = self.path.partition("?")
        route = resolve("GET", path)
        if route is None or route.operation is not Operation.LIST_SERVERS:
            self.send_error(404)
            return
        asked = ListQuery.from_query_string(query)
        found = [each for each in SERVERS if (asked.search or "") in each.name]
        start = decode_cursor(asked.cursor)
        end = start + min(asked.limit or MOST, MOST)
        entries = [entry(each, status=ServerStatus.ACTIVE, is_latest=True) for each in found[start:end]]
        body = json.dumps(to_wire(page(entries, next_cursor=encode_cursor(end) if end < len(found) else None))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
