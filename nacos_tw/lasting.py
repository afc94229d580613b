"""Work that is finished even if its caller has cancelled it."""

from __future__ import annotations

from typing import Any, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


def lasting(work: Deferred[T]) -> Deferred[T]:
    """
    What comes of some work, for somebody who may not wait for it. A client that gives up, or is gone, cancels what it
    waits for: a write may be done all the same, so what follows it has to be done too.

    @param work: not to be used by anybody else after this.
    @return: fires as C{work} does. Cancelling it changes nothing for C{work}.
    """
    if work.called and not work.paused:
        return work

    waited_for = True

    def cancelled(_: object) -> None:
        nonlocal waited_for
        waited_for = False

    def ended(result: Any) -> None:
        if waited_for:
            waiting.callback(result)  # a Failure as well

    waiting: Deferred[T] = Deferred(cancelled)
    work.addBoth(ended)
    return waiting
