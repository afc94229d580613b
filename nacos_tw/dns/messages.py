"""
DNS messages as bytes: what a query asks, and how an answer is written (RFC 1035, RFC 6891 for EDNS). No I/O.

The question is read here and not by L{twisted.names.dns}, whose names cannot tell a dot within a label from one between
two, and is sent back byte by byte: resolvers compare it, down to the case of its letters.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import attrs
from twisted.names import dns

HEADER = struct.Struct("!6H")
RECORD = struct.Struct("!3HIH")
QUESTION_NAME = 0xC00C
"""A pointer to the name of the question, which stands right behind the header."""

ANSWER, AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED = 0x8000, 0x0400, 0x0200, 0x0100
OPCODE, RCODE = 0x7800, 0x000F

TRANSFERS = 251, 252
"""Copies of a whole zone, IXFR and AXFR: no secondary server can follow services that come and go."""
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = range(6)
BAD_VERSION = 16
"""Of EDNS; its upper bits stand in the OPT record."""

OPT = 41
IN = 1
PLAIN_SIZE = 512
"""What every client takes over UDP."""
UDP_SIZE = 1232
"""Most that is sent over UDP, whatever a client says it takes: larger packets are lost on the way."""
TCP_SIZE = 65535


@attrs.frozen
class Query:
    """
    What is asked.

    @ivar flags: of the header; C{question}: its bytes.
    @ivar labels: the name, as it was written, without the root.
    @ivar size: bytes that the client takes over UDP.
    @ivar edns: whether it knows EDNS.
    """

    id: int
    flags: int
    labels: tuple[bytes, ...]
    type: int
    question: bytes
    size: int = PLAIN_SIZE
    edns: bool = False


class Refusal(Exception):
    """
    A query that cannot be looked up.

    @ivar reply: the answer to send; C{code}: that in it.
    """

    def __init__(self, reply: bytes, code: int) -> None:
        super().__init__(code)
        self.reply = reply
        self.code = code


def parse(data: bytes) -> Query | None:
    """
    Read a query.

    @return: None for what no answer may be sent to: too short, or an answer itself.
    @raise Refusal: it has no answer but an error.
    """
    if len(data) < HEADER.size:
        return None
    id, flags, questions, *_ = HEADER.unpack_from(data)
    if flags & ANSWER:
        return None
    if flags & OPCODE:
        raise _refusal(id, flags, NOT_IMPLEMENTED)
    try:
        labels, end = _name(data, HEADER.size)
        type, family = struct.unpack_from("!2H", data, end)
        message = dns.Message()
        message.fromStr(data)
    except Exception as error:  # a parser meets more in what strangers send than it has names for
        raise _refusal(id, flags, FORMAT_ERROR) from error
    options = [each for each in message.additional if each.type == OPT]
    if questions != 1 or len(options) > 1:
        raise _refusal(id, flags, FORMAT_ERROR)
    question = data[HEADER.size : end + 4]
    size = max(PLAIN_SIZE, min(options[0].cls, UDP_SIZE)) if options else PLAIN_SIZE
    query = Query(id, flags, labels, type, question, size, bool(options))
    if options and options[0].ttl >> 16 & 0xFF:
        raise Refusal(write(query, BAD_VERSION), BAD_VERSION)
    if family != IN or type in TRANSFERS:
        raise Refusal(write(query, REFUSED), REFUSED)
    return query


def _name(data: bytes, at: int) -> tuple[tuple[bytes, ...], int]:
    """The labels of a name that is written out, and where it ends. @raise ValueError: it is none."""
    labels, start = [], at
    while length := data[at]:
        if length > 63 or at + length >= len(data) or at - start > 253:
            raise ValueError(f"no label at {at}")
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return tuple(labels), at + 1


def _refusal(id: int, flags: int, code: int) -> Refusal:
    reply = HEADER.pack(id, ANSWER | flags & (OPCODE | RECURSION_DESIRED) | code, 0, 0, 0, 0)
    return Refusal(reply, code)


def name(labels: Sequence[bytes]) -> bytes:
    """A name in wire format."""
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def record(type: int, ttl: int, payload: bytes, owner: bytes = b"") -> bytes:
    """@param owner: its name in wire format; b"" for that of the question. @param ttl: in seconds."""
    if owner:
        return owner + struct.pack("!2HIH", type, IN, ttl, len(payload)) + payload
    return RECORD.pack(QUESTION_NAME, type, IN, ttl, len(payload)) + payload


def write(
    query: Query,
    code: int,
    answers: Sequence[bytes] = (),
    authority: Sequence[bytes] = (),
    additional: Sequence[bytes] = (),
    *,
    authoritative: bool = False,
    size: int = PLAIN_SIZE,
) -> bytes:
    """
    An answer.

    @param size: what is longer is truncated: additional records go first, which a client can ask for; then all
        answers, and the client is told to come over TCP.
    """
    option = b"\0" + struct.pack("!2HIH", OPT, UDP_SIZE, code >> 4 << 24, 0) if query.edns else b""
    room = size - HEADER.size - len(query.question) - len(option)
    flags = ANSWER | query.flags & RECURSION_DESIRED | code & RCODE | (AUTHORITATIVE if authoritative else 0)
    shown = b"".join(answers) + b"".join(authority)
    if len(shown) > room:
        answers = authority = additional = ()
        shown = b""
        flags |= TRUNCATED
    more = b"".join(additional)
    if len(shown) + len(more) > room:
        additional, more = (), b""
    counts = len(answers), len(authority), len(additional) + query.edns
    return HEADER.pack(query.id, flags, 1, *counts) + query.question + shown + more + option
