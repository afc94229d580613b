"""Which tables and columns a database must have, and what it may have beyond."""

from __future__ import annotations

from importlib import resources

from nacos_tw.errors import StartError
from nacos_tw.storage.errors import SCHEMA_FILE
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
    for name, columns in NEEDED.items():
        _require(tables, name, columns)
    beta = all(name in tables for name in COPIES)
    if beta or "config_info_gray" not in tables:
        for name, columns in COPIES.items():
            _require(tables, name, columns)
    else:
        _require(tables, "config_info_gray", GRAY)
    history = tables["his_config_info"]
    return Columns(
        encrypted_data_key="encrypted_data_key" in tables["config_info"],
        history_encrypted_data_key="encrypted_data_key" in history,
        beta_encrypted_data_key="encrypted_data_key" in tables.get("config_info_beta", ()),
        history_publish_type="publish_type" in history,
        history_gray_name={"gray_name", "ext_info"} <= history,
        gray=tables.get("config_info_gray", set()) >= GRAY,
        labelled=tables.get("config_info_gray", set()) >= GRAY,
        gray_millis={("config_info_gray", "gmt_create"), ("config_info_gray", "gmt_modified")} <= exact,
        beta=beta,
    )


def _require(tables: dict[str, set[str]], name: str, columns: frozenset[str]) -> None:
    if name not in tables:
        raise StartError(f"the database has no table {name}: run {SCHEMA_FILE} in it (or the one of your Nacos)")
    missing = sorted(columns - tables[name])
    if missing:
        raise StartError(f"the table {name} of the database has no column {missing[0]}: compare it with {SCHEMA_FILE}")
