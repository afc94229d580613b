"""One connection to MySQL, through PyMySQL, and a transaction on it. Blocking: for the threads of the pool."""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from nacos_tw.errors import NacosError, StartError, Unavailable, ValueRefused
from nacos_tw.storage import zones
from nacos_tw.storage.collations import cures
from nacos_tw.storage.errors import LinkLost
from nacos_tw.storage.jdbc import Target, Tls
from nacos_tw.storage.link import LEAST, Described, Link
from nacos_tw.storage.mysql_errors import mysql_problem
from nacos_tw.storage.schema import check_mysql
from nacos_tw.storage.txn import Columns, Row, Txn

_FACTS = (
    "read_only", "super_read_only", "innodb_read_only", "max_allowed_packet", "binlog_format", "log_bin", "time_zone",
    "system_time_zone",
)  # fmt: skip
_COLLATIONS = (
    "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = DATABASE()"
    " AND table_name = 'config_info' AND column_name IN ('data_id', 'group_id', 'tenant_id')"
)
ALIKE = "it takes names for the same that differ in cases or accents alone, and refuses the second of them"
"""What is wrong with its collations, where something is."""


class MySQLLink(Link):
    """
    To MySQL or MariaDB: utf8mb4, strict.

    @ivar largest: bytes of a statement that the server takes.
    """

    def __init__(self, target: Target, index: int = 0, columns: Columns | None = None) -> None:
        """Nothing is connected before L{open}."""
        super().__init__(target, index, columns)
        self.largest = 2**24
        self._connection: Any = None

    def open(self, within: float) -> None:
        """As L{Link.open}."""
        self.limit(within)
        try:
            self._connection = _connection(self.target, self._limit)
            self._connection.connect()
        except NacosError:
            raise
        except Exception as error:  # also what PyMySQL trips over where another kind of server answers
            trouble = _connect_error(error)
        else:
            try:
                self._prepare()
                return
            except BaseException:
                self.close()
                raise
        raise trouble

    def look(self) -> dict[str, str]:
        """Ask the server what it is like now: sets C{read_only} and C{largest}."""
        names = ",".join(map(repr, _FACTS))
        facts: dict[str, str] = dict(self.run(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})")[2])
        self.read_only = any(
            facts.get(name, "OFF").upper() not in ("OFF", "0", "") for name in _FACTS if name.endswith("read_only")
        )
        self.largest = int(facts.get("max_allowed_packet", 2**24))
        return facts

    def _prepare(self) -> None:
        facts = self.look()
        settings = [
            "sql_mode = CONCAT_WS(',', REPLACE(@@SESSION.sql_mode, 'ANSI_QUOTES', ''), 'STRICT_TRANS_TABLES')",
            f"innodb_lock_wait_timeout = {max(1, int(self.target.socket_timeout) - 1)}",
        ]
        if facts.get("log_bin", "OFF") == "OFF" or facts.get("binlog_format", "ROW") != "STATEMENT":
            # Fewer locks between rows, so fewer deadlocks between publishers.
            self.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.run(f"SET SESSION {', '.join(settings)}")
        self.zone = self._zone(facts)
        self.run("COMMIT")

    def _zone(self, facts: dict[str, str]) -> tzinfo | None:
        wanted = self.target.zone
        if wanted and wanted.upper() != "SERVER":
            return zones.zone(wanted)
        name = self.run("SELECT @@SESSION.time_zone")[2][0][0]
        name = facts.get("system_time_zone", "") if name.upper() == "SYSTEM" else name
        if "/" in name or name[:1] in "+-" or name.upper() in ("UTC", "GMT"):
            try:
                return zones.zone(name)
            except StartError:
                pass  # known to the server alone
        return zones.fixed(int(self.run("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())")[2][0][0]))

    # -- use

    def describe(self) -> Described:
        """As L{Link.describe}."""
        txn = MySQLTxn(self, lambda: None)
        columns, found = check_mysql(txn), cures(txn)
        return Described(columns, f"{ALIKE}; run in it: {' '.join(found)}" if found else "")

    def refresh(self) -> None:
        """As L{Link.refresh}."""
        self.look()

    def tell(self) -> tuple[str, str]:
        """As L{Link.tell}."""
        found = {str(row[0]) for row in self.run(_COLLATIONS)[2]}
        return str(self.run("SELECT VERSION()")[2][0][0]), ", ".join(sorted(found))

    def txn(self, answered: Callable[[], None]) -> MySQLTxn:
        """As L{Link.txn}."""
        return MySQLTxn(self, answered)

    def commit(self) -> None:
        """As L{Link.commit}."""
        self.run("COMMIT")

    def rollback(self) -> None:
        """As L{Link.rollback}."""
        self.run("ROLLBACK")

    def run(self, sql: str, params: Sequence[Any] | None = None) -> tuple[int, int, Sequence[Row]]:
        """
        One statement in PyMySQL's spelling.

        @return: (rows found or changed, last id, rows)
        @raise NacosError: see L{mysql_problem}.
        """
        connection = self._connection
        try:
            connection._read_timeout = connection._write_timeout = self._limit
            cursor = connection.cursor()
            data = (sql if params is None else cursor.mogrify(sql, params)).encode("utf-8")
            if len(data) >= self.largest - 16:
                trouble: NacosError = ValueRefused("packet")
            else:
                count = cursor.execute(data)
                return count, cursor.lastrowid or 0, cursor.fetchall()
        except pymysql.Error as error:
            trouble = self._failed(error)
        except (UnicodeError, OSError) as error:
            trouble = mysql_problem(error)
            self.broken = self.broken or isinstance(error, OSError)
        raise trouble  # out of the except block: the new error must not carry the old one with its values

    def _failed(self, error: BaseException) -> NacosError:
        trouble = mysql_problem(error)
        if isinstance(trouble, LinkLost) or not self._connection.open:
            self.broken = True
        return trouble

    def alive(self) -> bool:
        """As L{Link.alive}."""
        try:
            self._connection._read_timeout = self._connection._write_timeout = self._limit
            self._connection.ping(reconnect=False)
            return True
        except (pymysql.Error, OSError) as error:
            self.broken = True
            trouble = mysql_problem(error)
        if isinstance(trouble, Unavailable) and not isinstance(trouble, LinkLost):
            raise trouble
        return False

    def interrupt(self) -> None:
        """As L{Link.interrupt}."""
        self.broken = True
        sock = getattr(self._connection, "_sock", None)
        try:
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # gone already

    def close(self) -> None:
        """As L{Link.close}."""
        self.broken = True
        if self._connection is None:
            return
        try:
            self._connection._write_timeout = LEAST
            self._connection.close()
        except (pymysql.Error, OSError):
            pass  # closed already


