"""This process and its machine in the metrics."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from nacos_tw.metrics.exposition import Family, counter, gauge
from nacos_tw.metrics.machine import Machine

_GENERATIONS = "end of minor GC", "end of minor GC", "end of major GC"


def process_families(machine: Machine, version: str) -> Iterator[Family]:
    """What runs, and how much it takes."""
    yield gauge("nacos_info", "The version that runs.", 1, version=version)
    yield counter("process_cpu_seconds_total", "CPU time used, in seconds.", machine.cpu_seconds())
    yield gauge("process_resident_memory_bytes", "Memory held.", machine.resident())
    yield gauge("process_open_fds", "Open file descriptors.", machine.open_files())
    yield gauge("system_cpu_usage", "Share of the machine's CPU time in use, 0 to 1.", machine.cpu())
    yield gauge("system_load_average_1m", "Load average of the last minute.", machine.load())


def java_families(machine: Machine) -> Iterator[Family]:
    """What boards for Nacos ask of Java, by what corresponds to it here (docs/monitoring.md)."""
    heap = {"area": "heap", "id": "process"}
    yield gauge("jvm_memory_used_bytes", "Memory that this process holds.", machine.resident(), **heap)
    yield gauge("jvm_memory_max_bytes", "Memory that it may have.", machine.most_memory(), **heap)
    yield gauge("jvm_threads_daemon_threads", "Threads of this process.", machine.threads())
    runs = dict.fromkeys(_GENERATIONS, 0)
    for action, found in zip(_GENERATIONS, gc.get_stats(), strict=False):
        runs[action] += found["collections"]
    text = "Runs of Python's garbage collector."
    yield Family("jvm_gc_pause_seconds_count", "counter", text, [({"action": name}, runs[name]) for name in runs])
