"""Bodies of type multipart/form-data (RFC 7578), which browsers send files in."""

from __future__ import annotations

import re
from typing import NamedTuple

from nacos_tw.errors import BadParameter

FORM_DATA = b"multipart/form-data"
MAX_PARTS = 100
MAX_PART_HEADERS = 16
MAX_PART_HEADER = 8192
"""Bytes."""
MAX_BOUNDARY = 200


class Upload(NamedTuple):
    """A file of a form. C{name}: as the client called it, not to be used as a path."""

    name: str
    data: bytes


def parse_form(content_type: bytes, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """
    The fields and the files of a body, by name, the first of each; nothing for a body of another type.

    @param content_type: the header's value.
    @raise BadParameter: the body does not look so, or has more or larger parts than any form.
    """
    if content_type[: len(FORM_DATA)].lower() != FORM_DATA:
        return {}, {}
    from multipart import (
        MultipartError,
        MultipartSegment,
        PushMultipartParser,
    )  # loaded by the first such body: few nodes get one

    boundary = _boundary(content_type)
    # Strict: headers that go on in further lines, which cost the square of their number, are refused.
    parser = PushMultipartParser(
        boundary,
        max_header_size=MAX_PART_HEADER,
        max_header_count=MAX_PART_HEADERS,
        max_segment_count=MAX_PARTS,
        header_charset="latin-1",
        strict=True,
    )
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    name, filename, value = "", None, b""
    try:
        with parser:
            # The body is given at once, so that a value comes in one piece.
            for event in parser.parse(_without_padding(boundary, body)):
                if isinstance(event, MultipartSegment):
                    name, filename, value = _text(event.name or ""), event.filename, b""
                elif event is not None:
                    value = bytes(event)
                elif filename is None:
                    fields.setdefault(name, value.decode("utf-8", "replace"))
                else:
                    files.setdefault(name, Upload(_text(filename), value))
    except MultipartError as error:
        raise BadParameter(f"the multipart body is malformed: {error}") from None
    return fields, files


def _boundary(content_type: bytes) -> bytes:
    """The parameter of the header, quoted or not. @raise BadParameter: there is none, or none that can be used."""
    from email.message import Message

    header = Message()
    header["Content-Type"] = content_type.decode("latin-1")
    boundary = str(header.get_boundary("")).encode("latin-1", "replace")
    if not 0 < len(boundary) <= MAX_BOUNDARY or b"\n" in boundary:
        raise BadParameter("the multipart body has no boundary")
    return boundary


def _without_padding(boundary: bytes, body: bytes) -> bytes:
    """The body without the blanks that may stand behind a boundary (RFC 2046, 5.1.1): the parser refuses them."""
    delimiter = b"\r\n--" + boundary
    return re.sub(re.escape(delimiter) + rb"[ \t]+(?=\r\n)", lambda _: delimiter, b"\r\n" + body)


def _text(header: str) -> str:
    """What a header says: UTF-8, as browsers send it, whatever else is in it."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")
