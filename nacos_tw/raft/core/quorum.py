"""Majorities, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from nacos_tw.raft.core.messages import Configuration


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


def one_step(current: Configuration, wanted: Configuration) -> Configuration | None:
    """
    The next configuration on the way from one to another. Only one voter comes or goes at a time, so
    that any two majorities of neighbours overlap (thesis, 4.1); voters come before others go.

    @return: None when nothing is left to change.
    """
    added = [voter for voter in wanted.voters if voter not in current.voters]
    gone = [voter for voter in current.voters if voter not in wanted.voters]
    voters = current.voters
    if added:
        voters = (*voters, added[0])
    elif gone:
        voters = tuple(voter for voter in voters if voter != gone[0])
    learners = tuple(learner for learner in wanted.learners if learner not in voters)
    if voters == current.voters and set(learners) == set(current.learners):
        return None
    return Configuration(voters, learners)
