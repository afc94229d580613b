"""A real PostgreSQL for tests: started when the first test wants it, on a folder and port of its own, ended at exit.

As L{tests.mariadb}, whose methods its servers have. Where there is no server to be had, L{missing} says why.
"""

from __future__ import annotations

import atexit
import functools
import glob
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Any

from nacos_tw.settings.database import DatabaseSettings
from tests.freezing import freeze
from tests.mariadb import _with_parent
from tests.ports import free_port

SCHEMA = pathlib.Path(__file__).parent.parent / "conf" / "nacos-postgresql.sql"
OPTIONS = "connectTimeout=1&socketTimeout=3&tcpKeepAlive=true&reWriteBatchedInserts=true&ApplicationName=nacos_java"
QUICK = OPTIONS.replace("socketTimeout=3", "socketTimeout=2")
"""Options with a short time limit."""
PATIENT = OPTIONS.replace("socketTimeout=3", "socketTimeout=30")
"""Options with a long one."""
SLEEP = "pg_sleep"
"""A function that takes so many seconds."""
CONNECTION = "SELECT pg_backend_pid()"
"""The server's number of the connection."""
SCHEMA_NAME = "conf/nacos-postgresql.sql"
USER, PASSWORD = "nacos", "s3cret-P@ss"
_NAMES = itertools.count(1)
_FAST = {
    "fsync": "off", "full_page_writes": "off", "max_connections": "200",
    "shared_buffers": "64MB", "listen_addresses": "127.0.0.1", "deadlock_timeout": "200ms", "timezone": "UTC",
    "wal_level": "replica", "hot_standby": "on", "max_wal_senders": "4",
}  # fmt: skip
"""Safe when it is killed, not when the machine is."""


