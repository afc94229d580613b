"""The checks themselves: what is right passes, and each kind of wrong is found."""

from __future__ import annotations

import random
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import checks
from tests.faults.history import OK, REFUSED, UNKNOWN, Operation
from tests.faults.linearizability import is_linearizable


def write(value: str, begun: float, ended: float, outcome: str = OK, node: str = "a") -> Operation:
    return Operation("w", node, "publish", "k", value, begun=begun, ended=ended, outcome=outcome)


def cas(expected: str, value: str, begun: float, ended: float, outcome: str = OK) -> Operation:
    return Operation("w", "a", "cas", "k", value, expected, begun=begun, ended=ended, outcome=outcome)


def read(value: str, begun: float, ended: float, node: str = "a") -> Operation:
    return Operation("r", node, "read", "k", value, begun=begun, ended=ended, outcome=OK)


def always(node: str = "a", until: float = 100.0) -> checks.Readiness:
    return checks.Readiness(said(node, [(number * 0.5, OK) for number in range(int(until * 2))]))


def said(node: str, samples: list[tuple[float, str]]) -> list[Operation]:
    return [Operation("p", node, "ready", "", begun=at, ended=at + 0.01, outcome=outcome) for at, outcome in samples]


class OrderTests(SynchronousTestCase):
    """The order of writes, out of the rows of history."""

    def test_order(self) -> None:
        rows = [("I", "1"), ("U", "1"), ("U", "2"), ("D", "3"), ("I", "4"), ("U", "4")]
        self.assertEqual(checks.order_of_writes(rows, "5"), ["1", "2", "3", "4", "5"])
        self.assertEqual(checks.order_of_writes([("I", "1")], "1"), ["1"])
        self.assertEqual(checks.order_of_writes([], ""), [])

    def test_rows_that_do_not_fit(self) -> None:
        for rows, current in (
            ([("I", "1"), ("U", "2")], "3"),
            ([("I", "1"), ("I", "2")], "2"),
            ([("U", "1")], "2"),
            ([("I", "1")], "2"),
            ([("I", "1"), ("D", "1"), ("U", "1")], "2"),
        ):
            self.assertRaises(ValueError, checks.order_of_writes, rows, current)


class WriteTests(SynchronousTestCase):
    """Acknowledged, ordered, one winner."""

    def test_present(self) -> None:
        good = [write("1", 0, 1), write("2", 2, 3, REFUSED), write("3", 2, 3, UNKNOWN), write("4", 4, 5, UNKNOWN)]
        self.assertEqual(checks.acknowledged_and_present(good, ["1", "3"]), [])
        for order in ([], ["1", "1"], ["1", "2"], ["1", "3", "3"], ["1", "9"]):
            self.assertEqual(len(checks.acknowledged_and_present(good, order)), 1, order)

    def test_real_time(self) -> None:
        writes = [write("1", 0, 1), write("2", 0.5, 3), write("3", 2, 4)]
        for order in (["1", "2", "3"], ["2", "1", "3"], ["1", "3", "2"]):
            self.assertEqual(checks.real_time(writes, order), [])
        self.assertEqual(len(checks.real_time(writes, ["3", "1", "2"])), 1)
        self.assertEqual(len(checks.real_time(writes, ["2", "3", "1"])), 1)

    def test_one_winner(self) -> None:
        writes = [write("1", 0, 1), cas("1", "2", 2, 3), cas("1", "3", 2, 3, UNKNOWN)]
        self.assertEqual(checks.one_winner(writes, ["1", "2"]), [])
        self.assertEqual(len(checks.one_winner(writes, ["1", "2", "3"])), 1)
        self.assertEqual(len(checks.one_winner([cas("1", "2", 2, 3)], ["2"])), 1)


