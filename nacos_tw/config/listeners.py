"""Long polls (docs/spec/config-v1.md#4.2): who waits for which configs to change, and until when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from nacos_tw.config import gray
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.errors import Unavailable

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

Listened = Sequence[tuple[ConfigKey, str]]
"""Configs as the client named them (the tenant as sent), each with the md5 that it has."""
Render = Callable[[list[ConfigKey]], Any]
"""From the changed configs, as the client named them, to what a poll's Deferred fires with."""

NOTHING: dict[ConfigKey, ConfigKey] = {}


def _as_list(keys: list[ConfigKey]) -> Any:
    return keys


class Waiter:
    """
    One poll that waits.

    @ivar keys: the configs it waits for, the tenants normalised.
    @ivar named: of these, those that the client named otherwise, as it did.
    @ivar reader: who waits, as the caller of L{Listeners.wait} named them.
    @ivar slot: the tick of its deadline.
    @ivar deferred: None when it has its answer, or wants none any more.
    """

    __slots__ = ("deferred", "keys", "listeners", "named", "reader", "slot", "ip", "vip_tag")

    def __init__(
        self,
        listeners: Listeners,
        keys: tuple[ConfigKey, ...],
        named: dict[ConfigKey, ConfigKey],
        ip: str,
        vip_tag: str,
        slot: int,
        reader: Any = None,
    ) -> None:
        self.listeners = listeners
        self.reader = reader
        self.keys = keys
        self.named = named
        self.ip = ip
        self.vip_tag = vip_tag
        self.slot = slot
        self.deferred: Deferred[Any] | None = Deferred(self._cancelled)

    def _cancelled(self, deferred: Deferred[Any]) -> None:
        self.listeners.cancelled(self)


Crowd = dict[Waiter, None]
"""Waiters of one config, in the order in which they came."""


