"""Which tables and columns a database must have, and what it may have beyond."""

from __future__ import annotations

from importlib import resources

import attrs

from nacos_tw.errors import StartError
from nacos_tw.storage.errors import POSTGRES_SCHEMA_FILE, SCHEMA_FILE
from nacos_tw.storage.link import Described
from nacos_tw.storage.txn import Columns, Txn

VERSION = 1
"""Of the SQLite schema."""

_KEY = "data_id group_id tenant_id"
_COPY = f"id {_KEY} app_name content md5 gmt_create gmt_modified src_user src_ip"
_QUOTA = "id quota usage max_size max_aggr_count max_aggr_size max_history_count gmt_create gmt_modified"
NEEDED: dict[str, frozenset[str]] = {
    name: frozenset(columns.split())
    for name, columns in {
        "config_info": f"{_COPY} c_desc c_use effect type c_schema",
        "his_config_info": f"{_COPY} nid op_type",
        "config_tags_relation": f"id tag_name tag_type {_KEY} nid",
        "tenant_info": "id kp tenant_id tenant_name tenant_desc create_source gmt_create gmt_modified",
        "group_capacity": f"{_QUOTA} group_id",
        "tenant_capacity": f"{_QUOTA} tenant_id",
        "users": "username password enabled",
        "roles": "username role",
        "permissions": "role resource action",
    }.items()
}
"""Tables that every version has, with their columns."""
COPIES: dict[str, frozenset[str]] = {
    "config_info_beta": frozenset(f"{_COPY} beta_ips".split()),
    "config_info_tag": frozenset(f"{_COPY} tag_id".split()),
}
"""Tables up to 2.4."""
OF_NAMESPACES = (
    "config_info", "config_info_beta", "config_info_tag", "config_info_gray", "config_tags_relation", "his_config_info",
)  # fmt: skip
"""Tables whose rows are of a namespace."""
LONGEST_ADDRESS = 45
"""Characters of an IPv6 address."""
GRAY = frozenset(f"{_COPY} gray_name gray_rule encrypted_data_key".split())
"""Columns of config_info_gray, which does the same since 2.5."""


def sqlite_script() -> str:
    """The statements that make an empty SQLite file ours."""
    return resources.files("nacos_tw.storage").joinpath("sql/sqlite.sql").read_text("utf-8")


def sqlite_additions() -> str:
    """The statements that add what a file of an earlier day lacks; they change nothing where it is there."""
    return resources.files("nacos_tw.storage").joinpath("sql/sqlite_additions.sql").read_text("utf-8")


def check_mysql(txn: Txn) -> Columns:
    """
    Look at the tables of a MySQL database.

    @return: what it has beyond 1.4's.
    @raise StartError: a table or a column is missing; the line names the file that makes it.
    """
    tables: dict[str, set[str]] = {}
    exact = set()
    for table, column, precision in txn.all(
        "SELECT table_name, column_name, datetime_precision FROM information_schema.columns"
        " WHERE table_schema = DATABASE()"
    ):
        tables.setdefault(str(table).lower(), set()).add(str(column).lower())
        if (precision or 0) >= 3:
            exact.add((str(table).lower(), str(column).lower()))
    found = _columns(tables, SCHEMA_FILE)
    exactly = {("config_info_gray", "gmt_create"), ("config_info_gray", "gmt_modified")} <= exact
    return attrs.evolve(found, gray_millis=exactly)


def check_postgres(txn: Txn) -> Described:
    """
    Look at the tables of a PostgreSQL database that its user finds without naming a schema.

    @raise StartError: as L{check_mysql}; or there are rows without a namespace, which no query finds.
    """
    tables: dict[str, set[str]] = {}
    kinds: dict[tuple[str, str], str] = {}
    nullable: list[str] = []
    for table, column, kind, filled in txn.all(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped"
        " AND c.relkind IN ('r', 'p', 'v', 'f') AND pg_table_is_visible(c.oid)"
    ):
        tables.setdefault(table, set()).add(column)
        kinds[table, column] = kind
        if column == "tenant_id" and not filled and table in OF_NAMESPACES:
            nullable.append(table)
    found = _columns(tables, POSTGRES_SCHEMA_FILE)
    for table in nullable:
        if txn.one(f"SELECT 1 FROM {table} WHERE tenant_id IS NULL LIMIT 1") is not None:
            raise StartError(
                f"the table {table} of the database has rows whose tenant_id is NULL; the public namespace is '': "
                f"UPDATE {table} SET tenant_id = '' WHERE tenant_id IS NULL"
            )
    dates = not kinds["tenant_info", "gmt_create"].startswith(("bigint", "integer"))
    return Described(attrs.evolve(found, gray_millis=True, namespace_dates=dates), _narrow(kinds))


def _narrow(kinds: dict[tuple[str, str], str]) -> str:
    """What to do about columns of addresses that are too narrow for those of IPv6, as in Nacos's own tables."""
    found = [
        f"ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar(50);"
        for (table, column), kind in sorted(kinds.items())
        if column == "src_ip" and table in OF_NAMESPACES and kind.startswith("character varying(")
        if int(kind[18:-1]) < LONGEST_ADDRESS
    ]
    return f"it refuses what comes from long IPv6 addresses; run in it: {' '.join(found)}" if found else ""


def _columns(tables: dict[str, set[str]], file: str) -> Columns:
    for name, columns in NEEDED.items():
        _require(tables, name, columns, file)
    beta = all(name in tables for name in COPIES)
    if beta or "config_info_gray" not in tables:
        for name, columns in COPIES.items():
            _require(tables, name, columns, file)
    else:
        _require(tables, "config_info_gray", GRAY, file)
    history = tables["his_config_info"]
    return Columns(
        encrypted_data_key="encrypted_data_key" in tables["config_info"],
        history_encrypted_data_key="encrypted_data_key" in history,
        beta_encrypted_data_key="encrypted_data_key" in tables.get("config_info_beta", ()),
        history_publish_type="publish_type" in history,
        history_gray_name={"gray_name", "ext_info"} <= history,
        gray=tables.get("config_info_gray", set()) >= GRAY,
        labelled=tables.get("config_info_gray", set()) >= GRAY,
        beta=beta,
    )


def _require(tables: dict[str, set[str]], name: str, columns: frozenset[str], file: str) -> None:
    if name not in tables:
        raise StartError(f"the database has no table {name}: run {file} in it (or the one of your Nacos)")
    missing = sorted(columns - tables[name])
    if missing:
        raise StartError(f"the table {name} of the database has no column {missing[0]}: compare it with {file}")
