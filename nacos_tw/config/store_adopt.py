"""Copies that only the tables of older versions have, brought into config_info_gray (see L{store_gray})."""

from __future__ import annotations

from nacos_tw.config.store_gray import gray_name, gray_rule
from nacos_tw.storage.errors import Duplicate
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
    return sum(
        _adopt(txn, table, number, tag, beta_ips, older)
        for table, number, tag, beta_ips, older in _missing(txn, "config_info_beta") + _missing(txn, "config_info_tag")
    )


def _adopt(txn: Txn, table: str, number: int, tag: str | None, beta_ips: str, older: int | None) -> bool:
    if older is not None:
        txn.execute("DELETE FROM config_info_gray WHERE id=?", (older,))
    secret = "encrypted_data_key" if tag is None and txn.columns.beta_encrypted_data_key else "''"
    try:
        txn.execute(
            f"INSERT INTO config_info_gray ({_COLUMNS}, gray_name, gray_rule, encrypted_data_key)"
            f" SELECT {_COLUMNS}, ?, ?, {secret} FROM {table} WHERE id=?",
            (gray_name(tag), gray_rule(tag, beta_ips), number),
        )
    except Duplicate:
        return False  # there is one whose name differs in its case alone
    return True


def _missing(txn: Txn, table: str) -> list[tuple[str, int, str | None, str, int | None]]:
    """Table, id, tag, beta IPs, and the id of an older row in config_info_gray."""
    tag, ips, name = ("NULL", "o.beta_ips", "'beta'")
    if table == "config_info_tag":
        tag, ips, name = ("o.tag_id", "''", "CONCAT('tag_', o.tag_id)")
    rows = txn.all(
        f"SELECT o.id, {tag}, {ips}, g.id FROM {table} o LEFT JOIN config_info_gray g ON g.data_id=o.data_id"
        f" AND g.group_id=o.group_id AND g.tenant_id=o.tenant_id AND g.gray_name={name}"
        " WHERE g.id IS NULL OR g.gmt_modified < o.gmt_modified ORDER BY o.id"
    )
    return [(table, number, label, beta_ips or "", older) for number, label, beta_ips, older in rows]
