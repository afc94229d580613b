"""What v2 says when something went wrong: the table of L{nacos_tw.http.api.phrases}, and what differs from it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from nacos_tw.http.api import phrases
from nacos_tw.http.api.phrases import COMMON, Words, coded
from nacos_tw.http.errors import Rejected, error_document
from nacos_tw.http.reply import Reply

if TYPE_CHECKING:
    from nacos_tw.http.call import Call


def _wrong_method(error: Rejected) -> Reply:
    reply = coded(500, 500, f"caused: {escape(str(error))};".replace("&#x27;", "&#39;"))
    reply.headers = error.headers
    return reply


def _unchecked(text: str) -> Reply:
    return Reply(400, f"{text}\r\n".encode())


def _forbidden(text: str, path: bytes) -> Reply:
    return error_document(403, text, path)


WORDS = Words({**COMMON}, _wrong_method, _unchecked, _forbidden)


def phrase(error: BaseException, call: Call) -> Reply:
    """See L{phrases.phrase}."""
    return phrases.phrase(WORDS, error, call)
