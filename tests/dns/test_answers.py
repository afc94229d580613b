"""What a query is answered."""

from __future__ import annotations

import random
from collections import Counter

from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.dns.messages import parse
from nacos_tw.naming.commands import CreateService, Deregister, Health, SetSwitch
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.registry import Registry
from tests.dns.queries import Asked, addresses, query, read
from tests.naming.building import apply, built, register

ORDERS: ServiceKey = ("public", "DEFAULT_GROUP@@orders")


def asked(registry: Registry, name: str, type: int = dns.A, size: int = 512, of: Asked | None = None) -> dns.Message:
    """The answer of a registry."""
    found = parse(query(name, type))
    assert found is not None
    return read((of or Asked(registry)).answers.answer(found, size))


class AddressTests(SynchronousTestCase):
    """A and AAAA."""

    def test_who_is_told(self) -> None:
        """Healthy, enabled ones with a weight, by family; one record an address."""
        registry = built(
            register("10.0.0.1", 80, ORDERS), register("10.0.0.1", 81, ORDERS), register("10.0.0.2", 80, ORDERS),
            register("2001:db8::1", 80, ORDERS), register("10.0.0.3", 80, ORDERS, healthy=False),
            register("10.0.0.4", 80, ORDERS, enabled=False), register("10.0.0.5", 80, ORDERS, weight=0.0),
        )  # fmt: skip
        reply = asked(registry, "orders.nacos")
        self.assertEqual(sorted(addresses(reply)), ["10.0.0.1", "10.0.0.2"])
        self.assertEqual((reply.auth, reply.rCode, {each.ttl for each in reply.answers}), (1, 0, {60}))
        (six,) = asked(registry, "orders.nacos", dns.AAAA).answers
        self.assertEqual(six.payload, dns.Record_AAAA("2001:db8::1", 60))

    def test_names(self) -> None:
        """Groups, dots, any case."""
        dotted: ServiceKey = ("public", "prod@@com.example.Orders")
        registry = built(register(service=("public", "prod@@orders")), register("10.0.0.9", service=dotted))
        for name, ip in (
            ("orders.prod.nacos", "10.0.0.1"), ("ORDERS.Prod.NACOS", "10.0.0.1"),
            ("com.example.Orders.prod.nacos", "10.0.0.9"), ("com--example--orders.prod.nacos", "10.0.0.9"),
        ):  # fmt: skip
            self.assertEqual(addresses(asked(registry, name)), [ip], name)
        self.assertEqual(asked(registry, "orders.nacos").rCode, dns.ENAME)

    def test_changes(self) -> None:
        """What changed is in the next answer, whatever was remembered."""
        registry = built(register("10.0.0.1", 80, ORDERS))
        of = Asked(registry)
        self.assertEqual(addresses(asked(registry, "orders.nacos", of=of)), ["10.0.0.1"])
        self.assertEqual(addresses(asked(registry, "orders.nacos", of=of)), ["10.0.0.1"])
        apply(registry, register("10.0.0.2", 80, ORDERS))
        self.assertEqual(len(addresses(asked(registry, "orders.nacos", of=of))), 2)
        for ip in ("10.0.0.1", "10.0.0.2"):
            apply(registry, Deregister(ORDERS, ip, 80, "DEFAULT", True))
        self.assertEqual(asked(registry, "orders.nacos", of=of).answers, [])

    def test_weights(self) -> None:
        """Who weighs three times as much comes first three times as often."""
        registry = built(register("10.0.0.1", 80, ORDERS, weight=3.0), register("10.0.0.2", 80, ORDERS, weight=1.0))
        of = Asked(registry, random.Random(1).random)
        first = Counter(addresses(asked(registry, "orders.nacos", of=of))[0] for _ in range(2000))
        self.assertTrue(1400 < first["10.0.0.1"] < 1600, first)

    def test_many(self) -> None:
        """Too long for a packet: the client is told to come over TCP, where it gets all."""
        registry = built(*(register(f"10.0.{each}.1", 80, ORDERS) for each in range(200)))
        of = Asked(registry)
        reply = asked(registry, "orders.nacos", of=of)
        self.assertEqual((reply.trunc, reply.answers, of.counters.truncated), (1, [], 1))
        self.assertEqual(len(asked(registry, "orders.nacos", size=65535).answers), 200)


