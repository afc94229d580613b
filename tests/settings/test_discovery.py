"""Nodes that a name in DNS stands for: a real DNS server answers."""

from __future__ import annotations

import os
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.discovery import Discovery, system_resolvers
from nacos_tw.settings.member_keys import dns_name
from tests.nameserver import nameserver


class NameTests(SynchronousTestCase):
    """What can be written."""

    def test_taken(self) -> None:
        """A name, with a port or not."""
        self.assertEqual(dns_name(" dns:Nacos.ns.svc "), "nacos.ns.svc")
        self.assertEqual(dns_name("dns:_nacos._tcp.x:8849"), "_nacos._tcp.x:8849")
        self.assertEqual(dns_name(""), "")

    def test_refused(self) -> None:
        """What is no such thing."""
        for wrong in ("nacos", "file:x", "dns:", "dns:x:0", "dns:x:y", "dns::8848"):
            self.assertRaises(ValueError, dns_name, wrong)

    def test_system(self) -> None:
        """The servers and domains of resolv.conf."""
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "resolv.conf")
            with open(name, "w") as file:
                file.write("# c\nnameserver 10.0.0.2\nsearch ns.svc.cluster.local svc.cluster.local\nnameserver ::1\n")
            self.assertEqual(
                system_resolvers(name),
                ((("10.0.0.2", 53), ("::1", 53)), ["ns.svc.cluster.local", "svc.cluster.local", ""]),
            )
            self.assertEqual(system_resolvers(os.path.join(folder, "none")), ((("127.0.0.1", 53),), [""]))


class LookTests(SynchronousTestCase):
    """Asked of a server."""

    def test_answers(self) -> None:
        """Addresses of both kinds, services, many of them (by TCP), none, and a server that fails or is not there."""
        with nameserver() as server:
            asked = (("127.0.0.1", server.port),)
            many = [f"10.1.{number // 200}.{number % 200 + 1}" for number in range(900)]
            server.says(
                nodes={"A": ["10.0.0.2", "10.0.0.1"], "AAAA": ["fd00::1"]},
                many={"A": many},
                _nacos___tcp__x={"SRV": [[8849, "Nacos-1.x"], [8848, "nacos-0.x"], [80, "low.x"]]},
                broken="broken",
            )
            look = Discovery("nodes", 8848, resolvers=asked).look
            self.assertEqual([node.node for node in look()], ["10.0.0.1:8848", "10.0.0.2:8848", "[fd00::1]:8848"])
            self.assertEqual([node.raft_port for node in look()], [7848] * 3)
            services = Discovery("_nacos._tcp.x", 1, resolvers=asked)
            self.assertEqual([node.node for node in services.look()], ["nacos-0.x:8848", "nacos-1.x:8849"])
            self.assertEqual(len(Discovery("many", 8848, resolvers=asked).look()), 900)
            self.assertEqual(Discovery("nobody", 8848, resolvers=asked).look(), [])
            two = (("127.0.0.1", 1), *asked)  # the first one is not there
            self.assertEqual(len(Discovery("nodes", 8848, resolvers=two).look()), 3)
            failing = Discovery("broken", 8848, resolvers=asked)
            self.assertIn("answers with error 2", str(self.assertRaises(SettingsError, failing.look)))
        gone = Discovery("nodes", 8848, resolvers=asked)
        self.assertIn("cannot be looked up", str(self.assertRaises(SettingsError, gone.look)))

    def test_system(self) -> None:
        """The system's resolver knows its hosts."""
        self.assertIn("127.0.0.1:8848", [node.node for node in Discovery("localhost", 8848).look()])
        self.assertEqual(Discovery("no-such-host.invalid", 8848).look(), [])
