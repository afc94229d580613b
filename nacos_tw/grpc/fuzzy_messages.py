"""Requests and responses of fuzzy watches (docs/spec/grpc.md#8.1), and what their handlers have in common."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct

from nacos_tw.grpc.dispatch import Asked, RequestFailed
from nacos_tw.grpc.fuzzy import TOO_MANY_PATTERNS, FuzzyWatches
from nacos_tw.grpc.fuzzy_patterns import Pattern, parse
from nacos_tw.grpc.messages import BAD_PARAMETER, FAIL, Response
from nacos_tw.grpc.phrases import or_null

WATCH, CANCEL = "WATCH", "CANCEL_WATCH"
MOST_RECEIVED = 10_000
"""Keys that a client may say that it knows; its pattern fits no more than some hundreds."""


class FuzzyWatchRequest(Struct, gc=False):
    """
    @ivar receivedGroupKeys: what the client knows.
    @ivar watchType: C{WATCH} or C{CANCEL_WATCH}; C{initializing}: it wants to hear when it has been told all.
    """

    groupKeyPattern: str | None = None  # noqa: N815 - the names of the wire, here and below
    receivedGroupKeys: list[str] | None = None  # noqa: N815
    watchType: str | None = None  # noqa: N815
    initializing: bool = False


class NamingFuzzyWatchResponse(Response):
    """Watched, or why not."""


class ConfigFuzzyWatchResponse(Response):
    """Likewise."""


R = TypeVar("R", bound=Response)


def pattern_of(request: FuzzyWatchRequest) -> Pattern:
    """
    What a request names.

    @raise RequestFailed: it is no pattern, or the client says that it knows too much.
    """
    pattern = parse(request.groupKeyPattern)
    if pattern is None:
        raise RequestFailed(BAD_PARAMETER, f"invalid fuzzy watch pattern: {or_null(request.groupKeyPattern)}")
    if len(request.receivedGroupKeys or ()) > MOST_RECEIVED:
        raise RequestFailed(BAD_PARAMETER, "too many receivedGroupKeys")
    return pattern


def watched(watches: FuzzyWatches, asked: Asked[Any], pattern: Pattern, response: type[R]) -> R:
    """Watch it, and the answer to that."""
    request = asked.request
    received = request.receivedGroupKeys or ()
    code = watches.watch(asked.client, asked.identity, pattern, received, request.initializing)
    if not code:
        return response()
    what = "pattern count" if code == TOO_MANY_PATTERNS else "pattern matched count"
    return response(resultCode=FAIL, errorCode=code, message=f"fuzzy watch {what} is over limit")
