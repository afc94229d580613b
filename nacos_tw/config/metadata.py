"""
C{.metadata.yml} of archives, as Nacos writes it (L{nacos_tw.config.described} reads it), and C{.meta.yml}, both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nacos_tw.config.described import FIELDS

_PLAIN = re.compile(r"[^\W\d_](?:[\w.\-/ ]*[\w])?")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))


def write(items: Iterable[Mapping[str, str | None]]) -> str:
    """The text of C{.metadata.yml}; fields that are None are left out."""
    lines = []
    for item in items:
        mark = "- "
        for name in FIELDS:
            value = item.get(name)
            if value is not None:
                lines.append(f"{mark}{name}: {_scalar(value)}\n")
                mark = "  "
    return "metadata:\n" + "".join(lines) if lines else "metadata: []\n"


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}"


# -- version 1: names of applications only


def dump_apps(apps: Mapping[tuple[str, str], str]) -> str:
    """C{.meta.yml}: an application per (group, dataId)."""
    return "".join(f"{_app_name(*key)}={app}\r\n" for key, app in apps.items())


def load_apps(text: str) -> dict[str, str]:
    """What L{app_of} looks in; lines that are none are left out."""
    found = {}
    for line in re.split(r"[\r\n]+", text):
        name, mark, value = line.partition("=")
        if mark:
            found[name] = value
    return found


def app_of(apps: Mapping[str, str], group: str, data_id: str) -> str | None:
    """The application of a config."""
    return apps.get(_app_name(group, data_id))


def _app_name(group: str, data_id: str) -> str:
    stem, dot, end = data_id.rpartition(".")
    return f"{group}.{stem}~{end}.app" if dot else f"{group}.{data_id}.app"
