"""C{/v3/admin/core/snapshot}."""

from __future__ import annotations

import msgspec

from nacos_tw.cluster.operations.backups import PIECE
from tests.http.api.case import ApiTestCase

PATH = "/v3/admin/core/snapshot"


class SnapshotTests(ApiTestCase):
    """Of a node that has one at entry 7."""

    def test_make(self) -> None:
        """Which it is, where it is from, and how large pieces are."""
        reply = self.ask("POST", PATH)
        self.assertEqual(
            msgspec.json.decode(reply.body)["data"],
            {"index": 7, "term": 2, "node": "10.0.0.1:8848", "version": "0.1.0", "storage": "embedded", "piece": PIECE},
        )

    def test_read(self) -> None:
        """Its bytes, from where it is asked; none behind its end."""
        self.assertEqual(self.ask("GET", PATH, index=7, offset=0).body, b"state")
        self.assertEqual(self.ask("GET", PATH, index=7, offset=3).body, b"te")
        self.assertEqual(self.ask("GET", PATH, index=7, offset=5).body, b"")

    def test_gone(self) -> None:
        """404 for one that newer ones have taken the place of."""
        reply = self.ask("GET", PATH, index=6, offset=0)
        self.assertEqual((reply.status, msgspec.json.decode(reply.body)["code"]), (404, 20004))
