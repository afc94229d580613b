"""One connection to PostgreSQL, through psycopg, and a transaction on it. Blocking: for the threads of the pool."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from nacos_tw.errors import NacosError, StartError, Unavailable, ValueRefused
from nacos_tw.storage import zones
from nacos_tw.storage.errors import Deadlock, LinkLost
from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.link import Described, Link
from nacos_tw.storage.postgres_errors import connection_problem, postgres_problem
from nacos_tw.storage.postgres_spelling import Spelled, postgres_spelled, too_long
from nacos_tw.storage.schema import check_postgres
from nacos_tw.storage.txn import Columns, Row, Txn

_MODES = {
    "disabled": "disable", "preferred": "prefer", "required": "require",
    "verify_ca": "verify-ca", "verify_identity": "verify-full",
}  # fmt: skip
_POINT = "nacos_tw_statement"
"""The savepoint before a statement that the database may refuse: without one it gives the whole transaction up."""
_LENGTHS = (
    "SELECT attname, atttypmod - 4 FROM pg_attribute WHERE attrelid = to_regclass(?) AND atttypmod > 4"
    " AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype)"
)
_FACTS = "SELECT current_setting('server_version'), datcollate FROM pg_database WHERE datname = current_database()"


class PostgresLink(Link):
    """To PostgreSQL: UTF-8, READ COMMITTED. Texts are put into statements here, so that each is one round trip."""

    def __init__(self, target: Target, index: int = 0, columns: Columns | None = None) -> None:
        """Nothing is connected before L{open}."""
        super().__init__(target, index, columns)
        self._pq: Any = None
        self._connection: Any = None

    # -- connecting

    def open(self, within: float) -> None:
        """As L{Link.open}."""
        self.limit(within)
        try:
            self._connect()
            self._prepare()
        except (psycopg.Error, OSError) as error:
            trouble = postgres_problem(error)
        except NacosError:
            self.close()
            raise
        else:
            return
        self.close()
        raise Unavailable(str(trouble)) if isinstance(trouble, LinkLost) else trouble

    def _connect(self) -> None:
        limit = min(self._limit, self.target.connect_timeout)
        made = self._pq = pq.PGconn.connect_start(_conninfo(self.target))
        status: Any = pq.PollingStatus.WRITING
        while made.status != pq.ConnStatus.BAD and status != pq.PollingStatus.OK:
            if status == pq.PollingStatus.FAILED:
                break
            _wait(made.socket, 1 if status == pq.PollingStatus.READING else 2, limit)
            status = made.connect_poll()
        if made.status == pq.ConnStatus.BAD or status != pq.PollingStatus.OK:
            raise connection_problem(made.error_message.decode("utf-8", "replace"), bool(made.used_password))
        made.nonblocking = 1
        self._connection = psycopg.Connection(made)
        self._connection.autocommit = True
        self._connection.wait = self._waited

    def _waited(self, gen: Any, *_: Any, **__: Any) -> Any:
        """What psycopg calls to wait for an answer: as long as this link may."""
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(_wait(self._pq.socket, wanted, self._limit))
        except StopIteration as stop:
            return stop.value

    def _prepare(self) -> None:
        settings = [f"lock_timeout = {max(1, int(self.target.socket_timeout) - 1) * 1000}", "datestyle = 'ISO'"]
        if self.target.schema:
            settings.append(f'search_path = "{self.target.schema}"')
        self._exchange("; ".join(f"SET {setting}" for setting in settings), ())
        self.refresh()
        self.zone = self._zone()

    def _zone(self) -> tzinfo | None:
        wanted = self.target.zone
        if wanted and wanted.upper() != "SERVER":
            return zones.zone(wanted)
        name, seconds = self._exchange(
            "SELECT current_setting('TimeZone'), CAST(EXTRACT(TIMEZONE FROM now()) AS integer)", ()
        )[1][0]
        try:
            return zones.zone(name)
        except StartError:  # known to the server alone
            return zones.fixed(seconds)

    # -- use

    def describe(self) -> Described:
        """As L{Link.describe}."""
        return check_postgres(self.txn(lambda: None))

    def refresh(self) -> None:
        """As L{Link.refresh}."""
        self.read_only = self._exchange("SELECT current_setting('transaction_read_only')", ())[1][0][0] == "on"

    def tell(self) -> tuple[str, str]:
        """As L{Link.tell}."""
        version, collation = self._exchange(_FACTS, ())[1][0]
        return f"PostgreSQL {version}", str(collation)

    def txn(self, answered: Callable[[], None]) -> PostgresTxn:
        """As L{Link.txn}."""
        return PostgresTxn(self, answered)

    def commit(self) -> None:
        """As L{Link.commit}."""
        if self._idle() or self._exchange("COMMIT", ())[2] == "COMMIT":
            return
        # After a statement that failed it answers so, and an error was lost on the way.
        raise Deadlock("the database gave the transaction up")

    def rollback(self) -> None:
        """As L{Link.rollback}; a connection that is broken is given up as a whole, its transaction with it."""
        if not self.broken and not self._idle():
            self._exchange("ROLLBACK", ())

    def run(self, statement: Spelled, params: Sequence[Any]) -> tuple[int, Sequence[Row]]:
        """
        One statement of a transaction, which begins with the first.

        @return: (rows found or changed, rows)
        @raise NacosError: see L{postgres_problem}. After L{ValueRefused} and L{Duplicate} the transaction goes on.
        """
        text, skipped = statement.text, 0
        if statement.guarded:
            text, skipped = f"SAVEPOINT {_POINT}; {text}; RELEASE SAVEPOINT {_POINT}", 1
        if self._idle():
            text, skipped = f"BEGIN ISOLATION LEVEL READ COMMITTED; {text}", skipped + 1
        try:
            count, rows, _ = self._exchange(text, params, skipped)
            return count, rows
        except NacosError as error:
            trouble = error
        if statement.guarded and self._in_error():
            self._exchange(f"ROLLBACK TO SAVEPOINT {_POINT}; RELEASE SAVEPOINT {_POINT}", ())
            if isinstance(trouble, ValueRefused) and trouble.rule == "length" and not trouble.column:
                lengths: dict[str, int] = dict(self._exchange(_LENGTHS.replace("?", "%s"), (statement.table,))[1])
                trouble = ValueRefused("length", too_long(statement, params, lengths))
        raise trouble

    def _idle(self) -> bool:
        return bool(self._pq.transaction_status == pq.TransactionStatus.IDLE)

    def _in_error(self) -> bool:
        return not self.broken and self._pq.transaction_status == pq.TransactionStatus.INERROR

    def _exchange(self, text: str, params: Sequence[Any], skipped: int = 0) -> tuple[int, Sequence[Row], str]:
        """
        Send statements, and get the answer to the one after so many.

        @return: (rows found or changed, rows, what the server says of it)
        """
        try:
            cursor = psycopg.ClientCursor(self._connection)
            cursor.execute(text, tuple(params))
            for _ in range(skipped):
                cursor.nextset()
            rows = cursor.fetchall() if cursor.description else []
            return cursor.rowcount, rows, cursor.statusmessage or ""
        except (psycopg.Error, OSError, UnicodeError) as error:
            lost = isinstance(error, OSError) or self._pq.status != pq.ConnStatus.OK
            self.broken = self.broken or lost
            trouble = postgres_problem(error, lost)
        self.broken = self.broken or isinstance(trouble, LinkLost)
        raise trouble  # out of the except block: the new error must not carry the old one with its values

    def alive(self) -> bool:
        """As L{Link.alive}."""
        try:
            self._exchange("SELECT 1", ())
            return True
        except LinkLost:
            return False

    def interrupt(self) -> None:
        """As L{Link.interrupt}."""
        self.broken = True
        made = self._pq
        try:
            if made is not None:
                with socket.socket(fileno=os.dup(made.socket)) as sock:
                    sock.shutdown(socket.SHUT_RDWR)
        except (OSError, psycopg.Error):
            pass  # gone already

    def close(self) -> None:
        """As L{Link.close}."""
        self.broken = True
        if self._pq is not None:
            self._pq.finish()


class PostgresTxn(Txn):
    """A transaction on a link."""

    __slots__ = ("_answered", "_link")

    dialect = "postgresql"
    for_update = " FOR UPDATE"
    for_share = (
        ""  # READ COMMITTED: each statement sees what is committed. A lock that several share could not be widened
    )

    def __init__(self, link: PostgresLink, answered: Callable[[], None]) -> None:
        """@param answered: called after each statement; may raise."""
        super().__init__(link.columns)
        self._link = link
        self._answered = answered

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """As L{Txn.execute}."""
        count, rows = self._run(sql, params)
        self.last_id = rows[-1][0] if rows else 0
        return count

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """As L{Txn.all}."""
        return list(self._run(sql, params)[1])

    def one(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """As L{Txn.one}."""
        rows = self._run(sql, params)[1]
        return rows[0] if rows else None

    def datetime(self, millis: int, whole: bool = True) -> datetime:
        """As L{Txn.datetime}: these columns keep what they are given."""
        return zones.to_column(millis, self._link.zone, False)

    def millis(self, value: Any) -> int:
        """As L{Txn.millis}."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            return round(value.timestamp() * 1000)
        return zones.from_column(value, self._link.zone)

    def _run(self, sql: str, params: Sequence[Any]) -> tuple[int, Sequence[Row]]:
        try:
            return self._link.run(postgres_spelled(sql), params)
        finally:
            self._answered()


