"""What is PostgreSQL's own: its tables, zones, TLS, replicas, and the words of its errors."""

from __future__ import annotations

import os
import pathlib
import shutil

import attrs
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import NacosError, StartError, Unavailable, ValueRefused
from nacos_tw.storage.errors import Deadlock, Defect, Denied, LinkLost, ReadOnly
from nacos_tw.storage.external import ExternalDatabase
from nacos_tw.storage.postgres_errors import connection_problem, postgres_problem
from nacos_tw.storage.txn import Columns, Txn
from nacos_tw.storage.urls import make_link, targets
from tests import postgres
from tests.storage.databases import DatabaseCase, database_of, insert, names, trouble, until
from tests.storage.test_tls import certificate, pem

OURS = Columns(
    gray=True, gray_millis=True, beta=False, beta_encrypted_data_key=False, namespace_dates=True
)  # fmt: skip


class PostgresCase(DatabaseCase):
    """On PostgreSQL alone."""

    kind = postgres
    skip = postgres.missing() or None

    def changed(self, *statements: str) -> ExternalDatabase:
        """A database with other tables, started."""
        server = postgres.server()
        name = server.database()
        for statement in statements:
            server.admin(statement, name)
        database = ExternalDatabase(server.settings(name), reactor)
        self.addCleanup(database.stopService)
        database.startService()
        return database

    async def columns(self, *statements: str) -> Columns:
        """What it has, when a config can be written there."""
        database = self.changed(*statements)
        self.assertTrue(await database.ready)
        await database.interact("insert", insert, "a")
        self.assertEqual(await database.query("names", names), ["a"])
        return await database.interact("columns", lambda txn: txn.columns)


class SchemaTests(PostgresCase):
    """Tables of ours and of others."""

    async def test_ours(self) -> None:
        """Everything that Nacos 3.2 has."""
        self.assertEqual(await self.columns(), OURS)

    async def test_of_others(self) -> None:
        """Those of the earlier plugin: milliseconds in tenant_info, a namespace that may be NULL but never is."""
        found = await self.columns(
            "ALTER TABLE tenant_info ALTER gmt_create DROP DEFAULT, ALTER gmt_create TYPE bigint USING 0,"
            " ALTER gmt_modified DROP DEFAULT, ALTER gmt_modified TYPE bigint USING 0",
            "ALTER TABLE config_info ALTER tenant_id DROP NOT NULL, ALTER src_ip TYPE varchar(20)",
        )
        self.assertEqual(found, attrs.evolve(OURS, namespace_dates=False))

    async def test_missing(self) -> None:
        """A missing table or column stops the start, with the file to run; so do rows that nobody would find."""
        for statement, text in (
            ("DROP TABLE his_config_info", "no table his_config_info"),
            ("ALTER TABLE config_info DROP COLUMN c_desc", "table config_info of the database has no column c_desc"),
        ):
            error = await trouble(self.changed(statement).ready)
            self.assertIsInstance(error, StartError)
            self.assertIn(text, str(error))
            self.assertIn("conf/nacos-postgresql.sql", str(error))
        error = await trouble(
            self.changed(
                "ALTER TABLE his_config_info ALTER tenant_id DROP NOT NULL",
                "INSERT INTO his_config_info (id, data_id, group_id, content, tenant_id) SELECT 0, '', '', '', NULL",
            ).ready
        )
        self.assertIn("UPDATE his_config_info SET tenant_id = '' WHERE tenant_id IS NULL", str(error))

    async def test_schema(self) -> None:
        """Tables in a schema of their own, which the URL names."""
        server = postgres.server()
        name = server.database(None)
        server.admin(f'CREATE SCHEMA "Own" AUTHORIZATION {postgres.USER}', name)
        text = postgres.SCHEMA.read_text("utf-8")
        server.admin(f'SET ROLE {postgres.USER}; SET search_path = "Own"; {text}; RESET ROLE; RESET search_path', name)
        database = await self.start(server.settings(name, postgres.OPTIONS + "&currentSchema=Own"))
        await database.interact("insert", insert, "a")
        self.assertEqual(server.admin('SELECT data_id FROM "Own".config_info', name), (("a",),))
        found = await trouble((await self.unready(server.settings(name))).ready)
        self.assertIn("no table", str(found))

    async def unready(self, settings: object) -> ExternalDatabase:
        """One that is started, whatever comes of it."""
        database = ExternalDatabase(settings, reactor)  # type: ignore[arg-type]
        self.addCleanup(database.stopService)
        database.startService()
        return database

    def test_advice(self) -> None:
        """Columns that an IPv6 address does not fit in are told, with what mends them."""
        server = postgres.server()
        name = server.database()
        link = make_link(targets(server.settings(name))[0])
        self.addCleanup(link.close)
        link.open(30)
        self.assertEqual(link.describe().advice, "")
        server.admin("ALTER TABLE config_info ALTER src_ip TYPE varchar(20)", name)
        self.assertIn("ALTER TABLE config_info ALTER COLUMN src_ip TYPE varchar(50);", link.describe().advice)

    async def test_zones(self) -> None:
        """The same moment, by the wall clock that the URL (or the database) names."""
        server = postgres.server()
        name = server.database()
        server.admin(f"ALTER DATABASE {name} SET timezone = 'America/Sao_Paulo'")

        def both(txn: Txn, data_id: str) -> object:
            insert(txn, data_id)
            row = txn.one("SELECT gmt_create, gmt_create::text FROM config_info WHERE data_id = ?", (data_id,))
            assert row is not None
            return txn.millis(row[0]), row[1]

        for number, (option, wall) in enumerate(
            (
                ("TimeZone=UTC", "2023-11-14 22:13:20.999"),
                ("serverTimezone=Asia/Shanghai", "2023-11-15 06:13:20.999"),
                ("", "2023-11-14 19:13:20.999"),
            )
        ):
            database = await self.start(server.settings(name, f"{postgres.OPTIONS}&{option}"))
            found = await database.interact("both", both, f"d{number}")
            self.assertEqual(found, (1_700_000_000_999, wall), option)

    async def test_swallowed(self) -> None:
        """A transaction that the database gave up is no success, whatever the function makes of it."""
        database = await self.start(postgres.server().fresh())

        def work(txn: Txn) -> str:
            insert(txn, "a")
            try:
                txn.all("SELECT nothing FROM nowhere")
            except NacosError:
                pass
            return "done"

        self.assertIsInstance(await trouble(database.interact("work", work)), Deadlock)
        self.assertEqual(await database.query("names", names), [])


