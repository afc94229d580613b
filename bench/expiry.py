"""
Whether nodes stay quick while the beats of tens of thousands of instances stop at once.

    python bench/expiry.py [--nodes 3] [--services 5000] [--instances 10]

All instances are registered and the leader is killed and started again, so that all leases begin anew at the same
moment (C{--spread}: without that, over the seconds that the registrations take). Then nothing is heard of them: after
15 s they become unhealthy, after 30 s they are removed. Meanwhile every node is asked for the instances of one service
every 5 ms, on a connection of its own. An answer that takes longer than C{--stall} ms is a stall; the table says how
much of the longest ones the node's main thread computed, and how much it waited for a CPU that others had (so that a
busy machine is not taken for a slow server). Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

import nodes
from wire import NAMING, Connection, get, instance_list, json_of, seed, seeded_name

PERIOD = 0.005
Stall = tuple[float, float, float, float]
"""Seconds since the last registration; ms that the answer took; of these on a CPU, and waiting for one."""


def schedule(pid: int) -> tuple[float, float]:
    """Milliseconds that the main thread was on a CPU, and was ready but waited for one."""
    with open(f"/proc/{pid}/task/{pid}/schedstat") as file:
        ran, waited, _ = map(int, file.read().split())
    return ran / 1e6, waited / 1e6


def probe(address: str, pid: int, seconds: float, stall: float) -> None:
    """Ask one node every 5 ms; print the number of answers, then its stalls."""
    question = instance_list(seeded_name(0))
    began, stalls, count = time.monotonic(), [], 0
    with Connection(address, 30.0) as connection:
        while (now := time.monotonic()) < began + seconds:
            ran, waited = schedule(pid)
            if connection.ask(question)[0] != 200:
                raise SystemExit("refused")
            took = 1000 * (time.monotonic() - now)
            count += 1
            if took > stall:
                ran_now, waited_now = schedule(pid)
                stalls.append((now - began, took, ran_now - ran, waited_now - waited))
            time.sleep(max(0.0, now + PERIOD - time.monotonic()))
    print(count)
    for each in stalls:
        print(*each)


def watch(found: nodes.Nodes, seconds: float, stall: float) -> list[tuple[int, list[Stall]]]:
    """Probe all nodes at the same time; of each the number of answers and the stalls."""
    probes = [
        subprocess.Popen(
            [sys.executable, __file__, "--probe", address, str(pid), str(seconds), str(stall)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for address, pid in zip(found.addresses, found.pids, strict=True)
    ]
    answers = []
    for each in probes:
        lines = each.communicate()[0].split("\n")
        stalls = [tuple(map(float, line.split())) for line in lines[1:] if line]
        answers.append((int(lines[0]), stalls))
    return answers  # type: ignore[return-value]


def rows(found: nodes.Nodes, watched: Sequence[tuple[int, list[Stall]]], shown: int) -> list[list[object]]:
    """The longest stalls of each node."""
    leader = found.leader().address
    lines: list[list[object]] = []
    for address, (count, stalls) in zip(found.addresses, watched, strict=True):
        name = f"{address}{' (leader)' if address == leader else ''}"
        longest = sorted(sorted(stalls, key=lambda each: -each[2])[:shown])
        lines.append([name, f"{len(stalls)} of {count}", "", "", "", ""])
        lines += [["", "", *(f"{value:.1f}" for value in each)] for each in longest]
    return lines


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["--probe"]:
        probe(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--services", type=int, default=5000)
    parser.add_argument("--instances", type=int, default=10)
    parser.add_argument("--spread", action="store_true", help="leases as the registrations came")
    parser.add_argument("--seconds", type=float, default=38.0)
    parser.add_argument("--stall", type=float, default=20.0, help="ms from which an answer is one")
    parser.add_argument("--shown", type=int, default=8, help="stalls of each node in the table")
    arguments = parser.parse_args()
    with nodes.started(arguments.nodes) as found:
        began = time.monotonic()
        seed(found.addresses[0], arguments.services, arguments.instances)
        print(
            f"{arguments.services * arguments.instances} registered in {time.monotonic() - began:.1f} s\n", flush=True
        )
        if not arguments.spread:
            leader = found.leader()
            leader.end()
            found.start([leader])
        watched = watch(found, arguments.seconds, arguments.stall)
        head = ["node", "stalls", "at s", "took ms", "on CPU ms", "waited ms"]
        print(nodes.table(head, rows(found, watched, arguments.shown)))
        with Connection(found.addresses[0]) as connection:
            left = json_of(connection.ask(get(f"{NAMING}/operator/metrics", onlyStatus="false")))["instanceCount"]
        print(f"\n{left} instances left")


if __name__ == "__main__":
    main()
