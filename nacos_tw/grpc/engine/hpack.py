"""
Decoding of header blocks (HPACK, RFC 7541).

A dynamic table is a value here: a block leads from one table to another and changes none. So what a block means can be
remembered under (table, block), and connections that were sent the same headers share their tables.
"""

from __future__ import annotations

from nacos_tw.grpc.engine import huffman

Header = tuple[bytes, bytes]

OVERHEAD = 32
"""Bytes that an entry counts besides its name and value."""
DEFAULT_SIZE = 4096
"""Bytes that a table may have, as long as nothing else is agreed."""
INTEGER = 2**24
"""No number in a block that we take is as large."""

STATIC: tuple[Header, ...] = tuple(
    (name.encode(), value.encode())
    for name, _, value in (
        line.partition("=")
        for line in """:authority=|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https
:status=200|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset=
accept-encoding=gzip, deflate|accept-language=|accept-ranges=|accept=|access-control-allow-origin=|age=|allow=
authorization=|cache-control=|content-disposition=|content-encoding=|content-language=|content-length=
content-location=|content-range=|content-type=|cookie=|date=|etag=|expect=|expires=|from=|host=|if-match=
if-modified-since=|if-none-match=|if-range=|if-unmodified-since=|last-modified=|link=|location=|max-forwards=
proxy-authenticate=|proxy-authorization=|range=|referer=|refresh=|retry-after=|server=|set-cookie=
strict-transport-security=|transfer-encoding=|user-agent=|vary=|via=|www-authenticate=""".replace("\n", "|").split("|")
    )
)


class HpackError(Exception):
    """The block cannot be decoded; the connection cannot go on."""


class HeadersTooLarge(Exception):
    """The headers of a block are larger than allowed; the connection cannot go on, as the rest is not decoded."""


class Table:
    """
    A dynamic table. It never changes.

    @ivar entries: the newest first.
    @ivar size: bytes by HPACK's measure; C{limit}: so many it may have.
    """

    __slots__ = ("entries", "limit", "size")

    def __init__(self, entries: tuple[Header, ...] = (), size: int = 0, limit: int = DEFAULT_SIZE) -> None:
        self.entries = entries
        self.size = size
        self.limit = limit

    def resized(self, limit: int) -> Table:
        """The same with another limit."""
        return self if limit == self.limit else _fitted(self.entries, self.size, limit)

    def with_entry(self, header: Header) -> Table:
        """The same with one entry more; without those for which there is no room then."""
        size = self.size + len(header[0]) + len(header[1]) + OVERHEAD
        return _fitted((header, *self.entries), size, self.limit)


def _fitted(entries: tuple[Header, ...], size: int, limit: int) -> Table:
    keep = len(entries)
    while size > limit:
        keep -= 1
        name, value = entries[keep]
        size -= len(name) + len(value) + OVERHEAD
    return Table(entries[:keep], size, limit)


class _Reader:
    """Goes through one block."""

    __slots__ = ("at", "block")

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.at = 0

    def integer(self, bits: int) -> int:
        """A number whose first byte has so many bits of it."""
        block, at = self.block, self.at
        mask = (1 << bits) - 1
        value = block[at] & mask
        at += 1
        if value == mask:
            shift = 0
            while True:
                byte = block[at]
                at += 1
                value += (byte & 0x7F) << shift
                shift += 7
                if value >= INTEGER or shift > 35:
                    raise HpackError("a number is too large")
                if byte < 0x80:
                    break
        self.at = at
        return value

    def string(self) -> bytes:
        """A string, coded or plain."""
        coded = self.block[self.at] & 0x80
        length = self.integer(7)
        end = self.at + length
        if end > len(self.block):
            raise HpackError("a string is cut off")
        raw = self.block[self.at : end]
        self.at = end
        if not coded:
            return raw
        text = huffman.decode_string(raw)
        if text is None:
            raise HpackError("a string is not coded as it should be")
        return text


def decode(table: Table, block: bytes, largest: int) -> tuple[list[Header], Table]:
    """
    Decode one whole header block.

    @param largest: bytes that all headers may have together, by HPACK's measure.
    @return: the headers in order, and the table for the next block.
    @raise HpackError: it is damaged.
    @raise HeadersTooLarge: they have more bytes.
    """
    try:
        return _decode(table, _Reader(block), largest)
    except IndexError:
        raise HpackError("a block is cut off") from None


def _decode(table: Table, reader: _Reader, largest: int) -> tuple[list[Header], Table]:
    block, end = reader.block, len(reader.block)
    headers: list[Header] = []
    total = 0
    while reader.at < end:
        byte = block[reader.at]
        if byte >= 0x80:
            header = _entry(table, reader.integer(7))
        elif byte & 0xE0 == 0x20:
            limit = reader.integer(5)
            if headers or limit > DEFAULT_SIZE:
                raise HpackError("the table's size is changed where or how it must not be")
            table = table.resized(limit)
            continue
        else:
            grows = byte >= 0x40
            index = reader.integer(6 if grows else 4)
            name = _entry(table, index)[0] if index else reader.string()
            header = (name, reader.string())
            if grows:
                table = table.with_entry(header)
        total += len(header[0]) + len(header[1]) + OVERHEAD
        if total > largest:
            raise HeadersTooLarge
        headers.append(header)
    return headers, table


def _entry(table: Table, index: int) -> Header:
    if 0 < index <= 61:
        return STATIC[index - 1]
    if index == 0 or index - 62 >= len(table.entries):
        raise HpackError(f"there is no entry {index}")
    return table.entries[index - 62]
