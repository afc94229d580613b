"""
Operations: what can be done to a part, by whom. Each has a rule, and is called in one way, which checks it.

Every API calls them alike: C{operations.register(identity, request)}. There is no way to call one that leaves the check
out, so none for an API to forget it; a class with an operation that has no rule cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol, TypeVar

from nacos_tw.access.identity import Identity
from nacos_tw.access.rules import Rule, authorize


class Request(Protocol):
    """What somebody wants: a frozen value."""

    def resource(self) -> str:
        """What it is about, as permissions name it; "" where they do not name it."""


S = TypeVar("S", bound="Operations")
Q = TypeVar("Q", bound=Request)
R = TypeVar("R")

_rules: dict[object, Rule] = {}


def operation(rule: Rule) -> Callable[[Callable[[S, Identity, Q], R]], Callable[[S, Identity, Q], R]]:
    """
    Declare an operation: a method C{(self, identity, request)} that is entered only by who may.

    @param rule: what a caller needs.
    @raise ValueError: (at import time) it is no rule.
    """
    rule = Rule(*rule).checked()

    def declare(perform: Callable[[S, Identity, Q], R]) -> Callable[[S, Identity, Q], R]:
        def asked(self: S, identity: Identity, request: Q, /) -> R:
            authorize(identity, rule, request.resource)
            return perform(self, identity, request)

        asked.__name__, asked.__qualname__ = perform.__name__, perform.__qualname__
        asked.__module__, asked.__doc__ = perform.__module__, perform.__doc__
        _rules[asked] = rule
        return asked

    return declare


def rule_of(asked: Callable[..., Any]) -> Rule:
    """
    What a caller of an operation needs.

    @raise ValueError: it is no operation.
    """
    found = _rules.get(asked)
    if found is None:
        raise ValueError(f"{asked!r} is no operation")
    return found


class Operations:
    """
    Base of classes of operations. All that is public in one is an operation.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """@raise TypeError: something public has no rule."""
        super().__init_subclass__(**options)
        for base in cls.__mro__:
            if base not in (object, Operations):
                _check(base)

    @classmethod
    def _all(cls) -> dict[str, Rule]:
        """The operations of a class with their rules, by name."""
        found = {name: getattr(cls, name) for name in dir(cls) if not name.startswith("_")}
        return {name: _rules[each] for name, each in found.items() if isinstance(each, FunctionType)}


def _check(base: type) -> None:
    for name, value in vars(base).items():
        if name.startswith("_") and name != "__call__":
            continue
        does = callable(value) or isinstance(value, (classmethod, staticmethod, property))
        if does and not (isinstance(value, FunctionType) and value in _rules):
            raise TypeError(f"{base.__qualname__}.{name} has no rule: declare it with operation()")