class ReadTests(SynchronousTestCase):
    """Reads of ready nodes."""

    order = ("1", "2", "3")

    def test_forward(self) -> None:
        good = [read("1", 1, 1.1), read("1", 2, 2.1), read("3", 3, 3.1)]
        self.assertEqual(checks.reads_go_forward(good, self.order, always()), [])
        for bad in ([read("2", 1, 1.1), read("1", 2, 2.1)], [read("9", 1, 1.1)], [read("1", 1, 1.1), read("", 2, 2.1)]):
            self.assertEqual(len(checks.reads_go_forward(bad, self.order, always())), 1)

    def test_stale(self) -> None:
        writes = [write("1", 0, 1), write("2", 2, 3), write("3", 20, 21, UNKNOWN)]
        good = [read("1", 7.9, 8.0), read("2", 50, 50.1)]
        self.assertEqual(checks.not_stale(good, writes, self.order, always()), [])
        bad = [read("1", 8.5, 8.6)]
        self.assertEqual(len(checks.not_stale(bad, writes, self.order, always())), 1)
        later = [write("1", 0, 1), write("2", 2, 3, UNKNOWN), write("3", 4, 5)]
        self.assertEqual(len(checks.not_stale([read("1", 11, 11.1)], later, self.order, always())), 1)

    def test_only_ready_nodes_are_judged(self) -> None:
        writes = [write("1", 0, 1), write("2", 2, 3)]
        bad = [read("1", 20, 20.1)]
        for samples, count in (
            ([(19.5, OK), (20.5, OK)], 1),
            ([(19.5, REFUSED), (20.5, OK)], 0),
            ([(19.5, OK), (20.5, REFUSED)], 0),
            ([(19.5, OK)], 0),
            ([(20.5, OK)], 0),
        ):
            ready = checks.Readiness(said("a", samples))
            self.assertEqual(len(checks.not_stale(bad, writes, self.order, ready)), count, samples)

    def test_own_writes(self) -> None:
        writes = [write("1", 0, 1), write("2", 2, 3, node="b"), write("3", 4, 5)]
        self.assertEqual(checks.own_writes_are_read([read("1", 3.5, 3.6), read("3", 6, 7)], writes, self.order), [])
        self.assertEqual(len(checks.own_writes_are_read([read("2", 6, 7)], writes, self.order)), 1)
        self.assertEqual(len(checks.own_writes_are_read([read("1", 3.5, 4, "b")], writes, self.order)), 1)


class LivingTests(SynchronousTestCase):
    """Instances that beat."""

    def looked(self, ips: set[str], at: float) -> Operation:
        return Operation("l", "a", "list", "s", ips=frozenset(ips), begun=at, ended=at + 0.01, outcome=OK)

    def beats(self, until: float, pause: float = 1.0) -> dict[str, list[Operation]]:
        times = [number * pause for number in range(int(until / pause))]
        return {"ip": [Operation("b", "a", "beat", "s", begun=at, ended=at, outcome=OK) for at in times]}

    def test_listed(self) -> None:
        look = [self.looked({"ip"}, 20)]
        self.assertEqual(checks.living_are_listed(look, self.beats(40), always(), 5), [])

    def test_missing(self) -> None:
        look = [self.looked(set(), 20)]
        self.assertEqual(len(checks.living_are_listed(look, self.beats(40), always(), 5)), 1)
        self.assertEqual(checks.living_are_listed(look, self.beats(15), always(), 5), [], "it had ended")
        self.assertEqual(checks.living_are_listed(look, self.beats(40, 8), always(), 5), [], "too rarely")
        self.assertEqual(checks.living_are_listed([self.looked(set(), 3)], self.beats(40), always(), 5), [], "too new")


