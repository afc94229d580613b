"""
Requests whose members are of other kinds than they should be, read as Java's Jackson reads them: a number where a text
is wanted becomes its text, a text where a number is wanted its number, null where something must be nothing of its
kind.

Only what cannot be read exactly comes here, so that other requests cost no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

R = TypeVar("R")

LONGEST = 2**20
"""Bytes of a request that is read a second time; what it takes meanwhile is many times as much."""
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False, "": False}


class Unreadable(msgspec.DecodeError):
    """Jackson would not read it either."""


class _Fraction(str):
    """A number with a point or an exponent, as it is written."""

    __slots__ = ()


_decode = msgspec.json.Decoder(float_hook=_Fraction).decode


def read(body: bytes, type_: type[R]) -> R:
    """
    A request that could not be read exactly.

    @raise msgspec.MsgspecError: it cannot be read so either.
    """
    if len(body) > LONGEST:
        raise Unreadable("it is too long to be read twice")
    return msgspec.convert(_fit(_decode(body), inspect.type_info(type_)), type_)


def _fit(value: Any, wanted: inspect.Type) -> Any:
    """The value as one of the kind; what cannot be one is left, or L{Unreadable}."""
    if isinstance(wanted, inspect.UnionType):
        return _fit_one_of(value, wanted)
    if isinstance(wanted, inspect.StructType):
        if not isinstance(value, dict):
            return value
        kinds = {field.encode_name: field.type for field in wanted.fields}
        return {name: _fit(each, kinds[name]) for name, each in value.items() if name in kinds}
    if isinstance(wanted, inspect.ListType):
        return [_fit(each, wanted.item_type) for each in _or(value, [], list)]
    if isinstance(wanted, inspect.DictType):
        return {name: _fit(each, wanted.value_type) for name, each in _or(value, {}, dict).items()}
    scalar = _SCALARS.get(type(wanted))
    return _plain(value) if scalar is None else scalar(value)


def _fit_one_of(value: Any, wanted: inspect.UnionType) -> Any:
    """Of several kinds that which it has; else the first that it can be made."""
    if value is None and wanted.includes_none:
        return None
    others = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
    own = float if isinstance(value, _Fraction) else type(value)
    kind = next((each for each in others if _OWN.get(type(each)) is own), others[0])
    if (
        value == ""
        and wanted.includes_none
        and isinstance(kind, inspect.IntType | inspect.FloatType | inspect.BoolType)
    ):
        return None
    return _fit(value, kind)


def _or(value: Any, empty: Any, kind: type) -> Any:
    """It, if it is of the kind; of null the empty one."""
    if value is None:
        return empty
    if not isinstance(value, kind):
        raise Unreadable(f"it has something else where a {kind.__name__} should be")
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else value


def _whole(value: Any) -> Any:
    if isinstance(value, _Fraction):
        return int(_real(value))
    if isinstance(value, str):
        return _parsed(int, value)
    return 0 if value is None else _no_boolean(value)


def _real(value: Any) -> Any:
    if isinstance(value, str):
        found: float = _parsed(float, value)
        if found - found:
            raise Unreadable("it has a number that is none, or without end")
        return found
    return 0.0 if value is None else _no_boolean(value)


def _parsed(kind: Callable[[str], Any], text: str) -> Any:
    """The number that a text is; "" is none."""
    try:
        return kind(text.strip() or "0")
    except ValueError:
        raise Unreadable("it has a text where a number should be") from None


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise Unreadable("it has true or false where a number should be")
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, _Fraction):
        raise Unreadable("it has a fraction where true or false should be")
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip(), value)
    return bool(value) if value is None or isinstance(value, int) else value


def _plain(value: Any) -> Any:
    """It as it came, for what takes anything."""
    if isinstance(value, _Fraction):
        return float(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, dict) else value


_SCALARS: dict[type, Callable[[Any], Any]] = {
    inspect.StrType: _text,
    inspect.IntType: _whole,
    inspect.FloatType: _real,
    inspect.BoolType: _boolean,
}
_OWN: dict[type, type] = {
    inspect.StrType: str,
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.ListType: list,
    inspect.DictType: dict,
    inspect.StructType: dict,
}
"""By the kind that is wanted what it is in JSON."""
