"""
Answers that are given again, as long as what they were made of is unchanged: clients ask the same thing every few
seconds. Every API keeps its hot reads here.

Two look-ups. A request's target leads straight to an answer, without a look at its parameters; and what an answer
depends on leads to the same answer for clients whose targets differ in something else: a token, an address.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo

B = TypeVar("B")

KEPT_BYTES = 32 * 1024 * 1024
"""Bytes of answers that are kept, and half as many of targets, about; when there are more, all are forgotten."""
ENTRY = 300
"""Bytes that one takes beside its own, about."""
LONGEST_TARGET = 2048


class Answers(Generic[B]):
    """
    The answers of one route, each with what it was made of: a service as it was viewed, a content as it was read.

    @ivar holds: an operation: whether the caller may see that, and it is as it was then.
    @ivar by_target: targets to answers. Headers and the peer's address must make no difference to what is kept here.
    @ivar rendered: answers by what is in them. When they are forgotten, so are the ways to them.
    """

    __slots__ = ("by_target", "holds", "rendered")

    def __init__(self, holds: Callable[[Call, B], bool], most: int = KEPT_BYTES) -> None:
        """@param most: see L{KEPT_BYTES}."""
        self.holds = holds
        self.by_target: BoundedMemo[bytes, tuple[B, Reply]] = BoundedMemo(most // 2)
        self.rendered: BoundedMemo[Hashable, tuple[B, Reply]] = BoundedMemo(most, self.by_target.clear)

    def again(self, call: Call) -> Reply | None:
        """
        The answer to a call whose bytes are known; None: it has to be read.

        @raise nacos_tw.access.rules.NotAllowed: the caller may not have it.
        """
        found = self.by_target.get(call.target)
        return found[1] if found is not None and not call.body and self.holds(call, found[0]) else None

    def of(self, call: Call, what: Hashable) -> Reply | None:
        """The answer that has this in it, whoever got it; from now on the call's target leads there."""
        found = self.rendered.get(what)
        if found is None or not self.holds(call, found[0]):
            return None
        self.keep_target(call, found)
        return found[1]

    def keep(self, what: Hashable, found: tuple[B, Reply]) -> None:
        """Keep an answer by what it depends on. (The front may keep its bytes once more, with a head.)"""
        self.rendered.keep(what, found, 2 * len(found[1].body) + ENTRY)

    def keep_target(self, call: Call, found: tuple[B, Reply]) -> None:
        """Keep the way from a call's target to an answer, unless the call has a body to be read too."""
        if not call.body and len(call.target) <= LONGEST_TARGET:
            self.by_target.keep(call.target, found, len(call.target) + ENTRY)
