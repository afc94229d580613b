"""The way to the leader: order, repeats, what is lost on it, and frames that make no sense."""

from __future__ import annotations

from array import array
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import TimedOut
from nacos_tw.raft.core.messages import AppendEntries
from nacos_tw.raft.forwarding import PACE
from nacos_tw.raft.net import codec
from tests.raft.nodes import Nodes


class ForwardingTestCase(SynchronousTestCase):
    """A cluster with a leader and two followers."""

    def setUp(self) -> None:
        self.make()

    def make(self, **options: Any) -> None:
        self.nodes = Nodes(**options)
        self.leader = self.nodes.elect()
        self.one, self.two = (name for name in self.nodes.names if name != self.leader)
        self.nodes.run(0.1)

    def seen(self, kind: type) -> list[tuple[str, str, Any]]:
        """The frames of one kind that arrive from now on."""
        frames: list[tuple[str, str, Any]] = []

        def watch(sender: str, receiver: str, frame: Any) -> None:
            if type(frame) is kind:
                frames.append((sender, receiver, frame))

        self.nodes.watch = watch
        return frames

    def hand_over_for(self, seconds: float) -> None:
        """The leader begins to hand over to a node that does not hear of it, so that this lapses."""
        self.nodes.cut(self.leader, self.two, notice=False)
        self.nodes.propose(self.leader)
        self.nodes.run(0.02)
        self.assertTrue(self.nodes.node(self.leader).transfer(self.two))
        self.nodes.run(seconds)


class CommandTests(ForwardingTestCase):
    """Commands of a follower, and of the leader."""

    def test_one_turn(self) -> None:
        """What is proposed in one turn of the reactor travels in one frame and one entry."""
        frames = self.seen(codec.Forward)
        before = self.nodes.node(self.leader).status().last_index
        asked = [self.nodes.propose(self.one) for _ in range(5)]
        self.nodes.run(0.1)
        self.assertEqual([len(frame.commands) for _, _, frame in frames], [5])
        self.assertEqual(self.nodes.node(self.leader).status().last_index, before + 1)
        self.assertTrue(all(each.succeeded for each in asked))
        self.assertEqual(self.nodes.done(self.one)[-5:], [each.what for each in asked])

    def test_order(self) -> None:
        """A node's commands are applied in the order in which it proposed them."""
        asked = []
        for _ in range(30):
            asked.append(self.nodes.propose(self.one))
            self.nodes.run(0.0007)
        self.nodes.run(0.1)
        self.assertEqual(self.nodes.done(self.two), [each.what for each in asked])

    def test_results(self) -> None:
        """A refused command fails where it was proposed, with the machine's own error."""
        for name in self.nodes.names:
            asked = self.nodes.propose(name, b"bad at " + name.encode())
            self.nodes.run(0.1)
            self.assertEqual(str(asked.result.value), f"bad at {name}")

    def test_full_link(self) -> None:
        """What the link did not take is not overtaken by what comes later."""
        link = self.nodes.links[self.one, self.leader]
        link.full = True
        first = self.nodes.propose(self.one)
        self.nodes.run(0.01)
        link.full = False
        second = self.nodes.propose(self.one)
        self.nodes.run(0.1)
        self.assertTrue(first.succeeded and second.succeeded)
        self.assertEqual(self.nodes.done(self.two), [first.what, second.what])

    def test_full_link_then_silence(self) -> None:
        """It is also sent when nothing comes later."""
        link = self.nodes.links[self.one, self.leader]
        link.full = True
        asked, beat = self.nodes.propose(self.one), self.nodes.renew(self.one)
        self.nodes.run(0.1)
        link.full = False
        self.nodes.run(0.3)
        self.assertTrue(asked.succeeded and beat.replicated)

    def test_lost_frame(self) -> None:
        """A frame is missing: the leader takes nothing behind it, says so, and gets all of it in order."""
        frames = self.seen(codec.Refused)
        first = self.nodes.propose(self.one)
        self.nodes.run(0.0)
        self.nodes.links[self.one, self.leader]._queue.pop()
        second = self.nodes.propose(self.one)
        self.nodes.run(0.1)
        self.assertTrue(first.succeeded and second.succeeded)
        self.assertEqual(len(frames), 1)
        self.assertEqual(self.nodes.done(self.leader), [first.what, second.what])

    def test_link_back(self) -> None:
        """The link to the leader was lost for a moment: what had no answer is sent again, and done once."""
        asked = [self.nodes.propose(self.one) for _ in range(3)]
        self.nodes.run(0.0)
        self.nodes.flap(self.one, self.leader)
        asked += [self.nodes.propose(self.one) for _ in range(3)]
        self.nodes.run(0.3)
        self.assertEqual(self.nodes.done(self.two), [each.what for each in asked])

    def test_link_back_at_once(self) -> None:
        """The link was replaced before anybody could doubt the leader: what was on its way is sent again."""
        link, node = self.nodes.links[self.one, self.leader], self.nodes.node(self.one)
        asked, beat = self.nodes.propose(self.one), self.nodes.renew(self.one)
        self.nodes.run(0.0)
        link._queue.clear()
        link._epoch += 1
        node.peer_disconnected(self.leader)
        node.peer_connected(self.leader)
        self.nodes.run(0.02)
        self.assertTrue(asked.succeeded and beat.replicated)

    def test_lapsed_hand_over_at_the_leader(self) -> None:
        """What the leader got while it was handing over is done once that has come to nothing."""
        self.make(request_timeout=4.0)
        self.hand_over_for(0.2)
        asked = self.nodes.propose(self.leader)
        self.nodes.run(0.5)
        self.assertEqual(asked.ended, -1)
        self.nodes.run(1.0)
        self.assertTrue(asked.succeeded)
        self.nodes.settle()

    def test_lapsed_hand_over_at_a_follower(self) -> None:
        """The same for a follower that has nothing more to say."""
        self.hand_over_for(0.2)
        asked = self.nodes.propose(self.one)
        self.nodes.run(0.5)
        self.assertEqual(asked.ended, -1)
        self.nodes.run(1.0)
        self.assertTrue(asked.succeeded)
        self.nodes.settle()

    def test_hand_over(self) -> None:
        """A hand-over fails nothing, wherever it was proposed."""
        asked = []
        self.nodes.node(self.leader).transfer(self.one)
        for _ in range(50):
            asked += [self.nodes.propose(name) for name in self.nodes.names]
            self.nodes.run(0.002)
        self.nodes.run(1.0)
        self.assertEqual(self.nodes.leader, self.one)
        self.assertTrue(all(each.succeeded for each in asked))
        self.nodes.settle()

    def test_snapshot_has_no_results(self) -> None:
        """A follower that gets a snapshot instead of its own entries does not know what became of them."""
        self.make(snapshot_bytes=10, trailing=0, request_timeout=30.0, patience=60.0)
        nodes, one = self.nodes, self.one
        nodes.links[self.leader, one].stalled = True
        bad, good = nodes.propose(one, b"bad"), nodes.propose(one)
        nodes.run_until(lambda: nodes.done(self.leader))  # they arrived, their answers do not
        nodes.isolate(one, notice=False)
        for _ in range(20):
            nodes.propose(self.leader)
            nodes.run(0.05)
        self.assertEqual((bad.ended, good.ended), (-1, -1))
        nodes.settle()
        for asked in (bad, good):
            self.assertIsInstance(asked.result.value, TimedOut)
            self.assertIn("may have been applied", str(asked.result.value))
        self.assertIn(good.what, nodes.done(one))


