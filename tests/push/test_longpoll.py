"""Long polls: who is told what, and when."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from nacos_tw.push import longpoll as module
from nacos_tw.push.longpoll import LongPolls
from tests.config.fakes import cache_with, entry, md5

KEY = ("", "g", "d")
SECOND = ("", "g", "e")
THIRD = ("t", "g", "d")


class SlowClock(Clock):
    """A clock that goes on by C{step} seconds whenever it is looked at."""

    step = 0.0

    def seconds(self) -> float:
        self.rightNow += self.step
        return super().seconds()


class Room(SynchronousTestCase):
    """Polls over a cache with three configs."""

    def setUp(self) -> None:
        self.clock = SlowClock()
        self.cache = cache_with(entry(KEY, "a"), entry(SECOND, "b"), entry(THIRD, "c"))
        self.rendered: list[list[ConfigKey]] = []
        self.listeners = Listeners(self.cache)
        self.polls = LongPolls(self.clock, self.listeners, self.render)

    def render(self, keys: list[ConfigKey]) -> tuple[ConfigKey, ...]:
        self.rendered.append(keys)
        return tuple(keys)

    def wait(self, *keys: ConfigKey, ip: str = "9.9.9.9", tag: str = "", seconds: float = 29.5) -> Deferred[Any]:
        """A client that is up to date."""
        listened = [(key, self.cache.md5_for(_normal(key), ip, tag)) for key in keys]
        return self.polls.wait(listened, ip, tag, seconds)

    def told(self, waiting: Deferred[Any]) -> Any:
        """What it was told by now."""
        self.clock.advance(0)
        return self.successResultOf(waiting)

    def not_told(self, waiting: Deferred[Any]) -> None:
        self.clock.advance(0)
        self.assertNoResult(waiting)

    def turn(self) -> None:
        """One turn of the reactor in which each look at the clock shows that much time has passed."""
        assert self.polls._working is not None
        self.polls._working.cancel()
        self.clock.step = 1.5 * module.TURN
        self.polls._work()
        self.clock.step = 0.0

    def empty(self) -> None:
        """Nothing is left of any poll."""
        self.assertEqual((self.polls.waiting, self.polls.keys_waited), (0, 0))
        self.assertEqual((self.polls._audience._by_key, self.polls._slots), ({}, {}))
        self.assertFalse(self.polls._leaving or self.polls._answers)


def _normal(key: ConfigKey) -> ConfigKey:
    return ("", *key[1:]) if key[0] == "public" else key


class CompareTests(Room):
    """At the start."""

    def test_all_that_differ_are_told_at_once(self) -> None:
        """New, other and gone ones, as the client named them."""
        listened = [
            (KEY, md5("a")),
            (SECOND, "old"),
            (("public", "g", "d"), ""),
            (THIRD, md5("c")),
            (("", "g", "gone"), md5("x")),
        ]
        answer = self.successResultOf(self.polls.wait(listened, "9.9.9.9"))
        self.assertEqual(answer, (SECOND, ("public", "g", "d"), ("", "g", "gone")))
        self.empty()

    def test_nothing_of_nothing_is_up_to_date(self) -> None:
        """An empty md5 of a config that is not there; it is told when it comes."""
        key = ("", "g", "new")
        waiting = self.polls.wait([(key, "")], "9.9.9.9")
        self.not_told(waiting)
        self.cache.put(entry(key, "x"))
        self.assertEqual(self.told(waiting), (key,))

    def test_compares_what_that_client_gets(self) -> None:
        """The beta copy by address, the tag's by header."""
        self.cache.put(entry(KEY, "a", beta="beta", ips="1.1.1.1", blue="blue"))
        for ip, tag, text in (("1.1.1.1", "blue", "beta"), ("9.9.9.9", "blue", "blue"), ("9.9.9.9", "red", "a")):
            self.assertEqual(self.listeners.differing([(KEY, md5(text))], ip, tag), [])
            self.assertEqual(self.listeners.differing([(KEY, md5("x"))], ip, tag), [KEY])

    def test_fixed_polling_compares_at_the_end(self) -> None:
        """A change does not end it, and neither does a difference at its start."""
        waiting = self.polls.wait_fixed([(KEY, "old"), (SECOND, md5("b"))], "9.9.9.9", "", 10.0)
        self.cache.put(entry(SECOND, "x"))
        self.clock.advance(9.9)
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(waiting), (KEY, SECOND))
        gone = self.polls.wait_fixed([(KEY, "old")], "9.9.9.9")
        gone.cancel()
        self.failureResultOf(gone)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nobody_is_told_that_all_is_gone(self) -> None:
        """By a node that has not read the configs yet."""
        self.cache.ready = False
        self.assertRaises(Unavailable, self.polls.wait, [(KEY, "old")], "9.9.9.9")
        fixed = self.polls.wait_fixed([(KEY, "old")], "9.9.9.9", "", 10.0)
        self.clock.advance(10)
        self.failureResultOf(fixed, Unavailable)