@functools.cache
def missing() -> str:
    """Why there is no PostgreSQL here; "" if there is one."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "no psycopg in this environment: pip install 'nacos_tw[postgresql]'"
    if _program("postgres"):
        return ""
    if os.getuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (install, ["apt-get", "update"], install):
            done = subprocess.run(command, env=environ, capture_output=True, check=False)  # noqa: S603
            if command is install and done.returncode == 0 and _program("postgres"):
                return ""
    return "no PostgreSQL on this machine: apt-get install postgresql"


@functools.cache
def server(name: str = "") -> Server:
    """
    A server of this test run, the same one for the same name.

    @param name: "" for the one that all tests share; tests that stop it use another, and leave it running.
    """
    made = Server()
    atexit.register(made.close)
    return made


class Server:
    """
    One postgres.

    @ivar options: more of its command line.
    """

    def __init__(self, *options: str, primary: Server | None = None) -> None:
        """@param primary: the server whose read-only replica this is."""
        self.folder = tempfile.mkdtemp(prefix="nacos_tw-postgres-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.options = options
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: dict[str, Any] = {}
        os.chmod(self.folder, 0o755)  # noqa: S103 - as the folder of any database server
        if self._user:
            shutil.chown(self.folder, self._user)
        if primary is None:
            self._run("initdb", "-D", self.data, "-U", "root", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        else:
            address = f"host={primary.folder} port={primary.port} user=root"
            self._run("pg_basebackup", "-D", self.data, "-d", address, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="utf-8") as file:
            file.write("local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        self.start()
        if primary is None:
            self.admin(f"CREATE USER {USER} PASSWORD '{PASSWORD}'")

    # -- its life

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        self._log = open(os.path.join(self.folder, "log"), "ab")  # noqa: SIM115
        settings = {**_FAST, "port": str(self.port), "unix_socket_directories": self.folder}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(  # noqa: S603
            [str(_program("postgres")), "-D", self.data, *words, *self.options],
            stdout=self._log, stderr=self._log, start_new_session=True, preexec_fn=_with_parent(),
            user=self._user or None, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.admin("SELECT 1")
                return
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"postgres does not start: {error}\n{self.log()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Let it end, as an operator does (fast shutdown)."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of all its processes."""
        assert self._process is not None
        for pid in [self._process.pid, *self._children()]:
            _send(pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It keeps its connections, but answers nothing."""
        assert self._process is not None
        for pid in [self._process.pid, *self._children()]:
            freeze(pid)

    def resume(self) -> None:
        """It goes on."""
        assert self._process is not None
        for pid in [self._process.pid, *self._children()]:
            _send(pid, signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End it and remove its folder."""
        if self.running:
            self.resume()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """The end of its log."""
        return pathlib.Path(self.folder, "log").read_text("utf-8", "replace")[-2000:]

    # -- databases

    def fresh(self, options: str = OPTIONS, schema: pathlib.Path = SCHEMA) -> DatabaseSettings:
        """The settings of a new database, with the tables of a file."""
        return self.settings(self.database(schema), options)

    def database(self, schema: pathlib.Path | None = SCHEMA) -> str:
        """The name of a new database, which the user owns."""
        name = f"nacos_config_{next(_NAMES)}"
        self.admin(f"CREATE DATABASE {name} OWNER {USER}")
        if schema is not None:
            self.load(name, schema.read_text("utf-8"))
        return name

    def load(self, database: str, text: str) -> None:
        """Run the statements of an SQL file, as the user."""
        self.admin(f"SET ROLE {USER}; {text}; RESET ROLE", database)

    def settings(self, database: str, options: str = OPTIONS) -> DatabaseSettings:
        """How to get at a database as C{nacos}."""
        return DatabaseSettings((self.url(database, options),), (USER,), (PASSWORD,))

    def url(self, database: str, options: str = OPTIONS) -> str:
        """Its JDBC URL."""
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{database}?{options}"

    def admin(self, statement: str, database: str | None = None) -> tuple[tuple[Any, ...], ...]:
        """Run statements as root, and get the rows of the last."""
        import psycopg

        name = database or "postgres"
        connection = self._admin.get(name)
        if connection is None or connection.closed:
            connection = self._admin[name] = psycopg.connect(
                host=self.folder, port=self.port, user="root", dbname=name, autocommit=True, connect_timeout=5
            )
        try:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(statement)
            while cursor.nextset():
                pass
            return tuple(cursor.fetchall()) if cursor.description else ()
        except psycopg.Error:
            connection.close()
            raise

    def read_only(self, on: bool) -> None:
        """Take writes from no user, or take them again."""
        self.admin(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
        self.admin("SELECT pg_reload_conf()")

    def end_session(self, pid: int) -> None:
        """Cut a connection; it is gone when this returns."""
        self.admin(f"SELECT pg_terminate_backend({pid})")
        until = time.monotonic() + 60
        while self.admin(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}") and time.monotonic() < until:
            time.sleep(0.01)

    def sessions(self, database: str) -> int:
        """How many connections the user has to a database."""
        found = self.admin(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND usename = '{USER}'")
        return int(found[0][0])

    def mighty(self) -> str:
        """The name of a user who may do everything, with the password x."""
        if not self.admin("SELECT 1 FROM pg_roles WHERE rolname = 'mighty'"):
            self.admin("CREATE USER mighty SUPERUSER PASSWORD 'x'")
        return "mighty"

    # -- small things

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603
            [str(_program(program)), *words], capture_output=True, check=False, user=self._user or None, cwd="/"
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {(done.stdout + done.stderr).decode('utf-8', 'replace')[-2000:]}")

    def _children(self) -> list[int]:
        assert self._process is not None
        path = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        try:
            return [int(pid) for pid in pathlib.Path(path).read_text("utf-8").split()]
        except OSError:
            return []

    def _end(self, number: int) -> None:
        assert self._process is not None
        _send(self._process.pid, number)
        self._process.wait(60)
        for connection in self._admin.values():
            connection.close()
        self._admin.clear()
        self._log.close()


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _program(name: str) -> str | None:
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


def _unprivileged() -> str:
    """The user to run it as; "" for the own one. postgres refuses to be root."""
    if os.getuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
