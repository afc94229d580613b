"""Texts about values that a database does not accept, the same in every API; none of them comes from Nacos."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.errors import Alike, Duplicate, ValueRefused

_REFUSED = {
    "text": "a value is not valid Unicode text",
    "number": "a number is too large for the database",
    "size": "a value is too large for the database",
    "packet": "the value is larger than the database's max_allowed_packet",
    "row": "the database refused the values",
}
_OF_COLUMN = {
    "range": "Out of range value for column",
    "truncated": "Data truncated for column",
    "format": "Incorrect value for column",
    "length": "Data too long for column",
    "characters": "a text holds a character that the table's character set lacks:",
    "check": "a check refused the value:",
}
"""The column's name follows."""


def _config(tenant: str, group: str, data_id: str) -> str:
    return f"the config '{data_id}' of group '{group}'" + (f" of namespace '{tenant}'" if tenant else "")


_WANTED: dict[str, Callable[..., str]] = {
    "user": "the user '{}'".format,
    "role": "the role '{}' of '{}'".format,
    "permission": "the permission {2} of '{0}' on '{1}'".format,
    "namespace": "the namespace '{}'".format,
    "config": _config,
    "copy": lambda name, *key: f"the copy {name} of {_config(*key)}",
    "quota": "the quota of '{}'".format,
}
_FOUND: dict[str, Callable[..., str]] = {
    **_WANTED,
    "user": "'{}'".format,
    "role": "'{}' of '{}'".format,
    "permission": "{2} of '{0}' on '{1}'".format,
    "namespace": "'{}'".format,
    "copy": lambda name, *key: f"{name} of {_config(*key)}",
    "quota": "that of '{}'".format,
}


def refused_words(it: ValueRefused) -> str:
    """Why, and of which column."""
    said = _REFUSED.get(it.rule)
    if said is not None:
        return said
    if it.rule == "null":
        return f"Column '{it.column}' cannot be null"
    said = _OF_COLUMN[it.rule]
    return f"{said} '{it.column}'" if it.column else said.rstrip(":")


def alike_words(it: Alike) -> str:
    """What it takes for what, and what mends that."""
    return (
        f"the database takes {_WANTED[it.of](*it.wanted)} for {_FOUND[it.of](*it.found)}, which is there; its collation"
        " must tell them apart, the log of the start names the statements that make it"
    )


def duplicate_words(it: Duplicate) -> str:
    """Of which key."""
    return f"Duplicate entry for key '{it.key}'" if it.key else "Duplicate entry"
