"""Which kind of database a JDBC URL is for, and what that means: how it is read, the driver, the connection."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from nacos_tw.errors import StartError
from nacos_tw.storage import jdbc, jdbc_postgres
from nacos_tw.storage.jdbc import Target
from nacos_tw.storage.txn import Columns
from nacos_tw.storage.zones import zone

if TYPE_CHECKING:
    from nacos_tw.settings.database import DatabaseSettings
    from nacos_tw.storage.link import Link

DRIVERS = {"mysql": "pymysql", "postgresql": "psycopg"}
"""Kinds of databases, and the modules of their drivers."""


def parse_url(url: str, user: str = "", password: str = "", name: str = "db.url") -> list[Target]:
    """
    The servers of one URL, in its order.

    @param user: counts before the URL's own, if it is not empty.
    @param name: the property's, for errors.
    @raise nacos_tw.errors.SettingsError: the URL is malformed, or asks for what cannot be given; it is not shown.
    """
    read = jdbc_postgres.parse_postgres if jdbc_postgres.is_one(url) else jdbc.parse
    return read(url, user, password, name)


def targets(settings: DatabaseSettings) -> list[Target]:
    """
    All servers of the settings, in their order.

    @raise nacos_tw.errors.SettingsError: a url cannot be used.
    @raise StartError: a file or a time zone that it names cannot, or the driver is not installed.
    """
    found: list[Target] = []
    for number, (url, user, password) in enumerate(zip(settings.urls, settings.users, settings.passwords, strict=True)):
        found += parse_url(url, user, password, f"db.url.{number}")
    kinds = {target.kind for target in found}
    if len(kinds) > 1:
        raise StartError("db.url: expected databases of one kind, but some are MySQL's and some PostgreSQL's")
    if "postgresql" in kinds and find_spec("psycopg") is None:
        raise StartError(
            "db.url: jdbc:postgresql needs the Python package psycopg, which is not installed: "
            "pip install 'nacos_tw[postgresql]' (or 'psycopg[binary]'), into the environment that runs this server"
        )
    for target in found:
        _check(target)
        if target.zone and target.zone.upper() != "SERVER":
            zone(target.zone)
    return found


def _check(target: Target) -> None:
    """@raise StartError: a file of its TLS cannot be used."""
    if target.kind == "postgresql":
        jdbc_postgres.check_files(target.tls)
        return
    from nacos_tw.storage.mysql_link import tls_context

    tls_context(target.tls)


def make_link(target: Target, index: int = 0, columns: Columns | None = None) -> Link:
    """A connection to that server, not opened yet. The driver is imported with the first one."""
    if target.kind == "postgresql":
        from nacos_tw.storage.postgres_link import PostgresLink

        return PostgresLink(target, index, columns)
    from nacos_tw.storage.mysql_link import MySQLLink

    return MySQLLink(target, index, columns)
