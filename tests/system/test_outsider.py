"""An outsider on 7848, from an address that is allowed to connect, against real nodes without TLS."""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
import struct
from collections.abc import Callable

from nacos_tw.raft.net.codec import Ping, Sealer, encode, pack
from tests.system.clustered import Clustered
from tests.system.nodes import RealNode, wait_for
from tests.system.outsider import Outsider, dial, receive
from tests.system.writers import writing

SECRET = "only-for-this-test-cluster"


class OutsiderCase(Clustered):
    """Three nodes with a secret."""

    def setUp(self) -> None:
        self.real = self.cluster(3, f"nacos.raft.secret={SECRET}")

    def assertUnharmed(self) -> None:
        """The members still work together, and nothing of the outsider's is in the registry."""
        self.real.wait_ready()
        node = self.real.nodes[0]
        self.assertOk(node.register(self.id().rpartition(".")[2], "10.9.9.9"))
        self.assertEverywhere(self.real.nodes, self.id().rpartition(".")[2], {"10.9.9.9"})


class StrangerTests(OutsiderCase):
    """Without the secret."""

    def test_secret(self) -> None:
        """With no secret or a wrong one it gets a challenge and nothing else, whichever member it claims to be; the
        nodes say so once a minute."""
        first, second, third = self.real.nodes
        for secret in (b"", b"x", SECRET.upper().encode(), SECRET.encode()[:-1], SECRET.encode() + b"x"):
            for claims in (second.address, third.address, first.address, "127.0.0.1:1", "x" * 500):
                outsider = Outsider(first, claims, secret)
                self.assertIsNone(outsider.session)
                outsider.close()
        known = Outsider(first, second.address, SECRET.encode())
        self.assertIsNotNone(known.session)  # so the client does speak the protocol
        known.close()
        lines = [line for line in first.full_log.splitlines() if "no Raft link with 127.0.0.1" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r" WARN .*the proof is wrong: the cluster secrets differ")
        self.assertNotIn(SECRET, first.full_log + first.log)
        self.assertUnharmed()

    def test_half_handshakes(self) -> None:
        """Garbage, oversized frames, frames out of turn, and silence in the middle of a handshake: closed, in time."""
        node = self.real.nodes[0]
        hello = Outsider(node, self.real.nodes[1].address, b"x")
        hello.close()
        dice = random.Random(7)
        beginnings = [
            b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 2**31), struct.pack(">I", 4096) + b"x" * 100,
            pack(b"\xff" * 40), pack(encode(Ping(1))), Sealer(b"k").seal(encode(Ping(1))), dice.randbytes(3000),
            b"\x16\x03\x01\x02\x00" + dice.randbytes(512),
        ]  # fmt: skip
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(dial(node)) for _ in beginnings]
            for connection, data in zip(opened, beginnings, strict=True):
                connection.sendall(data)
            for connection, data in zip(opened, beginnings, strict=True):
                self.assertEqual(receive(connection), b"", data[:20])
        self.assertUnharmed()

    def test_flood(self) -> None:
        """Hundreds of silent connections from a member's address: the oldest are closed, members go on working, and
        one that starts anew gets in."""
        node = self.real.leader()
        follower = self.real.followers()[0]
        with contextlib.ExitStack() as stack:
            with writing([node, node]) as writers:
                silent = [stack.enter_context(dial(node)) for _ in range(400)]
                follower.kill()
                follower.start()
                silent += [stack.enter_context(dial(node)) for _ in range(200)]
                self.real.wait_ready()
                wait_for(lambda: len(set(node.members().values())) == 1)
            for writer in writers:
                self.assertEqual(writer.failures, [])
            self.assertKept(self.real.nodes, writers)
            still = [connection for connection in silent if not _closed(connection)]
            self.assertLessEqual(len(still), 64)
        self.assertEqual(self.real.leader(), node)


