"""Queries and answers as bytes."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.dns import messages
from nacos_tw.dns.messages import Refusal, parse, record, write
from tests.dns.queries import OPT, query, read


class ParseTests(SynchronousTestCase):
    """What a query says."""

    def refused(self, data: bytes) -> tuple[int, bytes]:
        """The code that a query is refused with, and the reply."""
        refusal = self.assertRaises(Refusal, parse, data)
        return refusal.code, refusal.reply

    def test_plain(self) -> None:
        """Name, type, id, and no EDNS: 512 bytes."""
        found = parse(query("Orders.nacos", dns.AAAA, id=4711))
        assert found is not None
        self.assertEqual((found.id, found.labels, found.type), (4711, (b"Orders", b"nacos"), dns.AAAA))
        self.assertEqual((found.size, found.edns), (512, False))

    def test_edns(self) -> None:
        """What a client says it takes counts within limits."""
        for said, counts in ((100, 512), (1000, 1000), (4096, 1232)):
            found = parse(query("a.nacos", size=said))
            assert found is not None
            self.assertEqual((found.size, found.edns), (counts, True))

    def test_transfers(self) -> None:
        """Copies of a zone are refused (RFC 5936, 2.2.1): an empty one would be taken for broken."""
        for type in (251, 252):
            code, reply = self.refused(query("nacos", type))
            self.assertEqual((code, read(reply).rCode), (5, 5))

    def test_dot_in_a_label(self) -> None:
        """A label may hold a dot; it is not two labels then."""
        data = query("x.nacos").replace(b"\x01x\x05", b"\x05a.b.c\x05")
        found = parse(data)
        assert found is not None
        self.assertEqual(found.labels, (b"a.b.c", b"nacos"))
        self.assertIn(b"\x05a.b.c\x05nacos\x00", write(found, 0))

    def test_silence(self) -> None:
        """What is too short, and answers, which might be sent to and fro for ever."""
        self.assertIsNone(parse(b"12345678901"))
        self.assertIsNone(parse(write(parse(query("a.nacos")), 0)))  # type: ignore[arg-type]

    def test_refusals(self) -> None:
        """Other operations, several questions or none, broken names, other versions and families."""
        plain = query("a.nacos")
        self.assertEqual(self.refused(plain[:2] + b"\x28\x00" + plain[4:])[0], messages.NOT_IMPLEMENTED)
        self.assertEqual(self.refused(plain[:4] + b"\x00\x02" + plain[6:] + plain[12:])[0], messages.FORMAT_ERROR)
        self.assertEqual(self.refused(plain[:4] + b"\x00\x00" + plain[6:12])[0], messages.FORMAT_ERROR)
        self.assertEqual(self.refused(plain[:12] + b"\xc0\x0c\x00\x01\x00\x01")[0], messages.FORMAT_ERROR)
        self.assertEqual(self.refused(plain[:15])[0], messages.FORMAT_ERROR)
        self.assertEqual(self.refused(query("a.nacos", family=3))[0], messages.REFUSED)

    def test_version(self) -> None:
        """A later EDNS is told which there is: the upper bits of the code stand in the OPT record."""
        code, reply = self.refused(query("a.nacos", size=1232, version=1))
        self.assertEqual(code, messages.BAD_VERSION)
        (option,) = read(reply).additional
        self.assertEqual((option.type, option.ttl >> 24, read(reply).rCode), (OPT, 1, 0))

    @given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=20))
    def test_anything(self, data: bytes, at: int, mutation: bytes) -> None:
        """Whatever comes, it is a query, is refused, or is left alone."""
        plain = query("orders.prod.nacos", size=1232)
        for each in (data, plain[:at] + mutation + plain[at + len(mutation) :]):
            try:
                parse(each)
            except Refusal as refusal:
                self.assertGreaterEqual(len(refusal.reply), 12)


class WriteTests(SynchronousTestCase):
    """Answers, read by somebody else."""

    def test_records(self) -> None:
        """The question comes back as it was, records behind it."""
        asked = parse(query("OrDers.NACOS", size=1232))
        assert asked is not None
        reply = read(write(asked, 0, [record(dns.A, 60, b"\x0a\x00\x00\x01")], authoritative=True))
        self.assertEqual((reply.id, reply.answer, reply.auth, reply.trunc, reply.recDes), (7, 1, 1, 0, 1))
        self.assertEqual(reply.recAv, 0)
        self.assertEqual(reply.queries[0].name.name, b"OrDers.NACOS")
        (answer,) = reply.answers
        self.assertEqual((answer.name.name, answer.ttl), (b"OrDers.NACOS", 60))
        self.assertEqual(answer.payload.dottedQuad(), "10.0.0.1")

    def test_too_long(self) -> None:
        """What is additional goes first; then all goes, and the client is told to come again."""
        asked = parse(query("orders.nacos"))
        assert asked is not None
        answers = [record(dns.A, 60, struct.pack("!I", each)) for each in range(30)]
        reply = read(write(asked, 0, answers, additional=[b"x"], size=512))
        self.assertEqual((len(reply.answers), reply.trunc, reply.additional), (30, 0, []))
        reply = read(write(asked, 0, answers * 2, size=512))
        self.assertEqual((reply.answers, reply.trunc, reply.rCode), ([], 1, 0))
        self.assertEqual(len(read(write(asked, 0, answers * 2, size=65535)).answers), 60)
