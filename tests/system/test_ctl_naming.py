"""nacosctl service and instance, by each API that a node speaks."""

from __future__ import annotations

from typing import Any

from tests.system.ctl import CtlCase
from tests.system.nodes import wait_for
from tests.system.test_ctl_config import Watching


class NamingV3Tests(CtlCase):
    """By v3."""

    api = "v3"

    def naming(self, *arguments: str, status: int = 0) -> str:
        return self.ctl("--api", self.api, *arguments, status=status).out

    def hosts(self, name: str) -> dict[str, dict[str, Any]]:
        return {row["ip"]: row for row in self.rows("--api", self.api, "service", "get", name)["instances"]}

    def test_life(self) -> None:
        """Registered, listed, taken down and up, weighed, taken away; the empty service removed."""
        name = self.name + self.api
        self.naming("service", "register", name, "10.0.0.1:80", "-m", "zone=a", "-c", "west", "--weight", "2")
        self.naming("service", "register", name, "10.0.0.2:80")
        row = self.hosts(name)["10.0.0.1"]
        self.assertEqual(
            (row["cluster"], row["weight"], row["metadata"], row["ephemeral"]), ("west", 2.0, {"zone": "a"}, False)
        )
        (line,) = [each for each in self.rows("--api", self.api, "service", "list") if each["name"] == name]
        self.assertEqual((line["instances"], line["group"]), (2, "DEFAULT_GROUP"))
        self.naming("instance", "down", name, "10.0.0.1:80")
        self.assertFalse(self.hosts(name)["10.0.0.1"]["enabled"])
        self.naming("instance", "weight", name, "10.0.0.1:80", "7")
        row = self.hosts(name)["10.0.0.1"]
        self.assertEqual((row["weight"], row["enabled"], row["metadata"]), (7.0, False, {"zone": "a"}))
        self.naming("instance", "up", name, "10.0.0.1:80")
        self.assertTrue(self.hosts(name)["10.0.0.1"]["enabled"])
        self.naming("instance", "up", name, "10.0.0.9:80", status=3)
        for ip in ("10.0.0.1", "10.0.0.2"):
            self.naming("service", "deregister", name, f"{ip}:80")
        self.assertEqual(self.hosts(name), {})
        self.naming("service", "deregister", name)
        self.assertNotIn(name, [each["name"] for each in self.rows("--api", self.api, "service", "list")])


class NamingV2Tests(NamingV3Tests):
    """By v2."""

    api = "v2"


class NamingV1Tests(NamingV3Tests):
    """By v1."""

    api = "v1"


class WatchTests(CtlCase):
    """What goes on until it is ended."""

    def test_watch(self) -> None:
        """Instances that come are shown."""
        with Watching(self.node, "service", "watch", self.name, "--interval", "0.1") as watching:
            self.ctl("service", "register", self.name, "10.0.0.3:80")
            watching.says("came    10.0.0.3:80")
            self.ctl("instance", "down", self.name, "10.0.0.3:80")
            watching.says("changed 10.0.0.3:80 DEFAULT healthy down")
            self.ctl("service", "deregister", self.name, "10.0.0.3:80")
            watching.says("went    10.0.0.3:80")

    def test_keep(self) -> None:
        """Kept by heartbeats while it runs, taken away by Ctrl-C, and by a script that ends it."""
        for end in (Watching.interrupt, Watching.terminate):
            with Watching(self.node, "service", "register", self.name, "10.0.0.4:80", "--keep") as keeping:
                keeping.says("registered")
                wait_for(lambda: self.node.ips(self.name) == {"10.0.0.4"})
                end(keeping)
                self.assertEqual(keeping.ends(), 0, keeping.said)
            self.assertEqual(self.node.ips(self.name), set())
