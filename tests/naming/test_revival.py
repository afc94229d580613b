"""Instances that fall silent and beat again: one beat brings them back with a full lease, wherever it comes in."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import Expire
from nacos_tw.naming.expirer import Expirer
from nacos_tw.naming.expiry import BEAT_TIMEOUT, DELETE_TIMEOUT
from nacos_tw.naming.naming import Naming
from tests.naming.building import P1, register
from tests.naming.cluster import NamingNodes
from tests.raft.nodes import Member

KEY = ("DEFAULT", "10.0.0.1", 8080)
SETTLED = 1.5
"""Seconds in which a beat's effect has come to all nodes, and the leader has looked once more."""


class ExpiringNodes(NamingNodes):
    """Three nodes with the leader's real timers."""

    def __init__(self, **options: Any) -> None:
        self.expirers: dict[str, Expirer] = {}
        super().__init__(**options)

    def _join(self, member: Member) -> None:
        super()._join(member)
        naming, node = self.namings[member.name], member.node
        assert node is not None
        expirer = Expirer(self.clock, naming.registry, naming.leases, naming.change)
        expirer.startService()
        self.expirers[member.name] = expirer

        def role_changed() -> None:
            expirer.leader_changed(node.is_leader)
            naming.role_changed()

        node.on_role = role_changed

    def beat(self, name: str) -> Deferred[Any]:
        """As a client does: the instance is registered where it is not known."""
        naming: Naming = self.namings[name]
        instance = naming.find(P1, KEY)
        if instance is None:
            return naming.register(register())
        return naming.beat(instance) or succeed(None)

    def beat_counts(self, name: str) -> bool:
        """Whether a beat there was answered, by a node that has a leader."""
        results: list[Any] = []
        self.beat(name).addBoth(results.append)
        self.run_until(lambda: results)
        return not isinstance(results[0], Failure) and self.node(name).available

    def healthy(self, name: str) -> bool | None:
        """Whether a node lists the instance as healthy; None if it does not list it."""
        found = self.namings[name].registry.services.get(P1)
        instance = None if found is None else found.ephemeral.get(KEY)
        return None if instance is None else instance.healthy


ACTION = st.one_of(
    st.tuples(st.just("silence"), st.floats(0.0, 40.0)),
    st.tuples(st.just("beats"), st.integers(0, 2)),
    st.tuples(st.just("election"), st.integers(0, 2)),
    st.tuples(st.just("cut"), st.integers(0, 2)),
)


class RevivalTests(SynchronousTestCase):
    """Silences of all lengths."""

    def setUp(self) -> None:
        self.nodes = ExpiringNodes()

    def assertHealthy(self, nodes: ExpiringNodes, why: str) -> None:
        for name in nodes.up:
            self.assertIs(nodes.healthy(name), True, f"{why} at {name}")

    def test_a_beat_after_17_seconds(self) -> None:
        """It is healthy at once, and stays so for a full lease, at each node."""
        for name in self.nodes.names:
            self.assertTrue(self.nodes.beat_counts(name))
            self.nodes.run(17.5)
            self.assertIs(self.nodes.healthy(name), False)
            self.assertTrue(self.nodes.beat_counts(name))
            self.assertIs(self.nodes.healthy(name), True)
            self.nodes.run(0.2)
            for _ in range(14):
                self.assertHealthy(self.nodes, "a beat's lease is not over")
                self.nodes.run(1.0)
            self.nodes.run(BEAT_TIMEOUT - 14.2 + SETTLED)
            self.assertIs(self.nodes.healthy(name), False)

    def test_beats_that_go_on_after_a_silence(self) -> None:
        """Every 5 s, with the same bytes: it is never given up again."""
        nodes = self.nodes
        nodes.beat_counts("A")
        nodes.run(17.5)
        for _ in range(12):
            self.assertTrue(nodes.beat_counts("A"))
            nodes.run(0.2)
            for _ in range(5):
                self.assertHealthy(nodes, "it beats")
                nodes.run(1.0)

    def test_removed_after_the_full_time(self) -> None:
        """Without a beat it goes, as ever."""
        self.nodes.beat_counts("A")
        self.nodes.run(DELETE_TIMEOUT + SETTLED)
        self.assertIsNone(self.nodes.healthy("A"))

    def test_expiry_that_was_decided_before_the_beat(self) -> None:
        """The leader's decision is in the log behind the beat's revival: it counts no more."""
        nodes = self.nodes
        nodes.beat_counts("A")
        nodes.run(17.5)
        leader = nodes.namings[nodes.leader]
        number = leader.registry.services[P1].ephemeral[KEY].number
        seen = leader.registry.applied
        self.assertTrue(nodes.beat_counts(nodes.follower()))
        leader.change(Expire([], [number], seen))
        nodes.run(0.5)
        self.assertHealthy(nodes, "an old decision")

    @settings(max_examples=40)
    @given(st.lists(ACTION, min_size=1, max_size=12), st.integers(0, 2))
    def test_random(self, actions: list[tuple[str, Any]], last: int) -> None:
        """Whatever went before, elections and cuts too: after one beat that counts there is a full lease."""
        nodes = ExpiringNodes()
        for action, value in actions:
            if action == "silence":
                nodes.run(value)
            elif action == "beats":
                nodes.beat(nodes.names[value]).addErrback(lambda _: None)
                nodes.run(0.5)
            elif action == "election":
                nodes.isolate(nodes.leader or "A")
                nodes.run(2.0 + value)
                nodes.heal()
            else:
                nodes.isolate(nodes.names[value])
                nodes.beat(nodes.names[value]).addErrback(lambda _: None)
                nodes.run(5.0)
                nodes.heal()
            if not nodes.leader:
                nodes.elect()
        nodes.quiet()
        self.assertTrue(nodes.beat_counts(nodes.names[last]))
        nodes.run(SETTLED)
        for _ in range(int(BEAT_TIMEOUT - SETTLED) - 1):
            self.assertHealthy(nodes, f"after {actions}")
            nodes.run(1.0)
