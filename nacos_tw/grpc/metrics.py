"""What 9848 tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nacos_tw.grpc.counters import Counters
from nacos_tw.metrics.exposition import Family, Labels, counter, gauge, timings

_MODULES = (
    ("Config", "config"),
    ("ClientConfig", "config"),
    ("Lock", "lock"),
    ("Mcp", "ai"),
    ("Agent", "ai"),
    ("QueryMcp", "ai"),
    ("ReleaseMcp", "ai"),
    ("QueryAgent", "ai"),
    ("ReleaseAgent", "ai"),
    ("QueryPrompt", "ai"),
    ("HealthCheck", "internal"),
    ("ServerCheck", "internal"),
    ("ConnectionSetup", "internal"),
    ("ServerLoader", "internal"),
    ("ServerReload", "internal"),
)
"""How types of requests begin, and what they are for; all others are for naming."""


def module_of(type_: str) -> str:
    """What a type of requests is for, in Nacos's words."""
    return next((module for start, module in _MODULES if type_.startswith(start)), "naming")


def _labels(type_: str, code: int) -> Labels:
    return {
        "requestClass": type_,
        "success": "false" if code else "true",
        "errorCode": str(code),
        "throwableClass": "None",
        "module": module_of(type_),
    }


def grpc_families(counters: Counters, now: float = 0.0) -> Iterator[Family]:
    """
    All that was counted.

    @param now: of a monotonic clock.
    """
    counters.calls.rotate(now)
    rows = [(_labels(*key), tally) for key, tally in sorted(counters.calls.items())]
    yield from timings("grpc_server_requests_seconds", "Requests by gRPC, and the time until they were answered.", rows)
    yield executor_family(counters)
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


def executor_family(counters: Counters) -> Family:
    """Nacos's pool of threads, which is one thread here: what is active waits for the log, a disk or a database."""
    taken, done = sum(counters.requests.values()), sum(tally.count for tally in counters.calls.values())
    numbers = {
        "activeCount": max(0, taken - done),
        "poolSize": 1,
        "corePoolSize": 1,
        "maximumPoolSize": 1,
        "inQueueTaskCount": 0,
        "taskCount": taken,
        "completedTaskCount": done,
    }
    at = {"module": "core", "type": "grpcSdkServer"}
    samples: list[tuple[Labels, float]] = [({**at, "name": name}, number) for name, number in numbers.items()]
    return Family("grpc_server_executor", "gauge", "Requests by gRPC: taken, in work, done.", samples)


def _by(name: str, help_: str, label: str, counted: Mapping[Any, int]) -> Family:
    return Family(name, "counter", help_, [({label: str(key)}, value) for key, value in sorted(counted.items())])
