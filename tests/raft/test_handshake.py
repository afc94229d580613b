"""Who is at the other end."""

from __future__ import annotations

import random

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.net.codec import Challenge, Decoder, FrameError, Hello, Proof, Refused, Sealer, decode_early, encode
from nacos_tw.raft.net.handshake import (
    NONCE_BYTES,
    DialerHandshake,
    HandshakeError,
    Introduction,
    ListenerHandshake,
    Session,
    Step,
)

SECRET = b"the cluster's secret"
MEMBERS = frozenset({"a:1", "b:1", "c:1"})


class HandshakeTests(SynchronousTestCase):
    """Both sides, joined by hand."""

    def setUp(self) -> None:
        self.entropy = random.Random(1).randbytes

    def dialer(self, node: str = "a:1", peer: str = "b:1", secret: bytes = SECRET) -> DialerHandshake:
        me = Introduction(node, b"digest", "1.2.3", f"http-of-{node}")
        return DialerHandshake(me, peer, secret, self.entropy)

    def listener(self, node: str = "b:1", secret: bytes = SECRET) -> ListenerHandshake:
        return ListenerHandshake(node, lambda hello: hello.node in MEMBERS, secret, self.entropy)

    def run_through(self, dialer: DialerHandshake, listener: ListenerHandshake) -> tuple[Session, Session]:
        challenge = listener.receive(dialer.start())
        assert challenge is not None
        proof = dialer.receive(challenge)
        assert proof is not None
        answer = listener.receive(proof)
        assert answer is not None
        self.assertIsNone(dialer.receive(answer))
        assert dialer.session is not None and listener.session is not None
        return dialer.session, listener.session

    def refused(self, text: str, side: DialerHandshake | ListenerHandshake, payload: bytes) -> None:
        error = self.assertRaises(HandshakeError, side.receive, payload)
        self.assertIn(text, str(error))
        self.assertIsNone(side.session)
        self.assertRaises(HandshakeError, side.receive, payload)

    def test_both_know_each_other(self) -> None:
        """Each side has the other's name and keys that fit crosswise."""
        dialed, accepted = self.run_through(self.dialer(), self.listener())
        self.assertEqual((dialed.peer, accepted.peer), ("b:1", "a:1"))
        self.assertEqual(dialed.send_key, accepted.receive_key)
        self.assertEqual(dialed.receive_key, accepted.send_key)
        self.assertNotEqual(dialed.send_key, dialed.receive_key)
        assert accepted.hello is not None
        hello = accepted.hello
        self.assertEqual((hello.members, hello.server, hello.http), (b"digest", "1.2.3", "http-of-a:1"))
        self.assertNotIn(repr(dialed.send_key), repr(dialed))

    def test_frames_under_the_keys(self) -> None:
        """What one direction seals the other direction's decoder refuses."""
        dialed, accepted = self.run_through(self.dialer(), self.listener())
        data = Sealer(dialed.send_key).seal(encode(Refused(1)))
        self.assertEqual(Decoder(key=accepted.receive_key).feed(data), [Refused(1)])
        self.assertRaises(FrameError, Decoder(key=dialed.receive_key).feed, data)

    def test_fresh_keys(self) -> None:
        """Two links between the same nodes have nothing in common."""
        first, _ = self.run_through(self.dialer(), self.listener())
        second, _ = self.run_through(self.dialer(), self.listener())
        self.assertEqual(len({first.send_key, first.receive_key, second.send_key, second.receive_key}), 4)

    def test_wrong_secret(self) -> None:
        """The listener refuses a dialer without the secret, and has told it nothing but a nonce."""
        dialer, listener = self.dialer(secret=b"guess"), self.listener()
        challenge = listener.receive(dialer.start())
        assert challenge is not None
        frame = decode_early(challenge)
        assert isinstance(frame, Challenge)
        proof = dialer.receive(challenge)
        assert proof is not None
        self.refused("secret", listener, proof)

    def test_impostor_listens(self) -> None:
        """The dialer refuses a listener without the secret."""
        dialer, listener = self.dialer(), self.listener(secret=b"guess")
        challenge = listener.receive(dialer.start())
        assert challenge is not None
        dialer.receive(challenge)
        self.refused("secret", dialer, encode(Proof(bytes(32))))

    def test_reflected_proof(self) -> None:
        """Whoever sends the dialer its own proof back does not pass for the listener."""
        dialer, listener = self.dialer(), self.listener()
        challenge = listener.receive(dialer.start())
        assert challenge is not None
        proof = dialer.receive(challenge)
        assert proof is not None
        self.refused("secret", dialer, proof)

    def test_reflected_challenge(self) -> None:
        """A challenge that is the dialer's own nonce is refused."""
        dialer = self.dialer()
        hello = decode_early(dialer.start())
        assert isinstance(hello, Hello)
        self.refused("our own nonce", dialer, encode(Challenge(1, hello.nonce)))

    def test_challenge_passed_on_to_the_challenger(self) -> None:
        """An outsider that has a node answer, as dialer, a challenge of its own listener gets no valid proof."""
        victim = self.listener("b:1")
        outsider_hello = encode(Hello(1, "a:1", "b:1", b"n" * NONCE_BYTES))
        challenge = victim.receive(outsider_hello)
        assert challenge is not None
        dialer = self.dialer("b:1", "a:1")
        dialer.start()
        proof = dialer.receive(challenge)
        assert proof is not None
        self.refused("secret", victim, proof)

    def test_replayed_session(self) -> None:
        """What a true dialer once sent is of no use on another connection."""
        dialer, listener = self.dialer(), self.listener()
        hello = dialer.start()
        challenge = listener.receive(hello)
        assert challenge is not None
        proof = dialer.receive(challenge)
        assert proof is not None
        second = self.listener()
        self.assertIsNotNone(second.receive(hello))
        self.refused("secret", second, proof)

    def test_changed_introduction(self) -> None:
        """The proofs cover every byte of the Hello."""
        dialer, listener = self.dialer(), self.listener()
        challenge = listener.receive(dialer.start().replace(b"1.2.3", b"1.2.4"))
        assert challenge is not None
        proof = dialer.receive(challenge)
        assert proof is not None
        self.refused("secret", listener, proof)

    def test_names(self) -> None:
        """Unknown names, the own name, and a node that meant another are refused."""
        self.refused("is no member of", self.listener(), self.dialer(node="x:1\n").start())
        self.refused("own name", self.listener(), self.dialer(node="b:1").start())
        self.refused("took this node", self.listener(), self.dialer(peer="c:1").start())

    def test_version(self) -> None:
        """Another version is refused by either side."""
        nonce = bytes(NONCE_BYTES)
        self.refused("version 2", self.listener(), encode(Hello(2, "a:1", "b:1", nonce)))
        dialer = self.dialer()
        dialer.start()
        self.refused("version 7", dialer, encode(Challenge(7, nonce)))

    def test_short_nonce(self) -> None:
        """A nonce has 32 bytes."""
        self.refused("nonce", self.listener(), encode(Hello(1, "a:1", "b:1", b"")))

    def test_out_of_turn(self) -> None:
        """Each step takes one kind of frame; after the end nothing more."""
        self.refused("Proof out of turn", self.listener(), encode(Proof(bytes(32))))
        self.refused("Challenge out of turn", self.dialer(), encode(Challenge(1, bytes(NONCE_BYTES))))
        dialer, listener = self.dialer(), self.listener()
        self.run_through(dialer, listener)
        self.assertEqual((dialer.step, listener.step), (Step.DONE, Step.DONE))
        self.assertRaises(HandshakeError, listener.receive, encode(Proof(bytes(32))))

    def test_damage(self) -> None:
        """What is no frame ends the handshake."""
        listener = self.listener()
        self.assertRaises(FrameError, listener.receive, b"GET / HTTP/1.1")
        self.assertRaises(HandshakeError, listener.receive, self.dialer().start())


class VersionsTests(SynchronousTestCase):
    """What an earlier version says and reads."""

    def test_fields_that_came_later(self) -> None:
        """A Hello without them is read, with their defaults; one that has more than a version knows is read, too."""
        whole = Hello(
            1, "a:1", "b:1", bytes(32), id="a", raft="a:2", joined=True, starts=3, run=4, config=5, to_id="b",
            asks_leader=True,
        )  # fmt: skip
        array = msgspec.msgpack.decode(encode(whole))
        self.assertEqual(decode_early(msgspec.msgpack.encode(array)), whole)
        for count in range(5, len(array)):
            read = decode_early(msgspec.msgpack.encode(array[:count]))
            assert isinstance(read, Hello)
            self.assertEqual(
                (read.node, read.config, read.to_id, read.asks_leader),
                ("a:1", 5 if count > 14 else 0, "b" if count > 15 else "", False),
            )
        self.assertEqual(decode_early(msgspec.msgpack.encode([*array, "more"])), whole)
