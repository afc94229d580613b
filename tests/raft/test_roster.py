"""Who is a member, and where."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.changes import added, removed, replaced
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.net.codec import VERSION, Hello
from nacos_tw.raft.net.roster import Place, Roster, place_of

A, B, C, D = (f"10.0.0.{number}:8848" for number in (1, 2, 3, 4))


def record(name: str, id: str = "", http: str = "") -> MemberRecord:
    host = (http or name).partition(":")[0]
    return MemberRecord(name, id, http or name, f"{host}:7848")


def hello(name: str, id: str, http: str = "", *, joined: bool = True) -> Hello:
    said = record(name, id, http)
    return Hello(VERSION, name, A, b"", http=said.http, id=id, raft=said.raft, joined=joined)


CONFIG = Configuration((A, B, C), members=(record(A, "a"), record(B, "b"), record(C, "c")))


class RosterTests(SynchronousTestCase):
    """A, in a cluster of three."""

    def setUp(self) -> None:
        self.roster = Roster(record(A, "a"), [record(A), record(B), record(C)], joined=True)

    def known(self, config: Configuration = CONFIG) -> Roster:
        self.roster.configured(config)
        return self.roster

    def test_before_the_log_says_anything(self) -> None:
        """The operator's list counts, and whoever proves itself may link: the leader may have other names."""
        self.assertEqual(set(self.roster.places()), {A, B, C})
        self.assertIn(D, self.roster)
        self.assertEqual(self.roster.objection(hello(D, "d"), alive=False), "")
        self.assertTrue(self.roster.hear(hello(D, "d", "10.0.0.2:8848")))
        self.assertEqual(set(self.roster.places()), {A, C, D})  # it is what the list calls B

    def test_the_log_counts(self) -> None:
        """As soon as it says who the members are."""
        roster = self.known(added(CONFIG, record(D, "d")))
        self.assertEqual(roster.places()[D], Place("10.0.0.4", 7848))
        self.assertNotIn("10.0.0.9:8848", roster)
        self.assertIn("no member", roster.objection(hello("10.0.0.9:8848", "x"), alive=False))

    def test_older_than_this_node(self) -> None:
        """
        The part of the log that a new node has may name members of the past only: the leader, which it has heard, stays
        linked, others of the present may link, until the log names this node.
        """
        roster = self.roster = Roster(record(D, "d"), [record(D), record(A)])
        roster.hear(hello("10.0.0.8:8848", "h"))
        roster = self.known()
        self.assertEqual(set(roster.places()), {A, B, C, "10.0.0.8:8848"})
        self.assertIn("10.0.0.9:8848", roster)
        self.assertEqual(roster.objection(hello("10.0.0.9:8848", "i"), alive=False), "")
        roster.hear(hello("10.0.0.9:8848", "i"))
        self.assertIn("10.0.0.9:8848", roster.places())
        now = Configuration(("10.0.0.8:8848", D), members=(record("10.0.0.8:8848", "h"), record(D, "d")))
        roster.joined = True
        roster.configured(now)
        self.assertEqual(set(roster.places()), {D, "10.0.0.8:8848"})
        self.assertNotIn("10.0.0.9:8848", roster)

    def test_mistyped(self) -> None:
        """A learner that nobody ever heard of may not exist; a voter, or one with an id, does."""
        roster = self.known(added(CONFIG, record(D)))
        self.assertEqual([name for name in (A, B, C, D) if roster.never_heard(name)], [D])
        roster.hear(hello(D, "d"))
        self.assertFalse(roster.never_heard(D))
        roster.configured(added(removed(CONFIG, D), record(D, "d")))
        self.assertFalse(roster.never_heard(D))

    def test_moved(self) -> None:
        """A member says where it is: it is dialed there, until the log says the same."""
        roster = self.known()
        self.assertFalse(roster.hear(hello(B, "b")))
        self.assertTrue(roster.hear(hello(B, "b", "10.0.0.7:8848")))
        self.assertEqual(roster.places()[B], Place("10.0.0.7", 7848))
        self.assertIn("two nodes", roster.objection(hello(B, "b", "10.0.0.8:8848"), alive=True))
        self.assertEqual(roster.objection(hello(B, "b", "10.0.0.8:8848"), alive=False), "")

    def test_lost_folder(self) -> None:
        """Its vote must not count; an old folder of one that was replaced is told so."""
        roster = self.known()
        self.assertIn("lost its data", roster.objection(hello(B, "b2", joined=False), alive=False))
        self.assertEqual(roster.gone(hello(B, "b2", joined=False)), "")
        self.assertIn("old data", roster.gone(hello(B, "b0")))
        roster = self.known(replaced(CONFIG, B, record(B, "b2")))
        self.assertEqual(roster.objection(hello(B, "b2", joined=False), alive=False), "")
        self.assertIn("old data", roster.gone(hello(B, "b")))

    def test_replaced_by_one_whose_id_is_not_known_yet(self) -> None:
        """The old data are not taken for it."""
        roster = self.known(replaced(CONFIG, B, record(B)))
        self.assertIn("removed", roster.gone(hello(B, "b")))
        self.assertEqual(roster.gone(hello(B, "b2", joined=False)), "")

    def test_removed(self) -> None:
        """It gets as far as to be told so; added anew, with another folder, it is a member."""
        roster = self.known(removed(CONFIG, B))
        self.assertIn(B, roster)
        self.assertNotIn(B, roster.places())
        self.assertEqual(roster.former_hosts(), ["10.0.0.2"])
        self.assertIn("removed", roster.gone(hello(B, "b")))
        roster = self.known(added(removed(CONFIG, B), record(B)))
        self.assertIn("removed", roster.gone(hello(B, "b")))
        self.assertEqual(roster.gone(hello(B, "b2", joined=False)), "")

    def test_forced(self) -> None:
        """An operator says where the members are, until the log does."""
        roster = self.known()
        roster.force([record(A), record(B, "b", "10.1.0.2:8848"), record(C, "c", "10.1.0.3:8848")])
        self.assertEqual(roster.places()[C], Place("10.1.0.3", 7848))
        moved = msgspec.structs.replace(
            CONFIG, members=(record(A, "a"), record(B, "b", "10.1.0.2:8848"), record(C, "c"))
        )
        roster.configured(moved)
        self.assertTrue(roster.forced)
        roster.hear(hello(C, "c", "10.1.0.3:8848"))
        self.assertFalse(roster.forced)

    def test_places(self) -> None:
        """By the Raft address, else the usual port of the HTTP address or the name."""
        for known, place in (
            (MemberRecord("n", raft="[::1]:7001"), Place("::1", 7001)),
            (MemberRecord("10.0.0.1:8848"), Place("10.0.0.1", 7848)),
            (MemberRecord("standalone"), None),
            (MemberRecord("h:80"), None),
        ):
            self.assertEqual(place_of(known), place)
