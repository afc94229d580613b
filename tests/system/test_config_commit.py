"""Real nodes whose MariaDB cannot be reached any more just when it has committed a change."""

from __future__ import annotations

from tests import mariadb
from tests.cutting import Cutting
from tests.system.config_nodes import ConfigCase, Poll, get, md5, publish, read, remove
from tests.system.nodes import wait_for
from tests.system.test_config_mysql import properties


class CommitTests(ConfigCase):
    """Three nodes, and a way to the database that the test cuts."""

    skip = mariadb.missing() or None

    def setUp(self) -> None:
        super().setUp()
        server = mariadb.server()
        self.way = Cutting(server.port)
        self.addCleanup(self.way.close)
        url = server.url(server.database()).replace(f":{server.port}/", f":{self.way.port}/")
        self.nodes = self.cluster(3, properties(url), ())

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

    def _mend(self) -> None:
        self.assertTrue(self.way.is_cut.wait(60))
        self.way.is_cut.clear()
        wait_for(lambda: publish(self.nodes.nodes[0], "probe", "x").text == "true", why="the database to be back")
