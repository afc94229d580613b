"""Reading anew what has changed."""

from __future__ import annotations

from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import Unavailable
from tests.config.fakes import fired
from tests.config.test_cache_sync import Node, key


class RefreshingTests(Node):
    """Reading anew what has changed."""

    def setUp(self) -> None:
        super().setUp()
        self.start()
        self.clock.advance(1)
        self.database.asked.clear()
        self.database.holding = True
        self.refresher = self.sync.refresher

    def queries(self) -> list[list[ConfigKey]]:
        return [args[0] for name, args in self.database.asked if name == "rows"]

    def test_what_comes_while_one_query_runs_is_one_query(self) -> None:
        """Each caller hears when its own are read."""
        first = self.refresher.refresh([key(0)])
        second = self.refresher.refresh([key(1), key(2)])
        third = self.refresher.refresh([key(2), key(3)])
        self.assertEqual(self.queries(), [[key(0)]])
        self.assertEqual(self.refresher.waiting, 4)
        self.database.release()
        self.assertEqual(self.refresher.waiting, 3)
        self.successResultOf(first)
        self.assertNoResult(second)
        self.assertEqual(self.queries(), [[key(0)], [key(1), key(2), key(3)]])
        self.database.release()
        self.successResultOf(second)
        self.successResultOf(third)
        self.assertEqual(self.refresher.waiting, 0)
        self.successResultOf(self.refresher.refresh([]))

    def test_a_change_during_a_query_is_read_after_it(self) -> None:
        """The query may have seen the row before it."""
        fired(self.refresher.refresh([key(0)]))
        self.publish(key(0), "newer", 2)
        done = self.refresher.refresh([key(0)])
        self.database.release()
        self.assertNoResult(done)
        self.assertEqual(self.content(key(0)), "content 0")
        self.database.release()
        self.successResultOf(done)
        self.assertEqual(self.content(key(0)), "newer")

    def test_a_failure_is_told_and_tried_again(self) -> None:
        """With what came meanwhile."""
        self.database.holding, self.database.away = False, True
        self.publish(key(0), "newer", 2)
        self.failureResultOf(self.refresher.refresh([key(0)]), Unavailable)
        self.assertIn("the database is away", self.sync.reason())
        self.assertEqual(self.refresher.waiting, 1)
        self.database.away = False
        self.clock.advance(1)
        self.assertEqual((self.content(key(0)), self.sync.reason()), ("newer", ""))
        self.assertEqual(self.refresher._again, None)

    def test_what_is_new_does_not_wait_for_the_next_try(self) -> None:
        """And takes along what failed."""
        self.database.holding, self.database.away = False, True
        for number in (0, 1):
            self.failureResultOf(self.refresher.refresh([key(number)]), Unavailable)
        self.database.away = False
        self.database.asked.clear()
        self.successResultOf(self.refresher.refresh([key(2)]))
        self.assertEqual([set(part) for part in self.queries()], [{key(0), key(1), key(2)}])
        self.clock.advance(1)
        self.assertEqual(len(self.queries()), 1)

    def test_a_stop_ends_the_tries(self) -> None:
        """And no query begins after it."""
        self.database.holding, self.database.away = False, True
        self.failureResultOf(self.refresher.refresh([key(0)]), Unavailable)
        self.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.database.asked.clear()
        self.failureResultOf(self.refresher.refresh([key(0)]), Unavailable)
        self.assertEqual(self.queries(), [])

    def test_many_go_in_parts(self) -> None:
        """All are read before the caller hears of it."""
        self.database.holding = False
        for number in range(250):
            self.publish(key(number), f"newer {number}", 2)
        self.successResultOf(self.refresher.refresh([key(number) for number in range(250)]))
        self.assertEqual([len(part) for part in self.queries()], [100, 100, 50])
        self.assertEqual(self.content(key(249)), "newer 249")
