"""What monitoring reads of a node's disk and of its files there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nacos_tw.metrics.exposition import Family, gauge
from nacos_tw.metrics.space import DiskSpace


def disk_families(space: DiskSpace | None, files: Mapping[str, int]) -> Iterator[Family]:
    """
    Sizes of files, room, and what comes of it.

    @param files: bytes by name.
    """
    samples = [({"file": name}, size) for name, size in files.items()]
    yield Family("nacos_file_bytes", "gauge", "Size of the node's files on disk, in bytes.", list(samples))
    if space is not None:
        yield gauge("nacos_disk_free_bytes", "Bytes free on the disk of data/.", space.free)
        yield gauge("nacos_disk_total_bytes", "Bytes of the disk of data/.", space.total)
        text = "0: there is room; 1: there is little; 2: publishes are refused; 3: all that is new is refused."
        yield gauge("nacos_disk_alarm", text, space.level)
