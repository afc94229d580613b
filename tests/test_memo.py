"""What is remembered within limits."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.memo import BoundedMemo, RecentlyUsed


class BoundedMemoTests(SynchronousTestCase):
    """All is forgotten when it is too much."""

    def test_entries(self) -> None:
        """A limit in entries: the one that is too much is the first of the next ones."""
        memo: BoundedMemo[int, str] = BoundedMemo(3)
        for number in range(3):
            memo.keep(number, str(number))
        self.assertEqual(memo, {0: "0", 1: "1", 2: "2"})
        memo.keep(3, "3")
        self.assertEqual((memo, memo.size), ({3: "3"}, 1))

    def test_bytes(self) -> None:
        """A limit in bytes; what holds as long as the memo is told."""
        forgotten: list[int] = []
        memo: BoundedMemo[str, bytes] = BoundedMemo(100, lambda: forgotten.append(1))
        memo.keep("a", b"1", 60)
        memo.keep("b", b"2", 40)
        self.assertEqual((set(memo), memo.size, forgotten), ({"a", "b"}, 100, []))
        memo.keep("c", b"3", 1)
        self.assertEqual((set(memo), memo.size, forgotten), ({"c"}, 1, [1]))
        memo.keep("d", b"4", 1000)  # alone it is kept, whatever it is: its maker has a limit of its own
        self.assertEqual((set(memo), memo.size), ({"d"}, 1000))

    def test_replaced(self) -> None:
        """One and the same, kept over and over, does not stay for ever: the old ones may still be held elsewhere."""
        memo: BoundedMemo[str, int] = BoundedMemo(10)
        memo.keep("other", 0)
        for number in range(10):
            memo.keep("a", number)
        self.assertEqual((memo, memo.size), ({"a": 9}, 1))

    def test_clear(self) -> None:
        """Everything, at once."""
        memo: BoundedMemo[str, int] = BoundedMemo(10)
        memo.keep("a", 1, 10)
        memo.clear()
        self.assertEqual((memo, memo.size), ({}, 0))

    def test_never_more(self) -> None:
        """Whatever is kept, its sizes add up to the limit at most."""
        memo: BoundedMemo[int, int] = BoundedMemo(50)
        for number in range(1000):
            memo.keep(number, number % 7 + 1, number % 7 + 1)
            self.assertLessEqual(sum(memo.values()), 50)


class RecentlyUsedTests(SynchronousTestCase):
    """The one that was used longest ago goes."""

    def test_oldest_goes(self) -> None:
        """Using one makes it the newest."""
        used: RecentlyUsed[str, int] = RecentlyUsed(2)
        used.use("a", 1)
        used.use("b", 2)
        used.use("a", 3)
        used.use("c", 4)
        self.assertEqual(list(used.items()), [("a", 3), ("c", 4)])
