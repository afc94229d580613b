"""Prometheus's text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


@attrs.frozen
class Family:
    """One metric with all its samples: (labels, value) each."""

    name: str
    kind: str
    """C{gauge} or C{counter}."""
    help: str
    samples: list[tuple[Mapping[str, str], float]]


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
        for labels, value in family.samples:
            lines.append(f"{family.name}{_labels(labels)} {_number(value)}")
    lines.append("")
    return "\n".join(lines).encode()


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
