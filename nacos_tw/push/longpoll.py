"""Long polls: the transport of config's listeners for clients of 1.x (docs/spec/config-v1.md#4.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from nacos_tw.config.listeners import Listened, Listener, Listeners
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from nacos_tw.metrics.exposition import Family, gauge

RESOLUTION = 0.25
"""Seconds: a poll may end so much later than asked for, never earlier."""
TURN = 0.02
"""Seconds for which answers are given before the reactor gets its turn."""
BATCH = 200
"""Answers given before the clock is looked at."""
MOST = 200_000
"""Polls that may wait at a time."""
MOST_KEYS = 30_000_000
"""Configs that they may wait for, counted per poll."""

Render = Callable[[list[ConfigKey]], Any]
"""From the changed configs, as the client named them, to what a poll's Deferred fires with."""


class Poll(Listener):
    """
    One poll that waits.

    @ivar keys: the configs it waits for, the tenants normalised.
    @ivar named: of these, those that the client named otherwise, as it did.
    @ivar reader: who waits, as the caller of L{LongPolls.wait} named them.
    @ivar slot: the tick of its deadline.
    @ivar deferred: None when it has its answer, or wants none any more.
    """

    __slots__ = ("deferred", "keys", "named", "polls", "reader", "slot")

    def __init__(
        self,
        polls: LongPolls,
        keys: tuple[ConfigKey, ...],
        named: dict[ConfigKey, ConfigKey],
        ip: str,
        vip_tag: str,
        slot: int,
        reader: Any = None,
    ) -> None:
        self.ip = ip
        self.vip_tag = vip_tag
        self.polls = polls
        self.reader = reader
        self.keys = keys
        self.named = named
        self.slot = slot
        self.deferred: Deferred[Any] | None = Deferred(self._cancelled)

    def _cancelled(self, deferred: Deferred[Any]) -> None:
        self.polls.cancelled(self)

    @property
    def listening(self) -> bool:
        """Whether it still waits."""
        return self.deferred is not None


