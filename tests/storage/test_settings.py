"""The keys of the database's pool."""

from __future__ import annotations

import pathlib

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.database import DatabaseSettings, PoolSettings
from nacos_tw.settings.settings import load

HEAD = "nacos.standalone=true\ndb.url.0=jdbc:mysql://u:hidden@h/n?password=hidden\ndb.user=hidden\ndb.password=hidden\n"


class PoolSettingsTests(SynchronousTestCase):
    """C{db.pool.config.*}, by HikariCP's names."""

    def read(self, text: str) -> DatabaseSettings:
        home = pathlib.Path(self.mktemp())
        (home / "conf").mkdir(parents=True)
        (home / "conf" / "application.properties").write_text(HEAD + text)
        found = load(str(home), {}, {}).database
        assert found is not None
        return found

    def test_defaults(self) -> None:
        """Nacos's, but for the wait: that is the URL's."""
        self.assertEqual(self.read("").pool, PoolSettings(least=2, most=20, wait=0.0, check=10.0, life=1800.0))

    def test_given(self) -> None:
        """Each key, in milliseconds; no more is kept ready than there may be."""
        found = self.read(
            "db.pool.config.maximumPoolSize=3\ndb.pool.config.minimumIdle=9\ndb.pool.config.connectionTimeout=30000\n"
            "db.pool.config.validationTimeout=5000\ndb.pool.config.maxLifetime=60000\n"
        )
        self.assertEqual(found.pool, PoolSettings(least=3, most=3, wait=30.0, check=5.0, life=60.0))

    def test_wrong(self) -> None:
        """Nonsense is refused by name."""
        for line in ("db.pool.config.maximumPoolSize=0", "db.pool.config.connectionTimeout=soon"):
            error = self.assertRaises(SettingsError, self.read, line)
            self.assertIn(line.partition("=")[0], str(error))

    def test_hidden(self) -> None:
        """Nobody who is shown the settings learns who logs in."""
        self.assertNotIn("hidden", repr(self.read("")))
