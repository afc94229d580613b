"""
Quotas and usage (docs/spec/config-v1.md#6): group_capacity, whose group "" is the whole cluster, and tenant_capacity.

A group's row counts the configs of the group in the public namespace; those of other namespaces count for their
namespace. A row is made, with its usage counted, by the first config of the group or namespace that comes or goes.
"""

from __future__ import annotations

from typing import Any

from nacos_tw.config.commands import CountUsage, EnsureCapacity, Quotas, SetCapacity
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import OverQuota
from nacos_tw.config.results import DONE, RefusalError, Result
from nacos_tw.config.rows import Capacity
from nacos_tw.errors import Alike
from nacos_tw.storage.exact import counted_by, exactly
from nacos_tw.storage.txn import Txn

_GROUPS = ("group_capacity", "group_id")
_TENANTS = ("tenant_capacity", "tenant_id")


def _place(txn: Txn, group: str, tenant: str) -> tuple[str, str, list[str]]:
    """The table of a row, the condition for just that row, and its parameters."""
    table, column = _TENANTS if tenant else _GROUPS
    return table, *exactly(txn, **{column: tenant or group})


def capacity(txn: Txn, group: str, tenant: str) -> Capacity | None:
    """
    The row of a namespace, if C{tenant} is not "", else of a group, None if there is none yet: L{EnsureCapacity} makes
    it.
    """
    table, where, params = _place(txn, group, tenant)
    row = txn.one(
        f"SELECT id, quota, `usage`, max_size, max_aggr_count, max_aggr_size, gmt_create, gmt_modified FROM {table}"
        f" WHERE {where}",
        params,
    )
    if row is None:
        return None
    *numbers, created, modified = row
    number, quota, usage, max_size, max_aggr_count, max_aggr_size = numbers
    return Capacity(
        number, None if tenant else group, tenant or None, quota, usage, max_size, max_aggr_count, max_aggr_size,
        txn.millis(created), txn.millis(modified),
    )  # fmt: skip


def shown(txn: Txn, group: str, tenant: str) -> Capacity:
    """The same for somebody who only looks: a row that is not there is counted, not made; its id is 0."""
    found = capacity(txn, group, tenant)
    if found is not None:
        return found
    usage = _counted(txn, group, tenant)
    return Capacity(0, None if tenant else group, tenant or None, 0, usage, 0, 0, 0, 0, 0)


def ensure(txn: Txn, command: EnsureCapacity) -> Result:
    """As L{EnsureCapacity}."""
    if capacity(txn, command.group, command.tenant) is None:
        _refuse_alike(txn, command.group, command.tenant)
        _make(txn, command.group, command.tenant, txn.datetime(command.at_ms))
    return Result(capacity(txn, command.group, command.tenant))


def mark(txn: Txn, offer: int) -> str:
    """
    What tells this database, and those that follow it, from others: nodes that read the same have the same.

    It stands in a column of the cluster's quota that nothing else uses.

    @param offer: the mark for a database that has none yet.
    @return: "" if there is no such quota.
    """
    txn.execute("UPDATE group_capacity SET max_history_count=? WHERE group_id='' AND max_history_count=0", (offer,))
    row = txn.one("SELECT max_history_count FROM group_capacity WHERE group_id=''")
    return f"{row[0]:08x}" if row is not None and row[0] else ""


def set_limits(txn: Txn, command: SetCapacity) -> Result:
    """As L{SetCapacity}."""
    table, where, params = _place(txn, command.group, command.tenant)
    at = txn.datetime(command.at_ms)
    sql = (
        f"UPDATE {table} SET quota=COALESCE(?, quota), max_size=COALESCE(?, max_size),"
        " max_aggr_count=COALESCE(?, max_aggr_count), max_aggr_size=COALESCE(?, max_aggr_size), gmt_modified=?"
        f" WHERE {where}"
    )
    limits = (command.quota, command.max_size, command.max_aggr_count, command.max_aggr_size)
    if capacity(txn, command.group, command.tenant) is None:
        _refuse_alike(txn, command.group, command.tenant)
        _make(txn, command.group, command.tenant, at)
    txn.execute(sql, (*limits, at, *params))
    return DONE


def _alike(txn: Txn, group: str, tenant: str) -> str | None:
    """Whose row MySQL takes for the one that is not there; None if it can be made."""
    if txn.dialect != "mysql":
        return None
    table, column = _TENANTS if tenant else _GROUPS
    row = txn.one(f"SELECT {column} FROM {table} WHERE {column}=?", (tenant or group,))
    return None if row is None else row[0]


def _refuse_alike(txn: Txn, group: str, tenant: str) -> None:
    """@raise nacos_tw.errors.Alike: the row cannot be made."""
    other = _alike(txn, group, tenant)
    if other is not None:
        raise Alike("quota", (tenant or group,), (other,))


def _make(txn: Txn, group: str, tenant: str, at: Any, change: str = "") -> None:
    """
    Make a row that was not there just now, with its usage counted.

    @param change: what to set if another transaction has made it meanwhile: it did not count what this one wrote.
    """
    table, column = _TENANTS if tenant else _GROUPS
    name = tenant or group
    counted = _counted(txn, group, tenant)
    # Not an INSERT that fails and an UPDATE then: of several that do so at once, all but one are given up by MySQL.
    if txn.dialect == "mysql":
        otherwise = f" ON DUPLICATE KEY UPDATE {change or 'id=id'}"
    elif txn.dialect == "sqlite":
        otherwise = ""  # nobody else writes
    else:
        otherwise = f" ON CONFLICT ({column}) DO " + (f"UPDATE SET {change}" if change else "NOTHING")
    txn.execute(
        f"INSERT INTO {table} ({column}, quota, `usage`, max_size, max_aggr_count, max_aggr_size,"
        f" max_history_count, gmt_create, gmt_modified) VALUES (?, 0, ?, 0, 0, 0, 0, ?, ?){otherwise}",
        (name, counted, at, at),
    )


