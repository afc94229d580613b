"""Pages of a list, as the API counts them."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from nacos_tw.errors import BadParameter

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

    @raise BadParameter: there is no such page.
    """
    if page_no <= 0 or page_size <= 0:
        raise BadParameter("pageNo and pageSize must be greater than zero")
    return (page_no - 1) * page_size
