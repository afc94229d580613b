"""Whose lease has run out."""

from __future__ import annotations

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import Expire, SetSwitch
from nacos_tw.naming.expiry import due
from nacos_tw.naming.registry import Registry
from tests.naming.building import apply, built, register


def timeouts(beat: str | None = None, delete: str | None = None) -> dict[str, str]:
    """Metadata with own timeouts."""
    found = {"preserved.heart.beat.timeout": beat, "preserved.ip.delete.timeout": delete}
    return {key: value for key, value in found.items() if value is not None}


class DueTests(SynchronousTestCase):
    """L{due} at given times."""

    def at(self, registry: Registry, silence: float, expire_instance: bool = True) -> tuple[list[int], list[int]]:
        """What is due when all leases are that old."""
        return due(dict.fromkeys(registry.by_number, 1000.0), registry, 1000.0 + silence, expire_instance)

    def test_defaults(self) -> None:
        """Fifteen seconds of silence make unhealthy, thirty remove; not one moment before."""
        registry = built(register("a"), register("b"))
        self.assertEqual(self.at(registry, 15.0), ([], []))
        self.assertEqual(self.at(registry, 15.5), ([1, 2], []))
        self.assertEqual(self.at(registry, 30.0), ([1, 2], []))
        self.assertEqual(self.at(registry, 30.5), ([], [1, 2]))

    def test_unhealthy_ones_are_not_told_again(self) -> None:
        """But they are removed in time."""
        registry = built(register("a"), register("b", healthy=False))
        self.assertEqual(self.at(registry, 20.0), ([1], []))
        apply(registry, Expire([1]))
        self.assertEqual(self.at(registry, 20.0), ([], []))
        self.assertEqual(self.at(registry, 31.0), ([], [1, 2]))

    def test_own_timeouts(self) -> None:
        """Shorter and longer ones, one or both; the other keeps its default."""
        registry = built(
            register("a", metadata=timeouts("3000", "9000")),
            register("b", metadata=timeouts("60000", "90000")),
            register("c", metadata=timeouts(beat="3000")),
            register("d", metadata=timeouts(delete="60000")),
            register("e"),
        )
        self.assertEqual(self.at(registry, 3.0), ([], []))
        self.assertEqual(self.at(registry, 3.5), ([1, 3], []))
        self.assertEqual(self.at(registry, 9.5), ([3], [1]))
        self.assertEqual(self.at(registry, 16.0), ([5, 3, 4], [1]))
        self.assertEqual(self.at(registry, 31.0), ([4], [5, 1, 3]))
        self.assertEqual(self.at(registry, 91.0), ([], [5, 1, 2, 3, 4]))

    def test_removal_may_come_before_unhealthy(self) -> None:
        """The two timeouts are judged apart; what goes is not told as unhealthy."""
        registry = built(register(metadata=timeouts("20000", "9000")))
        self.assertEqual(self.at(registry, 10.0), ([], [1]))
        self.assertEqual(self.at(registry, 10.0, expire_instance=False), ([], []))
        self.assertEqual(self.at(registry, 25.0), ([], [1]))

    def test_bad_timeouts_are_the_defaults(self) -> None:
        """Digits only."""
        registry = built(register(metadata=timeouts("-3", "9s")))
        self.assertEqual(self.at(registry, 14.0), ([], []))
        self.assertEqual(self.at(registry, 16.0), ([1], []))

    def test_without_expire_instance(self) -> None:
        """They turn unhealthy and stay."""
        registry = built(register("a"), register("b", metadata=timeouts("3000", "9000")))
        self.assertEqual(self.at(registry, 100.0, expire_instance=False), ([1, 2], []))

    def test_switched_off(self) -> None:
        """The switch C{check} stops it all."""
        registry = built(register(), SetSwitch("check", "false"))
        self.assertEqual(self.at(registry, 100.0), ([], []))

    def test_no_lease_yet(self) -> None:
        """Counts as renewed now, with own timeouts too."""
        registry = built(register("a"), register("b", metadata=timeouts("3", "9")))
        self.assertEqual(due({}, registry, 1e9), ([], []))

    def test_marked_persistent_and_unknown(self) -> None:
        """None of them is due."""
        registry = built(register("a"), register("b", ephemeral=False), register("c", metadata=timeouts("3", "9")))
        for number in (1, 3):
            registry.by_number[number] = replace(registry.by_number[number], marked=True)
        leases = {1: 0.0, 2: 0.0, 3: 0.0, 99: 0.0}
        self.assertEqual(due(leases, registry, 1e9), ([], []))
