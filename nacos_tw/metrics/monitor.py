"""Nacos's own gauges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nacos_tw.metrics.exposition import Family


def monitor_family(modules: Mapping[str, Mapping[str, float]]) -> Iterator[Family]:
    """C{nacos_monitor}, with the gauges of each module by name."""
    samples = [
        ({"module": module, "name": name}, value)
        for module, values in modules.items()
        for name, value in values.items()
    ]
    yield Family("nacos_monitor", "gauge", "Nacos's own gauges, by module and name.", list(samples))