class WakeTests(Room):
    """While waiting."""

    def test_the_first_change_is_the_answer(self) -> None:
        """With that config only, even when others follow or it becomes as it was."""
        waiting = self.wait(KEY, SECOND, THIRD)
        self.cache.put(entry(SECOND, "x"))
        self.cache.put(entry(SECOND, "b"))
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(waiting), (SECOND,))
        self.empty()

    def test_a_removal_is_a_change(self) -> None:
        """Told like any other."""
        waiting = self.wait(KEY)
        self.cache.remove(KEY)
        self.assertEqual(self.told(waiting), (KEY,))

    def test_only_those_are_told_that_listen_to_it(self) -> None:
        """The same names in another namespace are another config."""
        one, other = self.wait(KEY), self.wait(SECOND, THIRD)
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(one), (KEY,))
        self.not_told(other)
        self.assertEqual(self.polls.waiting, 1)

    def test_the_same_content_again_is_no_change(self) -> None:
        """Though its time is another one."""
        waiting = self.wait(KEY)
        self.cache.put(entry(KEY, "a", 99))
        self.not_told(waiting)

    def test_the_public_namespace_by_any_name(self) -> None:
        """It is the same config; the answer has the name that the client used."""
        plain, named = self.wait(KEY), self.wait(("public", "g", "d"), SECOND)
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(named), (("public", "g", "d"),))
        self.assertEqual(self.told(plain), (KEY,))
        self.empty()

    def test_a_config_that_is_listed_twice(self) -> None:
        """Is told once, and nothing is left."""
        waiting = self.wait(KEY, KEY)
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(waiting), (KEY,))
        self.empty()

    def test_a_beta_copy_only_concerns_its_addresses(self) -> None:
        """Its coming, its changes, and its end."""
        listed, other = self.wait(KEY, ip="1.1.1.1"), self.wait(KEY)
        self.cache.put(entry(KEY, "a", beta="beta", ips="1.1.1.1"))
        self.assertEqual(self.told(listed), (KEY,))
        listed = self.wait(KEY, ip="1.1.1.1")
        self.cache.put(entry(KEY, "x", beta="beta", ips="1.1.1.1"))
        self.assertEqual(self.told(other), (KEY,))
        self.not_told(listed)
        other = self.wait(KEY)
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(listed), (KEY,))
        self.not_told(other)

    def test_a_tag_concerns_all(self) -> None:
        """As in 1.4.8; those who get something else see no difference when they ask again."""
        blue, plain = self.wait(KEY, tag="blue"), self.wait(KEY)
        self.cache.put(entry(KEY, "a", blue="blue"))
        self.assertEqual(self.told(blue), (KEY,))
        self.assertEqual(self.told(plain), (KEY,))
        self.not_told(self.wait(KEY))


class EndTests(Room):
    """Without a change."""

    def test_ends_at_its_time_and_not_before(self) -> None:
        """Up to a quarter of a second late, told that nothing changed."""
        for seconds in (10.0, 29.5, 29.62):
            start = self.clock.seconds()
            waiting = self.wait(KEY, seconds=seconds)
            while not waiting.called:
                self.clock.advance(0.01)
            self.assertEqual(self.successResultOf(waiting), ())
            late = self.clock.seconds() - start - seconds
            self.assertTrue(0 <= late < 0.3, late)
        self.empty()

    def test_a_shorter_one_after_a_longer_one(self) -> None:
        """Both on time, by one timer."""
        long, short = self.wait(KEY, seconds=29.5), self.wait(KEY, seconds=10)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(10.3)
        self.assertEqual(self.told(short), ())
        self.assertNoResult(long)
        self.clock.advance(19.3)
        self.assertEqual(self.told(long), ())
        self.empty()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_client_that_goes_leaves_nothing(self) -> None:
        """Before it was told, or while its answer is on the way."""
        early, late = self.wait(KEY, SECOND), self.wait(SECOND)
        early.cancel()
        self.failureResultOf(early)
        self.cache.put(entry(SECOND, "x"))
        late.cancel()
        self.clock.advance(0)
        self.failureResultOf(late)
        self.empty()

    def test_too_many_are_refused(self) -> None:
        """Polls, or configs of all polls; there is room again when others end."""
        self.polls._most = 2
        first, _ = self.wait(KEY), self.wait(KEY)
        self.assertRaises(Unavailable, self.wait, KEY)
        first.addErrback(lambda _: None)
        first.cancel()
        self.polls._most_keys = 3
        self.assertRaises(Unavailable, self.wait, KEY, SECOND, THIRD)
        self.assertNoResult(self.wait(KEY, SECOND))

    def test_a_stop_answers_all(self) -> None:
        """So that clients turn to another node at once."""
        waiting = [self.wait(KEY), self.wait(SECOND, THIRD)]
        self.cache.put(entry(KEY, "x"))
        self.polls.stop()
        self.assertEqual([self.successResultOf(each) for each in waiting], [(KEY,), ()])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.empty()

    def test_an_answer_that_fails_does_not_keep_the_others_from_theirs(self) -> None:
        """Its failure stays in its Deferred."""
        first, second = self.wait(KEY), self.wait(KEY)
        first.addCallback(lambda _: 1 / 0)
        self.cache.put(entry(KEY, "x"))
        self.assertEqual(self.told(second), (KEY,))
        self.failureResultOf(first, ZeroDivisionError)


