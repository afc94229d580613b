"""Who wants to hear of services, and when they are told."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.revisions import Revisions
from nacos_tw.naming.subscriptions import Audience, Subscriber, SubscribingClient, Subscriptions

A: ServiceKey = ("public", "g@@a")
B: ServiceKey = ("public", "g@@b")


class Wire:
    """
    A transport that notes whom it tells of what.

    @ivar told: (time, service, clients); C{broken}: services for which it fails, after it has told the first client.
    """

    def __init__(self, clock: Clock, subscriptions: Subscriptions, most: int = 100) -> None:
        self._clock = clock
        self.audience: Audience[Subscriber] = subscriptions.audience(self.push, most)
        self.audience.start()
        self.told: list[tuple[float, ServiceKey, str]] = []
        self.broken: set[ServiceKey] = set()
        self.busy = 0

    def push(self, service: ServiceKey, subscribers: list[Subscriber]) -> Iterator[bool]:
        for subscriber in subscribers:
            while self.busy:
                self.busy -= 1
                yield False
            self.told.append((round(self._clock.seconds(), 3), service, str(subscriber.client.key)))
            if service in self.broken:
                raise RuntimeError("broken")
            yield True

    def wish(self, key: str, service: ServiceKey = A, clusters: str = "") -> Subscriber | None:
        subscriber = Subscriber(SubscribingClient(key, key, "agent", "app", "10.0.0.1"), service, clusters)
        return subscriber if self.audience.add(subscriber) else None

    def who(self) -> list[str]:
        return [key for _, _, key in self.told]


class SubscriptionsTests(SynchronousTestCase):
    """Two transports."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.subscriptions = Subscriptions(self.clock)
        self.one, self.two = Wire(self.clock, self.subscriptions), Wire(self.clock, self.subscriptions)

    def test_gathered(self) -> None:
        """A change is told at once; further ones within a tenth of a second are told together, not later."""
        self.one.wish("x")
        for _ in range(4):
            self.subscriptions.changed([A, B])
            self.clock.advance(0.03)
        self.assertEqual(self.one.told, [(0.03, A, "x")])
        self.clock.pump([0.005] * 5)
        self.assertEqual([round(at, 3) for at, _, _ in self.one.told], [0.03, 0.13])
        self.clock.advance(1)
        self.assertEqual(len(self.one.told), 2)

    def test_changed_while_told(self) -> None:
        """A change that comes while others are told is told in the next round."""
        self.one.wish("x")
        self.one.wish("y")
        self.one.busy = 1
        self.subscriptions.changed([A])
        self.clock.advance(0.1)
        self.assertEqual(self.one.told, [])
        self.subscriptions.changed([A])
        self.clock.advance(0.01)
        self.assertEqual(self.one.who(), ["x", "y"])
        self.clock.advance(0.1)
        self.assertEqual(self.one.who(), ["x", "y"] * 2)

    def test_each_transport_at_its_pace(self) -> None:
        """One that cannot send holds up no other."""
        self.one.wish("x")
        self.two.wish("y")
        self.one.busy = 10
        self.subscriptions.changed([A])
        self.clock.advance(0.1)
        self.assertEqual((self.one.who(), self.two.who()), ([], ["y"]))
        self.clock.pump([0.01] * 10)
        self.assertEqual(self.one.who(), ["x"])

    def test_a_failure_is_of_one_service(self) -> None:
        """What fails for one service is logged; the others of the round are told."""
        for service in (A, B):
            self.one.wish("x", service)
        self.one.broken = {A}
        self.subscriptions.changed([A, B])
        self.clock.advance(0.1)
        self.assertEqual([service for _, service, _ in self.one.told], [A, B])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.subscriptions.changed([B])
        self.clock.advance(0.1)
        self.assertEqual(len(self.one.told), 3)

    def test_who(self) -> None:
        """All transports' subscribers, of a service and of a client; one who is gone is gone everywhere."""
        self.one.wish("x")
        self.one.wish("x", B, "c1")
        self.two.wish("y")
        self.assertEqual(len(self.subscriptions), 3)
        self.assertEqual([each.client.key for each in self.subscriptions.of(A)], ["x", "y"])
        self.assertEqual(
            [(each.service, each.clusters) for each in self.subscriptions.of_client("x")], [(A, ""), (B, "c1")]
        )
        self.one.audience.ended("x")
        self.assertEqual([each.client.key for each in self.subscriptions], ["y"])
        self.assertEqual((len(self.one.audience), self.one.audience._services, self.one.audience._clients), (0, {}, {}))

    def test_replaced(self) -> None:
        """An equal wish takes the place of the first; what was replaced cannot be removed again."""
        first, second = self.one.wish("x"), self.one.wish("x")
        assert first is not None and second is not None
        self.assertEqual(len(self.one.audience), 1)
        self.one.audience.remove(first)
        self.assertIs(self.one.audience.find("x", A), second)
        self.one.audience.remove(second)
        self.one.audience.remove(second)
        self.assertEqual(len(self.one.audience), 0)

    def test_told_alone(self) -> None:
        """One that may have missed its answer is told once more, others are not."""
        first, _ = self.one.wish("x"), self.one.wish("y")
        other = self.one.wish("x", B)
        assert first is not None and other is not None
        self.one.audience.tell(first)
        self.clock.advance(0.05)
        self.one.audience.tell(other)
        self.clock.advance(0.05)
        self.assertEqual(self.one.told, [(0.1, A, "x"), (0.1, B, "x")])
        self.clock.pump([0.1] * 5)
        self.assertEqual(len(self.one.told), 2)

    def test_told_of_a_change_meanwhile(self) -> None:
        """A change is told at once to all, which is enough for one that waits for its moment."""
        first, _ = self.one.wish("x"), self.one.wish("y")
        assert first is not None
        self.one.audience.tell(first)
        self.clock.advance(0.05)
        self.subscriptions.changed([A])
        self.clock.pump([0.01] * 30)
        self.assertEqual(self.one.told, [(0.06, A, "x"), (0.06, A, "y")])

    def test_told_alone_and_of_a_change(self) -> None:
        """A change that comes while those are told who are told alone is told to all, once."""
        first, _, other = self.one.wish("x"), self.one.wish("y"), self.one.wish("x", B)
        assert first is not None and other is not None
        self.one.audience.tell(first)
        self.one.audience.tell(other)
        self.one.busy = 1
        self.clock.advance(0.1)
        self.subscriptions.changed([B])
        self.clock.pump([0.01] * 30)
        self.assertEqual(self.one.who(), ["x", "x"])
        self.assertEqual([service for _, service, _ in self.one.told], [A, B])

    def test_room(self) -> None:
        """Beyond the limit nobody new is taken in."""
        small = Wire(self.clock, self.subscriptions, most=1)
        self.assertIsNotNone(small.wish("x"))
        self.assertIsNone(small.wish("y"))
        self.assertIsNotNone(small.wish("x"))
        self.assertEqual((len(small.audience), small.audience.refused), (1, 1))

    def test_stopped(self) -> None:
        """Nothing is told after the stop, and nothing is left to do."""
        self.one.wish("x")
        self.one.busy = 5
        self.subscriptions.changed([A])
        self.clock.advance(0.1)
        (subscriber,) = self.one.audience
        self.one.audience.tell(subscriber)
        self.one.audience.stop()
        self.one.audience.tell(subscriber)
        self.two.audience.stop()
        self.subscriptions.changed([A])
        self.assertEqual((self.clock.getDelayedCalls(), self.one.told), ([], []))
        self.one.audience.start()
        self.subscriptions.changed([A])
        self.clock.advance(0.1)
        self.clock.pump([0.01] * 10)
        self.assertEqual(self.one.who(), ["x"])