class LongPolls:
    """
    The polls of this node.

    @ivar render: makes an answer.
    @ivar waiting: polls that wait now.
    @ivar keys_waited: configs they wait for, counted per poll.
    """

    def __init__(
        self,
        clock: IReactorTime,
        listeners: Listeners,
        render: Render,
        *,
        most: int = MOST,
        most_keys: int = MOST_KEYS,
    ) -> None:
        """
        @param render: makes an answer; once per change for all that are told of it (unless they named it in other
            words), so that thousands of answers share their bytes.
        """
        self._clock = clock
        self._listeners = listeners
        self._audience = listeners.audience(self.tell, self._all)
        self.render = render
        self._most = most
        self._most_keys = most_keys
        self.waiting = 0
        self.keys_waited = 0
        self._slots: dict[int, dict[Poll, None]] = {}
        self._ticking: IDelayedCall | None = None
        self._next_slot = 0
        # Answers to give, and polls to take off the other configs that they wait for once all have their answers.
        self._answers: deque[tuple[Poll, Any]] = deque()
        self._leaving: deque[Poll] = deque()
        self._working: IDelayedCall | None = None

    @property
    def telling(self) -> int:
        """Polls that have something to hear and no answer yet."""
        return len(self._answers)

    # -- what a client asks

    def wait(
        self, listened: Listened, client_ip: str, vip_tag: str = "", seconds: float = 29.5, reader: Any = None
    ) -> Deferred[Any]:
        """
        Wait until one of these configs changes for that client.

        @param listened: if the client has another md5 of any now, the answer is all such configs, at once.
        @param client_ip: decides on beta copies.
        @param vip_tag: the header C{Vipserver-Tag}: that tag's copies are meant where there are any.
        @param seconds: after these the answer is that nothing has changed.
        @param reader: who waits, for L{dismiss}; None: nobody whose rights could end.
        @return: fires with what C{render} makes of the list of changed configs, as the client named them. Cancelling
            it ends the wait.
        @raise Unavailable: too many wait already, or this node has never known all configs.
        """
        differing = self._listeners.differing(listened, client_ip, vip_tag)
        if differing:
            return succeed(self.render(differing))
        if self.waiting >= self._most or self.keys_waited + len(listened) > self._most_keys:
            raise Unavailable("too many clients listen on this node")
        poll = self._enter(listened, client_ip, vip_tag, seconds, reader)
        assert poll.deferred is not None
        return poll.deferred

    def wait_fixed(self, listened: Listened, client_ip: str, vip_tag: str = "", seconds: float = 10.0) -> Deferred[Any]:
        """The same for C{isFixedPolling}: the md5s are compared after C{seconds} and not before."""
        deferred: Deferred[Any] = Deferred(lambda _: call.cancel())

        def compare() -> None:
            try:
                found = self._listeners.differing(listened, client_ip, vip_tag)
            except Unavailable:
                deferred.errback()
            else:
                deferred.callback(self.render(found))

        call = self._clock.callLater(seconds, compare)
        return deferred

    def _enter(self, listened: Listened, client_ip: str, vip_tag: str, seconds: float, reader: Any) -> Poll:
        keys, named = self._listeners.resolve(listened)
        slot = -int(-(self._clock.seconds() + seconds) // RESOLUTION)
        poll = Poll(self, keys, named, client_ip, vip_tag, slot, reader)
        self.waiting += 1
        self.keys_waited += len(keys)
        self._audience.enter(poll, keys)
        self._slots.setdefault(slot, {})[poll] = None
        if self._ticking is None:
            self._tick_at(slot)
        elif slot < self._next_slot:
            self._ticking.cancel()
            self._tick_at(slot)
        return poll

    # -- changes

    def tell(self, key: ConfigKey, concerned: Iterable[Poll]) -> None:
        """A config has changed: who waits for it is told, from the next turn on."""
        told = [poll for poll in concerned if poll.deferred is not None]
        answer = self.render([key]) if told else None
        special: dict[ConfigKey, Any] = {}
        for poll in told:
            sent = poll.named.get(key, key) if poll.named else key
            if sent is not key:
                if sent not in special:
                    special[sent] = self.render([sent])
                self._answer_later(poll, special[sent])
            else:
                self._answer_later(poll, answer)

    def _answer_later(self, poll: Poll, answer: Any) -> None:
        if poll.slot < 0:
            return  # has one already
        self._leave_slot(poll)
        self._answers.append((poll, answer))
        if self._working is None:
            self._working = self._clock.callLater(0, self._work)

    def _work(self) -> None:
        """Give answers for a while, then let the reactor do other things; tidy up when all have theirs."""
        self._working = None
        until = self._clock.seconds() + TURN
        while self._answers or self._leaving:
            for _ in range(BATCH):
                if self._answers:
                    self._answer(*self._answers.popleft())
                elif self._leaving:
                    gone = self._leaving.popleft()
                    self._audience.leave(gone, gone.keys)
                    if self._clock.seconds() > until:
                        break
            if self._clock.seconds() > until:
                break
        if self._answers or self._leaving:
            self._working = self._clock.callLater(0, self._work)

    def _answer(self, poll: Poll, answer: Any) -> None:
        deferred, poll.deferred = poll.deferred, None
        if deferred is None:
            return
        self._count_off(poll)
        if len(poll.keys) == 1:
            self._audience.leave(poll, poll.keys)
        else:
            self._leaving.append(poll)
        deferred.callback(answer)

    # -- the end

    def cancelled(self, poll: Poll) -> None:
        """The client has gone, before its answer did."""
        poll.deferred = None
        self._leave_slot(poll)
        self._count_off(poll)
        self._audience.leave(poll, poll.keys)

    def dismiss(self, refusal: Callable[[Any], Exception | None]) -> None:
        """
        End the polls of those who may not wait any more; of later changes they are told nothing.

        @param refusal: what a reader's poll fails with; None: it goes on.
        """
        for poll in list(self._all()):
            if poll.reader is None or poll.deferred is None:
                continue
            error = refusal(poll.reader)
            if error is not None:
                deferred = poll.deferred
                self.cancelled(poll)
                deferred.errback(error)

    def _count_off(self, poll: Poll) -> None:
        self.waiting -= 1
        self.keys_waited -= len(poll.keys)

    def _leave_slot(self, poll: Poll) -> None:
        slot, poll.slot = poll.slot, -1
        polls = self._slots.get(slot)
        if polls is not None:
            polls.pop(poll, None)
            if not polls:
                del self._slots[slot]

    def _tick_at(self, slot: int) -> None:
        """One call for all polls, at the earliest deadline."""
        self._next_slot = slot
        self._ticking = self._clock.callLater(max(slot * RESOLUTION - self._clock.seconds(), 0.001), self._tick)

    def _tick(self) -> None:
        self._ticking = None
        now = self._clock.seconds()
        answer = None
        try:
            for slot in sorted(self._slots):
                if slot * RESOLUTION > now:
                    break
                answer = self.render([]) if answer is None else answer
                for poll in list(self._slots[slot]):
                    self._answer_later(poll, answer)
        finally:
            if self._slots:
                self._tick_at(min(self._slots))

    def stop(self) -> None:
        """Answer everybody that nothing has changed, at once."""
        answer = self.render([])
        for poll in list(self._all()):
            self._answer_later(poll, answer)
        while self._answers:
            self._answer(*self._answers.popleft())
        for call in (self._ticking, self._working):
            if call is not None:
                call.cancel()
        self._ticking = self._working = None
        self._audience.clear()
        self._leaving.clear()

    def _all(self) -> Iterator[Poll]:
        for polls in self._slots.values():
            yield from polls


def families(polls: LongPolls) -> Iterator[Family]:
    """The polls in the metrics."""
    yield gauge("nacos_config_long_polls", "Polls that wait.", polls.waiting)
    yield gauge("nacos_config_listened_keys", "Configs that polls wait for, per poll.", polls.keys_waited)
