"""Finds the credentials of a request (docs/spec/config-v1.md#12.3), without reading more of it than needed."""

from __future__ import annotations

import base64

from nacos_tw.http import params
from nacos_tw.http.call import FORM, Call

BEARER = b"Bearer "
TOKEN = b"accessToken="
BASIC_PATH = "/prometheus"
_BASIC = b"basic "
_ESCAPES = (b"%", b"+")


def token_of(call: Call) -> bytes:
    """
    The token: of the header Authorization, the parameter accessToken in the query or a form, the header accessToken, or
    a parameter of the query with that name in another case; b"" if there is none.
    """
    lower = call.lower_head
    if b"\r\nauthorization:" in lower:
        value = call.raw_header(b"authorization")
        if value[: len(BEARER)] == BEARER and value[len(BEARER) :].strip():
            return value[len(BEARER) :].strip()
    found = _in_query(call.target)
    if not found and call.body and call.raw_header(b"content-type")[: len(FORM)].lower() == FORM:
        found = call.params.get("accessToken", "").encode()
    if not found and b"\r\naccesstoken:" in lower:
        found = call.raw_header(b"accesstoken")
    return found or _of_any_case(call).get("accesstoken", "").encode()


def _in_query(target: bytes) -> bytes:
    """The parameter accessToken of the query; tokens are made of characters that are never escaped."""
    query = target.partition(b"?")[2]
    at = 0 if query.startswith(TOKEN) else query.find(b"&" + TOKEN) + 1
    if query.startswith(TOKEN) or at > 0:
        value = query[at + len(TOKEN) :].partition(b"&")[0]
        if not any(char in value for char in _ESCAPES):
            return value
    elif b"%" not in query:
        return b""
    fields: dict[str, str] = {}
    params.parse(query, fields, "utf-8")
    return fields.get("accessToken", "").encode()


def _of_any_case(call: Call) -> dict[str, str]:
    """The query's parameters by their names in lower case, as those of an identity count (docs/spec/ai-v3.md#1.5)."""
    fields: dict[str, str] = {}
    params.parse(call.query, fields, "utf-8")
    return {name.lower(): value for name, value in reversed(fields.items())}


def password_of(call: Call) -> tuple[str, str] | None:
    """
    The parameters username and password, of the query or a form, else the headers of these names, which routers of MCP
    send with each request, else parameters of the query with these names in another case; None unless both are there.
    Where Prometheus asks, which cannot send them, those of HTTP Basic.
    """
    if call.path.startswith(BASIC_PATH):
        return _basic(call.raw_header(b"authorization"))
    fields: dict[str, str]
    if call.body and call.raw_header(b"content-type")[: len(FORM)].lower() != FORM:
        # What a multipart body or JSON holds is not read for somebody who is not known yet.
        fields = {}
        params.parse(call.query, fields, "utf-8")
    else:
        fields = call.params
    name, password = fields.get("username"), fields.get("password")
    if not (name and password):
        name, password = call.header(b"username"), call.header(b"password")
    if not (name and password):
        fields = _of_any_case(call)
        name, password = fields.get("username"), fields.get("password")
    return (name, password) if name and password else None


def _basic(header: bytes) -> tuple[str, str] | None:
    """Name and password of RFC 7617; None where that is not what stands there."""
    if header[: len(_BASIC)].lower() != _BASIC:
        return None
    try:
        name, colon, password = base64.b64decode(header[len(_BASIC) :].strip(), validate=True).decode().partition(":")
    except ValueError:  # of Base64 and of UTF-8
        return None
    return (name, password) if colon and name and password else None
