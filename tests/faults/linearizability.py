"""Whether answers can be explained by one register that is changed at one moment for each operation.

The search of Wing and Gong (1993) with the memory of Lowe (2017): of the operations that may come next, one is tried
after the other; a set of finished operations that has led to the same content before is not tried again.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.history import OK, REFUSED, Operation


def applies(operation: Operation, content: str) -> str | None:
    """The register's content after the operation, None if the answer does not fit to the content before."""
    if operation.kind == "publish":
        return operation.value
    if operation.kind == "cas":
        fits = operation.expected == content
        if operation.outcome == REFUSED:
            return None if fits else content
        return operation.value if fits else None
    raise ValueError(operation.kind)


def is_linearizable(operations: Sequence[Operation], content: str = "") -> bool:
    """
    Whether there is an order of the operations that agrees with real time and with all answers.

    Operations whose outcome is unknown may have happened at any time after their beginning, or never; publishes that
    were refused did not happen.

    @param content: the register's content before the first.
    """
    relevant = sorted(
        (o for o in operations if o.outcome != REFUSED or o.kind == "cas"), key=lambda operation: operation.begun
    )
    infinity = float("inf")
    ends = [o.ended if o.outcome in (OK, REFUSED) else infinity for o in relevant]
    required = 0
    for number, end in enumerate(ends):
        if end != infinity:
            required |= 1 << number
    seen: set[tuple[int, str]] = set()
    stack = [(0, content)]
    while stack:
        done, now = stack.pop()
        if done & required == required:
            return True
        if (done, now) in seen:
            continue
        seen.add((done, now))
        stack.extend(_next(relevant, ends, done, now))
    return False


def _next(operations: Sequence[Operation], ends: Sequence[float], done: int, now: str) -> list[tuple[int, str]]:
    """What may happen next: an operation that began before all others that are still open had ended."""
    waiting = [number for number in range(len(operations)) if not done >> number & 1]
    first_end = min(ends[number] for number in waiting)
    found = []
    for number in waiting:
        if operations[number].begun > first_end:
            break
        after = applies(operations[number], now)
        if after is not None:
            found.append((done | 1 << number, after))
    found.reverse()  # the one that began first is tried first
    return found
