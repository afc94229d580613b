"""Klein's routes, worked out when Klein is to find one by itself: hardly ever, and it takes a quarter of a start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from klein import Klein
from werkzeug.routing import Map, MapAdapter, Rule, RuleFactory


class LateMap(Map):
    """
    A map of werkzeug's that makes its rules ready for matching (each is compiled to functions of Python) when it is
    asked to match for the first time. Until then it only knows them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._late: list[Rule] = []

    def add(self, rulefactory: RuleFactory) -> None:
        """As L{Map.add}, later."""
        self._late.extend(rulefactory.get_rules(self))

    def iter_rules(self, endpoint: Any = None) -> Iterator[Rule]:
        """As L{Map.iter_rules}; those that nothing was matched with yet come last, in the order of their adding."""
        rules = [*super().iter_rules(), *self._late]
        return iter([rule for rule in rules if endpoint is None or rule.endpoint == endpoint])

    def bind(self, *args: Any, **more: Any) -> MapAdapter:
        """As L{Map.bind}."""
        late, self._late = self._late, []
        for rule in late:
            super().add(rule)
        return super().bind(*args, **more)


def make_late(app: Klein) -> None:
    """Have a Klein whose first route is about to be declared use such a map."""
    if type(app.url_map) is Map and not app.endpoints:
        app._url_map = LateMap()
