"""
Turns errors into a status, a code and a text: what v2 and v3 have in common, and how the answer is made
(docs/spec/http-v2-v3.md#1.3). Each has a table of its own, which may override this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.limits import OverLimit
from nacos_tw.access.rules import NotAllowed
from nacos_tw.auth.problems import Refused
from nacos_tw.database_phrases import alike_words, duplicate_words
from nacos_tw.database_phrases import refused_words as value_words
from nacos_tw.errors import (
    Alike,
    BadParameter,
    Conflict,
    Defect,
    Duplicate,
    Forbidden,
    Missing,
    NotFound,
    TooLarge,
    Unavailable,
    ValueRefused,
)
from nacos_tw.http.api.codes import (
    MEDIA_TYPE_ERROR,
    PARAMETER_ERROR,
    PARAMETER_MISSING,
    RESOURCE_CONFLICT,
    RESOURCE_NOT_FOUND,
    SERVER_ERROR,
    Code,
)
from nacos_tw.http.api.error_result import ErrorResult
from nacos_tw.http.api.phrases_accounts import ACCOUNTS
from nacos_tw.http.api.phrases_ai import AI, checked_words
from nacos_tw.http.api.phrases_cluster import CLUSTER
from nacos_tw.http.api.phrases_config import CONFIG
from nacos_tw.http.api.phrases_naming import NAMING
from nacos_tw.http.api.problems import Lacking, NotGiven, Unchecked, Unreadable, WrongMediaType
from nacos_tw.http.api.results import Result, encode, result
from nacos_tw.http.errors import Rejected, error_document
from nacos_tw.http.reply import JSON, Reply
from nacos_tw.http.shared_words import refused_words

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

log = Logger()


class Words(NamedTuple):
    """
    What an API says.

    @ivar table: a type of error to a function that makes what is told of one and of the route, C{"PUT /v2/ns/service"};
        of an error that is in none of its types, the first of its bases that is.
    @ivar wrong_method: the answer to a method that a path does not have.
    @ivar unchecked: the answer to a parameter that the check before the handler refuses, of a text.
    @ivar forbidden: the answer to a caller who may not do it, of a text and the request's raw path.
    """

    table: Mapping[type[BaseException], Callable[[Any, str], ErrorResult]]
    wrong_method: Callable[[Rejected], Reply]
    unchecked: Callable[[str], Reply]
    forbidden: Callable[[str, bytes], Reply]


def _with(status: int, code: Code) -> Callable[[BaseException, str], ErrorResult]:
    """For errors that carry their text."""
    return lambda error, route: ErrorResult(status, code, str(error))


def _lacking(it: Lacking, route: str) -> ErrorResult:
    if it.bound:
        return ErrorResult(400, PARAMETER_MISSING, f"Required parameter '{it.field}' type {it.java} is not present")
    said = f"Required request parameter '{it.field}' for method parameter type {it.java} is not present"
    return ErrorResult(400, PARAMETER_MISSING, said)


COMMON: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    BadParameter: _with(400, PARAMETER_ERROR),
    NotFound: _with(404, RESOURCE_NOT_FOUND),
    Conflict: _with(409, RESOURCE_CONFLICT),
    # Every write may be sent again, and clients go on to another node after a 503.
    Unavailable: _with(503, SERVER_ERROR),
    TooLarge: lambda it, route: ErrorResult(
        400, PARAMETER_ERROR, f"the write is too large: {it.size} bytes, at most {it.limit}"
    ),
    OverLimit: lambda it, route: ErrorResult(429, SERVER_ERROR, it.text),
    Defect: lambda it, route: ErrorResult(500, SERVER_ERROR, "internal error: the command could not be applied"),
    Lacking: _lacking,
    Missing: lambda it, route: _lacking(Lacking(it.field), route),
    NotGiven: lambda it, route: ErrorResult(400, PARAMETER_MISSING, it.text),
    Unreadable: lambda it, route: ErrorResult(400, PARAMETER_ERROR, it.text),
    WrongMediaType: lambda it, route: ErrorResult(400, MEDIA_TYPE_ERROR, f"Content type '{it.given}' not supported"),
    **NAMING,
    **CONFIG,
    **CLUSTER,
    **ACCOUNTS,
    **AI,
    ValueRefused: lambda it, route: ErrorResult(400, SERVER_ERROR, value_words(it)),
    Alike: lambda it, route: ErrorResult(400, SERVER_ERROR, alike_words(it)),
    Duplicate: lambda it, route: ErrorResult(400, SERVER_ERROR, duplicate_words(it)),
}


def phrased(words: Words, error: BaseException, route: str) -> ErrorResult | None:
    """
    What is told of an error.

    @return: None for what the table does not know.
    """
    for kind in type(error).__mro__:
        found = words.table.get(kind)
        if found is not None:
            return found(error, route)
    return None


def phrase(words: Words, error: BaseException, call: Call) -> Reply:
    """
    The answer to a call that ended in an error. Logs what it does not know, with the traceback, which the client never
    sees.
    """
    unchecked = error.text if isinstance(error, Unchecked) else checked_words(error)
    if unchecked:
        return words.unchecked(unchecked)
    known = phrased(words, error, f"{call.method} {call.path}")
    if known is not None and not isinstance(error, (Refused, NotAllowed)):
        return result(known.data, known.code, known.status)
    path = call.target.partition(b"?")[0]
    if isinstance(error, Rejected):
        if error.status == 405:
            return words.wrong_method(error)
        return error_document(error.status, str(error), path, error.headers)
    if isinstance(error, Forbidden):
        return words.forbidden(refused_words(error), path)
    if not isinstance(error, CancelledError):
        log.failure("unexpected error in {method} {path}", Failure(error), method=call.method, path=call.path)
    return coded(500, SERVER_ERROR.number, str(error) or type(error).__name__)


def coded(status: int, number: int, message: str) -> Reply:
    """An answer whose message is not the one of its code, and which has no data."""
    return Reply(status, encode(Result(number, message, None)), JSON)
