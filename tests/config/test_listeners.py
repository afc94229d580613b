"""Who listens to configs, and for whom a change is one."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.listeners import Listener, Listeners, StandingListener
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from tests.config.fakes import cache_with, entry, md5

KEY = ("", "g", "d")
SECOND = ("", "g", "e")


class Held(StandingListener):
    """A client with a name."""

    __slots__ = ("told",)

    def __init__(self, ip: str, vip_tag: str = "") -> None:
        super().__init__(ip, vip_tag)
        self.told: list[ConfigKey] = []


class ListenersTests(SynchronousTestCase):
    """Clients that listen on, of two transports."""

    def setUp(self) -> None:
        self.cache = cache_with(entry(KEY, "a"), entry(SECOND, "b"))
        self.listeners = Listeners(self.cache)
        self.md5s: list[Held] = []
        self.audience = self.listeners.audience(self.tell, lambda: self.md5s)
        self.other = self.listeners.audience(self.tell, list[Held])

    def tell(self, key: ConfigKey, listeners: Iterable[Held]) -> None:
        for listener in listeners:
            listener.told.append(listener.name(key))

    def client(self, ip: str = "1.1.1.1", tag: str = "") -> Held:
        self.md5s.append(Held(ip, tag))
        return self.md5s[-1]

    def test_told(self) -> None:
        """Of each change of what it listens to, whatever it has, until it does not listen any more."""
        one = self.client()
        self.assertEqual(self.audience.listen(one, [(KEY, md5("a")), (SECOND, "old")]), [SECOND])
        self.cache.put(entry(KEY, "a2"))
        self.cache.put(entry(SECOND, "b2"))
        self.cache.remove(KEY)
        self.assertEqual(one.told, [KEY, SECOND, KEY])
        self.assertEqual(self.audience.release(one, [KEY, ("t", "g", "never")]), [KEY])
        self.cache.put(entry(KEY, "a3"))
        self.cache.put(entry(SECOND, "b3"))
        self.assertEqual(one.told, [KEY, SECOND, KEY, SECOND])

    def test_all_transports(self) -> None:
        """Each is told of its own."""
        one, two = self.client(), self.client("2.2.2.2")
        self.audience.listen(one, [(KEY, "")])
        self.other.listen(two, [(KEY, "")])
        self.cache.put(entry(KEY, "a2"))
        self.assertEqual((one.told, two.told), ([KEY], [KEY]))
        self.audience.leave(one, one.keys)
        self.assertFalse(self.audience)
        self.cache.put(entry(KEY, "a3"))
        self.assertEqual((one.told, two.told), ([KEY], [KEY, KEY]))

    def test_no_change_for_this_client(self) -> None:
        """A copy for some concerns these only; what has the same md5 nobody; a tag's copy all, as in 1.4.8."""
        beta, other = self.client("1.1.1.1"), self.client("2.2.2.2")
        for one in self.md5s:
            self.audience.listen(one, [(KEY, md5("a"))])
        self.cache.put(entry(KEY, "a", beta="beta", ips="1.1.1.1"))
        self.assertEqual((beta.told, other.told), ([KEY], []))
        self.cache.put(entry(KEY, "a2", beta="beta", ips="1.1.1.1"))
        self.assertEqual((beta.told, other.told), ([KEY], [KEY]))
        self.cache.put(entry(KEY, "a2", beta="beta", ips="1.1.1.1", t="x"))
        self.assertEqual((beta.told, other.told), ([KEY] * 2, [KEY] * 2))

    def test_named_otherwise(self) -> None:
        """The client hears of a config by the name that it gave last, and can end it by any."""
        one, public = self.client(), ("public", "g", "d")
        self.audience.listen(one, [(public, md5("a"))])
        self.cache.put(entry(KEY, "a2"))
        self.audience.listen(one, [(KEY, md5("a2"))])
        self.cache.put(entry(KEY, "a3"))
        self.assertEqual(one.told, [public, KEY])
        self.audience.listen(one, [(public, md5("a3"))])
        self.assertEqual(self.audience.release(one, [KEY]), [KEY])
        self.assertEqual((one.md5s, one.named), ({}, {}))
        self.assertFalse(self.audience)

    def test_what_it_has(self) -> None:
        """Lists of listeners show what a client said last, and whoever waits for a change as up to date."""
        one = self.client()
        self.audience.listen(one, [(KEY, "old")])
        self.assertEqual(self.listeners.watchers(KEY), {"1.1.1.1": "old"})
        self.audience.listen(one, [(KEY, md5("a"))])
        self.cache.put(entry(KEY, "a2"))
        self.assertEqual(self.listeners.watched("1.1.1.1"), {KEY: md5("a")})
        waiting = self.listeners.audience(lambda key, listeners: None, list[Listener])
        waiting.enter(Listener("3.3.3.3"), [KEY])
        self.assertEqual(self.listeners.watchers(KEY), {"1.1.1.1": md5("a"), "3.3.3.3": md5("a2")})

    def test_many_of_one(self) -> None:
        """The first, more, and back; one object for the key and for the md5 that all have."""
        crowd = [self.client(f"1.1.1.{number}") for number in range(3)]
        for one in crowd:
            self.audience.listen(one, [(("", "g", "".join("d")), str(md5("a")))])
        known = self.cache.entries[KEY]
        self.assertTrue(
            all(key is known.key and value is known.md5 for one in crowd for key, value in one.md5s.items())
        )
        self.assertEqual(list(self.audience.of(KEY)), crowd)
        for one in crowd:
            self.audience.release(one, [KEY])
        self.assertFalse(self.audience)

    def test_not_ready(self) -> None:
        """A node that has never known all configs takes nobody in."""
        one = self.client()
        self.cache.ready = False
        self.assertRaises(Unavailable, self.audience.listen, one, [(KEY, "")])
        self.assertEqual((one.md5s, bool(self.audience)), ({}, False))
