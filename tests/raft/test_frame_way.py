"""The way of a frame from the socket to the disk."""

from __future__ import annotations

import sys
from random import Random
from types import FrameType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.messages import AppendEntries, Entry
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.raft.disk.writer import DirectWriter
from nacos_tw.raft.net.codec import RaftFrame
from nacos_tw.raft.node import RaftNode
from nacos_tw.raft.options import NodeOptions
from tests.raft.disks import MemoryDisk
from tests.raft.nodes import Recorder
from tests.raft.test_peers import Net


class FrameWayTests(SynchronousTestCase):
    """A follower's links, driver, core and store, with a leader that is a bare link."""

    def setUp(self) -> None:
        self.net = net = Net()
        disk, names = MemoryDisk(), tuple(net.members)
        self.store = open_store("/data", "b:1", False, disk)
        clock = net.reactor
        options = NodeOptions("b:1", names, "/data", disk=disk)
        self.node = RaftNode(options, self.store, DirectWriter(self.store), Recorder(), clock, Random(1), clock.seconds)
        self.leader, _ = net.node("a:1")
        peers, _ = net.node("b:1", frames=self.node.frame_received)
        self.node.peers = peers
        for links in (self.leader, peers):
            self.successResultOf(links.listen())
            links.startService()
        self.node.start()
        net.run(0.2)

    def entered(self) -> list[str]:
        """The modules of the server that are entered while everything arrives, each once, in order."""
        found: dict[str, None] = {}

        def note(frame: FrameType, event: str, arg: Any) -> None:
            name = frame.f_globals.get("__name__", "")
            if event == "call" and name.startswith("nacos_tw."):
                found[name.removeprefix("nacos_tw.")] = None

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            self.net.run(0.02)
        finally:
            sys.setprofile(before)
        return list(found)

    def test_modules(self) -> None:
        """An entry gets from the link to the driver, through the core to the disk, without leaving raft/."""
        size = self.store.size_on_disk()
        self.assertTrue(self.leader.send("b:1", RaftFrame(AppendEntries(1, 0, 0, 0, (Entry(1, 1, 0),)))))
        entered = self.entered()
        self.assertGreater(self.store.size_on_disk(), size)
        entered = entered[: entered.index("raft.disk.store") + 1]
        self.assertEqual([name for name in entered if not name.startswith("raft.")], [])
        way = [
            "net.protocol",
            "net.codec",
            "net.peers",
            "node",
            "core.core",
            "core.follower",
            "disk.writer",
            "disk.store",
        ]
        way = [f"raft.{name}" for name in way]
        self.assertEqual([name for name in entered if name in way], way)
