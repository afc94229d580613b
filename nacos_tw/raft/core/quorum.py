"""Majorities, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence


def majority(voters: int) -> int:
    """How many of C{voters} are more than half: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5."""
    return voters // 2 + 1


def reached(values: Sequence[int]) -> int:
    """
    The highest number that a majority has reached.

    @param values: one number for each voter: how far it has come (a log index, a round).
    @return: the largest number that more than half are at or above; 0 without voters.
    """
    count = len(values)
    if count == 3:
        low, middle, high = values
        return max(min(low, middle), min(max(low, middle), high))
    if not count:
        return 0
    return sorted(values)[(count - 1) // 2]
