"""What Prometheus reads: its text format 0.0.4 by ourselves, OpenMetrics by the library of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = b"application/openmetrics-text"
OPEN_METRICS_TYPE = b"application/openmetrics-text; version=1.0.0; charset=utf-8"

Labels = Mapping[str, str]
Timing = tuple[Labels, int, float]
"""Labels, how often, how many seconds in all."""


@attrs.frozen
class Family:
    """
    One metric.

    @ivar kind: C{gauge}, C{counter} or C{summary}.
    @ivar samples: of a gauge or counter, (labels, value) each.
    @ivar timings: of a summary: two lines each, C{_count} and C{_sum}.
    """

    name: str
    kind: str
    help: str
    samples: list[tuple[Labels, float]]
    timings: list[Timing] = attrs.field(factory=list)

    def lines(self) -> Iterator[tuple[str, Labels, float]]:
        """(name, labels, value) of each line."""
        for labels, value in self.samples:
            yield self.name, labels, value
        for labels, count, seconds in self.timings:
            yield f"{self.name}_count", labels, count
            yield f"{self.name}_sum", labels, seconds


def gauge(name: str, help: str, value: float, **labels: str) -> Family:
    """A family of one gauge."""
    return Family(name, "gauge", help, [(labels, value)])


def counter(name: str, help: str, value: float, **labels: str) -> Family:
    """A family of one counter."""
    return Family(name, "counter", help, [(labels, value)])


def render(families: Iterable[Family]) -> bytes:
    """All families as Prometheus reads them."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escape(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for name, labels, value in family.lines():
            lines.append(f"{name}{_labels(labels)} {_number(value)}")
    lines.append("")
    return "\n".join(lines).encode()


class _Registry:
    """The families as the library's registry gives them."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        from prometheus_client import Metric

        for family in self._families:
            kind, name = family.kind, family.name
            if kind == "counter":
                # OpenMetrics wants counters to end so; the others are numbers of no kind to it.
                kind, name = ("counter", name[: -len("_total")]) if name.endswith("_total") else ("unknown", name)
            metric = Metric(name, family.help, kind)
            for line, labels, value in family.lines():
                metric.add_sample(line, dict(labels), value)
            yield metric


def render_open(families: Iterable[Family]) -> bytes:
    """All families in OpenMetrics 1.0."""
    from prometheus_client.openmetrics.exposition import generate_latest

    found: bytes = generate_latest(_Registry(families))
    return found


def timings(name: str, help: str, rows: Iterable[tuple[Labels, Any]]) -> Iterator[Family]:
    """
    A summary as Micrometer has it, with a gauge of the longest of late.

    @param rows: labels with a L{nacos_tw.metrics.tally.Tally} each.
    """
    rows = list(rows)
    yield Family(name, "summary", help, [], [(labels, tally.count, tally.seconds) for labels, tally in rows])
    longest: list[tuple[Labels, float]] = [(labels, tally.most) for labels, tally in rows]
    yield Family(f"{name}_max", "gauge", f"{help} The longest of late.", longest)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_quote(value)}"' for name, value in labels.items())
    return f"{{{inner}}}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quote(text: str) -> str:
    return _escape(text).replace('"', '\\"')


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
