"""Tests for L{nacos_tw.cluster.lookup}."""

from __future__ import annotations

import os

from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.lookup import FileLookup
from nacos_tw.settings import clusterconf
from nacos_tw.settings.clusterconf import Address


class FileLookupTests(SynchronousTestCase):
    """A file that changes under a running node."""

    def setUp(self) -> None:
        self.filename = self.mktemp()
        self.writes = 0
        self.changes: list[list[str]] = []
        self.clock = Clock()
        self.write("10.0.0.1\n10.0.0.2:8858\n")
        with open(self.filename, encoding="utf-8") as file:
            addresses = clusterconf.parse_members(file.read(), 8848, self.filename)
        self.lookup = FileLookup(self.filename, 8848, addresses, self.changed, self.clock)
        self.lookup.startService()
        self.addCleanup(self.lookup.stopService)
        self.errors: list[str] = []
        globalLogPublisher.addObserver(self.observe)
        self.addCleanup(globalLogPublisher.removeObserver, self.observe)

    def observe(self, event: dict[str, object]) -> None:
        if event["log_namespace"] == "nacos_tw.cluster.lookup.FileLookup" and event["log_level"] is LogLevel.error:
            self.errors.append(str(event["reason"]))

    def changed(self, addresses: list[Address]) -> None:
        self.changes.append([address.node for address in addresses])

    def write(self, text: str | bytes) -> None:
        """Write the file with a time of its own, however coarse the file system's clock."""
        with open(self.filename, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        self.writes += 1
        os.utime(self.filename, (1_000_000 + self.writes, 1_000_000 + self.writes))

    def test_change(self) -> None:
        """Within five seconds a new list is told, once; the file is left as it is."""
        text = "10.0.0.1\n10.0.0.3 # new\n"
        self.write(text)
        self.clock.advance(4.9)
        self.assertEqual(self.changes, [])
        self.clock.advance(0.1)
        self.clock.advance(5)
        self.assertEqual(self.changes, [["10.0.0.1:8848", "10.0.0.3:8848"]])
        with open(self.filename, encoding="utf-8") as file:
            self.assertEqual(file.read(), text)

    def test_same_members(self) -> None:
        """Another order, another comment: no change."""
        self.write("# by hand\n10.0.0.2:8858\n10.0.0.1:8848\n")
        self.clock.advance(5)
        self.assertEqual((self.changes, self.errors), ([], []))

    def test_faults(self) -> None:
        """A file that cannot be used is told of once, and the list stays; once mended it counts."""
        for text in ("10.0.0.1:x\n", b"\xff\xfe\n", "# nothing\n"):
            self.write(text)
            self.clock.pump([5, 5])
        self.assertEqual((self.changes, len(self.errors)), ([], 3))
        self.assertIn("names no member", self.errors[2])
        self.assertEqual(len(self.lookup.addresses), 2)
        self.write("10.0.0.1\n")
        self.clock.advance(5)
        self.assertEqual(self.changes, [["10.0.0.1:8848"]])

    def test_gone(self) -> None:
        """A file that is gone leaves the list; when it is back it is read."""
        os.remove(self.filename)
        self.clock.advance(5)
        self.assertEqual(self.changes, [])
        self.write("10.0.0.1\n")
        self.clock.advance(5)
        self.assertEqual(self.changes, [["10.0.0.1:8848"]])

    def test_stop(self) -> None:
        """A stopped service looks no more."""
        self.lookup.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.lookup.startService()
