"""The checks themselves: what is right passes, and each kind of wrong is found."""

from __future__ import annotations

import random

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
    """The search."""

    def test_sequential(self) -> None:
        self.assertTrue(is_linearizable([write("1", 0, 1), cas("1", "2", 2, 3), cas("1", "3", 4, 5, REFUSED)]))
        self.assertFalse(is_linearizable([write("1", 0, 1), cas("9", "2", 2, 3)]))
        self.assertFalse(is_linearizable([write("1", 0, 1), cas("1", "2", 2, 3, REFUSED)]))

    def test_two_winners(self) -> None:
        self.assertFalse(is_linearizable([write("1", 0, 1), cas("1", "2", 2, 5), cas("1", "3", 3, 6)]))
        self.assertTrue(is_linearizable([write("1", 0, 1), cas("1", "2", 2, 5), cas("2", "3", 3, 6)]))
        self.assertFalse(is_linearizable([write("1", 0, 1), cas("2", "3", 2, 3), cas("1", "2", 4, 6)]))

    def test_unknown(self) -> None:
        """It may have happened at any time, even after its answer, or not at all."""
        lost = cas("1", "2", 2, 3, UNKNOWN)
        self.assertTrue(is_linearizable([write("1", 0, 1), lost, cas("1", "3", 4, 5)]))
        self.assertTrue(is_linearizable([write("1", 0, 1), lost, cas("2", "3", 6, 7)]))
        self.assertFalse(is_linearizable([write("1", 0, 1), cas("2", "3", 1.5, 1.6), lost]))

    def test_random_histories_of_a_real_register(self) -> None:
        """What a register does at one moment within each operation is found right; with one answer turned round, wrong
        answers of compare-and-set are found."""
        chance = random.Random(5)
        wrong = 0
        for _ in range(150):
            content, operations = "", []
            for number in range(14):
                at = number + chance.random()
                begun, ended = at - chance.random() * 3, at + chance.random() * 3
                value = str(number)
                if chance.random() < 0.3:
                    operations.append(write(value, begun, ended))
                    content = value
                    continue
                expected = content if chance.random() < 0.6 else str(chance.randrange(14))
                fits = expected == content
                operations.append(cas(expected, value, begun, ended, OK if fits else REFUSED))
                content = value if fits else content
            self.assertTrue(is_linearizable(operations), operations)
            turned = next((o for o in operations if o.kind == "cas" and o.outcome == REFUSED), None)
            if turned is not None:
                turned.outcome = OK
                wrong += not is_linearizable(operations)
        self.assertGreater(wrong, 50)


class RestoredTests(SynchronousTestCase):
    """What was lost with a majority of the disks."""

    def test_loud(self) -> None:
        """A loss that a node tells of in its log and its metric is accepted, one in silence is not."""
        lost, loud = ["k: 1 is gone"], f"12:00 ERROR raft: {checks.CONTRADICTS}: entry 5 ..."
        self.assertEqual(checks.not_in_silence(lost, {"a": 0, "b": 1}, {"a": "", "b": loud}), [])
        self.assertEqual(checks.not_in_silence(lost, {"a": 0, "b": 0}, {"a": "", "b": ""}), lost)
        self.assertEqual(checks.not_in_silence([], {"a": 0, "b": 0}, {"a": "", "b": ""}), [])
        for count, log in ((1, ""), (0, loud)):
            self.assertEqual(len(checks.not_in_silence([], {"a": count, "b": 0}, {"a": log, "b": ""})), 1)
