"""
Which clients listen to which configs, for every transport by which they are told (docs/spec/config-v1.md#4).

How a transport is written (L{nacos_tw.push.longpoll} is one):

 1. It asks L{Listeners.audience} for an audience of its own.
 2. For each client (or each of its polls) it makes a L{Listener}, subclassed with what it needs to reach it. What a
    client says that it has is compared by L{Listeners.differing}. Then L{Audience.enter} takes the listener in: in the
    same turn of the reactor, so that no change falls between. For clients that listen on, and tell from time to time
    what they have, there is L{StandingListener} with L{Audience.listen}.
 3. C{tell(key, listeners)} is called at each change, with those for whom it is one: a copy for some is no change for
    the others. It must be quick: it notes who is to be told, and tells them from the next turn on. A change says
    nothing of the content: who is told reads it then, so it is the last state that arrives, if whoever could not be
    told now, or has not acknowledged, is told later.
 4. When a client is gone: L{Audience.leave} with its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

from nacos_tw.config import gray
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.gray import Entry
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.config.present import Present, there

Listened = Sequence[tuple[ConfigKey, str]]
"""Configs as the client named them (the tenant as sent), each with the md5 that it has."""

NO_LABELS: Mapping[str, str] = MappingProxyType({})
NOT_RENAMED: dict[ConfigKey, ConfigKey] = {}


class Listener:
    """
    One client that listens, or one of its polls.

    @ivar ip: its address: it decides on beta copies, and lists of listeners show it.
    @ivar vip_tag: the copies of that tag are meant where there are any.
    @ivar labels: what else is known of the client, for copies by labels.
    @ivar keys: what it listens to, the tenants normalised.
    """

    __slots__ = ("ip", "vip_tag")
    labels: Mapping[str, str] = NO_LABELS
    keys: Collection[ConfigKey]

    def __init__(self, ip: str, vip_tag: str = "") -> None:
        self.ip = ip
        self.vip_tag = vip_tag

    @property
    def listening(self) -> bool:
        """Whether it still wants to hear."""
        return True

    def has(self, key: ConfigKey, current: str) -> str:
        """
        The md5 that it has of a config.

        @param current: the one that it should have.
        """
        return current


class StandingListener(Listener):
    """
    A client that listens until it says otherwise or is gone.

    @ivar md5s: what it listens to, the tenants normalised, with the md5 that it said it has.
    @ivar named: of these, those that it named otherwise, as it did.
    """

    __slots__ = ("md5s", "labels", "named")

    def __init__(self, ip: str, vip_tag: str = "", labels: Mapping[str, str] = NO_LABELS) -> None:
        super().__init__(ip, vip_tag)
        self.labels = labels
        self.md5s: dict[ConfigKey, str] = {}
        self.named = NOT_RENAMED

    @property
    def keys(self) -> Collection[ConfigKey]:  # type: ignore[override]
        """See L{Listener}."""
        return self.md5s

    def has(self, key: ConfigKey, current: str) -> str:
        """What it said last."""
        return self.md5s.get(key, "")

    def name(self, key: ConfigKey) -> ConfigKey:
        """A config as the client named it."""
        return self.named.get(key, key)


L = TypeVar("L", bound=Listener)
H = TypeVar("H", bound=StandingListener)

Tell = Callable[[ConfigKey, "Iterable[L]"], object]
"""(key, listeners), see the module. The iterable is good for this call only."""


class Audience(Generic[L]):
    """The listeners of one transport, by what they listen to."""

    def __init__(self, listeners: Listeners, tell: Tell[L], everybody: Callable[[], Iterable[L]]) -> None:
        self._listeners = listeners
        self.tell = tell
        self.everybody = everybody
        # Most configs have one listener, which needs no dict then.
        self._by_key: dict[ConfigKey, L | dict[L, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def enter(self, listener: L, keys: Iterable[ConfigKey]) -> None:
        """It listens to these from now on, see L{Listeners.resolve}."""
        by_key = self._by_key
        for key in keys:
            others = by_key.setdefault(key, listener)
            if others is listener:
                continue
            if isinstance(others, dict):
                others[listener] = None
            else:
                by_key[key] = {others: None, listener: None}

    def leave(self, listener: L, keys: Iterable[ConfigKey]) -> None:
        """It does not listen to these any more."""
        by_key = self._by_key
        for key in keys:
            others = by_key.get(key)
            if others is listener:
                del by_key[key]
            elif isinstance(others, dict):
                others.pop(listener, None)
                if not others:
                    del by_key[key]

    def of(self, key: ConfigKey) -> Iterable[L]:
        """Who listens to a config, in the order in which they came."""
        found = self._by_key.get(key)
        if found is None:
            return ()
        return found if isinstance(found, dict) else (found,)

    def clear(self) -> None:
        """Nobody listens any more."""
        self._by_key.clear()

    # -- clients that listen on

    def listen(self: Audience[H], listener: H, listened: Listened) -> list[ConfigKey]:
        """
        A client says what it listens to, beside what it said before, and what it has of it.

        @return: those that differ, see L{Listeners.differing}.
        @raise nacos_tw.errors.Unavailable: this node has never known all configs; nothing was changed.
        """
        differing = self._listeners.differing(listened, listener.ip, listener.vip_tag, listener.labels)
        keys, named = self._listeners.resolve(listened)
        self.enter(listener, keys)
        md5s = listener.md5s
        for key, (sent, md5) in zip(keys, listened, strict=True):
            md5s[key] = self._listeners.shared_md5(key, md5)
            if listener.named and sent == key:
                listener.named.pop(key, None)
        if named:
            listener.named = {**listener.named, **named}
        return differing

    def release(self: Audience[H], listener: H, keys: Iterable[ConfigKey]) -> list[ConfigKey]:
        """
        It does not listen to these any more.

        @param keys: as the client names them.
        @return: those that it listened to, the tenants normalised.
        """
        gone = [key for key in map(normal, keys) if listener.md5s.pop(key, None) is not None]
        self.leave(listener, gone)
        for key in gone:
            if listener.named:
                listener.named.pop(key, None)
        return gone


Tells = Callable[[str, "ConfigKey | None"], "Iterable[Deferred[dict[str, Any]]]"]
"""(address, config): asks the clients there what they have of a config, or with None how they are; none fails."""


class Listeners:
    """
    All who listen at this node.

    @ivar present: which configs there are; C{on_existence}: called with the key of each that comes or goes.
    @ivar asking: transports that can ask their clients for what they have themselves.
    """

    def __init__(self, cache: ConfigCache) -> None:
        self._cache = cache
        self.present = Present(cache)
        self.on_existence: list[Callable[[ConfigKey], object]] = []
        self.asking: list[Tells] = []
        self._audiences: list[Audience[Any]] = []
        cache.on_change.append(self.changed)

    def audience(self, tell: Tell[L], everybody: Callable[[], Iterable[L]]) -> Audience[L]:
        """
        The listeners of a new transport.

        @param tell: tells them of a change, see the module.
        @param everybody: all of them.
        """
        made = Audience(self, tell, everybody)
        self._audiences.append(made)
        return made

    def watch(self, around: Callable[[Tell[Any]], Tell[Any]]) -> None:
        """Put something around the telling of all transports that there are."""
        for audience in self._audiences:
            audience.tell = around(audience.tell)

    # -- what a client has

    def differing(
        self, listened: Listened, client_ip: str, vip_tag: str = "", labels: Mapping[str, str] = NO_LABELS
    ) -> list[ConfigKey]:
        """
        Those configs, as the client named them, of which it has not the md5 that it should; without those of which
        this node does not know.

        @param client_ip, vip_tag, labels: see L{Listener}.
        @raise nacos_tw.errors.Unavailable: this node has never known all configs.
        """
        cache = self._cache
        cache.check_ready()
        entries = cache.entries
        found = []
        for key, md5 in listened:
            known = normal(key) if key[0] else key
            entry = entries.get(known)
            if entry is None:
                if not cache.sure(known):
                    continue  # that it is gone would make clients forget it
                current = ""
            elif entry.beta is None and entry.tags is None and entry.labelled is None:
                current = entry.md5
            else:
                current = gray.md5_for(entry, client_ip, vip_tag, labels)
            if current != md5:
                found.append(key)
        return found

    def resolve(self, listened: Listened) -> tuple[tuple[ConfigKey, ...], dict[ConfigKey, ConfigKey]]:
        """
        What a client means.

        @return: the configs with their tenants normalised, one object for all who mean the same; and of these, those
            that the client named otherwise, as it did.
        """
        entries = self._cache.entries
        named = NOT_RENAMED
        keys: list[ConfigKey] = []
        for sent, _ in listened:
            key = normal(sent) if sent[0] else sent
            if key is not sent:
                named = named or {}
                named[key] = sent
            entry = entries.get(key)
            keys.append(key if entry is None else entry.key)
        return tuple(keys), named

    def shared_md5(self, key: ConfigKey, md5: str) -> str:
        """An md5, as one object for all who have the newest."""
        entry = self._cache.entries.get(key)
        return entry.md5 if entry is not None and entry.md5 == md5 else md5

    # -- changes

    def changed(self, key: ConfigKey, before: Entry | None, after: Entry | None) -> None:
        """A config has changed: those who listen to it and get something else now are told."""
        if there(before) != there(after):
            for hear in self.on_existence:
                hear(key)
        for audience in self._audiences:
            told = audience.of(key)
            if not told:
                continue
            if (before is not None and before.gray) or (after is not None and after.gray):
                if not gray.tags_differ(before, after):  # 1.4.8 tells all of a change of any tag
                    told = [each for each in told if _concerned(each, before, after)]
            elif (before.md5 if before else "") == (after.md5 if after else ""):
                return
            audience.tell(key, told)

    # -- who listens

    def count(self, key: ConfigKey) -> int:
        """How many listen to this config now."""
        key = normal(key)
        return sum(each.listening for audience in self._audiences for each in audience.of(key))

    def watchers(self, key: ConfigKey) -> dict[str, str]:
        """
        The clients that listen to this config now (docs/spec/config-v1.md#3.11): address to the md5 that it has; one
        entry per address.
        """
        key = normal(key)
        return {
            each.ip: each.has(key, self._current(key, each))
            for audience in self._audiences
            for each in audience.of(key)
            if each.listening
        }

    def watched(self, client_ip: str) -> dict[ConfigKey, str]:
        """The configs that a client listens to now (docs/spec/config-v1.md#3.12), each with the md5 that it has."""
        return {
            key: each.has(key, self._current(key, each))
            for audience in self._audiences
            for each in audience.everybody()
            if each.ip == client_ip
            for key in each.keys
        }

    def _current(self, key: ConfigKey, listener: Listener) -> str:
        return self._cache.md5_for(key, listener.ip, listener.vip_tag, listener.labels)


def normal(key: ConfigKey) -> ConfigKey:
    """The same config with the tenant normalised (docs/spec/config-v1.md#1.2)."""
    tenant = tenant_of(key[0])
    return key if tenant == key[0] else (tenant, key[1], key[2])


def _concerned(listener: Listener, before: Entry | None, after: Entry | None) -> bool:
    """Whether what this client gets has changed."""
    ip, tag, labels = listener.ip, listener.vip_tag, listener.labels
    return gray.md5_for(before, ip, tag, labels) != gray.md5_for(after, ip, tag, labels)
