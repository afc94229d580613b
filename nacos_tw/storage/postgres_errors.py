"""PostgreSQL's SQLSTATEs, and what each means here; and what libpq says of connections that it could not make."""

from __future__ import annotations

import re

from nacos_tw.errors import Duplicate, NacosError, Unavailable, ValueRefused
from nacos_tw.storage.errors import POSTGRES_SCHEMA_FILE, Deadlock, Defect, Denied, LinkLost, ReadOnly

LOST = frozenset({"57P01", "57P02", "57P05", "25P03", "25P04"})
"""The connection is gone, or will be at once; so are those of class 08."""
DEADLOCK = frozenset({"40001", "40P01"})
REFUSED = {
    "22001": "length",
    "22003": "range",
    "22007": "format",
    "22008": "format",
    "22021": "characters",
    "22P02": "format",
    "22P05": "characters",
    "23502": "null",
    "23514": "check",
    "54000": "size",
}
"""Errors that are the value's fault, to the rules of L{ValueRefused}."""
PASSWORD = "access denied: check db.user and db.password"  # noqa: S105 - no password
UNAVAILABLE = {
    "28000": PASSWORD,
    "28P01": PASSWORD,
    "3D000": "there is no such database on it",
    "3F000": "there is no such schema in it: check currentSchema in db.url",
    "42501": "access denied: db.user may not do this",
    "53000": "it is out of resources",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has too many connections",
    "53400": "it is out of resources",
    "55P03": "a row is locked by another transaction for too long",
    "57014": "a statement took too long",
    "57P03": "it is starting or stopping",
    "57P04": "there is no such database on it",
    "58000": "its storage failed",
    "58030": "its storage failed",
    "XX001": "its storage is damaged",
    "XX002": "its storage is damaged",
}
DENIED = frozenset({"28000", "28P01", "3D000", "57P04"})
"""Those of them that the settings are to blame for."""

_SAID = (
    (r"password authentication failed|role \"|no password supplied|authentication failed for user", "28P01"),
    (r"database \"", "3D000"),
    (r"too many (?:clients|connections)|connection slots are", "53300"),
    (r"database system is|not yet accepting|is shutting down", "57P03"),
)
"""What a server says to whom it does not let in: libpq hands on its text alone, in the server's language."""
_REASON = re.compile(r"failed: ([A-Z][A-Za-z ]{3,60})(?:\n|$)")


def postgres_problem(error: BaseException, lost: bool = False) -> NacosError:
    """
    What an error of psycopg means.

    @param lost: whether the connection is gone.
    @return: its text has no value, statement, user or host of the original's.
    """
    if isinstance(error, UnicodeError):
        return ValueRefused("text")
    if isinstance(error, TimeoutError):
        return Unavailable("the database does not answer")
    state = getattr(error, "sqlstate", None) or ""
    diag = getattr(error, "diag", None)
    if lost or state in LOST or state.startswith("08"):
        return LinkLost("the connection to the database was lost")
    if state == "23505":
        return Duplicate(str(getattr(diag, "constraint_name", None) or ""))
    if state in DEADLOCK:
        return Deadlock("the database gave the transaction up for another one")
    if state == "25006":
        return ReadOnly("the database is read-only")
    if state in REFUSED:
        return ValueRefused(REFUSED[state], str(getattr(diag, "column_name", None) or ""))
    if state == "42P01":
        return Unavailable(f"the database lacks a table: run {POSTGRES_SCHEMA_FILE} in it")
    if state in UNAVAILABLE:
        return _unavailable(state)
    if not state and "NUL" in str(error):
        return ValueRefused("characters")  # psycopg itself: no text of PostgreSQL may have it
    if not state:
        return Defect(f"the database's driver failed: {type(error).__name__}")
    return Defect(f"the database refused a statement: error {state}")


def connection_problem(text: str, asked: bool) -> NacosError:
    """
    Why no connection was made.

    @param text: libpq's.
    @param asked: whether the server wanted a password.
    """
    fatal = text.rpartition("FATAL:")[2] if "FATAL:" in text else ""
    if "no pg_hba.conf entry" in text:
        return Unavailable("the database cannot be used: it does not let this host in (pg_hba.conf)")
    if "certificate" in text:
        return _certificate(text)
    if "SSL" in text:
        what = "the server speaks none" if "does not support SSL" in text else "refused"
        return Unavailable(f"no TLS connection to the database: {what}")
    for pattern, state in _SAID:
        if re.search(pattern, fatal or text):
            return _unavailable(state)
    if asked:  # a text in another language; what comes after the password is it, or the database's name
        return Denied("the database cannot be used: access denied: check db.user, db.password and the database's name")
    if "translate host name" in text:
        return Unavailable("the database cannot be used: its host is not known")
    reason = _REASON.search(text)
    return Unavailable(f"no connection to the database: {reason[1] if reason else 'it does not answer as PostgreSQL'}")


def _certificate(text: str) -> NacosError:
    if "does not match host name" in text:
        why = "it is not for this host"
    elif "verify failed" in text:
        why = "no known authority signed it, or it has expired"
    elif "root certificate" in text:
        why = "there is no file of authorities: name one by sslrootcert"
    else:
        why = "or it does not accept ours"
    return Unavailable(f"the database's certificate is not accepted: {why}")


def _unavailable(state: str) -> NacosError:
    kind = Denied if state in DENIED else Unavailable
    return kind(f"the database cannot be used: {UNAVAILABLE[state]}")
