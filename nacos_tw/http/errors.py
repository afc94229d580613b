"""From what went wrong to a status and a text: the one table for the v1 API, and Spring's error documents."""

from __future__ import annotations

from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.refusals import TooManyFailures
from nacos_tw.config.model import CasRefused, QuotaExceeded
from nacos_tw.errors import BadParameter, Forbidden, NacosError, NotFound, Unavailable
from nacos_tw.http.reply import Reply, json_reply, text_reply

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

log = Logger()

STATUSES: tuple[tuple[type[NacosError], int], ...] = (
    (BadParameter, 400),
    (NotFound, 404),
    # TimedOut too: every write of the API may be sent again, and clients go on to another node after a 503.
    (Unavailable, 503),
    (CasRefused, 500),
    (QuotaExceeded, 429),
    (TooManyFailures, 429),
)
"""Errors that become bare text, as 2.5.1 writes them (docs/spec/naming-v1.md#1.4, form A)."""

CAUSED = ("/v1/cs/", "/v1/console/", "/v1/auth/")
"""Where the text is C{caused: <text>;} instead (docs/spec/config-v1.md#1.5, form B)."""


class Rejected(NacosError):  # noqa: N818 - named as its sisters in nacos_tw.errors
    """A request that no handler sees: unknown path, wrong method, too large. Becomes Spring's error document."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def phrase(error: BaseException, call: Call) -> Reply:
    """
    The answer to a call that ended in an error. Logs what it does not know, with the traceback, which the client
    never sees.
    """
    for kind, status in STATUSES:
        if isinstance(error, kind):
            caused = call.path.startswith(CAUSED)
            return text_reply(f"caused: {error};" if caused else str(error), call, status)
    path = call.target.partition(b"?")[0]
    if isinstance(error, Rejected):
        return error_document(error.status, str(error), path, error.headers)
    if isinstance(error, Forbidden):
        return error_document(403, str(error), path)
    if not isinstance(error, CancelledError):
        log.failure("unexpected error in {method} {path}", Failure(error), method=call.method, path=call.path)
    return text_reply(_causes(error), call, 500)


def _causes(error: BaseException) -> str:
    """C{caused: <message>;} for the error and each error it comes from, as Nacos's ExceptionUtil writes it."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < 10:
        texts.append(f"caused: {str(cause) or type(cause).__name__};")
        cause = cause.__cause__
    return "".join(texts)


def error_document(status: int, message: str, path: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    """
    Spring's error document (docs/spec/naming-v1.md#1.4, form B).

    @param path: the request's raw path with the context path, without the query.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    reply = json_reply(
        {
            "timestamp": now,
            "status": status,
            "error": reason(status),
            "message": message,
            "path": path.decode("utf-8", "replace"),
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
