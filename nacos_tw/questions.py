"""
What nodes ask each other over 7848, as typed messages: a small question, and one answer.

A part declares a L{Question}, and gives one who answers to L{Question.answered_by}; who wants to know asks by
L{Others}. Neither sees bytes. Which bytes they are is part of a question: nodes of other versions must understand them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

import msgspec
from twisted.internet.defer import Deferred, ensureDeferred

from nacos_tw.errors import NacosError

Q = TypeVar("Q")
A = TypeVar("A")

Ask = Callable[[str, str, bytes], "Deferred[bytes]"]
"""ask(peer, what, body): fires with the peer's answer; fails when it is not reached or does not answer in time."""

AskAll = Callable[[str, bytes], "Deferred[list[bytes]]"]
"""ask_all(what, body): the same question to all other nodes; fires with the answers of those that gave one."""

Answering = Callable[[str, bytes], "bytes | Deferred[bytes]"]
"""Answers the bytes of a question: given who asks, and these."""

_WIRES: dict[str, Any] = {"json": msgspec.json, "msgpack": msgspec.msgpack}


class Question(Generic[Q, A]):
    """
    A kind of question.

    @ivar what: its name on the wire.
    """

    def __init__(
        self,
        what: str,
        question: type[Q],
        answer: type[A],
        wire: Literal["json", "msgpack"] = "json",
        unreadable: Callable[[str], A] | None = None,
    ) -> None:
        """
        @param question: the type of what is asked, C{answer}: of what is answered.
        @param wire: how both are written.
        @param unreadable: the answer to what is no such question, given what is wrong with it; else it gets none.
        """
        self.what = what
        wiring = _WIRES[wire]
        self.encode: Callable[[Q], bytes] = wiring.Encoder().encode
        self.decode_answer: Callable[[bytes], A] = wiring.Decoder(answer).decode
        self._encode_answer: Callable[[A], bytes] = wiring.Encoder().encode
        self._decode: Callable[[bytes], Q] = wiring.Decoder(question).decode
        self._unreadable = unreadable

    def answered_by(self, answer: Callable[[str, Q], Any]) -> dict[str, Answering]:
        """
        Who answers it at this node.

        @param answer: given the name of the node that asks, and the question; gives an answer, a Deferred or a
            coroutine of one.
        @return: for L{nacos_tw.peer_events.PeerEvents.questions}.
        """

        def answering(peer: str, body: bytes) -> bytes | Deferred[bytes]:
            try:
                question = self._decode(body)
            except msgspec.MsgspecError as error:
                if self._unreadable is None:
                    raise
                return self._encode_answer(self._unreadable(str(error)))
            found = answer(peer, question)
            if inspect.iscoroutine(found):
                found = ensureDeferred(found)
            return found.addCallback(self._encode_answer) if isinstance(found, Deferred) else self._encode_answer(found)

        return {self.what: answering}


class Others:
    """The other nodes, for whoever has a question."""

    def __init__(self, ask: Ask, ask_all: AskAll) -> None:
        self._ask = ask
        self._ask_all = ask_all

    async def ask(self, peer: str, question: Question[Q, A], value: Q) -> A:
        """
        What one of them answers.

        @raise Exception: it is not reached, answers too late, or says what cannot be read.
        """
        return question.decode_answer(await self._ask(peer, question.what, question.encode(value)))

    async def ask_all(self, question: Question[Q, A], value: Q) -> list[A]:
        """What those answer that do; what cannot be read, of nodes of another version, is left out."""
        try:
            answers = await self._ask_all(question.what, question.encode(value))
        except (NacosError, OSError):
            return []
        found = []
        for answer in answers:
            try:
                found.append(question.decode_answer(answer))
            except msgspec.MsgspecError:
                continue
        return found
