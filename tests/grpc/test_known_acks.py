"""Acknowledgements that are known by their bytes: they count as those do that are read."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.connections import PushFailed
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.events import Event
from nacos_tw.grpc.engine.frames import DATA, END_STREAM, PADDED, frame
from nacos_tw.grpc.engine.reference import Reference
from nacos_tw.grpc.engine.seam import EngineMaker
from nacos_tw.grpc.known_acks import LONGEST, KnownAcks
from nacos_tw.grpc.messages import OK, Ack, Push
from nacos_tw.grpc.payloads import Metadata, PayloadError, Reader, write_request
from tests.grpc.carriers import Client, Server
from tests.grpc.engine.peers import framed

JAVA = '{"resultCode":200,"errorCode":0,"requestId":"%s","success":true}'
_reader = Reader()


def read(payload: bytes) -> Ack | None:
    """As it is read where nothing is known."""
    try:
        metadata, body = _reader.read(payload)
        return msgspec.json.decode(body, type=Ack) if metadata.type.endswith("Response") else None
    except (PayloadError, msgspec.MsgspecError):
        return None


def payload(body: str, type_: str = "NotifySubscriberResponse", address: str = "") -> bytes:
    return write_request(Metadata(type_, {}, address), body.encode())


def bytes_of(message: bytes, stream: int = 1, flags: int = 0) -> bytes:
    return frame(DATA, flags, stream, framed(message))


def usual(number: int, stream: int = 1) -> bytes:
    return bytes_of(payload(JAVA % number), stream)


class ShapeTests(SynchronousTestCase):
    """What is learnt, and what it is taken for."""

    def setUp(self) -> None:
        self.acks = KnownAcks(read)

    def taught(self, data: bytes, number: int, stream: int = 1) -> bool:
        """Whether bytes are known once they were seen."""
        self.acks.find(data, stream, number)
        return self.acks.find(data, stream, number) is not None

    def test_the_next_number(self) -> None:
        """One that differs in the number alone is known, whatever the digits."""
        self.assertIsNone(self.acks.find(usual(1234), 1, 1234))
        self.assertTrue(self.taught(usual(1234), 1234))
        for number in (1235, 9999, 1000):
            found = self.acks.find(usual(number), 1, number)
            assert found is not None
            self.assertEqual(found.resultCode, OK)
        self.assertIsNone(self.acks.find(usual(12345), 1, 12345))
        self.assertTrue(self.taught(usual(12345), 12345))

    def test_of_another_push(self) -> None:
        """Not even if its number stands somewhere."""
        self.assertTrue(self.taught(usual(1234), 1234))
        for number in (4321, 123, 200, 12345):
            self.assertIsNone(self.acks.find(usual(1234), 1, number))

    def test_as_other_clients_write(self) -> None:
        """Members in any order, a number as such, another type and an address with the same digits."""
        for body in (
            '{"requestId":"%s","resultCode":200}',
            '{ "resultCode" : 200, "requestId" : %s, "message" : null }',
            '{"success":false,"requestId":"%s","message":"","resultCode":200,"errorCode":0}',
        ):
            for type_ in ("NotifySubscriberResponse", "ConfigChangeNotifyResponse"):
                data = [bytes_of(payload(body % number, type_, "192.168.47.11")) for number in (47, 11)]
                self.assertTrue(self.taught(data[0], 47))
                self.assertIsNotNone(self.acks.find(data[1], 1, 11))

    def test_other_streams(self) -> None:
        self.assertTrue(self.taught(usual(1234, 3), 1234, 3))
        self.assertIsNone(self.acks.find(usual(1234, 3), 1, 1234))
        self.assertIsNone(self.acks.find(usual(1234, 1), 1, 1234))
        self.assertFalse(self.taught(usual(1234, 5), 1234, 1))

    def test_never_learnt(self) -> None:
        """What is no success, no answer, not one whole frame, or has the number elsewhere."""
        message = payload(JAVA % 1234)
        for data in (
            bytes_of(payload('{"resultCode":500,"requestId":"1234"}')),
            bytes_of(payload('{"requestId":"1234"}')),
            bytes_of(payload('{"resultCode":200,"requestId":"1234"}', "NotifySubscriberRequest")),
            bytes_of(payload('{"resultCode":200,"requestId":"12345"}')),
            bytes_of(payload('{"resultCode":200,"requestId":"1","message":"1234"}')),
            bytes_of(payload('{"resultCode":200,"requestId":"1234","message":"1234"}')),
            bytes_of(payload('{"requestId":"1234","resultCode":200,"requestId":"77"}')),
            bytes_of(payload('{"resultCode":200,"requestId":"1234"')),
            bytes_of(payload('{"resultCode":200,"requestId":"1234","message":"%s"}' % ("x" * LONGEST))),
            bytes_of(message, flags=END_STREAM),
            frame(DATA, PADDED, 1, b"\0" + framed(message)),
            frame(DATA, 0, 1, framed(message)[:-1]),
            frame(DATA, 0, 1, b"\1" + framed(message)[1:]),
            bytes_of(message) + bytes_of(message),
            bytes_of(message)[:-1],
            frame(8, 0, 1, b"\0\0\1\0") + bytes_of(message),
            frame(8, 0, 1, b"1234"),
            b"\0" * 20 + b"1234",
            b"1234",
        ):
            self.assertFalse(self.taught(data, 1234), data)

    def test_a_number_of_another_length(self) -> None:
        """The frame and the payload say how long they are: what does not fit these is not taken for it."""
        data = usual(1234)
        self.assertTrue(self.taught(data, 1234))
        for number in (123, 12345):
            self.assertIsNone(self.acks.find(data.replace(b"1234", b"%d" % number), 1, number))

    def test_random(self) -> None:
        """Whatever is learnt: what is found says, when it is read, that just this push was taken."""
        dice = random.Random(11)
        found = 0
        for _ in range(3000):
            first, number = (dice.randrange(1, 10 ** dice.randint(1, 4)) for _ in range(2))
            members = [
                dice.choice(('"resultCode":200', '"resultCode":201', f'"resultCode":{first}')),
                dice.choice(('"requestId":"%d"', '"requestId":%d', '"requestId":"0%d"', '"x":"%d"')) % first,
                dice.choice(('"requestId":"%d"', '"message":"%d"', '"errorCode":%d', '"y":%d')) % first,
            ]
            dice.shuffle(members)
            body = ",".join(members[: dice.randint(1, 3)])
            data = bytes_of(
                payload("{" + body + "}", dice.choice(("AResponse", "BRequest", "C1Response")), dice.choice("1a"))
            )
            self.acks.find(data, 1, first)
            other = data.replace(b"%d" % first, b"%d" % number, dice.randint(1, 2))
            if self.acks.find(other, 1, number) is not None:
                found += 1
                said = read(other[14:])
                assert said is not None, other
                self.assertEqual((said.number, said.resultCode, len(other)), (number, OK, 9 + other[2]), other)
        self.assertGreater(found, 10)

    def test_bounded(self) -> None:
        """Clients that answer in ever new ways fill no memory, and the usual way is learnt again."""
        acks = KnownAcks(read, most=64)
        for number in range(1000):
            body = f'{{"resultCode":200,"requestId":"7777","message":"{number}"}}'
            acks.find(bytes_of(payload(body)), 1, 7777)
        self.assertLessEqual(acks.remembered, 65)
        self.assertIsNone(acks.find(usual(7777), 1, 7777))
        self.assertIsNotNone(acks.find(usual(8888), 1, 8888))


class Counting(Connection):
    """Counts what it takes apart."""

    received = 0

    def receive(self, data: bytes, now: float) -> list[Event]:
        Counting.received += 1
        return super().receive(data, now)


def notice() -> Push:
    return Push("NotifySubscriberRequest", {}, "naming")


class Waiter:
    """Notes what becomes of pushes."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def taken(self, number: int, ack: Ack) -> None:
        self.heard.append(number)

    def not_taken(self, number: int, why: str) -> None:
        self.heard.append((number, why))


