"""Work that is finished even if its caller has cancelled it."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock

T = TypeVar("T")


class Queued(Deferred[T]):
    """
    What comes of work that has to wait for its turn: until then it can be cancelled, also where it is L{lasting}.

    @ivar begun: whether it has had its turn; from then on it is not to be cancelled.
    """

    begun = False


def in_turn(lock: DeferredLock, begin: Callable[[], Deferred[T]]) -> Queued[T]:
    """
    Do some work when the lock is free, and hold it until the work is done.

    @return: fires as the work does; cancelled while it waits for the lock, the work is not begun.
    """
    turn = lock.acquire()
    done: Queued[T] = Queued(lambda _: turn.cancel())

    def has_come(_: object) -> Deferred[T]:
        done.begun = True
        return begin().addBoth(_release, lock)

    turn.addCallback(has_come).addBoth(lambda result: done.callback(result))
    return done


def _release(result: Any, lock: DeferredLock) -> Any:
    lock.release()
    return result


def lasting(work: Deferred[T]) -> Deferred[T]:
    """
    What comes of some work, for somebody who may not wait for it. A client that gives up, or is gone, cancels what it
    waits for: a write may be done all the same, so what follows it has to be done too.

    @param work: not to be used by anybody else after this.
    @return: fires as C{work} does. Cancelling it changes nothing for C{work}, unless that is L{Queued} and waits.
    """
    if work.called and not work.paused:
        return work

    waited_for = True

    def cancelled(_: object) -> None:
        nonlocal waited_for
        waited_for = False
        if isinstance(work, Queued) and not work.begun:
            work.cancel()

    def ended(result: Any) -> None:
        if waited_for:
            waiting.callback(result)  # a Failure as well

    waiting: Deferred[T] = Deferred(cancelled)
    work.addBoth(ended)
    return waiting


def finished(begun: Any) -> Any:
    """What something gives: where that is a Deferred, or a coroutine, it is L{lasting} from now on."""
    if isinstance(begun, CoroutineType):
        begun = Deferred.fromCoroutine(begun)
    return lasting(begun) if isinstance(begun, Deferred) else begun
