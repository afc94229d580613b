"""Reading a node's metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.metrics.exposition import Family
from nacos_tw.metrics.machine import Machine

OPEN = Rule("open")
Source = Callable[[], Iterable[Family]]


@attrs.frozen
class AskingMetrics:
    """What says nothing but that it is asked."""

    def resource(self) -> str:
        """None."""
        return ""


@attrs.frozen
class Load:
    """
    How busy the machine is.

    @ivar cpu: the share of its CPU time, 0 to 1; C{memory}: of its memory; C{average}: the load of the last minute.
    """

    cpu: float
    average: float
    memory: float


class Metrics(Operations):
    """Open to anybody; it is Nacos that hides them unless they are exposed."""

    __slots__ = ("_machine", "_sources")

    def __init__(self, machine: Machine, sources: Sequence[Source]) -> None:
        """@param sources: what the parts of the node measure, in the order in which it is shown."""
        self._machine = machine
        self._sources = sources

    @operation(OPEN)
    def families(self, caller: Caller, request: AskingMetrics) -> Iterator[Family]:
        """All of it."""
        return (family for source in self._sources for family in source())

    @operation(OPEN)
    def machine(self, caller: Caller, request: AskingMetrics) -> Load:
        """How busy the machine is, since it was asked last."""
        machine = self._machine
        return Load(machine.cpu(), machine.load(), machine.memory())
