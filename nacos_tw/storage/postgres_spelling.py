"""Statements in the spelling of this package, as psycopg and PostgreSQL want them. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

IDS = {"his_config_info": "nid", "config_tags_relation": "nid", "users": "", "roles": "", "permissions": ""}
"""The columns that the database numbers rows in; C{id} of all other tables, "" for none."""
_WRITES = re.compile(r"\s*(?:INSERT\s+INTO|(UPDATE))\s+([a-z_]+)", re.IGNORECASE)
_ROW = re.compile(r"\s*INSERT\s+INTO\s+[a-z_]+\s*\(([^)]*)\)\s*VALUES\s*\(([^)]*)\)", re.IGNORECASE)
_SET = re.compile(r"[`\"]?([a-z_]+)[`\"]?\s*=\s*(?:COALESCE\()?\?", re.IGNORECASE)


@attrs.frozen
class Spelled:
    """
    A statement.

    @ivar text: with C{%s} for each parameter, and C{%%} for each C{%}. An INSERT gives the number of its row.
    @ivar guarded: whether the database may refuse it for its values.
    @ivar table: that it writes to, "" for none.
    @ivar columns: those that parameters are for, in their order, "" where that is not known; only of a C{guarded} one.
    """

    text: str
    guarded: bool = False
    table: str = ""
    columns: tuple[str, ...] = ()


@functools.lru_cache(maxsize=512)
def postgres_spelled(sql: str) -> Spelled:
    """A statement with C{?} for each parameter; what stands between quotes is left alone."""
    text = _spell(sql)
    writes = _WRITES.match(sql)
    if writes is None:
        return Spelled(text)
    table = writes[2].lower()
    number = "" if writes[1] else IDS.get(table, "id")
    return Spelled(f"{text} RETURNING {number}" if number else text, True, table, _columns(sql))


def _spell(sql: str) -> str:
    out, quote = [], ""
    for character in sql:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "?":
            out.append("%s")
            continue
        out.append({"%": "%%", "`": '"'}.get(character, character) if quote != "'" or character == "%" else character)
    return "".join(out)


def _columns(sql: str) -> tuple[str, ...]:
    row = _ROW.match(sql)
    if row is None:
        return tuple(name.lower() for name in _SET.findall(sql))
    names = [name.strip(' `"').lower() for name in row[1].split(",")]
    values = [value.strip() for value in row[2].split(",")]
    return tuple(name for name, value in zip(names, values, strict=False) if value == "?")


def too_long(statement: Spelled, params: Sequence[Any], lengths: Mapping[str, int]) -> str:
    """The first column whose text is longer than it takes; "" if none is found."""
    for name, value in zip(statement.columns, params, strict=False):
        if isinstance(value, str) and name in lengths and len(value) > lengths[name]:
            return name
    return ""
