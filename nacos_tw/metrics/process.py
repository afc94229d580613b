"""This process and its machine in the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.metrics.exposition import Family, counter, gauge
from nacos_tw.metrics.machine import Machine


def process_families(machine: Machine, version: str) -> Iterator[Family]:
    """What runs, and how much it takes."""
    yield gauge("nacos_info", "The version that runs.", 1, version=version)
    yield counter("process_cpu_seconds_total", "CPU time used, in seconds.", machine.cpu_seconds())
    yield gauge("process_resident_memory_bytes", "Memory held.", machine.resident())
    yield gauge("process_open_fds", "Open file descriptors.", machine.open_files())
    yield gauge("system_cpu_usage", "Share of the machine's CPU time in use, 0 to 1.", machine.cpu())
    yield gauge("system_load_average_1m", "Load average of the last minute.", machine.load())
