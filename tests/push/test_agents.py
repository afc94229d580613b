"""Who is pushed: agents, addresses, life-times (docs/spec/naming-v1.md#11.1)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.switches import Switches, apply_switch
from nacos_tw.push.agents import Agents, agent_version, canonical, version_of
from tests.push.test_udp import CLIENT, GO, JAVA, KEY, OTHER, Harness, Network


class AgentTests(SynchronousTestCase):
    """The table of agents."""

    def test_versions(self) -> None:
        """The first three dotted numbers count; what is missing is zero."""
        for text, version in (
            ("1.4.8", (1, 4, 8)),
            ("1.4.8-SNAPSHOT", (1, 4, 8)),
            ("1.4-SNAPSHOT.9", (1, 4, 0)),
            ("2", (2, 0, 0)),
            ("", (0, 0, 0)),
            ("x.1", (0, 0, 0)),
            ("1.2.3.4", (1, 2, 3)),
            ("9" * 5000, (999999999, 0, 0)),
        ):
            self.assertEqual(version_of(text), version, text)
        self.assertEqual(agent_version("Nacos-Java-Client:v1.4.8"), (1, 4, 8))
        self.assertEqual(agent_version("Nacos-Java-Client"), (0, 0, 0))

    def test_table(self) -> None:
        """Each agent of the table is pushed from its lowest version on, all others never."""
        agents = Agents()
        for agent, pushed in (
            ("Nacos-Java-Client:v1.4.8", True),
            ("Nacos-Java-Client:v0.1.0", True),
            ("Nacos-Java-Client:v0.0.9", False),
            ("Nacos-Java-Client", False),
            ("Nacos-DNS:v0.4.3", True),
            ("Nacos-DNS:v0.4.2", False),
            ("Nacos-C-Client:v1.0.12", True),
            ("Nacos-C-Client:v1.0.9", False),
            ("vip-client4cpp:v1.1.0", True),
            ("Nacos-Go-Client:v1.0.1", True),
            ("Nacos-CSharp-Client:v0.9.0", True),
            ("Nacos-CSharp-Client:v0.8.9", False),
            ("Nacos-SDK-Java:v1.0", False),
            ("unit-nginx:v9.9.9", False),
            ("Nacos-Server:v1.4.8", False),
            ("Nacos-Python-Client:v9.0.0", False),
            ("curl/8.0", False),
            ("", False),
        ):
            self.assertEqual(agents.pushed(agent, Switches()), pushed, agent)

    def test_lowest_version_is_a_switch(self) -> None:
        """A raised lowest version holds at once, also for agents seen before."""
        agents = Agents()
        switches = Switches()
        self.assertTrue(agents.pushed(GO, switches))
        self.assertFalse(agents.pushed(GO, apply_switch(switches, "pushVersion", "go:1.0.2")))
        self.assertTrue(agents.pushed(GO, switches))

    def test_memory_is_bounded(self) -> None:
        """Made-up agents do not fill the memory."""
        agents, switches = Agents(), Switches()
        for number in range(5000):
            agents.pushed(f"Nacos-Go-Client:v1.0.{number}", switches)
        self.assertLess(len(agents._known), 2000)


class AddressTests(SynchronousTestCase):
    """Which addresses a datagram can go to."""

    def test_canonical(self) -> None:
        """Addresses of one host come in the form that the socket layer uses; all else is refused."""
        for text, wanted in (
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "::1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:224.0.0.1", None),
            ("224.0.0.1", None),
            ("255.255.255.255", None),
            ("0.0.0.0", None),
            ("::", None),
            ("ff02::1", None),
            ("fe80::1%eth0", None),
            ("localhost", None),
            ("", None),
            ("10.0.0.1\0", None),
            ("10.0.0", None),
        ):
            self.assertEqual(canonical(text), wanted, text)


class SubscriptionTests(Harness):
    """Taking in, refreshing and dropping subscribers."""

    def test_eligible(self) -> None:
        """A client with a pushed agent, a real address and a real port is taken in; nobody else is."""
        self.assertTrue(self.subscribe())
        for more in (
            {"agent": "curl/8.0"},
            {"port": 0},
            {"port": -1},
            {"port": 65536},
            {"ip": ""},
            {"ip": "shop.example.com"},
        ):
            self.assertFalse(self.subscribe(**more), more)
        self.assertEqual(len(list(self.push.audience)), 1)

    def test_switched_off(self) -> None:
        """With the switch off nobody is taken in."""
        self.switches = apply_switch(self.switches, "pushEnabled", "false")
        self.assertFalse(self.subscribe())

    def test_fields(self) -> None:
        """A subscriber shows what the subscribers endpoint needs."""
        self.subscribe(clusters="c1", app="shop")
        self.subscribe(app="till", clusters="c1")
        (one,) = self.push.audience
        client = one.client
        shown = (client.address, client.agent, client.app, client.ip, one.service, one.clusters, client.port)
        self.assertEqual(shown, ("10.0.0.1:5000", JAVA, "till", "10.0.0.1", KEY, "c1", 5000))
        self.subscribe("::1", clusters="c2")
        self.assertEqual([one.client.address for one in self.push.audience][1], "[::1]:5000")

    def test_keyed_by_service_clusters_address_and_agent(self) -> None:
        """Each difference makes another subscriber, repetition does not."""
        for more in ({}, {}, {"service": OTHER}, {"clusters": "c1"}, {"port": 1}, {"ip": "10.0.0.2"}, {"agent": GO}):
            self.assertTrue(self.subscribe(**more))
        self.assertEqual(len(list(self.push.audience)), 6)

    def test_dropped_at_a_push(self) -> None:
        """Who has not asked for longer than pushCacheMillis (and a little) hears nothing any more."""
        self.subscribe()
        self.subscribe(port=5001)
        self.network.advance(9)
        self.subscribe(port=5001)
        self.network.advance(2.5)
        self.change()
        self.assertEqual([addr[1] for _, addr in self.sent], [5001])
        self.assertEqual(len(list(self.push.audience)), 1)

    def test_polling_every_ten_seconds_is_enough(self) -> None:
        """A client that polls ten seconds after each answer is never without its subscription."""
        self.subscribe()
        self.network.advance(10.2)
        self.change()
        self.assertEqual(len(self.sent), 1)

    def test_dropped_by_the_sweep(self) -> None:
        """Every twenty seconds those that have stopped asking are dropped, without any push."""
        self.subscribe()
        self.network.advance(8)
        self.subscribe(service=OTHER)
        self.network.advance(12)
        self.assertEqual([one.service for one in self.push.audience], [])
        self.subscribe(service=OTHER)
        self.network.advance(8)
        self.network.advance(8)
        self.subscribe(service=OTHER)
        self.network.advance(4)
        self.assertEqual([one.service for one in self.push.audience], [OTHER])

    def test_life_time_is_a_switch(self) -> None:
        """pushCacheMillis is the life-time."""
        self.switches = apply_switch(self.switches, "pushCacheMillis", "30000")
        self.subscribe()
        self.network.advance(29)
        self.change()
        self.assertEqual(len(self.sent), 1)

    def test_bounded(self) -> None:
        """Beyond the limit nobody new is taken in; those known are refreshed, and room comes back."""
        self.push = self.make(most=2)
        self.assertTrue(self.subscribe(port=1))
        self.assertTrue(self.subscribe(port=2))
        self.assertFalse(self.subscribe(port=3))
        self.assertTrue(self.subscribe(port=2))
        self.assertEqual(self.push.audience.refused, 1)
        self.network.advance(20)
        self.assertTrue(self.subscribe(port=3))

    def test_count(self) -> None:
        """The number of subscriptions follows additions and removals."""
        self.subscribe()
        self.subscribe(service=OTHER)
        self.assertEqual((len(self.subscriptions), KEY in self.push.audience), (2, True))
        self.network.advance(20)
        self.assertEqual((len(self.subscriptions), KEY in self.push.audience), (0, False))
        self.assertEqual(self.subscriptions.of_client((*CLIENT, JAVA)), [])

    def test_one_client_of_many_services(self) -> None:
        """What is known of a client is there once."""
        self.subscribe()
        self.subscribe(service=OTHER)
        first, second = self.push.audience
        self.assertIs(first.client, second.client)

    def test_no_socket(self) -> None:
        """A client whose kind of address this host has no socket for is not taken in: it must poll."""
        self.push = self.make(Network(no_ipv6=True))
        self.assertFalse(self.subscribe("::1"))
        self.assertEqual(len(self.push.audience), 0)
