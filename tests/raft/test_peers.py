"""All links of a node: dialing, events, questions, over the real loopback and in memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from twisted.internet import reactor as real_reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.errors import NacosError, StartError, TimedOut, Unavailable
from nacos_tw.raft.core.messages import AppendResponse, Configuration, MemberRecord
from nacos_tw.raft.net.codec import Hello, RaftFrame, Refused, encode
from nacos_tw.raft.net.peers import BACK, STOP_TIME, Peers
from nacos_tw.raft.net.roster import Roster, digest

SECRET = b"s" * 32


class Place(NamedTuple):
    host: str
    raft_port: int


class Recorder:
    """Keeps the events of one node in order, and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self._waiting: list[tuple[tuple[Any, ...], int, Deferred[None]]] = []
        self.answer: Any = b""

    def _add(self, *event: Any) -> None:
        self.events.append(event)
        waiting, self._waiting = self._waiting, []
        for wanted, count, done in waiting:
            if self.events.count(wanted) >= count:
                done.callback(None)
            else:
                self._waiting.append((wanted, count, done))

    def until(self, *event: Any, count: int = 1) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        if self.events.count(event) >= count:
            done.callback(None)
        else:
            self._waiting.append((event, count, done))
        return done

    def frame_received(self, peer: str, frame: Any) -> None:
        self._add("frame", peer, frame)

    def peer_connected(self, peer: str) -> None:
        self._add("up", peer)

    def peer_disconnected(self, peer: str) -> None:
        self._add("down", peer)

    def introduced(self, hello: Hello, refusal: str) -> None:
        self._add("introduced", hello.node, refusal)

    def removed(self, why: str) -> None:
        self._add("removed", why)

    def leader_known(self, peer: str, leader: MemberRecord) -> None:
        self._add("leads", peer, leader.name)

    def members_differ(self, peer: str) -> None:
        self._add("differ", peer)

    def asked(self, peer: str, what: str, body: bytes) -> bytes | Deferred[bytes]:
        self._add("asked", peer, what, body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class LoopbackTests(TestCase):
    """Two nodes over real sockets."""

    timeout = 120

    def node(
        self, name: str, members: dict[str, Place], secret: bytes = SECRET, level: int = 0
    ) -> tuple[Peers, Recorder]:
        recorder = Recorder()
        peers = Peers(
            real_reactor, name, {}, secret, "127.0.0.1", 0, recorder.frame_received, recorder,
            random=lambda: 0.5, server="1.0", http=name, level=level,
        )  # fmt: skip
        self.successResultOf(peers.listen())
        members[name] = Place("127.0.0.1", peers.port)
        self.addCleanup(lambda: peers.stopService())
        return peers, recorder

    async def pair(self) -> tuple[Peers, Recorder, Peers, Recorder]:
        members: dict[str, Place] = {}
        a, seen_a = self.node("a:1", members)
        b, seen_b = self.node("b:1", members)
        for peers in (a, b):
            peers.set_members(members)
            peers.startService()
        await DeferredList([seen_a.until("up", "b:1"), seen_b.until("up", "a:1")])
        return a, seen_a, b, seen_b

    async def test_exchange(self) -> None:
        """Both connect, frames arrive in order, and the round-trip time becomes known."""
        a, seen_a, b, seen_b = await self.pair()
        frames = [RaftFrame(AppendResponse(3, True, number)) for number in range(50)]
        for frame in frames:
            self.assertTrue(a.send("b:1", frame))
        self.assertTrue(b.send_encoded("a:1", encode(Refused(9))))
        await seen_b.until("frame", "a:1", frames[-1])
        await seen_a.until("frame", "b:1", Refused(9))
        self.assertEqual([event[2] for event in seen_b.events if event[0] == "frame"], frames)
        seen_b.answer = b"fine"
        self.assertEqual(await a.ask("b:1", "how", b"are you", 60.0), b"fine")
        self.assertIn(("asked", "a:1", "how", b"are you"), seen_b.events)
        self.assertIn("b:1", a.rtt)
        self.assertEqual(b.hellos["a:1"].http, "a:1")
        self.assertFalse(a.send("c:1", Refused(1)))

    async def test_level(self) -> None:
        """What all can apply: the least that anyone has said; nothing until all have, and it is not forgotten."""
        members: dict[str, Place] = {}
        a, seen_a = self.node("a:1", members, level=3)
        b, seen_b = self.node("b:1", members, level=2)
        self.assertEqual(a.level(), 3)
        a.set_members(members)
        b.set_members(members)
        self.assertEqual(a.level(), 0)
        a.startService()
        b.startService()
        await DeferredList([seen_a.until("up", "b:1"), seen_b.until("up", "a:1")])
        self.assertEqual((a.level(), b.level()), (2, 2))
        await b.stopService()
        await seen_a.until("down", "b:1")
        self.assertEqual(a.level(), 2)
        a.set_members({**members, "c:1": Place("127.0.0.1", 1)})
        self.assertEqual(a.level(), 0)

    async def test_stopped_peer_is_noticed_once(self) -> None:
        """When the other side goes, there is one event, and when it is back another."""
        a, seen_a, b, seen_b = await self.pair()
        await b.stopService()
        await seen_a.until("down", "b:1")
        self.assertFalse(a.send("b:1", Refused(1)))
        self.assertEqual(seen_b.events.count(("down", "a:1")), 0)
        b._port_number = a._members["b:1"].raft_port
        b.startService()
        await seen_a.until("up", "b:1", count=2)
        self.assertEqual(seen_a.events.count(("down", "b:1")), 1)
        self.assertNotIn(("differ", "b:1"), seen_a.events)

    async def test_lost_transport(self) -> None:
        """A link whose transport dies is dialed again by its owner; the other side says that it lost the peer, and
        finds at once that it lives."""
        a, seen_a, b, seen_b = await self.pair()
        a._outgoing["b:1"].transport.abortConnection()
        await DeferredList([seen_a.until("up", "b:1", count=2), seen_b.until("up", "a:1", count=2)])
        self.assertEqual(seen_a.events.count(("down", "b:1")), 1)
        self.assertEqual(seen_b.events.count(("down", "a:1")), 1)

    async def test_taken_port(self) -> None:
        """A port that is taken is one clear error."""
        members: dict[str, Place] = {}
        a, _ = self.node("a:1", members)
        b = Peers(real_reactor, "b:1", {}, SECRET, "127.0.0.1", a.port, print, Recorder(), random=lambda: 0.5)
        error = self.failureResultOf(b.listen(), StartError).value
        self.assertIn(str(a.port), str(error))
        self.assertRaises(StartError, b.startService)
        self.assertFalse(b.running)


class EarlierRoster(Roster):
    """Of a version that cannot be told who leads."""

    asks_leader = False


class Net:
    """Nodes in one memory: dials what they dial, from an address of the test's choice."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.members = {f"{name}:1": Place(f"10.0.0.{at}", 7000 + at) for at, name in enumerate("abc", 1)}
        self.pumps: list[IOPump] = []
        self.dead: list[FakeTransport] = []
        self.closed: set[int] = set()
        self.seed = 0
        self.source = "10.0.0.1"

    def node(self, name: str, **changes: Any) -> tuple[Peers, Recorder]:
        recorder = Recorder()
        place = self.members[name]
        options: dict[str, Any] = {
            "members": self.members, "secret": SECRET, "frames": recorder.frame_received, "events": recorder, **changes
        }  # fmt: skip
        peers = Peers(
            self.reactor,
            name,
            listen_interface=place.host,
            listen_port=place.raft_port,
            random=lambda: 0.5,
            entropy=self.entropy,
            **options,
        )
        return peers, recorder

    def entropy(self, size: int) -> bytes:
        self.seed += 1
        return self.seed.to_bytes(size, "big")

    def listeners(self) -> dict[int, Any]:
        return {port: factory for port, factory, _, _ in self.reactor.tcpServers if port not in self.closed}

    def run(self, seconds: float = 0.0) -> None:
        """Let so much time pass in small steps, everything that is sent arriving at once."""
        steps = round(seconds / 0.01)
        for step in range(steps + 1):
            if step:
                self.reactor.advance(0.01)
            self.settle()

    def settle(self) -> None:
        moved = True
        while moved:
            dialed, self.reactor.tcpClients[:] = self.reactor.tcpClients[:], []
            for host, port, factory, _, _ in dialed:
                self.open(host, port, factory)
            moved = False
            for pump in list(self.pumps):
                moved = pump.flush() or moved
            for io in self.dead:
                if io.disconnecting and not io.disconnected:
                    io.disconnected = True
                    io.reportDisconnect()
            moved = moved or bool(self.reactor.tcpClients)

    def open(self, host: str, port: int, factory: Any) -> None:
        server = self.listeners().get(port)
        if server is None:
            factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
            return
        accepting = server.buildProtocol(IPv4Address("TCP", self.source, 5000))
        dialing = factory.buildProtocol(IPv4Address("TCP", host, port))
        io = FakeTransport(dialing, isServer=False)
        if accepting is None:
            dialing.makeConnection(io)
            io.reportDisconnect()
            return
        self.pumps.append(connect(accepting, FakeTransport(accepting, isServer=True), dialing, io, clock=self.reactor))

    def cut(self) -> None:
        """Nothing arrives any more on the connections there are; each end sees only what it does itself."""
        for pump in self.pumps:
            self.dead += [pump.clientIO, pump.serverIO]
        self.pumps.clear()


class MemoryTests(SynchronousTestCase):
    """Dialing and events, on a clock."""

    def pair(self, **changes: Any) -> tuple[Net, Peers, Recorder, Peers, Recorder]:
        net = Net()
        a, seen_a = net.node("a:1")
        b, seen_b = net.node("b:1", **changes)
        for peers in (a, b):
            self.successResultOf(peers.listen())
            peers.startService()
        net.run(0.2)
        return net, a, seen_a, b, seen_b

    def test_events_at_start(self) -> None:
        """Each of the two sees the other; the third, which is not there, is not seen."""
        _, a, seen_a, b, seen_b = self.pair()
        self.assertEqual((seen_a.events, seen_b.events), ([("up", "b:1")], [("up", "a:1")]))
        self.assertEqual((a.connected("b:1"), a.connected("c:1")), (True, False))
        self.assertEqual(a.counters["dialed"] + a.counters["accepted"], 2)

    def test_dials_at_once_when_called(self) -> None:
        """A node that starts late is dialed back as soon as it has dialed, not after the pause."""
        net = Net()
        a, seen_a = net.node("a:1")
        a.startService()
        net.run(10.1)
        self.assertEqual(seen_a.events, [])
        b, seen_b = net.node("b:1")
        b.startService()
        net.run(0.01)
        self.assertEqual((seen_a.events, seen_b.events), ([("up", "b:1")], [("up", "a:1")]))

    def test_pauses(self) -> None:
        """Refused, a node tries again after 50 ms, then after twice that, at last every second."""
        net = Net()
        tries: list[float] = []
        net.open = lambda host, port, factory: (  # type: ignore[method-assign]
            tries.append(net.reactor.seconds()) if port == 7002 else None,
            factory.clientConnectionFailed(None, Failure(ConnectionRefusedError())),
        )[0]
        a, _ = net.node("a:1")
        a.startService()
        net.run(6)
        pauses = [round(after - before, 1) for before, after in zip(tries, tries[1:], strict=False)]
        self.assertEqual(pauses[:7], [0.1, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
        self.assertLess(tries[1], 0.07)
        self.successResultOf(a.stopService())
        self.assertEqual(net.reactor.getDelayedCalls(), [])

    def test_silent(self) -> None:
        """A member whose link is lost and whose machine does not answer may live; one that refuses has ended."""
        net, a, _, _, _ = self.pair()
        net.run(BACK)
        self.assertEqual((a.silent("b:1"), a.silent("c:1"), a.silent("stranger:1")), (False, False, False))
        opened, net.open = net.open, lambda *_: None  # type: ignore[method-assign]
        net.cut()
        self.assertFalse(a.silent("b:1"))
        net.run(15)
        self.assertEqual((a.silent("b:1"), a.silent("c:1")), (True, False))
        net.open = lambda host, port, factory: (  # type: ignore[method-assign]
            factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        )
        a._dialers["b:1"].stop()
        a._dialers["b:1"].start()
        net.run(2)
        self.assertFalse(a.silent("b:1"))
        net.open = opened  # type: ignore[method-assign]
        net.run(2)
        self.assertEqual((a.connected("b:1"), a.silent("b:1")), (True, False))

    def test_silent_until_it_has_said_who_is_there(self) -> None:
        """A member that stood still is silent for a while after it is back; one that was started again is not."""
        net, a, _, _, _ = self.pair()
        net.run(BACK)
        opened, net.open = net.open, lambda *_: None  # type: ignore[method-assign]
        net.cut()
        net.run(15)
        self.assertTrue(a.silent("b:1"))
        net.open = opened  # type: ignore[method-assign]
        a._dialers["b:1"].stop()
        a._dialers["b:1"].start()
        net.run(BACK - 1)
        self.assertTrue(a.connected("b:1") and a.silent("b:1"))
        net.run(1.5)
        self.assertTrue(a.connected("b:1"))
        self.assertFalse(a.silent("b:1"))
        net.closed.add(7002)
        a._outgoing["b:1"].abort()
        net.run(1)
        self.assertFalse(a.connected("b:1") or a.silent("b:1"))
        net.closed.clear()
        net.run(2)
        self.assertTrue(a.connected("b:1"))
        self.assertFalse(a.silent("b:1"))

    def test_short_pause_after_success(self) -> None:
        """However long a peer was away, once it was there the first retry comes quickly again."""
        net = Net()
        a, seen_a = net.node("a:1")
        a.startService()
        net.run(5)
        b, _ = net.node("b:1")
        b.startService()
        net.run(0.01)
        a._outgoing["b:1"].abort()
        net.run(0.06)
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1"), ("up", "b:1")])

    def test_doubt_ends_at_once(self) -> None:
        """A peer that only closed the connection that it had dialed is asked whether it lives, without delay."""
        net, a, seen_a, b, _ = self.pair()
        b._outgoing["a:1"].abort()
        net.settle()
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1"), ("up", "b:1")])
        self.assertTrue(a.connected("b:1"))

    def test_answer_to_an_earlier_question(self) -> None:
        """What a peer answered before it closed its connection does not show that it lives still."""
        net, a, seen_a, _, _ = self.pair()
        net.run(1.2)
        sent = int(net.reactor.seconds() * 1e6)
        net.reactor.advance(0.01)
        a.link_down(a._incoming["b:1"], "closed")
        a.link_alive(a._outgoing["b:1"], sent)
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1")])
        net.settle()
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1"), ("up", "b:1")])

    def test_stop_ends_attempts(self) -> None:
        """An attempt that is under way is given up by stopService(), and leaves nothing on the clock."""
        net = Net()
        a, _ = net.node("a:1")
        a.startService()
        self.successResultOf(a.stopService())
        self.assertEqual([connector.stoppedConnecting for connector in net.reactor.connectors], [True, True])
        self.assertEqual(net.reactor.getDelayedCalls(), [])

    def test_wrong_secret(self) -> None:
        """A node with another secret is never seen and never told anything."""
        _, a, seen_a, b, seen_b = self.pair(secret=b"guess")
        self.assertEqual((seen_a.events, seen_b.events), ([], []))
        self.assertGreater(a.counters["refused"], 0)
        self.assertFalse(b.send("a:1", Refused(1)))

    def test_strangers(self) -> None:
        """A connection from an address that is no member's is closed without a byte."""
        net, a, seen_a, _, _ = self.pair()
        (factory,) = (factory for port, factory in net.listeners().items() if port == 7001)
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "10.0.0.9", 5000)))
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5000)))
        self.assertEqual(a.counters["strangers"], 2)
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "::ffff:10.0.0.3", 5000)))

    def test_crowd(self) -> None:
        """Of more than 64 connections that say nothing the oldest is closed; a member still gets in."""
        net, a, seen_a, b, _ = self.pair()
        (factory,) = (factory for port, factory in net.listeners().items() if port == 7001)
        silent = [factory.buildProtocol(IPv4Address("TCP", "10.0.0.3", 5000)) for _ in range(64)]
        self.assertFalse(silent[0].closing)
        net.source = "10.0.0.2"
        b._outgoing["a:1"].abort()
        net.run(0.2)
        self.assertTrue(silent[0].closing)
        self.assertFalse(silent[1].closing)
        self.assertEqual(a.counters["crowded"], 1)
        self.assertTrue(b.connected("a:1"))

    def test_half_open(self) -> None:
        """When nothing arrives any more each side is told once, within about three seconds."""
        net, a, seen_a, b, seen_b = self.pair()
        net.cut()
        net.closed |= {7001, 7002}
        net.run(3.6)
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1")])
        self.assertEqual(seen_b.events, [("up", "a:1"), ("down", "a:1")])
        net.closed.clear()
        net.run(1.5)
        self.assertEqual(seen_a.events[2:], [("up", "b:1")])
        self.assertEqual(seen_b.events[2:], [("up", "a:1")])

    def test_newer_replaces_older(self) -> None:
        """A peer that dials anew replaces its older link, which is no loss."""
        net, a, seen_a, b, _ = self.pair()
        older = a._incoming["b:1"]
        net.pumps = [pump for pump in net.pumps if older not in (pump.server, pump.client)]
        b._outgoing["a:1"].connectionLost(Failure(ConnectionRefusedError()))
        net.run(0.2)
        self.assertIsNot(a._incoming["b:1"], older)
        self.assertTrue(older.closing)
        self.assertEqual(seen_a.events, [("up", "b:1")])

    def test_members_differ(self) -> None:
        """Nodes whose files differ work together and say so."""
        net = Net()
        other = {name: place for name, place in net.members.items() if name != "c:1"}
        _, _, seen_a, _, seen_b = self.pair(members=other)
        self.assertIn(("differ", "b:1"), seen_a.events)
        self.assertIn(("up", "b:1"), seen_a.events)
        self.assertIn(("differ", "a:1"), seen_b.events)

    def test_only_who_is_in_order_says_that_one_is_gone(self) -> None:
        """Who has been away may have in its log that another node had this one's place: that says nothing of today."""
        net = Net()
        a = MemberRecord("a:1", "new", "10.0.0.1:8001", "10.0.0.1:7001")
        b = MemberRecord("b:1", "b", "10.0.0.2:8002", "10.0.0.2:7002")
        today, past = Roster(a, [a, b], joined=True), Roster(b, [a, b], joined=True)
        today.configured(Configuration(("a:1", "b:1"), members=(a, b)), 9)
        past.configured(Configuration(("a:1", "b:1"), members=(msgspec.structs.replace(a, id="old"), b)), 5)
        one, seen = net.node("a:1", roster=today, http="10.0.0.1:8001")
        other, _ = net.node("b:1", roster=past, http="10.0.0.2:8002")
        other.in_order = lambda: False
        for peers in (one, other):
            self.successResultOf(peers.listen())
            peers.startService()
        net.run(1.0)
        self.assertFalse([event for event in seen.events if event[0] == "removed"])
        other.in_order = lambda: True
        net.run(3.0)
        self.assertFalse([event for event in seen.events if event[0] == "removed"])  # it follows, a little behind
        past.committed = lambda: 9
        net.run(3.0)
        ((_, why),) = {event for event in seen.events if event[0] == "removed"}
        self.assertIn("old data", why)

    def test_absent(self) -> None:
        """Who has been away listens to a member that it does not know, from an address that it does not know, once it
        finds no leader, and dials it back; to a node that does not know it, it says nothing."""
        net = Net()
        a, b, c = (
            MemberRecord(f"{n}:1", n, f"10.0.0.{at}:800{at}", f"10.0.0.{at}:700{at}") for at, n in enumerate("abc", 1)
        )
        today, past = Roster(a, [a, c], joined=True), Roster(c, [b, c], joined=True)
        stranger = Roster(b, [b, c], joined=True)
        today.configured(Configuration(("a:1", "c:1"), members=(a, c)), 9)
        past.configured(Configuration(("b:2", "c:1"), members=(MemberRecord("b:2", "b2", "10.0.0.8:8002"), c)), 5)
        stranger.configured(Configuration(("b:1", "c:1"), members=(b, msgspec.structs.replace(c, id="c2"))), 99)
        past.committed = lambda: 7
        one, seen = net.node("a:1", roster=today, http=a.http, members=today.places())
        two, _ = net.node("b:1", roster=stranger, http=b.http, members=stranger.places())
        away, seen_away = net.node("c:1", roster=past, http=c.http, members=past.places())
        seen_away.introduced = lambda hello, refusal: (  # type: ignore[method-assign]
            away.set_members(past.places()) if not refusal and past.hear(hello) else None
        )
        for peers in (one, two, away):
            self.successResultOf(peers.listen())
            peers.startService()
        net.run(2.0)
        self.assertEqual((seen.events, seen_away.events, away.counters["refused"]), ([], [], 0))
        self.assertGreater(away.counters["strangers"], 2)
        away.sources.seeks = past.seeks = lambda: True
        net.run(2.0)
        self.assertIn(("up", "c:1"), seen.events)
        self.assertEqual(seen_away.events, [("up", "a:1")])
        self.assertTrue(one.connected("c:1") and away.connected("a:1"))
        self.assertFalse(two.connected("c:1") or away.connected("b:1"))
        self.assertGreater(away.counters["refused"], 0)

    def empty_node(
        self, *, older: bool = False, added: bool = False, leader: str = "a:1"
    ) -> tuple[Peers, Recorder, Recorder]:
        """
        A leads B and welcomes nodes; C, which is empty, knows of B only.

        @param older: C is of a version that cannot be told who leads.
        @param added: an operator has made C a member.
        @param leader: whom B takes for the leader.
        @return: C with what it hears, and what A hears.
        """
        net = Net()
        a, b, c = (
            MemberRecord(f"{n}:1", n, f"10.0.0.{at}:800{at}", f"10.0.0.{at}:700{at}") for at, n in enumerate("abc", 1)
        )
        leading, following = Roster(a, [], joined=True), Roster(b, [], joined=True)
        new = EarlierRoster(c, [b]) if older else Roster(c, [b])
        learner = MemberRecord("c:1", "", c.http, c.raft)
        config = Configuration(("a:1", "b:1"), ("c:1",) if added else (), members=(a, b, learner) if added else (a, b))
        for roster in (leading, following):
            roster.open = not added
            roster.configured(config, 9)
        one, seen_leader = net.node("a:1", roster=leading, http=a.http, members=leading.places())
        two, _ = net.node("b:1", roster=following, http=b.http, members=following.places())
        three, seen = net.node("c:1", roster=new, http=c.http, members=new.places())
        told = seen.leader_known
        seen.leader_known = lambda peer, record: (  # type: ignore[method-assign]
            told(peer, record), three.set_members(new.places()) if new.leads(record) else None,
        )[0]  # fmt: skip
        one.own_leader, two.own_leader = lambda: "a:1", lambda: leader
        for peers in (one, two):
            peers.sources.allow(["10.0.0.1"])  # where all seem to call from
        for peers in (one, two, three):
            self.successResultOf(peers.listen())
            peers.startService()
        net.run(3.0)
        return three, seen, seen_leader

    def test_newcomer_is_told_who_leads(self) -> None:
        """A follower that is called by a node which is no member says who leads: the node calls the leader, too."""
        new, seen, seen_leader = self.empty_node()
        self.assertIn(("leads", "b:1", "a:1"), seen.events)
        self.assertIn(("introduced", "c:1", "c:1 is no member of this node's cluster"), seen_leader.events)
        self.assertNotIn(("leads", "a:1", "a:1"), seen.events)  # a leader takes it in, and says nothing
        self.assertTrue(new.sources.allows("10.0.0.1"))  # from there it will be called
        self.assertEqual(new.counters["damaged"], 0)

    def test_newcomer_waits(self) -> None:
        """Who proves itself and is not taken in calls again after longer and longer pauses, as who is refused."""
        _, _, seen_leader = self.empty_node()
        calls = [event for event in seen_leader.events if event[:2] == ("introduced", "c:1")]
        self.assertIn(len(calls), range(4, 9))  # after 0, 0.05, 0.15, 0.35, 0.75, 1.55, 2.55 s, a quarter more or less

    def test_newcomer_of_an_earlier_version(self) -> None:
        """It is sent nothing that it does not know, and goes on to call those that it knows."""
        new, seen, seen_leader = self.empty_node(older=True)
        self.assertGreater(new.counters["dialed"], 1)
        self.assertEqual(new.counters["damaged"], 0)
        self.assertNotIn("leads", [event[0] for event in seen.events])
        self.assertNotIn("c:1", [event[1] for event in seen_leader.events])

    def test_newcomer_that_an_operator_added(self) -> None:
        """A follower that takes its call says who leads, too: it and the leader get through to each other."""
        new, seen, seen_leader = self.empty_node(added=True)
        self.assertIn(("leads", "b:1", "a:1"), seen.events)
        self.assertTrue(new.connected("a:1") and new.connected("b:1"))
        self.assertIn(("up", "c:1"), seen_leader.events)

    def test_nobody_to_name(self) -> None:
        """A follower without a leader names none, nor one that is no member by its log, nor who calls."""
        for nobody in ("", "d:1", "c:1"):
            new, seen, seen_leader = self.empty_node(leader=nobody)
            self.assertGreater(new.counters["dialed"], 1)
            self.assertNotIn("leads", [event[0] for event in seen.events])
            self.assertNotIn("c:1", [event[1] for event in seen_leader.events])

    def test_member_removed_and_added(self) -> None:
        """A member that leaves the list loses its links, and gets in no more until it is back."""
        net, a, seen_a, b, seen_b = self.pair()
        everyone = net.members
        a.set_members({"a:1": everyone["a:1"]})
        net.run(1)
        self.assertEqual(seen_a.events, [("up", "b:1"), ("down", "b:1")])
        self.assertFalse(a.connected("b:1") or b.connected("a:1"))
        a.set_members(everyone)
        net.run(3)
        self.assertEqual(seen_a.events[-1], ("up", "b:1"))
        self.assertTrue(b.connected("a:1"))

    def test_nothing_before_start_or_after_stop(self) -> None:
        """Connections are taken from startService() to stopService(); stopping is no loss of a peer."""
        net, a, seen_a, b, _ = self.pair()
        c, seen_c = net.node("c:1")
        self.successResultOf(c.listen())
        net.run(3)
        self.assertEqual(c.counters["accepted"], 0)
        events = list(seen_a.events)
        stopped = a.stopService()
        net.run(0.1)
        self.successResultOf(stopped)
        self.assertEqual(seen_a.events, events)
        self.assertFalse(b.connected("a:1"))

    def test_stop_is_bounded(self) -> None:
        """Connections that do not close in order are cut off after L{STOP_TIME}."""
        net, a, _, _, _ = self.pair()
        net.cut()
        aborted: list[object] = []
        for link in list(a._links):
            link.transport.loseConnection = lambda: None
            link.transport.abortConnection = lambda link=link: (
                aborted.append(link),
                link.connectionLost(Failure(ConnectionRefusedError())),
            )
        stopped = a.stopService()
        net.reactor.advance(STOP_TIME - 0.01)
        self.assertNoResult(stopped)
        net.reactor.advance(0.01)
        self.successResultOf(stopped)
        self.assertEqual(len(aborted), 2)

    def test_failing_receiver(self) -> None:
        """An event that its receiver fails on stops nothing."""

        class Failing(Recorder):
            def peer_connected(self, peer: str) -> None:
                super().peer_connected(peer)
                raise ValueError("bug")

            def peer_disconnected(self, peer: str) -> None:
                super().peer_disconnected(peer)
                raise ValueError("bug")

        failing = Failing()
        net, a, _, b, _ = self.pair(events=failing)
        b._outgoing["a:1"].abort()
        net.run(0.2)
        self.assertEqual(failing.events, [("up", "a:1"), ("down", "a:1"), ("up", "a:1")])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 3)


