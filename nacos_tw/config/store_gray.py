"""
Copies of a config for some clients: the beta copy, chosen by addresses, tagged ones, and those by labels.

Nacos up to 2.4 keeps them in config_info_beta and config_info_tag; 2.5 keeps them in config_info_gray, as rows named
C{beta} and C{tag_<tag>} whose rule is a JSON text. What is written here: every one of these tables that the database
has, in one transaction (as 2.5.1 does), so that either version finds them; and where history has the columns for it, a
row marked C{gray}. What is read: config_info_gray if there is one, else the older tables.
L{nacos_tw.config.store_adopt.adopt} brings what an older server does in the older tables alone into config_info_gray.
For that a row of config_info_gray says in its rule whether the older tables have the same copy (C{mirrored}, which a
Nacos does not read, and drops when it writes the row).

Copies by labels are in config_info_gray alone; the embedded database has that table for nothing else.
"""

from __future__ import annotations

from typing import Any, Protocol

import attrs
import msgspec

from nacos_tw.config import details
from nacos_tw.config.commands import PublishBeta, PublishGray, PublishTag, Remove, RemoveGray, StopBeta
from nacos_tw.config.gray_rules import HIGHEST, StoredRule, by_labels, read
from nacos_tw.config.model import ConfigKey, CopyRow, md5_of
from nacos_tw.config.problems import CasConflict, CopiesUnsupported, TooManyCopies
from nacos_tw.config.results import DONE, ByWhom, RefusalError, Result
from nacos_tw.config.statements import key_is, statements
from nacos_tw.errors import Alike, Duplicate, NacosError, Unavailable
from nacos_tw.storage.exact import exactly
from nacos_tw.storage.txn import Row, Txn

ATTEMPTS = 50
"""As of L{nacos_tw.config.store_rows}."""
BETA_NAME = "beta"
TAG_PREFIX = "tag_"


class _Content(Protocol):
    """What L{PublishBeta}, L{PublishTag} and L{PublishGray} have in common."""

    @property
    def key(self) -> ConfigKey: ...
    @property
    def content(self) -> str: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def app_name(self) -> str | None: ...
    @property
    def src_ip(self) -> str | None: ...
    @property
    def src_user(self) -> str | None: ...
    @property
    def cas_md5(self) -> str | None: ...
    @property
    def encrypted_data_key(self) -> str | None: ...


@attrs.frozen
class Which:
    """
    Which copy of a config.

    @ivar tag: of a tag's copy; None for the beta copy, whose addresses are C{ips}.
    @ivar label: the name of a copy by labels, whose rule is C{rule}; "" for the others.
    """

    tag: str | None = None
    ips: str = ""
    label: str = ""
    rule: str = ""

    @property
    def name(self) -> str:
        """As config_info_gray has it."""
        return self.label or gray_name(self.tag)

    def gray_rule(self, mirrored: bool = False) -> str:
        """Likewise."""
        return self.rule or gray_rule(self.tag, self.ips, mirrored)


def gray_name(tag: str | None) -> str:
    """The name of a copy's row: C{tag} is None for beta."""
    return BETA_NAME if tag is None else TAG_PREFIX + tag


def gray_rule(tag: str | None, beta_ips: str, mirrored: bool = False) -> str:
    """The rule of a copy's row. @param mirrored: whether the older tables have the same copy."""
    if tag is None:
        rule = StoredRule("beta", "1.0.0", beta_ips, HIGHEST, mirrored)
    else:
        rule = StoredRule("tag", "1.0.0", tag, HIGHEST - 1, mirrored)
    return msgspec.json.encode(rule).decode()


def rule_expression(text: str) -> str:
    """The addresses or the tag in a rule, "" if it cannot be read."""
    rule = read(text)
    return "" if rule is None else rule.expr


def is_mirrored(text: str) -> bool:
    """Whether a rule says that the older tables had the same copy when it was written."""
    rule = read(text)
    return rule is not None and rule.mirrored


# -- tables


