"""Namespaces in the database: tenant_info, and how many configs each has (docs/spec/config-v1.md#11)."""

from __future__ import annotations

from typing import Any

from nacos_tw.errors import Alike, Duplicate
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.namespaces.model import PUBLIC_DESC, PUBLIC_NAME, Namespace
from nacos_tw.storage.exact import counted_by, exactly
from nacos_tw.storage.txn import Txn


def namespaces(txn: Txn) -> list[Namespace]:
    """The public one, then the others in the order they were made."""
    counts = counted_by(txn, "config_info", "tenant_id")
    found = [Namespace("", PUBLIC_NAME, PUBLIC_DESC, counts.get("", 0), 0)]
    for number, name, desc in txn.all(
        "SELECT tenant_id, tenant_name, tenant_desc FROM tenant_info WHERE kp='1' ORDER BY id"
    ):
        if number:  # a row for the public one is its, not another
            found.append(Namespace(number, name or "", desc, counts.get(number, 0)))
    return found


def namespace(txn: Txn, number: str) -> Namespace | None:
    """One namespace, "" is the public one; None if there is none."""
    where, params = exactly(txn, tenant_id=number)
    counted = txn.one(f"SELECT COUNT(*) FROM config_info WHERE {where}", params)
    configs = counted[0] if counted else 0
    if not number:
        return Namespace("", PUBLIC_NAME, PUBLIC_DESC, configs, 0)
    row = txn.one(f"SELECT tenant_name, tenant_desc FROM tenant_info WHERE kp='1' AND {where}", params)
    return None if row is None else Namespace(number, row[0] or "", row[1], configs)


def exists(txn: Txn, number: str) -> bool:
    """Whether a namespace of that id was created; the public one ("") was not."""
    where, params = exactly(txn, tenant_id=number)
    return txn.one(f"SELECT 1 FROM tenant_info WHERE kp='1' AND {where}", params) is not None


def create(txn: Txn, command: CreateNamespace) -> bool:
    """As L{CreateNamespace}."""
    if exists(txn, command.id):
        return False
    at = _moment(txn, command.at_ms)
    try:
        txn.execute(
            "INSERT INTO tenant_info (kp, tenant_id, tenant_name, tenant_desc, create_source, gmt_create, gmt_modified)"
            " VALUES ('1', ?, ?, ?, 'nacos', ?, ?)",
            (command.id, command.name, command.desc, at, at),
        )
    except Duplicate:
        row = txn.one(f"SELECT tenant_id FROM tenant_info WHERE kp='1' AND tenant_id=?{txn.for_share}", (command.id,))
        if row is not None and row[0] != command.id:
            raise Alike("namespace", (command.id,), (row[0],)) from None
        return False
    return True


def _moment(txn: Txn, millis: int) -> Any:
    """As the columns of tenant_info have it."""
    return txn.datetime(millis) if txn.columns.namespace_dates else millis


def update(txn: Txn, command: UpdateNamespace) -> bool:
    """As L{UpdateNamespace}."""
    where, params = exactly(txn, tenant_id=command.id)
    txn.execute(
        f"UPDATE tenant_info SET tenant_name=?, tenant_desc=?, gmt_modified=? WHERE kp='1' AND {where}",
        (command.name, command.desc, _moment(txn, command.at_ms), *params),
    )
    return True


def delete(txn: Txn, command: DeleteNamespace) -> bool:
    """As L{DeleteNamespace}."""
    where, params = exactly(txn, tenant_id=command.id)
    txn.execute(f"DELETE FROM tenant_info WHERE kp='1' AND {where}", params)
    return True
