"""
Rules that say by labels which clients get a copy of a config, as Nacos has them since 3.2.2. Pure.

Version 1.0.0 knows one condition, C{region=hz,sh}: the label C{region} has one of these values. Version 1.1.0 joins
such conditions by C{&&} and C{||}, of which C{&&} binds closer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from nacos_tw.config.problems import ConfigInvalid

TYPE = "tagv2"
ONE_CONDITION, CONDITIONS = "1.0.0", "1.1.0"
"""Versions of rules."""
LONGEST = 4096
"""Characters of an expression."""
LOWEST, HIGHEST = -(2**31), 2**31 - 1
"""Priorities; the highest is that of beta copies, the one below that of tags."""
CLIENT_IP = "ClientIp"
VIP_TAG = "Vipserver-Tag"
"""Labels that a request has beside those of its client's connection."""

_BLANK = r"[ \t\n\x0b\f\r]*"
_WORD = r"[a-zA-Z0-9_:.\-]+"
_CONDITION = re.compile(f"{_BLANK}({_WORD}){_BLANK}={_BLANK}({_WORD}(?:{_BLANK},{_BLANK}{_WORD})*){_BLANK}")

Conditions = tuple[tuple[tuple[str, frozenset[str]], ...], ...]
"""Any of the groups, of which all conditions hold: a label and the values that it may have."""


class StoredRule(msgspec.Struct, omit_defaults=True):
    """gray_rule, the fields and their order as 2.5.1 writes them, and one of ours."""

    type: str
    version: str
    expr: str
    priority: int
    mirrored: bool = False


def parse(expr: str, version: str = CONDITIONS) -> Conditions:
    """
    What an expression asks for.

    @raise ConfigInvalid: it is none, or the version is unknown.
    """
    if version not in (ONE_CONDITION, CONDITIONS):
        raise ConfigInvalid("grayVersion", "choice", version, (ONE_CONDITION, CONDITIONS))
    if len(expr) > LONGEST:
        raise ConfigInvalid("grayRuleExp", "length", expr[:100], LONGEST)
    groups = expr.split("||") if version == CONDITIONS else [expr]
    return tuple(_group(expr, group.split("&&") if version == CONDITIONS else [group]) for group in groups)


def _group(expr: str, texts: list[str]) -> tuple[tuple[str, frozenset[str]], ...]:
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        match = _CONDITION.fullmatch(text)
        # A label can have one value only, so two conditions on one are a mistake.
        if match is None or match[1] in found:
            raise ConfigInvalid("grayRuleExp", "format", expr[:100])
        found[match[1]] = frozenset(value.strip() for value in match[2].split(","))
    return tuple(found.items())


def matches(conditions: Conditions, labels: Mapping[str, str]) -> bool:
    """Whether a client with these labels is meant."""
    return any(all(labels.get(name) in values for name, values in group) for group in conditions)


def stored(expr: str, version: str, priority: int) -> str:
    """A rule as config_info_gray has it."""
    return msgspec.json.encode(StoredRule(TYPE, version, expr, priority)).decode()


def read(text: str) -> StoredRule | None:
    """A rule of config_info_gray; None if it cannot be read."""
    try:
        return msgspec.json.decode(text, type=StoredRule)
    except msgspec.MsgspecError:
        return None


def by_labels(text: str) -> tuple[int, Conditions] | None:
    """Priority and conditions of a rule of config_info_gray, None if it is none by labels, or cannot be understood."""
    rule = read(text)
    if rule is None or rule.type != TYPE:
        return None
    try:
        return rule.priority, parse(rule.expr, rule.version)
    except ConfigInvalid:
        return None
