"""What a database can answer but the rows that were asked for, in the domain's words.

No text holds a credential, a statement or a value that was to be stored.
"""

from __future__ import annotations

from nacos_tw.errors import BadParameter, NacosError, Unavailable

SCHEMA_FILE = "conf/nacos-mysql.sql"


class Duplicate(BadParameter):
    """A row with the same unique key is there already. C{key} is the key's name, "" if it is not known."""

    def __init__(self, key: str = "") -> None:
        super().__init__(f"Duplicate entry for key '{key}'" if key else "Duplicate entry")
        self.key = key


class Alike(BadParameter):
    """The database's collation takes what was to be stored for another row, which is named. Nothing was changed."""


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
