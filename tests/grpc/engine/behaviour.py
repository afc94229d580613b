"""What every engine does. Subclasses say which one."""

from __future__ import annotations

from typing import Any

from hpack import Encoder

from nacos_tw.grpc.engine.events import Cancelled, Drained, HalfClosed, Message, Opened, Ponged, Request
from nacos_tw.grpc.engine.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_SIZE,
    HEADERS,
    PADDED,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Code,
    frame,
)
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.seam import EngineMaker
from nacos_tw.grpc.engine.status import Status
from tests.grpc.engine.peers import GREETING, STREAM, UNARY, Peer, compressed, framed, headers

BLOCK = Encoder().encode(headers(UNARY), huffman=True)
GZIP = ((b"grpc-encoding", b"gzip"),)
STREAM_BLOCK = Encoder().encode(headers(STREAM))


def call_frames(number: int, message: bytes = b"{}", block: bytes = BLOCK) -> bytes:
    """A unary call in two frames."""
    return frame(HEADERS, END_HEADERS, number, block) + frame(DATA, END_STREAM, number, framed(message))


class Base:
    """Helpers for tests of an engine."""

    make: EngineMaker
    assertEqual: Any  # noqa: N815
    assertIn: Any  # noqa: N815
    assertTrue: Any  # noqa: N815
    assertLess: Any  # noqa: N815
    assertIsNone: Any  # noqa: N815
    assertIsNotNone: Any  # noqa: N815
    assertGreater: Any  # noqa: N815

    def peer(self, **more: Any) -> Peer:
        return Peer(type(self).make, **more)

    def ended(self, peer: Peer) -> tuple[int, str]:
        """Code and cause of the end."""
        ended = peer.engine.ended
        assert ended is not None
        return ended.code, ended.cause


