"""Kinds of values: each is a function from a key's text to its value.

A text that is not of the kind raises ValueError whose text says what was expected, never what was
found (the caller decides whether that may be shown).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_SIZE = re.compile(r"([0-9]{1,12})\s*(B|KB|MB|GB)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}
_ORIGIN = re.compile(r"https?://(?:[a-z0-9_.-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HOST = re.compile(r"[A-Za-z0-9_.:%\[\]-]{1,255}")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}|[0-9]+(\.[0-9]+)+")
_LDAP_PORTS = {"ldap": 389, "ldaps": 636}


def text(value: str) -> str:
    """Any text; blanks around it do not count."""
    return value.strip()


def secret_text(shortest: int) -> Callable[[str], str]:
    """A text of a least length, or none."""

    def parse(value: str) -> str:
        value = value.strip()
        if value and len(value) < shortest:
            raise ValueError(f"at least {shortest} characters")
        return value

    return parse


def integer(least: int, most: int) -> Callable[[str], int]:
    """A whole number; "" gives 0 (a key without a default that is not set)."""

    def parse(value: str) -> int:
        value = value.strip()
        if not value:
            return 0
        if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return parse


def milliseconds(least: int, most: int) -> Callable[[str], float]:
    """A whole number of milliseconds, as seconds; "" gives 0 (a key without a default that is not set)."""

    def parse(value: str) -> float:
        value = value.strip()
        if not value:
            return 0.0
        if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError(f"milliseconds, a whole number from {least} to {most}")
        return int(value) / 1000

    return parse


def seconds(least: int, most: int) -> Callable[[str], float]:
    """A whole number of seconds."""

    def parse(value: str) -> float:
        value = value.strip()
        if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError(f"seconds, a whole number from {least} to {most}")
        return float(value)

    return parse


def byte_count(least: int, most: int) -> Callable[[str], int]:
    """A number of bytes, with KB, MB or GB (of 1024) if wanted."""

    def parse(value: str) -> int:
        match = _SIZE.fullmatch(value.strip())
        count = int(match[1]) * _UNITS[(match[2] or "").lower()] if match else -1
        if not least <= count <= most:
            raise ValueError(f"bytes, a whole number from {least} to {most} (KB, MB and GB may follow)")
        return count

    return parse


def switch(on: str = "true", off: str = "false") -> Callable[[str], bool]:
    """true or false in Spring's spellings, or the two words given."""

    def parse(value: str) -> bool:
        value = value.strip().lower()
        if value in _TRUE or value == on:
            return True
        if value in _FALSE or value == off:
            return False
        words = "true or false" if on == "true" else f"true or false ({on} or {off})"
        raise ValueError(words)

    return parse


storage_flag = switch("embedded", "external")
"""Whether storage is embedded."""


def choice(*allowed: str, **meanings: str) -> Callable[[str], str]:
    """One of the words, whatever their case; C{meanings} maps further words to them. Quotes alone (as Nacos's
    container image writes an empty value) count as empty."""

    def parse(value: str) -> str:
        value = value.strip().strip("\"'").lower()
        value = meanings.get(value, value)
        if value not in allowed:
            raise ValueError(" or ".join(word or "nothing" for word in (*allowed, *meanings)))
        return value

    return parse


def words(value: str) -> str:
    """Entries between commas or blanks, as one text with commas."""
    return ",".join(value.replace(",", " ").split())


def origins(value: str) -> str:
    """Origins of web pages, as one text with commas: scheme, host and port if not the usual one; C{*} is none."""
    found = words(value.lower()).split(",")
    if any(one and not _ORIGIN.fullmatch(one) for one in found):
        raise ValueError("origins such as https://console.example.com:8443, each in full, without a path or a *")
    return ",".join(found)


def path(value: str) -> str:
    """A folder."""
    value = value.strip()
    if "\0" in value or not value.isprintable():
        raise ValueError("the path of a folder")
    return value


def file_path(value: str) -> str:
    """A file; Spring's prefix C{file:} may stand before it."""
    value = value.strip()
    if value.startswith("file:"):
        value = re.sub("^(?://)?(?=/)", "", value[5:])
    if not value.isprintable() or re.match(r"[A-Za-z]{2,}:", value):
        raise ValueError("the path of a file")
    return value


def listed(*allowed: str) -> Callable[[str], str]:
    """Words out of these between commas or blanks, as one text with commas; whatever their case."""
    known = {word.lower(): word for word in allowed}

    def parse(value: str) -> str:
        found = [known.get(word.lower()) for word in value.replace(",", " ").split()]
        if None in found:
            raise ValueError(f"{' or '.join(allowed)}, comma separated")
        return ",".join(word for word in found if word)

    return parse


def url_path(value: str) -> str:
    """A path that starts with one slash and ends without; "" for the root."""
    value = value.strip()
    if value in ("", "/"):
        return ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", value):
        raise ValueError("a path such as /nacos, of letters, digits, dots, dashes and underscores")
    return value.rstrip("/")


def host(value: str) -> str:
    """An IP address or a host name."""
    value = value.strip()
    if value and not _HOST.fullmatch(value):
        raise ValueError("an IP address or a host name")
    return value


def patterns(value: str) -> str:
    """A regular expression."""
    value = value.strip()
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        raise ValueError("a regular expression") from None
    return value


def attribute(value: str) -> str:
    """The name of an LDAP attribute, or its number (RFC 4512, 2.5); without options."""
    value = value.strip()
    if not _ATTRIBUTE.fullmatch(value):
        raise ValueError("the name of an attribute such as uid")
    return value


LdapUrl = tuple[str, int, bool]
"""Host, port, whether TLS is spoken."""


def ldap_urls(value: str) -> tuple[LdapUrl, ...]:
    """One or more servers, between blanks or commas."""
    found = tuple(map(_ldap_url, words(value).split(",")))
    if None in found:
        raise ValueError("ldap://host:port or ldaps://host:port")
    return found  # type: ignore[return-value]


def _ldap_url(value: str) -> LdapUrl | None:
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return None
    plain = url.path in ("", "/") and not (url.query or url.fragment or url.username)
    if url.scheme not in _LDAP_PORTS or not url.hostname or not _HOST.fullmatch(url.hostname) or not plain:
        return None
    return url.hostname, port or _LDAP_PORTS[url.scheme], url.scheme == "ldaps"
