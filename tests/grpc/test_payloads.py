"""Payload, by hand and by protobuf."""

from __future__ import annotations

import random
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.payloads import Metadata, PayloadError, Reader, write, write_request


def payload_class() -> Any:
    """The message as nacos_grpc_service.proto declares it."""
    file = descriptor_pb2.FileDescriptorProto(name="nacos_grpc_service.proto", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    metadata = file.message_type.add(name="Metadata")
    metadata.field.add(name="type", number=3, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    metadata.field.add(name="clientIp", number=8, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    entry = metadata.nested_type.add(name="HeadersEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    metadata.field.add(
        name="headers",
        number=7,
        type=kinds.TYPE_MESSAGE,
        label=kinds.LABEL_REPEATED,
        type_name=".Metadata.HeadersEntry",
    )
    any_ = file.message_type.add(name="Any")
    any_.field.add(name="type_url", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    any_.field.add(name="value", number=2, type=kinds.TYPE_BYTES, label=kinds.LABEL_OPTIONAL)
    payload = file.message_type.add(name="Payload")
    payload.field.add(
        name="metadata", number=2, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_OPTIONAL, type_name=".Metadata"
    )
    payload.field.add(name="body", number=3, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_OPTIONAL, type_name=".Any")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Payload"))


PAYLOAD = payload_class()


def theirs(data: bytes) -> tuple[Metadata, bytes]:
    found = PAYLOAD.FromString(data)
    metadata = found.metadata
    return Metadata(metadata.type, dict(metadata.headers), metadata.clientIp), found.body.value


def text(dice: random.Random) -> str:
    return "".join(dice.choice("aB-_.:1 ä中\U0001f600") for _ in range(dice.randrange(dice.choice([3, 20, 200]))))


class PayloadTests(SynchronousTestCase):
    """What we read and write is what protobuf reads and writes."""

    def setUp(self) -> None:
        self.reader = Reader()

    def test_requests(self) -> None:
        """Requests of clients, remembered metadata or not."""
        for seed in range(300):
            dice = random.Random(seed)
            headers = {text(dice): text(dice) for _ in range(dice.randrange(5))}
            sent = PAYLOAD()
            sent.metadata.type = text(dice)
            sent.metadata.clientIp = text(dice)
            sent.metadata.headers.update(headers)
            sent.body.value = dice.randbytes(dice.choice([0, 5, 125, 126, 127, 128, 300, 70_000]))
            if seed % 3 == 0:
                sent.body.type_url = "x"
            data = sent.SerializeToString()
            for _ in range(2):
                self.assertEqual(self.reader.read(data), theirs(data), seed)
            metadata = Metadata(sent.metadata.type, headers, sent.metadata.clientIp)
            self.assertEqual(theirs(write_request(metadata, sent.body.value)), (metadata, sent.body.value))

    def test_responses(self) -> None:
        """What we write, with bodies around each size at which a length takes another byte."""
        for size in (0, 1, 123, 124, 125, 126, 127, 128, 129, 16_380, 16_381, 16_382, 16_383, 16_384, 3_000_000):
            body = b"x" * size
            self.assertEqual(theirs(write("InstanceResponse", body)), (Metadata("InstanceResponse"), body), size)
            self.assertEqual(theirs(write("Push", body, "10.0.0.1")), (Metadata("Push", {}, "10.0.0.1"), body), size)

    def test_damaged(self) -> None:
        """What we take of damaged bytes, protobuf takes alike."""
        whole = write_request(
            Metadata("InstanceRequest", {"app": "a", "accessToken": "t" * 40}, "10.0.0.1"), b'{"a":1}'
        )
        taken = 0
        for seed in range(4000):
            dice = random.Random(seed)
            data = bytearray(whole)
            for _ in range(dice.randint(1, 3)):
                at = dice.randrange(len(data))
                data[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
            try:
                found = self.reader.read(bytes(data))
            except PayloadError:
                continue
            taken += 1
            try:
                expected = theirs(bytes(data))
            except DecodeError:
                self.fail(f"example {seed}: protobuf refuses {bytes(data)!r}")
            # protobuf drops an entry of a map that has an unknown field in it.
            headers = found[0].headers
            self.assertTrue(expected[0].headers.items() <= headers.items(), seed)
            for mine, other in zip(
                *((read.type, read.client_ip, body) for read, body in (found, expected)), strict=True
            ):
                self.assertEqual(mine, other, seed)
        self.assertGreater(taken, 300)

    def test_odd_but_right(self) -> None:
        """Fields in another order, unknown ones, doubled ones."""
        metadata = b"\x1a\x01A\x42\x01i\x3a\x06\x0a\x01k\x12\x01v"
        for data in (
            b"\x1a\x03\x12\x01b" + b"\x12" + bytes((len(metadata),)) + metadata,
            b"\x08\x96\x01\x12\x03\x1a\x01A\x12\x03\x1a\x01B\x1a\x03\x12\x01b",
            b"\x12\x03\x1a\x01A\x12\x03\x42\x01i\x1a\x03\x12\x01b\x1a\x03\x0a\x01u",
            b"\x12\x08\x3a\x06\x0a\x01k\x12\x01v\x25\0\0\0\0\x29\0\0\0\0\0\0\0\0\x18\x05",
            b"",
        ):
            self.assertEqual(self.reader.read(data), theirs(data), data)

    def test_bounds(self) -> None:
        """Too many fields, too large metadata, and what is cut off."""
        for data in (
            b"\x08\x00" * 300,
            write_request(Metadata("T", {"k": "v" * 70_000}), b""),
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x12\x05\x1a",
            b"\x12",
            b"\x12\x03\x1a\x01\xff",
            b"\x0b\x0c",
            b"\x00\x00",
        ):
            self.assertRaises(PayloadError, self.reader.read, data)
