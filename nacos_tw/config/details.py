"""
The column ext_info of history: what else a row held, as JSON, in the fields and the order of Nacos 2.5.1.

Written to a shared database alone: there a Nacos may read it, and compares nothing with other nodes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.config.commands import Publish
from nacos_tw.config.model import DEFAULT_TYPE
from nacos_tw.storage.txn import Txn

_RULE = ("type", "expr", "version", "priority")


def wanted(txn: Txn) -> bool:
    """Whether the history of this database is to have them."""
    return txn.columns.history_gray_name and txn.dialect != "sqlite"


def of_new(command: Publish) -> str:
    """Those of a config that comes."""
    kind = DEFAULT_TYPE if command.type is None else command.type
    found = {
        "src_user": command.src_user,
        "c_schema": _trimmed(command.schema),
        "c_use": _trimmed(command.use),
        "effect": _trimmed(command.effect),
        "type": _trimmed(kind),
        "config_tags": _trimmed(command.tags),
        "c_desc": _trimmed(command.desc),
    }
    return _json(found)


def of_row(txn: Txn, number: int) -> str | None:
    """
    Those of a config as it is, which is locked from then on.

    @param number: its id.
    @return: None if it is gone.
    """
    row = txn.one(
        f"SELECT type, effect, src_user, c_desc, c_use, c_schema FROM config_info WHERE id=?{txn.for_update}", (number,)
    )
    if row is None:
        return None
    kind, effect, user, desc, use, schema = row
    # By a statement of its own, which locks none of these: the rows of new configs come right behind them.
    labels = txn.all("SELECT tag_name FROM config_tags_relation WHERE id=? ORDER BY nid", (number,))
    tags = ",".join(label for (label,) in labels)
    found = {"type": kind, "config_tags": tags, "effect": effect, "src_user": user}
    return _json({**found, "c_desc": desc, "c_use": use, "c_schema": schema})


def of_copy(name: str, rule: str, user: str | None) -> str | None:
    """
    Those of a copy for some.

    @param name, rule: as config_info_gray has them.
    @param user: who wrote it.
    @return: None if the rule cannot be read.
    """
    found = {"gray_name": name, "src_user": user}
    if rule.strip():
        try:
            parts = msgspec.json.decode(rule, type=dict[str, Any])
        except msgspec.MsgspecError:
            return None
        texts = {part: str(parts[part]) for part in _RULE if part in parts}
        found["gray_rule"] = msgspec.json.encode(texts).decode()
    return _json(found)


def _trimmed(value: str | None) -> str:
    return (value or "").strip()


def _json(found: dict[str, str | None]) -> str:
    filled = {name: value for name, value in found.items() if value and value.strip()}
    return msgspec.json.encode(filled).decode()
