"""Logins that are switched on and off while the node runs."""

from __future__ import annotations

import os
from typing import Any

import attrs
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.switch import PERIOD, AuthSwitch
from nacos_tw.settings.auth import Asking, AuthSettings
from nacos_tw.settings.settings import load_auth, properties_file


class AuthSwitchTests(SynchronousTestCase):
    """The file, as an operator edits it."""

    def setUp(self) -> None:
        self.home = self.mktemp()
        os.makedirs(os.path.join(self.home, "conf"))
        self.clock = Clock()
        self.switched: list[bool] = []
        self.environ: dict[str, str] = {}
        self.overrides: dict[str, str] = {}
        self.writes = 0
        self.write("")
        self.lines: list[str] = []
        globalLogPublisher.addObserver(self.observe)
        self.addCleanup(globalLogPublisher.removeObserver, self.observe)
        self.kinds: list[Asking] = []

        def switched(asking: Asking) -> None:
            self.switched.append(asking.client)
            self.kinds.append(asking)

        switch = AuthSwitch(properties_file(self.home), self.read(), self.read, switched, self.clock)
        switch.startService()
        self.addCleanup(switch.stopService)

    def observe(self, event: dict[str, Any]) -> None:
        if event["log_namespace"] == "nacos_tw.auth.switch.AuthSwitch":
            self.lines.append(formatEvent(event))

    def read(self) -> AuthSettings:
        return load_auth(self.home, self.environ, self.overrides)

    def write(self, text: str) -> None:
        """Write the file with a time of its own, however coarse the file system's clock."""
        filename = properties_file(self.home)
        with open(filename, "w", encoding="utf-8") as file:
            file.write(text)
        self.writes += 1
        os.utime(filename, (1_000_000 + self.writes, 1_000_000 + self.writes))

    def edited(self, text: str) -> list[bool]:
        """What is switched after the file has that text, looked at twice."""
        self.switched.clear()
        self.write(text)
        self.clock.advance(PERIOD)
        self.clock.advance(PERIOD)
        return self.switched

    def test_on_and_off(self) -> None:
        """Each change once; a line that is taken out is the default again."""
        self.assertEqual(self.edited("nacos.core.auth.enabled=true\n"), [True])
        self.assertEqual(self.edited("nacos.core.auth.enabled=true\n# looked at\n"), [])
        self.assertEqual(self.edited("# looked at\n"), [False])
        self.assertEqual(self.lines, [])

    def test_the_command_line_wins(self) -> None:
        """And the environment: what they say is not changed by the file."""
        self.overrides["nacos.core.auth.enabled"] = "true"
        self.assertEqual(self.edited("nacos.core.auth.enabled=false\n"), [True])  # by the overrides that came
        self.assertEqual(self.edited("nacos.core.auth.enabled=false\n#\n"), [])
        self.overrides.clear()
        self.environ["NACOS_AUTH_ENABLE"] = "true"
        self.assertEqual(self.edited("nacos.core.auth.enabled=false\n"), [])

    def test_a_file_that_cannot_be_used(self) -> None:
        """It changes nothing, and a line says why; other keys than those of logins do not matter."""
        self.assertEqual(self.edited("nacos.core.auth.enabled=perhaps\n"), [])
        self.assertEqual(
            self.edited("nacos.core.auth.enabled=true\nnacos.core.auth.default.token.secret.key=short\n"), []
        )
        self.assertEqual(len(self.lines), 2)
        self.assertIn("nacos.core.auth.enabled=perhaps: expected", self.lines[0])
        self.assertNotIn("short", self.lines[1])
        self.assertEqual(self.edited("nacos.core.auth.enabled=true\nserver.port=none\n"), [True])

    def test_gone(self) -> None:
        """A file that is missing for a moment, as editors and mounts do it, does not switch logins off."""
        self.edited("nacos.core.auth.enabled=true\n")
        os.unlink(properties_file(self.home))
        self.switched.clear()
        self.clock.advance(PERIOD)
        self.assertEqual(self.switched, [])
        self.assertEqual(self.edited("nacos.core.auth.enabled=true\n"), [])

    def test_other_keys(self) -> None:
        """They count from the next start on, and a line says so."""
        self.assertEqual(self.edited("nacos.core.auth.default.token.expire.seconds=60\n"), [])
        self.assertEqual(len(self.lines), 1)
        self.assertIn("at the next start", self.lines[0])
        changed = "nacos.core.auth.enabled=true\nnacos.core.auth.default.token.expire.seconds=60\n"
        self.assertEqual(self.edited(changed), [True])
        self.assertEqual(attrs.evolve(self.read(), enabled=False).token_seconds, 60)

    def test_kinds(self) -> None:
        """Operators and browsers have switches of their own; without one they go with clients."""
        self.edited("nacos.core.auth.admin.enabled=true\n")
        self.edited("nacos.core.auth.enabled=true\nnacos.core.auth.console.enabled=false\n")
        self.edited("nacos.core.auth.enabled=true\nnacos.core.auth.admin.enabled=true\n")
        self.edited("nacos.core.auth.enabled=true\n")  # says the same
        self.edited("")
        self.assertEqual(
            self.kinds,
            [
                Asking(False, True, False),
                Asking(True, True, False),
                Asking(True, True, True),
                Asking(False, False, False),
            ],
        )
        self.assertEqual(self.lines, [])
