"""Databases that stop, hang, come back, or take no writes."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import gatherResults

from nacos_tw.errors import StartError, Unavailable
from nacos_tw.settings.database import DatabaseSettings
from nacos_tw.storage.errors import OutcomeUnknown, ReadOnly
from nacos_tw.storage.external import ExternalDatabase
from tests.storage.databases import DatabaseCase, OwnServerCase, database_of, insert, names, on_both, trouble, until


@on_both
class AwayTests(OwnServerCase):
    """One database, of its own server."""

    async def test_killed(self) -> None:
        """Work fails while it is away, and goes on when it is back, without anybody's help."""
        settings = self.server.fresh(self.kind.QUICK)
        database = await self.start(settings)
        await database.interact("insert", insert, "a")
        self.server.kill()
        error = await trouble(database.interact("insert", insert, "b"))
        self.assertIsInstance(error, Unavailable)
        await until(lambda: database.health() != "UP")
        self.assertTrue(database.health().startswith("DOWN:master db (127.0.0.1) down. "), database.health())
        error = await trouble(database.query("names", names))
        self.assertIn("Connection refused", str(error))
        self.server.start()
        await until(lambda: database.health() == "UP")
        await database.interact("insert", insert, "c")
        self.assertEqual(await database.query("names", names), ["a", "c"])

    async def test_restarted(self) -> None:
        """A quick restart: connections are made anew, nobody sees an error."""
        database = await self.start(self.server.fresh(self.kind.QUICK))
        await gatherResults([database.interact("insert", insert, f"a{number}") for number in range(10)])
        self.server.stop()
        self.server.start()
        await gatherResults([database.interact("insert", insert, f"b{number}") for number in range(10)])
        self.assertEqual(len(await database.query("names", names)), 20)

    async def test_paused(self) -> None:
        """A server that does not answer: all that waits fails within socketTimeout, what comes then at once."""
        database = await self.start(self.server.fresh(self.kind.QUICK), most=2)
        await database.interact("insert", insert, "a")
        self.server.pause()
        waiting = [database.interact("insert", insert, f"p{number}") for number in range(8)]
        errors = [await trouble(each) for each in waiting]
        for error in errors:
            self.assertIsInstance(error, Unavailable)
        await until(lambda: database.health() != "UP")
        taken = []
        for _ in range(5):  # a busy machine may be late with one or another
            start = reactor.seconds()
            self.assertIn("does not answer", str(await trouble(database.query("names", names))))
            taken.append(reactor.seconds() - start)
        self.assertLess(min(taken), 1, "it is not asked")
        self.server.resume()
        await until(lambda: database.health() == "UP")
        # What was sent before the pause may have happened; what failed for want of a connection may not.
        found = await database.query("names", names)
        unknown = {f"p{number}" for number, error in enumerate(errors) if isinstance(error, OutcomeUnknown)}
        self.assertLessEqual(set(found) - {"a"}, unknown)

    async def test_stopped_while_paused(self) -> None:
        """The end does not wait for a dead database."""
        database = await self.start(self.server.fresh(self.kind.PATIENT))
        self.server.pause()
        working = trouble(database.interact("insert", insert, "a"))
        start = reactor.seconds()
        stopping = database.stopService()
        self.assertIsInstance(await working, Unavailable)
        await stopping
        self.assertLess(reactor.seconds() - start, 25, "less than the database is waited for")

    async def test_away_at_start(self) -> None:
        """A node starts without its database, and uses it once it is there."""
        settings = self.server.fresh(self.kind.QUICK)
        self.server.stop()
        database = await self.start(settings)
        self.assertFalse(await database.ready)
        self.assertIsInstance(await trouble(database.query("names", names)), Unavailable)
        self.server.start()
        await until(lambda: database.health() == "UP")
        self.assertEqual(await database.query("names", names), [])

    async def test_read_only(self) -> None:
        """A database that turns read-only is not written to, and read from on; and back."""
        database = await self.start(self.server.fresh(self.kind.QUICK))
        self.server.read_only(True)
        self.addCleanup(self.server.read_only, False)
        self.assertIsInstance(await trouble(database.interact("insert", insert, "a")), ReadOnly)
        await until(lambda: database.health() != "UP")
        self.assertTrue(database.health().startswith("DOWN:master db (127.0.0.1) down. "), database.health())
        error = await trouble(database.interact("insert", insert, "a"))
        self.assertIn("read-only", str(error))
        self.assertEqual(await database.query("names", names), [])
        self.server.read_only(False)
        database.look()
        await until(lambda: database.health() == "UP")
        await database.interact("insert", insert, "a")


