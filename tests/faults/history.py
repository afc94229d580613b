"""What clients did and were answered, as values that can be checked afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import attrs

OK = "ok"
"""It was done."""
REFUSED = "refused"
"""It was not done, and never will be."""
UNKNOWN = "unknown"
"""It may have been done, or may be done later."""


@attrs.define
class Operation:
    """
    One request of a client.

    @ivar session: the client; its operations follow one another.
    @ivar node: address of the node that was asked.
    @ivar kind: C{publish}, C{cas}, C{read} (of a config), C{list} (of a service), C{ready}, C{beat}, C{register}.
    @ivar key: dataId or service.
    @ivar value: the md5 that was written or read ("" if there is no such config), or the ips that were listed.
    @ivar expected: of a C{cas}, the md5 that the config was to have.
    @ivar begun: seconds on a clock that never goes back.
    @ivar ended: when the answer was there.
    @ivar outcome: see the constants above; for C{ready}, whether the node called itself ready.
    """

    session: str
    node: str
    kind: str
    key: str
    value: str = ""
    expected: str = ""
    ips: frozenset[str] = frozenset()
    begun: float = 0.0
    ended: float = 0.0
    outcome: str = UNKNOWN
    text: str = ""


class Recorder:
    """Keeps the operations of all clients; any thread may use it."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._lock = threading.Lock()

    @contextmanager
    def record(
        self, session: str, node: str, kind: str, key: str, value: str = "", expected: str = ""
    ) -> Iterator[Operation]:
        """An operation that is under way in the block, which says what came of it."""
        operation = Operation(session, node, kind, key, value, expected, begun=time.monotonic())
        try:
            yield operation
        finally:
            operation.ended = time.monotonic()
            with self._lock:
                self._operations.append(operation)

    def operations(self, *kinds: str) -> list[Operation]:
        """Those of these kinds so far, in the order of their beginnings."""
        with self._lock:
            found = [operation for operation in self._operations if operation.kind in kinds]
        return sorted(found, key=lambda operation: operation.begun)

    def count(self, kind: str, outcome: str = OK) -> int:
        """How many of a kind ended so."""
        with self._lock:
            return sum(1 for operation in self._operations if (operation.kind, operation.outcome) == (kind, outcome))


def by_key(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """The operations on each key."""
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.key, []).append(operation)
    return found
