"""The settings of logins."""

from __future__ import annotations

import base64

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.auth import AuthSettings
from nacos_tw.settings.settings import load

OLD, NEW = "nacos.core.auth.default.token.", "nacos.core.auth.plugin.nacos.token."
"""As Nacos 1.4 names what concerns tokens, and as 2.x does."""
PUBLISHED = "SecretKey012345678901234567890123456789012345678901234567890123456789"


def of(byte: bytes, length: int = 32) -> str:
    return base64.b64encode(byte * length).decode()


class TokenTests(SynchronousTestCase):
    """What signs tokens, and for how long."""

    def settings(self, variables: dict[str, str] | None = None, **given: str) -> AuthSettings:
        """@param given: C{old_...} and C{new_...}: the end of a key's name."""
        options = {"nacos.standalone": "true", "nacos.core.auth.enabled": "true"}
        for name, value in given.items():
            age, _, end = name.partition("_")
            options[(OLD if age == "old" else NEW) + end.replace("_", ".")] = value
        home = self.mktemp()
        return load(home, {"HOME": home, **(variables or {})}, options).auth

    def test_either_name(self) -> None:
        """1.4's and 2.x's; where both are set it is 2.x's, as a 2.x with an old line in its file has it."""
        self.assertEqual(self.settings(old_secret_key=of(b"a")).token_key, b"a" * 32)
        self.assertEqual(self.settings(new_secret_key=of(b"b")).token_key, b"b" * 32)
        for old in (of(b"a"), PUBLISHED):
            self.assertEqual(self.settings(old_secret_key=old, new_secret_key=of(b"b")).token_key, b"b" * 32)
        self.assertEqual(self.settings(old_expire_seconds="5").token_seconds, 5)
        self.assertEqual(self.settings(old_expire_seconds="5", new_expire_seconds="6").token_seconds, 6)

    def test_by_the_environment(self) -> None:
        """The variable of Nacos's images."""
        self.assertEqual(self.settings({"NACOS_AUTH_TOKEN": of(b"e")}).token_key, b"e" * 32)

    def test_printed(self) -> None:
        """The key of Nacos's source is none, by either name."""
        for found in (self.settings(old_secret_key=PUBLISHED), self.settings(new_secret_key=PUBLISHED)):
            self.assertEqual((found.token_key, found.token_key_known), (b"", True))

    def test_unusable(self) -> None:
        """Too short, or no base64: the node does not start; both names are said, the value is not."""
        for key in ("short", of(b"x", 31), "not base64 at all!", "Zm9v" * 3):
            for given in ({"old_secret_key": key}, {"new_secret_key": key}):
                error = self.assertRaises(SettingsError, self.settings, None, **given)
                self.assertIn(f"{NEW}secret.key (or {OLD}secret.key): expected base64 of 32 bytes", str(error))
                self.assertNotIn(key, str(error))
