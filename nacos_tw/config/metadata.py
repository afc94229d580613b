"""
C{.metadata.yml} and C{.meta.yml} of exported archives: the little of YAML that Nacos writes there, written and read.

A list of flat mappings under C{metadata:}; values plain, quoted or as a block, over several lines if they are long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

FIELDS = ("appName", "dataId", "desc", "group", "type")
"""In the order in which they are written."""

MOST_ITEMS = 100_000
MOST_LINES = 1_000_000
LONGEST_VALUE = 16 * 1024
"""Characters of one value as it is written. The longest that may be stored has some hundreds."""

_PLAIN = re.compile(r"[^\W\d_](?:[\w.\-/ ]*[\w])?")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))
_FIELD = re.compile(r"(\s*)(- +|-\t+)?([A-Za-z_]\w*) *:(?:[ \t]+(.*))?")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029", "\t": "\t",
}  # fmt: skip


class MetadataError(ValueError):
    """The text is no such list."""


def dump(items: Iterable[Mapping[str, str | None]]) -> str:
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


def load(text: str) -> list[dict[str, str | None]]:
    """
    The items of C{.metadata.yml}.

    @raise MetadataError: it is something else.
    """
    if text.count("\n") + text.count("\r") > MOST_LINES:
        raise MetadataError("too many lines")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    at = 0
    while at < len(lines) and (not _content(lines[at]) or lines[at].startswith(("---", "%"))):
        at += 1
    head = _content(lines[at]) if at < len(lines) else ""
    if head.replace(" ", "") in ("metadata:[]", "metadata:null", "metadata:~"):
        return []
    if head != "metadata:":
        raise MetadataError("no list of metadata")
    return _items(lines, at + 1)


def _items(lines: list[str], at: int) -> list[dict[str, str | None]]:
    items: list[dict[str, str | None]] = []
    while at < len(lines):
        if not _content(lines[at]):
            at += 1
            continue
        found = _FIELD.fullmatch(lines[at])
        if found is None or (not found[2] and not items):
            raise MetadataError(f"line {at + 1} is no field")
        if found[2]:
            if len(items) == MOST_ITEMS:
                raise MetadataError("too many items")
            items.append({})
        indent = len(found[1]) + len(found[2] or "")
        value, at = _value(found[4] or "", lines, at + 1, indent)
        items[-1][found[3]] = value
    return items


def _content(line: str) -> str:
    """A line without comment and blanks."""
    return "" if line.lstrip().startswith("#") else line.strip()


def _value(first: str, lines: list[str], at: int, indent: int) -> tuple[str | None, int]:
    """
    A field's value.

    @param at: the line behind the one with C{first}.
    @param indent: of the field's name.
    @return: it, and the line behind it.
    """
    first = first.strip(" \t")
    rest = []
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > indent):
        rest.append(lines[at])
        at += 1
    if len(first) + sum(map(len, rest)) > LONGEST_VALUE:
        raise MetadataError("a value that is too long")
    if first[:1] in ("|", ">"):
        return _block(first, rest), at
    if first[:1] in ("'", '"'):
        return _quoted(first, rest), at
    if first[:1] in ("[", "{", "&", "*", "!", "%", "@", "`"):
        raise MetadataError("a value that is no text")
    plain = _folded([_uncommented(line) for line in (first, *rest)])
    return (None if plain in ("", "~", "null", "Null", "NULL") else plain), at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _uncommented(line: str) -> str:
    line = line.strip(" \t")
    return "" if line.startswith("#") else line.partition(" #")[0].rstrip()


def _folded(lines: list[str]) -> str:
    """Lines as one text: a line end is a blank, empty lines are line ends."""
    while lines and not lines[-1]:
        lines.pop()
    text, blanks = "", 0
    for number, line in enumerate(lines):
        if number and not line:
            blanks += 1
            continue
        text += ("\n" * blanks or " " if number else "") + line
        blanks = 0
    return text


def _quoted(first: str, rest: list[str]) -> str:
    mark = first[0]
    stripped = [line.strip(" \t") for line in rest]
    if mark == "'":
        found = re.fullmatch(r"'((?:[^']|'')*)'\s*(?: #.*)?", _folded([first, *stripped]), re.DOTALL)
        if found is None:
            raise MetadataError("a quote that does not end")
        return found[1].replace("''", "'")
    lines = [[first]]
    for line in stripped:
        before = lines[-1][-1]
        if (len(before) - len(before.rstrip("\\"))) % 2:  # a line end that does not count
            lines[-1][-1:] = [before[:-1], line]
        else:
            lines.append([line])
    text = _folded(["".join(parts) for parts in lines])
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)"\s*(?: #.*)?', text, re.DOTALL)
    if found is None:
        raise MetadataError("a quote that does not end")
    return _ESCAPE.sub(_unescaped, found[1])


def _unescaped(found: re.Match[str]) -> str:
    what = found[1]
    if len(what) > 1:
        number = int(what[1:], 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise MetadataError("an escape that is no character")
        return chr(number)
    if what not in _ESCAPES:
        raise MetadataError("an unknown escape")
    return _ESCAPES[what]


def _block(head: str, lines: list[str]) -> str:
    """A block: C{|} keeps its line ends, C{>} folds them; C{-} takes those at the end off, C{+} keeps all."""
    indent = min((_indent(line) for line in lines if line.strip()), default=0)
    lines = [line[indent:] for line in lines]
    ends = 0
    while lines and not lines[-1]:
        lines.pop()
        ends += 1
    text = "\n".join(lines) if head[0] == "|" else _folded(lines)
    return text + ("" if "-" in head or not lines else "\n" * (1 + ends if "+" in head else 1))


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
