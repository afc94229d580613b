"""Health checkers of a cluster, and their JSON (docs/spec/naming-v1.md#2.5).

C{msgspec.json.encode(checker)} is the wire form, for example C{{"type":"TCP"}}.
"""

from __future__ import annotations

import re

import msgspec

from nacos_tw.errors import Invalid


class Tcp(msgspec.Struct, frozen=True, tag_field="type", tag="TCP"):
    """A connect to the port must succeed."""


class Http(msgspec.Struct, frozen=True, tag_field="type", tag="HTTP"):
    """A GET must answer 200. C{headers} is C{Name:value|Name2:value2}; the expected code is kept, not used."""

    path: str = ""
    headers: str = ""
    expected_response_code: int = msgspec.field(default=200, name="expectedResponseCode")

    def custom_headers(self) -> list[tuple[str, str]]:
        """The pairs in C{headers}; parts without a colon are left out."""
        pairs = (part.split(":", 1) for part in self.headers.split("|") if ":" in part)
        return [(name.strip(), value.strip()) for name, value in pairs]


class Mysql(msgspec.Struct, frozen=True, tag_field="type", tag="MYSQL"):
    """C{cmd} must run on the MySQL server at the instance's own port."""

    user: str | None = None
    pwd: str | None = None
    cmd: str | None = None


class Unchecked(msgspec.Struct, frozen=True, tag_field="type", tag="NONE"):
    """Never probed; health is set by hand."""


Checker = Tcp | Http | Mysql | Unchecked

TCP = Tcp()
UNCHECKED = Unchecked()

_KNOWN: dict[str, type[Tcp] | type[Http] | type[Mysql] | type[Unchecked]] = {
    "TCP": Tcp,
    "HTTP": Http,
    "MYSQL": Mysql,
    "NONE": Unchecked,
}


_TARGET = re.compile(r"(?!//)(?![a-zA-Z][a-zA-Z0-9+.-]*:)[^#\s\\]*")
_HEADERS = re.compile(r"(?!(.*\|)?\s*(content-length|transfer-encoding)\s*:)[^\r\n\0]*", re.IGNORECASE)


def parse_checker(text: str) -> Checker:
    """
    A checker from its JSON text. An unknown or missing type is L{Unchecked}, unknown keys are ignored, and numbers
    and booleans are taken where a text belongs (and the other way round).

    @raise Invalid: the text is no JSON object, a field has a value that cannot be read, the path leads to another host
        or has a fragment, a header is two or says how long the request is.
    """
    try:
        fields = msgspec.json.decode(text, type=dict[str, object])
        checker = _KNOWN.get(str(fields.get("type")), Unchecked)
        known = {name: _scalar(fields[name]) for name in checker.__struct_encode_fields__ if name in fields}
        found: Checker = msgspec.convert(known | {"type": checker.__struct_config__.tag}, checker, strict=False)
        if isinstance(found, Http) and not (_TARGET.fullmatch(found.path) and _HEADERS.fullmatch(found.headers)):
            raise ValueError(found.path)
        return found
    except (msgspec.MsgspecError, ValueError, UnicodeError):
        raise Invalid("healthChecker", "format", text) from None


def _scalar(value: object) -> object:
    """What Jackson makes of a number or boolean in the place of a text: its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return value


def defaults() -> dict[str, dict[str, object]]:
    """Every checker type with the defaults of its fields: the answer of C{GET health/checkers}."""
    return {
        name: {key: value for key, value in msgspec.to_builtins(checker()).items() if key != "type"}
        for name, checker in _KNOWN.items()
    }
