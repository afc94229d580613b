"""
The engine that serves against the libraries hpack and h2: random conversations, whole and damaged, cut anywhere.

Each example is made from a number, which a failure shows. More of them, others each time:
C{NACOS_TW_FUZZ=20 trial tests.grpc.engine.test_differential}.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import hpack
from hpack.struct import HeaderTuple
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.events import Event, Message, Request
from nacos_tw.grpc.engine.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITIZED,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from nacos_tw.grpc.engine.hpack import DEFAULT_SIZE, HeadersTooLarge, HpackError, Table, decode
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.reference import Reference
from nacos_tw.grpc.engine.seam import Engine
from nacos_tw.grpc.engine.shared import Shared
from tests.grpc.engine.peers import METHODS, STREAM, UNARY, compressed, framed, headers

FACTOR = float(os.environ.get("NACOS_TW_FUZZ") or 1)
LARGEST = 16384

NAMES = [b"te", b"x-a", b"user-agent", b"grpc-timeout", b"accept", b":path", b"cookie", b"y" * 300]
VALUES = [b"", b"trailers", b"1S", b"gzip, deflate", b"z" * 2000]

Edit = tuple[float, int, bytes]


def examples(count: int) -> Iterator[tuple[str, random.Random]]:
    """Names and sources of examples; the same in each run as long as no more are wanted."""
    start = 0 if FACTOR == 1 else int(time.time())
    for seed in range(start, start + int(count * FACTOR)):
        yield f"example {seed}", random.Random(seed)


def noise(dice: random.Random, most: int) -> bytes:
    return dice.randbytes(dice.randrange(most + 1))


def some(dice: random.Random, most: int, make: Callable[[random.Random], Any], least: int = 0) -> list[Any]:
    return [make(dice) for _ in range(dice.randint(least, most))]


def header(dice: random.Random) -> tuple[bytes, bytes, bool]:
    value = dice.choice(VALUES) if dice.random() < 0.5 else noise(dice, 40)
    return dice.choice(NAMES), value, dice.random() < 0.8


def edit(dice: random.Random) -> Edit:
    return dice.random(), dice.randrange(4), noise(dice, 3)


def damaged(data: bytes, changes: list[Edit]) -> bytes:
    for place, cut, new in changes:
        at = int(place * len(data))
        data = data[:at] + new + data[at + cut :]
    return data


class HpackTests(SynchronousTestCase):
    """Header blocks against the library hpack."""

    def _both(self, blocks: list[bytes]) -> int:
        """Decode them in order by both; how many were fine."""
        theirs = hpack.Decoder(max_header_list_size=LARGEST)
        theirs.max_allowed_table_size = DEFAULT_SIZE
        table = Table()
        for count, block in enumerate(blocks):
            expected: list[tuple[bytes, bytes]] | None
            try:
                expected = [tuple(header) for header in theirs.decode(block, raw=True)]  # type: ignore[misc]
            except hpack.HPACKError:
                expected = None
            found: list[tuple[bytes, bytes]] | None
            try:
                found, table = decode(table, block, LARGEST)
            except (HpackError, HeadersTooLarge):
                found = None
            self.assertEqual(found, expected)
            if found is None:
                return count
            self.assertEqual(table.entries, tuple(theirs.header_table.dynamic_entries))
            self.assertEqual(table.size, theirs.header_table._current_size)
        return len(blocks)

    def test_whole(self) -> None:
        """Whatever an encoder makes is read as it was meant, and leaves the same table."""
        for _, dice in examples(150):
            encoder = hpack.Encoder()
            blocks = []
            for _ in range(dice.randint(1, 8)):
                size = dice.choice([None, None, 0, 60, 700, 4096])
                if size is not None:
                    encoder.header_table_size = size
                found = [
                    HeaderTuple(name, value) if plain else hpack.NeverIndexedHeaderTuple(name, value)
                    for name, value, plain in some(dice, 8, header)
                ]
                blocks.append(encoder.encode(found, huffman=dice.random() < 0.5))
            self.assertEqual(self._both(blocks), len(blocks))

    def test_damaged(self) -> None:
        """What is damaged is read the same, or refused by both."""
        for _, dice in examples(300):
            encoder = hpack.Encoder()
            blocks = []
            for _ in range(dice.randint(1, 4)):
                found = [(name, value) for name, value, _ in some(dice, 8, header)]
                blocks.append(damaged(encoder.encode(found, huffman=dice.random() < 0.5), some(dice, 3, edit, 1)))
            self._both(blocks)

    def test_noise(self) -> None:
        """So is what never was a header block."""
        for _, dice in examples(300):
            self._both([noise(dice, 60) for _ in range(dice.randint(1, 3))])


class Conversation:
    """Frames of a client, made of drawn steps. They keep to the rules."""

    def __init__(self) -> None:
        self.encoder = hpack.Encoder()
        self.next = 1
        self.open: list[int] = []
        self.out = PREFACE + frame(SETTINGS, 0, 0)

    def step(self, kind: str, number: int, message: bytes) -> None:
        getattr(self, kind)(number, message)

    def _headers(self, path: bytes, flags: int, number: int) -> None:
        more = ((b"grpc-timeout", b"%dm" % (number % 7)), (b"x-more", b"%d" % (number % 3)))[: number % 4]
        block = self.encoder.encode(headers(path, *more), huffman=bool(number & 1))
        stream, self.next = self.next, self.next + 2
        if number % 5 == 0:
            block = b"\0\0\0\0\7" + block
            flags |= PRIORITIZED
        if number % 3 == 0:
            block = b"\4" + block + b"\0\0\0\0"
            flags |= PADDED
        elif number % 7 == 0:
            self.out += frame(HEADERS, flags, stream, block[:10])
            self.out += frame(CONTINUATION, 0, stream, block[10:12]) + frame(
                CONTINUATION, END_HEADERS, stream, block[12:]
            )
            return
        self.out += frame(HEADERS, flags | END_HEADERS, stream, block)

    def unary(self, number: int, message: bytes) -> None:
        stream = self.next
        self._headers(UNARY, 0, number)
        data = framed(message)
        cut = number % (len(data) + 1)
        if number % 2:
            self.out += frame(DATA, END_STREAM, stream, data)
        elif number % 11 == 0:
            trailers = self.encoder.encode([(b"x-done", b"1")])
            self.out += frame(DATA, 0, stream, data) + frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers)
        elif cut % 3:
            self.out += frame(DATA, 0, stream, data[:cut]) + frame(DATA, END_STREAM, stream, data[cut:])
        else:
            self.out += frame(DATA, PADDED, stream, b"\2" + data + b"\0\0") + frame(DATA, END_STREAM, stream)

    def zipped(self, number: int, message: bytes) -> None:
        """Compressed, or not though it is said, or damaged."""
        stream, self.next = self.next, self.next + 2
        block = self.encoder.encode(headers(UNARY, (b"grpc-encoding", b"gzip")))
        data = framed(message) if number % 5 == 0 else compressed(message * (number % 4))
        if number % 7 == 0:
            data = data[:-1] + b"\0"
        cut = number % (len(data) + 1)
        self.out += frame(HEADERS, END_HEADERS, stream, block)
        self.out += frame(DATA, 0, stream, data[:cut]) + frame(DATA, END_STREAM, stream, data[cut:])

    def opening(self, number: int, message: bytes) -> None:
        self.open.append(self.next)
        self._headers(STREAM, 0, number)

    def saying(self, number: int, message: bytes) -> None:
        if self.open:
            self.out += frame(DATA, 0, self.open[number % len(self.open)], framed(message) * (number % 3))

    def ending(self, number: int, message: bytes) -> None:
        if self.open:
            self.out += frame(DATA, END_STREAM, self.open.pop(number % len(self.open)), framed(message))

    def giving_up(self, number: int, message: bytes) -> None:
        if self.open:
            self.out += frame(RST_STREAM, 0, self.open.pop(number % len(self.open)), b"\0\0\0\x08")

    def unknown(self, number: int, message: bytes) -> None:
        stream = self.next
        self._headers(b"/no/such", 0, number)
        self.out += frame(DATA, END_STREAM, stream, framed(message))

    def ping(self, number: int, message: bytes) -> None:
        self.out += frame(PING, 0, 0, b"%08d" % (number % 10**8))

    def window(self, number: int, message: bytes) -> None:
        self.out += frame(WINDOW_UPDATE, 0, 0, (number % 1000 + 100).to_bytes(4, "big"))

    def settings(self, number: int, message: bytes) -> None:
        size = (number % 70_000).to_bytes(4, "big")
        self.out += frame(SETTINGS, 0, 0, b"\0\4" + size + b"\0\1" + (number % 5000).to_bytes(4, "big"))

    def priority(self, number: int, message: bytes) -> None:
        self.out += frame(PRIORITY, 0, self.next, b"\0\0\0\0\7")

    def odd(self, number: int, message: bytes) -> None:
        self.out += frame(0xB0 + number % 16, 0xFF, 0, message)


STEPS = ["unary"] * 5 + [
    "zipped", "opening", "saying", "saying", "ending", "giving_up", "unknown", "ping", "window", "settings", "priority",
    "odd",
]  # fmt: skip


def conversation(dice: random.Random) -> bytes:
    made = Conversation()
    for _ in range(dice.randrange(25)):
        made.step(dice.choice(STEPS), dice.randrange(10_000), noise(dice, 60))
    return made.out


def cuts(dice: random.Random) -> list[float]:
    return some(dice, 6, random.Random.random)


def pieces(data: bytes, places: list[float]) -> list[bytes]:
    marks = sorted({int(place * len(data)) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(marks, marks[1:], strict=False)]


def played(engine: Engine, parts: list[bytes], late: bool = False) -> tuple[list[Any], bytes]:
    """
    Feed an engine; requests are answered and messages sent back.

    @param late: at the end only.
    @return: what it said, and what it sent.
    """
    seen: list[Event] = []
    out = b""

    def answered(events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Request):
                engine.answer(event.stream, b"re: " + event.message)
            elif isinstance(event, Message):
                engine.send(event.stream, b"re: " + event.message)
                engine.consumed(event.stream)

    for place, part in enumerate(parts):
        events = engine.receive(part, 100.0 + place)
        seen += events
        if not late:
            answered(events)
            out += engine.take()
    if late:
        answered(seen)
    out += engine.take()
    engine.sweep(1000.0)
    engine.lost()
    assert engine.take() is not None
    return [(type(event).__name__, getattr(event, "stream", 0), getattr(event, "message", b"")) for event in seen], out


def heard(out: bytes) -> dict[Any, Any]:
    """What a client understands of bytes of an engine; without the order of streams among each other."""
    decoder = hpack.Decoder()
    decoder.max_allowed_table_size = 2**20  # what was agreed is the engine's matter; its client asked for all sizes
    found: dict[Any, Any] = {}
    at = 0
    while at < len(out):
        length, kind, flags = int.from_bytes(out[at : at + 3], "big"), out[at + 3], out[at + 4]
        number = int.from_bytes(out[at + 5 : at + 9], "big")
        payload = out[at + 9 : at + 9 + length]
        at += 9 + length
        if kind == HEADERS:
            listed = [tuple(header) for header in decoder.decode(payload, raw=True)]
            found.setdefault(number, []).append((listed, flags & END_STREAM))
        elif kind == DATA:
            found[number, "data"] = found.get((number, "data"), b"") + payload
        elif kind == PING:
            found.setdefault("pings", []).append(payload)
    return found


class ConversationTests(SynchronousTestCase):
    """Whole connections against h2."""

    def _engines(self) -> tuple[Connection, Reference]:
        return Connection(self.shared), Reference(Shared(METHODS, Limits()))

    def setUp(self) -> None:
        # One for all examples: what is remembered of one connection must be right on the next.
        self.shared = Shared(METHODS, Limits(), remembered=64)

    def test_whole(self) -> None:
        """A client that keeps to the rules is understood alike, and hears the same."""
        for name, dice in examples(100):
            data = pieces(conversation(dice), cuts(dice))
            late = dice.random() < 0.5
            ours, theirs = self._engines()
            events, out = played(ours, data, late)
            expected, expected_out = played(theirs, data, late)
            self.assertEqual(events, expected, name)
            self.assertEqual(heard(out), heard(expected_out), name)
            self.assertEqual(self.shared.room.used, 0)

    def test_damaged(self) -> None:
        """A damaged one ends in bounded state; up to there both have understood the same."""
        for name, dice in examples(200):
            data = pieces(damaged(conversation(dice), some(dice, 3, edit, 1)), cuts(dice))
            ours, theirs = self._engines()
            events = self._calls(played(ours, data)[0])
            expected = self._calls(played(theirs, data)[0])
            both = min(len(events), len(expected))
            self.assertEqual(events[:both], expected[:both], name)
            self.assertEqual(self.shared.room.used, 0)

    @staticmethod
    def _calls(events: list[Any]) -> list[Any]:
        """Without what we hear of a call's end, which comes at other times where the end is an error."""
        return [event for event in events if event[0] in ("Request", "Opened", "Message")]

    def test_cuts(self) -> None:
        """Where the bytes are cut makes no difference, damaged or not."""
        for name, dice in examples(100):
            data = conversation(dice)
            if dice.random() < 0.5:
                data = damaged(data, some(dice, 3, edit, 1))
            results = [played(Connection(self.shared), pieces(data, cuts(dice)), late=True)[0] for _ in range(2)]
            self.assertEqual(*results, name)
