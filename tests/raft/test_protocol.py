"""One link, both ends joined without a socket, and one end on a real socket."""

from __future__ import annotations

import random
import socket
import struct
from typing import Any

from twisted.internet import tcp
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.net import protocol
from nacos_tw.raft.net.codec import (
    EARLY_LIMIT,
    LIMIT,
    Ask,
    Decoder,
    Hello,
    Ping,
    Pong,
    Refused,
    encode,
    pack,
    take_early,
)
from nacos_tw.raft.net.handshake import DialerHandshake, Introduction, ListenerHandshake, Session
from nacos_tw.raft.net.peers import COUNTERS
from nacos_tw.raft.net.protocol import Link, Secured, Turn

SECRET = b"s" * 32


class Owner:
    """Writes down what its link tells it."""

    def __init__(self) -> None:
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.events: list[Any] = []
        self.failing = False

    def link_up(self, link: Link) -> None:
        assert link.session is not None
        self.events.append(("up", link.session.peer))

    def link_frame(self, link: Link, frame: Any) -> None:
        self.events.append(frame)
        if self.failing:
            raise ValueError("a bug in the receiver")

    def link_alive(self, link: Link, sent: int) -> None:
        self.events.append(("alive", sent))

    def link_down(self, link: Link, reason: str) -> None:
        self.events.append(("down", reason))


class Pair:
    """A dialing and a listening end, with a clock."""

    def __init__(self, secret: bytes = SECRET) -> None:
        self.clock = Clock()
        self.turn = Turn(self.clock)
        self.entropy = random.Random(1).randbytes
        self.there = Owner()
        handshake = DialerHandshake(Introduction("a:1"), "b:1", secret, self.entropy)
        self.dialer = Link(self.clock, self.turn, handshake, self.there, dialing=True, name="b:1")
        self.listener, self.here = self.listening()

    def listening(self) -> tuple[Link, Owner]:
        owner = Owner()
        handshake = ListenerHandshake("b:1", lambda hello: hello.node == "a:1", SECRET, self.entropy)
        return Link(self.clock, self.turn, handshake, owner, dialing=False, name="127.0.0.1"), owner

    def join(self) -> IOPump:
        self.client_io = Recording(self.dialer, isServer=False)
        self.server_io = Recording(self.listener, isServer=True)
        self.pump = connect(self.listener, self.server_io, self.dialer, self.client_io, clock=self.clock)
        self.pump.flush()
        return self.pump


class Recording(FakeTransport):
    """Keeps every write."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)


def attached(link: Link) -> StringTransportWithDisconnection:
    """A link's end with a transport that keeps what it writes."""
    transport = StringTransportWithDisconnection()
    transport.protocol = link
    transport.setTcpKeepAlive = transport.setTcpNoDelay = lambda on: None  # type: ignore[attr-defined]
    link.makeConnection(transport)
    return transport


