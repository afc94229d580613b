"""
What a node needs, by what it holds: memory, disk and descriptors.

    python bench/sizing.py [--nodes 1] [--instances 10000] [--configs 10000] [--polls 1000]

One node that stands alone (or the largest of a cluster of three) is looked at at rest, then with so many ephemeral
instances (ten of each service), then with so many configs of 1 KB besides, each published twice, then with so many
clients besides that wait for a change. Memory is resident. Disk is what C{data/raft} and C{data/config} take, with
history. Descriptors are counted in /proc.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import nodes
from listen import connect, poll
from wire import config_name, seed, seed_configs

SETTLE = 2.0
"""Seconds after the last write before a look: files are written, and memory given back, behind the answers."""


def on_disk(folder: str) -> float:
    """MB that the files below a folder take."""
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            total += os.stat(os.path.join(where, name)).st_blocks * 512
    return total / 1e6


def look(name: str, found: nodes.Nodes) -> list[str]:
    """One row of the table: of the node that has most."""
    time.sleep(SETTLE)
    memory = max(map(nodes.resident, found.pids))
    raft = max(on_disk(os.path.join(node.home, "data", "raft")) for node in found.all)
    config = max(on_disk(os.path.join(node.home, "data", "config")) for node in found.all)
    descriptors = max(len(os.listdir(f"/proc/{pid}/fd")) for pid in found.pids)
    return [name, f"{memory:.0f}", f"{raft:.0f}", f"{config:.0f}", str(descriptors)]


def again(write: Callable[[], None]) -> None:
    """Write until all is taken: a machine that is busy with something else may refuse some with 503."""
    for _ in range(9):
        try:
            return write()
        except SystemExit as error:
            print(error, file=sys.stderr)
    write()


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--configs", type=int, default=10_000)
    parser.add_argument("--polls", type=int, default=1_000)
    wanted = parser.parse_args()
    with nodes.started(wanted.nodes) as found:
        address = found.addresses[0]
        rows = [look("at rest", found)]
        again(lambda: seed(address, wanted.instances // 10, 10))
        rows.append(look(f"{wanted.instances:,} instances", found))
        for _ in range(2):
            again(lambda: seed_configs(address, wanted.configs))
        rows.append(look(f"and {wanted.configs:,} configs", found))
        waiting = [connect(address) for _ in range(wanted.polls)]
        for each in waiting:
            each.sendall(poll(config_name(wanted.configs), ""))
        rows.append(look(f"and {wanted.polls:,} polls", found))
        for each in waiting:
            each.close()
    print(nodes.table(["one node", "memory, MB", "data/raft, MB", "data/config, MB", "descriptors"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
