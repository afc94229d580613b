"""
The routes on the console's own port (docs/spec/http-v2-v3.md, at its top): the APIs of browsers and accounts, and the
other routes that the pages use.
"""

from __future__ import annotations

from nacos_tw.http.classes import Kind, kind_of

FOR_PAGES = frozenset(
    {
        "/v1/auth/login",
        "/v1/auth/users/login",
        "/v1/core/cluster/nodes",
        "/v1/core/cluster/self",
        "/v1/core/ops/raft",
        "/v1/cs/configs",
        "/v1/cs/health",
        "/v1/ns/instance",
        "/v1/ns/instance/metadata/batch",
        "/v1/ns/service",
    }
)
"""Paths of other kinds of APIs that the console's pages ask for."""


def on_console_port(method: str, path: str) -> bool:
    """Whether that route is served there, too."""
    if path in FOR_PAGES or path == "/openapi.json":
        return True
    return path.startswith("/actuator") or kind_of(method, path) in (Kind.CONSOLE, Kind.ACCOUNTS)
