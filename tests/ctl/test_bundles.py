"""What a bundle for a bug report must not hold."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.ctl.bundles import without_secrets


class SecretTests(SynchronousTestCase):
    """Secrets in the shapes that settings and logs have them in."""

    def test_settings(self) -> None:
        """Values of keys that name a secret; what is a comment, and other values, stay."""
        for line in (
            "db.password.0=hunter2", "nacos.raft.secret = hunter2",
            "nacos.core.auth.plugin.nacos.token.secret.key=hunter2",
            "nacos.core.auth.server.identity.value=hunter2", "spring.datasource.password : hunter2",
        ):  # fmt: skip
            found = without_secrets(line)
            self.assertNotIn("hunter2", found)
            self.assertTrue(found.endswith("***"), found)
        self.assertEqual(without_secrets("server.port=8848\n"), "server.port=8848\n")

    def test_inline(self) -> None:
        """In addresses, queries, headers and JSON."""
        for text in (
            "GET /nacos/v1/auth/login?username=a&password=hunter2&x=1", '{"username": "a", "password": "hunter2"}',
            "jdbc:mysql://root:hunter2@db:3306/nacos", "Authorization: Bearer hunter2hunter2", "accessToken=hunter2",
        ):  # fmt: skip
            self.assertNotIn("hunter2", without_secrets(text), text)
        self.assertIn("&x=1", without_secrets("?password=hunter2&x=1"))

    def test_shapes(self) -> None:
        """Tokens and hashes by what they look like."""
        token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuYWNvcyJ9.abcdefghijk"
        hash_ = "$2b$10$" + "a" * 53
        self.assertEqual(without_secrets(f"saw {token} and {hash_} there"), "saw *** and *** there")
