"""Pages of a list, as every API counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

from nacos_tw.errors import Invalid

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """
    @ivar total: in all pages.
    @ivar number: from 1; a page beyond the last is empty.
    """

    total: int
    number: int
    size: int
    items: list[T]

    @property
    def available(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.size)


def offset(page_no: int, page_size: int) -> int:
    """
    Where a page begins.

    @raise Invalid: there is no such page.
    """
    if page_no <= 0 or page_size <= 0:
        raise Invalid("pageNo" if page_no <= 0 else "pageSize", "page", min(page_no, page_size))
    return (page_no - 1) * page_size


def page_of(rows: Sequence[T], number: int, size: int) -> Page[T]:
    """
    A page of all the rows.

    @raise Invalid: there is no such page.
    """
    start = offset(number, size)
    return Page(len(rows), number, size, list(rows[start : start + size]))


def page(rows: Sequence[T], number: int, size: int) -> list[T]:
    """The rows of a page; a number below 1 counts as 1, and there is nothing behind the end."""
    start = (max(number, 1) - 1) * max(size, 0)
    return list(rows[start : start + max(size, 0)])