class CallTests(Base):
    """Calls that go well, and those that are refused."""

    def test_unary(self) -> None:
        """A call is one event, its answer a message with status 0."""
        peer = self.peer()
        number = peer.call(b"hello")
        (event,) = peer.exchange()
        assert isinstance(event, Request)
        self.assertEqual((event.stream, event.message, event.head.path), (number, b"hello", UNARY))
        peer.engine.answer(number, b"world")
        peer.exchange()
        answer = peer.answers[number]
        self.assertEqual(answer.headers, {b":status": b"200", b"content-type": b"application/grpc"})
        self.assertEqual((answer.messages, answer.status, answer.ended, answer.reset), ([b"world"], 0, True, None))
        self.assertEqual(peer.engine.calls, 0)

    def test_many(self) -> None:
        """Calls of one connection are answered in any order."""
        peer = self.peer()
        numbers = [peer.call(b"%d" % place) for place in range(50)]
        events = peer.exchange()
        self.assertEqual([event.stream for event in events], numbers)
        for event in reversed(events):
            peer.engine.answer(event.stream, b"to " + event.message)
        peer.exchange()
        for place, number in enumerate(numbers):
            self.assertEqual(peer.answers[number].messages, [b"to %d" % place])

    def test_any_cut(self) -> None:
        """It does not matter how the bytes come."""
        data = GREETING + call_frames(1, b"one") + call_frames(3, b"two", Encoder().encode(headers(UNARY)))
        whole = self.peer()
        expected = whole.feed(data)
        self.assertEqual(len(expected), 2)
        for size in (1, 2, 7, 9, 10, 33):
            peer = self.peer()
            for at in range(0, len(data), size):
                peer.feed(data[at : at + size])
            self.assertEqual([(e.stream, e.message) for e in peer.events], [(e.stream, e.message) for e in expected])

    def test_a_message_in_parts(self) -> None:
        """A message may come in many frames, the end of the stream in one of its own."""
        peer = self.peer()
        data = framed(b"x" * 100)
        feed = GREETING + frame(HEADERS, END_HEADERS, 1, BLOCK)
        for at in range(0, len(data), 30):
            feed += frame(DATA, 0, 1, data[at : at + 30])
        peer.feed(feed)
        self.assertEqual(peer.events, [])
        peer.feed(frame(DATA, END_STREAM, 1))
        self.assertEqual([event.message for event in peer.events], [b"x" * 100])

    def test_padding(self) -> None:
        """Padding is taken away, and its window is given back."""
        peer = self.peer()
        data = framed(b"{}")
        peer.feed(
            GREETING
            + frame(HEADERS, END_HEADERS | PADDED, 1, b"\x05" + BLOCK + b"\0" * 5)
            + frame(DATA, END_STREAM | PADDED, 1, b"\xff" + data + b"\0" * 255)
        )
        self.assertEqual([event.message for event in peer.events], [b"{}"])

    def test_largest(self) -> None:
        """A message of 10 MiB passes both ways, though windows are far smaller."""
        peer = self.peer()
        message = bytes(10 * 2**20)
        self._upload(peer, message)
        (event,) = peer.events
        self.assertEqual(event.message, message)
        self.assertEqual(peer.shared.room.used, len(message))
        peer.engine.answer(event.stream, message)
        peer.exchange()
        self.assertEqual(peer.answers[event.stream].messages, [message])
        self.assertEqual(peer.shared.room.used, 0)

    def _upload(self, peer: Peer, message: bytes) -> int:
        """A call whose message is larger than the windows."""
        number = peer.call(None, end=False)
        data = framed(message)
        at = 0
        while at < len(data):
            peer.exchange()
            if peer.answers[number].ended:
                break
            room = min(peer.http.local_flow_control_window(number), 16384, len(data) - at)
            assert room > 0, f"the window stays closed at {at}"
            peer.http.send_data(number, data[at : at + room], end_stream=at + room == len(data))
            at += room
        peer.exchange()
        return number

    def test_too_large(self) -> None:
        """A message that is announced as too large is refused before it comes."""
        peer = self.peer(limits=Limits(message=1000))
        number = peer.call(b"x" * 1001)
        self.assertEqual(peer.exchange(), [])
        self.assertEqual(peer.answers[number].status, Status.RESOURCE_EXHAUSTED)
        self.assertEqual(peer.shared.refused, {"messages": 1})
        number = peer.call(b"x" * 1000)
        self.assertEqual(len(peer.exchange()), 1)

    def test_no_room(self) -> None:
        """Messages in parts share a bounded room; one that finds none is refused, and room comes back."""
        peer = self.peer()
        peer.shared.room.most = 150_000
        first = peer.call(None, end=False)
        peer.http.send_data(first, framed(b"x" * 100_000)[:10_000])
        peer.exchange()
        second = self._upload(peer, b"y" * 60_000)
        self.assertEqual(peer.answers[second].status, Status.RESOURCE_EXHAUSTED)
        peer.http.reset_stream(first)
        peer.exchange()
        self.assertEqual(peer.shared.room.used, 0)
        self._upload(peer, b"y" * 60_000)
        self.assertEqual(peer.events[-1].message, b"y" * 60_000)

    def test_unknown_method(self) -> None:
        """A method that is not served is UNIMPLEMENTED."""
        peer = self.peer()
        number = peer.call(path=b"/grpc.health.v1.Health/Check")
        self.assertEqual(peer.exchange(), [])
        answer = peer.answers[number]
        self.assertEqual(answer.status, Status.UNIMPLEMENTED)
        self.assertEqual(answer.headers[b"grpc-message"], b"Method not found: grpc.health.v1.Health/Check")

    def test_other_encodings(self) -> None:
        """Messages in an encoding that is not known are UNIMPLEMENTED, and the answer says what is taken."""
        peer = self.peer()
        for name in (b"deflate", b"snappy", b"GZIP", b"gzip, gzip", b""):
            number = peer.call(more=((b"grpc-encoding", name),))
            self.assertEqual((name, peer.exchange()), (name, []))
            self.assertEqual(peer.answers[number].status, Status.UNIMPLEMENTED)
            self.assertEqual(peer.answers[number].headers[b"grpc-accept-encoding"], b"identity,gzip")
        fine = peer.call(more=((b"grpc-encoding", b"identity"), (b"grpc-accept-encoding", b"identity,gzip")))
        self.assertEqual([event.stream for event in peer.exchange()], [fine])

    def zipped(self, peer: Peer, body: bytes, path: bytes = UNARY, end: bool = True) -> int:
        """A call that says gzip, with these bytes."""
        number = peer.call(None, path, end=False, more=GZIP)
        for at in range(0, len(body), 10_000):
            peer.http.send_data(number, body[at : at + 10_000], end_stream=end and at + 10_000 >= len(body))
            peer.exchange()
        return number

    def test_gzip(self) -> None:
        """A compressed message is given as it was, and not every message of such a call needs to be compressed."""
        peer = self.peer()
        for body in (compressed(b"{}"), compressed(b""), framed(b"{}"), compressed(b"x" * 1_000_000)):
            number = self.zipped(peer, body)
            (event,) = peer.exchange() or peer.events[-1:]
            assert isinstance(event, Request)
            self.assertEqual(event.stream, number)
            peer.engine.answer(number, b"fine")
            peer.exchange()
            self.assertEqual(peer.answers[number].messages, [b"fine"])
        found = [event.message for event in peer.events if isinstance(event, Request)]
        self.assertEqual(found, [b"{}", b"", b"{}", b"x" * 1_000_000])
        self.assertEqual((peer.shared.room.used, peer.shared.refused), (0, {}))

    def test_gzip_in_parts(self) -> None:
        """However it is cut."""
        peer = self.peer()
        body = compressed(bytes(range(256)), 0)
        number = peer.call(None, end=False, more=GZIP)
        for at in range(len(body)):
            peer.http.send_data(number, body[at : at + 1], end_stream=at + 1 == len(body))
            peer.exchange()
        (event,) = peer.events
        assert isinstance(event, Request)
        self.assertEqual(event.message, bytes(range(256)))

    def test_gzip_both_ways(self) -> None:
        """Its room is held until the message is handled."""
        peer = self.peer()
        number = self.zipped(peer, compressed(b"a" * 5000) + framed(b"b") + compressed(b"c"), STREAM, end=False)
        self.assertEqual(peer.events[1:], [Message(number, each) for each in (b"a" * 5000, b"b", b"c")])
        self.assertEqual(peer.shared.room.used, 5001)
        peer.engine.consumed(number)
        self.assertEqual(peer.shared.room.used, 0)
        peer.http.send_data(number, compressed(b"d"), end_stream=True)
        self.assertEqual(peer.exchange(), [Message(number, b"d"), HalfClosed(number)])

    def test_gzip_too_large(self) -> None:
        """What is larger than a message may be, once it is inflated, is refused as if it were not compressed."""
        peer = self.peer(limits=Limits(message=1000))
        number = self.zipped(peer, compressed(b"x" * 1001))
        self.assertEqual(peer.events, [])
        self.assertEqual(peer.answers[number].status, Status.RESOURCE_EXHAUSTED)
        self.assertEqual((peer.shared.refused, peer.shared.room.used), ({"messages": 1}, 0))
        self.zipped(peer, compressed(b"x" * 1000))
        self.assertEqual(len(peer.events), 1)
        number = self.zipped(peer, compressed(bytes(1000), 0))  # stored: larger than it was
        self.assertEqual(peer.answers[number].status, Status.RESOURCE_EXHAUSTED)

    def test_gzip_no_room(self) -> None:
        """Messages that are small only on their way share the room of large ones."""
        peer = self.peer()
        peer.shared.room.most = 150_000
        first = self.zipped(peer, compressed(b"x" * 100_000))
        second = self.zipped(peer, compressed(b"y" * 100_000))
        self.assertEqual(peer.answers[second].status, Status.RESOURCE_EXHAUSTED)
        peer.engine.answer(first, b"")
        self.assertEqual(peer.shared.room.used, 0)
        self.zipped(peer, compressed(b"y" * 100_000))
        self.assertEqual([each.message[:1] for each in peer.events], [b"x", b"y"])

    def test_gzip_damaged(self) -> None:
        """What is not what gzip makes ends the call: cut off, changed, with something behind it, or no gzip at all."""
        peer = self.peer()
        good = compressed(b"some message")[5:]
        for data in (b"", good[:-1], good[:20] + b"!" + good[21:], good + b"x", good + good, b"{}", good[10:-8]):
            number = self.zipped(peer, b"\1" + len(data).to_bytes(4, "big") + data)
            self.assertEqual((data, peer.events), (data, []))
            self.assertEqual(peer.answers[number].status, Status.INTERNAL)
        self.assertEqual(peer.shared.room.used, 0)

    def test_gzip_bombs(self) -> None:
        """Now and then they are refused; a peer that sends many is ended. Content of the usual kind is no bomb."""
        peer = self.peer()
        bomb = compressed(bytes(2**20 * 11))
        for _ in range(3):
            number = self.zipped(peer, bomb)
            self.assertEqual(peer.answers[number].status, Status.RESOURCE_EXHAUSTED)
        for _ in range(20):
            if peer.engine.ended is None:
                self.zipped(peer, bomb)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "controls"))
        peer = self.peer()
        usual = compressed(b"".join(b"key.%d=value %x\n" % (n, n * 2654435761 % 2**32) for n in range(10_000)))
        for _ in range(100):
            peer.engine.answer(self.zipped(peer, usual), b"")
        self.assertEqual((len(peer.events), peer.engine.ended), (100, None))

    def test_compressed_flag(self) -> None:
        """Without that header, and of a kind that is not known, a message is refused."""
        peer = self.peer()
        for flag, more in ((b"\1", ()), (b"\1", ((b"grpc-encoding", b"identity"),)), (b"\2", GZIP), (b"\xff", ())):
            number = peer.call(None, end=False, more=more)
            peer.http.send_data(number, flag + b"\0\0\0\2{}", end_stream=True)
            self.assertEqual(peer.exchange(), [])
            self.assertEqual(peer.answers[number].status, Status.INTERNAL)

    def test_timeout(self) -> None:
        """grpc-timeout is given to the owner in seconds; a malformed one is refused."""
        peer = self.peer()
        for text, seconds in ((b"3S", 3.0), (b"2999m", 2.999), (b"1H", 3600.0), (b"10M", 600.0), (b"500000u", 0.5)):
            number = peer.call(more=((b"grpc-timeout", text),))
            (event,) = peer.exchange()
            self.assertEqual(event.head.timeout, seconds)
        for text in (b"3", b"S", b"123456789S", b"-1S", b"3s", b"1.5S"):
            number = peer.call(more=((b"grpc-timeout", text),))
            self.assertEqual((text, peer.exchange()), (text, []))
            self.assertEqual(peer.answers[number].status, Status.INTERNAL)

    def test_message_counts(self) -> None:
        """A unary call has exactly one message."""
        peer = self.peer()
        none = peer.call(None)
        two = peer.call(b"1", end=False)
        peer.http.send_data(two, framed(b"2"), end_stream=True)
        self.assertEqual(peer.exchange(), [])
        self.assertEqual((peer.answers[none].status, peer.answers[two].status), (Status.INTERNAL, Status.INTERNAL))

    def test_not_grpc(self) -> None:
        """A browser is told what this port is."""
        peer = self.peer()
        plain = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", b"/nacos/")]
        peer.http.send_headers(1, plain, end_stream=True)
        posted = [(b":method", b"POST"), *plain[1:], (b"content-type", b"application/json")]
        peer.http.send_headers(3, posted)
        peer.http.send_data(3, b"{}", end_stream=True)
        self.assertEqual(peer.exchange(), [])
        self.assertEqual([peer.answers[n].headers[b":status"] for n in (1, 3)], [b"405", b"415"])
        self.assertTrue(peer.answers[1].data.startswith(b"This port speaks gRPC"))
        self.assertTrue(peer.answers[3].ended)

    def test_message_of_trailers(self) -> None:
        """A text for the client is percent-encoded, and bounded."""
        peer = self.peer()
        number = peer.call()
        peer.exchange()
        peer.engine.finish(number, Status.UNKNOWN, "100%: 中\n")
        peer.exchange()
        self.assertEqual(peer.answers[number].headers[b"grpc-message"], b"100%25: %E4%B8%AD%0A")
        number = peer.call()
        peer.exchange()
        peer.engine.finish(number, Status.UNKNOWN, "中" * 9000)
        peer.exchange()
        text = peer.answers[number].headers[b"grpc-message"]
        self.assertEqual(len(text), 1017)
        self.assertTrue(text.endswith(b"%E4%B8%AD"))
        for blank in (" a b ", "a b" + " " * 9000 + "c"):
            number = peer.call()
            peer.exchange()
            peer.engine.finish(number, Status.UNKNOWN, blank)
            peer.exchange()
            self.assertEqual(peer.answers[number].headers[b"grpc-message"], b"a b")
        number = peer.call(path=b"/")
        peer.exchange()
        self.assertEqual(peer.answers[number].headers[b"grpc-message"], b"Method not found:")

    def test_cancelled(self) -> None:
        """The owner hears that a client gives up; what it answers then goes nowhere."""
        peer = self.peer()
        number = peer.call()
        peer.exchange()
        peer.http.reset_stream(number, Code.CANCEL)
        self.assertEqual(peer.exchange(), [Cancelled(number)])
        peer.engine.answer(number, b"late")
        peer.engine.finish(number)
        self.assertEqual(peer.engine.take(), b"")
        self.assertEqual(peer.engine.calls, 0)

    def test_slow_call(self) -> None:
        """A call that does not come completely is ended."""
        peer = self.peer()
        number = peer.call(b"x", end=False)
        both = peer.call(None, STREAM, end=False)
        peer.exchange()
        peer.now += 61
        peer.events += peer.engine.sweep(peer.now)
        peer.exchange()
        self.assertEqual(peer.answers[number].status, Status.CANCELLED)
        self.assertEqual(peer.answers[number].reset, Code.NO_ERROR)
        self.assertEqual((peer.answers[both].ended, peer.engine.calls), (False, 1))
        self.assertEqual(peer.shared.refused, {"slow": 1})

    def test_early_end(self) -> None:
        """A call that is answered before it has come completely takes no harm from what still comes."""
        peer = self.peer()
        number = peer.call(None, path=b"/no/such", end=False)
        peer.feed(peer.http.data_to_send() + frame(DATA, 0, number, b"x" * 100) + frame(DATA, END_STREAM, number))
        peer.exchange()
        self.assertEqual(peer.answers[number].status, Status.UNIMPLEMENTED)
        self.assertIn(peer.answers[number].reset, (None, 0))
        self.assertIsNone(peer.engine.ended)


