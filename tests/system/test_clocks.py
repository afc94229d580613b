"""Wall clocks that are set while nodes run: nothing waits longer or shorter for it."""

from __future__ import annotations

import atexit
import json
import os
import random
import threading
import time
from email.utils import parsedate_to_datetime

from twisted.trial.unittest import SkipTest

from nacos_tw.tls.making import NODE_DAYS
from tests.system.clustered import LEASE, Clustered
from tests.system.nodes import Answer, RealCluster, RealNode, wait_for
from tests.system.secured import RAFT, TlsCluster
from tests.system.wallclock import WallClock, build, usable

HOUR = 3600
DAY = 24 * HOUR
CONFIGS = "/nacos/v1/cs/configs"
LISTENER = CONFIGS + "/listener"
LASTING = {"preserved.heart.beat.timeout": "1800000", "preserved.ip.delete.timeout": "3000000"}
"""Metadata for leases of 30 and 50 minutes: less than a step, more than a test takes."""

_shared: list[tuple[RealCluster, list[WallClock]]] = []


def clocks_of(cluster: RealCluster) -> list[WallClock]:
    """A clock for each node, which its process gets when it starts."""
    library = build(cluster.folder)
    found = []
    for number, node in enumerate(cluster.nodes):
        clock = WallClock(library, os.path.join(cluster.folder, f"clock{number}"))
        node.prefix = ("env", *(f"{name}={value}" for name, value in clock.environment.items()))
        found.append(clock)
    return found


def ahead(node: RealNode) -> float:
    """Seconds by which its wall clock is ahead of the true one, by its Date header."""
    return parsedate_to_datetime(node.readiness().headers["date"]).timestamp() - time.time()


