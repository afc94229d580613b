"""
Why a database cannot be used, in the operator's words. No text holds a credential, a statement or a value that was to
be stored. What is wrong with a value is a problem of L{nacos_tw.errors}.
"""

from __future__ import annotations

from nacos_tw.errors import NacosError, Unavailable

SCHEMA_FILE = "conf/nacos-mysql.sql"
POSTGRES_SCHEMA_FILE = "conf/nacos-postgresql.sql"


class LinkLost(Unavailable):
    """The connection broke, and nothing was committed."""


class Deadlock(Unavailable):
    """The database gave this transaction up for another one; nothing was committed."""


class ReadOnly(Unavailable):
    """The database takes no writes now."""


class Denied(Unavailable):
    """The database answers, but the settings name a wrong user, password or database: waiting does not mend that."""


class OutcomeUnknown(Unavailable):
    """The connection broke while the commit was under way: it may have happened or not."""

    def __init__(self) -> None:
        super().__init__("the connection to the database was lost at the commit: the outcome is unknown")


class Defect(NacosError):  # noqa: N818 - named as its sisters
    """The database does not understand a statement of ours, or a state that must not be. The text has its number."""