class StreamTests(Base):
    """Calls with messages both ways."""

    def opened(self, peer: Peer) -> int:
        number = peer.call(b"setup", STREAM, end=False)
        peer.exchange()
        return number

    def test_both_ways(self) -> None:
        """Messages go both ways until both have ended."""
        peer = self.peer()
        number = self.opened(peer)
        opened, message = peer.events
        assert isinstance(opened, Opened)
        self.assertEqual((opened.stream, opened.head.path), (number, STREAM))
        self.assertEqual(message, Message(number, b"setup"))
        self.assertTrue(peer.engine.send(number, b"push"))
        peer.exchange()
        self.assertEqual(peer.answers[number].messages, [b"push"])
        peer.http.send_data(number, framed(b"ack") + framed(b"ack2"), end_stream=True)
        self.assertEqual(peer.exchange(), [Message(number, b"ack"), Message(number, b"ack2"), HalfClosed(number)])
        self.assertTrue(peer.engine.send(number, b"more"))
        peer.engine.finish(number)
        self.assertEqual(peer.engine.send(number, b"late"), False)
        peer.exchange()
        answer = peer.answers[number]
        self.assertEqual((answer.messages, answer.status, answer.reset), ([b"push", b"more"], 0, None))

    def test_one_message_to_many(self) -> None:
        """The same bytes, to streams of several connections."""
        peer = self.peer()
        other = Peer(type(self).make, shared=peer.shared)
        peer.call()
        first, second, third = self.opened(peer), self.opened(peer), self.opened(other)
        message, more = b"push" * 100, b"more" * 100
        for each in (message, message, more):
            for whose, number in ((peer, first), (peer, second), (other, third), (peer, second)):
                self.assertTrue(whose.engine.send(number, each))
        for whose in (peer, other):
            whose.exchange()
        self.assertEqual(peer.answers[first].messages, [message, message, more])
        self.assertEqual(peer.answers[second].messages, [message] * 4 + [more] * 2)
        self.assertEqual(other.answers[third].messages, [message, message, more])

    def test_long_messages_to_many(self) -> None:
        """Longer than a frame: as far as the windows let them, in frames that anybody takes."""
        sizes = [FRAME_SIZE - 5, FRAME_SIZE - 4, 2 * FRAME_SIZE - 5, 2 * FRAME_SIZE - 4, 100_000, 300_000, 10, 60_000]
        messages = [bytes([number]) * size for number, size in enumerate(sizes)]
        for window in (65_535, 10**6):
            peer = self.peer(window=window, limits=Limits(pushes=2**21))
            peer.http.increment_flow_control_window(window)
            streams = [self.opened(peer), self.opened(peer)]
            for message in messages:
                for stream in streams:
                    self.assertTrue(peer.engine.send(stream, message))
                if window > 65_535:
                    self.assertEqual([peer.engine.queued(stream) for stream in streams], [0, 0])
                    peer.exchange()
            peer.exchange()
            for stream in streams:
                self.assertEqual([len(each) for each in peer.answers[stream].messages], sizes)
                self.assertEqual(peer.answers[stream].messages, messages)

    def test_begun(self) -> None:
        """The first headers go out when they are wanted, once; messages and the end follow."""
        peer = self.peer()
        number = self.opened(peer)
        self.assertEqual(peer.answers[number].headers, {})
        peer.engine.begin(number)
        peer.exchange()
        self.assertEqual(peer.answers[number].headers[b":status"], b"200")
        self.assertEqual((peer.answers[number].messages, peer.answers[number].ended), ([], False))
        peer.engine.begin(number)
        self.assertTrue(peer.engine.send(number, b"push"))
        peer.engine.finish(number)
        peer.engine.begin(number)
        peer.exchange()
        answer = peer.answers[number]
        self.assertEqual((answer.messages, answer.status, answer.ended), ([b"push"], 0, True))

    def test_finished_by_server(self) -> None:
        """When we end a call that the client has not, it is told that as well."""
        peer = self.peer()
        number = self.opened(peer)
        peer.engine.finish(number)
        peer.exchange()
        self.assertEqual((peer.answers[number].status, peer.answers[number].reset), (0, Code.NO_ERROR))

    def test_cut_off_message(self) -> None:
        """The end of a stream in the middle of a message is an error."""
        peer = self.peer()
        number = self.opened(peer)
        peer.http.send_data(number, framed(b"ack")[:-1], end_stream=True)
        self.assertEqual(peer.exchange(), [Cancelled(number)])
        self.assertEqual(peer.answers[number].headers[b"grpc-status"], b"13")

    def test_messages_are_not_consumed(self) -> None:
        """A client cannot send on while its messages are not handled; then it can."""
        peer = self.peer(limits=Limits(window=2**17))
        number = self.opened(peer)
        sent = 0
        while peer.http.local_flow_control_window(number) > 1005:
            peer.http.send_data(number, framed(b"x" * 1000))
            sent += 1
            peer.exchange()
            assert sent < 1000
        self.assertGreater(sent, 30)
        peer.engine.consumed(number)
        peer.exchange()
        self.assertGreater(peer.http.local_flow_control_window(number), 30_000)

    def test_unread_pushes(self) -> None:
        """A client that does not read gets a bounded queue, then its connection ends."""
        peer = self.peer(limits=Limits(pushes=10_000))
        peer.reads = False
        number = self.opened(peer)
        pushed = 0
        while peer.engine.send(number, bytes(1000)):
            pushed += 1
            assert pushed < 1000
            self.assertLess(peer.engine.queued(number), 11_100)
            peer.exchange()
        self.assertGreater(pushed, 60)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "unread"))
        self.assertEqual(peer.engine.lost(), [Cancelled(number)])

    def test_one_large_push(self) -> None:
        """One message may be larger than the queue."""
        peer = self.peer(limits=Limits(pushes=10_000))
        number = self.opened(peer)
        self.assertTrue(peer.engine.send(number, bytes(200_000)))
        self.assertGreater(peer.engine.queued(number), 100_000)
        peer.exchange()
        self.assertEqual(peer.answers[number].messages, [bytes(200_000)])
        self.assertEqual(peer.events[-1], Drained(number))
        self.assertEqual(peer.engine.queued(number), 0)

    def test_choked(self) -> None:
        """While the transport takes nothing, messages wait in the engine."""
        peer = self.peer()
        number = self.opened(peer)
        peer.engine.choke(True)
        self.assertTrue(peer.engine.send(number, b"one"))
        self.assertTrue(peer.engine.send(number, b"two"))
        peer.exchange()
        self.assertEqual((peer.answers[number].data, peer.engine.queued(number)), (b"", 16))
        self.assertEqual(peer.engine.choke(False), [Drained(number)])
        peer.exchange()
        self.assertEqual(peer.answers[number].messages, [b"one", b"two"])

    def test_lost(self) -> None:
        """When the transport is gone, each call that is not over is cancelled, once."""
        peer = self.peer()
        number = self.opened(peer)
        unary = peer.call()
        peer.exchange()
        self.assertEqual(peer.engine.lost(), [Cancelled(number), Cancelled(unary)])
        self.assertEqual(peer.engine.lost(), [])
        self.assertEqual(peer.engine.send(number, b"x"), False)


