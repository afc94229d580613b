"""Whether a MySQL database tells names apart as this server does: by every letter, case and accent."""

from __future__ import annotations

from nacos_tw.storage.txn import Txn

NAMES: dict[str, tuple[str, ...]] = {
    "config_info": ("data_id", "group_id", "tenant_id"),
    "config_info_beta": ("data_id", "group_id", "tenant_id"),
    "config_info_tag": ("data_id", "group_id", "tenant_id", "tag_id"),
    "config_info_gray": ("data_id", "group_id", "tenant_id", "gray_name"),
    "config_tags_relation": ("tag_name",),
    "his_config_info": ("data_id", "group_id", "tenant_id"),
    "tenant_info": ("tenant_id",),
    "group_capacity": ("group_id",),
    "tenant_capacity": ("tenant_id",),
}
"""Columns that names stand in, by table."""


def cures(txn: Txn) -> tuple[str, ...]:
    """The statements, one a table, after which names that differ are told apart; none: they are."""
    found: dict[str, str] = {}
    for table, column, collation, characters in txn.all(
        "SELECT table_name, column_name, collation_name, character_set_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND collation_name IS NOT NULL"
    ):
        table, characters = str(table).lower(), str(characters)
        if str(column).lower() in NAMES.get(table, ()) and not str(collation).endswith("_bin"):
            found[table] = characters if characters.startswith("utf8") else "utf8mb4"
    return tuple(
        f"ALTER TABLE {table} CONVERT TO CHARACTER SET {found[table]} COLLATE {found[table]}_bin;"
        for table in NAMES
        if table in found
    )
