"""Who is a member, and where."""

from __future__ import annotations

from random import Random

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.changes import added, promoted, removed, replaced
from nacos_tw.raft.core.messages import Configuration, MemberRecord
from nacos_tw.raft.net.codec import VERSION, Hello
from nacos_tw.raft.net.roster import Place, Roster, Told, place_of

A, B, C, D = (f"10.0.0.{number}:8848" for number in (1, 2, 3, 4))


def record(name: str, id: str = "", http: str = "") -> MemberRecord:
    host = (http or name).partition(":")[0]
    return MemberRecord(name, id, http or name, f"{host}:7848")


def hello(name: str, id: str, http: str = "", *, joined: bool = True, config: int = 0, to_id: str = "") -> Hello:
    said = record(name, id, http)
    return Hello(
        VERSION, name, A, b"", http=said.http, id=id, raft=said.raft, joined=joined, config=config, to_id=to_id
    )


INDEX = 10
C_PLACE = Place("10.0.0.3", 7848)
CONFIG = Configuration((A, B, C), members=(record(A, "a"), record(B, "b"), record(C, "c")))


class RosterTests(SynchronousTestCase):
    """A, in a cluster of three."""

    def setUp(self) -> None:
        self.roster = Roster(record(A, "a"), [record(A), record(B), record(C)], joined=True)

    def known(self, config: Configuration = CONFIG) -> Roster:
        self.roster.configured(config, INDEX)
        return self.roster

    def test_before_the_log_says_anything(self) -> None:
        """The operator's list counts, and whoever proves itself may link: the leader may have other names."""
        self.assertEqual(set(self.roster.places()), {A, B, C})
        self.assertTrue(self.roster.admits(hello(D, "d")))
        self.assertEqual(self.roster.objection(hello(D, "d"), alive=False), "")
        self.assertTrue(self.roster.hear(hello(D, "d", "10.0.0.2:8848")))
        self.assertEqual(set(self.roster.places()), {A, C, D})  # it is what the list calls B

    def test_the_log_counts(self) -> None:
        """As soon as it says who the members are."""
        roster = self.known(added(CONFIG, record(D, "d")))
        self.assertEqual(roster.places()[D], Place("10.0.0.4", 7848))
        self.assertFalse(roster.admits(hello("10.0.0.9:8848", "i")))
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
        self.assertTrue(roster.admits(hello("10.0.0.9:8848", "i")))
        self.assertEqual(roster.objection(hello("10.0.0.9:8848", "i"), alive=False), "")
        roster.hear(hello("10.0.0.9:8848", "i"))
        self.assertIn("10.0.0.9:8848", roster.places())
        now = Configuration(("10.0.0.8:8848", D), members=(record("10.0.0.8:8848", "h"), record(D, "d")))
        roster.joined = True
        roster.configured(now, INDEX + 1)
        self.assertEqual(set(roster.places()), {D, "10.0.0.8:8848"})
        self.assertFalse(roster.admits(hello("10.0.0.9:8848", "i")))

    def test_told_who_leads(self) -> None:
        """A node that the log does not name yet calls that one, too: one at a time, and until the log names it."""
        new = Roster(record(D, "d"), [record(D), record(B)])
        self.assertTrue(new.asks_leader)
        self.assertTrue(new.leads(record(A, "a")))
        self.assertEqual(set(new.places()), {A, B, D})
        self.assertFalse(new.leads(record(A, "a")))
        self.assertTrue(new.leads(record(C, "c")))
        self.assertEqual(set(new.places()), {B, C, D})
        new.relist([record(C)])
        self.assertEqual(set(new.places()), {C, D})
        new.configured(Configuration((B,), members=(record(B, "b"),)), INDEX)  # older than its being added
        self.assertEqual(set(new.places()), {B, C})
        self.assertTrue(new.leads(record(A, "a")))
        new.joined = True
        new.configured(added(Configuration((B,), members=(record(B, "b"),)), record(D, "d")), INDEX + 1)
        self.assertEqual((set(new.places()), new.asks_leader), ({B, D}, False))

    def test_whom_nobody_calls_on_that_word(self) -> None:
        """A member is told nothing so, not even one that was removed; nor is a node told of itself, of one at a place
        that it calls already, or of what is no place."""
        self.assertFalse(self.known().asks_leader)
        self.assertFalse(self.roster.leads(record(D, "d")))
        self.assertFalse(self.known(removed(CONFIG, A)).leads(record(D, "d")))
        new = Roster(record(D, "d"), [record(D), record(B)])
        places = new.places()
        for said in (
            record(D, "d", "10.0.0.9:8848"),
            record("moved:8848", "b", B),
            MemberRecord("nowhere"),
            MemberRecord("n:1", "n", "n:1", "n:99999"),
        ):
            self.assertFalse(new.leads(said), said)
            self.assertEqual(new.places(), places)

    def test_mistyped(self) -> None:
        """A learner that nobody ever heard of may not exist; a voter, or one with an id, does."""
        roster = self.known(added(CONFIG, record(D)))
        self.assertEqual([name for name in (A, B, C, D) if roster.never_heard(name)], [D])
        roster.hear(hello(D, "d"))
        self.assertFalse(roster.never_heard(D))
        roster.configured(added(removed(CONFIG, D), record(D, "d")), INDEX + 1)
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
        self.assertTrue(roster.admits(hello(B, "b")))
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
        roster.configured(moved, INDEX + 1)
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


