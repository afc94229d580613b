"""What was before: rows of his_config_info (docs/spec/config-v1.md#5). L{nacos_tw.config.store_rows} writes them."""

from __future__ import annotations

from nacos_tw.config.commands import TrimHistory
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import OtherConfig
from nacos_tw.config.results import Result
from nacos_tw.config.rows import Past
from nacos_tw.config.statements import key_is
from nacos_tw.paging import Page, offset
from nacos_tw.storage.txn import Row, Txn


def history(txn: Txn, key: ConfigKey, page_no: int, page_size: int) -> Page[Past]:
    """The rows of a config, newest first, without contents; see L{offset} for the errors."""
    start = offset(page_no, page_size)
    where, params = key_is(txn, key)
    counted = txn.one(f"SELECT COUNT(*) FROM his_config_info WHERE {where}", params)
    rows = txn.all(
        f"SELECT {_columns(txn, False)} FROM his_config_info WHERE {where} ORDER BY nid DESC LIMIT ? OFFSET ?",
        (*params, page_size, start),
    )
    return Page(counted[0] if counted else 0, page_no, page_size, [_past(txn, row) for row in rows])


def past(txn: Txn, key: ConfigKey, nid: int) -> Past | None:
    """
    One row with its content, None if there is none.

    @raise OtherConfig: it belongs to another config.
    """
    row = txn.one(f"SELECT {_columns(txn, True)} FROM his_config_info WHERE nid=?", (nid,))
    if row is None:
        return None
    found = _past(txn, row)
    if found.key != key:
        raise OtherConfig(key, nid)
    return found


def previous(txn: Txn, key: ConfigKey, config_id: int) -> Past | None:
    """
    The newest row of the config with that id, None if there is none; rows of inserts have no id, and are not found.

    @raise OtherConfig: the id is another config's.
    """
    where, params = key_is(txn, key)
    newest = txn.one(f"SELECT MAX(nid) FROM his_config_info WHERE {where} AND id=?", (*params, config_id))
    if newest is not None and newest[0] is not None:
        return past(txn, key, newest[0])
    row = txn.one("SELECT tenant_id, group_id, data_id FROM config_info WHERE id=?", (config_id,))
    if row is not None and row != key:
        raise OtherConfig(key, config_id)
    return None


def trim(txn: Txn, command: TrimHistory) -> Result:
    """As L{TrimHistory}: the oldest first."""
    before = txn.datetime(command.before_ms)
    if txn.dialect == "mysql":
        sql = "DELETE FROM his_config_info WHERE gmt_modified < ? ORDER BY gmt_modified LIMIT ?"
    else:
        sql = (
            "DELETE FROM his_config_info WHERE nid IN"
            " (SELECT nid FROM his_config_info WHERE gmt_modified < ? ORDER BY gmt_modified, nid LIMIT ?)"
        )
    return Result(txn.execute(sql, (before, command.limit)))


def _columns(txn: Txn, content: bool) -> str:
    """In the order of L{_past}."""
    had = txn.columns
    return ", ".join(
        (
            "nid, id, tenant_id, group_id, data_id, op_type, gmt_create, gmt_modified, app_name, src_ip, src_user",
            "content, md5" if content else "NULL, NULL",
            "encrypted_data_key" if had.history_encrypted_data_key else "''",
            "publish_type" if had.history_publish_type else "'formal'",
            "gray_name, ext_info" if had.history_gray_name else "'', NULL",
        )
    )


def _past(txn: Txn, row: Row) -> Past:
    nid, number, tenant, group, data_id, kind, created, modified, app_name, src_ip, src_user, *rest = row
    content, md5, secret, publish_type, gray, ext_info = rest
    return Past(
        nid, number, (tenant or "", group, data_id), (kind or "").strip(), txn.millis(created), txn.millis(modified),
        app_name, src_ip, src_user, content, md5, secret or "", publish_type or "formal", gray or "", ext_info,
    )  # fmt: skip
