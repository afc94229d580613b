"""One key of application.properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Key(Generic[T]):
    """
    One key.

    @ivar parse: the text of a value to the value, or a ValueError that says what was expected.
    @ivar default: as it would stand in the file; "" for unset.
    @ivar comment: for the operator, one sentence or two.
    @ivar environment: variables beside the relaxed names that set it (those of Nacos's container
        image and of startup.sh).
    @ivar instead: another key whose value counts where this one is not set.
    @ivar numbered: the key stands for C{name.0}, C{name.1} ...
    @ivar blank: an empty value is one, too, and not as good as none.
    """

    name: str
    parse: Callable[[str], T]
    default: str
    comment: str
    environment: tuple[str, ...] = ()
    instead: str = ""
    numbered: bool = False
    blank: bool = False
