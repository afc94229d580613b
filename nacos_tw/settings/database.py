"""Where a node keeps its configs: in an external database, or in files of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from nacos_tw.errors import SettingsError
from nacos_tw.settings import database_keys as keys
from nacos_tw.settings.key import Key
from nacos_tw.settings.properties import UnresolvedError
from nacos_tw.settings.reading import Reader

_URLS = {"mysql": ("jdbc:mysql:", "jdbc:mariadb:"), "postgresql": ("jdbc:postgresql:", "jdbc:pgsql:")}
"""How the URLs of each platform begin."""


@attrs.frozen
class PoolSettings:
    """
    How many connections, and for how long. Times in seconds.

    @ivar least: kept ready; C{most}: at a time.
    @ivar wait: for a free one; 0 for as long as a statement may take.
    @ivar check: a check of one may take.
    @ivar life: then it is made anew.
    """

    least: int = 2
    most: int = 20
    wait: float = 0.0
    check: float = 10.0
    life: float = 1800.0


@attrs.frozen
class DatabaseSettings:
    """The external database. C{users} and C{passwords} have one entry per url."""

    urls: tuple[str, ...] = attrs.field(repr=False)
    users: tuple[str, ...] = attrs.field(repr=False)
    passwords: tuple[str, ...] = attrs.field(repr=False)
    pool: PoolSettings = PoolSettings()

    @property
    def user(self) -> str:
        """The first url's user."""
        return self.users[0]

    @property
    def password(self) -> str:
        """The first url's password."""
        return self.passwords[0]

    @property
    def platform(self) -> str:
        """Which database it is: C{mysql}, which MariaDB is too, or C{postgresql}."""
        return "postgresql" if self.urls[0].startswith(_URLS["postgresql"]) else "mysql"


def storage(reader: Reader, environ: Mapping[str, str]) -> tuple[str, DatabaseSettings | None]:
    """
    External if MySQL or PostgreSQL is chosen, or a database's url is given and nothing is chosen.

    @raise SettingsError: a database is configured in part: this node would keep configs of its own, beside others that
        have them in the database.
    """
    if reader.get(keys.EMBEDDED):
        return "embedded", None
    platform = reader.get(keys.PLATFORM)
    try:
        urls = _urls(reader) or _container_url(environ)
    except UnresolvedError:
        # The container image's file names MySQL's host by a placeholder even where there is no MySQL.
        if platform in ("mysql", "postgresql"):
            raise
        return "embedded", None
    if platform == "derby":
        return "embedded", None
    if platform in ("mysql", "postgresql") and not urls:
        raise SettingsError(
            f"{reader.filename}: spring.datasource.platform is {platform}, expected db.num=1 and db.url.0"
        )
    for number, url in enumerate(urls):
        if platform and not url.startswith(_URLS[platform]):
            raise SettingsError(
                f"{reader.filename}: spring.datasource.platform is {platform}, but db.url.{number} is for another "
                f"database: expected {_URLS[platform][0]}//host:port/database"
            )
    if not urls:
        _refuse_parts(reader)
        return "embedded", None
    users = tuple(_numbered_or_plain(reader, keys.USER, number) for number in range(len(urls)))
    passwords = tuple(_numbered_or_plain(reader, keys.PASSWORD, number) for number in range(len(urls)))
    return "external", DatabaseSettings(urls, users, passwords, _pool(reader))


def _refuse_parts(reader: Reader) -> None:
    """@raise SettingsError: there is no db.url.0, but another key that makes sense with one only."""
    named: list[tuple[Key[Any], int | None]] = [(keys.COUNT, None)] if reader.get(keys.COUNT) else []
    for key in (keys.URL, keys.USER, keys.PASSWORD):
        named += [(key, number) for number in (None, *range(10))]
    for key, number in named:
        value = reader.value(key, number)
        if value is not None:
            name = key.name if number is None else f"{key.name}.{number}"
            raise SettingsError(
                f"{value.origin}: {name} is set, but db.url.0 is not; expected db.url.0=jdbc:mysql://host:port/database,"
                " or spring.datasource.platform=derby for embedded storage"
            )


def _pool(reader: Reader) -> PoolSettings:
    most = reader.get(keys.POOL_MOST)
    wait, check, life = map(reader.get, (keys.POOL_WAIT, keys.POOL_CHECK, keys.POOL_LIFE))
    return PoolSettings(min(reader.get(keys.POOL_LEAST), most), most, wait, check, life)


def _urls(reader: Reader) -> tuple[str, ...]:
    """db.url.0 up to db.num, or all that are there if db.num is not set."""
    count = reader.get(keys.COUNT)
    urls = reader.all(keys.URL)
    if urls and count == 0 and reader.value(keys.COUNT) is not None:
        raise SettingsError(f"{reader.filename}: db.num=0, but db.url.0 is set: expected db.num={len(urls)}")
    if count and urls and len(urls) < count:
        raise SettingsError(f"{reader.filename}: db.num={count}, expected db.url.{len(urls)} too")
    for number, url in enumerate(urls):
        if not url.startswith(sum(_URLS.values(), ())):
            raise SettingsError(
                f"{reader.filename}: db.url.{number}: expected jdbc:mysql://host:port/database, or jdbc:postgresql:"
            )
    return tuple(urls[:count] if count else urls)


def _container_url(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The url that the variables of Nacos's container image stand for."""
    host = environ.get("MYSQL_SERVICE_HOST")
    if not host:
        return ()
    port = environ.get("MYSQL_SERVICE_PORT") or "3306"
    name = environ.get("MYSQL_SERVICE_DB_NAME") or "nacos_config"
    options = environ.get("MYSQL_SERVICE_DB_PARAM") or "characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000"
    return (f"jdbc:mysql://{host}:{port}/{name}?{options}",)


def _numbered_or_plain(reader: Reader, key: Key[str], number: int) -> str:
    """db.user.N, else db.user.0, else db.user."""
    for index in (number, 0, None):
        if reader.value(key, index) is not None:
            return reader.get(key, index)
    return ""
