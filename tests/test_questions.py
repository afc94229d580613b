"""Typed questions between nodes, and the bytes that nodes of other versions write and read."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.operations.history import HISTORY
from nacos_tw.cluster.operations.orders import RAFT_OPS, Outcome, PassedOn
from nacos_tw.errors import NacosError
from nacos_tw.metrics.history import Event, Sample, Story
from nacos_tw.questions import Answering, Others, Question

SUM: Question[list[int], int] = Question("sum", list[int], int, "msgpack")


class QuestionTests(SynchronousTestCase):
    """One who asks, and one who answers."""

    def setUp(self) -> None:
        self.answering: dict[str, Answering] = SUM.answered_by(lambda peer, numbers: sum(numbers))
        self.others = Others(self.ask, self.ask_all)
        self.asked: list[tuple[str, bytes]] = []
        self.answers: Deferred[list[bytes]] = succeed([])

    def ask(self, peer: str, what: str, body: bytes) -> Deferred[bytes]:
        found = self.answering[what](peer, body)
        return found if isinstance(found, Deferred) else succeed(found)

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        self.asked.append((what, body))
        return self.answers

    def result(self, coroutine: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_ask(self) -> None:
        """An answer that is there, one that comes later, one of a coroutine."""

        async def add(peer: str, numbers: list[int]) -> int:
            return sum(numbers)

        for answer in (
            lambda peer, numbers: sum(numbers), lambda peer, numbers: succeed(sum(numbers)), add,
        ):  # fmt: skip
            self.answering = SUM.answered_by(answer)
            self.assertEqual(self.result(self.others.ask("b:1", SUM, [1, 2])), 3)

    def test_who_asks(self) -> None:
        """Is told to who answers."""
        self.answering = SUM.answered_by(lambda peer, numbers: len(peer))
        self.assertEqual(self.result(self.others.ask("b:1", SUM, [])), 3)

    def test_unreadable(self) -> None:
        """What is no question has no answer, but for questions that have one for it."""
        self.assertRaises(msgspec.MsgspecError, SUM.answered_by(lambda peer, numbers: 0)["sum"], "b:1", b"\xff")
        told = Question("sum", list[int], int, unreadable=len).answered_by(lambda peer, numbers: 0)["sum"]("b:1", b"{")
        self.assertGreater(int(told), 1)  # type: ignore[arg-type]

    def test_ask_all(self) -> None:
        """Answers that cannot be read are left out; nobody answers where nobody can be asked."""
        self.answers = succeed([b"\x07", b"what?", b"\x09"])
        self.assertEqual(self.result(self.others.ask_all(SUM, [1])), [7, 9])
        self.assertEqual(self.asked, [("sum", b"\x91\x01")])
        for error in (NacosError("alone"), ConnectionError("cut")):
            self.answers = fail(error)
            self.assertEqual(self.result(self.others.ask_all(SUM, [])), [])


class WireTests(SynchronousTestCase):
    """Bytes as nodes of 0.1 write and read them."""

    def test_orders(self) -> None:
        """An order passed on, and how it went."""
        order = PassedOn("transferLeader", "10.0.0.3:7848")
        self.assertEqual((RAFT_OPS.what, RAFT_OPS.encode(order)), (
            "raft-ops", b'{"command":"transferLeader","value":"10.0.0.3:7848","groupId":null}',
        ))  # fmt: skip
        self.assertEqual(RAFT_OPS.decode_answer(b'{"code":500,"message":"no","data":null}'), Outcome(500, "no"))
        answered = RAFT_OPS.answered_by(lambda peer, order: Outcome())["raft-ops"]("b:1", b'{"command":"doSnapshot"}')
        self.assertEqual(answered, b'{"code":200,"message":null,"data":null}')

    def test_history(self) -> None:
        """Seconds in decimal, and what happened in them."""
        self.assertEqual((HISTORY.what, HISTORY.encode(600)), ("history", b"600"))
        story = Story("a:1", 9, [Sample(7, 1.5, 5, 2)], [Event(8, "LEADER", 3, "a:1")])
        wire = (
            b'{"address":"a:1","now":9,"samples":[{"time":7,"requests":1.5,"instances":5,"listeners":2}],'
            b'"events":[{"time":8,"role":"LEADER","term":3,"leader":"a:1"}]}'
        )
        self.assertEqual(HISTORY.decode_answer(wire), story)
        self.assertEqual(HISTORY.answered_by(lambda peer, seconds: story)["history"]("b:1", b"600"), wire)
