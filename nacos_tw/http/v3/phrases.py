"""What v3 says when something went wrong: the table of L{nacos_tw.http.api.phrases}, and what differs from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.config.problems import MetadataError, NothingToImport
from nacos_tw.errors import ClusterUnknown, ServiceUnknown
from nacos_tw.http.api import phrases
from nacos_tw.http.api.codes import ACCESS_DENIED, PARAMETER_ERROR, SERVER_ERROR
from nacos_tw.http.api.error_result import ErrorResult
from nacos_tw.http.api.phrases import COMMON, Words, coded
from nacos_tw.http.api.results import result
from nacos_tw.http.errors import Rejected, error_document
from nacos_tw.http.reply import Reply

if TYPE_CHECKING:
    from nacos_tw.http.call import Call

NOTHING_DONE = {"succCount": 0}
"""What was imported or cloned."""


def _wrong_method(error: Rejected) -> Reply:
    reply = coded(405, 405, str(error))
    reply.headers = error.headers
    return reply


def _unchecked(text: str) -> Reply:
    return result(text, PARAMETER_ERROR, 400)


def _forbidden(text: str, path: bytes) -> Reply:
    """Nacos 3.0 gives Spring's document, later ones a result: this is both."""
    return error_document(403, text, path, code=ACCESS_DENIED.number, data=text)


def _service_unknown(it: ServiceUnknown, route: str) -> ErrorResult:
    name = it.service[1]
    if route.endswith("/instance/list"):
        return ErrorResult(404, SERVER_ERROR, f"service {name} is not found!")
    if route.endswith("/cluster"):
        return ErrorResult(400, SERVER_ERROR, f"service not found:{name}")
    return COMMON[ServiceUnknown](it, route)


def _cluster_unknown(it: ClusterUnknown, route: str) -> ErrorResult:
    if route.endswith("/instance/list"):
        return ErrorResult(404, SERVER_ERROR, f"cluster {it.cluster} is not found!")
    return COMMON[ClusterUnknown](it, route)


def _nothing_to_import(it: NothingToImport, route: str) -> ErrorResult:
    return COMMON[NothingToImport](it, route)._replace(data=NOTHING_DONE)


def _metadata(it: MetadataError, route: str) -> ErrorResult:
    found = COMMON[MetadataError](it, route)
    return found._replace(data={**NOTHING_DONE, "reason": found.data})


WORDS = Words(
    {
        **COMMON,
        ServiceUnknown: _service_unknown,
        ClusterUnknown: _cluster_unknown,
        NothingToImport: _nothing_to_import,
        MetadataError: _metadata,
    },
    _wrong_method,
    _unchecked,
    _forbidden,
)


def phrase(error: BaseException, call: Call) -> Reply:
    """See L{phrases.phrase}."""
    return phrases.phrase(WORDS, error, call)
