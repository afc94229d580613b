"""The keys of traces."""

from __future__ import annotations

import builtins
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings.tracing import TracingSettings
from nacos_tw.tracing.on_demand import tracing_of
from tests.settings.test_settings import HomeTests
from tests.test_tls_on_demand import run


class TracingTests(HomeTests):
    """What a file says of them."""

    def test_off(self) -> None:
        """Unless the one key says otherwise; nothing is imported then."""
        self.assertIsNone(self.alone("nacos.tracing.endpoint=http://a:4318/v1/traces").tracing)
        self.assertIsNone(tracing_of(None, "1.1.1.1:8848", None))
        self.assertEqual(run("import sys, nacos_tw.service; print('opentelemetry' in sys.modules)"), "False\n")

    def test_on(self) -> None:
        """With defaults, and with values; a path stays as it is."""
        self.assertEqual(self.alone("nacos.tracing.enabled=true").tracing, TracingSettings("", "nacos", 1.0))
        lines = "\n".join(
            [
                "nacos.tracing.enabled=true", "nacos.tracing.endpoint=https://otel.example/v1/traces",
                "nacos.tracing.service-name=registry", "nacos.tracing.sampling=0.25",
            ]
        )  # fmt: skip
        self.assertEqual(self.alone(lines).tracing, TracingSettings("https://otel.example/v1/traces", "registry", 0.25))

    def test_refused(self) -> None:
        """What is no URL, and no part."""
        for line, expected in (
            ("sampling=1.5", "a number from 0 to 1"),
            ("sampling=some", "a number from 0 to 1"),
            ("endpoint=otel:4317", "https://host/path"),
        ):
            error = self.assertRaises(SettingsError, self.alone, f"nacos.tracing.enabled=true\nnacos.tracing.{line}")
            self.assertIn(expected, str(error))


class LackingTests(SynchronousTestCase):
    """An environment without OpenTelemetry."""

    def test_lacking(self) -> None:
        """The start says how to install it."""
        real = builtins.__import__

        def without(name: str, *rest: Any) -> Any:
            if name.startswith("opentelemetry"):
                raise ImportError(name)
            return real(name, *rest)

        self.patch(builtins, "__import__", without)
        error = self.assertRaises(StartError, tracing_of, TracingSettings(), "1.1.1.1:8848", None)
        self.assertIn("pip install 'nacos_tw[otel]'", str(error))
