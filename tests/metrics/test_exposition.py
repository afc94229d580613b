"""Tests for L{nacos_tw.metrics.exposition}."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.metrics.exposition import Family, counter, gauge, render


class RenderTests(SynchronousTestCase):
    """The text that Prometheus reads."""

    def test_families(self) -> None:
        """Help and type stand before the samples, labels in their order."""
        families = [
            Family("m", "gauge", "What.", [({"a": "1", "b": "2"}, 1), ({}, 2.5)]),
            counter("c", "More.", 7, x="y"),
        ]
        self.assertEqual(
            render(families),
            b'# HELP m What.\n# TYPE m gauge\nm{a="1",b="2"} 1\nm 2.5\n# HELP c More.\n# TYPE c counter\nc{x="y"} 7\n',
        )

    def test_escapes(self) -> None:
        """Quotes, backslashes and line ends cannot break out of a label or a help text."""
        self.assertEqual(
            render([gauge("m", "a\nb\\", 1, l='"\n\\')]),
            b'# HELP m a\\nb\\\\\n# TYPE m gauge\nm{l="\\"\\n\\\\"} 1\n',
        )

    def test_odd_numbers(self) -> None:
        found = render([gauge("m", "", value) for value in (float("inf"), float("-inf"), float("nan"))])
        self.assertEqual([line.split()[-1] for line in found.splitlines()[2::3]], [b"+Inf", b"-Inf", b"NaN"])
