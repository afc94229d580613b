"""All links of a node: dialing, events, questions, over the real loopback and in memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.trial.unittest import TestCase

from nacos_tw.errors import StartError
from nacos_tw.raft.codec import RaftFrame, Refused, encode
from nacos_tw.raft.messages import AppendResponse
from nacos_tw.raft.peers import Peers

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

    def members_differ(self, peer: str) -> None:
        self._add("differ", peer)

    def asked(self, peer: str, what: str, body: bytes) -> bytes | Deferred[bytes]:
        self._add("asked", peer, what, body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class LoopbackTests(TestCase):
    """Two nodes over real sockets."""

    timeout = 20

    def node(self, name: str, members: dict[str, Place], secret: bytes = SECRET) -> tuple[Peers, Recorder]:
        recorder = Recorder()
        peers = Peers(
            real_reactor, name, {}, secret, "127.0.0.1", 0, recorder, random=lambda: 0.5, server="1.0", http=name
        )
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
        self.assertEqual(await a.ask("b:1", "how", b"are you", 5.0), b"fine")
        self.assertIn(("asked", "a:1", "how", b"are you"), seen_b.events)
        self.assertLess(a.rtt["b:1"], 5.0)
        self.assertEqual(b.hellos["a:1"].http, "a:1")
        self.assertFalse(a.send("c:1", Refused(1)))

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
        b = Peers(real_reactor, "b:1", {}, SECRET, "127.0.0.1", a.port, Recorder(), random=lambda: 0.5)
        error = self.failureResultOf(b.listen(), StartError).value
        self.assertIn(str(a.port), str(error))
        self.assertRaises(StartError, b.startService)
        self.assertFalse(b.running)
