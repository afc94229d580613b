"""Answers to callers of a node, collected first and given when the node's own work is done."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

Answers = list[tuple["Deferred[Any]", Any]]
"""Deferreds to fire, each with its result; an exception is a failure."""


def answer_all(answers: Answers) -> None:
    """Fire them, but for those whose callers have gone away."""
    for deferred, result in answers:
        if deferred.called:
            continue
        if isinstance(result, BaseException):
            deferred.errback(result)
        else:
            deferred.callback(result)