class AskTests(SynchronousTestCase):
    """Small requests."""

    def setUp(self) -> None:
        self.net, self.a, _, self.b, self.seen = MemoryTests.pair(self)  # type: ignore[arg-type]

    def ask(self, timeout: float = 5.0) -> Deferred[bytes]:
        asked = self.a.ask("b:1", "what", b"body", timeout)
        self.net.settle()
        return asked

    def test_answers(self) -> None:
        """Bytes and Deferreds of bytes come back, in whatever order they are ready."""
        later: Deferred[bytes] = Deferred()
        self.seen.answer = later
        slow = self.ask()
        self.seen.answer = b"now"
        self.assertEqual(self.successResultOf(self.ask()), b"now")
        self.assertNoResult(slow)
        later.callback(b"later")
        self.net.settle()
        self.assertEqual(self.successResultOf(slow), b"later")

    def test_errors(self) -> None:
        """The domain's errors come with their text, others as 'internal error', which is logged there."""
        self.seen.answer = Unavailable("not now")
        self.assertEqual(str(self.failureResultOf(self.ask(), NacosError).value), "not now")
        self.seen.answer = KeyError("secret detail")
        self.assertEqual(str(self.failureResultOf(self.ask(), NacosError).value), "internal error")
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.seen.answer = "text"
        self.assertEqual(str(self.failureResultOf(self.ask(), NacosError).value), "internal error")
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_deadline(self) -> None:
        """No answer in time is TimedOut; a late one is dropped."""
        later: Deferred[bytes] = Deferred()
        self.seen.answer = later
        asked = self.ask(timeout=2.0)
        self.net.run(2.05)
        self.failureResultOf(asked, TimedOut)
        later.callback(b"late")
        self.net.settle()
        self.assertTrue(self.a.connected("b:1"))

    def test_cancelled(self) -> None:
        """The asker can lose interest."""
        self.seen.answer = Deferred()
        asked = self.ask()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertEqual(self.a._questions._open, {})

    def test_lost(self) -> None:
        """A link that closes fails what was asked over it, and cancels the work on the other side."""
        work: Deferred[bytes] = Deferred()
        self.seen.answer = work
        asked = self.ask()
        self.a._outgoing["b:1"].abort()
        self.net.settle()
        self.failureResultOf(asked, Unavailable)
        self.assertTrue(work.called)
        self.failureResultOf(self.a.ask("c:1", "what", b"", 1.0), Unavailable)

    def test_too_large(self) -> None:
        """Questions and answers have the frames' limit; exceeding it costs no link."""
        self.failureResultOf(self.a.ask("b:1", "what", bytes(16 << 20), 1.0), Unavailable)
        self.seen.answer = bytes(16 << 20)
        self.assertIn("too large", str(self.failureResultOf(self.ask(), NacosError).value))
        self.assertTrue(self.a.connected("b:1"))

    def test_too_many(self) -> None:
        """A peer that asks and asks is refused at some point."""
        self.seen.answer = Deferred()
        asked = [self.a.ask("b:1", "what", b"", 5.0) for _ in range(1001)]
        self.net.settle()
        self.assertIn("too many", str(self.failureResultOf(asked[-1], NacosError).value))
        self.assertNoResult(asked[0])


class DigestTests(SynchronousTestCase):
    """What is compared between nodes."""

    def test_order_does_not_matter(self) -> None:
        """The same names in another order are the same list."""
        self.assertEqual(digest(["a:1", "b:1"]), digest(["b:1", "a:1"]))
        self.assertNotEqual(digest(["a:1", "b:1"]), digest(["a:1", "b:11"]))
