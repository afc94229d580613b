"""Query strings and form bodies, read as Nacos's servlet container reads them."""

from __future__ import annotations

import re
from binascii import a2b_qp
from urllib.parse import unquote_to_bytes

from nacos_tw.errors import BadParameter
from nacos_tw.memo import BoundedMemo

MAX_FIELDS = 10_000
"""Most ``name=value`` pairs in one query string or form body, as in Tomcat."""

CHARSETS = {
    "utf8": "utf-8", "gbk": "gbk", "gb2312": "gb2312", "gb18030": "gb18030", "big5": "big5", "ascii": "ascii",
    "usascii": "ascii", "iso88591": "latin-1", "latin1": "latin-1", "windows1252": "cp1252", "shiftjis": "shift_jis",
    "eucjp": "euc_jp", "euckr": "euc_kr", "utf16": "utf-16", "utf16be": "utf-16-be", "utf16le": "utf-16-le",
}  # fmt: skip
"""
Values that the C{encoding} parameter may have (lower case, without C{-} and C{_}) and Python's names. A list, because
Python knows codecs that are no charsets and some that are slow on hostile input.
"""

EXACT = frozenset({"content", "Listening-Configs", "password", "newPassword"})
"""Parameters whose values are taken as they are: a config's content, records that end in a control character, and
passwords, of which each sign counts (to a directory, too, that has others of its own)."""

NOTHING = frozenset({"null", "undefined", "None"})
"""What Java, JavaScript and Python make of a value that is not there, when a client writes it into a form."""

OPTIONAL = frozenset({
    "namespaceId", "groupName", "clusterName", "cluster", "clusters", "weight", "enabled", "enable", "healthy", "valid",
    "ephemeral", "beat", "selector", "healthyOnly", "clientIP", "udpPort", "isCheck", "env", "instances",
    "consistencyType", "aggregation", "expr", "serviceNameParam", "groupNameParam", "instance", "hasIpCount",
    "withInstances", "onlyStatus", "debug", "detail", "reset", "tenant", "namespace", "tag", "type", "config_tags",
    "types", "encryptedDataKey", "policy", "unreadable", "quota", "maxSize", "maxAggrCount", "maxAggrSize", "all",
})  # fmt: skip
"""
Parameters that mean the same with one of L{NOTHING} as without a value: no name, number or choice is called so. Those
that may be any text are not among them, nor those that have to be given.
"""

MOST_KNOWN = 4096
"""Pairs whose reading is remembered, since clients send most of theirs again and again."""
KNOWN_LENGTH = 100
"""Characters of the longest of them; a token is longer."""
_known: BoundedMemo[str, tuple[str, str]] = BoundedMemo(MOST_KNOWN)
"""By C{a=b} as it was sent, in UTF-8."""

LF, CR = b"\n\r"
"""As numbers."""

# What Java's String.trim() removes.
BLANKS = "".join(map(chr, range(33)))

_INTEGER = re.compile(r"[+-]?[0-9]{1,32}\Z")
_NUMBER = re.compile(r"[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)\Z")
_LOOSE_TRUE = frozenset({"true", "on", "yes", "y", "t"})
_SPRING = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}


def charset(name: str) -> str:
    """
    Python's name of a charset.

    @raise BadParameter: when it is not one of L{CHARSETS}.
    """
    found = CHARSETS.get(name.lower().replace("-", "").replace("_", ""))
    if found is None:
        raise BadParameter(f"unsupported encoding: {name}")
    return found


def parse(data: bytes, into: dict[str, str], encoding: str = "utf-8") -> None:
    """
    Read C{a=b&c=d} text; agrees with L{urllib.parse.parse_qsl} that keeps blank values, then trims all but L{EXACT}.

    @param into: where the values go; a name that is there already keeps its value, so the first wins.
    @raise BadParameter: at more than L{MAX_FIELDS} pairs.
    """
    if not data:
        return
    if len(data) > MAX_FIELDS and data.count(b"&") > MAX_FIELDS:
        raise BadParameter(f"more than {MAX_FIELDS} parameters")
    if not data.isascii():
        _parse_bytes(data, into, encoding)
        return
    known = _known if encoding == "utf-8" else BoundedMemo(MOST_KNOWN)
    for pair in data.decode("ascii").split("&"):
        if pair:
            name, value = known.get(pair) or _field(pair, encoding, known)
            if name not in into:
                into[name] = value


def _field(pair: str, encoding: str, known: BoundedMemo[str, tuple[str, str]]) -> tuple[str, str]:
    """Name and value of C{a=b}, remembered in C{known} unless it is long or may be a secret."""
    name, _, value = pair.partition("=")
    if "%" in pair or "+" in pair:
        name, value = _unquote(name, encoding), _unquote(value, encoding)
    if name in EXACT:
        return name, value
    found = name, trimmed(value)
    if len(pair) <= KNOWN_LENGTH:
        known.keep(pair, found)
    return found


def _parse_bytes(data: bytes, into: dict[str, str], encoding: str) -> None:
    """L{parse} for text with raw bytes above 127, which no careful client sends."""
    for pair in data.split(b"&"):
        if pair:
            name, _, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
            key, text = name.decode(encoding, "replace"), value.decode(encoding, "replace")
            into.setdefault(key, text if key in EXACT else trimmed(text))


def _unquote(text: str, encoding: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        text = unescaped(text.encode()).decode(encoding, "replace")
    return text


def unescaped(data: bytes) -> bytes:
    """
    L{unquote_to_bytes}, several times as fast: a content that is published may have thousands of escapes.

    Quoted-printable has the same escapes behind another character, and the standard library decodes that in C. Where it
    takes off other than two bytes for each of them, one was malformed; that, and line ends, it treats otherwise.
    """
    found = a2b_qp(data.replace(b"=", b"=3D").replace(b"%", b"="))
    if len(found) == len(data) - 2 * data.count(b"%") and LF not in data and CR not in data:
        return found
    return unquote_to_bytes(data)


def trimmed(value: str) -> str:
    """The value without blanks and control characters at its ends, as Java's C{String.trim}."""
    if value and (value[0] <= " " or value[-1] <= " "):
        return value.strip(BLANKS)
    return value


def integer(text: str) -> int:
    """
    A Java C{int}.

    @raise BadParameter: with Java's text, also when it does not fit into 32 bits.
    """
    if _INTEGER.match(text):
        value = int(text)
        if -0x80000000 <= value <= 0x7FFFFFFF:
            return value
    raise BadParameter(f'For input string: "{text}"')


def number(text: str) -> float:
    """
    A Java C{double}.

    @raise BadParameter: with Java's text.
    """
    if not _NUMBER.match(text):
        raise BadParameter(f'For input string: "{text}"')
    return float(text if text.endswith(("NaN", "Infinity")) else text.rstrip("fFdD"))


def loose(text: str) -> bool:
    """Apache's C{BooleanUtils}: true, on, yes, y and t in any case; all else is false."""
    return text.lower() in _LOOSE_TRUE


def strict(text: str) -> bool:
    """Java's C{parseBoolean}: only C{true}, in any case."""
    return text.lower() == "true"


def spring(text: str) -> bool:
    """
    Spring's C{@RequestParam boolean}.

    @raise BadParameter: for a word that is neither yes nor no.
    """
    value = _SPRING.get(text.lower())
    if value is None:
        raise BadParameter(
            "Failed to convert value of type 'java.lang.String' to required type 'boolean'; nested exception is "
            f"java.lang.IllegalArgumentException: Invalid boolean value [{text}]"
        )
    return value