class StrangeFrameTests(ForwardingTestCase):
    """Frames that do not fit, as from a node in another term."""

    def receive(self, name: str, peer: str, frame: Any) -> None:
        self.nodes.node(name).frame_received(peer, frame)
        self.nodes.run(0.1)

    def last(self) -> int:
        return self.nodes.node(self.leader).status().last_index

    def test_forward(self) -> None:
        """Only of this term, of the sender itself, and only to the leader."""
        term, before = self.nodes.node(self.leader).status().term, self.last()
        for name, frame in (
            (self.leader, codec.Forward(term - 1, self.one, 0, (b"x",), True, 1)),
            (self.leader, codec.Forward(term + 1, self.one, 0, (b"x",), True, 1)),
            (self.leader, codec.Forward(term, self.two, 0, (b"x",), True, 1)),
            (self.two, codec.Forward(term, self.one, 0, (b"x",), True, 1)),
        ):
            self.receive(name, self.one, frame)
        self.assertEqual(self.last(), before)
        self.receive(self.leader, self.one, codec.Forward(term, self.one, 0, (b"x",), True, 1))
        self.assertEqual(self.nodes.done(self.two), [b"x"])

    def test_refused(self) -> None:
        """Only the leader's word in this term counts."""
        asked = self.nodes.propose(self.one)
        self.nodes.run(0.0)
        frames = self.seen(codec.Forward)
        term = self.nodes.node(self.leader).status().term
        node = self.nodes.node(self.one)
        node.frame_received(self.two, codec.Refused(term))
        node.frame_received(self.leader, codec.Refused(term - 1))
        self.nodes.run(0.1)
        self.assertEqual(len(frames), 1)
        self.assertTrue(asked.succeeded)

    def test_beats(self) -> None:
        """Half a number, another term, not the leader: nothing is taken or acknowledged."""
        term = self.nodes.node(self.leader).status().term
        frames = self.seen(codec.BeatsAck)
        numbers = array("Q", [77]).tobytes()
        self.receive(self.leader, self.one, codec.Beats(term, 1, numbers[:5]))
        self.receive(self.leader, self.one, codec.Beats(term - 1, 2, numbers))
        self.receive(self.two, self.one, codec.Beats(term, 3, numbers))
        self.assertEqual(frames, [])
        self.assertFalse(any(77 in member.beats for member in self.nodes.members.values()))