class Table:
    """How one table keeps copies."""

    def __init__(self, name: str) -> None:
        self.name = name

    def key(self, key: ConfigKey, which: Which) -> dict[str, str]:
        """The columns of its unique key, and their values for one copy."""
        tenant, group, data_id = key
        columns = {"data_id": data_id, "group_id": group, "tenant_id": tenant}
        if self.name == "config_info_gray":
            columns["gray_name"] = which.name
        elif which.tag is not None:
            columns["tag_id"] = which.tag
        return columns

    def names(self, txn: Txn, which: Which) -> dict[str, Any]:
        """Columns that say which copy it is, with their values."""
        if self.name == "config_info_gray":
            return {"gray_name": which.name, "gray_rule": which.gray_rule(txn.columns.beta)}
        return {"beta_ips": which.ips} if which.tag is None else {"tag_id": which.tag}

    def has_secret(self, txn: Txn) -> bool:
        """Whether it has encrypted_data_key."""
        return self.name == "config_info_gray" or (self.name.endswith("beta") and txn.columns.beta_encrypted_data_key)

    def moment(self, txn: Txn, millis: int) -> Any:
        """A moment as its gmt_* columns hold it."""
        return txn.datetime(millis, whole=not (self.name == "config_info_gray" and txn.columns.gray_millis))

    def rule(self, txn: Txn, number: int) -> tuple[str, str | None]:
        """The rule of a row, as config_info_gray has it, and who wrote the row."""
        column = {"config_info_gray": "gray_rule", "config_info_beta": "beta_ips"}.get(self.name, "tag_id")
        row = txn.one(f"SELECT {column}, src_user FROM {self.name} WHERE id=?", (number,))
        if row is None:
            return "", None
        if self.name == "config_info_gray":
            return row
        return (gray_rule(None, row[0] or "") if self.name == "config_info_beta" else gray_rule(row[0], "")), row[1]

    def keep(self, txn: Txn) -> str:
        """The statement that copies a row into history."""
        sql = statements(txn)
        return {"config_info_gray": sql.keep_gray, "config_info_beta": sql.keep_beta}.get(self.name, sql.keep_tag)


GRAY = Table("config_info_gray")
BETA = Table("config_info_beta")
TAG = Table("config_info_tag")


def _tables(txn: Txn, which: Which) -> list[Table]:
    """Where copies are kept; the first is the one to read."""
    if which.label:
        return [GRAY] if txn.columns.labelled else []
    tables = [GRAY] if txn.columns.gray else []
    if txn.columns.beta:
        tables.append(BETA if which.tag is None else TAG)
    return tables


# -- changes


def publish_beta(txn: Txn, command: PublishBeta) -> Result:
    """As L{PublishBeta}."""
    return _publish(txn, command, Which(ips=command.beta_ips))


def publish_tag(txn: Txn, command: PublishTag) -> Result:
    """As L{PublishTag}."""
    return _publish(txn, command, Which(command.tag))


def publish_gray(txn: Txn, command: PublishGray) -> Result:
    """As L{PublishGray}."""
    if not txn.columns.labelled:
        raise RefusalError(CopiesUnsupported())
    names = {copy.name for copy in copies(txn, command.key, contents=False)}
    if command.name not in names and len(names) >= command.most:
        raise RefusalError(TooManyCopies(command.key, command.most))
    return _publish(txn, command, Which(label=command.name, rule=command.rule))


def stop_beta(txn: Txn, command: StopBeta) -> Result:
    """As L{StopBeta}."""
    return _remove(txn, command, Which())


def remove_tag(txn: Txn, command: Remove) -> Result:
    """As L{Remove} with a tag."""
    return _remove(txn, command, Which(command.tag))


def remove_gray(txn: Txn, command: RemoveGray) -> Result:
    """As L{RemoveGray}."""
    found = named_copy(txn, command.key, command.name) if txn.columns.labelled else None
    if found is None or not found.label:
        return DONE
    return _remove(txn, command, Which(label=command.name))


def _publish(txn: Txn, command: _Content, which: Which) -> Result:
    md5 = md5_of(command.content)
    for position, table in enumerate(_tables(txn, which)):
        leading = position == 0
        row = _row(txn, table, command.key, which) or _inserted(txn, table, command, which, md5)
        if row is not None:
            if leading:
                _check_cas(command, row[1])
                keep_history(txn, table, command, which, row[0], "U")
            _update(txn, table, command, which, md5, row[0])
        elif leading:
            _write_history(txn, command, which, md5)
    return Result(True, (command.key,))


