"""
Whether answers can be explained by one register that is changed at one moment for each operation.

In general that takes a search (Wing and Gong, 1993), which may not end. Here no content is written twice and the
register keeps a history, so the order of the writes is known. What is left are bounds on the moment of each: after the
one before it, within its request, and so that each compare-and-set that was refused has a moment with another content
than it named. The earliest moments that fulfil them are found by raising them until no bound is left unfulfilled.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.history import OK, REFUSED, Operation

NEVER = float("inf")


def is_linearizable(operations: Sequence[Operation], order: Sequence[str], content: str = "") -> bool:
    """
    Whether the operations can have happened one at a time, in an order that agrees with real time, with all answers and
    with the order of the contents.

    Operations whose outcome is unknown may have happened at any time after their beginning; or never, if their content
    is not among the others. Publishes that were refused did not happen.

    @param order: all contents that the register had after the first, each different.
    @param content: the register's content before the first operation.
    """
    contents = [content, *order]
    place = {value: number for number, value in enumerate(contents)}
    done = {o.value: o for o in operations if o.outcome == OK or (o.outcome != REFUSED and o.value in place)}
    if len(place) != len(contents) or set(done) != set(order):
        return False
    writes = [done[value] for value in order]
    if any(o.kind == "cas" and o.expected != before for o, before in zip(writes, contents, strict=False)):
        return False
    refused = [
        (place[o.expected], o) for o in operations if o.kind == "cas" and o.outcome == REFUSED and o.expected in place
    ]
    # at[n]: the earliest moment from which the register has contents[n]; the first it has had for ever.
    at = [-NEVER, *(o.begun for o in writes), NEVER]
    changed = True
    while changed:
        changed = False
        for number in range(1, len(writes) + 1):
            if at[number] < at[number - 1]:
                at[number], changed = at[number - 1], True
        for number, cas in refused:
            if at[number + 1] > cas.ended and at[number] < cas.begun:
                if number == 0:
                    return False
                at[number], changed = cas.begun, True
    return all(o.outcome != OK or moment <= o.ended for o, moment in zip(writes, at[1:], strict=False))