class LinearizabilityTests(SynchronousTestCase):
    """The moments of all operations."""

    def assertOrder(self, wanted: bool, operations: list[Operation], order: str) -> None:
        self.assertEqual(is_linearizable(operations, order.split()), wanted, (operations, order))

    def test_sequential(self) -> None:
        first, second = write("1", 0, 1), cas("1", "2", 2, 3)
        self.assertOrder(True, [first, second, cas("1", "3", 4, 5, REFUSED)], "1 2")
        self.assertOrder(False, [first, second], "2 1")
        self.assertOrder(False, [first, second], "1")
        self.assertOrder(False, [first], "1 2")
        self.assertOrder(False, [first, cas("9", "2", 2, 3)], "1 2")
        self.assertOrder(False, [first, cas("1", "2", 2, 3, REFUSED)], "1")

    def test_two_winners(self) -> None:
        first, second = write("1", 0, 1), cas("1", "2", 2, 5)
        self.assertOrder(False, [first, second, cas("1", "3", 3, 6)], "1 2 3")
        self.assertOrder(True, [first, second, cas("2", "3", 3, 6)], "1 2 3")
        self.assertOrder(False, [first, cas("2", "3", 2, 3), cas("1", "2", 4, 6)], "1 2 3")

    def test_unknown(self) -> None:
        """It may have happened at any time, even after its answer, or not at all."""
        first, lost = write("1", 0, 1), cas("1", "2", 2, 3, UNKNOWN)
        self.assertOrder(True, [first, lost, cas("1", "3", 4, 5)], "1 3")
        self.assertOrder(True, [first, lost, cas("2", "3", 6, 7)], "1 2 3")
        self.assertOrder(False, [first, cas("2", "3", 1.5, 1.6), lost], "1 2 3")

    def test_refused(self) -> None:
        """It has a moment with another content, which bounds the moments of the writes around it."""
        first, second = write("1", 0, 10), write("2", 0, 20)
        self.assertOrder(True, [first, second, cas("1", "x", 5, 6, REFUSED)], "1 2")
        self.assertOrder(True, [first, second, cas("1", "x", 15, 16, REFUSED)], "1 2")
        self.assertOrder(False, [first, second, cas("2", "x", 21, 22, REFUSED)], "1 2")
        late, later = write("2", 14, 20), write("3", 30, 31)
        self.assertOrder(False, [first, late, cas("1", "x", 11, 12, REFUSED)], "1 2")
        self.assertOrder(False, [first, second, later, cas("2", "x", 21, 22, REFUSED)], "1 2 3")
        self.assertOrder(False, [cas("", "x", 1, 2, REFUSED), write("1", 3, 4)], "1")

    def test_random_histories(self) -> None:
        """What a register does at one moment within each operation is found right; with the times of one changed,
        the finding is that of a search through all orders."""
        chance = random.Random(5)
        found = {True: 0, False: 0}
        for _ in range(400):
            content, operations, order = "", [], []
            for number in range(7):
                at = number + chance.random()
                begun, ended = at - chance.random() * 3, at + chance.random() * 3
                expected = content if chance.random() < 0.5 else str(chance.randrange(7))
                if chance.random() < 0.3:
                    made = write(str(number), begun, ended, chance.choice([OK, OK, UNKNOWN]))
                else:
                    made = cas(expected, str(number), begun, ended, OK if expected == content else REFUSED)
                operations.append(made)
                if made.outcome != REFUSED:
                    content = made.value
                    order.append(content)
            self.assertTrue(is_linearizable(operations, order), operations)
            one = chance.choice(operations)
            one.begun += chance.random() * 10 - 5
            one.ended = one.begun + chance.random()
            right = any(each == order for each in orders(operations))
            self.assertEqual(is_linearizable(operations, order), right, operations)
            found[right] += 1
        self.assertGreater(min(found.values()), 20, found)


def orders(operations: list[Operation], content: str = "", done: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The orders of contents that answers and times allow, by trying all."""
    if all(operation.outcome == UNKNOWN for operation in operations):
        yield list(done)
    first_end = min((o.ended for o in operations if o.outcome != UNKNOWN), default=float("inf"))
    for operation in operations:
        others = [other for other in operations if other is not operation]
        if operation.begun > first_end:
            continue
        fits = operation.kind != "cas" or (operation.expected == content) != (operation.outcome == REFUSED)
        if not fits:
            continue
        if operation.outcome == REFUSED:
            yield from orders(others, content, done)
        else:
            yield from orders(others, operation.value, (*done, operation.value))


class RestoredTests(SynchronousTestCase):
    """What was lost with a majority of the disks."""

    def test_loud(self) -> None:
        """A loss that a node tells of in its log and its metric is accepted, one in silence is not."""
        lost, loud = ["k: 1 is gone"], f"12:00 ERROR {checks.CONTRADICTS}: entry 5 ..."
        self.assertEqual(checks.not_in_silence(lost, {"a": 0, "b": 1}, {"a": "", "b": loud}), [])
        self.assertEqual(checks.not_in_silence(lost, {"a": 0, "b": 0}, {"a": "", "b": ""}), lost)
        self.assertEqual(checks.not_in_silence([], {"a": 0, "b": 0}, {"a": "", "b": ""}), [])
        for count, log in ((1, ""), (0, loud)):
            self.assertEqual(len(checks.not_in_silence([], {"a": count, "b": 0}, {"a": log, "b": ""})), 1)
