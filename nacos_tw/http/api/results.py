"""The wrapper that v2 and v3 put around what they answer (docs/spec/http-v2-v3.md#1.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from nacos_tw.http.api.codes import SUCCESS, Code
from nacos_tw.http.reply import JSON, Reply
from nacos_tw.paging import Page


class Result(msgspec.Struct, frozen=True, gc=False):
    """All three members are always there."""

    code: int
    message: str
    data: Any


encode = msgspec.json.Encoder().encode


def result(data: Any, code: Code = SUCCESS, status: int = 200) -> Reply:
    """@param data: what msgspec encodes; of an error the detail text."""
    return Reply(status, encode(Result(code.number, code.text, data)), JSON)


OK = result("ok")
TRUE = result(True)
_KEPT = {"ok": OK}


def ok(_: object) -> Reply:
    """It is done."""
    return OK


def reply_of(found: Any) -> Reply:
    """What a handler gave: a reply as it is, all else as the data of a success."""
    if type(found) is Reply:
        return found
    if found is True:
        return TRUE
    return _KEPT.get(found) or result(found) if type(found) is str else result(found)


def page_json(found: Page[Any], row: Callable[[Any], Any]) -> dict[str, Any]:
    """
    A page as both APIs write it.

    @param row: makes what is written of an item.
    """
    return {
        "totalCount": found.total,
        "pageNumber": found.number,
        "pagesAvailable": found.available,
        "pageItems": [row(item) for item in found.items],
    }
