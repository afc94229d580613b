"""What nodes tell each other."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import notices as module
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.notices import Notices
from nacos_tw.errors import TimedOut, Unavailable

A = ("", "g", "a")
B = ("", "g", "b")


class NoticesTests(SynchronousTestCase):
    """A node with two others; C{asked} is what it asks them, C{told} what the first of them makes of it."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.members = ["one", "two"]
        self.asked: list[tuple[str, bytes, Deferred[bytes]]] = []
        self.away: set[str] = set()
        self.told: list[ConfigKey | None] = []
        self.notices = Notices(self.clock, self.ask, lambda: self.members, self.told.extend, self.all_told)
        self.receiver = Notices(self.clock, self.ask, list, self.told.extend, self.all_told)

    def ask(self, peer: str, what: str, body: bytes) -> Deferred[bytes]:
        self.assertEqual(what, "config-changed")
        if peer in self.away:
            return fail(Unavailable("no connection"))
        answer: Deferred[bytes] = Deferred()
        self.asked.append((peer, body, answer))
        return answer

    def all_told(self) -> None:
        self.told.append(None)

    def take(self, peer: str) -> list[ConfigKey | None]:
        """The oldest question to that node arrives, and is answered."""
        index = next(index for index, each in enumerate(self.asked) if each[0] == peer)
        _, body, answer = self.asked.pop(index)
        self.told.clear()
        answer.callback(self.receiver.asked("me", body))
        return list(self.told)

    def test_all_are_told_at_once(self) -> None:
        """Of all that changed."""
        self.notices.tell([A, B])
        self.assertEqual([self.take("one"), self.take("two")], [[A, B], [A, B]])
        self.assertEqual(self.asked, [])
        self.assertEqual((self.notices.sent, self.receiver.received), (2, 2))
        self.assertEqual(self.notices.waiting(), {"one": 0, "two": 0})
        self.notices.tell([])
        self.assertEqual(self.asked, [])

    def test_what_comes_meanwhile_goes_together(self) -> None:
        """One question at a time; a config that changes again is told again."""
        self.members = ["one"]
        for key in (A, B, B, A):
            self.notices.tell([key])
        self.assertEqual(len(self.asked), 1)
        self.assertEqual(self.take("one"), [A])
        self.assertEqual(self.take("one"), [B, A])
        self.assertEqual(self.asked, [])

    def test_it_is_repeated_until_it_is_acknowledged(self) -> None:
        """With growing pauses, with all that came meanwhile."""
        self.members = ["one"]
        self.away.add("one")
        self.notices.tell([A])
        tries = []
        while len(tries) < 6:
            before = self.notices.failed
            self.clock.advance(0.5)
            if self.notices.failed > before:
                tries.append(self.clock.seconds())
        self.assertEqual(tries, [0.5, 1.5, 3.5, 7.5, 15.5, 23.5])
        self.notices.tell([B])
        self.assertEqual(self.notices.waiting(), {"one": 2})
        self.away.clear()
        self.clock.advance(module.LATEST)
        self.assertEqual(self.take("one"), [A, B])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_an_answer_that_is_late_means_again(self) -> None:
        """It may have been taken; twice does no harm."""
        self.members = ["one"]
        self.notices.tell([A])
        self.asked.pop()[2].errback(TimedOut("no answer"))
        self.clock.advance(module.SOONEST)
        self.assertEqual(self.take("one"), [A])

    def test_a_link_that_comes_back_is_used_at_once(self) -> None:
        """Without waiting for the pause to end."""
        self.members = ["one"]
        self.away.add("one")
        self.notices.tell([A])
        self.away.clear()
        self.notices.peer_connected("one")
        self.notices.peer_connected("two")
        self.assertEqual(self.take("one"), [A])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_is_no_member_any_more_is_forgotten(self) -> None:
        """Whether something else changes or not."""
        self.away.add("two")
        self.notices.tell([A])
        self.members = ["one"]
        self.clock.advance(module.SOONEST)
        self.assertEqual(set(self.notices.waiting()), {"one"})
        self.members = []
        self.notices.tell([B])
        self.assertEqual(self.notices.waiting(), {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_too_much_to_remember_is_a_comparison(self) -> None:
        """Of everything; what changes after that is told by name again."""
        self.members = ["one"]
        self.away.add("one")
        self.notices.tell([("", "g", f"{n}") for n in range(module.MOST + 1)])
        self.assertEqual(self.notices.waiting(), {"one": -1})
        self.notices.tell([A])
        self.away.clear()
        self.clock.advance(module.LATEST)
        self.assertEqual(self.take("one"), [A, None])

    def test_long_lists_go_in_parts(self) -> None:
        """A question has its limits."""
        self.members = ["one"]
        keys = [("", "g", f"{n}") for n in range(2 * module.PART + 1)]
        self.notices.tell(keys)
        taken = [key for _ in range(3) for key in self.take("one")]
        self.assertEqual(taken, keys)

    def test_nothing_is_told_after_the_end(self) -> None:
        """Nor tried again."""
        self.away.add("two")
        self.notices.tell([A])
        self.notices.stop()
        self.notices.tell([B])
        self.notices.peer_connected("two")
        self.asked.pop()[2].errback(Unavailable("lost"))
        self.assertEqual((self.asked, self.clock.getDelayedCalls()), ([], []))

    def test_a_question_that_is_none_is_refused(self) -> None:
        """With a ValueError, as its sender is told."""
        self.assertRaises(ValueError, self.receiver.asked, "me", b"\xc1 what")