class ServerTests(SynchronousTestCase):
    """SRV."""

    def test_ports_and_weights(self) -> None:
        """Each instance has a record, its host one of its own, which can be asked for, too."""
        registry = built(register("10.0.0.1", 80, ORDERS, weight=2.0), register("2001:db8::", 81, ORDERS))
        for name in ("orders.nacos", "_http._tcp.orders.nacos", "_orders._tcp.nacos"):
            reply = asked(registry, name, dns.SRV)
            found = {(each.payload.port, each.payload.weight, each.payload.priority) for each in reply.answers}
            self.assertEqual(found, {(80, 2, 0), (81, 1, 0)})
            targets = {each.payload.target.name for each in reply.answers}
            self.assertEqual(targets, {b"10-0-0-1.orders.nacos", b"2001-db8--0.orders.nacos"})
            self.assertEqual({each.name.name for each in reply.additional}, targets)
        self.assertEqual(addresses(asked(registry, "10-0-0-1.orders.nacos")), ["10.0.0.1"])
        self.assertEqual(len(asked(registry, "2001-db8--0.orders.nacos", dns.AAAA).answers), 1)
        self.assertEqual(asked(registry, "10-0-0-2.orders.nacos").rCode, dns.ENAME)

    def test_parts_of_a_weight(self) -> None:
        """Are told in hundredths."""
        registry = built(register("10.0.0.1", 80, ORDERS, weight=0.5), register("10.0.0.2", 80, ORDERS, weight=2.0))
        reply = asked(registry, "orders.nacos", dns.SRV)
        self.assertEqual({each.payload.weight for each in reply.answers}, {50, 200})

    def test_host_names(self) -> None:
        """An instance that is known by a name is told by it."""
        registry = built(register("db.example.com", 3306, ORDERS))
        (found,) = asked(registry, "orders.nacos", dns.SRV).answers
        self.assertEqual(found.payload.target.name, b"db.example.com")
        self.assertEqual(asked(registry, "orders.nacos").answers, [])


class NothingTests(SynchronousTestCase):
    """What there is not."""

    def test_none(self) -> None:
        """No such service is NXDOMAIN, no such record an empty answer; both with an SOA record."""
        registry = built(register("10.0.0.1", 80, ORDERS), CreateService(("public", "DEFAULT_GROUP@@empty")))
        for name, type, code in (
            ("nobody.nacos", dns.A, dns.ENAME), ("orders.nacos", dns.AAAA, dns.OK), ("orders.nacos", dns.TXT, dns.OK),
            ("empty.nacos", dns.A, dns.OK), ("nacos", dns.A, dns.OK),
        ):  # fmt: skip
            reply = asked(registry, name, type)
            self.assertEqual((reply.rCode, reply.answers, reply.auth), (code, [], 1), name)
            (soa,) = reply.authority
            self.assertEqual((soa.type, soa.name.name, soa.payload.minimum), (dns.SOA, b"nacos", 60))
        (soa,) = asked(registry, "nacos", dns.SOA).answers
        self.assertEqual(soa.payload.mname.name, b"ns.nacos")

    def test_all_types(self) -> None:
        """Gets a short answer (RFC 8482): nobody is flooded with it."""
        (found,) = asked(built(register("10.0.0.1", 80, ORDERS)), "orders.nacos", dns.ALL_RECORDS).answers
        self.assertEqual(found.type, dns.HINFO)

    def test_unhealthy(self) -> None:
        """A service without an instance that is well exists: no resolver is to remember that it does not."""
        registry = built(register("10.0.0.1", 80, ORDERS, ephemeral=False))
        (instance,) = registry.services[ORDERS].instances()
        apply(registry, Health([(instance.number, False)]))
        self.assertEqual((asked(registry, "orders.nacos").rCode, asked(registry, "orders.nacos").answers), (0, []))

    def test_elsewhere(self) -> None:
        """Names outside of the suffix are not answered here."""
        found = parse(query("example.com"))
        assert found is not None
        self.assertIsNone(Asked(Registry()).answers.answer(found, 512))

    def test_unready(self) -> None:
        """A node that does not know all services says what it knows, and of others that it cannot tell."""
        of = Asked(built(register("10.0.0.1", 80, ORDERS)))
        of.unready = "the log is not read yet"
        self.assertEqual(addresses(asked(of.shown.registry, "orders.nacos", of=of)), ["10.0.0.1"])
        self.assertEqual(asked(of.shown.registry, "nobody.nacos", of=of).rCode, dns.ESERVER)
        self.assertEqual(dict(of.counters.answered), {("A", "NOERROR"): 1, ("A", "SERVFAIL"): 1})

    def test_switched_down(self) -> None:
        """An operator's server status holds here as for lists over HTTP."""
        registry = built(register("10.0.0.1", 80, ORDERS), SetSwitch("overriddenServerStatus", "DOWN"))
        self.assertEqual(asked(registry, "orders.nacos").rCode, dns.ESERVER)
