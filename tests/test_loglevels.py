"""Tests of L{nacos_tw.loglevels}."""

from __future__ import annotations

from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.loglevels import LEVELS, LOGS, LogLevels


class LogLevelsTests(SynchronousTestCase):
    """Levels by name."""

    def setUp(self) -> None:
        self.levels = LogLevels()

    def passes(self, namespace: str, level: object) -> bool:
        return self.levels.passes({"log_namespace": namespace, "log_level": level})

    def test_default(self) -> None:
        """Everything from INFO on."""
        self.assertTrue(self.passes("nacos_tw.raft.node.RaftNode", LogLevel.info))
        self.assertFalse(self.passes("nacos_tw.raft.node.RaftNode", LogLevel.debug))
        self.assertTrue(self.levels.passes({}))

    def test_narrowest_counts(self) -> None:
        """The level of the log with the longest fitting name counts, whenever it was set."""
        self.levels.set("naming-event", "debug")
        self.levels.set("naming-main", "ERROR")
        self.assertTrue(self.passes("nacos_tw.naming.event", LogLevel.debug))
        self.assertFalse(self.passes("nacos_tw.naming.naming.Naming", LogLevel.warn))
        self.assertTrue(self.passes("nacos_tw.raft.node", LogLevel.info))
        self.levels.set("root", "WARN")
        self.assertFalse(self.passes("nacos_tw.raft.node", LogLevel.info))
        self.levels.set("nacos_tw.raft", "INFO")
        self.assertTrue(self.passes("nacos_tw.raft.node", LogLevel.info))

    def test_off(self) -> None:
        """What is critical is written all the same."""
        self.levels.set("root", "OFF")
        self.assertFalse(self.passes("x", LogLevel.error))
        self.assertTrue(self.passes("x", LogLevel.critical))

    def test_refused(self) -> None:
        """Unknown names and levels change nothing."""
        self.assertRaises(BadParameter, self.levels.set, "nosuch", "INFO")
        self.assertRaises(BadParameter, self.levels.set, "root", "LOUD")
        self.assertFalse(self.passes("x", LogLevel.debug))

    def test_all_names(self) -> None:
        """Every name takes every level."""
        for log in LOGS:
            for level in LEVELS:
                self.levels.set(log, level)
