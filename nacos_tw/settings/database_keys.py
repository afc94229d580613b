"""The keys of the storage and of an external database (C{spring.datasource.*}, C{db.*})."""

from __future__ import annotations

from typing import Any

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, integer, milliseconds, secret_text, storage_flag, text

PLATFORM = Key(
    "spring.datasource.platform", choice("", "mysql", "postgresql", "derby", embedded="derby", pgsql="postgresql"), "",
    "mysql (also for MariaDB) or postgresql for an external database; if db.num and db.url.0 are set it is external "
    "anyway.", instead="spring.sql.init.platform",
)  # fmt: skip
EMBEDDED = Key(
    "embeddedStorage", storage_flag, "false", "Whether storage is embedded even if a database is configured "
    "(startup.sh -p embedded).", ("EMBEDDED_STORAGE",),
)  # fmt: skip
COUNT = Key("db.num", integer(0, 64), "", "Number of databases.", ("MYSQL_DATABASE_NUM",))
URL = Key(
    "db.url", secret_text(1), "", "A database's JDBC URL, as "
    "jdbc:mysql://127.0.0.1:3306/nacos_config?characterEncoding=utf8&connectTimeout=1000&"
    "socketTimeout=3000&autoReconnect=true&useUnicode=true&useSSL=false&serverTimezone=UTC", numbered=True,
)  # fmt: skip
USER = Key("db.user", text, "", "User of the databases; db.user.N for a single one.", ("MYSQL_SERVICE_USER",))
PASSWORD = Key(
    "db.password", text, "", "Password of that user; db.password.N for a single database.", ("MYSQL_SERVICE_PASSWORD",),
)  # fmt: skip
POOL_MOST = Key(
    "db.pool.config.maximumPoolSize", integer(1, 200), "20", "Maximum number of connections to the database in use.",
)  # fmt: skip
POOL_LEAST = Key("db.pool.config.minimumIdle", integer(0, 200), "2", "Connections that are kept ready.")
POOL_WAIT = Key(
    "db.pool.config.connectionTimeout", milliseconds(250, 600_000), "", "How long a request may wait for a connection; "
    "the URL's socketTimeout if unset.", ("DB_POOL_CONNECTION_TIMEOUT",),
)  # fmt: skip
POOL_CHECK = Key(
    "db.pool.config.validationTimeout", milliseconds(250, 600_000), "10000", "Maximum time for checking a connection.",
)  # fmt: skip
POOL_LIFE = Key(
    "db.pool.config.maxLifetime", milliseconds(1000, 2**31), "1800000", "Age after which a connection is replaced.",
)  # fmt: skip

KEYS: tuple[Key[Any], ...] = (
    PLATFORM,
    EMBEDDED,
    COUNT,
    URL,
    USER,
    PASSWORD,
    POOL_MOST,
    POOL_LEAST,
    POOL_WAIT,
    POOL_CHECK,
    POOL_LIFE,
)
