"""Requests that reach no handler, and Spring's error documents."""

from __future__ import annotations

from datetime import datetime, timezone
from http import HTTPStatus

from nacos_tw.errors import NacosError
from nacos_tw.http.reply import Reply, json_reply


class Rejected(NacosError):  # noqa: N818 - named as its sisters in nacos_tw.errors
    """A request that no handler sees: unknown path, wrong method, too large. Becomes Spring's error document."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def error_document(
    status: int, message: str, path: bytes, headers: tuple[tuple[bytes, bytes], ...] = (), **more: object
) -> Reply:
    """
    Spring's error document (docs/spec/naming-v1.md#1.4, form B).

    @param path: the request's raw path with the context path, without the query.
    @param more: further members.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    reply = json_reply(
        {
            "timestamp": now,
            "status": status,
            "error": reason(status),
            "message": message,
            "path": path.decode("utf-8", "replace"),
            **more,
        },
        status,
    )
    reply.headers = headers
    return reply


def reason(status: int) -> str:
    """The reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


def no_such_route(method: str, target: bytes, path: str, allowed: list[str] | None) -> Rejected:
    """
    What a method and path that no handler has get: 501 under /v1/ns, where Nacos looks routes up in a filter of its
    own; elsewhere 404, or 405 where the path has other methods.

    @param path: decoded, without the context path.
    @param allowed: the methods of the path; None when the path is unknown.
    """
    if path == "/v1/ns" or path.startswith("/v1/ns/"):
        uri = target.partition(b"?")[0].decode("utf-8", "replace")
        return Rejected(501, f"no such api:{method}:{uri}")
    if allowed is None:
        return Rejected(404, "No message available")
    return Rejected(405, f"Request method '{method}' not supported", ((b"Allow", ", ".join(allowed).encode()),))
