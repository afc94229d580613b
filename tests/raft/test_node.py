"""The driver: a node alone, a cluster, time limits, and a disk that refuses."""

from __future__ import annotations

import errno
import os
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import TimedOut, Unavailable
from nacos_tw.raft.core.messages import AppendEntries
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.writer import DirectWriter
from nacos_tw.raft.node import SWEEP, RaftNode
from nacos_tw.raft.options import NodeOptions
from nacos_tw.raft.readiness import BEHIND, STALL
from tests.raft.disks import MemoryDisk
from tests.raft.nodes import Nodes, Recorder


class AloneTests(SynchronousTestCase):
    """A node that is the whole cluster."""

    def setUp(self) -> None:
        self.nodes = Nodes("A")
        self.nodes.elect()
        self.node = self.nodes.node("A")

    def test_leads(self) -> None:
        """It leads after an election timeout, writes and beats."""
        self.assertTrue(self.node.is_leader and self.node.available)
        asked = self.nodes.propose("A")
        self.nodes.run(0.0)
        self.assertEqual(asked.result, 1)
        self.assertIsNone(self.node.renew(7))
        self.assertIn(7, self.nodes.members["A"].beats)

    def test_status(self) -> None:
        """What it tells of itself; in public it may have another name than in the log."""
        status = self.node.status()
        self.assertEqual((status.role, status.leader, status.healthy, status.reason), ("LEADER", "A", True, ""))
        self.assertEqual((status.voters, status.peers, status.last_index), (("A",), {}, status.applied))
        self.assertGreater(status.log_bytes, 0)
        disk = MemoryDisk()
        options = NodeOptions("standalone", ("standalone",), "/data", shown="10.0.0.1:8848", disk=disk)
        store = open_store("/data", "standalone", True, disk)
        clock = Clock()
        node = RaftNode(options, store, DirectWriter(store), Recorder(), clock, Random(1), clock.seconds)
        node.start()
        clock.pump([0.1] * 30)
        status = node.status()
        self.assertEqual(
            (status.node, status.leader, status.voters), ("10.0.0.1:8848", "10.0.0.1:8848", ("10.0.0.1:8848",))
        )

    def test_nobody_to_hand_over_to(self) -> None:
        """It stops at once."""
        done = Deferred.fromCoroutine(self.node.hand_over())
        self.successResultOf(done)
        self.assertFalse(self.node.transfer(None))

    def test_restart(self) -> None:
        """All is there after a stop and after a crash."""
        for end in (self.nodes.stop, self.nodes.crash):
            self.nodes.propose("A")
            self.nodes.run(0.1)
            end("A")
            self.nodes.start("A")
            self.nodes.elect()
        self.assertEqual(self.nodes.done("A"), [b"A1", b"A2"])

    def test_not_ready_before_the_log_is_applied(self) -> None:
        """A leader that was just elected does not show yet what its log holds, and says so."""
        nodes = Nodes("A", slow=0.2)
        nodes.elect()
        asked = nodes.propose("A")
        nodes.run_until(lambda: asked.succeeded)
        nodes.crash("A")
        node = nodes.start("A")
        nodes.run_until(lambda: node.is_leader)
        self.assertEqual(nodes.done("A"), [])
        self.assertIn("not applied yet", node.reason())
        self.assertFalse(node.status().healthy)
        nodes.run_until(lambda: not node.reason())
        self.assertEqual(nodes.done("A"), [asked.what])

    def test_damaged_log(self) -> None:
        """There is nobody to mend it from: it stays down, tries again, and says why."""
        nodes = Nodes("A", mend_every=1.0)
        nodes.elect()
        for _ in range(20):
            nodes.propose("A")
            nodes.run(0.01)
        node, disk = nodes.node("A"), nodes.members["A"].disk
        for path, inode in disk.names_now.items():
            if path.endswith(".seg"):
                inode.data[len(inode.data) // 2] ^= 255
        disk.fail_at = disk.calls + 1
        nodes.propose("A")
        nodes.run(5.0)
        self.assertIn("cannot be opened", node.reason())
        self.assertFalse(node.available)


class ClusterTests(SynchronousTestCase):
    """Three nodes."""

    def setUp(self) -> None:
        self.nodes = Nodes()
        self.leader = self.nodes.elect()
        self.one, self.two = (name for name in self.nodes.names if name != self.leader)

    def test_first_election_is_quick(self) -> None:
        """A fresh start has a leader soon after the links are up, whatever the dice say."""
        for seed in range(30):
            self.assertLess(Nodes(seed=seed).elect() and 0.0, 1.0)
            nodes = Nodes(seed=seed)
            self.assertLess(nodes.run_until(lambda nodes=nodes: nodes.leader), 0.6)

    def test_applied_before_answered(self) -> None:
        """A read after a write on the same node sees it: listeners ran, too."""
        told = []
        node = self.nodes.node(self.one)
        node.on_applied = lambda: told.append(len(self.nodes.done(self.one)))
        seen: list[Any] = []
        node.propose(b"x").addCallback(lambda result: seen.append((result, list(told), self.nodes.done(self.one))))
        self.nodes.run(0.1)
        result, before, done = seen[0]
        self.assertEqual((result, before[-1], done), (1, 1, [b"x"]))

    def test_callback_that_fails(self) -> None:
        """What a caller does with its answer does not reach the driver."""
        node = self.nodes.node(self.leader)
        failing = node.propose(b"x").addCallback(lambda result: 1 / 0)
        after = node.propose(b"y")
        self.nodes.run(0.1)
        self.failureResultOf(failing, ZeroDivisionError)
        self.assertEqual(self.successResultOf(after), 2)
        self.nodes.settle()

    def test_caller_gone(self) -> None:
        """A caller that gave up does not keep the others from their answers."""
        node = self.nodes.node(self.one)
        gone, other = node.propose(b"x"), node.propose(b"y")
        gone.cancel()
        gone.addErrback(lambda failure: None)
        self.nodes.run(0.1)
        self.assertEqual(self.successResultOf(other), 2)

    def test_proposal_from_an_answer(self) -> None:
        """An answer may lead to the next command at once."""
        node = self.nodes.node(self.leader)
        chain = node.propose(b"x").addCallback(lambda result: node.propose(b"y"))
        self.nodes.run(0.1)
        self.assertEqual(self.successResultOf(chain), 2)

    def test_leader_killed(self) -> None:
        """Its links close: another one leads within a quarter of a second, and what waited is done."""
        for seed in range(20):
            nodes = Nodes(seed=seed)
            leader = nodes.elect()
            nodes.run(0.2)
            nodes.crash(leader)
            asked = [nodes.propose(name) for name in nodes.up]
            nodes.run_until(lambda asked=asked: all(each.succeeded for each in asked), 0.5)

    def test_leader_silent(self) -> None:
        """Nothing is heard of it: the rest go on after an election timeout; it leads no longer."""
        self.nodes.isolate(self.leader, notice=False)
        asked = self.nodes.propose(self.one)
        self.nodes.run_until(lambda: asked.succeeded, 4.0)
        self.nodes.run(0.5)
        self.assertFalse(self.nodes.node(self.leader).is_leader)
        self.nodes.settle()

    def test_roles_told(self) -> None:
        """Listeners hear when the role or the leader changes, and only then."""
        told: list[tuple[bool, str | None]] = []
        node = self.nodes.node(self.one)
        node.on_role = lambda: told.append((node.is_leader, node.status().leader))
        self.nodes.run(3.0)
        self.assertEqual(told, [])
        self.nodes.node(self.leader).transfer(self.one)
        self.nodes.run(0.5)
        self.assertEqual(told[-1], (True, self.one))

    def test_hand_over(self) -> None:
        """Another one leads when it returns, and at once."""
        begun = self.nodes.clock.rightNow
        done = Deferred.fromCoroutine(self.nodes.node(self.leader).hand_over())
        done.addCallback(lambda _: self.nodes.clock.rightNow - begun)
        self.nodes.run(1.0)
        self.assertLess(self.successResultOf(done), 0.1)
        self.assertNotEqual(self.nodes.leader, self.leader)

    def test_hand_over_that_fails(self) -> None:
        """There is nobody: it takes no longer than the limit."""
        for name in (self.one, self.two):
            self.nodes.cut(self.leader, name, notice=False)
        done = Deferred.fromCoroutine(self.nodes.node(self.leader).hand_over(0.3))
        self.nodes.run(0.25)
        self.assertNoResult(done)
        self.nodes.run(0.1)
        self.successResultOf(done)

    def test_no_leader_at_the_end(self) -> None:
        """Before a stop, what waits for a leader that is not there fails while callers can still hear it."""
        self.nodes.isolate(self.one)
        self.nodes.run(1.0)
        asked = self.nodes.propose(self.one)
        self.successResultOf(Deferred.fromCoroutine(self.nodes.node(self.one).hand_over()))
        self.assertIn("is stopping", str(asked.result.value))

    def test_follower_hands_nothing_over(self) -> None:
        """There is nothing to do."""
        self.successResultOf(Deferred.fromCoroutine(self.nodes.node(self.one).hand_over()))
        self.assertEqual(self.nodes.leader, self.leader)

    def test_stop(self) -> None:
        """What waits fails, beats count here, later calls are refused, and nothing is left on the clock."""
        nodes = Nodes()
        nodes.elect()
        for name in nodes.names[1:]:
            nodes.crash(name)
        node = nodes.node("A")
        command, beat = node.propose(b"x"), node.renew(5)
        nodes.run(0.01)
        node.stop()
        self.assertIsInstance(self.failureResultOf(command).value, Unavailable)
        self.successResultOf(beat)
        self.assertIn(5, nodes.members["A"].beats)
        self.assertIsInstance(self.failureResultOf(node.propose(b"y")).value, Unavailable)
        nodes.run(0.1)
        self.assertEqual(nodes.clock.getDelayedCalls(), [])
        node.frame_received("B", None)
        node.peer_connected("B")
        node.peer_disconnected("B")

    def test_wiped_folder(self) -> None:
        """A node whose folder is empty gets everything from the others, and its new commands count."""
        for name in self.nodes.names * 3:
            self.nodes.propose(name)
            self.nodes.run(0.05)
        self.nodes.crash(self.one)
        self.nodes.wipe(self.one, noticed=False)
        self.nodes.start(self.one)
        asked = self.nodes.propose(self.one)
        self.nodes.run(1.0)
        self.assertTrue(asked.succeeded)
        self.assertEqual(self.nodes.done(self.one), self.nodes.done(self.two))
        self.nodes.settle()

    def test_damaged_log(self) -> None:
        """One whose log is set aside says so, and is in order again when it has everything."""
        self.nodes.propose(self.leader)
        self.nodes.run(0.1)
        self.nodes.crash(self.one)
        self.nodes.wipe(self.one)
        node = self.nodes.start(self.one)
        self.assertIn("the log of this node was damaged", node.reason())
        self.assertTrue(node.status().recovering)
        told: list[str] = []
        node.on_ready = lambda: told.append(node.reason())
        self.nodes.settle()
        self.assertEqual(node.reason(), "")
        self.nodes.run(0.5)
        self.assertEqual(told, [""])

    def test_all_restarted(self) -> None:
        """Nothing that was answered is lost when all are killed at once."""
        for _ in range(10):
            for name in self.nodes.names:
                self.nodes.propose(name)
            self.nodes.run(0.003)
        for name in self.nodes.names:
            self.nodes.crash(name)
        self.nodes.settle()

    def test_ready_only_with_everything(self) -> None:
        """After a start no node says that it is in order before it shows what was answered before."""
        for seed in range(20):
            nodes = Nodes(seed=seed, slow=0.02)
            nodes.elect()
            asked = [nodes.propose(name) for name in nodes.names * 3]
            nodes.run_until(lambda asked=asked: all(each.succeeded for each in asked))
            for name in nodes.names:
                nodes.crash(name)
            for name in nodes.names:
                nodes.start(name)
            ready: set[str] = set()
            while len(ready) < 3:
                nodes.run(0.001)
                for name in nodes.names:
                    if not nodes.node(name).reason():
                        ready.add(name)
                        self.assertEqual(len(nodes.done(name)), 9, seed)

    def test_five_nodes(self) -> None:
        """Two of five may be gone."""
        nodes = Nodes("ABCDE")
        leader = nodes.elect()
        nodes.crash(leader)
        nodes.crash(nodes.follower())
        nodes.elect()
        asked = [nodes.propose(name) for name in nodes.up]
        nodes.run(0.1)
        self.assertTrue(all(each.succeeded for each in asked))
        nodes.settle()


class TimeTests(SynchronousTestCase):
    """Deadlines, and what happens without a leader."""

    def cut_off(self, **options: Any) -> tuple[Nodes, str]:
        """A cluster, and its only node that is left."""
        nodes = Nodes(**options)
        nodes.elect()
        for name in nodes.names[1:]:
            nodes.crash(name)
        return nodes, "A"

    def test_patience(self) -> None:
        """A leader's absence is waited out for a while; then what waits fails, and new ones fail at once."""
        nodes, name = self.cut_off(patience=2.0)
        nodes.run(1.5)
        node = nodes.node(name)
        self.assertTrue(node.available)
        asked = nodes.propose(name)
        self.assertEqual(asked.ended, -1)
        took = nodes.run_until(lambda: asked.ended >= 0)
        self.assertLess(took, 2.0 + SWEEP)
        self.assertIsInstance(asked.result.value, Unavailable)
        self.assertNotIsInstance(asked.result.value, TimedOut)
        self.assertFalse(node.available)
        at_once = nodes.propose(name)
        self.assertEqual(at_once.ended, at_once.begun)
        self.assertEqual(str(at_once.result.value), "no leader: 1 of 3 nodes are connected")

    def test_beats_without_a_leader(self) -> None:
        """They wait as long as a leader may come; then they count on this node only."""
        nodes, name = self.cut_off(patience=2.0)
        nodes.run(1.5)
        beat = nodes.renew(name)
        self.assertEqual(beat.ended, -1)
        nodes.run(3.0)
        self.assertTrue(beat.succeeded and not beat.replicated)
        self.assertIn(beat.number, nodes.members[name].beats)
        self.assertIsNone(nodes.node(name).renew(4711))
        self.assertIn(4711, nodes.members[name].beats)

    def test_leader_in_time(self) -> None:
        """One comes before patience ends: it is done as if nothing had been."""
        nodes, name = self.cut_off(patience=2.0)
        nodes.run(1.2)
        asked, beat = nodes.propose(name), nodes.renew(name)
        nodes.start("B")
        nodes.run(1.0)
        self.assertTrue(asked.succeeded and beat.replicated)

    def test_deadline(self) -> None:
        """A leader is known, but nothing comes back: the time limit ends it."""
        nodes = Nodes(request_timeout=0.5, patience=60.0)
        leader = nodes.elect()
        nodes.run(0.1)
        nodes.isolate(leader, notice=False)
        asked, beat = nodes.propose(leader), nodes.renew(leader)
        nodes.run(0.5 + SWEEP + 0.01)
        for each in (asked, beat):
            self.assertIsInstance(each.result.value, TimedOut)
        self.assertIn("may still be applied", str(asked.result.value))
        nodes.settle()

    def test_applied_after_the_deadline(self) -> None:
        """It fails in time and is applied later all the same; that fires nothing twice."""
        nodes = Nodes(slow=0.8, request_timeout=0.1, patience=60.0)
        nodes.run(8.0)
        node = nodes.node(nodes.leader)
        outcomes: list[Any] = []
        node.propose(b"x").addBoth(outcomes.append)
        nodes.run(8.0)
        self.assertEqual(len(outcomes), 1)
        self.assertIsInstance(outcomes[0], Failure)
        self.assertIn(b"x", nodes.done(nodes.names[0]))

    def test_too_many(self) -> None:
        """A flood is refused, not kept."""
        nodes = Nodes()
        name = nodes.elect()
        node = nodes.node(name)
        node._forwarding._proposals.most = 3
        results = [node.propose(b"%d" % number) for number in range(5)]
        for refused in results[3:]:
            self.assertIn("too many", str(self.failureResultOf(refused).value))
        nodes.run(0.1)
        for taken in results[:3]:
            self.successResultOf(taken)

    def test_far_behind(self) -> None:
        """A node that serves what is older than two seconds says so, however few entries that are."""
        nodes = Nodes()
        leader = nodes.elect()
        follower = nodes.follower()
        node = nodes.node(follower)
        term = nodes.node(leader).status().term
        nodes.run_until(lambda: not node.reason())
        index = node.status().last_index
        node._core.step(leader, AppendEntries(term, 0, 0, index + 1), nodes.clock.rightNow)
        self.assertEqual(node.reason(), "")
        nodes.run(BEHIND + 0.5)
        self.assertEqual(node.reason(), "1 log entries behind the leader")
        self.assertFalse(node.status().healthy)
        nodes.propose(leader)
        nodes.run_until(lambda: not node.reason())

    def test_ready_again_after_an_absence_of_the_leader(self) -> None:
        """A node that was cut off is not ready before it has applied what the leader had committed by then."""
        nodes = Nodes()
        nodes.elect()
        away = nodes.follower()
        node = nodes.node(away)
        nodes.run_until(lambda: not node.reason())
        nodes.isolate(away)
        nodes.run_until(lambda: node.reason())
        for _ in range(20):
            nodes.propose(nodes.leader)
            nodes.run(0.05)
        missed = [asked.what for asked in nodes.asked]
        nodes.heal()
        nodes.run_until(lambda: not node.reason())
        self.assertTrue(set(missed) <= set(nodes.done(away)))

    def test_stood_still(self) -> None:
        """What comes over the links first was sent while the node stood still: it is not ready for a while."""
        nodes = Nodes()
        nodes.elect()
        for name in nodes.names:
            node = nodes.node(name)
            nodes.run_until(lambda node=node: not node.reason())
            nodes.clock.rightNow += STALL + 1.0  # no call is made meanwhile
            self.assertIn("stood still", node.reason())
            nodes.run_until(lambda node=node: not node.reason())
            nodes.elect()

    def test_alone_it_may_stand_still(self) -> None:
        """Nobody else has written anything meanwhile."""
        nodes = Nodes("A")
        nodes.elect()
        nodes.run_until(lambda: not nodes.node("A").reason())
        nodes.clock.rightNow += STALL + 1.0
        self.assertEqual(nodes.node("A").reason(), "")

    def test_clock_of_its_own(self) -> None:
        """The wall clock may jump: only C{seconds} counts."""
        disk = MemoryDisk()
        store = open_store("/data", "B", True, disk)
        clock, now = Clock(), [50.0]
        options = NodeOptions("B", ("B", "C"), "/data", disk=disk)
        node = RaftNode(options, store, DirectWriter(store), Recorder(), clock, Random(1), lambda: now[0])
        node.start()
        clock.advance(3600)
        self.assertEqual(node.status().role, "FOLLOWER")
        now[0] += 3
        clock.advance(3)
        self.assertEqual(node.status().role, "CANDIDATE")


class DiskTests(SynchronousTestCase):
    """The disk refuses."""

    def setUp(self) -> None:
        self.nodes = Nodes(mend_every=1.0)
        self.leader = self.nodes.elect()
        self.follower = self.nodes.follower()
        for name in self.nodes.names * 2:
            self.nodes.propose(name)
            self.nodes.run(0.05)

    def fail(self, name: str) -> None:
        disk = self.nodes.members[name].disk
        disk.fail_at = disk.calls + 1

    def refuse(self) -> None:
        """A disk without room."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def test_follower(self) -> None:
        """It says why, fails what waits, refuses writes, counts beats itself; and mends itself."""
        node = self.nodes.node(self.follower)
        self.fail(self.follower)
        asked, beat = self.nodes.propose(self.follower), self.nodes.renew(self.follower)
        self.nodes.run(0.1)
        self.assertIn("cannot be written", node.reason())
        self.assertFalse(node.available or node.status().healthy)
        self.assertIsInstance(asked.result.value, Unavailable)
        self.assertTrue(beat.succeeded and not self.nodes.propose(self.follower).succeeded)
        self.nodes.run(1.5)
        self.assertEqual((node.failure, node.reason()), ("", ""))
        self.nodes.settle()

    def test_leader(self) -> None:
        """The others elect one of them; no answer is wrong."""
        self.fail(self.leader)
        asked = [self.nodes.propose(name) for name in self.nodes.names]
        self.nodes.run(0.01)
        self.assertFalse(self.nodes.node(self.leader).is_leader)
        self.nodes.run_until(lambda: self.nodes.leader, 5.0)
        self.nodes.run(3.0)
        self.assertEqual(sum(each.succeeded for each in asked), 2)
        self.nodes.settle()

    def test_state_stays(self) -> None:
        """What was applied is still shown meanwhile and afterwards, and is not applied again."""
        node = self.nodes.node(self.follower)
        machine = self.nodes.members[self.follower].machine
        done = list(machine.done)
        self.fail(self.follower)
        for _ in range(30):
            self.nodes.propose(self.leader)
            self.nodes.run(0.1)
            self.assertEqual(machine.done[: len(done)], done)
        self.assertFalse(node.failure)
        self.nodes.settle()

    def test_state_stays_after_restarts(self) -> None:
        """Also what nodes did in lives before this one is not applied again."""
        self.nodes.crash(self.leader)
        self.nodes.start(self.leader)
        self.nodes.elect()
        self.nodes.propose(self.leader)
        self.nodes.run(0.1)
        victim = self.nodes.follower()
        self.fail(victim)
        self.nodes.propose(victim)
        self.nodes.run(3.0)
        self.nodes.settle()

    def test_again_and_again(self) -> None:
        """A disk that stays full: it tries until there is room."""
        node, disk = self.nodes.node(self.follower), self.nodes.members[self.follower].disk
        full = self.patch(disk, "_step", self.refuse)
        self.nodes.propose(self.leader)
        for _ in range(5):
            self.nodes.run(1.05)
            self.assertIn("the disk is full", node.reason())
        full.restore()
        self.nodes.run(1.5)
        self.assertFalse(node.failure)
        self.nodes.settle()

    def test_damaged_meanwhile(self) -> None:
        """The log turns out to be damaged: it is set aside and fetched anew; the state in memory stays."""
        node, disk = self.nodes.node(self.follower), self.nodes.members[self.follower].disk
        done = list(self.nodes.done(self.follower))
        for path, inode in disk.names_now.items():
            if path.endswith(".seg"):
                inode.data[len(inode.data) // 2] ^= 255
        self.fail(self.follower)
        self.nodes.propose(self.leader)
        self.nodes.run(0.5)
        self.assertTrue(node.failure)
        self.nodes.run(1.0)
        self.assertTrue(any("/damaged-1/" in path for path in disk.names_now))
        self.assertEqual(self.nodes.done(self.follower)[: len(done)], done)
        self.nodes.settle()

    def test_stopped_meanwhile(self) -> None:
        """A node that stops while it waits to try again leaves nothing on the clock."""
        nodes = Nodes("A", mend_every=1.0)
        nodes.elect()
        disk = nodes.members["A"].disk
        disk.fail_at = disk.calls + 1
        nodes.propose("A")
        nodes.run(0.1)
        node = nodes.node("A")
        self.assertTrue(node.failure)
        node.stop()
        self.assertEqual(nodes.clock.getDelayedCalls(), [])

    def test_told(self) -> None:
        """Who listens for the role hears of the failure and of its end."""
        node = self.nodes.node(self.follower)
        told: list[str] = []
        node.on_role = lambda: told.append(node.failure)
        self.fail(self.follower)
        self.nodes.propose(self.follower)
        self.nodes.run(0.2)
        self.assertIn("cannot be written", told[0])
        self.nodes.run(2.0)
        self.assertEqual(told[-1], "")

    def test_listeners_that_fail(self) -> None:
        """What mends comes first: a listener that raises, at the failure or at its end, is logged and stops nothing."""
        node = self.nodes.node(self.follower)

        def too_many() -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        node.on_role = node.on_applied = too_many
        node.on_beats = lambda numbers: too_many()
        self.fail(self.follower)
        asked, beat = self.nodes.propose(self.follower), self.nodes.renew(self.follower)
        self.nodes.run(0.5)
        self.assertIn("cannot be written", node.reason())
        self.assertTrue(beat.succeeded)
        self.assertIsInstance(asked.result.value, Unavailable)
        self.nodes.run(2.5)
        self.assertEqual(node.failure, "")
        self.assertTrue(self.nodes.propose(self.follower) and self.nodes.settle() is None)
        self.assertTrue(self.flushLoggedErrors(OSError))

    def test_step_that_fails(self) -> None:
        """A step that fails for no reason of the disk's is logged; the node begins again from what is on disk."""
        node = self.nodes.node(self.follower)
        broken = self.patch(node, "_role_changed", lambda: 1 / 0)
        self.patch(node._applying, "apply", lambda *_: 1 / 0)
        self.nodes.propose(self.leader)
        self.nodes.run(0.6)
        self.assertTrue(node.failure)
        self.assertTrue(self.flushLoggedErrors(ZeroDivisionError))
        broken.restore()
        del node._applying.apply
        self.nodes.run(3.0)
        self.assertEqual(node.reason(), "")
        self.nodes.settle()

    def test_not_ready_between_tries(self) -> None:
        """A disk that takes a few bytes and refuses the next save: the node does not say that it is well in between."""
        node, disk = self.nodes.node(self.follower), self.nodes.members[self.follower].disk
        append = disk.append

        def little(fd: int, data: bytes, offset: int) -> None:
            if len(data) > 1000:
                self.refuse()
            append(fd, data, offset)

        full = self.patch(disk, "append", little)
        self.nodes.propose(self.leader, b"x" * 2000)
        self.nodes.run(0.2)
        for _ in range(80):
            self.assertIn("the disk is full", node.reason())
            self.nodes.run(0.05)
        full.restore()
        self.nodes.run(2.0)
        self.assertEqual(node.reason(), "")
        self.nodes.settle()

    def test_slow_disk(self) -> None:
        """Saves overlap; messages that wait for them leave in order, and answers are right."""
        nodes = Nodes(slow=0.03)
        nodes.elect()
        for _ in range(40):
            for name in nodes.names:
                nodes.propose(name)
                nodes.renew(name)
            nodes.run(0.01)
        nodes.settle()