class RevisionsTests(SynchronousTestCase):
    """Numbers of states."""

    def setUp(self) -> None:
        self.now = 1000.0
        self.revisions = Revisions(lambda: self.now, most=3)

    def test_one_state_one_number(self) -> None:
        """It is that of its beginning, or of when it was first asked for."""
        self.assertEqual(self.revisions.of(A, 999_000), 999_000)
        self.assertEqual(self.revisions.of(B), 1_000_000)
        self.now += 5
        self.assertEqual((self.revisions.of(A, 999_000), self.revisions.of(B)), (999_000, 1_000_000))

    def test_grows(self) -> None:
        """With each change, also within a millisecond, and where the clock stands behind."""
        numbers = [self.revisions.of(A)]
        for _ in range(5):
            self.revisions.changed([A])
            numbers.append(self.revisions.of(A))
        self.now -= 100
        self.revisions.changed([A])
        numbers.append(self.revisions.of(A))
        self.assertEqual(numbers, list(range(1_000_000, 1_000_007)))

    def test_renewed(self) -> None:
        """
        Who begins to subscribe gets a number of now, whatever an answer has had; those who come within a second share
        it. What changes after that has a greater one.
        """
        self.assertEqual(self.revisions.of(A, 999_000), 999_000)
        found = []
        for now in (999.95, 1000.5, 1001.0, 1001.0):
            self.now = now
            self.revisions.renew(A)
            found.append(self.revisions.of(A, 999_000))
        self.revisions.changed([A])
        found.append(self.revisions.of(A))
        self.assertEqual(found, [999_950, 999_950, 1_001_000, 1_001_000, 1_001_001])

    def test_forgotten(self) -> None:
        """A number that was forgotten is not given again: later ones are greater than all that were."""
        before = []
        for _ in range(10):
            self.revisions.changed([A])
            before.append(self.revisions.of(A))
        for number in range(5):
            self.revisions.of(("public", f"g@@{number}"))
        self.assertLessEqual(len(self.revisions._known), 3)
        self.revisions.changed([A])
        self.assertGreater(self.revisions.of(A), max(before))
