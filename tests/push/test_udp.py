"""UDP push, from the subscription to the acknowledgement (docs/spec/naming-v1.md#11)."""

from __future__ import annotations

import datetime
import errno
import gzip
import json
import random
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.naming.subscriptions import Subscriptions
from nacos_tw.naming.switches import Switches, apply_switch
from nacos_tw.push.udp import LARGEST, SHOWN, TRIES, Packet, UdpPush

JAVA = "Nacos-Java-Client:v1.4.8"
GO = "Nacos-Go-Client:v1.0.1"
KEY = ("public", "DEFAULT_GROUP@@orders")
OTHER = ("public", "DEFAULT_GROUP@@stock")
CLIENT = ("10.0.0.1", 5000)


class FakePort:
    """A listening port that was closed, or not."""

    closed = False

    def stopListening(self) -> None:  # noqa: N802
        self.closed = True


class Wire:
    """Takes datagrams; raises what it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.errors: list[Exception] = []
        self.on_sent: Callable[[], object] = lambda: None

    def write(self, datagram: bytes, addr: tuple[str, int]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((datagram, addr))
        self.on_sent()


class Network(Clock):
    """A clock whose UDP sockets all write to L{wire}."""

    def __init__(self, no_ipv6: bool = False) -> None:
        super().__init__()
        self.wire = Wire()
        self.turns: list[int] = []
        """Datagrams sent each time the reactor got its turn."""
        self.protocols: list[Any] = []
        self.ports: list[FakePort] = []
        self._no_ipv6 = no_ipv6

    def callLater(self, when: float, *call: Any, **more: Any) -> Any:  # noqa: N802
        if not when:
            self.turns.append(len(self.wire.sent))
        return super().callLater(when, *call, **more)

    def listenUDP(self, port: int, protocol: Any, interface: str, maxPacketSize: int) -> FakePort:  # noqa: N802, N803
        if self._no_ipv6 and ":" in interface:
            raise CannotListenError(interface, port, OSError(errno.EAFNOSUPPORT, "no such family"))
        protocol.transport = self.wire
        self.protocols.append(protocol)
        self.ports.append(FakePort())
        return self.ports[-1]


class Harness(SynchronousTestCase):
    """A running transport on a fake network."""

    def setUp(self) -> None:
        self.network = Network()
        self.switches = Switches()
        self.day = datetime.date(2026, 11, 23)
        self.rendered: list[tuple[Any, ...]] = []
        self.hosts: list[int] = []
        self.push = self.make()

    def make(self, network: Network | None = None, **more: Any) -> UdpPush:
        clock = network or self.network
        self.subscriptions = Subscriptions(clock)
        switches = lambda: self.switches  # noqa: E731
        push = UdpPush(clock, self.subscriptions, self.render, switches, today=lambda: self.day, **more)
        push.startService()
        return push

    def render(self, service: Any, clusters: str, ip: str, agent: str) -> bytes:
        self.rendered.append((service, clusters, ip, agent))
        return json.dumps({"name": service[1], "clusters": clusters, "hosts": self.hosts}).encode()

    def subscribe(self, ip: str = CLIENT[0], port: int = CLIENT[1], **more: Any) -> bool:
        wish: dict[str, Any] = {"service": KEY, "clusters": "", "agent": JAVA, "app": "shop"}
        wish.update(more)
        return self.push.subscribe(ip=ip, port=port, **wish)

    def change(self, *keys: Any) -> None:
        """A service changes, and the time for gathering changes passes."""
        self.subscriptions.changed(keys or (KEY,))
        self.network.advance(0.1)

    @property
    def sent(self) -> list[tuple[bytes, tuple[str, int]]]:
        return self.network.wire.sent

    def packets(self) -> list[Any]:
        return [json.loads(datagram) for datagram, _ in self.sent]

    def ack(self, number: int | str, source: tuple[str, int] = CLIENT) -> None:
        text = json.dumps({"type": "push-ack", "lastRefTime": number, "data": ""})
        self.network.protocols[0].datagramReceived(text.encode(), source)


class SendingTests(Harness):
    """What goes out, when and to whom."""

    def test_packet_holds_the_answer_as_a_string(self) -> None:
        """The data of a packet is a string with the JSON of the list answer; the packet has an integer id."""
        self.assertTrue(self.subscribe(clusters="a,b"))
        self.change()
        (packet,) = self.packets()
        self.assertEqual(list(packet), ["type", "data", "lastRefTime"])
        self.assertEqual(packet["type"], "dom")
        self.assertEqual(json.loads(packet["data"]), {"name": KEY[1], "clusters": "a,b", "hosts": []})
        self.assertIsInstance(packet["lastRefTime"], int)
        self.assertEqual(self.sent[0][1], CLIENT)

    def test_nobody_hears_of_another_service(self) -> None:
        """A change goes to the subscribers of its service only, and costs the others nothing."""
        self.subscribe()
        self.change(OTHER)
        self.assertEqual((self.sent, self.rendered), ([], []))

    def test_changes_are_gathered(self) -> None:
        """Changes within a tenth of a second after a packet make one packet, with what holds at its end."""
        self.subscribe()
        self.subscriptions.changed([KEY])
        self.network.advance(0.0078125)
        self.assertEqual(len(self.sent), 1)
        self.subscriptions.changed([KEY])
        self.network.advance(0.0625)
        self.hosts = [1]
        self.subscriptions.changed([KEY])
        self.assertEqual(len(self.sent), 1)
        self.network.advance(0.0625)
        self.assertEqual([json.loads(packet["data"])["hosts"] for packet in self.packets()], [[], [1]])

    def test_change_while_sending_is_pushed_afterwards(self) -> None:
        """What changes after the rendering is told by one more packet, again after some time."""
        self.subscribe()
        self.subscribe(port=5001)
        self.network.wire.on_sent = lambda: len(self.sent) == 1 and self.subscriptions.changed([KEY])
        self.change()
        self.assertEqual(len(self.sent), 2)
        self.change()
        self.assertEqual(len(self.sent), 4)

    def test_change_before_its_turn_is_not_pushed_twice(self) -> None:
        """A service that changes again while others are being told is rendered once, with all changes."""
        self.subscribe()
        self.subscribe(service=OTHER)
        self.network.wire.on_sent = lambda: len(self.sent) == 1 and self.subscriptions.changed([OTHER])
        self.change(KEY, OTHER)
        self.network.advance(1)
        self.assertEqual([entry[0] for entry in self.rendered], [KEY, OTHER])

    def test_rendered_once_for_each_shape(self) -> None:
        """Subscribers with the same clusters and kind of agent share one rendering and one packet."""
        for port in range(1000, 1020):
            self.subscribe(port=port)
        self.subscribe(port=2000, clusters="c1")
        self.subscribe(port=2001, agent=GO)
        self.subscribe(port=2002, agent="vip-client4cpp:v1.1.0")
        self.change()
        self.assertEqual(len(self.sent), 23)
        shapes = [(clusters, agent) for _, clusters, _, agent in self.rendered]
        self.assertEqual(shapes, [("", JAVA), ("c1", JAVA), ("", GO)])
        self.assertEqual(len({packet["lastRefTime"] for packet in self.packets()}), 3)

    def test_ids_increase_strictly(self) -> None:
        """No two packets share an id, even when the clock stands still or goes back."""
        self.subscribe()
        self.subscribe(clusters="c1")
        for _ in range(3):
            self.change()
            self.network.rightNow -= 0.1
        numbers = [packet["lastRefTime"] for packet in self.packets()]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(numbers), 6)

    def test_gzip_from_1024_bytes(self) -> None:
        """Packets below 1024 bytes are plain, from there on they are compressed as a whole."""
        room = 1024 - len('{"type":"dom","data":"","lastRefTime":1}')
        plain, packed = Packet(1, b"x" * (room - 1)).payload, Packet(1, b"x" * room).payload
        assert plain is not None and packed is not None
        self.assertEqual((len(plain), packed[:2]), (1023, b"\x1f\x8b"))
        self.assertEqual(len(gzip.decompress(packed)), 1024)
        self.assertEqual(json.loads(gzip.decompress(packed))["data"], "x" * room)

    def test_thousands_are_sent_in_batches(self) -> None:
        """The reactor gets its turn after some hundred datagrams."""
        for number in range(1000):
            self.subscribe(port=1000 + number)
        self.change()
        self.assertEqual(len(self.sent), 1000)
        self.assertEqual(self.network.turns, [200, 400, 600, 800, 1000])
        self.assertEqual(len(self.rendered), 1)

    def test_same_socket_under_two_names_hears_once(self) -> None:
        """Two subscriptions of one socket with equal data are one packet."""
        self.subscribe()
        self.subscribe(agent="Nacos-Java-Client:v1.4.7")
        self.change()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(self.push.acks.total, 1)

    def test_rendering_that_fails_hurts_only_its_service(self) -> None:
        """What the renderer raises is logged; other services are pushed."""

        def render(service: Any, clusters: str, ip: str, agent: str) -> bytes:
            if service == KEY:
                raise RuntimeError("cannot")
            return b"{}"

        self.push._render = render
        self.subscribe()
        self.subscribe(service=OTHER)
        self.change(KEY, OTHER)
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_sending_goes_on_after_a_defect(self) -> None:
        """An error that nobody expected ends one push, not all pushes."""
        self.subscribe()
        self.network.wire.errors = [ZeroDivisionError()]
        self.change()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.change()
        self.assertEqual(len(self.sent), 1)

    def test_switched_off_between_change_and_push(self) -> None:
        """Nothing goes out once pushes are off."""
        self.subscribe()
        self.subscriptions.changed([KEY])
        self.switches = apply_switch(self.switches, "pushEnabled", "false")
        self.network.advance(0.1)
        self.assertEqual(self.sent, [])


class TroubleTests(Harness):
    """Datagrams that cannot be sent."""

    def test_full_socket_is_waited_for(self) -> None:
        """When the socket takes no more the rest is sent a little later, and nothing is counted twice."""
        self.subscribe()
        self.network.wire.errors = [BlockingIOError(errno.EAGAIN, "later"), OSError(errno.ENOBUFS, "full")]
        self.change()
        self.assertEqual((self.sent, self.push.acks.total), ([], 0))
        self.network.pump([0.01, 0.01, 0.01])
        self.assertEqual((len(self.sent), self.push.acks.total), (1, 1))

    def test_full_socket_is_given_up(self) -> None:
        """A socket that never takes anything again does not hold up everything."""
        self.subscribe()
        self.network.wire.errors = [BlockingIOError(errno.EAGAIN, "later") for _ in range(TRIES)]
        self.change()
        self.network.pump([0.01] * (TRIES + 1))
        self.assertEqual((self.sent, self.push.acks.total, self.push.acks.failed), ([], 1, 1))
        self.change()
        self.assertEqual(len(self.sent), 1)

    def test_too_large_for_a_datagram(self) -> None:
        """It counts as failed for each subscriber, and is logged once for the service."""
        seen: list[Any] = []
        self.patch(UdpPush, "log", RecordingLog(seen))
        noise = random.Random(1).randbytes(LARGEST + 2000).hex()
        self.push._render = lambda *request: json.dumps(noise).encode()
        self.subscribe()
        self.subscribe(port=5001)
        self.change()
        self.change()
        self.assertEqual((self.sent, self.push.acks.total, self.push.acks.failed), ([], 4, 4))
        self.assertEqual(len(seen), 1)

    def test_too_large_for_the_system(self) -> None:
        """The same when the system refuses the length."""
        seen: list[Any] = []
        self.patch(UdpPush, "log", RecordingLog(seen))
        self.subscribe()
        self.network.wire.errors = [MessageLengthError("message too long")]
        self.change()
        self.assertEqual((self.push.acks.failed, len(seen)), (1, 1))

    def test_unreachable(self) -> None:
        """An address that the system refuses counts as failed; the others are told."""
        self.subscribe()
        self.subscribe(port=5001)
        self.network.wire.errors = [OSError(errno.ENETUNREACH, "no route")]
        self.change()
        self.assertEqual([addr for _, addr in self.sent], [(CLIENT[0], 5001)])
        self.assertEqual((self.push.acks.total, self.push.acks.lost), (2, 1))


class RecordingLog:
    """Keeps what is warned of."""

    def __init__(self, seen: list[Any]) -> None:
        self._seen = seen

    def warn(self, text: str, **fields: Any) -> None:
        self._seen.append(fields)

    def debug(self, text: str, **fields: Any) -> None:
        pass


class AckTests(Harness):
    """Acknowledgements, and what is done without them."""

    def one(self) -> Any:
        self.subscribe()
        self.change()
        return self.packets()[-1]["lastRefTime"]

    def test_id_as_string_or_number(self) -> None:
        """Java acknowledges with a string, others with a number; neither is sent again."""
        for form in (str, int):
            self.ack(form(self.one()))
        self.network.pump([1.0] * 25)
        self.assertEqual(len(self.sent), 2)
        state = self.push.state()
        self.assertEqual(state, {"succeed": 2, "total": 2, "ratio": 1.0, "reset": False})

    def test_sent_once_more_after_ten_seconds(self) -> None:
        """Not acknowledged, the same bytes come exactly once more; then the packet has failed."""
        self.one()
        self.network.pump([1.0] * 9)
        self.assertEqual(len(self.sent), 1)
        self.network.pump([1.0] * 2)
        self.assertEqual(len(self.sent), 2)
        self.assertEqual(self.sent[0], self.sent[1])
        self.network.pump([1.0] * 30)
        self.assertEqual(len(self.sent), 2)
        self.assertEqual((self.push.acks.total, self.push.acks.lost, len(self.push.acks)), (1, 1, 0))

    def test_late_ack_of_the_second_sending_counts(self) -> None:
        """An acknowledgement after the second sending makes a success."""
        number = self.one()
        self.network.pump([1.0] * 12)
        self.ack(number)
        self.assertEqual((self.push.acks.succeeded, self.push.acks.failed), (1, 0))

    def test_old_packet_is_not_sent_again_over_a_new_one(self) -> None:
        """Once a newer packet went to the subscriber, only that one is repeated."""
        self.one()
        self.hosts = [7]
        newest = self.one()
        self.network.pump([1.0] * 12)
        self.assertEqual([packet["lastRefTime"] for packet in self.packets()][2:], [newest])

    def test_other_source_is_unknown(self) -> None:
        """An acknowledgement counts only from the address that the packet went to."""
        number = self.one()
        self.ack(number, ("10.0.0.1", 5001))
        self.ack(number, ("10.0.0.2", 5000))
        self.assertEqual((self.push.acks.unknown, len(self.push.acks)), (2, 1))

    def test_damaged_datagrams_are_counted(self) -> None:
        """Whatever is no acknowledgement is ignored."""
        number = self.one()
        receive = self.network.protocols[0].datagramReceived
        damaged = [
            b"",
            b"\xff\xfe",
            b"[]",
            b"{}",
            b'{"type":"push-ack"}',
            b'{"type":"push-ack","lastRefTime":"x"}',
            b'{"type":"push-ack","lastRefTime":1.5}',
            b'{"type":"unknown-ack","lastRefTime":"%d"}' % number,
            b'{"type":"push-ack","lastRefTime":"%d","data":"%b"}' % (number, b"x" * 3000),
            b'{"type":"push-ack","lastRefTime":"' + b"9" * 2000 + b'"',
        ]
        for datagram in damaged:
            receive(datagram, CLIENT)
        self.assertEqual((self.push.damaged, len(self.push.acks)), (len(damaged), 1))

    def test_costs(self) -> None:
        """The average and the longest time to an acknowledgement are kept, in milliseconds."""
        self.assertEqual((self.push.acks.average_cost, self.push.acks.worst_cost), (-1, -1))
        for wait in (0.1, 0.3):
            number = self.one()
            self.network.advance(wait)
            self.ack(number)
        self.assertApproximates(self.push.acks.average_cost, 200, 1)
        self.assertApproximates(self.push.acks.worst_cost, 300, 1)

    def test_unsendable_second_time(self) -> None:
        """A second sending that fails is given up in its time."""
        self.one()
        self.network.pump([1.0] * 9)
        self.network.wire.errors = [OSError(errno.ENETUNREACH, "no route")]
        self.network.pump([1.0] * 20)
        self.assertEqual((len(self.sent), self.push.acks.lost), (1, 1))

    def test_no_room_to_wait(self) -> None:
        """What cannot be waited for is sent, and counts as failed."""
        self.push.acks._most = 1
        self.subscribe()
        self.subscribe(port=5001)
        self.change()
        self.assertEqual((len(self.sent), len(self.push.acks), self.push.acks.lost), (2, 1, 1))

    def test_state_with_detail_and_reset(self) -> None:
        """The detail shows the packets waited for, plain or compressed; reset forgets them."""
        self.assertEqual(self.push.state(), {"succeed": 0, "total": 0, "ratio": 0, "reset": False})
        self.one()
        self.hosts = [10**2000]
        self.subscribe(port=5001)
        self.change()
        state: Any = self.push.state(detail=True, reset=True)
        self.assertEqual(list(state), ["succeed", "total", "ratio", "data", "detail", "reset"])
        self.assertEqual([json.loads(text)["type"] for text in state["data"]], ["dom", "dom"])
        self.assertEqual(state["detail"], {"avgPushCost": -1, "maxPushCost": -1})
        self.assertIs(state["reset"], True)
        self.assertEqual(self.push.state(detail=True)["data"], [])

    def test_state_shows_a_bounded_number(self) -> None:
        """However many packets are waited for, the detail stays small."""
        for port in range(1000, 1300):
            self.subscribe(port=port)
        self.change()
        state: Any = self.push.state(detail=True)
        self.assertEqual((len(state["data"]), len(self.push.acks)), (SHOWN, 300))

    def test_counters_start_anew_at_midnight(self) -> None:
        """When the date changes the counts go to zero; what is on its way does not make them negative."""
        self.ack(self.one())
        self.one()
        self.day += datetime.timedelta(days=1)
        self.network.advance(1)
        self.assertEqual((self.push.acks.total, self.push.acks.succeeded, len(self.push.acks)), (0, 0, 1))
        self.assertEqual(self.push.acks.average_cost, -1)
        self.assertEqual(self.push.state(), {"succeed": 0, "total": 0, "ratio": 0, "reset": False})


class LifeTests(Harness):
    """Starting and stopping."""

    def test_stop_ends_everything(self) -> None:
        """After the stop no timer runs, the sockets are closed and nobody is taken in."""
        self.subscribe()
        self.subscriptions.changed([KEY])
        self.successResultOf(self.push.stopService())
        self.assertEqual(self.network.getDelayedCalls(), [])
        self.assertTrue(all(port.closed for port in self.network.ports))
        self.assertFalse(self.subscribe())
        self.subscriptions.changed([KEY])
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_without_ipv6(self) -> None:
        """On a host without IPv6 only IPv4 clients are pushed."""
        network = Network(no_ipv6=True)
        self.push = self.make(network)
        self.assertFalse(self.subscribe("2001:db8::1"))
        self.assertTrue(self.subscribe())

    def test_ipv6(self) -> None:
        """An IPv6 client is pushed at its address in canonical form, which its acknowledgement comes from."""
        self.assertTrue(self.subscribe("2001:DB8:0::1"))
        self.change()
        self.assertEqual(self.sent[0][1], ("2001:db8::1", 5000))
        self.ack(self.packets()[0]["lastRefTime"], ("2001:db8::1", 5000, 0, 0))  # type: ignore[arg-type]
        self.assertEqual(self.push.acks.succeeded, 1)


class Client(DatagramProtocol):
    """A client's UDP socket: acknowledges what it gets."""

    def __init__(self) -> None:
        self.got: Deferred[bytes] = Deferred()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        packet = json.loads(datagram)
        assert self.transport is not None
        ack = {"type": "push-ack", "lastRefTime": str(packet["lastRefTime"]), "data": ""}
        self.transport.write(json.dumps(ack).encode(), addr)
        self.got.callback(datagram)


class SocketTests(TestCase):
    """One round trip over real sockets."""

    async def test_round_trip(self) -> None:
        """A real client gets the packet, and its acknowledgement is counted."""
        reactor: Any = real_reactor
        subscriptions = Subscriptions(reactor)
        push = UdpPush(reactor, subscriptions, lambda *request: b'{"hosts":[]}', Switches)
        push.startService()
        client = Client()
        port = reactor.listenUDP(0, client, interface="127.0.0.1")
        try:
            self.assertTrue(push.subscribe(KEY, "", "127.0.0.1", port.getHost().port, JAVA))
            subscriptions.changed([KEY])
            await client.got
            acked: Deferred[None] = Deferred()
            poll = lambda: acked.callback(None) if push.acks.succeeded else reactor.callLater(0.01, poll)  # noqa: E731
            poll()
            await acked
            self.assertEqual((push.acks.total, push.acks.failed), (1, 0))
        finally:
            await push.stopService()
            await port.stopListening()
