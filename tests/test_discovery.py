"""Clusters that find their members themselves: whole nodes in this process, and a real DNS server."""

from __future__ import annotations

import attrs

from nacos_tw.raft.net.codec import VERSION, Hello
from nacos_tw.service import NacosNode
from nacos_tw.settings.autopilot import AutopilotSettings
from nacos_tw.settings.discovery import Discovery
from nacos_tw.settings.settings import Settings
from tests import test_membership
from tests.nameserver import nameserver
from tests.test_service import REGISTER, Together, call, until

QUICK = AutopilotSettings(stable=0.3, dead_after=1.5)


class Finding(Together):
    """What the tests share."""

    follows = test_membership.MembershipTests.follows
    newcomer_port = test_membership.MembershipTests.another_port

    def setUp(self) -> None:
        super().setUp()
        serving = nameserver()
        self.dns = serving.__enter__()
        self.addCleanup(serving.__exit__, None, None, None)
        self.cluster()

    def named(self, *ports: int) -> None:
        """DNS names these nodes."""
        self.dns.says(_nacos___tcp__x={"SRV": [[port, "127.0.0.1"] for port in ports]})

    def found(self, settings: Settings) -> Settings:
        """A node that is told nothing of the others."""
        looked_for = Discovery("_nacos._tcp.x", 0, 3, (("127.0.0.1", self.dns.port),), 0.2)
        return attrs.evolve(
            settings, members=(settings.member,), listed=(), clustered=True, discovery=looked_for, autopilot=QUICK
        )


class DiscoveryTests(Finding):
    """By DNS."""

    async def test_life(self) -> None:
        """Two of three do not begin; three do. A fourth is taken in and promoted; when it is dead and not named any
        more it goes."""
        one, two, three = map(self.found, self.all)
        self.named(*self.ports[:2])
        nodes = [self.start(one), self.start(two)]
        await until(lambda: all("3 are expected" in node.node.reason() for node in nodes))
        self.named(*self.ports)
        await until(lambda: all("does not answer" in node.node.reason() for node in nodes))
        self.assertEqual([node.node.core.term for node in nodes], [0, 0])
        nodes.append(self.start(three))
        await self.follows(nodes, nodes)
        port = self.newcomer_port()
        fourth = self.start(self.found(self.settings(self.home(*self.ports, port), port)))
        await until(lambda: "no member yet" in fourth.node.reason() or "begun" in fourth.node.reason())
        self.named(*self.ports, port)
        await self.follows([*nodes, fourth], [*nodes, fourth])
        self.assertEqual(await call(port, "POST", REGISTER.format(1)), (200, "ok"))
        await self.stop(fourth)
        self.named(*self.ports)
        await self.follows(nodes, nodes)
        self.assertEqual(await call(nodes[0].settings.port, "POST", REGISTER.format(2)), (200, "ok"))

    async def test_no_second_cluster(self) -> None:
        """
        Nodes that find one of a cluster among them begin none, however many they are, and if DNS names not all of the
        cluster. The leader, who takes in who calls, need not be one of them: a follower says who that is.
        """
        nodes = [self.start(self.found(settings)) for settings in self.all]
        self.named(*self.ports)
        await self.follows(nodes, nodes)
        port = self.newcomer_port()
        following = [node.settings.port for node in nodes if not node.node.is_leader]
        self.named(*following, port)
        fourth = self.start(self.found(self.settings(self.home(*self.ports, port), port)))
        await until(lambda: "belongs to a cluster" in fourth.node.reason() or not fourth.node.reason())
        self.assertFalse(fourth.node.is_leader)
        await self.follows([*nodes, fourth], [*nodes, fourth])


class AutopilotTests(Finding):
    """Without DNS."""

    async def test_announced(self) -> None:
        """A node that knows the secret and the members joins by itself; without the switch it waits."""
        nodes = [self.start(attrs.evolve(settings, autopilot=QUICK, welcome=True)) for settings in self.all]
        await self.follows(nodes, nodes)
        port = self.newcomer_port()
        fourth = self.start(self.settings(self.home(*self.ports, port), port))
        await self.follows([*nodes, fourth], [*nodes, fourth])

    async def test_announced_to_a_follower(self) -> None:
        """Its cluster.conf need not name the leader."""
        nodes = [self.start(attrs.evolve(settings, autopilot=QUICK, welcome=True)) for settings in self.all]
        await self.follows(nodes, nodes)
        port = self.newcomer_port()
        follower = next(node for node in nodes if not node.node.is_leader)
        fourth = self.start(self.settings(self.home(follower.settings.port, port), port))
        await self.follows([*nodes, fourth], [*nodes, fourth])

    async def test_off(self) -> None:
        """Nothing of it happens where nobody asks for it."""
        nodes: list[NacosNode] = [self.start(settings) for settings in self.all]
        await self.follows(nodes, nodes)
        for node in nodes:
            assert node.peers is not None
            self.assertFalse(node.peers.sources.anyone)
            assert node.peers._roster is not None
            self.assertFalse(node.peers._roster.admits(Hello(VERSION, "127.0.0.1:1", node.name, b"")))
