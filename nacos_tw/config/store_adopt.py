"""Copies that only the tables of older versions have, brought into config_info_gray (see L{store_gray})."""

from __future__ import annotations

from nacos_tw.config.store_gray import gray_name, gray_rule
from nacos_tw.storage.txn import Txn

_COLUMNS = "data_id, group_id, tenant_id, app_name, content, md5, gmt_create, gmt_modified, src_user, src_ip"


def adopt(txn: Txn) -> int:
    """
    Insert into config_info_gray what it lacks of config_info_beta and config_info_tag, and replace what is older there.
    For the start on a database that has both; repeating it changes nothing.

    @return: how many copies were brought over.
    """
    if not (txn.columns.gray and txn.columns.beta):
        return 0
    beta = [(row[0], None, row[1] or "") for row in _missing(txn, "config_info_beta", "beta_ips", "'beta'")]
    tags = [(row[0], row[1], "") for row in _missing(txn, "config_info_tag", "tag_id", "CONCAT('tag_', o.tag_id)")]
    for number, tag, beta_ips in beta + tags:
        table = "config_info_beta" if tag is None else "config_info_tag"
        secret = "encrypted_data_key" if tag is None and txn.columns.beta_encrypted_data_key else "''"
        txn.execute(
            "DELETE FROM config_info_gray WHERE gray_name=? AND (data_id, group_id, tenant_id) ="
            f" (SELECT data_id, group_id, tenant_id FROM {table} WHERE id=?)",
            (gray_name(tag), number),
        )
        txn.execute(
            f"INSERT INTO config_info_gray ({_COLUMNS}, gray_name, gray_rule, encrypted_data_key)"
            f" SELECT {_COLUMNS}, ?, ?, {secret} FROM {table} WHERE id=?",
            (gray_name(tag), gray_rule(tag, beta_ips), number),
        )
    return len(beta) + len(tags)


def _missing(txn: Txn, table: str, column: str, name: str) -> list[tuple[int, str]]:
    return txn.all(
        f"SELECT o.id, o.{column} FROM {table} o LEFT JOIN config_info_gray g ON g.data_id=o.data_id"
        f" AND g.group_id=o.group_id AND g.tenant_id=o.tenant_id AND g.gray_name={name}"
        " WHERE g.id IS NULL OR g.gmt_modified < o.gmt_modified ORDER BY o.id"
    )
