"""
Operations: what callers can do to a part of the node. Each has a rule, which every call checks.

Every API calls them alike: C{operations.register(caller, request)}. An operation cannot be called without its check, so
no API can forget it; a class with an operation that has no rule cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from types import CoroutineType, FunctionType
from typing import Any, Protocol, TypeVar

from nacos_tw.access.audit import AuditLog, Recorded, record
from nacos_tw.access.caller import Caller
from nacos_tw.access.rules import Rule, authorize
from nacos_tw.lasting import finished


class Request(Protocol):
    """What somebody wants: a frozen value. Those of recorded operations are L{Recorded}."""

    def resource(self) -> str:
        """What it is about, as permissions name it; "" where they do not name it."""


S = TypeVar("S", bound="Operations")
Q = TypeVar("Q", bound=Request)
R = TypeVar("R")

_rules: dict[object, Rule] = {}


def operation(rule: Rule) -> Callable[[Callable[[S, Caller, Q], R]], Callable[[S, Caller, Q], R]]:
    """
    Declare an operation: a method C{(self, caller, request)} that is entered only by who may. It gives a result, a
    Deferred or a coroutine. Where the rule says that it is recorded, its line goes into the audit log when it is done,
    refused or not; such operations are of an object that L{Operations} was given the log for.

    What changes something in several steps takes all of them, also for a caller that gives up or is gone: see
    L{nacos_tw.lasting}. (A Deferred of an operation that is not recorded is of a single step, or sees to that itself.)

    @param rule: what a caller needs.
    @raise ValueError: (at import time) it is no rule.
    """
    rule = Rule(*rule).checked()

    def declare(perform: Callable[[S, Caller, Q], R]) -> Callable[[S, Caller, Q], R]:
        def asked(self: S, caller: Caller, request: Q, /) -> R:
            if not caller.identity.admin:  # an administrator may do everything; beats and lists come here very often
                authorize(caller.identity, rule, request.resource)
            return perform(self, caller, request)

        def recorded(self: S, caller: Caller, request: Q, /) -> R:
            return _recorded(self._audit, asked, self, caller, request)

        def changed(self: S, caller: Caller, request: Q, /) -> R:
            return finished(recorded(self, caller, request))

        def begun(self: S, caller: Caller, request: Q, /) -> R:
            return finished(asked(self, caller, request))

        face = recorded if rule.recorded else asked
        if rule.changes:
            face = changed if rule.recorded else begun if iscoroutinefunction(perform) else asked
        face.__name__, face.__qualname__ = perform.__name__, perform.__qualname__
        face.__module__, face.__doc__ = perform.__module__, perform.__doc__
        _rules[face] = rule
        return face

    return declare


def _recorded(
    audit: AuditLog, asked: Callable[[Any, Caller, Any], Any], self: Any, caller: Caller, request: Any
) -> Any:
    """Call an operation, and write its line when it is done."""
    try:
        result = asked(self, caller, request)
    except Exception as error:
        record(audit, caller, request, error)
        raise
    add_both = getattr(result, "addBoth", None)
    if add_both is not None or isinstance(result, CoroutineType):
        caller.recorded = True  # its line is written here, also if the caller has had some answer before
    if isinstance(result, CoroutineType):
        return _awaited(audit, result, caller, request)
    if add_both is not None:
        return add_both(_fired, audit, caller, request)
    record(audit, caller, request, result)
    return result


async def _awaited(audit: AuditLog, running: CoroutineType[Any, Any, Any], caller: Caller, request: Recorded) -> Any:
    try:
        result = await running
    except Exception as error:
        record(audit, caller, request, error)
        raise
    record(audit, caller, request, result)
    return result


def _fired(result: Any, audit: AuditLog, caller: Caller, request: Recorded) -> Any:
    """A Deferred's result, or its Failure, which holds the error as C{value}."""
    value = getattr(result, "value", None)
    record(audit, caller, request, value if isinstance(value, BaseException) else result)
    return result


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

    __slots__ = ("_audit",)

    def __init__(self, audit: AuditLog) -> None:
        """@param audit: for operations that are recorded; without it they cannot be called."""
        self._audit = audit

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
