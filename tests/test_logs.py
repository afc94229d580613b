"""Lines of the log as JSON (text ones: tests/settings/test_start.py)."""

from __future__ import annotations

import datetime
import json
from typing import Any

from twisted.logger import LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.logs import FORM, line


class JsonTests(SynchronousTestCase):
    """C{nacos.logs.format=json}."""

    def setUp(self) -> None:
        self.patch(FORM, "as_json", True)

    def told(self, traceback: bool = True, **event: Any) -> list[dict[str, str]]:
        text = line({"log_time": 1700000000.25, "log_level": LogLevel.warn, "log_namespace": "n.m", **event}, traceback)
        return [json.loads(part) for part in text.splitlines()]

    def test_event(self) -> None:
        (found,) = self.told(log_format="{a} of {b}", a=1, b="x\ny")
        self.assertEqual((found["level"], found["logger"], found["message"]), ("WARN", "n.m", "1 of x\ny"))
        at = datetime.datetime.fromisoformat(found["time"])
        self.assertEqual(at.timestamp(), 1700000000.25)
        self.assertIsNotNone(at.tzinfo)

    def test_many_lines(self) -> None:
        """An event of several lines is as many objects; the banner is one."""
        self.assertEqual([one["message"] for one in self.told(lines=["a", "b"])], ["a", "b"])
        (banner,) = self.told(raw=True, log_format="{banner}", banner="\n nacos_tw\n Port: 1\n")
        self.assertIn("Port: 1", banner["message"])

    def test_failure(self) -> None:
        """With its traceback, or only what it was."""
        failure = Failure(ValueError("broken"))
        (found,) = self.told(log_format="it failed", log_failure=failure)
        self.assertIn("ValueError: broken", found["traceback"])
        (found,) = self.told(traceback=False, log_format="it failed", log_failure=failure)
        self.assertEqual(found["error"], "broken")
