"""Values as JSON: with every member for answers over HTTP, without the empty ones where they are stored."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from nacos_tw.ai.problems import AiInvalid

T = TypeVar("T")


def compact(value: Any) -> Any:
    """A value without the members of structs that are None; maps and lists of users are left as they are."""
    if isinstance(value, msgspec.Struct):
        pairs = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        found = ((name, getattr(value, field)) for name, field in pairs)
        return {name: compact(each) for name, each in found if each is not None}
    if isinstance(value, list):
        return [compact(each) for each in value]
    return value


def stored(value: Any) -> str:
    """As it is stored."""
    return msgspec.json.encode(compact(value)).decode()


def read(text: str | bytes, kind: type[T], field: str) -> T:
    """
    A parameter.

    @raise AiInvalid: it is no JSON, or not of that kind.
    """
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AiInvalid(field, "json", detail=str(error)) from None


def from_document(document: Any, kind: type[T]) -> T | None:
    """What a stored document is; None if it is no such one: somebody wrote it as a plain config."""
    try:
        return msgspec.convert(document, kind, strict=False)
    except (msgspec.MsgspecError, RecursionError):
        return None