class Certified:
    """TLS of one side, as a test decides."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.asked: list[str] = []

    def misnamed(self, transport: Any, host: str) -> str:
        self.asked.append(host)
        return self.trouble

    def explain(self, transport: Any, reason: Failure) -> str:
        return "it does not speak TLS" if reason.check(ValueError) else ""


class SecuredTests(SynchronousTestCase):
    """Two links with TLS below, whose handshake the test lets through."""

    def pair(self, dialers: Certified, listeners: Certified) -> Pair:
        pair = Pair(b"")
        pair.dialer._secured = Secured(dialers, lambda peer: f"host of {peer}")  # type: ignore[arg-type]
        handshake = ListenerHandshake("b:1", lambda hello: hello.node == "a:1", b"", pair.entropy)
        secured = Secured(listeners, lambda peer: f"host of {peer}")  # type: ignore[arg-type]
        pair.listener = Link(
            pair.clock, pair.turn, handshake, pair.here, dialing=False, name="127.0.0.1", secured=secured
        )
        pair.join()
        self.assertEqual(pair.client_io.writes, [])
        for link in (pair.listener, pair.dialer):
            link.handshakeCompleted()
        pair.pump.flush()
        return pair

    def test_right(self) -> None:
        """The dialing side asks for the host that it dialed, the other for that of the name it was told."""
        ours, theirs = Certified(), Certified()
        pair = self.pair(ours, theirs)
        self.assertTrue(pair.dialer.up and pair.listener.up)
        self.assertEqual((set(ours.asked), theirs.asked), ({"host of b:1"}, ["host of a:1"]))

    def test_wrong_listener(self) -> None:
        """The dialing side says nothing to somebody else."""
        pair = self.pair(Certified("it is another"), Certified())
        self.assertEqual(pair.client_io.writes, [])
        self.assertIn(("down", "it is another"), pair.there.events)
        self.assertTrue(pair.dialer.explained)
        self.assertEqual(pair.there.counters["refused"], 1)

    def test_wrong_dialer(self) -> None:
        """The listening side gives no proof to somebody else, however good theirs is."""
        pair = self.pair(Certified(), Certified("it is another"))
        self.assertIsNone(pair.listener.session)
        self.assertIsNone(pair.dialer.session)
        self.assertEqual(len(pair.server_io.writes), 1)  # the challenge
        self.assertIn(("down", "it is another"), pair.here.events)

    def test_no_tls(self) -> None:
        """What TLS says of a connection that never came up is the reason, and counts as refused."""
        pair = Pair()
        pair.dialer._secured = Secured(Certified(), str)  # type: ignore[arg-type]
        attached(pair.dialer)
        pair.dialer.connectionLost(Failure(ValueError("x")))
        self.assertEqual(pair.there.events, [("down", "it does not speak TLS")])
        self.assertEqual((pair.there.counters["refused"], pair.dialer.explained), (1, True))


class LinkTests(SynchronousTestCase):
    """Two links, joined."""

    def joined(self) -> Pair:
        pair = Pair()
        pair.join()
        self.assertEqual(pair.there.events[0], ("up", "b:1"))
        self.assertEqual(pair.here.events, [("up", "a:1")])
        return pair

    def test_frames(self) -> None:
        """Frames go from the dialing end to the listening one, and answers back."""
        pair = self.joined()
        self.assertTrue(pair.dialer.send(encode(Refused(1))))
        pair.pump.flush()
        self.assertEqual(pair.here.events[1:], [Refused(1)])
        self.assertTrue(pair.dialer.up and pair.listener.up)

    def test_first_at_once_rest_together(self) -> None:
        """In one turn the first frame is written at once, the others in one write at the turn's end."""
        pair = self.joined()
        before = len(pair.client_io.writes)
        for term in range(5):
            pair.dialer.send(encode(Refused(term)))
        self.assertEqual(len(pair.client_io.writes), before + 1)
        pair.clock.advance(0)
        self.assertEqual(len(pair.client_io.writes), before + 2)
        pair.dialer.send(encode(Refused(5)))
        self.assertEqual(len(pair.client_io.writes), before + 3)
        pair.pump.flush()
        self.assertEqual(pair.here.events[1:], [Refused(term) for term in range(6)])

    def test_ping(self) -> None:
        """A Ping goes out every second; the round-trip time is measured."""
        pair = self.joined()
        self.assertEqual(pair.dialer.rtt, 0.0)
        pair.clock.advance(0.5)
        pair.clock.advance(0.5)
        pair.clock.advance(0.02)
        pair.pump.flush(advanceClock=False)
        self.assertAlmostEqual(pair.dialer.rtt or 0, 0.02)
        self.assertEqual(pair.there.events[-1], ("alive", 1_000_000))

    def test_silence(self) -> None:
        """A half-open connection is noticed by both ends after three seconds."""
        pair = self.joined()
        pair.clock.pump([0.5] * 5)
        self.assertTrue(pair.dialer.up and pair.listener.up)
        pair.clock.advance(0.5)
        self.assertFalse(pair.dialer.up or pair.listener.up)
        self.assertEqual(pair.here.counters["silent"], 1)
        self.assertEqual(pair.there.counters["silent"], 1)

    def test_own_sleep_is_no_silence(self) -> None:
        """A process that was held up for long does not blame its peers."""
        pair = self.joined()
        pair.clock.advance(20)
        self.assertTrue(pair.dialer.up and pair.listener.up)

    def test_alive_for_long(self) -> None:
        """A healthy link stays."""
        pair = self.joined()
        for _ in range(40):
            pair.clock.advance(0.5)
            pair.pump.flush()
        self.assertTrue(pair.dialer.up and pair.listener.up)

    def test_slow_handshake(self) -> None:
        """Both ends give up a handshake that takes five seconds, however the bytes trickle in."""
        pair = Pair()
        transport = attached(pair.listener)
        hello = pack(encode(Hello(1, "a:1", "b:1", bytes(32))))
        for at in range(9):
            pair.clock.advance(0.5)
            pair.listener.dataReceived(hello[at : at + 1])
        self.assertTrue(transport.connected)
        pair.clock.advance(0.5)
        self.assertFalse(transport.connected)
        self.assertEqual(pair.here.counters["late"], 1)
        self.assertEqual(pair.here.events, [("down", "the handshake took too long")])
        self.assertEqual(transport.value(), b"")
        self.assertEqual(pair.clock.getDelayedCalls(), [])

    def test_wrong_secret(self) -> None:
        """Different secrets: neither end comes up, both are closed."""
        pair = Pair(secret=b"guess")
        pair.join()
        self.assertEqual([event[0] for event in pair.here.events], ["down"])
        self.assertEqual([event[0] for event in pair.there.events], ["down"])
        self.assertEqual(pair.here.counters["refused"], 1)

    def test_outsider(self) -> None:
        """Whatever an outsider sends, it reads nothing (or a nonce) and no frame is delivered."""
        forged = pack(encode(Refused(1)))
        hello = pack(encode(Hello(1, "a:1", "b:1", bytes(32))))
        stranger = pack(encode(Hello(1, "x:1", "b:1", bytes(32))))
        for data, answered in (
            (b"GET / HTTP/1.1\r\nHost: b\r\n\r\n", False),
            (forged, False),
            (stranger, False),
            (hello + forged, True),
            (hello + hello, True),
            (struct.pack(">I", EARLY_LIMIT + 1), False),
            (bytes(100_000), False),
            (b"\xff" * 100, False),
        ):
            pair = Pair()
            transport = attached(pair.listener)
            pair.listener.dataReceived(data)
            self.assertFalse(transport.connected, data[:40])
            self.assertEqual(bool(transport.value()), answered, data[:40])
            self.assertLess(len(transport.value()), 60)
            self.assertEqual([event[0] for event in pair.here.events], ["down"])
            counted = pair.here.counters
            self.assertEqual(counted["refused"] + counted["damaged"] + counted["oversized"], 1, data[:40])

    def test_replayed_session(self) -> None:
        """A whole recorded session, sent again byte for byte, gets nowhere."""
        pair = self.joined()
        pair.dialer.send(encode(Refused(1)))
        pair.pump.flush()
        recorded = b"".join(pair.client_io.writes)
        listener, owner = pair.listening()
        transport = attached(listener)
        listener.dataReceived(recorded)
        self.assertFalse(transport.connected)
        self.assertEqual([event[0] for event in owner.events], ["down"])
        self.assertEqual(owner.counters["refused"], 1)

    def test_injected_and_replayed_frames(self) -> None:
        """On a link that stands, foreign bytes and repeated frames close it and are counted."""
        for make in (lambda last: pack(encode(Refused(9))), lambda last: last, lambda last: b"\0" * 30):
            pair = self.joined()
            pair.dialer.send(encode(Refused(1)))
            pair.pump.flush()
            pair.listener.dataReceived(make(pair.client_io.writes[-1]))
            self.assertEqual(pair.here.counters["damaged"], 1)
            self.assertFalse(pair.listener.up)
            pair.pump.flush()
            self.assertEqual(pair.here.events[1:2], [Refused(1)])
            self.assertEqual(pair.here.events[2][0], "down")
            self.assertEqual(len(pair.here.events), 3)

    def test_oversized(self) -> None:
        """A frame above the limit closes the link; the sender drops it before."""
        pair = self.joined()
        self.assertFalse(pair.dialer.send(bytes(LIMIT)))
        self.assertEqual(pair.there.counters["dropped"], 1)
        pair.listener.dataReceived(struct.pack(">I", LIMIT + 1))
        self.assertEqual(pair.here.counters["oversized"], 1)
        self.assertFalse(pair.listener.up)

    def test_listening_end_only_answers(self) -> None:
        """The dialing end takes nothing but answers."""
        pair = self.joined()
        pair.listener.send(encode(Refused(1)))
        pair.pump.flush()
        self.assertEqual(pair.there.counters["damaged"], 1)
        self.assertNotIn(Refused(1), pair.there.events)

    def test_frames_right_behind_the_handshake(self) -> None:
        """Frames in the same read as the end of the handshake are not lost."""
        pair = Pair()
        opening = pair.dialer._handshake.start()
        assert opening is not None
        transport = attached(pair.listener)
        pair.listener.dataReceived(pack(opening))
        challenge = take_early(bytearray(transport.value()))
        assert challenge is not None
        proof = pair.dialer._handshake.receive(challenge)
        assert proof is not None and pair.dialer._handshake._secrets is not None  # type: ignore[attr-defined]
        sealer = protocol.Sealer(pair.dialer._handshake._secrets.derive(b"from dialer"))  # type: ignore[attr-defined]
        both = sealer.seal(encode(Refused(1))) + sealer.seal(encode(Refused(2)))
        pair.listener.dataReceived(pack(proof) + both[:-3])
        self.assertEqual(pair.here.events, [("up", "a:1"), Refused(1)])
        pair.listener.dataReceived(both[-3:])
        self.assertEqual(pair.here.events[2:], [Refused(2)])

    def test_failing_receiver(self) -> None:
        """An exception of the receiver is logged; the link and the next frame live on."""
        pair = self.joined()
        pair.here.failing = True
        for term in (1, 2):
            pair.dialer.send(encode(Refused(term)))
        pair.pump.flush()
        self.assertEqual(pair.here.events[1:], [Refused(1), Refused(2)])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_closing_in_order(self) -> None:
        """close() lets out what was sent; nothing can be sent after it, and no call is left on the clock."""
        pair = self.joined()
        for term in (1, 2):
            pair.dialer.send(encode(Refused(term)))
        pair.dialer.close()
        self.assertFalse(pair.dialer.send(encode(Refused(3))))
        pair.pump.flush()
        self.assertEqual(pair.here.events[1:3], [Refused(1), Refused(2)])
        self.successResultOf(pair.dialer.closed)
        self.successResultOf(pair.listener.closed)
        self.assertEqual(pair.clock.getDelayedCalls(), [])

    def test_paused(self) -> None:
        """While the transport is full frames wait, up to the limit, and leave together when it is empty."""
        pair = self.joined()
        pair.dialer.pauseProducing()
        big = encode(Ask(1, "x", bytes(LIMIT // 2 - 1000)))
        before = len(pair.client_io.writes)
        self.assertTrue(pair.dialer.send(big) and pair.dialer.send(big))
        self.assertFalse(pair.dialer.send(big))
        self.assertTrue(pair.dialer.send(encode(Refused(1))))
        pair.clock.advance(0)
        self.assertEqual(len(pair.client_io.writes), before)
        pair.dialer.resumeProducing()
        self.assertEqual(len(pair.client_io.writes), before + 1)
        pair.pump.flush()
        self.assertEqual([type(event) for event in pair.here.events[1:]], [Ask, Ask, Refused])
        pair.dialer.pauseProducing()
        self.assertTrue(pair.dialer.send(big) and pair.dialer.send(big))

    def test_receiver_closes(self) -> None:
        """After the receiver has closed the link nothing more of it is delivered or counted."""
        pair = self.joined()
        deliver = pair.here.link_frame
        pair.here.link_frame = lambda link, frame: (deliver(link, frame), link.abort())[0]  # type: ignore[method-assign]
        for term in (1, 2):
            pair.dialer.send(encode(Refused(term)))
        pair.pump.flush()
        pair.listener.dataReceived(bytes(100))
        self.assertEqual(pair.here.events[1:2], [Refused(1)])
        self.assertNotIn(Refused(2), pair.here.events)
        self.assertEqual(pair.here.counters["damaged"], 0)

    def test_closed_by_the_first_of_a_batch(self) -> None:
        """The same where both frames come in one read."""
        pair = self.joined()
        pair.here.link_frame = lambda link, frame: (  # type: ignore[method-assign]
            pair.here.events.append(frame),
            link.abort(),
        )[1]
        pair.dialer.pauseProducing()
        for term in (1, 2):
            pair.dialer.send(encode(Refused(term)))
        pair.dialer.resumeProducing()
        pair.pump.flush()
        self.assertIn(Refused(1), pair.here.events)
        self.assertNotIn(Refused(2), pair.here.events)


class SocketTests(SynchronousTestCase):
    """The end that writes to the socket by itself."""

    def setUp(self) -> None:
        door = socket.create_server(("127.0.0.1", 0))
        self.far = socket.create_connection(door.getsockname())
        near, _ = door.accept()
        door.close()
        self.addCleanup(self.far.close)
        self.reactor = MemoryReactorClock()
        self.owner = Owner()
        handshake = DialerHandshake(Introduction("a:1"), "b:1", SECRET, random.Random(1).randbytes)
        self.link = Link(self.reactor, Turn(self.reactor), handshake, self.owner, dialing=True, name="b:1")
        self.connection = tcp.Connection(near, self.link, self.reactor)
        self.connection.connected = 1
        self.connection.startReading()
        self.addCleanup(near.close)
        self.link.makeConnection(self.connection)
        self.connection.doWrite()
        self.far.recv(4096)
        self.link._start_session(Session("b:1", b"1" * 32, b"2" * 32))
        self.decoder = Decoder(key=b"1" * 32)
        self.assertEqual(self.decoder.feed(self.far.recv(4096)), [Ping(0)])
        self.reactor.advance(0)

    def test_leaves_at_once(self) -> None:
        """A lone frame is on the socket before send() returns."""
        self.link.send(encode(Refused(7)))
        self.assertEqual(self.decoder.feed(self.far.recv(4096)), [Refused(7)])
        self.assertNotIn(self.connection, self.reactor.getWriters())

    def test_behind_what_waits(self) -> None:
        """What the transport still has goes first."""
        self.connection.write(b"first")
        self.link.send(encode(Refused(7)))
        self.connection.doWrite()
        data = self.far.recv(4096)
        self.assertEqual((data[:5], self.decoder.feed(data[5:])), (b"first", [Refused(7)]))

    def test_full_socket(self) -> None:
        """What the socket does not take goes through the transport, in order and whole."""
        self.far.settimeout(5)
        sent = []
        for number in range(24):
            frame = Ask(number, "x", bytes([number]) * 1_000_000)
            if self.link.send(encode(frame)):
                sent.append(frame)
        self.assertLess(len(sent), 24)
        self.assertGreaterEqual(self.owner.counters["dropped"], 1)
        got: list[Any] = []
        for _ in range(100_000):
            if len(got) == len(sent):
                break
            self.reactor.advance(0)
            if self.connection in self.reactor.getWriters():
                self.assertIsNone(self.connection.doWrite())
            got += [frame for frame in self.decoder.feed(self.far.recv(1 << 20)) if type(frame) is not Pong]
        self.assertEqual(got, sent)

    def test_broken_socket(self) -> None:
        """An error of the socket is left to the reactor to find."""
        self.far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.far.close()
        self.assertTrue(self.link.send(encode(Refused(7))))
        self.assertIn(self.connection, self.reactor.getWriters())
        self.assertIsNotNone(self.connection.doWrite())
