"""
Simultaneous identical logins: many programs that start at once with one user's name and password.

Each counts as a guess until one of them is known to be right; then all are right, and none of them waits longer.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

Key = tuple[str, str]
"""Name and password."""


class _Same:
    """Attempts with one name and password. C{turns}: those that wait; C{asking}: those that are not looked at."""

    __slots__ = ("asking", "running", "turns")

    def __init__(self) -> None:
        self.running = 0
        self.turns: dict[Deferred[None], IDelayedCall] = {}
        self.asking: list[Deferred[bool]] = []


class SameLogins:
    """The attempts of a node whose outcome is open, by what they say."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._open: dict[Key, _Same] = {}

    def began(self, key: Key) -> None:
        """One more has begun; tell L{ended}."""
        self._open.setdefault(key, _Same()).running += 1

    def ended(self, key: Key, succeeded: bool) -> None:
        """One has: if it was right, those that wait need not."""
        same = self._open[key]
        same.running -= 1
        if not same.running:
            del self._open[key]
        asking, same.asking = same.asking, []
        for one in asking:
            one.callback(succeeded)
        if succeeded:
            for turn in list(same.turns):
                self._go(same, turn)

    def turn(self, key: Key, seconds: float) -> Deferred[None]:
        """Fires after that time, or as soon as one that is the same was right; C{key}: of one that has L{began}."""
        same = self._open[key]
        turn: Deferred[None] = Deferred(lambda turn: same.turns.pop(turn).cancel())
        same.turns[turn] = self._clock.callLater(seconds, self._go, same, turn)
        return turn

    def _go(self, same: _Same, turn: Deferred[None]) -> None:
        timer = same.turns.pop(turn, None)
        if timer is None:
            return
        if timer.active():
            timer.cancel()
        turn.callback(None)

    def outcome(self, key: Key) -> Deferred[bool] | None:
        """Whether the next one that ends was right; None if there is none."""
        same = self._open.get(key)
        if same is None:
            return None
        outcome: Deferred[bool] = Deferred(same.asking.remove)
        same.asking.append(outcome)
        return outcome
