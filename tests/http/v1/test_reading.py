"""Parameters of an instance, where the routes' tests do not show it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.v1 import reading
from nacos_tw.naming.commands import Target
from nacos_tw.naming.requests import Removal
from nacos_tw.naming.validation import check_names

KEYS = "serviceName=p1&ip=10.0.0.1&port=8080"


def call(query: str) -> Call:
    """A call with that query."""
    return Call.make("GET", f"/x?{query}")


class ReadingTests(SynchronousTestCase):
    """L{reading}."""

    def test_booleans(self) -> None:
        """The loose parser; an empty value is none."""
        for text, expected in (
            ("true", True), ("TRUE", True), ("on", True), ("yes", True), ("y", True), ("t", True), ("1", False),
            ("false", False), ("maybe", False), ("", True), ("%20", True),
        ):  # fmt: skip
            self.assertEqual(reading.enabled(call(f"enabled={text}")), expected, text)
            self.assertEqual(reading.enabled(call(f"enable={text}")), expected, text)
            said = None if text in ("", "%20") else expected
            self.assertEqual(reading.ephemeral(call(f"ephemeral={text}")), said, text)
        self.assertFalse(reading.enabled(call("enabled=false&enable=true")))
        self.assertTrue(reading.enabled(call("enabled=&enable=true")))

    def test_kind(self) -> None:
        """What a request does not say is left to the switches."""
        for text, expected in (("", None), ("&ephemeral=false", False), ("&ephemeral=true", True)):
            self.assertIs(reading.registration(call(KEYS + text)).ephemeral, expected)

    def test_cluster(self) -> None:
        """clusterName, else cluster, else DEFAULT; empty ones are none."""
        for query, expected in (
            ("clusterName=a&cluster=b", "a"), ("cluster=b", "b"), ("clusterName=&cluster=b", "b"), ("", "DEFAULT"),
        ):  # fmt: skip
            self.assertEqual(reading.cluster_name(call(query)), expected)

    def test_removal(self) -> None:
        """Only what names the instance is kept."""
        command = reading.removal(call(f"{KEYS}&weight=3&clusterName=c_1&ephemeral=false"))
        self.assertEqual(command, Removal(("public", "DEFAULT_GROUP@@p1"), "10.0.0.1", 8080, "c_1", False))

    def test_trimmed(self) -> None:
        """Blanks around values do not count."""
        command = reading.registration(call("serviceName=%20p1%20&ip=+10.0.0.1+&port=%208080"))
        self.assertEqual((command.service[1], command.ip, command.port), ("DEFAULT_GROUP@@p1", "10.0.0.1", 8080))

    def test_targets(self) -> None:
        """Instances of a batch, with the defaults; what cannot be read names none."""
        self.assertEqual(
            reading.targets('[{"ip":"a","port":1},{"ip":"b","port":"2","ephemeral":false,"clusterName":"c","x":1}]'),
            [Target("a", 1), Target("b", 2, False, "c")],
        )
        for text in ("", "{}", "[1]", '[{"ip":"a"}]', '[{"ip":"a","port":"x"}]', "\udc80"):
            self.assertEqual(reading.targets(text), [])

    def test_names(self) -> None:
        """What names an instance is checked as a whole; 64 characters are not too many."""
        check_names(("public", f"g@@{'s' * 500}"), "c" * 64, "h" * 128)
        for service, cluster, ip in (
            (("a b", "g@@s"), "c", "h"),
            (("public", "g@@s"), "c" * 65, "h"),
            (("public", "g@@@s"), "c", "1.2"),
        ):
            self.assertRaises(BadParameter, check_names, service, cluster, ip)
