"""Tests for L{nacos_tw.http.v1.cluster_history}."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from nacos_tw.cluster.operations.history import Histories, history_questions
from nacos_tw.errors import Unavailable
from nacos_tw.http.v1.cluster_history import ClusterHistoryV1
from nacos_tw.metrics.history import Event, History, Reading, Sample, Story
from nacos_tw.questions import Others
from tests.http.v1.fakes import GUARD, NOW, A, B, HandlerTestCase, asker, millis

PATH = "/v1/console/cluster/history"


class ClusterHistoryTests(HandlerTestCase):
    """C{/v1/console/cluster/history}."""

    def setUp(self) -> None:
        self.history = History(B, lambda: Reading(0, 5, 2), Clock(), millis)
        self.history.noted(Event(0, "LEADER", 3, B))
        self.answers: Deferred[list[bytes]] = succeed([])
        self.asked: list[tuple[str, bytes]] = []
        self.area = ClusterHistoryV1(GUARD, Histories(self.history, Others(asker({}), self.ask_all)))

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        self.asked.append((what, body))
        return self.answers

    def asked_here(self, body: bytes) -> bytes:
        """What this node answers another one."""
        answered = history_questions(self.history)["history"](A, body)
        assert isinstance(answered, bytes)
        return answered

    def data(self, query: str = "") -> Any:
        found = self.json("GET", PATH + query)
        self.assertEqual((found["code"], found["message"]), (200, None))
        return found["data"]

    def test_alone(self) -> None:
        """A node's own, where no other answers."""
        self.assertEqual(
            self.data(),
            {
                "now": NOW,
                "resolutionMillis": 5000,
                "spanMillis": 600000,
                "nodes": [
                    {
                        "address": B,
                        "samples": [],
                        "events": [{"time": NOW, "role": "LEADER", "term": 3, "leader": B}],
                    }
                ],
            },
        )
        self.assertEqual(self.asked, [("history", b"600")])

    def test_others(self) -> None:
        """All nodes by address, the others' times by this node's clock; an answer of another version is left out."""
        theirs = Story(A, NOW + 5000, [Sample(NOW + 4000, 1.5, 5, 2)], [Event(NOW + 1000, "FOLLOWER", 3, B)])
        self.answers = succeed([msgspec.json.encode(theirs), b"what?"])
        nodes = self.data()["nodes"]
        self.assertEqual([node["address"] for node in nodes], [A, B])
        self.assertEqual(nodes[0]["samples"], [{"time": NOW - 1000, "requests": 1.5, "instances": 5, "listeners": 2}])
        self.assertEqual(nodes[0]["events"][0]["time"], NOW - 4000)

    def test_nobody_can_be_asked(self) -> None:
        """A failure to ask leaves this node's own."""
        self.answers = fail(Unavailable("no link"))
        self.assertEqual([node["address"] for node in self.data()["nodes"]], [B])

    def test_seconds(self) -> None:
        """Others are asked for as much as the caller wants, at most for what there is."""
        for query, expected in (("?seconds=30", b"30"), ("?seconds=-4", b"1"), ("?seconds=99999", b"600")):
            self.data(query)
            self.assertEqual(self.asked[-1], ("history", expected))
        self.assertEqual(self.text("GET", PATH + "?seconds=x", status=400), 'caused: For input string: "x";')

    def test_asked(self) -> None:
        """What another node is told; a question that is none is a ValueError."""
        told = msgspec.json.decode(self.asked_here(b"600"), type=Story)
        self.assertEqual(told, self.history.told())
        self.assertRaises(ValueError, self.asked_here, b"x")