class Poll(threading.Thread):
    """A client that waits for a change of a config which does not come."""

    def __init__(self, node: RealNode, millis: int) -> None:
        super().__init__(daemon=True)
        self._node, self._millis = node, millis
        self.answer: Answer | None = None
        self.seconds = 0.0
        self.start()

    def run(self) -> None:
        began = time.monotonic()
        body = b"Listening-Configs=none%02group%02%01"
        headers = {
            "Long-Pulling-Timeout": str(self._millis),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.answer = self._node.request("POST", LISTENER, body=body, headers=headers, timeout=120)
        self.seconds = time.monotonic() - began


class ClockCase(Clustered):
    """What these share."""

    def setUp(self) -> None:
        if not usable():
            raise SkipTest("needs Linux and gcc")


class SteppedTests(ClockCase):
    """Three nodes for all tests, each with a clock of its own."""

    def setUp(self) -> None:
        super().setUp()
        if not _shared:
            cluster = RealCluster()
            atexit.register(cluster.close)
            clocks = clocks_of(cluster)
            cluster.start()
            _shared.append((cluster, clocks))
        self.cluster_, self.clocks = _shared[0]
        self.addCleanup(self.put_right)

    @classmethod
    def tearDownClass(cls) -> None:
        while _shared:
            _shared.pop()[0].close()

    def put_right(self) -> None:
        for clock in self.clocks:
            clock.set(0)
        for node in self.cluster_.nodes:
            if not node.running:
                node.start()
        self.cluster_.wait_ready()

    def step(self, name: str, seconds: int, count: int) -> list[RealNode]:
        """
        So many nodes' clocks are set, the leader's among them; then the leader dies.

        An election, writes and the end of a silent instance come as soon as ever; one with a long lease does not end.

        @return: the other two nodes.
        """
        cluster = self.cluster_
        leader = cluster.leader()
        others = [node for node in cluster.nodes if node is not leader]
        silent, lasting = "10.0.0.1", "10.0.0.2"
        for ip, lease in ((lasting, LASTING), (silent, LEASE)):
            self.assertOk(others[0].register(name, ip, metadata=json.dumps(lease)))
        for node in cluster.nodes:
            wait_for(lambda node=node: lasting in node.ips(name), why="the registration to be everywhere")  # type: ignore[misc]
        before = {node: self.shown(node, name) for node in others}
        for node in [leader, *others][:count]:
            self.clocks[cluster.nodes.index(node)].set(seconds)
        for node in [leader, *others][:count]:  # the Date header shows the wall clock
            wait_for(lambda node=node: abs(ahead(node) - seconds) < HOUR / 2, why="the clock to be set")  # type: ignore[misc]
        leader.kill()
        wait_for(lambda: cluster.leader() in others, why="an election")
        cluster.wait_ready(others)
        for number, node in enumerate(others):
            self.assertOk(node.register(name, f"10.0.1.{number}", metadata=json.dumps(LASTING)))
            params = {"dataId": name, "group": "g", "content": str(number)}
            self.assertEqual(node.request("POST", CONFIGS, params).text, "true")
        left = {lasting, "10.0.1.0", "10.0.1.1"}
        for node in others:
            wait_for(lambda node=node: silent not in node.ips(name), why="the silent instance to expire")  # type: ignore[misc]
            self.assertEqual(node.ips(name), left, "only the silent one has expired")
            self.assertGreaterEqual(self.shown(node, name), before[node])
        for ip in left:
            self.assertOk(others[0].deregister(name, ip))
        return others

    def shown(self, node: RealNode, name: str) -> int:
        """lastRefTime."""
        found: int = node.request("GET", "/nacos/v1/ns/instance/list", {"serviceName": name}).json["lastRefTime"]
        return found

    def assertWaited(self, polls: list[Poll]) -> None:
        """They were answered, that nothing has changed, and not before their time."""
        for poll in polls:
            poll.join(120)
            assert poll.answer is not None, "the poll was not answered"
            self.assertEqual((poll.answer.status, poll.answer.text), (200, ""))
            self.assertGreater(poll.seconds, 5, "it was answered too early")

    def steps(self, seconds: int) -> None:
        """Forth and back, of one, two and all nodes; polls wait over the last."""
        polls: list[Poll] = []
        for count in (1, 2, 3):
            for sign in (1, -1):
                name = f"{seconds}-{sign}-{count}"
                if (count, sign) == (3, -1):
                    leader = self.cluster_.leader()
                    polls = [Poll(node, 10_000) for node in self.cluster_.nodes if node is not leader]
                self.step(name, sign * seconds, count)
                if not polls:
                    self.put_right()
        self.assertWaited(polls)

    def test_an_hour(self) -> None:
        """As when summer time was set by hand."""
        self.steps(HOUR)

    def test_eight_hours(self) -> None:
        """As when a hardware clock in local time was taken for UTC."""
        self.steps(8 * HOUR)

    def test_strobe(self) -> None:
        """All clocks jump forth and back many times a second, each by itself."""
        chance, over = random.Random(22), threading.Event()

        def strobe() -> None:
            while not over.wait(0.02):
                for clock in self.clocks:
                    clock.set(chance.choice((-8 * HOUR, -HOUR, 0, HOUR, 8 * HOUR)))

        cluster = self.cluster_
        leader = cluster.leader()
        others = [node for node in cluster.nodes if node is not leader]
        jumping = threading.Thread(target=strobe, daemon=True)
        jumping.start()
        try:
            polls = [Poll(node, 10_000) for node in others]
            for ip, lease in (("10.0.0.1", LEASE), ("10.0.0.2", LASTING)):
                self.assertOk(others[0].register("strobe", ip, metadata=json.dumps(lease)))
            shown = dict.fromkeys(others, 0)
            leader.kill()
            wait_for(lambda: cluster.leader() in others, why="an election")
            cluster.wait_ready(others)
            for node in others:
                params = {"dataId": "strobe", "group": "g", "content": node.address}
                self.assertEqual(node.request("POST", CONFIGS, params).text, "true")
                while "10.0.0.1" in node.ips("strobe"):
                    now = self.shown(node, "strobe")
                    self.assertGreaterEqual(now, shown[node], "lastRefTime went back")
                    shown[node] = now
                    time.sleep(0.05)
                self.assertEqual(node.ips("strobe"), {"10.0.0.2"})
            self.assertWaited(polls)
            self.assertEqual(others[0].ips("strobe"), {"10.0.0.2"})
        finally:
            over.set()
            jumping.join()
        self.assertOk(others[0].deregister("strobe", "10.0.0.2"))


class CertificateTests(ClockCase):
    """TLS between nodes whose clock was wrong at start."""

    def test_dials_again(self) -> None:
        """A node that was started when no certificate was valid, by its clock, joins once that is right."""
        cluster = TlsCluster(properties=RAFT)
        self.addCleanup(cluster.close)
        clocks = clocks_of(cluster)
        cluster.start()
        node = cluster.nodes[0]
        for shift, trouble in (((NODE_DAYS + 2) * DAY, "has expired"), (-400 * DAY, "is not valid yet")):
            node.stop()
            clocks[0].set(shift)
            node.start()
            wait_for(lambda trouble=trouble: refused(node, trouble), why="refused certificates")  # type: ignore[misc]
            self.assertFalse(node.ready())
            clocks[0].set(0)
            cluster.wait_ready()


def refused(node: RealNode, trouble: str) -> bool:
    """Whether its log says so of a link that it dialed or was dialed on."""
    return any("no Raft link" in line and trouble in line for line in node.full_log.splitlines())
