"""The members' states are compared, and one that differs is mended."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.comparison import HASHES, judge
from nacos_tw.errors import Unavailable
from tests.raft.hashed import HashedNodes


class JudgeTests(SynchronousTestCase):
    """What hashes say."""

    def judged(self, **said: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]], tuple[str, ...]]:
        """@param said: by node the hashes of the parts x and y, a letter each; C{-}: none."""
        parts = {
            name: {part: text for part, text in zip("xy", texts, strict=True) if text != "-"}
            for name, texts in said.items()
        }
        found = judge(parts, "ABCDE"[: self.voters])
        return found.right, found.differing, found.undecided

    voters = 3

    def test_majority(self) -> None:
        """Each part is judged by itself, by the voters alone."""
        right = {"x": "1", "y": "2"}
        for said, expected in (
            ({"A": "12", "B": "12", "C": "12"}, (right, {}, ())),
            ({"A": "12", "B": "12"}, (right, {}, ())),
            ({"A": "12", "B": "13", "C": "12"}, (right, {"B": ("y",)}, ())),
            ({"A": "32", "B": "13", "C": "12"}, (right, {"A": ("x",), "B": ("y",)}, ())),
            ({"A": "12", "B": "12", "C": "54"}, (right, {"C": ("x", "y")}, ())),
            ({"A": "12", "B": "12", "C": "1-"}, (right, {}, ())),
            ({"A": "12", "B": "13", "C": "14"}, ({"x": "1"}, {}, ("y",))),
            ({"A": "12", "B": "13"}, ({"x": "1"}, {}, ("y",))),
            ({"A": "12"}, ({}, {}, ())),
            ({"A": "12", "L": "13", "M": "13"}, ({}, {}, ("y",))),
            ({"A": "12", "B": "12", "L": "13"}, (right, {"L": ("y",)}, ())),
        ):
            with self.subTest(said=said):
                self.assertEqual(self.judged(**said), expected)

    def test_five(self) -> None:
        """Two of five may differ, alike or not; three alike of five are right, whoever the others are."""
        self.voters = 5
        self.assertEqual(
            self.judged(A="12", B="12", C="12", D="13", E="13")[1:], ({"D": ("y",), "E": ("y",)}, ()),
        )  # fmt: skip
        self.assertEqual(self.judged(A="12", B="12", C="13", D="13", E="14")[1:], ({}, ("y",)))


class ComparisonTests(SynchronousTestCase):
    """Whole Raft parts."""

    def begin(self, names: str = "ABC", seed: int = 1, **options: object) -> HashedNodes:
        nodes = HashedNodes(names, seed, **options)  # type: ignore[arg-type]
        nodes.elect()
        nodes.write("A", 4)
        return nodes

    def healthy(self, nodes: HashedNodes) -> None:
        nodes.run_until(lambda: not any(nodes.node(name).reason() for name in nodes.names), 60)
        nodes.write(nodes.leader)
        nodes.run_until(lambda: len({str(state) for state in nodes.machines()}) == 1)

    def test_same(self) -> None:
        """Any node compares; all are alike, and the entry is told."""
        nodes = self.begin()
        for name in nodes.names:
            found = nodes.compare(name)
            self.assertEqual([each.name for each in found.members], ["A", "B", "C"])
            parts = {tuple(sorted(each.parts.items())) for each in found.members}
            self.assertEqual((len(parts), [part for part, _ in next(iter(parts))]), (1, ["disk", "list", "sessions"]))
            self.assertEqual((found.undecided, [each.differs for each in found.members]), ((), [()] * 3))
        self.assertEqual(nodes.comparisons["C"].compared, found.index)

    def corrupted(self, wrong: str, part: str, by: str, seed: int) -> None:
        """A state that something else than the log has changed: it is found, set aside, and mended."""
        nodes = self.begin(seed=seed)
        before = dict.fromkeys(nodes.names, "")
        while wrong == "leader" and nodes.leader != "A":
            nodes.node(nodes.leader).transfer("A")
            nodes.run(1)
        name = {"leader": nodes.leader, "follower": nodes.follower()}[wrong]
        machine = nodes.members[name].machine
        if part == "list":
            machine.listed.done[1] = b"flipped"
        else:
            machine.disk.done[1] = machine.disk.seen[1] = b"flipped"
        reasons: list[str] = []
        node = nodes.node(name)
        node.on_role = lambda: reasons.append(node.reason())
        found = nodes.compare({"itself": name, "another": next(each for each in nodes.names if each != name)}[by])
        told = {each.name: (each.differs, each.mended) for each in found.members}
        self.assertEqual(told, {**dict.fromkeys(before, ((), False)), name: ((part,), True)})
        self.assertTrue(any(f"another state than this node: {part}" in reason for reason in reasons), reasons)
        self.assertEqual(node.status().contradictions, 1)
        self.healthy(nodes)
        self.assertTrue(any("/damaged-1/" in path for path in nodes.members[name].disk.image()))
        found = nodes.compare(name)
        self.assertEqual([each.differs for each in found.members], [()] * 3)
        self.assertEqual([nodes.node(each).status().contradictions for each in nodes.names if each != name], [0, 0])
        self.flushLoggedErrors()

    def test_corrupted(self) -> None:
        """A follower or the leader, in memory or on disk, whoever compares."""
        for seed, (wrong, part, by) in enumerate(
            (wrong, part, by)
            for wrong in ("follower", "leader")
            for part in ("list", "disk")
            for by in ("itself", "another")
        ):
            with self.subTest(wrong=wrong, part=part, by=by):
                self.corrupted(wrong, part, by, seed)

    def test_by_snapshot(self) -> None:
        """Its snapshots hold the wrong state, too: it takes over the leader's."""
        nodes = self.begin(snapshot_bytes=300, trailing=1)
        name = nodes.follower()
        nodes.members[name].machine.listed.done[1] = b"flipped"
        nodes.write("A", 30)
        nodes.run(1)
        nodes.crash(name)
        nodes.start(name)
        nodes.elect()
        nodes.run_until(lambda: not nodes.node(name).reason())
        self.assertIn(b"flipped", nodes.members[name].machine.listed.done)
        nodes.compare(nodes.leader)
        self.healthy(nodes)
        self.assertNotIn(b"flipped", nodes.members[name].machine.listed.done)
        self.flushLoggedErrors()

    def test_by_itself(self) -> None:
        """Now and then the leader compares, and the wrong one is mended without anybody's doing."""
        nodes = self.begin(period=100.0)
        name = nodes.follower()
        nodes.members[name].machine.listed.done[1] = b"flipped"
        nodes.run(90)
        self.assertIn(b"flipped", nodes.members[name].machine.listed.done)
        nodes.run(20)
        self.healthy(nodes)
        self.assertNotIn(b"flipped", nodes.members[name].machine.listed.done)
        self.assertEqual(nodes.node(name).status().contradictions, 1)
        self.flushLoggedErrors()

    def test_nobody_knows(self) -> None:
        """Without a majority that is alike nobody is set aside: it is told, and all go on."""
        nodes = self.begin()
        for number, name in enumerate("AB"):
            nodes.members[name].machine.listed.done[1] = b"flipped %d" % number
        found = nodes.compare("C")
        self.assertEqual((found.undecided, [each.mended for each in found.members]), (("list",), [False] * 3))
        self.assertEqual(nodes.comparisons["C"].differing, 1)
        nodes.run(5)
        self.assertFalse(any(nodes.node(name).status().contradictions for name in nodes.names))
        self.flushLoggedErrors()

    def test_one_is_away(self) -> None:
        """Who is not reached says nothing, and is not waited for."""
        nodes = self.begin()
        name = nodes.follower()
        nodes.crash(name)
        nodes.run_until(lambda: not nodes.node(nodes.leader).reason())
        found = nodes.compare(nodes.leader)
        self.assertEqual([each.name for each in found.members if not each.parts], [name])

    def test_older_member(self) -> None:
        """Not before all members know the command."""
        nodes = self.begin(period=10.0)
        nodes.level = HASHES - 1
        with self.assertRaisesRegex(Unavailable, "every member"):
            nodes.compare("A")
        last = nodes.node("A").status().last_index
        nodes.run(60)
        self.assertEqual(nodes.node("A").status().last_index, last)
