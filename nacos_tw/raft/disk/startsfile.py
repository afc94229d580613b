"""
The file C{starts} in the folder of the log: which start of each other node was the last that this one has seen.

It is not the log's: a node that has lost it only knows less of the others, and older versions leave it alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from twisted.logger import Logger

from nacos_tw.raft.disk.files import Disk

NAME = "starts"

_log = Logger()


def read_starts(folder: str, disk: Disk | None = None) -> dict[str, tuple[int, int]]:
    """By the node's id: the count of its start, and the number drawn for that. A file that cannot be read is none."""
    disk = disk or Disk()
    if NAME not in disk.names(folder):
        return {}
    path = os.path.join(folder, NAME)
    try:
        found = json.loads(disk.read(path))
        return {str(id): (int(count), int(run)) for id, (count, run) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _log.warn("{path}: what this node knew of the others' starts is lost: {error}", path=path, error=error)
        return {}


def keep_starts(folder: str, known: Mapping[str, tuple[int, int]], disk: Disk | None = None) -> None:
    """
    Keep it: a crash leaves the file of before or the new one.

    @raise OSError: the disk refused.
    """
    (disk or Disk()).put(os.path.join(folder, NAME), json.dumps(known).encode())
