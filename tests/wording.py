"""Errors in the words that a client of v1 sees."""

from __future__ import annotations

from nacos_tw.http.v1.phrases import words


def said(error: BaseException | None, route: str = "") -> str:
    """The text of an error that v1 knows."""
    assert error is not None
    known = words(error, route)
    assert known is not None, error
    return known[1]