class FlowTests(Base):
    """Windows of the client."""

    def test_small_windows(self) -> None:
        """Answers come in as small parts as the client wants, all of them."""
        peer = self.peer(window=100)
        numbers = [peer.call() for _ in range(3)]
        peer.exchange()
        for number in numbers:
            peer.engine.answer(number, b"%d" % number * 500)
        peer.exchange()
        for number in numbers:
            self.assertEqual(peer.answers[number].messages, [b"%d" % number * 500])
            self.assertEqual(peer.answers[number].status, 0)

    def test_unread_answers(self) -> None:
        """Answers that a client does not take are bounded; beyond that a call is refused."""
        peer = self.peer(limits=Limits(queued=100_000))
        peer.reads = False
        numbers = [peer.call() for _ in range(10)]
        peer.exchange()
        for number in numbers:
            peer.engine.answer(number, bytes(50_000))
        peer.exchange()
        refused = [number for number in numbers if b"grpc-status" in peer.answers[number].headers]
        self.assertEqual(refused, numbers[3:])
        self.assertEqual(peer.shared.refused, {"unread": 7})
        self.assertEqual(peer.answers[refused[0]].status, Status.RESOURCE_EXHAUSTED)

    def test_windows_given_back_when_answered(self) -> None:
        """What a client may send at once is bounded, and grows again with each answer, not before."""
        peer = self.peer(limits=Limits(window=2**17))
        peer.exchange()
        start = peer.http.outbound_flow_control_window
        self.assertEqual(start, 2**17)
        numbers = [peer.call(bytes(10_000)) for _ in range(13)]
        peer.exchange()
        self.assertLess(peer.http.outbound_flow_control_window, 2000)
        for number in numbers:
            peer.engine.answer(number, b"")
        peer.exchange()
        self.assertGreater(peer.http.outbound_flow_control_window, 2**17 - 2**16)

    def test_window_overflow(self) -> None:
        """A window cannot be made larger than can be counted."""
        peer = self.peer()
        peer.feed(GREETING + frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"))
        self.assertEqual(self.ended(peer), (Code.FLOW_CONTROL_ERROR, "protocol"))

    def test_overrun(self) -> None:
        """A client that sends more than its window is cut off."""
        peer = self.peer(limits=Limits(window=2**16))
        peer.feed(GREETING)
        for number in range(1, 100, 2):
            peer.feed(frame(HEADERS, END_HEADERS, number, Encoder().encode(headers(UNARY))))
            peer.feed(frame(DATA, END_STREAM, number, framed(bytes(10_000))))
            if peer.engine.ended is not None:
                break
        self.assertEqual(self.ended(peer), (Code.FLOW_CONTROL_ERROR, "protocol"))
        self.assertLess(len(peer.events), 8)


class ConnectionTests(Base):
    """Life of the connection."""

    def test_not_http2(self) -> None:
        """Other protocols are turned away at once."""
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"PRI * HTTP/2.0\r\n\r\nXX"):
            peer = self.peer()
            peer.feed(words)
            self.assertEqual(self.ended(peer)[1], "protocol")

    def test_pings(self) -> None:
        """Pings are answered, as often as a client likes within reason; ours are heard."""
        peer = self.peer()
        for place in range(50):
            peer.http.ping(b"%08d" % place)
        peer.engine.ping()
        events = peer.exchange()
        self.assertEqual((len(peer.pongs), peer.pongs[7]), (50, b"00000007"))
        self.assertEqual(events, [Ponged()])
        self.assertIsNone(peer.engine.ended)

    def test_drain(self) -> None:
        """A node that leaves loses no call: the client is told first, asked, and only then refused."""
        peer = self.peer()
        first = peer.call()
        peer.exchange()
        second = peer.call()
        peer.engine.drain()
        peer.exchange()
        self.assertEqual([event.stream for event in peer.events if isinstance(event, Request)], [first, second])
        self.assertEqual(peer.goaways, [2**31 - 1, second])
        self.assertIsNone(peer.engine.ended)
        peer.engine.answer(first, b"1")
        peer.engine.answer(second, b"2")
        self.assertEqual(self.ended(peer), (0, "drained"))
        peer._hear(peer.engine.take())
        self.assertEqual(peer.answers[second].messages, [b"2"])

    def test_drain_of_an_idle_connection(self) -> None:
        """Without calls it ends as soon as the client has heard."""
        peer = self.peer()
        peer.exchange()
        peer.engine.drain()
        peer.exchange()
        self.assertEqual((self.ended(peer), peer.goaways), ((0, "drained"), [2**31 - 1, 0]))

    def test_end(self) -> None:
        """The owner can end a connection; the client is told why."""
        peer = self.peer()
        peer.call()
        peer.exchange()
        peer.engine.end("idle", "nothing came")
        peer._hear(peer.engine.take())
        self.assertEqual((self.ended(peer), peer.ended, peer.goaways), ((0, "idle"), 0, [1]))
        self.assertEqual(peer.feed(call_frames(3)), [])

    def test_slow_frame(self) -> None:
        """A frame that does not come completely ends the connection; silence does not."""
        peer = self.peer()
        peer.feed(GREETING)
        peer.now += 100
        peer.engine.sweep(peer.now)
        self.assertIsNone(peer.engine.ended)
        peer.feed(call_frames(1)[:-1])
        peer.now += 19
        peer.engine.sweep(peer.now)
        self.assertIsNone(peer.engine.ended)
        peer.now += 2
        peer.engine.sweep(peer.now)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "slow"))

    def test_too_many_streams(self) -> None:
        """A call above the limit is refused in a way that makes a client try again."""
        peer = self.peer(limits=Limits(streams=2))
        encoder = Encoder()
        data = GREETING
        for number in (1, 3, 5):
            data += call_frames(number, block=encoder.encode(headers(UNARY)))
        peer.feed(data)
        self.assertLess(len(peer.events), 3)
        out = peer.engine.take()
        refused = frame(RST_STREAM, 0, 5, b"\0\0\0\7")
        self.assertTrue(refused in out or peer.engine.ended is not None)

    def test_table_size(self) -> None:
        """A client may want no dynamic table: then answers say that they use none."""
        peer = self.peer()
        peer.http.update_settings({1: 0})
        number = peer.call()
        peer.exchange()
        peer.engine.answer(number, b"x")
        peer.exchange()
        self.assertEqual(peer.answers[number].messages, [b"x"])


