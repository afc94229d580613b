"""The cables do what the fault suite takes for granted."""

from __future__ import annotations

import socket
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.faults.cluster import FaultyCluster


def round_trip(host: str, limit: float) -> float | None:
    """Seconds until a port where nobody listens says so; None when nothing came within the limit."""
    began = time.monotonic()
    with socket.socket() as trial:
        trial.settimeout(limit)
        try:
            trial.connect((host, 8848))
        except ConnectionRefusedError:
            return time.monotonic() - began
        except TimeoutError:
            return None
    raise AssertionError("somebody listens")


class CablesTests(SynchronousTestCase):
    """On the network of a cluster that is not started."""

    def setUp(self) -> None:
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)

    def test_cables(self) -> None:
        """Delay, loss, and neither again; the other nodes' cables are left alone."""
        first, second = (node.host for node in self.cluster.nodes[:2])
        self.assertIsNotNone(round_trip(first, 30))
        self.cluster.cables.set(0, delay=0.2)
        taken = round_trip(first, 30)
        assert taken is not None
        self.assertGreaterEqual(taken, 0.4)
        self.cluster.cables.set(0, loss=1.0)
        self.assertIsNone(round_trip(first, 0.5))
        self.assertIsNotNone(round_trip(second, 30))
        self.cluster.cables.set(0)
        self.assertIsNotNone(round_trip(first, 30))