def _counted(txn: Txn, group: str, tenant: str) -> int:
    """The configs that a row stands for, see the module."""
    where, params = "1=1", list[str]()
    if tenant:
        where, params = exactly(txn, tenant_id=tenant)
    elif group:
        where, params = exactly(txn, group_id=group, tenant_id="")
    found = txn.one(f"SELECT COUNT(*) FROM config_info WHERE {where}", params)
    return found[0] if found else 0


def add_usage(txn: Txn, key: ConfigKey, by: int, at: Any) -> None:
    """
    A config has come (C{by} 1) or gone (-1): keep the counters. Everyone begins with the cluster's row, and so has no
    company at the others. (Where it is missing, those who want to make it can be in each other's way: an
    L{EnsureCapacity} of it at start spares them that.)

    @param at: the time, as a column's value.
    """
    tenant, group, _ = key
    # CASE: the columns are unsigned, and another program may have left one too small.
    for its_group, its_tenant in (("", ""), ("" if tenant else group, tenant)):
        if by > 0:
            count_in(txn, its_tenant, its_group, 1, at)
        else:
            _change(txn, its_group, its_tenant, "`usage`=CASE WHEN {used}>0 THEN {used}-1 ELSE 0 END", at)


def count_in(txn: Txn, tenant: str, group: str, more: int, at: Any) -> None:
    """
    So many more configs, which are written already, in a namespace, or (C{tenant} "") in a group. C{at}: as in
    L{add_usage}.
    """
    _change(txn, group, tenant, f"`usage`={{used}}+{int(more)}", at)


def _change(txn: Txn, group: str, tenant: str, change: str, at: Any) -> None:
    table, where, params = _place(txn, group, tenant)
    change = change.format(used=f"{table}.`usage`")
    done = txn.execute(f"UPDATE {table} SET {change}, gmt_modified=? WHERE {where}", (at, *params))
    # What MySQL takes for another group is not counted: that must not keep configs out.
    if not done and _alike(txn, group, tenant) is None:
        _make(txn, group, tenant, at, change)


def count_more(txn: Txn, tenant: str, group: str, more: int, at: Any) -> None:
    """So many more configs in a namespace, or (C{tenant} "") in a group, whose row is there. C{at}: as in L{count}."""
    table, where, params = _place(txn, group, tenant)
    txn.execute(f"UPDATE {table} SET `usage`=`usage`+?, gmt_modified=? WHERE {where}", (more, at, *params))


def count_usage(txn: Txn, command: CountUsage) -> Result:
    """As L{CountUsage}."""
    at = txn.datetime(command.at_ms)
    groups = counted_by(txn, "config_info WHERE tenant_id=''", "group_id")
    tenants = counted_by(txn, "config_info", "tenant_id")
    groups[""] = sum(tenants.values())
    for (table, column), counted in ((_GROUPS, groups), (_TENANTS, tenants)):
        for name, usage in txn.all(f"SELECT {column}, `usage` FROM {table} ORDER BY id"):
            if usage != counted.get(name, 0):
                where, params = exactly(txn, **{column: name})
                txn.execute(
                    f"UPDATE {table} SET `usage`=?, gmt_modified=? WHERE {where}", (counted.get(name, 0), at, *params)
                )
    return DONE


# -- enforcing


def check_size(txn: Txn, key: ConfigKey, content: str, quotas: Quotas) -> None:
    """@raise RefusalError: the content has more bytes than its namespace's or group's row, or the property, allows."""
    if len(content) * 4 <= quotas.max_size and not _has_limits(txn, key):
        return
    tenant, group, _ = key
    row = capacity(txn, group, tenant)
    limit = row.max_size if row is not None and row.max_size else quotas.max_size
    if len(content.encode()) > limit:
        raise RefusalError(OverQuota("size", limit))


def _has_limits(txn: Txn, key: ConfigKey) -> bool:
    table, where, params = _place(txn, key[1], key[0])
    return txn.one(f"SELECT id FROM {table} WHERE {where} AND max_size>0", params) is not None


def check_room(txn: Txn, key: ConfigKey, quotas: Quotas) -> None:
    """
    Whether one more config may come. On MySQL the rows stay locked, so that the last place is given once.

    @raise RefusalError: no.
    """
    tenant, group, _ = key
    _check_room(txn, "", "", quotas.cluster, "cluster")
    if tenant:
        _check_room(txn, "", tenant, quotas.tenant, "namespace")
    else:
        _check_room(txn, group, "", quotas.group, "group")


def _check_room(txn: Txn, group: str, tenant: str, default: int, of: str) -> None:
    table, where, params = _place(txn, group, tenant)
    row = txn.one(f"SELECT `usage`, quota FROM {table} WHERE {where}{txn.for_update}", params)
    if row is None and _alike(txn, group, tenant) is not None:
        row = _counted(txn, group, tenant), 0
    usage, quota = row or (0, 0)
    if usage >= (quota or default):
        raise RefusalError(OverQuota(of, quota or default))