@on_both
class SeveralTests(DatabaseCase):
    """Two databases."""

    def setUp(self) -> None:
        self.servers = (self.kind.server("stopped"), self.kind.server("second"))

    def tearDown(self) -> None:
        for server in self.servers:
            if not server.running:
                server.start()

    def both(self, first: Any, second: Any) -> DatabaseSettings:
        """Two URLs; they differ in the host's spelling, so that health can tell them apart."""
        one, other = first.fresh(self.kind.QUICK), second.fresh(self.kind.QUICK)
        urls = (one.urls[0], other.urls[0].replace("127.0.0.1", "localhost"))
        return attrs.evolve(one, urls=urls, users=one.users * 2, passwords=one.passwords * 2)

    async def test_failover_and_back(self) -> None:
        """The second one while the first is away, and the first when it is back."""
        database = await self.start(self.both(*self.servers))
        await database.interact("insert", insert, "first")
        self.servers[0].kill()
        await trouble(database.interact("insert", insert, "lost"))
        await until(lambda: database.sources.master == 1)
        self.assertTrue(database.health().startswith("WARN:slave db (127.0.0.1) down. "), database.health())
        await database.interact("insert", insert, "second")
        self.assertEqual(await database.query("names", names), ["second"])
        self.servers[0].start()
        await until(lambda: database.sources.master == 0)
        self.assertEqual(database.health(), "UP")
        self.assertEqual(await database.query("names", names), ["first"])

    async def test_replica(self) -> None:
        """A read-only one is passed over, even by a user who might write to it."""
        replica, master = self.servers
        settings = self.both(replica, master)
        user = replica.mighty()
        replica.read_only(True)
        self.addCleanup(replica.read_only, False)
        settings = attrs.evolve(settings, users=(user, "nacos"), passwords=("x", settings.passwords[1]))
        database = await self.start(settings)
        self.assertEqual((database.sources.master, database.health()), (1, "UP"))
        await database.interact("insert", insert, "a")
        self.assertEqual(await database.query("names", names), ["a"])
        found = replica.admin("SELECT count(*) FROM config_info", database_of(settings))
        self.assertEqual(found, ((0,),))
        self.servers[1].kill()
        await trouble(database.interact("insert", insert, "b"))
        await until(lambda: database.sources.master is None)
        self.assertIn("read-only", str(await trouble(database.interact("insert", insert, "b"))))
        self.assertEqual(await database.query("names", names), [], "reads from the replica")

    async def test_turned(self) -> None:
        """The first turns read-only and the second is promoted: writes go there."""
        database = await self.start(self.both(*self.servers))
        self.servers[0].read_only(True)
        self.addCleanup(self.servers[0].read_only, False)
        database.look()
        await until(lambda: database.sources.master == 1)
        await database.interact("insert", insert, "a")
        self.assertEqual(await database.query("names", names), ["a"])

    async def test_lacks_tables(self) -> None:
        """One without tables stops the start, whatever the others are."""
        settings = self.both(*self.servers)
        empty = self.servers[1].database(None)
        settings = attrs.evolve(settings, urls=(settings.urls[0], self.servers[1].url(empty, self.kind.QUICK)))
        database = ExternalDatabase(settings, reactor)
        self.addCleanup(database.stopService)
        database.startService()
        error = await trouble(database.ready)
        self.assertIsInstance(error, StartError)
        self.assertIn(self.kind.SCHEMA_NAME, str(error))
