"""
Fuzzy watches: clients that want to hear which services or configs there are, by patterns (docs/spec/grpc.md#8.1).

A client that begins to watch sends what it knows; it gets the differences in batches, and, when it has acknowledged all
of them, a message that these were all. From then on it is told of each addition and removal that matches one of its
patterns. A message that is repeated, because it was not acknowledged, has the current state. Nodes share none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.identity import Identity
from nacos_tw.grpc.connections import ClientConnection, Connections, PushFailed
from nacos_tw.grpc.fuzzy_patterns import Key, Pattern
from nacos_tw.grpc.messages import Push

TOO_MANY_PATTERNS, TOO_MANY_MATCHES = 50310, 50311
"""Codes: the node watches no more patterns; the pattern fits more than are watched, which are the first."""
INIT, DIFF, FINISH = "FUZZY_WATCH_INIT_NOTIFY", "FUZZY_WATCH_DIFF_SYNC_NOTIFY", "FINISH_FUZZY_WATCH_INIT_NOTIFY"
CHANGED = "FUZZY_WATCH_RESOURCE_CHANGED"


@attrs.frozen
class Kind:
    """
    What is watched: services or configs.

    @ivar module: of the pushes; C{prefix}: of their types.
    @ivar member: what a key is called; C{text}: a key as it is written, C{key}: the other way round, or None.
    @ivar added, deleted: words for what became of one; C{notice}: the members of the push about one.
    @ivar batch: how many at once; C{ack}: seconds to acknowledge.
    @ivar pause: seconds after so many failures; C{tries}: so many failures end the connection, 0: they do not.
    @ivar patterns, matches: limits; of the node, of a pattern.
    """

    module: str
    prefix: str
    member: str
    text: Callable[[Key], str]
    key: Callable[[str], Key | None]
    added: str
    deleted: str
    notice: Callable[[str, str], dict[str, str]]
    batch: int
    ack: float
    pause: Callable[[int], float]
    tries: int = 0
    patterns: int = 20
    matches: int = 500


@attrs.define(eq=False)
class _Watched:
    """A pattern that somebody watches, what it fits, and whether that is all."""

    pattern: Pattern
    matched: dict[Key, None] = attrs.Factory(dict)
    full: bool = False
    watchers: dict[ClientConnection, Identity] = attrs.Factory(dict)


@attrs.define(eq=False)
class _Telling:
    """
    Something that a client is being told.

    @ivar ended: it is not to be told any more; C{again}: it has changed since it was sent.
    """

    push: Callable[[], Push]
    done: Callable[[], object]
    failures: int = 0
    retry: IDelayedCall | None = None
    ended: bool = False
    again: bool = False


class FuzzyWatches:
    """Those of one kind."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connections: Connections,
        kind: Kind,
        keys: Callable[[str], Iterable[Key]],
        exists: Callable[[Key], bool],
    ) -> None:
        """
        @param keys: all there are in a namespace.
        @param exists: whether there is one.
        """
        self._clock = clock
        self._connections = connections
        self._kind = kind
        self._keys = keys
        self._exists = exists
        self._watched: dict[str, _Watched] = {}
        self._syncs: dict[tuple[ClientConnection, str], list[_Telling]] = {}
        self._notices: dict[ClientConnection, dict[Key, _Telling]] = {}
        connections.on_left(self.left)

    def __len__(self) -> int:
        return sum(len(each.watchers) for each in self._watched.values())

    # -- who watches what

    def watchers(self) -> Iterator[tuple[ClientConnection, Identity]]:
        """Who watches, and who asked for it."""
        for watched in self._watched.values():
            yield from watched.watchers.items()

    def watch(
        self, client: ClientConnection, identity: Identity, pattern: Pattern, received: Iterable[str], initial: bool
    ) -> int:
        """
        A client watches a pattern, or says again what it knows.

        @param received: what it knows.
        @return: 0, or a code; with L{TOO_MANY_MATCHES} it watches all the same.
        """
        watched = self._watched.get(pattern.text)
        if watched is None:
            if len(self._watched) >= self._kind.patterns:
                return TOO_MANY_PATTERNS
            watched = self._watched[pattern.text] = _Watched(pattern)
            self._fill(watched)
        watched.watchers[client] = identity
        known = [key for key in map(self._kind.key, received) if key is not None]
        self._clock.callLater(0, self._sync, client, watched, dict.fromkeys(known), initial)
        return TOO_MANY_MATCHES if watched.full else 0

    def cancel(self, client: ClientConnection, text: str) -> None:
        """It does not watch a pattern any more."""
        for telling in self._syncs.pop((client, text), ()):
            self._end(telling)
        watched = self._watched.get(text)
        if watched is not None and watched.watchers.pop(client, None) is not None and not watched.watchers:
            del self._watched[text]

    def left(self, client: ClientConnection) -> None:
        """A client has gone."""
        for text in [text for text, watched in self._watched.items() if client in watched.watchers]:
            self.cancel(client, text)
        for telling in self._notices.pop(client, {}).values():
            self._end(telling)

    def dismiss(self, may: Callable[[Identity, str], bool]) -> None:
        """Rights have changed: those who may not read a namespace any more are told nothing more of it."""
        for watched in list(self._watched.values()):
            for client, identity in list(watched.watchers.items()):
                if not may(identity, watched.pattern.namespace):
                    self.cancel(client, watched.pattern.text)

    def _fill(self, watched: _Watched) -> list[Key]:
        """Take in what fits, as far as there is room; gives what is new."""
        new = []
        watched.full = False
        for key in self._keys(watched.pattern.namespace):
            if key not in watched.matched and watched.pattern.matches(key):
                if len(watched.matched) >= self._kind.matches:
                    watched.full = True
                    break
                watched.matched[key] = None
                new.append(key)
        return new

    # -- what differs

    def _sync(self, client: ClientConnection, watched: _Watched, known: dict[Key, None], initial: bool) -> None:
        text = watched.pattern.text
        if not client.open or client not in watched.watchers:
            return
        for telling in self._syncs.pop((client, text), ()):
            self._end(telling)
        keys = [key for key in watched.matched if key not in known]
        if not watched.full:
            keys += [key for key in known if key not in watched.matched]
        size = self._kind.batch
        batches = [keys[at : at + size] for at in range(0, len(keys), size)]
        tellings = self._syncs[client, text] = []

        def done(telling: _Telling) -> None:
            telling.ended = True
            if all(each.ended for each in tellings) and self._syncs.pop((client, text), None) is not None and initial:
                self._finish(client, text)

        for number, batch in enumerate(batches, 1):
            push = self._batch(text, batch, INIT if initial else DIFF, len(batches), number)
            telling = _Telling(push, lambda: None)
            telling.done = lambda telling=telling: done(telling)  # type: ignore[misc]
            tellings.append(telling)
        if not tellings:
            del self._syncs[client, text]
            if initial:
                self._finish(client, text)
        for telling in list(tellings):
            self._tell(client, telling)

    def _batch(self, text: str, keys: list[Key], sync: str, total: int, number: int) -> Callable[[], Push]:
        def push() -> Push:
            """As it is when it is sent."""
            contexts = [{self._kind.member: self._kind.text(key), "changedType": self._became(key)} for key in keys]
            return self._sync_push(text, sync, total, number, contexts)

        return push

    def _sync_push(
        self, text: str, sync: str, total: int, number: int, contexts: list[dict[str, str]] | None = None
    ) -> Push:
        members = {"groupKeyPattern": text} | ({} if contexts is None else {"contexts": contexts})
        counts = {"syncType": sync, "totalBatch": total, "currentBatch": number}
        return Push(f"{self._kind.prefix}FuzzyWatchSyncRequest", members | counts, self._kind.module)

    def _finish(self, client: ClientConnection, text: str) -> None:
        push = self._sync_push(text, FINISH, 0, 0)

        def finished() -> None:
            self._syncs.pop((client, text), None)

        telling = _Telling(lambda: push, finished)
        self._syncs[client, text] = [telling]
        self._tell(client, telling)

    def _became(self, key: Key) -> str:
        return self._kind.added if self._exists(key) else self._kind.deleted

    # -- what comes and goes

    def changed(self, key: Key) -> None:
        """There may be one that there was not, or the other way round."""
        if not self._watched:
            return
        exists = self._exists(key)
        for watched in list(self._watched.values()):
            if (key in watched.matched) == exists or not watched.pattern.matches(key):
                continue
            if exists:
                if len(watched.matched) >= self._kind.matches:
                    watched.full = True
                    continue
                watched.matched[key] = None
            else:
                del watched.matched[key]
            told = [key, *self._fill(watched)] if watched.full else [key]
            for client in watched.watchers:
                for each in told:
                    self._notify(client, each)

    def _notify(self, client: ClientConnection, key: Key) -> None:
        notices = self._notices.setdefault(client, {})
        known = notices.get(key)
        if known is not None:
            known.again = True
            return

        def push() -> Push:
            members = self._kind.notice(self._kind.text(key), self._became(key))
            return Push(f"{self._kind.prefix}FuzzyWatchChangeNotifyRequest", members, self._kind.module)

        def done() -> None:
            if telling.again:
                self._tell(client, telling)
            else:
                notices.pop(key, None)
                if not notices and self._notices.get(client) is notices:
                    del self._notices[client]

        telling = notices[key] = _Telling(push, done)
        # Of several patterns of the client that it fits, one is enough: what they bring in this turn is one push.
        telling.retry = self._clock.callLater(0, self._again, client, telling)

    # -- telling

    def _tell(self, client: ClientConnection, telling: _Telling) -> None:
        telling.again = False
        done = self._connections.push(client, telling.push(), self._kind.ack)
        done.addCallbacks(lambda _: self._told(telling), self._failed, errbackArgs=(client, telling))
        done.addErrback(lambda failure: self.log.failure("a watcher could not be told", failure))

    def _told(self, telling: _Telling) -> None:
        telling.failures = 0
        if not telling.ended:
            telling.done()

    def _failed(self, failure: Failure, client: ClientConnection, telling: _Telling) -> None:
        failure.trap(PushFailed)
        if telling.ended or not client.open:
            return
        telling.failures += 1
        if self._kind.tries and telling.failures >= self._kind.tries:
            self.log.info("client {id} acknowledges nothing that it watches, and is dropped", id=client.id)
            client.end()
            self._connections.remove(client)
            return
        telling.retry = self._clock.callLater(self._kind.pause(telling.failures), self._again, client, telling)

    def _again(self, client: ClientConnection, telling: _Telling) -> None:
        telling.retry = None
        self._tell(client, telling)

    def _end(self, telling: _Telling) -> None:
        telling.ended = True
        if telling.retry is not None:
            telling.retry.cancel()
            telling.retry = None
