"""Answers that are given again: only as long as they hold, and not without bounds."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.answers import LONGEST_TARGET, Answers
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply


class AnswersTests(SynchronousTestCase):
    """
    Answers that are made of names.

    @ivar holding: names that hold.
    """

    def setUp(self) -> None:
        self.holding = {"a"}
        self.answers: Answers[str] = Answers(lambda call, name: name in self.holding, 10_000)

    def keep(self, call: Call, name: str, size: int = 10) -> Reply:
        """Keep an answer by its call and its name."""
        found = name, Reply(200, b"x" * size)
        self.answers.keep(name, found)
        self.answers.keep_target(call, found)
        return found[1]

    def test_again(self) -> None:
        """By the same bytes, while it holds; a body counts too."""
        call = Call.make("GET", "/a?b=c")
        self.assertIsNone(self.answers.again(call))
        reply = self.keep(call, "a")
        self.assertIs(self.answers.again(Call.make("GET", "/a?b=c")), reply)
        self.assertIsNone(self.answers.again(Call.make("GET", "/a?b=d")))
        self.assertIsNone(self.answers.again(Call.make("GET", "/a?b=c", b"b=e")))
        self.holding.clear()
        self.assertIsNone(self.answers.again(call))

    def test_of(self) -> None:
        """By what is in it; then by those bytes too."""
        reply = self.keep(Call.make("GET", "/a?token=1"), "a")
        other = Call.make("GET", "/a?token=2")
        self.assertIsNone(self.answers.of(other, "b"))
        self.assertIsNone(self.answers.again(other))
        self.assertIs(self.answers.of(other, "a"), reply)
        self.assertIs(self.answers.again(other), reply)
        self.holding.clear()
        self.assertIsNone(self.answers.of(other, "a"))

    def test_not_kept(self) -> None:
        """The way from a call with a body, or with a very long target."""
        for call in (Call.make("GET", "/a", b"b=c"), Call.make("GET", "/a?" + "b" * LONGEST_TARGET)):
            self.keep(call, "a")
            self.assertEqual(dict(self.answers.by_target), {})

    def test_bounded(self) -> None:
        """However many answers and targets there are; without an answer there is no way to it."""
        for number in range(100):
            name = str(number)
            self.holding.add(name)
            self.keep(Call.make("GET", f"/{name}"), name, 1000)
            self.assertLessEqual(self.answers.rendered.size, 10_000)
            self.assertLessEqual(set(self.answers.by_target.values()), set(self.answers.rendered.values()))
            self.assertIsNotNone(self.answers.of(Call.make("GET", "/other"), name))
        self.assertLess(len(self.answers.rendered), 5)
        for number in range(100):
            self.keep(Call.make("GET", f"/a{number}"), "a", 0)
            self.assertLessEqual(self.answers.by_target.size, 5_000)