class Listeners:
    """
    The polls of this node.

    @ivar waiting: polls that wait now.
    @ivar keys_waited: configs they wait for, counted per poll.
    """

    def __init__(
        self,
        clock: IReactorTime,
        cache: ConfigCache,
        render: Render = _as_list,
        *,
        most: int = MOST,
        most_keys: int = MOST_KEYS,
    ) -> None:
        """
        @param render: makes an answer; once per change for all that are told of it (unless they named it in other
            words), so that thousands of answers share their bytes. Without it the Deferreds fire with the lists.
        """
        self._clock = clock
        self._cache = cache
        self.render = render
        self._most = most
        self._most_keys = most_keys
        self.waiting = 0
        self.keys_waited = 0
        # Most configs have one waiter, which needs no dict then.
        self._by_key: dict[ConfigKey, Waiter | Crowd] = {}
        self._slots: dict[int, Crowd] = {}
        self._ticking: IDelayedCall | None = None
        self._next_slot = 0
        # Answers to give, and waiters to take off the other configs that they wait for once all have their answers.
        self._answers: deque[tuple[Waiter, Any]] = deque()
        self._leaving: deque[Waiter] = deque()
        self._working: IDelayedCall | None = None
        cache.on_change.append(self.changed)

    # -- what a client asks

    def differing(self, listened: Listened, client_ip: str, vip_tag: str = "") -> list[ConfigKey]:
        """
        Those configs, as the client named them, of which it has not the md5 that it should; without those of which
        this node does not know.

        @raise Unavailable: this node has never known all configs.
        """
        cache = self._cache
        cache.check_ready()
        entries = cache.entries
        found = []
        for key, md5 in listened:
            known = _normal(key) if key[0] else key
            entry = entries.get(known)
            if entry is None:
                if not cache.sure(known):
                    continue  # that it is gone would make clients forget it
                current = ""
            elif entry.beta is None and entry.tags is None:
                current = entry.md5
            else:
                current = gray.md5_for(entry, client_ip, vip_tag)
            if current != md5:
                found.append(key)
        return found

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
        differing = self.differing(listened, client_ip, vip_tag)
        if differing:
            return succeed(self.render(differing))
        if self.waiting >= self._most or self.keys_waited + len(listened) > self._most_keys:
            raise Unavailable("too many clients listen on this node")
        waiter = self._enter(listened, client_ip, vip_tag, seconds, reader)
        assert waiter.deferred is not None
        return waiter.deferred

    def wait_fixed(self, listened: Listened, client_ip: str, vip_tag: str = "", seconds: float = 10.0) -> Deferred[Any]:
        """The same for C{isFixedPolling}: the md5s are compared after C{seconds} and not before."""
        deferred: Deferred[Any] = Deferred(lambda _: call.cancel())

        def compare() -> None:
            try:
                found = self.differing(listened, client_ip, vip_tag)
            except Unavailable:
                deferred.errback()
            else:
                deferred.callback(self.render(found))

        call = self._clock.callLater(seconds, compare)
        return deferred

    def _enter(self, listened: Listened, client_ip: str, vip_tag: str, seconds: float, reader: Any) -> Waiter:
        entries = self._cache.entries
        named = NOTHING
        keys: list[ConfigKey] = []
        for sent, _ in listened:
            key = _normal(sent) if sent[0] else sent
            if key is not sent:
                named = named or {}
                named[key] = sent
            entry = entries.get(key)
            keys.append(key if entry is None else entry.key)  # one key object for all
        slot = -int(-(self._clock.seconds() + seconds) // RESOLUTION)
        waiter = Waiter(self, tuple(keys), named, client_ip, vip_tag, slot, reader)
        self.waiting += 1
        self.keys_waited += len(keys)
        by_key = self._by_key
        for key in keys:
            others = by_key.setdefault(key, waiter)
            if others is waiter:
                continue
            if isinstance(others, Waiter):
                by_key[key] = {others: None, waiter: None}
            else:
                others[waiter] = None
        self._slots.setdefault(slot, {})[waiter] = None
        if self._ticking is None:
            self._tick_at(slot)
        elif slot < self._next_slot:
            self._ticking.cancel()
            self._tick_at(slot)
        return waiter

    # -- changes

    def changed(self, key: ConfigKey, before: Entry | None, after: Entry | None) -> None:
        """A config has changed: those who wait for it and get something else now are told, from the next turn on."""
        waiting = self._by_key.get(key)
        if waiting is None:
            return
        crowd: Iterable[Waiter] = (waiting,) if isinstance(waiting, Waiter) else waiting
        if (before is not None and before.gray) or (after is not None and after.gray):
            if not gray.tags_differ(before, after):  # 1.4.8 tells all of a change of any tag
                crowd = [w for w in crowd if _concerned(w, before, after)]
        elif (before.md5 if before else "") == (after.md5 if after else ""):
            return
        self._wake(key, [waiter for waiter in crowd if waiter.deferred is not None])

    def _wake(self, key: ConfigKey, crowd: list[Waiter]) -> None:
        answer = self.render([key]) if crowd else None
        special: dict[ConfigKey, Any] = {}
        for waiter in crowd:
            sent = waiter.named.get(key, key) if waiter.named else key
            if sent is not key:
                if sent not in special:
                    special[sent] = self.render([sent])
                self._answer_later(waiter, special[sent])
            else:
                self._answer_later(waiter, answer)

    def _answer_later(self, waiter: Waiter, answer: Any) -> None:
        if waiter.slot < 0:
            return  # has one already
        self._leave_slot(waiter)
        self._answers.append((waiter, answer))
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
                    self._leave_keys(self._leaving.popleft())
                    if self._clock.seconds() > until:
                        break
            if self._clock.seconds() > until:
                break
        if self._answers or self._leaving:
            self._working = self._clock.callLater(0, self._work)

    def _answer(self, waiter: Waiter, answer: Any) -> None:
        deferred, waiter.deferred = waiter.deferred, None
        if deferred is None:
            return
        self._count_off(waiter)
        if len(waiter.keys) == 1:
            self._leave_keys(waiter)
        else:
            self._leaving.append(waiter)
        deferred.callback(answer)

    # -- the end

    def cancelled(self, waiter: Waiter) -> None:
        """The client has gone, before its answer did."""
        waiter.deferred = None
        self._leave_slot(waiter)
        self._count_off(waiter)
        self._leave_keys(waiter)

    def dismiss(self, refusal: Callable[[Any], Exception | None]) -> None:
        """
        End the polls of those who may not wait any more; of later changes they are told nothing.

        @param refusal: what a reader's poll fails with; None: it goes on.
        """
        for waiter in list(self._all()):
            if waiter.reader is None or waiter.deferred is None:
                continue
            error = refusal(waiter.reader)
            if error is not None:
                deferred = waiter.deferred
                self.cancelled(waiter)
                deferred.errback(error)

    def _count_off(self, waiter: Waiter) -> None:
        self.waiting -= 1
        self.keys_waited -= len(waiter.keys)

    def _leave_slot(self, waiter: Waiter) -> None:
        slot, waiter.slot = waiter.slot, -1
        crowd = self._slots.get(slot)
        if crowd is not None:
            crowd.pop(waiter, None)
            if not crowd:
                del self._slots[slot]

    def _leave_keys(self, waiter: Waiter) -> None:
        by_key = self._by_key
        for key in waiter.keys:
            others = by_key.get(key)
            if others is waiter:
                del by_key[key]
            elif isinstance(others, dict):
                others.pop(waiter, None)
                if not others:
                    del by_key[key]

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
                for waiter in list(self._slots[slot]):
                    self._answer_later(waiter, answer)
        finally:
            if self._slots:
                self._tick_at(min(self._slots))

    def stop(self) -> None:
        """Answer everybody that nothing has changed, at once."""
        answer = self.render([])
        for waiter in list(self._all()):
            self._answer_later(waiter, answer)
        while self._answers:
            self._answer(*self._answers.popleft())
        for call in (self._ticking, self._working):
            if call is not None:
                call.cancel()
        self._ticking = self._working = None
        self._by_key.clear()
        self._leaving.clear()

    # -- who listens

    def _all(self) -> Iterator[Waiter]:
        for crowd in self._slots.values():
            yield from crowd

    def watchers(self, key: ConfigKey) -> dict[str, str]:
        """
        The clients that wait for this config now (docs/spec/config-v1.md#3.11): address to the md5 that it has; one
        entry per address.
        """
        key = _normal(key)
        waiting = self._by_key.get(key, ())
        crowd: Iterable[Waiter] = (waiting,) if isinstance(waiting, Waiter) else waiting
        md5_for = self._cache.md5_for
        return {each.ip: md5_for(key, each.ip, each.vip_tag) for each in crowd if each.deferred is not None}

    def watched(self, client_ip: str) -> dict[ConfigKey, str]:
        """The configs that a client waits for now (docs/spec/config-v1.md#3.12), each with the md5 that it has."""
        md5_for = self._cache.md5_for
        return {
            key: md5_for(key, client_ip, each.vip_tag)
            for each in self._all()
            if each.ip == client_ip
            for key in each.keys
        }


def _normal(key: ConfigKey) -> ConfigKey:
    tenant = tenant_of(key[0])
    return key if tenant == key[0] else (tenant, key[1], key[2])


def _concerned(waiter: Waiter, before: Entry | None, after: Entry | None) -> bool:
    """Whether what this client gets has changed."""
    ip, tag = waiter.ip, waiter.vip_tag
    return gray.md5_for(before, ip, tag) != gray.md5_for(after, ip, tag)
