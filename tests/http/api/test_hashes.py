"""C{POST /v3/admin/core/raft/hash}."""

from __future__ import annotations

import msgspec

from nacos_tw.cluster.operations.hashes import Compared, MemberHashes
from nacos_tw.errors import Unavailable
from tests.http.api.case import ApiTestCase

PATH = "/v3/admin/core/raft/hash"


class HashTests(ApiTestCase):
    """Of a cluster of some members."""

    def test_same(self) -> None:
        """All are alike."""
        found = self.data("POST", PATH)
        self.assertEqual((found["index"], found["same"], found["undecided"]), (7, True, []))
        self.assertEqual(
            found["members"][1], {"name": "10.0.0.2:8848", "parts": {"registry": "0a"}, "differs": [], "mended": False}
        )

    def test_differs(self) -> None:
        """One is not, or nobody knows which one is right."""
        self.comparing.found = Compared(7, (MemberHashes("a", {"registry": "0b"}, ("registry",), mended=True),))
        found = self.data("POST", PATH)
        self.assertIs(found["same"], False)
        self.assertEqual(
            found["members"], [{"name": "a", "parts": {"registry": "0b"}, "differs": ["registry"], "mended": True}]
        )
        self.comparing.found = Compared(7, (MemberHashes("a", {"registry": "0b"}),), ("registry",))
        found = self.data("POST", PATH)
        self.assertEqual((found["same"], found["undecided"]), (False, ["registry"]))

    def test_not_now(self) -> None:
        """Without a leader, or with an older member."""
        self.comparing.found = Unavailable("no leader")
        reply = self.ask("POST", PATH)
        self.assertEqual((reply.status, msgspec.json.decode(reply.body)["data"]), (503, "no leader"))
