"""The configuration centre and logins of three real nodes on one PostgreSQL, as on MariaDB."""

from __future__ import annotations

from tests import postgres
from tests.system.config_common import CommonTests, Set
from tests.system.config_nodes import ConfigCluster, past_contents, publish, shared_configs


def properties(*urls: str) -> str:
    """Lines of application.properties for these databases."""
    lines = [f"db.url.{number}={url}" for number, url in enumerate(urls)]
    return "\n".join(
        [
            "spring.sql.init.platform=postgresql",
            f"db.num={len(urls)}",
            *lines,
            f"db.user={postgres.USER}",
            f"db.password={postgres.PASSWORD}",
        ]
    )


class ClusterTests(CommonTests, Set):
    """Three nodes, everything well."""

    skip = postgres.missing() or None
    _properties = ""

    def found(self) -> ConfigCluster:
        cls = type(self)
        if not cls._properties:
            cls._properties = properties(*postgres.server().fresh().urls)
        return shared_configs(3, cls._properties, ())

    def test_refused_by_the_database(self) -> None:
        """What the tables cannot hold is the caller's error, and changes nothing."""
        self.published("v1")
        answer = publish(self.first, self.name, "a\0b")
        self.assertEqual(answer.status, 400, answer)
        self.assertNotIn("INSERT", answer.text)
        answer = publish(self.first, "x" * 300, "content")
        self.assertEqual(answer.status, 400, answer)
        self.everywhere("v1")
        self.assertEqual(past_contents(self.last, self.name), [("I", "v1")])