class MySQLTxn(Txn):
    """A transaction on a link."""

    __slots__ = ("_answered", "_link")

    dialect = "mysql"
    for_update = " FOR UPDATE"
    for_share = " LOCK IN SHARE MODE"

    def __init__(self, link: MySQLLink, answered: Callable[[], None]) -> None:
        """
        @param answered: called after each statement; may raise.
        """
        super().__init__(link.columns)
        self._link = link
        self._answered = answered

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """As L{Txn.execute}."""
        count, self.last_id, _ = self._run(sql, params)
        return count

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """As L{Txn.all}."""
        return list(self._run(sql, params)[2])

    def one(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """As L{Txn.one}."""
        rows = self._run(sql, params)[2]
        return rows[0] if rows else None

    def datetime(self, millis: int, whole: bool = True) -> datetime:
        """As L{Txn.datetime}."""
        return zones.to_column(millis, self._link.zone, whole)

    def millis(self, value: Any) -> int:
        """As L{Txn.millis}."""
        return zones.from_column(value, self._link.zone)

    def _run(self, sql: str, params: Sequence[Any]) -> tuple[int, int, Sequence[Row]]:
        try:
            return self._link.run(spelled(sql), tuple(params))
        finally:
            self._answered()


@functools.lru_cache(maxsize=512)
def spelled(sql: str) -> str:
    """A statement with C{?} as PyMySQL wants it, with C{%s}; what stands between quotes is left alone."""
    out, quote = [], ""
    for character in sql:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "?":
            out.append("%s")
            continue
        out.append("%%" if character == "%" else character)
    return "".join(out)


def _connection(target: Target, answer: float) -> Any:
    """PyMySQL's object, not connected yet."""
    context = tls_context(target.tls)
    required = target.tls.mode not in ("disabled", "preferred")
    connection = pymysql.connections.Connection(
        host=target.host,
        port=target.port,
        unix_socket=target.socket or None,
        user=target.user,
        password=target.password.encode("utf-8"),
        database=target.database,
        charset="utf8mb4",
        client_flag=CLIENT.FOUND_ROWS,
        autocommit=False,
        connect_timeout=min(target.connect_timeout, answer),
        read_timeout=answer,
        write_timeout=answer,
        program_name="nacos_tw",
        ssl=context if required else None,
        ssl_disabled=None if context else True,
        defer_connect=True,
    )
    if context is not None:
        connection.ctx = context  # in place of PyMySQL's own, for a server that offers TLS
    return connection


def tls_context(tls: Tls) -> ssl.SSLContext | None:
    """
    How to speak TLS; None for not at all.

    @raise StartError: a file cannot be used.
    """
    if tls.mode == "disabled":
        return None
    verifies = tls.verifies
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = tls.mode == "verify_identity"
        context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
        if verifies and tls.authority:
            context.load_verify_locations(tls.authority)
        elif verifies:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, password=lambda: tls.key_password)
        versions = [_VERSIONS[version] for version in tls.versions if version in _VERSIONS]
        if versions:
            context.minimum_version, context.maximum_version = min(versions), max(versions)
        return context
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or "it cannot be read as PEM"
    raise StartError(f"db.url: the TLS files {tls.authority or ''} {tls.certificate}".rstrip() + f": {why}")


_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def _connect_error(error: BaseException) -> NacosError:
    cause = getattr(error, "original_exception", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unavailable(f"the database's certificate is not accepted: {cause.verify_message}")
    if isinstance(cause, ssl.SSLError):
        return Unavailable(f"no TLS connection to the database: {cause.reason or 'refused'}")
    if isinstance(cause, TimeoutError):
        return Unavailable("the database does not answer")
    if isinstance(cause, OSError) and not isinstance(cause, pymysql.Error):
        return Unavailable(f"no connection to the database: {cause.strerror or type(cause).__name__}")
    trouble = mysql_problem(error)
    return Unavailable(str(trouble)) if isinstance(trouble, LinkLost) else trouble