class ChangeTests(OutsiderCase):
    """Another secret."""

    def changed(self, node: RealNode) -> None:
        """Write the other secret into a node's file and start it again."""
        name = os.path.join(node.home, "conf", "application.properties")
        with open(name) as file:
            text = file.read()
        with open(name, "w") as file:
            file.write(text.replace(SECRET, SECRET[::-1]))
        node.stop()
        node.start(check=False)  # startup.sh may wait in vain for a node that has nobody yet

    def test_node_by_node(self) -> None:
        """
        Nodes that are given another secret one after the other: those with the old and those with the new one refuse
        each other, whoever is the majority goes on, and what it acknowledged is there in the end.
        """
        first, second, third = self.real.nodes
        for node in self.real.nodes:
            self.assertOk(node.register("before", "10.0.0.1", ephemeral="false"))
        self.changed(first)
        wait_for(lambda: "the cluster secrets differ" in second.full_log + third.full_log)
        wait_for(lambda: not first.ready())
        self.real.wait_ready([second, third])
        self.assertOk(third.register("old", "10.0.0.2", ephemeral="false"))
        self.changed(second)
        self.real.wait_ready([first, second])
        wait_for(lambda: not third.ready())
        self.assertOk(first.register("new", "10.0.0.3", ephemeral="false"))
        self.changed(third)
        self.real.wait_ready()
        for service, ip in (("before", "10.0.0.1"), ("old", "10.0.0.2"), ("new", "10.0.0.3")):
            self.assertEverywhere(self.real.nodes, service, {ip})
        for node in self.real.nodes:
            self.assertNotIn(SECRET, node.full_log + node.log)
            self.assertNotIn(SECRET[::-1], node.full_log + node.log)


def _closed(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class ForgeryTests(OutsiderCase):
    """With the secret, in the place of a member that is stopped: frames that this member did not send so."""

    def setUp(self) -> None:
        super().setUp()
        self.absent = self.real.followers()[0]
        self.others = [node for node in self.real.nodes if node is not self.absent]
        self.target = self.others[0]
        self.absent.stop()
        self.real.wait_ready(self.others)

    def linked(self) -> Outsider:
        """A link that the target takes for the absent member's: it answers."""
        member = Outsider(self.target, self.absent.address, SECRET.encode())
        self.addCleanup(member.close)
        self.assertIsNotNone(member.session)
        for number in range(4):
            member.send(member.sealed(Ping(number)))
        wait_for(member.answered, why="the target to answer pings")
        return member

    def refusals(self) -> int:
        """How often the target closed a link because of a frame."""
        return self.target.full_log.count("a frame that this peer did not send, or not now") + len(
            re.findall(
                r"Raft link from \S+ closed: (?:not a frame|a frame without|\d+ bytes in one)", self.target.full_log
            )
        )

    def assertOthersUnharmed(self) -> None:
        """Those that are there work together as before, and a link of the member's works."""
        self.linked().close()
        service = self.id().rpartition(".")[2]
        self.assertOk(self.others[1].register(service, "10.9.9.9"))
        self.assertEverywhere(self.others, service, {"10.9.9.9"})

    def test_replayed(self) -> None:
        """A whole recorded conversation, and its parts, mean nothing on a new connection."""
        member = self.linked()
        recorded = bytes(member.sent)
        member.close()
        hello = recorded[: 4 + struct.unpack_from(">I", recorded)[0]]
        for part in (recorded, hello, recorded[len(hello) :], hello + recorded[len(hello) :][:64]):
            with dial(self.target) as connection:
                connection.sendall(part)
                answer = receive(connection)
            # Only a fresh challenge comes back, and never more.
            self.assertLess(len(answer), 64, part[:20])
        self.assertOthersUnharmed()
        self.absent.start()
        self.assertUnharmed()

    def test_changed(self) -> None:
        """Altered, doubled, invented, shortened, swapped and lost frames end the link at once; the next one works."""
        invented = Sealer(b"guess").seal(encode(Ping(5)))
        tricks: tuple[Callable[[bytes, bytes], bytes], ...] = (
            lambda frame, following: frame[:6] + bytes([frame[6] ^ 1]) + frame[7:],
            lambda frame, following: frame[:-1] + bytes([frame[-1] ^ 128]),
            lambda frame, following: frame + frame,
            lambda frame, following: invented + frame,
            lambda frame, following: pack(encode(Ping(5))) + frame,
            lambda frame, following: struct.pack(">I", len(frame) - 5) + frame[4:-1],
            lambda frame, following: struct.pack(">I", 2**30) + frame[4:],
            lambda frame, following: following + frame,
            lambda frame, following: following,
        )
        for number, trick in enumerate(tricks):
            before = self.refusals()
            member = self.linked()
            member.send(trick(member.sealed(Ping(10)), member.sealed(Ping(11))))
            member.wait_closed()
            wait_for(lambda before=before: self.refusals() > before, why=f"the target to say so of trick {number}")  # type: ignore[misc]
        self.assertOthersUnharmed()
        self.absent.start()
        self.assertUnharmed()