class AnsweringTests(SynchronousTestCase):
    """Clients of a carrier."""

    engine: EngineMaker = Counting

    def setUp(self) -> None:
        self.server = Server(engine=self.engine)
        self.client = self.server.client()
        self.client.setup()
        self.waiter = Waiter()
        for _ in range(1000):  # so that numbers have four digits
            self.pushed()

    def pushed(self, client: Client | None = None) -> int:
        carrier = (client or self.client).carrier
        return self.server.connections.send(carrier.client, notice(), self.waiter, self.server.clock.seconds() + 3)

    def answer(self, number: int, body: str = JAVA) -> None:
        self.client.say("NotifySubscriberResponse", (body % number).encode())

    def late(self) -> None:
        """The answers to all before do not come."""
        self.server.clock.pump([1] * 4)
        self.waiter.heard.clear()

    def test_not_taken_apart(self) -> None:
        """After the first of a kind they are told by their bytes, those of other clients too."""
        other = self.server.client()
        other.setup()
        self.late()
        self.answer(self.pushed())
        before = Counting.received
        for client in (self.client, other):
            for _ in range(100):
                client.carrier.dataReceived(usual(self.pushed(client), client.stream))
        self.assertEqual(self.server.counters.acks, 201)
        if self.engine is Counting:
            self.assertEqual(Counting.received, before)

    def test_many(self) -> None:
        """Each counts once, and the client's windows are given back: it goes on for ever."""
        self.late()
        for _ in range(3000):
            self.answer(self.pushed())
        self.assertEqual(self.waiter.heard, list(range(1001, 4001)))
        counters = self.server.counters
        self.assertEqual((counters.acks, self.server.connections.waiting, self.client.ended), (3000, 0, None))
        self.assertEqual(self.client.ask("HealthCheckRequest")[0], "HealthCheckResponse")

    def test_several_waiting(self) -> None:
        """In any order, twice, of pushes that nobody waits for, together and in parts."""
        self.late()
        first, second, third = (self.pushed() for _ in range(3))
        self.answer(second)
        self.answer(second)
        self.answer(first)
        self.answer(8888)
        self.assertEqual(self.waiter.heard, [second, first])
        stream = self.client.stream
        four, five = self.pushed(), self.pushed()
        data = usual(third, stream) + usual(four, stream)
        self.client.carrier.dataReceived(data[:-3])
        self.client.carrier.dataReceived(data[-3:] + usual(five, stream)[:5])
        self.client.carrier.dataReceived(usual(five, stream)[5:])
        self.assertEqual(self.waiter.heard, [second, first, third, four, five])

    def test_behind_the_beginning_of_a_frame(self) -> None:
        """Bytes that look like an answer, in the middle of something else, are that else."""
        self.late()
        self.answer(self.pushed())
        number = self.pushed()
        data = usual(number, self.client.stream)
        self.client.carrier.dataReceived(frame(0xB0, 0, 0, data)[:9])
        self.client.carrier.dataReceived(data)
        self.assertEqual(self.waiter.heard, [number - 1])

    def test_the_same_with_failure(self) -> None:
        self.late()
        self.answer(self.pushed())
        number = self.pushed()
        self.answer(number, '{"resultCode":500,"errorCode":0,"requestId":"%s","success":true}')
        self.assertEqual(self.waiter.heard, [number - 1, (number, "the client answered with 500")])

    def test_closed_streams(self) -> None:
        """Nobody answers on a stream that has ended."""
        self.late()
        self.answer(self.pushed())
        number, stream = self.pushed(), self.client.stream
        self.client.http.end_stream(stream)
        self.client.turn()
        self.assertEqual(self.waiter.heard, [number - 1, (number, "the client is gone")])
        self.client.carrier.dataReceived(usual(number, stream))
        self.assertEqual(self.server.counters.acks, 1)

    def test_who_fails_on_hearing_of_it(self) -> None:
        """Is logged; the connection goes on."""
        self.late()

        def broken(number: int, ack: Ack) -> None:
            raise ZeroDivisionError

        for _ in range(3):
            self.waiter.taken = broken  # type: ignore[method-assign]
            self.answer(self.pushed())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertEqual((self.server.counters.failures, self.server.connections.waiting), (3, 0))
        self.assertTrue(self.client.transport.connected)

    def test_a_client_that_answers_is_not_silent(self) -> None:
        self.late()
        for _ in range(30):
            self.server.clock.advance(1)
            self.answer(self.pushed())
        self.assertEqual([type_ for type_, _ in self.client.pushed if type_ != "NotifySubscriberRequest"], [])

    def test_answers_with_more(self) -> None:
        """Who asked is given what the answer says."""
        connections = self.server.connections
        self.late()
        for _ in range(3):
            done = connections.push(self.client.carrier.client, notice(), 3.0)
            number = self.pushed() - 1
            self.answer(number, '{"resultCode":200,"requestId":"%s","metrics":{"a":"b"}}')
            self.assertEqual(self.successResultOf(done).metrics, {"a": "b"})
        self.client.transport.loseConnection()
        self.failureResultOf(connections.push(self.client.carrier.client, notice(), 3.0), PushFailed)


class ReferenceAnsweringTests(AnsweringTests):
    """The same on h2, which sees all bytes."""

    engine = Reference
