"""Tests for L{nacos_tw.notify}."""

from __future__ import annotations

import os
import socket
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.notify import notify


class NotifyTests(SynchronousTestCase):
    """systemd's end is a datagram socket."""

    def listening(self, address: str) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(channel.close)
        channel.bind(address)
        channel.settimeout(10)
        return channel

    def test_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "s")
            channel = self.listening(name)
            self.assertTrue(notify("READY=1", {"NOTIFY_SOCKET": name}))
            self.assertEqual(channel.recv(100), b"READY=1")

    def test_abstract(self) -> None:
        channel = self.listening(f"\0nacos_tw-{os.getpid()}")
        self.assertTrue(notify("STOPPING=1", {"NOTIFY_SOCKET": f"@nacos_tw-{os.getpid()}"}))
        self.assertEqual(channel.recv(100), b"STOPPING=1")

    def test_nobody(self) -> None:
        """Nobody asked, or nobody is there: no matter."""
        for address in ("", "relative", "/nonexistent/s"):
            self.assertFalse(notify("READY=1", {"NOTIFY_SOCKET": address}))