class ManyTests(Room):
    """Thousands at a time."""

    def test_all_are_told_with_one_answer(self) -> None:
        """It is made once, whoever is told; not one of those who wait for something else is touched."""
        waiting = [self.wait(KEY, ip=f"10.0.{n >> 8}.{n & 255}") for n in range(5000)]
        others = [self.wait(SECOND) for _ in range(1000)]
        self.cache.put(entry(KEY, "x"))
        while self.polls._working is not None:
            self.clock.advance(0)
        answers = [self.successResultOf(each) for each in waiting]
        self.assertTrue(all(answer is answers[0] for answer in answers))
        self.assertEqual(self.rendered, [[KEY]])
        self.assertTrue(not any(each.called for each in others))
        self.assertEqual(self.polls.waiting, 1000)

    def test_the_reactor_gets_its_turn(self) -> None:
        """After each part; then nobody is answered until the next turn."""
        waiting = [self.wait(KEY) for _ in range(1000)]
        self.cache.put(entry(KEY, "x"))
        self.assertFalse(any(each.called for each in waiting))
        turns = 0
        while not waiting[-1].called:
            before = sum(each.called for each in waiting)
            self.turn()
            self.assertLessEqual(sum(each.called for each in waiting) - before, module.BATCH)
            turns += 1
        self.assertEqual(turns, 1000 // module.BATCH)

    def test_answers_come_before_tidying(self) -> None:
        """Clients with thousands of configs each do not wait for each other."""
        keys = [("", "g", f"k{n}") for n in range(300)]
        waiting = [self.wait(KEY, *keys) for _ in range(100)]
        self.cache.put(entry(KEY, "x"))
        self.turn()
        self.assertTrue(all(each.called for each in waiting))
        self.assertTrue(self.polls._leaving)
        self.cache.put(entry(keys[0], "x"))  # nobody waits for it any more
        self.assertFalse(self.polls._answers)
        self.clock.advance(0)
        self.empty()

    def test_many_that_wait_for_the_same_share_its_name(self) -> None:
        """A poll costs eight bytes for each config that the node has."""
        named = [("", "".join(["g"]), "".join(["d"])) for _ in range(2)]
        for key in named:
            self.wait(key)
        keys = [waiter.keys[0] for crowd in self.polls._slots.values() for waiter in crowd]
        made = self.cache.get(KEY)
        assert made is not None
        self.assertTrue(all(key is made.key for key in keys))


class WatcherTests(Room):
    """Who listens."""

    def test_to_a_config(self) -> None:
        """Address to the md5 that it has, its own copy's."""
        self.cache.put(entry(KEY, "a", beta="beta", ips="1.1.1.1"))
        self.wait(KEY, ip="1.1.1.1")
        self.assertEqual(self.listeners.watchers(KEY), {"1.1.1.1": md5("beta")})
        gone = self.wait(("public", "g", "d"), SECOND, ip="2.2.2.2")
        self.assertEqual(self.listeners.watchers(("public", "g", "d")), {"1.1.1.1": md5("beta"), "2.2.2.2": md5("a")})
        gone.addErrback(lambda _: None)
        gone.cancel()
        self.assertEqual(self.listeners.watchers(KEY), {"1.1.1.1": md5("beta")})
        self.assertEqual(self.listeners.watchers(SECOND), {})

    def test_by_an_address(self) -> None:
        """All its polls together."""
        self.wait(KEY, SECOND, ip="1.1.1.1")
        self.wait(THIRD, ip="1.1.1.1")
        self.wait(THIRD, ip="2.2.2.2")
        self.assertEqual(self.listeners.watched("1.1.1.1"), {KEY: md5("a"), SECOND: md5("b"), THIRD: md5("c")})
        self.assertEqual(self.listeners.watched("3.3.3.3"), {})
