"""Suggests which key was meant by an unknown one."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str, most: int) -> int:
    """
    How many letters must be put in, taken out, exchanged or swapped with their neighbour to make one text the other.

    @param most: more than that is C{most + 1}, however many.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        present = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, present[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            present.append(cost)
        if min(present) > most:
            return most + 1
        before, last = last, present
    return min(last[-1], most + 1)


def nearest(name: str, names: Iterable[str], most: int) -> str:
    """
    The one of the names that is nearest, or of which C{name} is the end; "" for none, or if several are as near.

    @param most: how far it may be, see L{distance}.
    """
    names = list(names)
    most = min(most, (len(name) - 1) // 2)
    if most > 0:
        measured = sorted((distance(name, other, most), other) for other in names)
        if measured and measured[0][0] <= most and (len(measured) == 1 or measured[1][0] > measured[0][0]):
            return measured[0][1]
    ends = [other for other in names if other.endswith(f".{name}")]
    return ends[0] if len(ends) == 1 else ""