def _inserted(txn: Txn, table: Table, command: _Content, which: Which, md5: str) -> tuple[int, str | None] | None:
    """Add the row of a copy. @return: None; the row as L{_row} gives it, if another has just added it."""
    for _ in range(ATTEMPTS):
        try:
            _insert(txn, table, command, which, md5)
            return None
        except Duplicate:
            row = _row(txn, table, command.key, which, True)
        if row is not None:
            return row
        if (
            txn.dialect == "mysql"
        ):  # what it takes for the same is in the way, as long as the failed insert's lock holds
            break
    raise _alike(txn, table, command.key, which)


def _row(txn: Txn, table: Table, key: ConfigKey, which: Which, there: bool = False) -> tuple[int, str | None] | None:
    """
    Id and md5 of a copy, locked if it is there. Looked for as L{nacos_tw.config.store} looks for a config.

    @param there: it is, though this transaction may have begun before.
    """
    columns = table.key(key, which)
    where, params = exactly(txn, **columns)
    shared = txn.for_share if there else ""
    found = txn.one(f"SELECT id FROM {table.name} WHERE {where}{shared}", params)
    if found is None:
        return None
    return txn.one(f"SELECT id, md5 FROM {table.name} WHERE id=?{txn.for_update}", found[:1])


def _alike(txn: Txn, table: Table, key: ConfigKey, which: Which) -> NacosError:
    """Why there cannot be such a copy."""
    columns = table.key(key, which)
    where = " AND ".join(f"{name}=?" for name in columns)
    found = txn.one(f"SELECT {', '.join(columns)} FROM {table.name} WHERE {where}", tuple(columns.values()))
    if found is None:
        return Unavailable("the copy is being written and removed at the same time, try later")
    data_id, group, tenant, *other = found
    return Alike("copy", (which.name, *key), (other[0] if other else which.name, tenant or "", group, data_id))


def _check_cas(command: _Content, md5: str | None) -> None:
    if command.cas_md5 is not None and md5 and md5 != command.cas_md5:
        raise RefusalError(CasConflict(command.key, True))


def _update(txn: Txn, table: Table, command: _Content, which: Which, md5: str, number: int) -> None:
    values = {"content": command.content, "md5": md5, "gmt_modified": table.moment(txn, command.at_ms)}
    values |= {"src_user": command.src_user, "src_ip": command.src_ip} | table.names(txn, which)
    if table.has_secret(txn):
        values["encrypted_data_key"] = command.encrypted_data_key or ""
    changes = ", ".join(f"{name}=?" for name in values)
    txn.execute(
        f"UPDATE {table.name} SET {changes}, app_name=COALESCE(?, app_name) WHERE id=?",
        (*values.values(), command.app_name, number),
    )