def _wait(descriptor: int, wanted: int, seconds: float) -> Any:
    """
    Wait until a socket can be read (1 in C{wanted}) or written to (2).

    @return: what it can, as psycopg has it.
    @raise TimeoutError: the time is up.
    """
    poll = select.poll()
    poll.register(descriptor, (select.POLLIN if wanted & 1 else 0) | (select.POLLOUT if wanted & 2 else 0))
    until = time.monotonic() + seconds
    found = poll.poll(seconds * 1000)
    if not found:
        raise TimeoutError(f"nothing within {time.monotonic() - until + seconds:.2f} s")
    events = found[0][1]
    ready = (1 if events & ~select.POLLOUT else 0) | (2 if events & ~select.POLLIN else 0)
    return psycopg.waiting.Ready(ready & wanted or wanted)


def _conninfo(target: Target) -> bytes:
    tls = target.tls
    options: dict[str, Any] = {
        "host": os.path.dirname(target.socket) if target.socket else target.host,
        "port": target.port,
        "dbname": target.database,
        "user": target.user,
        "password": target.password,
        "client_encoding": "UTF8",
        "application_name": "nacos_tw",
        "gssencmode": "disable",
        "sslmode": _MODES[tls.mode],
        "sslrootcert": tls.authority,
        "sslcert": tls.certificate,
        "sslkey": tls.key,
        "sslpassword": tls.key_password,
    }
    found = {name: value for name, value in options.items() if value != ""}
    return make_conninfo("", **found).encode("utf-8")