class HostileTests(Base):
    """Peers that want to cost more than they pay. Each ends in bounded memory; calls of a second connection go on."""

    def flood(self, peer: Peer, data: bytes, most: int) -> int:
        """Send it again and again; how often until the connection ended."""
        for count in range(1, most + 1):
            peer.feed(data)
            self.assertLess(len(peer.engine.take()), 100_000)
            if peer.engine.ended is not None:
                return count
        raise AssertionError("the flood is not noticed")

    def test_settings_flood(self) -> None:
        peer = self.peer()
        peer.feed(GREETING)
        self.flood(peer, frame(SETTINGS, 0, 0, b"\0\4\0\0\xff\xff"), 2100)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "controls"))

    def test_ping_flood(self) -> None:
        peer = self.peer()
        peer.feed(GREETING)
        self.flood(peer, frame(PING, 0, 0, b"12345678"), 2100)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "controls"))

    def test_empty_frames(self) -> None:
        peer = self.peer()
        peer.feed(GREETING + frame(HEADERS, END_HEADERS, 1, BLOCK))
        self.flood(peer, frame(DATA, 0, 1), 2100)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "controls"))

    def test_floods_fade(self) -> None:
        """What comes slowly enough goes on for ever."""
        peer = self.peer()
        peer.feed(GREETING)
        for _ in range(10_000):
            peer.now += 0.01
            peer.feed(frame(PING, 0, 0, b"12345678"))
        self.assertIsNone(peer.engine.ended)

    def test_rapid_reset(self) -> None:
        """Calls that are cut off at once (CVE-2023-44487): no handler is left behind, and soon the connection ends."""
        peer = self.peer()
        encoder = Encoder()
        peer.feed(GREETING)
        for number in range(1, 2 * 1000, 2):
            block = encoder.encode(headers(UNARY))
            peer.feed(call_frames(number, block=block) + frame(RST_STREAM, 0, number, b"\0\0\0\x08"))
            if peer.engine.ended is not None:
                break
            self.assertEqual(peer.engine.calls, 0)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "resets"))

    def test_continuation_flood(self) -> None:
        """A header block without end (CVE-2024-27316)."""
        peer = self.peer()
        peer.feed(GREETING + frame(HEADERS, 0, 1, BLOCK))
        self.assertLess(self.flood(peer, frame(CONTINUATION, 0, 1, b"\x10\1a\1b" * 100), 100), 70)

    def test_empty_continuations(self) -> None:
        peer = self.peer()
        peer.feed(GREETING + frame(HEADERS, 0, 1, BLOCK))
        self.assertLess(self.flood(peer, frame(CONTINUATION, 0, 1), 100), 70)

    def test_hpack_bomb(self) -> None:
        """A small block that stands for large headers."""
        peer = self.peer()
        encoder = Encoder()
        block = encoder.encode([*headers(UNARY), (b"x", b"y" * 3000)])
        peer.feed(GREETING + call_frames(1, block=block))
        self.assertEqual(len(peer.events), 1)
        # The newest entry, five thousand times: 15 MB of headers.
        bomb = encoder.encode(headers(UNARY)) + b"\xbe" * 5000
        peer.feed(call_frames(3, block=bomb))
        self.assertEqual(len(peer.events), 1)
        self.assertEqual(self.ended(peer)[0], Code.ENHANCE_YOUR_CALM)

    def test_table_size_of_the_client(self) -> None:
        """A client cannot make the table larger than we allow."""
        peer = self.peer()
        peer.feed(GREETING + call_frames(1, block=b"\x3f\xe1\xff\x03" + BLOCK))
        self.assertIn(self.ended(peer)[0], (Code.COMPRESSION_ERROR, Code.PROTOCOL_ERROR))

    def test_window_of_one(self) -> None:
        """A client that takes its answer byte by byte does so within bounds."""
        peer = self.peer()
        peer.feed(GREETING + frame(SETTINGS, 0, 0, b"\0\4\0\0\0\0") + call_frames(1))
        peer.engine.answer(1, bytes(10_000))
        self.flood(peer, frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"), 2100)
        self.assertEqual(self.ended(peer), (Code.ENHANCE_YOUR_CALM, "controls"))

    def test_settings_back_and_forth(self) -> None:
        """Windows that go below zero and up again lose and double nothing."""
        peer = self.peer()
        number = peer.call()
        peer.exchange()
        peer.reads = False
        peer.engine.answer(number, bytes(60_000) + b"end")
        for size in (0, 10, 0, 65535, 20_000, 100_000):
            peer.http.update_settings({4: size})
            peer.exchange()
        self.assertEqual(peer.answers[number].messages, [bytes(60_000) + b"end"])

    def test_made_you_reset(self) -> None:
        """Calls that are broken on purpose, so that we cut them off ourselves (CVE-2025-8671)."""
        peer = self.peer()
        encoder = Encoder()
        peer.feed(GREETING)
        for number in range(1, 2 * 2000, 2):
            peer.feed(call_frames(number, block=encoder.encode(headers(UNARY))))
            peer.feed(frame(WINDOW_UPDATE, 0, number, b"\0\0\0\0"))
            self.assertLess(peer.engine.calls, 2)
            if peer.engine.ended is not None:
                break
        self.assertIn(self.ended(peer)[1], ("resets", "protocol", "controls"))

    def test_smuggled_headers(self) -> None:
        """Headers that an HTTP/1 server behind would read as something else are no request."""
        for bad in (
            (b"transfer-encoding", b"chunked"),
            (b"connection", b"close"),
            (b"te", b"gzip"),
            (b"X-Upper", b"1"),
            (b"a b", b"1"),
            (b":path", b"/second"),
            (b"x", b"1\r\nevil: 1"),
        ):
            peer = self.peer()
            peer.feed(GREETING + call_frames(1, block=Encoder().encode([*headers(UNARY), bad])))
            self.assertEqual((bad, peer.events), (bad, []))
            out = peer.engine.take()
            self.assertTrue(peer.engine.ended is not None or frame(RST_STREAM, 0, 1, b"\0\0\0\1") in out)
