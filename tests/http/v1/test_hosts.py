"""Instances on the wire."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.v1.hosts import encode, hosts
from nacos_tw.naming.model import Instance


class HostTests(SynchronousTestCase):
    """L{hosts}."""

    def test_entry(self) -> None:
        """Keys in the order that clients see from Nacos; the health is the one to show, not the instance's."""
        instance = Instance(
            7, ("public", "g@@s"), "10.0.0.1", 80, "c1", False, 2.0, True, False, None, "shop", "", True
        )  # fmt: skip
        (entry,) = hosts([(instance, True)], "s")
        self.assertEqual(
            encode(entry),
            b'{"ip":"10.0.0.1","port":80,"valid":true,"healthy":true,"marked":true,"instanceId":"10.0.0.1#80#c1#g@@s",'
            b'"metadata":{},"enabled":true,"weight":2.0,"clusterName":"c1","serviceName":"s","ephemeral":false}',
        )

    def test_weight_is_a_double(self) -> None:
        """8 is written 8.0, as Java does."""
        instance = Instance(1, ("public", "g@@s"), "a", 1, "c", True, 8.0, True, True, {}, "")
        self.assertIn(b'"weight":8.0', encode(hosts([(instance, False)], "s")))
        self.assertEqual(json.loads(encode(hosts([], "s"))), [])
