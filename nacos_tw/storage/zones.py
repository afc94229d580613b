"""The time zone in which a Nacos server of this database wrote its DATETIME columns.

Connector/J writes a moment as the wall clock of C{serverTimezone} (C{connectionTimeZone}), or else
of the database session's zone. The same is done here, so that both read each other's times.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from nacos_tw.errors import StartError

EPOCH = datetime(1970, 1, 1)
_AWARE_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_OFFSET = re.compile(r"(?:GMT|UTC|UT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_UTC_NAMES = frozenset({"utc", "gmt", "z", "ut", "etc/utc", "etc/gmt", "universal", "zulu", "uct"})
_SHORT = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland",
    "PLT": "Asia/Karachi", "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""Java's short names of zones."""


def zone(name: str) -> tzinfo | None:
    """
    The zone that an option of a URL names.

    @param name: "UTC", "Asia/Shanghai", "GMT+8", "+08:00", "CTT", "LOCAL" ...
    @return: None for UTC.
    @raise StartError: this machine knows no such zone.
    """
    if name.lower() in _UTC_NAMES:
        return None
    if name.upper() == "LOCAL":
        return _Local()
    match = _OFFSET.fullmatch(name)
    if match is not None:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
        return fixed(-seconds if match[1] == "-" else seconds)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(_SHORT.get(name, name))
    except (KeyError, ValueError, OSError):
        raise StartError(
            f"db.url: serverTimezone={_shown(name)} is not known on this machine; expected a name such as UTC, "
            "Asia/Shanghai or GMT+8 (names of cities need the system package or the Python package tzdata)"
        ) from None


def fixed(seconds: int) -> tzinfo | None:
    """The zone that many seconds east of UTC; None for UTC."""
    return timezone(timedelta(seconds=seconds)) if seconds and abs(seconds) < 86400 else None


def to_column(millis: int, where: tzinfo | None, whole: bool = True) -> datetime:
    """
    A moment as the wall clock of a zone.

    @param whole: in whole seconds: MySQL would round up what is beyond for a column that does not keep it.
    """
    seconds, rest = divmod(millis, 1000)
    beyond = timedelta(milliseconds=0 if whole else rest)
    if where is None:
        return EPOCH + timedelta(seconds=seconds) + beyond
    return datetime.fromtimestamp(seconds, where).replace(tzinfo=None) + beyond


def from_column(value: Any, where: tzinfo | None) -> int:
    """A wall clock as milliseconds since 1970; 0 for what is no date."""
    if not isinstance(value, datetime):
        return 0  # NULL, or 0000-00-00, which PyMySQL leaves as a text
    if where is None:
        return (value - EPOCH) // _MILLISECOND
    return (value.replace(tzinfo=where) - _AWARE_EPOCH) // _MILLISECOND


def _shown(name: str) -> str:
    return name if len(name) <= 60 and name.isprintable() else ascii(name[:60])


class _Local(tzinfo):
    """This machine's own zone, as C{datetime} knows it."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        """Of the wall clock C{when}."""
        return (when or EPOCH).replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, when: datetime | None) -> timedelta | None:
        """Not told apart."""
        return None

    def tzname(self, when: datetime | None) -> str:
        """A name for it."""
        return "LOCAL"

    def fromutc(self, when: datetime) -> datetime:
        """A moment given in UTC as the wall clock."""
        local = when.replace(tzinfo=timezone.utc).astimezone()
        return local.replace(tzinfo=self)
