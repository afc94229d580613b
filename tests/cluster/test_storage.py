"""Tests for L{nacos_tw.cluster.storage}."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster import storage as module
from nacos_tw.cluster.members import Report
from nacos_tw.cluster.storage import Storage
from tests.cluster.test_members import WELL, A, B, C, member_list


class StorageTests(SynchronousTestCase):
    """Node A of three."""

    def setUp(self) -> None:
        self.members = member_list()
        self.storage = Storage(self.members)
        self.lines: list[str] = []
        self.patch(module.Storage, "log", self)

    def error(self, text: str, **fields: Any) -> None:
        self.lines.append("error")

    def info(self, text: str, **fields: Any) -> None:
        self.lines.append("info")

    def hear(self, address: str, kind: str = "", database: str = "", state: str = "UP") -> None:
        ip, port = address.split(":")
        told = {"storage": kind, "database": database}
        extend = {name: value for name, value in told.items() if value}
        self.members.report_received(address, Report(ip, int(port), state, extend, address), 1)

    def own(self) -> dict[str, Any]:
        return self.members.see_self(WELL, 1).as_json()

    def assertWell(self) -> None:
        self.assertEqual((self.storage.difference(), self.storage.trouble()), ("", ""))

    def test_the_same(self) -> None:
        """Reported, and no more said of it."""
        self.storage.tell("external", "1a")
        self.hear(B, "external", "1a")
        self.hear(C, "external", "1a")
        self.assertWell()
        told = self.own()["extendInfo"]
        self.assertEqual((told["storage"], told["database"]), ("external", "1a"))
        self.assertNotIn("storageDiffers", told)
        self.assertEqual(self.lines, [])

    def test_one_of_three(self) -> None:
        """All tell it; the one that stands alone is not in service, and says why."""
        self.storage.tell("embedded")
        self.hear(B, "external", "1a")
        self.hear(C, "external", "1a")
        found = self.storage.trouble()
        self.assertIn(f"{A} in its own files (embedded), {B} in the database with the mark 1a", found)
        own = self.own()
        self.assertEqual((own["state"], own["extendInfo"]["storageDiffers"]), ("SUSPICIOUS", found))
        self.assertEqual(own["extendInfo"]["raftMetaData"]["errMsg"], found)
        self.assertNotIn("database", own["extendInfo"])
        self.assertEqual(self.lines, ["error", "error"], "once for each text")

    def test_two_of_three(self) -> None:
        """Those with the majority stay in service."""
        self.storage.tell("external", "1a")
        self.hear(B, "embedded")
        self.assertNotEqual(self.storage.trouble(), "", "nobody has the majority yet")
        self.hear(C, "external", "1a")
        self.assertEqual(self.storage.trouble(), "")
        self.assertIn(f"{B} in its own files", self.storage.difference())
        own = self.own()
        self.assertEqual(own["state"], "UP")
        self.assertIn("storageDiffers", own["extendInfo"])

    def test_two_databases(self) -> None:
        """Known by their marks."""
        self.storage.tell("external")
        self.hear(B, "external", "1a")
        self.hear(C, "external", "1a")
        self.assertWell()
        self.storage.tell("external", "2b")
        self.assertIn(f"{A} in the database with the mark 2b", self.storage.trouble())

    def test_mended(self) -> None:
        """Then all is well again; what a member that is down said last does not count."""
        self.storage.tell("embedded")
        self.hear(B, "external", "1a")
        self.hear(C, "embedded")
        self.assertNotEqual(self.storage.difference(), "")
        self.members.link_down(B)
        self.assertWell()
        self.hear(B, "embedded")
        self.assertWell()
        self.assertEqual(self.lines[-1], "info")

    def test_unknown(self) -> None:
        """Members of earlier versions say nothing, nor does a node that keeps no configs."""
        self.storage.tell("embedded")
        self.hear(B)
        self.hear(C)
        self.assertWell()
        self.storage.tell("")
        self.hear(B, "external", "1a")
        self.assertWell()
        self.assertNotIn("storage", self.own()["extendInfo"])