class AbsentTests(SynchronousTestCase):
    """A, which has been away: its log has the members of then."""

    def setUp(self) -> None:
        self.roster = Roster(record(A, "a"), [record(A), record(B), record(C)], joined=True)
        self.roster.configured(CONFIG, INDEX)
        self.roster.committed = lambda: INDEX + 2

    def listens(self, said: Hello) -> bool:
        """Whether that node gets a link."""
        roster = self.roster
        return roster.admits(said) and not roster.gone(said) and not roster.objection(said, alive=False)

    def test_members_of_today(self) -> None:
        """They link while no leader is found, and stay until the log says whether they are members."""
        said = hello(D, "d", config=INDEX + 9, to_id="a")
        self.assertFalse(self.listens(said))
        self.roster.seeks = lambda: True
        self.assertTrue(self.listens(said))
        self.assertTrue(self.roster.hear(said))
        self.assertEqual(self.roster.places()[D], Place("10.0.0.4", 7848))
        self.roster.seeks = lambda: False  # D leads
        self.assertTrue(self.listens(said))
        self.roster.configured(removed(CONFIG, B), INDEX + 5)
        self.assertFalse(self.roster.caught_up())
        self.assertEqual(set(self.roster.places()), {A, C, D})
        self.roster.committed = lambda: INDEX + 9
        self.assertTrue(self.roster.caught_up())
        self.assertEqual(set(self.roster.places()), {A, C})
        self.assertFalse(self.listens(said))

    def test_members_of_today_by_the_log(self) -> None:
        """Their link outlives that."""
        self.roster.seeks = lambda: True
        self.roster.hear(hello(D, "d", config=INDEX + 9, to_id="a"))
        self.roster.configured(added(CONFIG, record(D, "d")), INDEX + 9)
        self.roster.committed = lambda: INDEX + 9
        self.assertFalse(self.roster.caught_up())
        self.assertIn(D, self.roster.places())

    def test_others(self) -> None:
        """Nodes of the past, of another cluster, of an older version, and such as do not know this node get no link."""
        self.roster.seeks = lambda: True
        for config, to_id in ((INDEX + 2, "a"), (INDEX + 9, "b"), (INDEX + 9, ""), (0, "")):
            self.assertFalse(self.listens(hello(D, "d", config=config, to_id=to_id)), (config, to_id))
        self.roster.configured(removed(CONFIG, B), INDEX + 1)
        self.assertIn("removed", self.roster.gone(hello(B, "b", config=INDEX, to_id="a")))

    def test_new_id(self) -> None:
        """A member that came back with an empty folder is another one, which this node's log does not know."""
        said = hello(B, "b2", config=INDEX + 9, to_id="a")
        self.assertEqual(self.roster.gone(said), "")
        self.assertIn("lost its data", self.roster.objection(said, alive=False))
        self.roster.seeks = lambda: True
        self.assertTrue(self.listens(said))
        self.assertIn("two nodes", self.roster.objection(hello(B, "b2", D, config=INDEX + 9, to_id="a"), alive=True))

    def test_as_others_say(self) -> None:
        """A member says where those are with which it has links; of those with which this node has one it knows
        better, and one with another id is another node."""
        moved = [record(B, "b", "10.0.0.7:8848"), record(C, "c", "10.0.0.8:8848"), record(A, "a", "10.0.0.9:8848")]
        news = self.roster.told(Told(INDEX, "a", moved), lambda name: name == C)
        self.assertEqual(news, moved[:1])
        self.assertEqual(self.roster.places(), {A: Place("10.0.0.1", 7848), B: Place("10.0.0.7", 7848), C: C_PLACE})
        self.assertEqual(self.roster.told(Told(INDEX, "a", moved), lambda name: name == C), [])
        others = [record(D, "d"), record(C, "c2", "10.0.0.8:8848"), MemberRecord(C, "c")]
        self.assertEqual(self.roster.told(Told(INDEX, "a", others), lambda name: False), [])
        self.assertEqual(self.roster.told(Told(INDEX + 9, "", others), lambda name: False), [])
        self.assertEqual(self.roster.told(Told(INDEX + 9, "a", others), lambda name: False), others[:2])
        self.assertEqual(self.roster.places()[D], Place("10.0.0.4", 7848))
        self.assertTrue(self.listens(hello(D, "d", config=INDEX + 9, to_id="a")))
        self.roster.committed = lambda: INDEX + 9
        self.assertTrue(self.roster.caught_up())
        self.assertNotIn(D, self.roster.places())

    def test_told(self) -> None:
        """A member tells the index of its list, and what id the other has there; nobody else does."""
        self.assertEqual(self.roster.shown_to(B), (INDEX, "b"))
        self.assertEqual(self.roster.shown_to(D), (INDEX, ""))
        for config in (removed(CONFIG, A), replaced(CONFIG, A, record(A, "a2"))):
            self.roster.configured(config, INDEX + 1)
            self.assertEqual(self.roster.shown_to(B), (0, ""))

    def test_any_history(self) -> None:
        """
        Whatever became of the others: each member of today links with one that has been away, and nobody who was
        removed before that one went.
        """
        for seed in range(100):
            history = _history(Random(seed))
            today, now = history[-1]
            for own, at in ((name, at) for name in today.names for at in range(len(history) - 1)):
                me = today.record(own)
                config, index = history[at]
                if config.record(own).id != me.id:
                    continue
                self.roster = Roster(me, [], joined=True)
                self.roster.configured(config, index)
                self.roster.committed, self.roster.seeks = lambda index=index: index, lambda: True
                for other in (today.record(name) for name in today.names if name != own):
                    theirs = Roster(other, [], joined=True)
                    theirs.configured(today, now)
                    self.assertTrue(self.listens(_said(theirs, own)), (seed, own, at, other))
                for past, before in history[:at]:
                    for gone in past.members:
                        if config.record(gone.name).id != gone.id:
                            theirs = Roster(gone, [], joined=True)
                            theirs.configured(past, before)
                            self.assertFalse(self.listens(_said(theirs, own)), (seed, own, at, gone))


def _said(roster: Roster, to: str) -> Hello:
    config, to_id = roster.shown_to(to)
    return hello(roster.own.name, roster.own.id, config=config, to_id=to_id)


def _history(dice: Random) -> list[tuple[Configuration, int]]:
    """Lists of members that followed each other, with their indexes; the last has more than one member."""
    found, index, count = [(CONFIG, INDEX)], INDEX, 0
    while len(found) < 12 or len(found[-1][0].names) < 2:
        config = found[-1][0]
        index, count = index + dice.randint(1, 5), count + 1
        name = dice.choice(config.names)
        if len(config.names) < 3 or dice.random() < 0.4:
            made = added(config, record(f"10.0.1.{count}:8848", f"n{count}"))
        elif name in config.learners:
            made = promoted(config, name)
        elif dice.random() < 0.4:
            made = replaced(config, name, record(name, f"n{count}"))
        else:
            made = removed(config, name)
        if made.voters:
            found.append((made, index))
    return found
