"""Frames and bytes."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.messages import (
    AppendEntries,
    AppendResponse,
    Configuration,
    Entry,
    InstallSnapshot,
    RequestVote,
    SnapshotMeta,
    SnapshotResponse,
    TimeoutNow,
    VoteResponse,
)
from nacos_tw.raft.net import codec
from nacos_tw.raft.net.codec import Decoder, FrameError, OversizeError, Sealer, encode, pack, take_early

KEY = b"k" * 32
MESSAGES = (
    RequestVote(3, 7, 2, pre=True),
    VoteResponse(3, False, True),
    AppendEntries(3, 6, 2, 5, (Entry(7, 3, 1, b"data"), Entry(8, 3, 0)), 9, (b"\x00\x01", b"")),
    AppendResponse(3, True, 8, 3, 9),
    InstallSnapshot(3, SnapshotMeta(5, 2, Configuration(("a:1", "b:1"), ("c:1",))), 1024, b"\xff" * 100, True, 4),
    SnapshotResponse(3, 5, 2048, False, 4),
    TimeoutNow(2**63),
)
FRAMES = (
    *(codec.RaftFrame(message) for message in MESSAGES),
    codec.Forward(3, "a:1", 10, (b"one", b"two")),
    codec.Beats(3, 77, b"\x01\x02\x03"),
    codec.BeatsAck(77, True),
    codec.Refused(4),
    codec.Ping(123456),
    codec.Pong(123456),
    codec.Ask(1, "subscribers", b"{}"),
    codec.Answer(1, False, "schade ü".encode()),
)


def sealed(frames: Any, key: bytes = KEY) -> bytes:
    sealer = Sealer(key)
    return b"".join(sealer.seal(encode(frame)) for frame in frames)


class DecoderTests(SynchronousTestCase):
    """The stream of a link with keys."""

    def test_every_frame_comes_back(self) -> None:
        """All kinds of frames, in one read."""
        self.assertEqual(Decoder(key=KEY).feed(sealed(FRAMES)), list(FRAMES))

    def test_without_key(self) -> None:
        """Without a key a frame is its length and its payload."""
        self.assertEqual(Decoder().feed(b"".join(pack(encode(frame)) for frame in FRAMES)), list(FRAMES))

    def test_any_cut(self) -> None:
        """However the stream is cut, the frames are the same."""
        data = sealed(FRAMES)
        for size in (1, 2, 3, 5, 19, 64, 200):
            decoder = Decoder(key=KEY)
            got = [frame for at in range(0, len(data), size) for frame in decoder.feed(data[at : at + size])]
            self.assertEqual(got, list(FRAMES), size)

    def test_one_encoding_for_two_links(self) -> None:
        """A payload is encoded once; each link seals it for itself."""
        payload = encode(FRAMES[2])
        one, two = Sealer(KEY).seal(payload), Sealer(b"o" * 32).seal(payload)
        self.assertNotEqual(one, two)
        self.assertEqual(Decoder(key=KEY).feed(one), Decoder(key=b"o" * 32).feed(two))

    def test_large_frame_in_small_reads(self) -> None:
        """A snapshot chunk of one MiB arrives in reads of a few bytes, followed by another frame."""
        chunk = codec.Ask(1, "x", bytes(1024 * 1024))
        data = sealed((chunk, codec.Ping(1)))
        decoder = Decoder(key=KEY)
        got = [frame for at in range(0, len(data), 700) for frame in decoder.feed(data[at : at + 700])]
        self.assertEqual(got, [chunk, codec.Ping(1)])

    def test_other_key(self) -> None:
        """Frames under another key are damage."""
        self.assertRaises(FrameError, Decoder(key=b"o" * 32).feed, sealed(FRAMES))

    def test_every_flipped_bit(self) -> None:
        """No bit of a frame can change unnoticed."""
        data = sealed((codec.Beats(3, 77, b"\x01\x02"),))
        for bit in range(32, len(data) * 8):
            bad = bytearray(data)
            bad[bit // 8] ^= 1 << (bit % 8)
            self.assertRaises(FrameError, Decoder(key=KEY).feed, bytes(bad))

    def test_flipped_length(self) -> None:
        """A changed length ends in damage or in waiting, never in a frame."""
        data = sealed((codec.Beats(3, 77, b"\x01\x02"),))
        for bit in range(32):
            bad = bytearray(data)
            bad[bit // 8] ^= 1 << (bit % 8)
            try:
                self.assertEqual(Decoder(key=KEY).feed(bytes(bad)), [])
            except FrameError:
                pass

    def test_order_counts(self) -> None:
        """A frame that is left out, doubled or moved is damage."""
        sealer = Sealer(KEY)
        first, second = (sealer.seal(encode(codec.Refused(term))) for term in (1, 2))
        for stream in (second, first + first, second + first):
            self.assertRaises(FrameError, Decoder(key=KEY).feed, stream)

    def test_oversized(self) -> None:
        """A length above the limit is refused before a byte of it comes."""
        self.assertRaises(OversizeError, Decoder(key=KEY).feed, struct.pack(">I", codec.LIMIT + 1))
        self.assertEqual(Decoder(key=KEY).feed(struct.pack(">I", codec.LIMIT)), [])
        self.assertRaises(OversizeError, Decoder(limit=10).feed, struct.pack(">I", 11))

    def test_empty(self) -> None:
        """A frame has at least one byte, and its HMAC."""
        self.assertRaises(FrameError, Decoder().feed, struct.pack(">I", 0))
        self.assertRaises(FrameError, Decoder(key=KEY).feed, struct.pack(">I", codec.MAC_BYTES))

    def test_kinds(self) -> None:
        """A side takes only the frames that the other may send; the handshake's are not among them."""
        hello = pack(encode(codec.Hello(1, "a:1", "b:1", b"n")))
        self.assertRaises(FrameError, Decoder().feed, hello)
        self.assertRaises(FrameError, Decoder(codec.AnsweringFrame).feed, pack(encode(codec.Refused(1))))
        self.assertEqual(Decoder(codec.AnsweringFrame).feed(pack(encode(codec.Pong(1)))), [codec.Pong(1)])
        self.assertRaises(FrameError, Decoder(codec.DialedFrame).feed, pack(encode(codec.Answer(1, True, b""))))

    def test_hostile_payloads(self) -> None:
        """Claimed lengths, deep nesting, wrong types and bad text are damage, and cost no memory."""
        for payload in (
            b"\x92\x04\xdd\xff\xff\xff\xff",
            b"\x95\x05\x01\xa1x\x01\xdd\xff\xff\xff\xff",
            b"\xc6\xff\xff\xff\xff",
            b"\x93\x08\x01" + b"\x91" * 100_000,
            b"\x94\x0b\x01\xa1\xff\xc4\x00",
            b"\x92\x08\xa1x",
            b"\x92\x63\x01",
            b"\x92\x08\x01extra",
        ):
            self.assertRaises(FrameError, Decoder().feed, pack(payload))

    def test_later_fields(self) -> None:
        """A field that a newer node adds at the end is passed over."""
        self.assertEqual(Decoder().feed(pack(b"\x93\x08\x05\xa3new")), [codec.Refused(5)])

    @settings(max_examples=300)
    @given(st.lists(st.binary(max_size=80), max_size=8), st.booleans())
    def test_random_bytes(self, reads: list[bytes], keyed: bool) -> None:
        """Random bytes give FrameError or nothing, whatever they are."""
        decoder = Decoder(key=KEY if keyed else None)
        try:
            for read in reads:
                frames = decoder.feed(read)
                self.assertFalse(keyed and frames)
        except FrameError:
            pass

    @settings(max_examples=500)
    @given(st.sampled_from(FRAMES), st.data())
    def test_mutated_payloads(self, frame: Any, data: st.DataObject) -> None:
        """Payloads with changed bytes are frames or FrameError."""
        payload = bytearray(encode(frame))
        for _ in range(data.draw(st.integers(1, 4))):
            payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
        try:
            Decoder().feed(pack(bytes(payload)))
        except FrameError:
            pass


class EarlyTests(SynchronousTestCase):
    """Before a link has keys."""

    def test_taken_one_by_one(self) -> None:
        """Whole payloads come off the buffer, the rest stays."""
        buffer = bytearray(pack(b"one") + pack(b"") + pack(b"three")[:-1])
        self.assertEqual((take_early(buffer), take_early(buffer), take_early(buffer)), (b"one", b"", None))
        buffer += b"e"
        self.assertEqual((take_early(buffer), take_early(buffer)), (b"three", None))

    def test_small_limit(self) -> None:
        """A stranger gets 4 KiB."""
        self.assertIsNone(take_early(bytearray(struct.pack(">I", 4096))))
        self.assertRaises(OversizeError, take_early, bytearray(struct.pack(">I", 4097)))

    @given(st.binary(max_size=200))
    def test_random_payloads(self, payload: bytes) -> None:
        """A random payload is a handshake frame or a FrameError."""
        try:
            codec.decode_early(payload)
        except FrameError:
            pass
