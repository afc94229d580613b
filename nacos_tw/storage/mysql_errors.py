"""MySQL's and MariaDB's error numbers, and what each means here."""

from __future__ import annotations

import re

from nacos_tw.errors import Duplicate, NacosError, Unavailable, ValueRefused
from nacos_tw.storage.errors import SCHEMA_FILE, Deadlock, Defect, Denied, LinkLost, ReadOnly

LOST = frozenset({0, 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 2006, 2013, 2055, 4031})
"""The connection is gone, or will be at once (0: PyMySQL's for one that is closed)."""
DEADLOCK = frozenset({1020, 1213, 1614})
READ_ONLY = frozenset({1209, 1290, 1792, 1836, 1874, 3100})
DUPLICATE = frozenset({1022, 1062, 1169, 1586, 1859})
REFUSED = {
    1264: "range",
    1265: "truncated",
    1366: "format",
    1406: "length",
    1048: "null",
    1292: "format",
    1267: "characters",
    1270: "characters",
    1271: "characters",
    3819: "check",
    4025: "check",
}
"""Errors that are the value's fault, to the rules of L{ValueRefused}."""
UNAVAILABLE = {
    1021: "its disk is full",
    1030: "its storage failed",
    1037: "it is out of memory",
    1038: "it is out of memory",
    1040: "it has too many connections",
    1041: "it is out of memory",
    1044: "access denied: check db.user and db.password",
    1045: "access denied: check db.user and db.password",
    1049: "there is no such database on it",
    1114: "its disk is full",
    1129: "it has blocked this host",
    1130: "it does not let this host in",
    1135: "it is out of resources",
    1142: "access denied: db.user may not do this",
    1143: "access denied: db.user may not do this",
    1203: "db.user has too many connections",
    1205: "a row is locked by another transaction for too long",
    1226: "db.user has used up what it may",
    1227: "access denied: db.user may not do this",
    1370: "access denied: db.user may not do this",
    1251: "it wants a way to log in that this server does not know",
    1524: "it wants a way to log in that this server does not know",
    1698: "access denied: check db.user and db.password",
    1820: "the password of db.user has expired",
    1862: "the password of db.user has expired",
    1969: "a statement took too long",
    3024: "a statement took too long",
    2002: "it does not answer",
    2003: "it does not answer",
    2005: "its host is not known",
    2026: "no TLS connection is possible",
    2059: "it wants a way to log in that this server does not know",
    2061: "access denied: check db.user and db.password",
    3118: "db.user is locked",
    4151: "db.user is locked",
}
DENIED = frozenset({1044, 1045, 1049, 1698, 2061})
"""Those of them that the settings are to blame for."""
_KEY = re.compile(r"for key '?([A-Za-z0-9_.$]{1,128})'?$", re.ASCII)
_COLUMN = re.compile(r"(?:column|Column) '?(?:`[^`]*`\.)*`?([A-Za-z0-9_$]{1,64})`?'?(?: |$)", re.ASCII)


def mysql_problem(error: BaseException) -> NacosError:
    """
    What an error of PyMySQL means.

    @return: its text has no value, statement, user or host of the original's.
    """
    if isinstance(error, UnicodeError):
        return ValueRefused("text")
    number = error.args[0] if error.args and isinstance(error.args[0], int) else -1
    text = str(error.args[1]) if len(error.args) > 1 else ""
    if number in (2006, 2013, 2003) and _timed_out(error):
        return Unavailable("the database does not answer")
    if number in LOST:
        return LinkLost("the connection to the database was lost")
    if number in DUPLICATE:
        key = _KEY.search(text)
        return Duplicate(key[1].rpartition(".")[2] if key else "")
    if number in DEADLOCK:
        return Deadlock("the database gave the transaction up for another one")
    if number in READ_ONLY:
        return ReadOnly("the database is read-only")
    if number == 1153:
        return ValueRefused("packet")
    if number in REFUSED:
        column = _COLUMN.search(text)
        return ValueRefused(REFUSED[number], column[1] if column else "")
    if number == 1146:
        return Unavailable(f"the database lacks a table: run {SCHEMA_FILE} in it")
    if number in UNAVAILABLE:
        kind = Denied if number in DENIED else Unavailable
        return kind(f"the database cannot be used: {UNAVAILABLE[number]}")
    if number < 0:
        return Defect(f"the database's driver failed: {type(error).__name__}")
    return Defect(f"the database refused a statement: error {number}")


def _timed_out(error: BaseException) -> bool:
    cause = getattr(error, "original_exception", None) or error.__context__ or error.__cause__
    return isinstance(cause, TimeoutError)