def _insert(txn: Txn, table: Table, command: _Content, which: Which, md5: str) -> None:
    tenant, group, data_id = command.key
    at = table.moment(txn, command.at_ms)
    values: dict[str, Any] = {"data_id": data_id, "group_id": group, "tenant_id": tenant, "app_name": command.app_name}
    values |= {"content": command.content, "md5": md5, "gmt_create": at, "gmt_modified": at}
    values |= {"src_user": command.src_user, "src_ip": command.src_ip} | table.names(txn, which)
    if table.has_secret(txn):
        values["encrypted_data_key"] = command.encrypted_data_key or ""
    marks = ", ".join("?" * len(values))
    txn.execute(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def _remove(txn: Txn, command: StopBeta | Remove | RemoveGray, which: Which) -> Result:
    gone = False
    for position, table in enumerate(_tables(txn, which)):
        row = _row(txn, table, command.key, which)
        if row is None:
            continue
        if position == 0:
            keep_history(txn, table, command, which, row[0], "D")
        txn.execute(f"DELETE FROM {table.name} WHERE id=?", (row[0],))
        gone = True
    return Result(True, (command.key,) if gone else ())


def keep_history(txn: Txn, table: Table, operation: ByWhom, which: Which, number: int, kind: str) -> bool:
    """
    Copy a row into the history before it is changed or removed. It is locked from then on.

    @return: whether this database's history knows copies.
    """
    if not (txn.columns.history_publish_type and txn.columns.history_gray_name):
        return False
    at = txn.datetime(operation.at_ms)
    more: tuple[str | None, ...] = ()
    if details.wanted(txn):
        more = (details.of_copy(which.name, *table.rule(txn, number)),)
    values = (operation.src_ip, operation.src_user, at, at, kind, which.name, *more, number)
    txn.execute(table.keep(txn), values)
    return True


def _write_history(txn: Txn, command: _Content, which: Which, md5: str) -> None:
    if not (txn.columns.history_publish_type and txn.columns.history_gray_name):
        return
    tenant, group, data_id = command.key
    at = txn.datetime(command.at_ms)
    values: tuple[Any, ...] = (
        0, data_id, group, tenant, command.app_name, command.content, md5, command.src_ip, command.src_user,
        at, at, "I", "gray", which.name,
    )  # fmt: skip
    if txn.columns.history_encrypted_data_key:
        values = (*values, command.encrypted_data_key or "")
    if details.wanted(txn):
        values = (*values, details.of_copy(which.name, which.gray_rule(), command.src_user))
    txn.execute(statements(txn).write_gray, values)


# -- queries

_COPY = "id, tenant_id, group_id, data_id, md5, gmt_modified, app_name, src_user, src_ip, content"


def beta(txn: Txn, key: ConfigKey) -> CopyRow | None:
    """The beta copy."""
    found = copies(txn, key, beta_only=True)
    return found[0] if found else None


def named_copy(txn: Txn, key: ConfigKey, name: str) -> CopyRow | None:
    """A copy by its name; None if there is none."""
    found = copies(txn, key, beta_only=name == BETA_NAME)
    return next((copy for copy in found if copy.name == name), None)


def copies(txn: Txn, key: ConfigKey, beta_only: bool = False, contents: bool = True) -> list[CopyRow]:
    """The beta copy, if there is one, those of tags, and those by labels, by their names."""
    where, params = key_is(txn, key)
    return _copies(txn, where, params, contents, beta_only)


def copies_index(txn: Txn) -> list[CopyRow]:
    """All copies of all configs, without their contents (""): for comparing with a cache."""
    return _copies(txn, "1=1", [], False, False)


def _copies(txn: Txn, where: str, params: list[Any], contents: bool, beta_only: bool) -> list[CopyRow]:
    columns = _COPY if contents else _COPY.replace("content", "''")
    if txn.columns.gray:
        return _gray_copies(txn, columns, f"{where} AND gray_name='beta'" if beta_only else where, params)
    secret = "encrypted_data_key" if txn.columns.beta_encrypted_data_key else "''"
    found = [
        _copy(txn, row, None, row[10] or "", row[11])
        for row in txn.all(
            f"SELECT {columns}, beta_ips, {secret} FROM config_info_beta WHERE {where} ORDER BY id", params
        )
    ]
    if not beta_only:
        tags = txn.all(f"SELECT {columns}, tag_id FROM config_info_tag WHERE {where} ORDER BY tag_id, id", params)
        found.extend(_copy(txn, row, row[10], "", "") for row in tags)
        if txn.columns.labelled:
            found += _gray_copies(txn, columns, where, params)
    return found


def _gray_copies(txn: Txn, columns: str, where: str, params: list[Any]) -> list[CopyRow]:
    """Those of config_info_gray whose rules are understood."""
    rows = txn.all(
        f"SELECT {columns}, gray_name, gray_rule, encrypted_data_key FROM config_info_gray"
        f" WHERE {where} ORDER BY gray_name, id",
        params,
    )
    return [copy for row in rows if (copy := _from_gray(txn, row)) is not None]


def _from_gray(txn: Txn, row: Row) -> CopyRow | None:
    name, rule, secret = row[10:]
    if by_labels(rule) is not None:
        copy = _copy(txn, row, None, "", secret)
        return msgspec.structs.replace(copy, label=name, rule=rule)
    if name == BETA_NAME:
        return _copy(txn, row, None, rule_expression(rule), secret)
    if name.startswith(TAG_PREFIX):
        return _copy(txn, row, name[len(TAG_PREFIX) :], "", secret)
    return None


def _copy(txn: Txn, row: Row, tag: str | None, beta_ips: str, secret: str | None) -> CopyRow:
    number, tenant, group, data_id, md5, modified, app_name, src_user, src_ip, content = row[:10]
    if not md5 and content:
        md5 = md5_of(content)
    return CopyRow(
        number, (tenant or "", group, data_id), tag, content, md5 or "", txn.millis(modified), beta_ips, app_name,
        src_user, src_ip, secret or "",
    )  # fmt: skip
