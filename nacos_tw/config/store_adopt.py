"""
What a Nacos up to 2.4 does in the older tables of copies alone, done in config_info_gray (see L{store_gray}).

No clock decides who wrote last, but whether the row of config_info_gray says that the older tables had the same copy:

===================  ========================  =======================================================================
config_info_gray     the older tables          what follows
===================  ========================  =======================================================================
nothing              a copy                    it comes
had the same         another content           an older server has replaced it: it is replaced
had the same         nothing                   an older server has stopped it: it goes
does not say so      the same                  it says so from now on
does not say so      another content           the later one is taken, as 2.5.1 does
does not say so      nothing                   a newer server has made it: it stays
===================  ========================  =======================================================================
"""

from __future__ import annotations

import attrs

from nacos_tw.config.model import ConfigKey
from nacos_tw.config.store_gray import (
    BETA,
    BETA_NAME,
    GRAY,
    TAG,
    TAG_PREFIX,
    Table,
    Which,
    gray_name,
    gray_rule,
    is_mirrored,
    keep_history,
    rule_expression,
)
from nacos_tw.errors import Duplicate
from nacos_tw.storage.exact import exactly
from nacos_tw.storage.txn import Row, Txn

USER = "nacos_auto_migrate"
"""Who does it, as 2.5.1 says in the history."""
_COLUMNS = "data_id, group_id, tenant_id, app_name, content, md5, gmt_create, gmt_modified, src_user, src_ip"

Name = tuple[ConfigKey, "str | None"]
"""A config and a tag, None for the beta copy."""


@attrs.frozen
class _Copy:
    """
    A row of one of the tables.

    @ivar ips: of a beta copy, else "".
    @ivar modified: in ms.
    @ivar mirrored: of config_info_gray: whether it says that the older tables have the same.
    """

    number: int
    md5: str
    ips: str
    modified: int
    mirrored: bool = False

    def same(self, other: _Copy) -> bool:
        """Whether clients get the same."""
        return (self.md5, self.ips) == (other.md5, other.ips)


@attrs.frozen
class _Operation:
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = USER


def waiting(txn: Txn) -> list[Name]:
    """The copies for which L{adopt} has something to do."""
    if not (txn.columns.gray and txn.columns.beta):
        return []
    # In this order: what is written to both meanwhile is never found in the first alone.
    gray, old = _all_gray(txn), _all_old(txn)
    return [name for name in {**gray, **old} if _differ(gray.get(name), old.get(name))]


def adopt(txn: Txn, names: list[Name], at_ms: int) -> list[ConfigKey]:
    """
    Let config_info_gray follow the older tables. Repeating it changes nothing.

    @param names: what L{waiting} gave.
    @param at_ms: now, for the history.
    @return: the configs whose copies have changed.
    """
    changed: dict[ConfigKey, None] = {}
    for key, tag in names:
        row = _one(txn, GRAY, "gray_rule", key, tag)
        gray = None if row is None else _gray(txn, row, tag)
        row = _one(txn, BETA, "beta_ips", key, tag) if tag is None else _one(txn, TAG, "''", key, tag)
        old = None if row is None else _old(txn, row)
        if _differ(gray, old) and _follow(txn, key, tag, gray, old, _Operation(at_ms)):
            changed[key] = None
    return list(changed)


def _differ(gray: _Copy | None, old: _Copy | None) -> bool:
    if gray is None or old is None:
        return gray is None or gray.mirrored
    if gray.mirrored:
        return not gray.same(old)
    return gray.same(old) or gray.modified < old.modified


def _follow(
    txn: Txn, key: ConfigKey, tag: str | None, gray: _Copy | None, old: _Copy | None, operation: _Operation
) -> bool:
    """@return: whether clients get something else now."""
    if gray is not None and old is not None and gray.same(old):
        rule = gray_rule(tag, old.ips, True)
        txn.execute("UPDATE config_info_gray SET gray_rule=? WHERE id=?", (rule, gray.number))
        return False
    if gray is not None:
        keep_history(txn, GRAY, operation, Which(tag), gray.number, "D" if old is None else "U")
        txn.execute("DELETE FROM config_info_gray WHERE id=?", (gray.number,))
    if old is None:
        return gray is not None
    table = BETA.name if tag is None else TAG.name
    secret = "encrypted_data_key" if tag is None and txn.columns.beta_encrypted_data_key else "''"
    try:
        txn.execute(
            f"INSERT INTO config_info_gray ({_COLUMNS}, gray_name, gray_rule, encrypted_data_key)"
            f" SELECT {_COLUMNS}, ?, ?, {secret} FROM {table} WHERE id=?",
            (gray_name(tag), gray_rule(tag, old.ips, True), old.number),
        )
    except Duplicate:
        return False  # the database takes it for another one, or somebody else has just adopted it
    if gray is None and keep_history(txn, GRAY, operation, Which(tag), txn.last_id, "I"):
        txn.execute("UPDATE his_config_info SET id=0 WHERE nid=?", (txn.last_id,))
    return True


# -- rows

_FOUND = "id, md5, gmt_modified"
_KEY = "tenant_id, group_id, data_id"


def _all_gray(txn: Txn) -> dict[Name, _Copy]:
    found: dict[Name, _Copy] = {}
    for row in txn.all(f"SELECT {_FOUND}, gray_rule, gray_name, {_KEY} FROM config_info_gray"):
        name = row[4]
        if name == BETA_NAME:
            found[_key(row[5:]), None] = _gray(txn, row, None)
        elif name.startswith(TAG_PREFIX):
            tag = name[len(TAG_PREFIX) :]
            found[_key(row[5:]), tag] = _gray(txn, row, tag)
    return found


def _all_old(txn: Txn) -> dict[Name, _Copy]:
    found: dict[Name, _Copy] = {}
    for row in txn.all(f"SELECT {_FOUND}, beta_ips, {_KEY} FROM config_info_beta"):
        found[_key(row[4:]), None] = _old(txn, row)
    for row in txn.all(f"SELECT {_FOUND}, '', {_KEY}, tag_id FROM config_info_tag"):
        found[_key(row[4:7]), row[7]] = _old(txn, row)
    return found


def _one(txn: Txn, table: Table, column: str, key: ConfigKey, tag: str | None) -> Row | None:
    """A row, locked."""
    where, params = exactly(txn, **table.key(key, Which(tag)))
    return txn.one(f"SELECT {_FOUND}, {column} FROM {table.name} WHERE {where}{txn.for_update}", params)


def _gray(txn: Txn, row: Row, tag: str | None) -> _Copy:
    number, md5, modified, rule = row[:4]
    ips = rule_expression(rule) if tag is None else ""
    return _Copy(number, md5 or "", ips, txn.millis(modified), is_mirrored(rule))


def _old(txn: Txn, row: Row) -> _Copy:
    number, md5, modified, ips = row[:4]
    return _Copy(number, md5 or "", ips or "", txn.millis(modified))


def _key(row: Row) -> ConfigKey:
    tenant, group, data_id = row
    return tenant or "", group, data_id
