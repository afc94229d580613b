"""Schemas of several versions of Nacos, and what is missing."""

from __future__ import annotations

import attrs
from twisted.internet import reactor

from nacos_tw.errors import StartError
from nacos_tw.storage.external import ExternalDatabase
from nacos_tw.storage.txn import Columns, Txn
from tests import mariadb
from tests.storage.databases import DatabaseCase, insert, names, trouble

OLD = (
    "DROP TABLE config_info_gray",
    "ALTER TABLE config_info DROP COLUMN encrypted_data_key",
    "ALTER TABLE config_info_beta DROP COLUMN encrypted_data_key",
    "ALTER TABLE his_config_info DROP COLUMN encrypted_data_key, DROP COLUMN publish_type, DROP COLUMN gray_name, "
    "DROP COLUMN ext_info",
)
"""What makes 1.4's schema of ours."""
NEW = ("DROP TABLE config_info_beta", "DROP TABLE config_info_tag", "DROP TABLE config_info_aggr")
"""What makes 2.5's."""


class SchemaTests(DatabaseCase):
    """C{Columns}, and starts that are refused."""

    def changed(self, *statements: str) -> ExternalDatabase:
        server = mariadb.server()
        name = server.database()
        for statement in statements:
            server.admin(statement, name)
        database = ExternalDatabase(server.settings(name), reactor)
        self.addCleanup(database.stopService)
        database.startService()
        return database

    async def columns(self, *statements: str) -> Columns:
        database = self.changed(*statements)
        self.assertTrue(await database.ready)
        await database.interact("insert", insert, "a")
        self.assertEqual(await database.query("names", names), ["a"])
        return await database.interact("columns", lambda txn: txn.columns)

    async def test_ours(self) -> None:
        """Everything is there."""
        self.assertEqual(await self.columns(), Columns(gray=True, gray_millis=True))

    async def test_old(self) -> None:
        """1.4 has none of the additions."""
        found = await self.columns(*OLD)
        self.assertEqual(set(attrs.asdict(attrs.evolve(found, beta=False)).values()), {False})
        self.assertTrue(found.beta)

    async def test_middle(self) -> None:
        """2.0 has the keys alone."""
        found = await self.columns(OLD[0], OLD[3].replace("DROP COLUMN encrypted_data_key, ", ""))
        self.assertEqual(found, Columns(history_publish_type=False, history_gray_name=False, labelled=False))

    async def test_new(self) -> None:
        """A fresh 2.5 has gray copies instead of the two other tables."""
        wanted = Columns(gray=True, gray_millis=True, beta=False, beta_encrypted_data_key=False)
        self.assertEqual(await self.columns(*NEW), wanted)

    async def test_whole_seconds(self) -> None:
        """A gray table that somebody made without milliseconds."""
        found = await self.columns("ALTER TABLE config_info_gray MODIFY gmt_modified datetime NOT NULL")
        self.assertEqual(found, Columns(gray=True))

    async def test_missing(self) -> None:
        """A missing table or column stops the start, with the file to run."""
        for statement, text in (
            ("DROP TABLE his_config_info", "no table his_config_info"),
            ("DROP TABLE users", "no table users"),
            ("ALTER TABLE config_info DROP COLUMN c_desc", "table config_info of the database has no column c_desc"),
            ("DROP TABLE config_info_tag, config_info_gray", "no table config_info_tag"),
        ):
            error = await trouble(self.changed(statement).ready)
            self.assertIsInstance(error, StartError)
            self.assertIn(text, str(error))
            self.assertIn("conf/nacos-mysql.sql", str(error))

    async def test_dropped_later(self) -> None:
        """A table that vanishes while the server runs is told too."""
        database = self.changed()
        await database.ready
        await database.interact("drop", lambda txn: txn.execute("DROP TABLE tenant_info"))
        error = await trouble(database.query("read", lambda txn: txn.all("SELECT id FROM tenant_info")))
        self.assertIn("conf/nacos-mysql.sql", str(error))


class TimeTests(DatabaseCase):
    """DATETIME as a Nacos server of each zone wrote it."""

    async def test_zones(self) -> None:
        """The same moment, by the wall clock that the URL (or the server) names."""
        server = mariadb.server()
        name = server.database()

        def both(txn: Txn, data_id: str) -> object:
            insert(txn, data_id)
            row = txn.one("SELECT gmt_create, CAST(gmt_create AS CHAR) FROM config_info WHERE data_id = ?", (data_id,))
            assert row is not None
            return txn.millis(row[0]), row[1]

        server.admin("SET GLOBAL time_zone = '-03:00'")
        self.addCleanup(server.admin, "SET GLOBAL time_zone = 'SYSTEM'")
        for number, (option, wall) in enumerate(
            (
                ("&serverTimezone=UTC", "2023-11-14 22:13:20"),
                ("&serverTimezone=Asia/Shanghai", "2023-11-15 06:13:20"),
                ("&serverTimezone=GMT%2B8", "2023-11-15 06:13:20"),
                ("&connectionTimeZone=SERVER", "2023-11-14 19:13:20"),
                ("", "2023-11-14 19:13:20"),
            )
        ):
            database = await self.start(server.settings(name, "useSSL=false" + option))
            found = await database.interact("both", both, f"d{number}")
            self.assertEqual(found, (1_700_000_000_000, wall), option)
        server.admin("SET GLOBAL time_zone = 'SYSTEM'")
        database = await self.start(server.settings(name, "useSSL=false"))
        self.assertEqual((await database.interact("both", both, "system"))[0], 1_700_000_000_000)

    async def test_unknown(self) -> None:
        """A zone that is not known stops the start."""
        settings = mariadb.server().settings("x", "serverTimezone=Mars/Olympus")
        error = self.assertRaises(StartError, ExternalDatabase, settings, reactor)
        self.assertIn("Mars/Olympus", str(error))