class ReplicaTests(PostgresCase):
    """A primary with a streaming replica behind it."""

    async def test_promoted(self) -> None:
        """The replica is read from while the primary is away, and written to when it has been promoted."""
        primary = postgres.Server()
        self.addCleanup(primary.close)
        settings = primary.fresh(postgres.QUICK)
        replica = postgres.Server(primary=primary)
        self.addCleanup(replica.close)
        name = database_of(settings)
        second = replica.url(name, postgres.QUICK).replace("127.0.0.1", "localhost")
        database = await self.start(
            attrs.evolve(
                settings, urls=(settings.urls[0], second), users=settings.users * 2, passwords=settings.passwords * 2
            )  # fmt: skip
        )
        self.assertEqual((database.sources.master, database.health()), (0, "UP"))
        await database.interact("insert", insert, "first")
        await until(lambda: replica.admin("SELECT data_id FROM config_info", name) == (("first",),))
        primary.kill()
        await trouble(database.interact("insert", insert, "lost"))
        await until(lambda: database.sources.master is None)
        self.assertEqual(await database.query("names", names), ["first"], "reads from the replica")
        self.assertIn("read-only", str(await trouble(database.interact("insert", insert, "lost"))))
        replica.admin("SELECT pg_promote()")
        database.look()
        await until(lambda: database.sources.master == 1)
        await database.interact("insert", insert, "second")
        self.assertEqual(await database.query("names", names), ["first", "second"])


