"""What a node finds out about where its configs are, when somebody asks."""

from __future__ import annotations

import attrs


@attrs.frozen
class DatabaseFacts:
    """
    What a look at one database found.

    @ivar used: whether this node writes to it now.
    @ivar state: C{WRITABLE}, C{READ_ONLY} or C{DOWN}.
    @ivar reason: why it does not take writes; "" if it does.
    @ivar version: as the server says it; "" if it could not be asked.
    @ivar collation: how it compares names; several have commas between them; "" as above.
    @ivar advice: what its operator should do about the tables; "" for nothing.
    @ivar millis: what a round trip takes, None if none was made.
    """

    host: str
    port: int
    used: bool
    state: str
    reason: str = ""
    version: str = ""
    collation: str = ""
    advice: str = ""
    millis: float | None = None


@attrs.frozen
class StorageFacts:
    """
    Where a node keeps configs.

    @ivar kind: C{embedded}, C{mysql}, C{postgresql}; "" for a node that keeps none.
    @ivar trouble: why what it serves may be old, or writes fail; "" for no reason.
    """

    kind: str
    databases: tuple[DatabaseFacts, ...] = ()
    trouble: str = ""
