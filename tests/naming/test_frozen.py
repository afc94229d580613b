"""The registry's state in pieces: the same for the same state, whatever its dicts look like."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming import commands as c
from nacos_tw.naming.frozen import pieces
from nacos_tw.naming.registry import Registry
from tests.naming.building import P1, apply, built, ephemeral, register

P2 = ("dev", "g@@p2")
FULL = (
    register("10.0.0.1", metadata={"a": "1", "b": "2"}),
    register("10.0.0.2", ephemeral=False, cluster="c"),
    register("10.0.0.3", service=P2, weight=0.5),
    c.Publish("client", "10.0.0.9:8848", P2, [c.Published("10.0.0.4", 8080)]),
)


def hashed(registry: Registry) -> list[bytes]:
    return sorted(pieces(registry))


class FrozenTests(SynchronousTestCase):
    """Of one registry."""

    def test_restored(self) -> None:
        """A registry that was restored has the same pieces as the one that lived."""
        registry, other = built(*FULL), Registry()
        other.restore(registry.snapshot())
        self.assertEqual(hashed(registry), hashed(other))
        self.assertEqual(len(hashed(registry)), 1 + 2 + 1 + 4)

    def test_order(self) -> None:
        """The order of dicts means nothing."""
        registry, other = built(*FULL), built(*FULL)
        other.services = dict(reversed(other.services.items()))
        service = other.services[P1]
        one = ephemeral(other)
        service.ephemeral[one.key] = msgspec.structs.replace(one, metadata={"b": "2", "a": "1"})
        self.assertEqual(hashed(registry), hashed(other))

    def test_no_metadata(self) -> None:
        """Older versions had None where there was none."""
        registry, other = built(register()), built(register())
        one = ephemeral(other)
        other.services[P1].ephemeral[one.key] = msgspec.structs.replace(one, metadata=None)
        self.assertEqual(hashed(registry), hashed(other))

    def test_each_value_counts(self) -> None:
        """Whatever is another in one instance, service or client, or in the registry itself."""
        good = hashed(built(*FULL))

        def instance(**fields: object) -> Registry:
            registry = built(*FULL)
            one = ephemeral(registry)
            registry.services[P1].ephemeral[one.key] = msgspec.structs.replace(one, **fields)
            return registry

        others = [instance(**{name: value}) for name, value in (
            ("ip", "10.0.0.8"), ("port", 1), ("weight", 2.0), ("enabled", False), ("healthy", False), ("app", "x"),
            ("metadata", {"a": "1"}), ("marked", True), ("written", 99), ("number", 99), ("client", 7),
            ("given_id", "x"),
        )]  # fmt: skip
        for change in ("threshold", "metadata", "stored", "cluster", "client", "applied", "number", "gone"):
            registry = built(*FULL)
            service = registry.services[P1]
            if change == "threshold":
                service.protect_threshold = 0.25
            elif change == "metadata":
                service.metadata = {"x": "y"}
            elif change == "stored":
                service.stored = not service.stored
            elif change == "cluster":
                old = service.clusters["DEFAULT"]
                service.clusters["DEFAULT"] = msgspec.structs.replace(old, default_check_port=81)
            elif change == "client":
                registry.clients["client"].node = "10.0.0.8:8848"
            elif change == "applied":
                registry.applied += 1
            elif change == "number":
                registry.next_number += 1
            else:
                del registry.services[P2]
            others.append(registry)
        for number, other in enumerate(others):
            self.assertNotEqual(hashed(other), good, number)

    def test_of_that_moment(self) -> None:
        """What is written after the state was frozen is not in it, however late the pieces are asked for."""
        registry = built(*FULL)
        good, frozen = hashed(registry), pieces(registry)
        apply(registry, register("10.0.0.1", metadata={"a": "3"}), register("10.0.0.77"))
        apply(registry, c.Deregister(P1, "10.0.0.1", 8080, "DEFAULT", ephemeral=True), c.EndClients(["client"]))
        self.assertNotEqual(hashed(registry), good)
        self.assertEqual(sorted(frozen), good)
