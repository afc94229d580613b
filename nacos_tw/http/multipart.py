"""Bodies of type multipart/form-data (RFC 7578), which browsers send files in."""

from __future__ import annotations

from typing import NamedTuple

from nacos_tw.errors import BadParameter

FORM_DATA = b"multipart/form-data"
MAX_PARTS = 100
MAX_PART_HEAD = 8192
"""Bytes."""


class Upload(NamedTuple):
    """A file of a form. C{name}: as the client called it, not to be used as a path."""

    name: str
    data: bytes


def parse(content_type: bytes, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """
    The fields and the files of a body, by name, the first of each; nothing for a body of another type.

    @param content_type: the header's value.
    @raise BadParameter: the body does not look so.
    """
    if content_type[: len(FORM_DATA)].lower() != FORM_DATA:
        return {}, {}
    boundary = _parameters(content_type).get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise BadParameter("the multipart body has no boundary")
    # What is before the first boundary does not count, nor what is behind the last, which has two dashes.
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, MAX_PARTS + 1)[1:]
    if not parts or len(parts) > MAX_PARTS:
        raise BadParameter("the multipart body has no parts or too many")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in parts:
        if part.startswith(b"--"):
            return fields, files
        _take(part, fields, files)
    raise BadParameter("the multipart body has no end")


def _take(part: bytes, fields: dict[str, str], files: dict[str, Upload]) -> None:
    """One part: blanks, a line end, headers, an empty line, the value."""
    start = part.find(b"\r\n")
    end = part.find(b"\r\n\r\n", max(start, 0), MAX_PART_HEAD)
    if start < 0 or end < 0 or part[:start].strip(b" \t"):
        raise BadParameter("a part of the multipart body is malformed")
    disposition = {}
    for line in part[start:end].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            disposition = _parameters(value)
    field = disposition.get(b"name", b"").decode("utf-8", "replace")
    filename = disposition.get(b"filename")
    value = part[end + 4 :]
    if filename is None:
        fields.setdefault(field, value.decode("utf-8", "replace"))
    else:
        files.setdefault(field, Upload(filename.decode("utf-8", "replace"), value))


def _parameters(value: bytes) -> dict[bytes, bytes]:
    """C{name=value} and C{name="value"} behind the first semicolon of a header."""
    found: dict[bytes, bytes] = {}
    rest = value.partition(b";")[2]
    while rest:
        name, _, rest = rest.partition(b"=")
        rest = rest.lstrip(b" \t")
        if rest.startswith(b'"'):
            text, rest = _quoted(rest)
            rest = rest.partition(b";")[2]
        else:
            text, _, rest = rest.partition(b";")
        found.setdefault(name.strip(b" \t;").lower(), text.strip(b" \t"))
    return found


def _quoted(text: bytes) -> tuple[bytes, bytes]:
    """A quoted string at the start of a text, and the rest. Browsers write C{%22} or a backslash for a quote in it."""
    at = 1
    while at < len(text):
        if text[at : at + 2] == b'\\"':
            at += 2
        elif text[at : at + 1] == b'"':
            break
        else:
            at += 1
    return text[1:at].replace(b'\\"', b'"'), text[at + 1 :]
