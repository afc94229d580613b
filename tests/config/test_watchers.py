"""Who listens to what, on all nodes."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.listeners import Listeners
from nacos_tw.config.watchers import WATCHED, WATCHERS, Watchers
from nacos_tw.errors import Unavailable
from nacos_tw.push.longpoll import LongPolls
from tests.config.fakes import cache_with, entry, md5

KEY = ("t", "g", "d")


class WatchersTests(SynchronousTestCase):
    """Two nodes; the first asks the second."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cache = cache_with(entry(KEY, "a"))
        here, there = Listeners(self.cache), Listeners(self.cache)
        self.here, self.there = LongPolls(self.clock, here, list), LongPolls(self.clock, there, list)
        self.other = Watchers(self.clock, there, lambda what, body: succeed([]))
        self.away = False
        self.node = Watchers(self.clock, here, self.ask_all)

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        if self.away:
            return fail(Unavailable("no connection"))
        answering = {WATCHERS: self.other.asked_watchers, WATCHED: self.other.asked_watched}[what]
        return answering("node", body).addCallback(lambda answer: [answer, b"\xff of another version"])

    def sampled(self, coroutine: object) -> object:
        asked = Deferred.fromCoroutine(coroutine)  # type: ignore[arg-type]
        self.clock.pump([0.0, 0.1, 0.1])
        return self.successResultOf(asked)

    def test_of_all_nodes(self) -> None:
        """Each client once."""
        self.here.wait([(KEY, md5("a"))], "1.1.1.1")
        self.there.wait([(KEY, md5("a"))], "2.2.2.2")
        self.assertEqual(self.sampled(self.node.watchers(KEY)), {"1.1.1.1": md5("a"), "2.2.2.2": md5("a")})
        self.assertEqual(self.sampled(self.node.watched("2.2.2.2")), {KEY: md5("a")})
        self.assertEqual(self.sampled(self.node.watched("3.3.3.3")), {})

    def test_a_client_between_two_polls_is_found(self) -> None:
        """It is looked for three times."""
        asked = Deferred.fromCoroutine(self.node.watchers(KEY))
        self.clock.advance(0.05)
        self.there.wait([(KEY, md5("a"))], "2.2.2.2")
        self.clock.pump([0.05, 0.1])
        self.assertEqual(self.successResultOf(asked), {"2.2.2.2": md5("a")})

    def test_others_that_do_not_answer_are_left_out(self) -> None:
        """This node's clients are shown all the same."""
        self.away = True
        self.here.wait([(KEY, md5("a"))], "1.1.1.1")
        self.assertEqual(self.sampled(self.node.watchers(KEY)), {"1.1.1.1": md5("a")})
        self.assertEqual(self.sampled(self.node.watched("1.1.1.1")), {KEY: md5("a")})

    def test_a_question_that_is_none_is_refused(self) -> None:
        """With a ValueError, as its sender is told."""
        self.assertRaises(msgspec.MsgspecError, self.node.asked_watchers, "node", b"\xff")
        self.assertRaises(msgspec.MsgspecError, self.node.asked_watched, "node", b"\xc0")
