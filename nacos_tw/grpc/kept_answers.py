"""Answers to queries that are given again, byte by byte, as long as what they were made of holds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from nacos_tw.memo import BoundedMemo

K = TypeVar("K", bound=Hashable)
F = TypeVar("F")

KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of answers that are kept; C{ENTRY}: those that one takes beside its own, about."""
ENTRY = 300
LONGEST_KEPT = 64 * 1024
"""Bytes of the longest answer that is kept."""


class KeptAnswers(Generic[K, F]):
    """By what was asked: what the answer was made of, which the caller compares, and the answer."""

    __slots__ = ("_answers", "get")

    def __init__(self) -> None:
        self._answers: BoundedMemo[K, tuple[F, bytes]] = BoundedMemo(KEPT_BYTES)
        self.get = self._answers.get

    def keep(self, asked: K, made_of: F, answer: bytes) -> None:
        """Keep an answer, unless it is unusually long."""
        if len(answer) <= LONGEST_KEPT:
            self._answers.keep(asked, (made_of, answer), len(answer) + ENTRY)
