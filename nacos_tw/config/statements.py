"""The statements of a publish and a removal, as the database's schema and dialect want them."""

from __future__ import annotations

from functools import lru_cache

import attrs

from nacos_tw.config import details
from nacos_tw.config.model import ConfigKey
from nacos_tw.storage.exact import exactly
from nacos_tw.storage.txn import Columns, Txn

KEY_IS = "data_id=? AND group_id=? AND tenant_id=?"
"""Finds on MySQL also what its collation takes for the same: compare what is found, or use L{key_is}."""
MD5_IS = "(md5=? OR md5 IS NULL OR md5='')"
"""What casMd5 asks; a row without md5 passes, as in 2.5.1."""


def key_is(txn: Txn, key: ConfigKey) -> tuple[str, list[str]]:
    """The condition that rows are just this config's, and its parameters."""
    tenant, group, data_id = key
    return exactly(txn, data_id=data_id, group_id=group, tenant_id=tenant)


_KEPT = "id, data_id, group_id, tenant_id, app_name, content, md5"
_HISTORY = f"{_KEPT}, src_ip, src_user, gmt_create, gmt_modified, op_type"
_GRAY = f"{_HISTORY}, publish_type, gray_name"
_DETAILS = ("app_name", "c_desc", "c_use", "effect", "type", "c_schema")


@attrs.frozen
class Statements:
    """
    SQL with C{?}; the parameters in order are said with each. "Operation": src_ip, src_user, time, time, op_type. Where
    L{details.wanted}, all but those of config_info take the details: C{keep...} before the id, C{write...} at the end.

    @ivar find: the key as data_id, group_id, tenant_id -> id and the key: on MySQL it may be another's, that the
        database takes for the same.
    @ivar find_now: the same, also of what was committed after this transaction began; its lock is one that the failed
        insert of the same key has taken already.
    @ivar insert: key, content, md5, time, time, src_user, src_ip, app_name, desc, use, effect, type, schema
        [, encrypted_data_key].
    @ivar update: content, md5, time, src_user, src_ip, app_name, desc, use, effect, type, schema
        [, encrypted_data_key], id.
    @ivar keep: history row from the stored row: operation, id. The row is locked from then on; 0 rows: it is gone.
    @ivar keep_if: the same if its md5 is still: operation, id, md5.
    @ivar write: history row of an insert: 0, key, app_name, content, md5, operation [, encrypted_data_key].
    @ivar keep_beta: history row from the beta copy's row: operation, gray_name, id.
    @ivar keep_tag: the same for a tag's.
    @ivar keep_gray: the same for a row of config_info_gray.
    @ivar write_gray: history row of a new copy: as C{write} but before the last: publish_type, gray_name.
    @ivar detailed: whether history rows take the details.
    """

    find: str
    find_now: str
    insert: str
    update: str
    keep: str
    keep_if: str
    write: str
    keep_beta: str
    keep_tag: str
    keep_gray: str
    write_gray: str
    detailed: bool


def statements(txn: Txn) -> Statements:
    """Those for the transaction's database."""
    return _made(txn.columns, txn.for_update, txn.for_share, details.wanted(txn))


def _marks(columns: str) -> str:
    return ", ".join("?" * (columns.count(",") + 1))


@lru_cache(maxsize=16)
def _made(columns: Columns, for_update: str, for_share: str, detailed: bool) -> Statements:
    find = f"SELECT id, data_id, group_id, tenant_id FROM config_info WHERE {KEY_IS}"
    secret = ", encrypted_data_key" if columns.encrypted_data_key else ""
    kept_secret = ", encrypted_data_key" if columns.history_encrypted_data_key else ""
    extra = ", ext_info" if detailed else ""
    row = "data_id, group_id, tenant_id, content, md5, gmt_create, gmt_modified, src_user, src_ip"
    row = f"{row}, {', '.join(_DETAILS)}{secret}"
    kept = ", ".join(f"{name}=COALESCE(?, {name})" for name in _DETAILS)

    def keep(table: str, stored: bool, gray: str = "") -> str:
        history = (_GRAY if gray else _HISTORY) + kept_secret + extra
        # A column that the table lacks is "" in the history.
        value = "" if not kept_secret else ", encrypted_data_key" if stored else ", ''"
        select = f"SELECT {_KEPT}, ?, ?, ?, ?, ?{gray}{value}{', ?' if detailed else ''} FROM {table} WHERE id=?"
        return f"INSERT INTO his_config_info ({history}) {select}"

    def written(history: str) -> str:
        history += kept_secret + extra
        return f"INSERT INTO his_config_info ({history}) VALUES ({_marks(history)})"

    gray = ", 'gray', ?"
    main = keep("config_info", columns.encrypted_data_key)
    return Statements(
        find=find,
        find_now=find + for_share,
        insert=f"INSERT INTO config_info ({row}) VALUES ({_marks(row)})",
        update=f"UPDATE config_info SET content=?, md5=?, gmt_modified=?, src_user=?, src_ip=?, {kept}"
        f"{', encrypted_data_key=?' if secret else ''} WHERE id=?",
        keep=main + for_update,
        keep_if=f"{main} AND {MD5_IS}{for_update}",
        write=written(_HISTORY),
        keep_beta=keep("config_info_beta", columns.beta_encrypted_data_key, gray) + for_update,
        keep_tag=keep("config_info_tag", False, gray) + for_update,
        keep_gray=keep("config_info_gray", True, gray) + for_update,
        write_gray=written(_GRAY),
        detailed=detailed,
    )