class BeatTests(ForwardingTestCase):
    """Beats of a follower, and of the leader."""

    def test_one_batch(self) -> None:
        """What comes while a batch is on its way travels together, without a log entry."""
        frames = self.seen(codec.Beats)
        last = self.nodes.node(self.leader).status().last_index
        beats = [self.nodes.renew(self.one) for _ in range(3)]
        self.nodes.run(0.0)
        beats += [self.nodes.renew(self.one) for _ in range(4)]
        self.nodes.run(0.1)
        self.assertEqual([len(frame.numbers) // 8 for _, _, frame in frames], [3, 4])
        self.assertTrue(all(beat.replicated for beat in beats))
        self.assertEqual(self.nodes.node(self.leader).status().last_index, last)
        self.nodes.check_answers()

    def test_pace(self) -> None:
        """One that comes alone goes at once; of many, each round of the leader carries what came meanwhile."""
        frames = self.seen(codec.RaftFrame)
        self.nodes.lateness = 0.0
        alone = self.nodes.renew(self.leader)
        self.nodes.run(0.0)
        self.assertIn(alone.number, self.nodes.members[self.leader].beats, "the round is open")
        self.nodes.run(1.0)
        self.assertTrue(alone.replicated)
        frames.clear()
        beats = []
        for _ in range(200):
            beats += [self.nodes.renew(name) for name in self.nodes.names]
            self.nodes.run(0.0001)
        self.nodes.run(0.1)
        self.assertTrue(all(beat.replicated for beat in beats))
        rounds = {
            frame.message.round
            for sender, _, frame in frames
            if sender == self.leader and type(frame.message) is AppendEntries and frame.message.beats
        }
        self.assertLessEqual(len(rounds), 0.02 / PACE + 3)
        self.nodes.check_answers()

    def test_majority(self) -> None:
        """Nothing is answered that no majority has, at the leader either."""
        self.nodes.isolate(self.leader, notice=False)
        beats = [self.nodes.renew(self.leader) for _ in range(3)]
        self.nodes.run(0.5)
        self.assertEqual({beat.ended for beat in beats}, {-1.0})
        self.nodes.heal()
        self.nodes.run(4.0)
        self.assertTrue(all(beat.succeeded for beat in beats))
        self.nodes.check_answers()

    def test_one_follower_is_enough(self) -> None:
        """With one of three gone beats go on."""
        self.nodes.crash(self.two)
        beats = [self.nodes.renew(name) for name in (self.leader, self.one)]
        self.nodes.run(0.1)
        self.assertTrue(all(beat.replicated for beat in beats))

    def test_leader_dies(self) -> None:
        """A beat under way is answered by the next leader, within the deadline."""
        beat = self.nodes.renew(self.one)
        self.nodes.run(0.0)
        self.nodes.crash(self.leader)
        self.nodes.run(1.0)
        self.assertTrue(beat.replicated)
        self.nodes.check_answers()

    def test_lost_acknowledgement(self) -> None:
        """The leader's answer is lost with the link that it was on: the batch is sent again after a second."""
        link = self.nodes.links[self.leader, self.one]
        frames = self.seen(codec.Beats)
        link.full = True
        beat = self.nodes.renew(self.one)
        self.nodes.run(0.1)
        link.full = False
        behind = self.nodes.renew(self.one)
        self.nodes.run(0.2)
        self.assertEqual((beat.ended, behind.ended), (-1, -1))
        self.nodes.run(1.1)
        self.assertTrue(beat.replicated and behind.replicated)
        self.assertEqual(len(frames), 2)

    def test_answer_to_a_former_life(self) -> None:
        """The leader acknowledges what a follower sent before it was started again; that says nothing of now."""
        nodes, one = self.nodes, self.one
        self.nodes.isolate(self.two, notice=False)  # rounds do not get a majority without this one
        for _ in range(3):
            nodes.renew(one)
            nodes.run(0.05)
        nodes.cut(one, self.leader)
        nodes.crash(one)
        nodes.start(one)
        acks = self.seen(codec.BeatsAck)
        beat = nodes.renew(one)
        node = nodes.node(one)
        term = nodes.node(self.leader).status().term
        for batch in range(1, 50):
            node.frame_received(self.leader, codec.BeatsAck(batch, True))
        self.assertEqual((beat.ended, acks, term), (-1, [], term))
        nodes.settle()

    def test_number_of_a_batch(self) -> None:
        """No two lives of a node number their batches alike, so no answer can be taken for another's."""
        frames = self.seen(codec.Beats)
        self.nodes.renew(self.one)
        self.nodes.run(0.1)
        self.nodes.crash(self.one)
        self.nodes.start(self.one)
        self.nodes.run(0.5)
        self.nodes.renew(self.one)
        self.nodes.run(0.1)
        (_, _, old), (_, _, new) = frames
        self.assertGreater(abs(old.batch - new.batch), 1000)

    def test_own_time_limit(self) -> None:
        """A beat that waits behind a stuck one has its own time."""
        self.make(request_timeout=0.6, patience=60.0)
        link = self.nodes.links[self.one, self.leader]
        link.stalled = True
        first = self.nodes.renew(self.one)
        self.nodes.run(0.5)
        second = self.nodes.renew(self.one)
        self.nodes.run(0.4)
        self.assertIsInstance(first.result.value, TimedOut)
        self.assertEqual(second.ended, -1)
        self.nodes.run(0.5)
        self.assertIsInstance(second.result.value, TimedOut)
