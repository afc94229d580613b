"""Real nodes whose database cannot be reached any more just when it has committed a change."""

from __future__ import annotations

import contextlib
import functools
import http.client
import os
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from tests import mariadb, postgres
from tests.cutting import COMMIT, POSTGRES_COMMIT, Cutting
from tests.system.config_nodes import CS, ConfigCase, Poll, get, md5, publish, read, remove
from tests.system.nodes import RealNode, wait_for
from tests.system.test_config_mysql import properties
from tests.system.test_config_postgres import properties as on_postgres


class Commits:
    """
    Three nodes, and a way to the database that the test cuts.

    @cvar place: starts servers; C{lines}: from URLs to lines of application.properties; C{commit}: see L{Cutting}.
    """

    place: Any
    lines: Callable[..., str]
    commit: bytes

    def setUp(self) -> None:
        super().setUp()
        server = self.place.server()
        self.way = Cutting(server.port, self.commit)
        self.addCleanup(self.way.close)
        url = server.url(server.database()).replace(f":{server.port}/", f":{self.way.port}/")
        self.nodes = self.cluster(3, type(self).lines(url), ())

    def test_committed_is_served(self) -> None:
        """
        What was answered C{true} is served by the node that said so, or is 503; nobody says that it does not exist, not
        even nodes that are started again before the database is back.
        """
        first, second, _ = self.nodes.nodes
        for name in ("changed", "removed"):
            self.assertTrueAnswer(publish(first, name, "old"))
            self.assertEverywhere(self.nodes.nodes, name, "old")
        self.way.armed = True
        self.assertTrueAnswer(publish(first, "new", "content"))
        self.assertTrue(self.way.is_cut.wait(60))
        self.assertEqual(get(first, "new").text, "content")
        for node in self.nodes.nodes[1:]:
            wait_for(lambda node=node: get(node, "new").status == 503, why="the notice")  # type: ignore[misc]
        poll = Poll(second, {"new": md5("content")}, "10.9.5.1").wait()
        self.assertFalse(poll.ended, "a listener is not told of what cannot be read")
        self._mend()
        self.assertEverywhere(self.nodes.nodes, "new", "content")
        self.way.armed = True
        self.assertTrueAnswer(publish(first, "changed", "newer"))
        self.assertEqual(get(first, "changed").text, "newer")
        self._mend()
        self.assertEverywhere(self.nodes.nodes, "changed", "newer")
        self.way.armed = True
        self.assertTrueAnswer(remove(first, "removed"))
        self.assertEqual(get(first, "removed").status, 503)
        first.stop()  # the copy on disk is written a moment after the answer
        for node in self.nodes.nodes[1:]:
            node.kill()
        for node in self.nodes.nodes:
            self.nodes.restart(node)
        self.assertEqual(wait_for(lambda: get(first, "removed")).status, 503)
        self.assertEqual(get(first, "never").status, 503)
        self.assertEqual(get(first, "changed").text, "newer")
        self._mend()
        for node in self.nodes.nodes:
            wait_for(lambda node=node: get(node, "removed").status == 404, why="the removal")  # type: ignore[misc]
            wait_for(lambda node=node: get(node, "never").status == 404, why="the comparison")  # type: ignore[misc]
            self.assertEqual(read(node, "changed"), "newer")

    def test_killed_at_commit(self) -> None:
        """
        A node that is killed (kill -9) before it knows what came of a commit does not serve what it had before, when it
        is started again without the database; and then it serves what the database holds.
        """
        first = self.nodes.nodes[0]
        for holding, content in (("answer", "newer"), ("commit", "old")):
            self.assertTrueAnswer(publish(first, holding, "old"))
            self.assertEverywhere(self.nodes.nodes, holding, "old")
            self._wait_for_disk(first, holding)
            self.way.held.clear()
            self.way.holding, self.way.armed = holding, True
            answers: list[object] = []
            asking = threading.Thread(target=self._ask, args=(first, holding, answers), daemon=True)
            asking.start()
            self.assertTrue(self.way.held.wait(60))
            first.kill()
            asking.join(60)
            self.assertEqual(answers, [], "nobody was told anything")
            self.way.holding = ""
            self.way.cut()
            self.nodes.restart(first)
            self.assertEqual(wait_for(functools.partial(get, first, holding)).status, 503)
            self._mend()
            wait_for(functools.partial(self._reads, first, holding, content), why="what is there")
            for node in self.nodes.nodes:
                node.request("POST", CS + "/ops/localCache")
            self.assertEverywhere(self.nodes.nodes, holding, content)

    def _reads(self, node: RealNode, data_id: str, content: str) -> bool:
        return read(node, data_id) == content

    def _ask(self, node: RealNode, data_id: str, answers: list[object]) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(publish(node, data_id, "newer"))

    def _wait_for_disk(self, node: RealNode, data_id: str) -> None:
        """Its copy there holds the config."""
        path = os.path.join(node.home, "data", "config", "cache.db")

        def there() -> bool:
            with contextlib.closing(sqlite3.connect(path)) as file:
                return file.execute("SELECT 1 FROM config WHERE data_id=?", (data_id,)).fetchone() is not None

        wait_for(there, why="the copy on disk")

    def _mend(self) -> None:
        self.assertTrue(self.way.is_cut.wait(60))
        self.way.mend()
        wait_for(lambda: publish(self.nodes.nodes[0], "probe", "x").text == "true", why="the database to be back")


class CommitTests(Commits, ConfigCase):
    """On MariaDB."""

    skip = mariadb.missing() or None
    place, lines, commit = mariadb, staticmethod(properties), COMMIT


class CommitOnPostgresTests(Commits, ConfigCase):
    """On PostgreSQL."""

    skip = postgres.missing() or None
    place, lines, commit = postgres, staticmethod(on_postgres), POSTGRES_COMMIT
