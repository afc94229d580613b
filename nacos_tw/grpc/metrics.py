"""What 9848 tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nacos_tw.grpc.counters import Counters
from nacos_tw.metrics.exposition import Family, counter, gauge


def grpc_families(counters: Counters) -> Iterator[Family]:
    """All that was counted."""
    yield gauge("nacos_grpc_connections", "Connections open.", counters.open)
    yield gauge("nacos_grpc_clients", "Clients that have said who they are.", counters.registered)
    yield counter("nacos_grpc_connections_total", "Connections accepted.", counters.accepted)
    yield counter("nacos_grpc_turned_away_total", "Connections refused, as too many were open.", counters.turned_away)
    yield counter("nacos_grpc_clients_total", "Clients that have come.", counters.registrations)
    yield counter("nacos_grpc_clients_refused_total", "Clients refused, as too many were there.", counters.refused)
    yield counter("nacos_grpc_clients_silent_total", "Clients dropped, as they did not answer.", counters.detected)
    yield _by("nacos_grpc_requests_total", "Requests served, by type.", "type", counters.requests)
    yield _by("nacos_grpc_errors_total", "Answers with an error, by its code.", "code", counters.errors)
    yield counter("nacos_grpc_failures_total", "Requests that failed in the server.", counters.failures)
    yield counter("nacos_grpc_late_total", "Requests whose time was over before their answer.", counters.late)
    yield _by("nacos_grpc_limited_total", "Calls refused for a limit, by it.", "limit", counters.limited)
    yield _by("nacos_grpc_ends_total", "Connections that the server ended, by cause.", "cause", counters.ends)
    yield counter("nacos_grpc_pushes_total", "Requests sent to clients.", counters.pushes)
    yield counter("nacos_grpc_push_acks_total", "Those that were acknowledged.", counters.acks)
    yield counter("nacos_grpc_push_failures_total", "Those that were not, in time.", counters.unanswered)


def _by(name: str, help_: str, label: str, counted: Mapping[Any, int]) -> Family:
    return Family(name, "counter", help_, [({label: str(key)}, value) for key, value in sorted(counted.items())])
