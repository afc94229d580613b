"""The same small question to all other nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from nacos_tw.errors import NacosError
from nacos_tw.http.v1.faces import AskAll

T = TypeVar("T")


async def ask_others(ask_all: AskAll, what: str, body: bytes, decode: Callable[[bytes], T]) -> list[T]:
    """What those answer that do; answers that C{decode} cannot read, of nodes of another version, are left out."""
    try:
        answers = await ask_all(what, body)
    except (NacosError, OSError):
        return []
    found = []
    for answer in answers:
        try:
            found.append(decode(answer))
        except msgspec.MsgspecError:
            continue
    return found
