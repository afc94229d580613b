"""Looks at databases that somebody asks for."""

from __future__ import annotations

from twisted.internet.defer import gatherResults

from nacos_tw.settings.database import DatabaseSettings
from tests import mariadb
from tests.storage.databases import DatabaseCase, OwnServerCase, database_of, on_both


@on_both
class ExaminingTests(OwnServerCase):
    """A server that is there, and one that is not."""

    async def test_there(self) -> None:
        """What it is; and that it is the one in use."""
        database = await self.start(self.server.fresh())
        (found,) = await database.examine()
        self.assertEqual((found.host, found.port, found.used), ("127.0.0.1", self.server.port, True))
        self.assertEqual((found.state, found.reason, found.advice), ("WRITABLE", "", ""))
        self.assertRegex(found.version, r"^PostgreSQL \d|^\d.*MariaDB")
        self.assertTrue(found.collation)
        assert found.millis is not None
        self.assertGreater(found.millis, 0)

    async def test_gone(self) -> None:
        """It was killed: why it cannot be used, and nothing else. When it is back, it is well at the next look."""
        database = await self.start(self.server.fresh(self.kind.QUICK))
        self.server.kill()
        (found,) = await database.examine()
        self.assertEqual((found.state, found.version, found.collation, found.millis), ("DOWN", "", "", None))
        self.assertIn("Connection refused", found.reason)
        self.server.start()
        (found,) = await database.examine()
        self.assertEqual(found.state, "WRITABLE")

    async def test_still(self) -> None:
        """It takes connections but answers nothing: that is told within its limits of time, to all who ask."""
        database = await self.start(self.server.fresh(self.kind.QUICK))
        self.server.pause()
        looks = await gatherResults([database.examine() for _ in range(3)])
        self.assertEqual([found.state for (found,) in looks], ["DOWN"] * 3)
        self.assertIs(looks[0], looks[2])

    async def test_several(self) -> None:
        """Each is looked at; the first takes the writes."""
        one, other = self.server.fresh(), self.kind.server().fresh()
        both = DatabaseSettings(one.urls + other.urls, one.users + other.users, one.passwords + other.passwords)
        database = await self.start(both)
        found = await database.examine()
        self.assertEqual([(each.port, each.used) for each in found], [
            (self.server.port, True), (self.kind.server().port, False),
        ])  # fmt: skip
        self.assertEqual([each.state for each in found], ["WRITABLE", "WRITABLE"])

    async def test_at_the_end(self) -> None:
        """The node stops while it looks: whoever asked is answered."""
        database = await self.start(self.server.fresh())
        self.server.pause()
        looking = database.examine()
        await database.stopService()
        (found,) = await looking
        self.assertEqual(found.state, "DOWN")
        self.assertEqual(await database.examine(), ())


class CollationTests(DatabaseCase):
    """MySQL's and MariaDB's."""

    async def test_alike(self) -> None:
        """A collation that takes names for the same is told, with the statements that mend it."""
        settings = mariadb.server().fresh()
        mariadb.server().admin(
            "ALTER TABLE config_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", database_of(settings)
        )
        database = await self.start(settings)
        (found,) = await database.examine()
        self.assertEqual(found.collation, "utf8mb4_general_ci")
        self.assertIn("ALTER TABLE config_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;", found.advice)
