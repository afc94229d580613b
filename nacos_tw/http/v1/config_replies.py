"""
Answers of the configuration centre: content with its headers, JSON as its clients know it (docs/spec/config-v1.md#1.4,
#3.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

import msgspec

from nacos_tw.config.gray import Chosen
from nacos_tw.http.reply import JSON, PLAIN, Reply
from nacos_tw.paging import Page

JSON_UTF8 = b"application/json;charset=UTF-8"
NO_CACHE = (
    (b"Pragma", b"no-cache"),
    (b"Expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    (b"Cache-Control", b"no-cache,no-store"),
)

TRUE = Reply(200, b"true", JSON_UTF8)
EMPTY = Reply(200, b"", JSON_UTF8)
"""What a handler that has nothing to say answers."""
UNKNOWN = Reply(404, b"config data not exist\n", JSON_UTF8, NO_CACHE)

_encode = msgspec.json.Encoder().encode


def json_utf8(value: Any, status: int = 200) -> Reply:
    """A value as JSON."""
    return Reply(status, _encode(value), JSON_UTF8)


def result(data: Any, message: str | None = None, code: int = 200, status: int = 200) -> Reply:
    """The envelope RestResult."""
    return json_utf8({"code": code, "message": message, "data": data}, status)


def console_result(data: Any) -> Reply:
    """The same as C{/v1/console} sends it."""
    return Reply(200, _encode({"code": 200, "message": None, "data": data}), JSON)


def page(found: Page[Any], items: Iterable[dict[str, Any]]) -> Reply:
    """The envelope Page."""
    return json_utf8(
        {
            "totalCount": found.total,
            "pageNumber": found.number,
            "pagesAvailable": found.available,
            "pageItems": list(items),
        }
    )


def unknown_tag(kind: str) -> Reply:
    """The config exists, but not for the tag that was asked for."""
    return Reply(404, UNKNOWN.body, PLAIN, ((b"Config-Type", _value(kind)), *NO_CACHE))


def content_reply(chosen: Chosen, vip_tag: str = "") -> Reply:
    """
    A content with all its headers.

    @param vip_tag: the header C{Vipserver-Tag} of the request.
    """
    headers: tuple[tuple[bytes, bytes], ...] = (
        (b"Config-Type", _value(chosen.type or "text")),
        (b"Content-MD5", chosen.md5.encode()),
        (b"Encrypted-Data-Key", _value(chosen.encrypted_data_key)),
        (b"Last-Modified", formatdate(chosen.modified_ms // 1000, usegmt=True).encode()),
        *NO_CACHE,
    )
    if chosen.is_beta:
        headers = (*headers, (b"isBeta", b"true"))
    if chosen.tag:
        headers = (*headers, (b"tag", quote(chosen.tag, safe="").encode()))
        if chosen.tag == vip_tag:
            headers = (*headers, (b"Vipserver-Tag", quote(chosen.tag, safe="").encode()))
    return Reply(200, chosen.content, PLAIN, headers)


def _value(text: str) -> bytes:
    """A header's value: what would end the line is left out."""
    return "".join(char for char in text if char >= " " and char != "\x7f").encode()


def watching(found: dict[str, str], collected: bool = False) -> Reply:
    """Who listens, under the wire's misspelt name."""
    statuses = {"lisentersGroupkeyStatus": found}
    return json_utf8({"collectStatus": 200, **statuses} if collected else statuses)