class TlsTests(PostgresCase):
    """sslmode and the files."""

    server: postgres.Server | None = None

    def setUp(self) -> None:
        cls = type(self)
        if cls.server is None:
            cls.server = postgres.server("tls")
            authority = certificate("authority")
            own = pem(certificate("server", authority, ("127.0.0.1",)))
            cls.authority = self.write("ca.pem", pem(authority)[0])
            cls.other = self.write("other.pem", pem(certificate("other"))[0])
            files = self.write("server.pem", own[0]), self.write("server.key", own[1], 0o600)
            cls.server.stop()
            cls.server.options = ("-c", "ssl=on", "-c", f"ssl_cert_file={files[0]}", "-c", f"ssl_key_file={files[1]}")
            cls.server.start()

    authority = other = ""

    def write(self, name: str, data: bytes, mode: int = 0o644) -> str:
        """A file that the server may read."""
        assert self.server is not None
        path = os.path.join(self.server.folder, name)
        pathlib.Path(path).write_bytes(data)
        os.chmod(path, mode)
        if os.getuid() == 0:
            shutil.chown(path, os.stat(self.server.folder).st_uid)
        return path

    async def connect(self, options: str, host: str = "127.0.0.1", server: postgres.Server | None = None) -> object:
        """Whether it is encrypted, or why there is no connection."""
        server = server or self.server
        assert server is not None
        settings = server.settings(server.database(), options)
        settings = attrs.evolve(settings, urls=(settings.urls[0].replace("127.0.0.1", host),))
        database = await self.start(settings)
        if not await database.ready:
            return database.sources.why()
        return await database.query(
            "ssl", lambda txn: txn.all("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0][0]
        )

    async def test_modes(self) -> None:
        """Encrypted if the server can, unless that is switched off; the certificate is looked at where it is asked."""
        for options, wanted in (
            ("sslmode=disable", False),
            ("", True),
            ("sslmode=require", True),
            (f"sslmode=verify-ca&sslrootcert={self.authority}", True),
            (f"ssl=true&sslrootcert={self.authority}", True),
        ):
            self.assertIs(await self.connect(options), wanted, options)
        refusals = (
            (f"sslmode=verify-ca&sslrootcert={self.other}", "127.0.0.1", "no known authority"),
            (f"sslmode=verify-full&sslrootcert={self.authority}", "localhost", "not for this host"),
        )
        for options, host, text in refusals:
            said = str(await self.connect(options, host))
            self.assertIn("certificate is not accepted", said)
            self.assertIn(text, said)
        plain = postgres.server()
        self.assertIs(await self.connect("sslmode=prefer", server=plain), False)
        self.assertIn("the server speaks none", str(await self.connect("sslmode=require", server=plain)))


class DeniedTests(PostgresCase):
    """Wrong settings."""

    async def test_denied(self) -> None:
        """The line says what to look at, and holds neither user nor password."""
        server = postgres.server()
        right = server.fresh()
        for changed, text in (
            (attrs.evolve(right, passwords=("wr0ng",)), "check db.user and db.password"),
            (attrs.evolve(right, users=("wr0ng",)), "check db.user and db.password"),
            (server.settings("wr0ng"), "no such database"),
        ):
            database = await self.start(changed)
            self.assertFalse(await database.ready)
            said = database.sources.denied()
            self.assertIn(text, said)
            self.assertNotIn("wr0ng", said)


class _Diag:
    constraint_name = "uk_x"
    column_name = "content"


class _Error(Exception):
    diag = _Diag()

    def __init__(self, sqlstate: str | None, text: str = "hidden") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class ErrorTests(SynchronousTestCase):
    """SQLSTATEs, and texts of libpq."""

    def test_states(self) -> None:
        """What each becomes; no text of the original's is in it."""
        for state, kind, text in (
            ("40P01", Deadlock, "another one"), ("40001", Deadlock, "another one"), ("25006", ReadOnly, "read-only"),
            ("57P01", LinkLost, "lost"), ("08006", LinkLost, "lost"), ("28P01", Denied, "db.password"),
            ("42P01", Unavailable, "conf/nacos-postgresql.sql"), ("53100", Unavailable, "disk is full"),
            ("55P03", Unavailable, "locked"), ("42601", Defect, "42601"), (None, Defect, "_Error"),
        ):  # fmt: skip
            found = postgres_problem(_Error(state))
            self.assertIs(type(found), kind, state)
            self.assertIn(text, str(found))
            self.assertNotIn("hidden", str(found))
        self.assertEqual(postgres_problem(_Error("23502")), ValueRefused("null", "content"))
        self.assertEqual(postgres_problem(_Error(None, "cannot contain NUL (0x00) bytes")), ValueRefused("characters"))
        self.assertEqual(getattr(postgres_problem(_Error("23505")), "key", ""), "uk_x")
        self.assertIsInstance(postgres_problem(_Error(None), lost=True), LinkLost)

    def test_refused(self) -> None:
        """Why there is no connection, in any language of the server."""
        start = 'connection to server at "h", port 5 failed: '
        for text, asked, kind, said in (
            (start + 'FATAL:  password authentication failed for user "hidden"', True, Denied, "db.password"),
            (start + 'FATAL:  database "hidden" does not exist', True, Denied, "no such database"),
            (start + "FATAL:  sorry, too many clients already", False, Unavailable, "too many connections"),
            (start + "FATAL:  the database system is starting up", False, Unavailable, "starting or stopping"),
            (start + 'FATAL:  no pg_hba.conf entry for host "hidden"', False, Unavailable, "pg_hba.conf"),
            (start + "FATAL:  Passwort-Authentifizierung fehlgeschlagen", True, Denied, "access denied"),
            (start + "Connection refused\n\tIs the server running", False, Unavailable, "Connection refused"),
            (start + "server closed the connection unexpectedly", False, Unavailable, "does not answer as PostgreSQL"),
        ):
            found = connection_problem(text, asked)
            self.assertIs(type(found), kind, text)
            self.assertIn(said, str(found))
            self.assertNotIn("hidden", str(found))
