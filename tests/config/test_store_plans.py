"""Hot statements find their rows by an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.config import store, store_gray, store_history, store_index, store_search
from nacos_tw.config.commands import Publish, TrimHistory
from nacos_tw.config.requests import Search
from nacos_tw.storage.txn import Txn
from tests.config.databases import T0, OnSQLite

KEY = ("ns", "g", "d")


class Recorder:
    """A transaction that notes the statements, with their parameters, before it runs them."""

    def __init__(self, txn: Txn) -> None:
        self._txn = txn
        self.seen: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._txn, name)
        if name not in ("execute", "all", "one"):
            return found

        def noted(sql: str, params: Any = ()) -> Any:
            self.seen.append((sql, params))
            return found(sql, params)

        return noted


class PlanTests(OnSQLite):
    """EXPLAIN QUERY PLAN of all that a function runs."""

    def check(self, fn: Callable[..., Any], *args: Any, sorts: bool = False) -> None:
        """No statement reads a whole table, nor (but for C{sorts}) sorts."""

        def work(txn: Txn) -> None:
            recorder = Recorder(txn)
            fn(recorder, *args)
            self.assertTrue(recorder.seen)
            for sql, params in recorder.seen:
                for row in txn.all(f"EXPLAIN QUERY PLAN {sql}", params):
                    self.assertNotIn("SCAN config_info", row[3], sql)
                    self.assertNotIn("SCAN his_", row[3], sql)
                    self.assertNotIn("SCAN config_tags", row[3], sql)
                    if not sorts and "config_tags" not in sql:  # five labels at most
                        self.assertNotIn("TEMP B-TREE", row[3], sql)

        self.run_in(work)

    def setUp(self) -> None:
        super().setUp()
        for number in range(20):
            self.do(Publish(("ns", "g", f"d{number}"), "c", None, T0, tags="x"))
        self.do(Publish(KEY, "c", None, T0))

    def test_publish(self) -> None:
        """Update, update with casMd5 and labels, insert, removal."""
        self.check(store.apply, Publish(KEY, "c2", None, T0))
        self.check(store.apply, Publish(KEY, "c3", None, T0, cas_md5="x", tags="y"))
        self.check(store.apply, Publish(("ns", "g", "new"), "c", None, T0))
        self.check(store.apply, store.Remove(KEY, T0))

    def test_cache(self) -> None:
        """Pages and rows."""
        self.check(store_index.content_page, 3, 10)
        self.check(store_index.index_page, 3, 10)
        self.check(store_index.rows, [KEY])
        self.check(store_gray.beta, KEY)

    def test_console(self) -> None:
        """A config and its past."""
        self.check(store_search.full_row, KEY)
        self.check(store_search.rows_by_ids, [1, 2])
        self.check(store_history.previous, ("ns", "g", "d0"), 1)
        self.check(store_history.past, ("ns", "g", "d0"), 1)
        self.check(store_search.search, Search(tenant="ns", data_id="d3"), 1, 10, sorts=True)

    def test_trim(self) -> None:
        """Old history."""
        self.check(store.apply, TrimHistory(T0 - 1, 10))
