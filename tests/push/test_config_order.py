"""
Clients that listen to configs end on the last content, whatever their transport: over random changes, copies for some,
slow clients, lost acknowledgements and polls that are given up.
"""

from __future__ import annotations

from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.listeners import Listened, Listeners, StandingListener
from nacos_tw.config.model import ConfigKey
from nacos_tw.push.longpoll import LongPolls
from tests.config.fakes import cache_with, entry

KEYS: list[ConfigKey] = [("", "g", "a"), ("", "g", "b"), ("t", "g", "a")]
SEEDS = 40
STEPS = 150


class Reader:
    """
    A client that reads what it hears has changed.

    @ivar has: md5 of each config.
    """

    def __init__(self, world: World, ip: str) -> None:
        self.world, self.ip = world, ip
        self.has: dict[ConfigKey, str] = dict.fromkeys(KEYS, "")

    def listened(self) -> Listened:
        return list(self.has.items())

    def fetch(self, keys: list[ConfigKey]) -> None:
        for key in keys:
            self.has[key] = self.world.cache.md5_for(key, self.ip)


class Poller(Reader):
    """Over long polls: it asks again when it gets round to it."""

    answer: Deferred[list[ConfigKey]] | None = None

    def act(self) -> None:
        if self.answer is None:
            self.answer = self.world.polls.wait(self.listened(), self.ip, "", 5.0)
        elif self.answer.called:
            answer, self.answer = self.answer, None
            answer.addCallback(self.fetch)
        elif self.world.random.random() < 0.05:
            answer, self.answer = self.answer, None
            answer.addErrback(lambda failure: None)
            answer.cancel()


class Streamer(Reader):
    """Over a transport of this test: notes of what has changed, told again until they are acknowledged."""

    def __init__(self, world: World, ip: str) -> None:
        super().__init__(world, ip)
        self.listener = StandingListener(ip)
        self.notes: dict[ConfigKey, None] = {}
        world.streams.append(self)

    def act(self) -> None:
        """Take some notes; each may be lost on its way, and is told again then. Then say what it has."""
        for key in list(self.notes):
            if self.world.random.random() < 0.6:
                del self.notes[key]
                self.ask()

    def ask(self) -> None:
        differing = self.world.listeners.differing(self.listened(), self.ip)
        self.fetch(differing)
        self.world.audience.listen(self.listener, self.listened())


class World:
    """A node's configs, with both transports."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clock = Clock()
        self.cache = cache_with()
        self.numbers = dict.fromkeys(KEYS, 0)
        self.listeners = Listeners(self.cache)
        self.polls = LongPolls(self.clock, self.listeners, list)
        self.streams: list[Streamer] = []
        self.audience = self.listeners.audience(self.tell, lambda: [each.listener for each in self.streams])
        self.clients: list[Reader] = []
        for number in range(3):
            self.clients += [Poller(self, f"1.1.1.{number}"), Streamer(self, f"2.2.2.{number}")]
        for each in self.streams:
            each.ask()

    def tell(self, key: ConfigKey, listeners: object) -> None:
        told = set(map(id, listeners))  # type: ignore[call-overload]
        for each in self.streams:
            if id(each.listener) in told:
                each.notes[each.listener.name(key)] = None

    def change(self) -> None:
        key = self.random.choice(KEYS)
        number = self.numbers[key] = self.numbers[key] + 1
        kind = self.random.random()
        if kind < 0.15:
            self.cache.remove(key)
        elif kind < 0.4:
            beta = f"beta {self.random.randint(0, 3)}"
            self.cache.put(entry(key, f"text {number // 3}", number, beta=beta, ips="1.1.1.1,2.2.2.1"))
        else:
            self.cache.put(entry(key, f"text {self.random.randint(0, 3)}", number))

    def live(self) -> None:
        for _ in range(STEPS):
            what = self.random.random()
            if what < 0.3:
                self.change()
            elif what < 0.8:
                self.random.choice(self.clients).act()  # type: ignore[attr-defined]
            else:
                self.clock.advance(self.random.choice((0.0, 0.1, 6.0)))
        for turns in (37, 41, 43, 10):  # polls last 50 of them; the last changes must be heard of before
            for _ in range(turns):
                self.clock.advance(0.1)
                for client in self.clients:
                    client.act()  # type: ignore[attr-defined]
            if turns > 10:
                self.change()

    def behind(self) -> list[tuple[str, ConfigKey]]:
        """Who has not what it should."""
        return [
            (client.ip, key)
            for client in self.clients
            for key in KEYS
            if client.has[key] != self.cache.md5_for(key, client.ip)
        ]


class ConfigOrderTests(SynchronousTestCase):
    """Long polls, and a transport that was added here."""

    def test_random_lives(self) -> None:
        """Nobody ends behind."""
        for seed in range(SEEDS):
            world = World(seed)
            world.live()
            self.assertEqual(world.behind(), [], f"seed {seed}")
            world.polls.stop()
