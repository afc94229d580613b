"""A real MariaDB for tests: started when the first test wants it, on a folder and port of its own, ended at exit.

    class MyTests(TestCase):
        skip = mariadb.missing()

        def setUp(self):
            self.settings = mariadb.server().fresh()     # DatabaseSettings of an empty database with Nacos's tables

As root, Debian's package is installed if it is missing. Where there is no server to be had, L{missing} says why.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from nacos_tw.settings.database import DatabaseSettings
from tests.freezing import freeze
from tests.ports import free_port

SCHEMA = pathlib.Path(__file__).parent.parent / "conf" / "nacos-mysql.sql"
OPTIONS = (
    "characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&useUnicode=true&useSSL=false&serverTimezone=UTC"
)
QUICK = OPTIONS.replace("socketTimeout=3000", "socketTimeout=2000")
"""Options with a short time limit."""
PATIENT = OPTIONS.replace("socketTimeout=3000", "socketTimeout=30000")
"""Options with a long one."""
SLEEP = "SLEEP"
"""A function that takes so many seconds."""
CONNECTION = "SELECT CONNECTION_ID()"
"""The server's number of the connection."""
SCHEMA_NAME = "conf/nacos-mysql.sql"
USER, PASSWORD = "nacos", "s3cret-P@ss"
_NAMES = itertools.count(1)
_FAST = (
    "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-buffer-pool-size=64M", "--skip-log-bin",
    "--performance-schema=OFF", "--innodb-log-file-size=64M", "--max-connections=200", "--skip-name-resolve",
)  # fmt: skip
"""Safe when it is killed, not when the machine is."""


@functools.cache
def missing() -> str:
    """Why there is no MariaDB here; "" if there is one."""
    if _program("mariadbd", "mysqld") and _program("mariadb-install-db", "mysql_install_db"):
        return ""
    if os.getuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "mariadb-server"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (install, ["apt-get", "update"], install):
            done = subprocess.run(command, env=environ, capture_output=True, check=False)  # noqa: S603
            if command is install and done.returncode == 0:
                return missing.__wrapped__() if not _program("mariadbd", "mysqld") else ""
    return "no MariaDB on this machine: apt-get install mariadb-server"


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
    """One mariadbd. C{options}: more of its command line."""

    def __init__(self, *options: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="nacos_tw-mariadb-")
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "s")
        self.port = free_port()
        self.options = options
        self._templates: dict[str, list[str]] = {}
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: Any = None
        # A server that starts removes all passing tables where it keeps its own: also those of others there.
        self._environment = {**os.environ, "TMPDIR": self.folder}
        os.mkdir(self.data)
        if self._user:
            shutil.chown(self.folder, self._user)
            shutil.chown(self.data, self._user)
        self._run(
            str(_program("mariadb-install-db", "mysql_install_db")), "--no-defaults", f"--datadir={self.data}",
            "--auth-root-authentication-method=normal", "--skip-test-db", *self._as_user(),
        )  # fmt: skip
        self.start()
        self.admin(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
        self.admin(f"GRANT ALL ON `nacos%`.* TO '{USER}'@'%'")

    # -- its life

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        self._log = open(os.path.join(self.folder, "log"), "ab")  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603
            [
                str(_program("mariadbd", "mysqld")), "--no-defaults", f"--datadir={self.data}",
                f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1",
                f"--pid-file={self.folder}/pid", *_FAST, *self.options,
            ],
            stdout=self._log, stderr=self._log, start_new_session=True, preexec_fn=_with_parent(),
            user=self._user or None, env=self._environment,
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.admin("SELECT 1")
                return
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"mariadbd does not start: {error}\n{self.log()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Let it end, as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It keeps its connections, but answers nothing."""
        assert self._process is not None
        freeze(self._process.pid)

    def resume(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

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
        """The name of a new database."""
        name = f"nacos_config_{next(_NAMES)}"
        self.admin(f"CREATE DATABASE {name} DEFAULT CHARACTER SET utf8")
        if schema is not None:
            self.load(name, schema.read_text("utf-8"))
        return name

    def load(self, database: str, text: str) -> None:
        """Run the statements of an SQL file, one by one."""
        for statement in statements(text):
            self.admin(statement, database)

    def settings(self, database: str, options: str = OPTIONS) -> DatabaseSettings:
        """How to get at a database as C{nacos}."""
        return DatabaseSettings((self.url(database, options),), (USER,), (PASSWORD,))

    def url(self, database: str, options: str = OPTIONS) -> str:
        """Its JDBC URL."""
        return f"jdbc:mysql://127.0.0.1:{self.port}/{database}?{options}"

    def admin(self, statement: str, database: str | None = None) -> tuple[tuple[Any, ...], ...]:
        """Run one statement as root, and get its rows."""
        import pymysql

        if self._admin is None or not self._admin.open:
            self._admin = pymysql.connect(
                unix_socket=self.socket, user="root", charset="utf8mb4", autocommit=True, connect_timeout=5,
                read_timeout=30, ssl_disabled=True,
            )  # fmt: skip
        try:
            if database is not None:
                self._admin.select_db(database)
            with self._admin.cursor() as cursor:
                cursor.execute(statement)
                return tuple(cursor.fetchall())
        except pymysql.OperationalError:
            self._admin._force_close()
            raise

    def read_only(self, on: bool) -> None:
        """Take writes from no user, or take them again."""
        self.admin(f"SET GLOBAL read_only = {int(on)}")

    def end_session(self, number: int) -> None:
        """Cut a connection."""
        self.admin(f"KILL {number}")

    def sessions(self, database: str) -> int:
        """How many connections the user has to a database."""
        found = self.admin(
            f"SELECT count(*) FROM information_schema.processlist WHERE db = '{database}' AND user = '{USER}'"
        )
        return int(found[0][0])

    def mighty(self) -> str:
        """The name of a user who may do everything, with the password x."""
        self.admin("CREATE OR REPLACE USER 'mighty'@'%' IDENTIFIED BY 'x'")
        self.admin("GRANT ALL ON *.* TO 'mighty'@'%'")
        return "mighty"

    # -- small things

    def _as_user(self) -> tuple[str, ...]:
        return (f"--user={self._user}",) if self._user else ()

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, check=False, env=self._environment)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr).decode('utf-8', 'replace')[-2000:]}")

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(60)
        self._log.close()


@functools.cache
def statements(text: str) -> tuple[str, ...]:
    """The statements of an SQL file: each ends with C{;} at the end of a line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return tuple(part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" \n;"))


def _program(*names: str) -> str | None:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/usr/libexec"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def _unprivileged() -> str:
    """The user to run it as; "" for the own one. mariadbd refuses to be root."""
    if os.getuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "mysql" if "mysql" in names else "nobody"


def _with_parent() -> Callable[[], object] | None:
    """What makes the child end when a test run is killed (Linux)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, signal.SIGKILL)
