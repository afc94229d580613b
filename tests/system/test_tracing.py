"""A publish followed over real nodes, by the spans that they send to a collector."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests import mariadb
from tests.otlp import Running, collector
from tests.system.config_nodes import ConfigCluster, Poll, md5, publish, read
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealNode, started, wait_for
from tests.system.test_config_mysql import properties as on_mariadb

TRACING = "nacos.tracing.enabled=true\nnacos.tracing.endpoint={}\nnacos.http.trusted-proxies=127.0.0.1\n"

Spans = list[dict[str, Any]]


class Case(SynchronousTestCase):
    """A collector, and nodes that send to it."""

    def begin(self, size: int, more: str = "", arguments: tuple[str, ...] = ("-p", "embedded")) -> ConfigCluster:
        running = collector()
        self.collector: Running = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        cluster = started(ConfigCluster(size, TRACING.format(self.collector.endpoint) + more, arguments))
        self.addCleanup(cluster.close)
        return cluster

    def follow(self, wanted: dict[str, int], writer: RealNode, poller: RealNode, streamer: RealNode) -> Spans:
        """
        Publish, with one client that polls and one on a stream.

        @param wanted: how many spans of which names there are to be; each node sends its own.
        @param writer: gets the publish; C{poller}, C{streamer}: have the listeners.
        """
        self.assertEqual(publish(writer, "d", "first").status, 200)
        wait_for(lambda: {read(node, "d") for node in (poller, streamer)} == {"first"})
        poll = Poll(poller, {"d": md5("first")}, "10.0.0.1").wait()
        stream = GrpcClient(streamer, labels={"module": "config"})
        self.addCleanup(stream.close)
        context = {"dataId": "d", "group": "g", "tenant": "", "md5": md5("first")}
        stream.ask("ConfigBatchListenRequest", {"listen": True, "configListenContexts": [context]})
        trace = os.urandom(16).hex()
        answer = publish(writer, "d", "second", {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(poll.changed(), {"d"})
        wait_for(lambda: stream.ask("HealthCheckRequest", {}) and b"ConfigChangeNotifyRequest" in stream.pushed())
        stream.close()  # it never acknowledges: its span ends with it

        def all_sent() -> Spans | None:
            found = self.collector.spans(trace)
            return found if Counter(span["name"] for span in found) == wanted else None

        spans: Spans = wait_for(all_sent)
        return spans


class EmbeddedTests(Case):
    """Three nodes with embedded storage."""

    def test_followed(self) -> None:
        """From a follower over the leader's commit to every node, and to listeners at the two others."""
        cluster = self.begin(3)
        leader, (writer, other) = cluster.leader(), cluster.followers()
        wanted = {"config publish": 1, "raft propose": 1, "raft commit": 1, "config apply": 3, "config push": 2}
        spans = self.follow(wanted, writer, leader, other)
        by_id = {span["id"]: span for span in spans}
        nodes_of = {name: {span["node"] for span in spans if span["name"] == name} for name in wanted}
        everywhere = {node.address for node in cluster.nodes}
        self.assertEqual(nodes_of["config publish"], {writer.address})
        self.assertEqual(nodes_of["raft propose"], {writer.address})
        self.assertEqual(nodes_of["raft commit"], {leader.address})
        self.assertEqual(nodes_of["config apply"], everywhere)
        self.assertEqual(nodes_of["config push"], {leader.address, other.address})
        self.assertEqual({span["service"] for span in spans}, {"nacos"})
        for span in spans:
            if span["name"] == "config push":
                parent = by_id[span["parent"]]
                self.assertEqual((parent["name"], parent["node"]), ("config apply", span["node"]))
                self.assertEqual(by_id[parent["parent"]]["name"], "raft propose")
        root = next(span for span in spans if span["name"] == "config publish")
        self.assertEqual((root["parent"], root["nacos.config.data_id"]), ("00f067aa0ba902b7", "d"))
        self.assertNotIn("second", str(spans))


class SharedDatabaseTests(Case):
    """Two nodes on one database."""

    skip = mariadb.missing() or None

    def test_followed(self) -> None:
        """By the notice between them, to the listeners of the other."""
        here, there = self.begin(2, on_mariadb(*mariadb.server().fresh().urls), ()).nodes
        spans = self.follow({"config publish": 1, "config refresh": 1, "config push": 2}, here, there, there)
        refreshed = [span for span in spans if span["name"] == "config refresh"]
        self.assertEqual([span["node"] for span in refreshed], [there.address])
        root = next(span for span in spans if span["name"] == "config publish")
        self.assertEqual((root["node"], refreshed[0]["parent"]), (here.address, root["id"]))
        pushes = [span for span in spans if span["name"] == "config push"]
        self.assertEqual({span["nacos.transport"] for span in pushes}, {"grpc", "long poll"})
        self.assertEqual({span["parent"] for span in pushes}, {refreshed[0]["id"]})
