"""C{/v3/admin/core/diagnostics}."""

from __future__ import annotations

from nacos_tw.storage.facts import DatabaseFacts, StorageFacts
from tests.http.api.case import ApiTestCase

PATH = "/v3/admin/core/diagnostics"


class DiagnosticsTests(ApiTestCase):
    """What C{nacosctl doctor} reads."""

    def test_ports(self) -> None:
        """Each by what it is for."""
        ports = {"http": 8848, "grpc": 9848, "raft": 7848, "console": 8080, "pages": True}
        self.assertEqual(self.data("GET", f"{PATH}/ports"), ports)

    def test_embedded(self) -> None:
        """There is no database to be looked at."""
        self.assertEqual(self.data("GET", f"{PATH}/database"), {"kind": "embedded", "trouble": "", "databases": []})

    def test_shared(self) -> None:
        """One that is well, and one that could not be reached, of which nothing is known but why."""
        well = DatabaseFacts("db1", 3306, True, "WRITABLE", "", "8.0.36", "utf8mb4_bin", "", 0.25)
        away = DatabaseFacts("db2", 3307, False, "DOWN", "no connection")
        self.storage = StorageFacts("mysql", (well, away), "behind")
        found = self.data("GET", f"{PATH}/database")
        self.assertEqual((found["kind"], found["trouble"]), ("mysql", "behind"))
        expected = {
            "host": "db1", "port": 3306, "used": True, "state": "WRITABLE", "reason": "", "version": "8.0.36",
            "collation": "utf8mb4_bin", "advice": "", "roundTripMillis": 0.25,
        }  # fmt: skip
        empty = {**expected, "version": "", "collation": "", "roundTripMillis": None}
        self.assertEqual(found["databases"][0], expected)
        self.assertEqual(
            found["databases"][1],
            {**empty, "host": "db2", "port": 3307, "used": False, "state": "DOWN", "reason": "no connection"},
        )
