"""
Messages to one client about one service never go back, and the last state always arrives, on every transport: over
random changes, subscriptions, acknowledgements, slow clients and clients that go away.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.switches import apply_switch
from tests.push.test_udp import CLIENT, KEY, Harness, Network
from tests.push.world import TURN, Third, Turning, World, grpc

SEEDS = 40
STEPS = 150


class StreamTests(SynchronousTestCase):
    """A transport that was added here, and that of gRPC."""

    def check(self, transport: Any) -> None:
        told = 0
        for seed in range(SEEDS):
            world = World(seed, transport)
            world.live(STEPS)
            self.assertEqual((world.went_back(), world.missing()), ([], []), f"seed {seed}")
            told += sum(len(each) for client in world.clients for each in client.told.values())
            world.pushes.stopService()
        self.assertGreater(told, 10 * SEEDS)

    def test_a_third(self) -> None:
        """One that neither naming nor config knows of."""
        self.check(Third)

    def test_grpc(self) -> None:
        """Real pushes of services."""
        self.check(grpc)


class TurningNetwork(Turning, Network):
    """A network with turns."""


class UdpTests(Harness):
    """
    Over UDP, where a client has the pushes and the answers to its polls, and of the two sendings of a packet the first
    may be lost.
    """

    def test_random_lives(self) -> None:
        for seed in range(SEEDS):
            self.network = TurningNetwork()
            self.push = self.make()
            self.live(Random(seed), seed)
            self.successResultOf(self.push.stopService())

    def live(self, random: Random, seed: int) -> None:
        self.switches = apply_switch(self.switches, "pushCacheMillis", "600000")
        self.push.audience._turns._steps = 1
        told: list[int] = []  # states, in the order in which they came to the client
        lost: set[int] = set()
        read = 0

        def change() -> None:
            self.hosts = [len(self.hosts) and self.hosts[0] + 1]
            self.subscriptions.changed([KEY])

        def poll() -> None:
            take()
            self.assertTrue(self.subscribe())
            told.append(self.hosts[0])

        def take(acknowledged: bool = False) -> None:
            """What was sent meanwhile: the first sending of a packet may be lost."""
            nonlocal read
            for datagram, address in self.sent[read:]:
                packet = json.loads(datagram)
                number = packet["lastRefTime"]
                if address != CLIENT:
                    continue
                if number not in lost and random.random() < 0.3:
                    lost.add(number)
                    continue
                told.append(json.loads(packet["data"])["hosts"][0])
                if acknowledged or random.random() < 0.7:
                    self.ack(number)
            read = len(self.sent)

        change()
        for port in range(CLIENT[1] - 3, CLIENT[1] + 3):
            poll() if port == CLIENT[1] else self.subscribe(port=port)
        things = [change, change, poll, take, take] + [
            lambda: self.network.advance(random.choice((TURN, TURN, TURN, 0.1, 3.0)))
        ] * 5
        for _ in range(STEPS):
            random.choice(things)()
        for _ in range(250):
            self.network.advance(0.1)
            take(acknowledged=True)
        self.assertEqual(told, sorted(told), f"seed {seed}")
        self.assertEqual(told[-1], self.hosts[0], f"seed {seed}")
