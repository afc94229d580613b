"""
From what went wrong to a status and a text: the one table of the v1 API, of which each area has its part.

A part is a module C{phrases_<area>} with C{WORDS}: a type of L{problem<nacos_tw.errors.Problem>} to a function that
makes C{(status, text)} of one and of the route, C{"PUT /v1/ns/service"}: Nacos's words for one thing differ by route.
Errors of a kind alone bring their text with them: so what cannot be read of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.limits import OverLimit
from nacos_tw.access.rules import NotAllowed
from nacos_tw.auth.problems import Refused
from nacos_tw.database_phrases import alike_words, duplicate_words, refused_words
from nacos_tw.errors import (
    Alike,
    BadParameter,
    Defect,
    Duplicate,
    Forbidden,
    NotFound,
    TooLarge,
    Unavailable,
    ValueRefused,
)
from nacos_tw.http import shared_words
from nacos_tw.http.errors import Rejected, error_document
from nacos_tw.http.reply import Reply, text_reply
from nacos_tw.http.v1 import phrases_auth, phrases_cluster, phrases_config, phrases_naming

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

log = Logger()

CAUSED = ("/v1/cs/", "/v1/console/", "/v1/auth/")
"""Where a text becomes C{caused: <text>;} (docs/spec/config-v1.md#1.5, form B); elsewhere it stands bare
(docs/spec/naming-v1.md#1.4, form A)."""


def _with(status: int) -> Callable[[BaseException, str], tuple[int, str]]:
    """Words for errors that carry their text."""
    return lambda error, route: (status, str(error))


WORDS: dict[type[BaseException], Callable[[Any, str], tuple[int, str]]] = {
    BadParameter: _with(400),
    NotFound: _with(404),
    # TimedOut too: every write of the API may be sent again, and clients go on to another node after a 503.
    Unavailable: _with(503),
    TooLarge: lambda it, route: (400, f"the write is too large: {it.size} bytes, at most {it.limit}"),
    OverLimit: lambda it, route: (429, it.text),
    Defect: lambda it, route: (500, "caused: internal error: the command could not be applied;"),
    **phrases_naming.WORDS,
    **phrases_config.WORDS,
    **phrases_auth.WORDS,
    **phrases_cluster.WORDS,
    ValueRefused: lambda it, route: (400, refused_words(it)),
    Alike: lambda it, route: (400, alike_words(it)),
    Duplicate: lambda it, route: (400, duplicate_words(it)),
}
"""The table. Of an error that is in none of its types, the first of its bases that is."""


def words(error: BaseException, route: str) -> tuple[int, str] | None:
    """
    Status and text, before C{caused} is put around it.

    @param route: method and path without the context path.
    @return: None for what the table does not know.
    """
    for kind in type(error).__mro__:
        found = WORDS.get(kind)
        if found is not None:
            return found(error, route)
    return None


def phrase(error: BaseException, call: Call) -> Reply:
    """
    The answer to a call that ended in an error. Logs what it does not know, with the traceback, which the client
    never sees.
    """
    known = words(error, f"{call.method} {call.path}")
    if known is not None and not isinstance(error, (Refused, NotAllowed)):
        status, text = known
        caused = call.path.startswith(CAUSED) and not isinstance(error, Defect)
        return text_reply(f"caused: {text};" if caused else text, call, status)
    path = call.target.partition(b"?")[0]
    if isinstance(error, Rejected):
        return error_document(error.status, str(error), path, error.headers)
    if isinstance(error, Forbidden):
        return error_document(403, shared_words.refused_words(error), path)
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
