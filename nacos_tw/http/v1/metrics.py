"""C{/actuator/prometheus}: what monitoring reads, under Nacos's names and ours (docs/spec/naming-v1.md#9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw import __version__
from nacos_tw.cluster.members import UP, MemberList
from nacos_tw.http.call import Call
from nacos_tw.http.counters import Counters
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.counts import Counts
from nacos_tw.http.v1.faces import Naming, Node
from nacos_tw.metrics.exposition import CONTENT_TYPE, Family, counter, gauge, render
from nacos_tw.metrics.machine import Machine
from nacos_tw.push.udp import UdpPush
from nacos_tw.raft.status import PeerStatus, RaftStatus

LEADER_STATUS = {"LEADER": 1, "FOLLOWER": 0, "CANDIDATE": 2}


@attrs.frozen
class PrometheusV1:
    """
    Always there; it is Nacos that hides it unless it is exposed.

    @ivar storage_differs: how the places differ in which the members keep their configs; "" if they do not.
    @ivar checks: how many probes of each kind were made (C{tcpHealthCheck}, C{httpHealthCheck},
        C{mysqlhealthCheck}), or more such naming gauges.
    @ivar more: families of other parts of the node, such as the HTTP front.
    @ivar config: Nacos's gauges of the configuration centre.
    """

    prefix: ClassVar[str] = "/actuator"
    app = Klein()
    guard: Guard
    naming: Naming
    node: Node
    members: MemberList
    counts: Counts
    machine: Machine
    udp: UdpPush
    readiness: Callable[[], str]
    checks: Callable[[], Mapping[str, int]] = lambda: {}
    more: Callable[[], Iterable[Family]] = lambda: ()
    config: Callable[[], Mapping[str, float]] = lambda: {}
    storage_differs: Callable[[], str] = lambda: ""

    @serve(app, "GET", "/prometheus", needs="open")
    def prometheus(self, call: Call) -> Reply:
        """All of it, as text."""
        return Reply(200, render(self._families()), CONTENT_TYPE)

    def _families(self) -> Iterator[Family]:
        status = self.node.status()
        yield self._naming(status)
        yield gauge("nacos_ready", "Whether this node can do its work.", int(not self.readiness()))
        yield from raft_families(status)
        yield Family(
            "nacos_member_up",
            "gauge",
            "Whether this node takes the member for up.",
            [({"member": member.address}, int(member.state == UP)) for member in self.members],
        )
        yield gauge(
            "nacos_storage_differs",
            "Whether members that are up keep their configs in different places.",
            int(bool(self.storage_differs())),
        )
        yield from self._process()
        yield from self.more()

    def _naming(self, status: RaftStatus) -> Family:
        acks, totals = self.udp.acks, self.counts.totals()
        values: dict[str, float] = {
            "serviceCount": totals.services,
            "ipCount": totals.instances,
            "subscriberCount": self.counts.subscribers(),
            "maxPushCost": acks.worst_cost,
            "avgPushCost": acks.average_cost,
            "leaderStatus": LEADER_STATUS.get(status.role, 0),
            "totalPush": acks.total,
            "failedPush": acks.failed,
            "tcpHealthCheck": 0,
            "httpHealthCheck": 0,
            "mysqlhealthCheck": 0,
            **self.checks(),
        }
        samples = [({"module": "naming", "name": name}, value) for name, value in values.items()]
        samples += [({"module": "config", "name": name}, value) for name, value in self.config().items()]
        return Family("nacos_monitor", "gauge", "Nacos's own gauges, by module and name.", list(samples))

    def _process(self) -> Iterator[Family]:
        machine = self.machine
        yield gauge("nacos_info", "The version that runs.", 1, version=__version__)
        yield counter("process_cpu_seconds_total", "CPU time used, in seconds.", machine.cpu_seconds())
        yield gauge("process_resident_memory_bytes", "Memory held.", machine.resident())
        yield gauge("process_open_fds", "Open file descriptors.", machine.open_files())
        yield gauge("system_cpu_usage", "Share of the machine's CPU time in use, 0 to 1.", machine.cpu())
        yield gauge("system_load_average_1m", "Load average of the last minute.", machine.load())


_CONTRADICTIONS = "How often this node's state was not the cluster's, and was set aside."
_OF_PEERS: tuple[tuple[str, str, Callable[[PeerStatus], float]], ...] = (
    ("connected", "Whether the link to the peer stands.", lambda peer: int(peer.connected)),
    ("lag_entries", "Entries that the peer has yet to get, at the leader.", lambda peer: peer.lag),
    ("rtt_seconds", "Last round trip to the peer.", lambda peer: peer.rtt_seconds),
)


def raft_families(status: RaftStatus) -> Iterator[Family]:
    """The state of the Raft part."""
    yield gauge("nacos_raft_leader", "Whether this node leads.", int(status.role == "LEADER"))
    yield gauge("nacos_raft_has_leader", "Whether this node knows a leader.", int(bool(status.leader)))
    yield gauge("nacos_raft_healthy", "Whether the Raft part can do its work.", int(status.healthy))
    yield gauge("nacos_raft_recovering", "Whether a lost log is being fetched.", int(status.recovering))
    yield counter("nacos_raft_contradictions_total", _CONTRADICTIONS, status.contradictions)
    yield gauge("nacos_raft_term", "Term.", status.term)
    yield gauge("nacos_raft_commit_index", "Highest committed entry.", status.commit)
    yield gauge("nacos_raft_applied_index", "Highest applied entry.", status.applied)
    yield gauge("nacos_raft_last_index", "Highest entry in the log.", status.last_index)
    yield gauge("nacos_raft_leader_commit_index", "Highest commit index that a leader told.", status.leader_commit)
    yield gauge("nacos_raft_log_bytes", "Size of log and snapshot on disk.", status.log_bytes)
    peers = [({"peer": name}, peer) for name, peer in sorted(status.peers.items())]
    for name, text, number in _OF_PEERS:
        yield Family(f"nacos_raft_peer_{name}", "gauge", text, [(labels, number(peer)) for labels, peer in peers])


def link_family(counters: Mapping[str, int]) -> Family:
    """
    What became of connections to the Raft port.

    @param counters: see L{nacos_tw.raft.net.peers.COUNTERS}.
    """
    samples = [({"event": name}, number) for name, number in counters.items()]
    return Family("nacos_raft_links_total", "counter", "What happened on connections of the Raft port.", list(samples))


def http_families(counters: Counters) -> Iterator[Family]:
    """What the HTTP carriers counted; for L{PrometheusV1.more}."""
    yield counter("http_server_requests_seconds_count", "Requests answered.", counters.requests)
    yield counter("http_server_requests_seconds_sum", "Time taken to answer them, in seconds.", counters.seconds)
    errors = [
        ({"outcome": "CLIENT_ERROR"}, counters.client_errors),
        ({"outcome": "SERVER_ERROR"}, counters.server_errors),
    ]
    yield Family("nacos_http_errors_total", "counter", "Answers with a status from 400, and from 500.", list(errors))
    yield gauge("nacos_http_connections", "Connections open.", counters.open)
    yield counter("nacos_http_connections_total", "Connections accepted.", counters.accepted)
    yield counter("nacos_http_handed_over_total", "Connections that left the fast path.", counters.handed_over)
    yield counter("nacos_http_refused_total", "Requests that broke HTTP or a limit.", counters.refused)
    yield counter("nacos_http_turned_away_total", "Connections refused, as too many were open.", counters.turned_away)
    yield counter("nacos_http_timed_out_total", "Connections closed for being slow or idle.", counters.timed_out)
