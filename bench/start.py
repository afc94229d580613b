"""
How long nodes take to start, and what memory they take.

    python bench/start.py [--rounds 5]
    python bench/start.py --fresh 100

Times are taken from the call of bin/startup.sh, with the server installed:

 - first answer: one node that stands alone, until it lists the instances of a service;
 - first write: three nodes started at once in new homes, until a persistent instance, which takes a majority, is
   registered at one of them.

Memory is resident, at rest (3 s after that) and with 10,000 instances of 1,000 services.

C{--fresh N} starts N clusters of three nodes in new homes, one after the other; each must take a write, and list it on
all three nodes.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time

import nodes
from wire import Connection, addresses_in, instance_list, register, seed

IP = "10.0.0.1"
TAKEN = "is taken by another process"


def until(address: str, request: bytes, began: float, limit: float = 30.0) -> float:
    """Seconds since C{began} when the node has answered a request with success; SystemExit if it never does."""
    connection = Connection(address, 6.0)
    while time.monotonic() < began + limit:
        with contextlib.suppress(OSError):
            if connection.ask(request)[0] == 200:
                connection.close()
                return time.monotonic() - began
        time.sleep(0.005)
    raise SystemExit(f"{address} has not answered with success within {limit} s")


def launch(found: nodes.Nodes) -> tuple[float, list[subprocess.Popen[str]]]:
    """Start all nodes at once: when that was, and the running scripts."""
    began = time.monotonic()
    return began, [node.launch() for node in found.all]


def finish(scripts: list[subprocess.Popen[str]]) -> None:
    """Wait for the scripts."""
    for script in scripts:
        output = script.communicate()[0]
        if script.returncode:
            raise SystemExit(f"startup.sh: {output}")


def measure(count: int) -> list[float]:
    """
    Start one node or a cluster.

    @return: seconds to the first answer or write; MB at rest; MB with 10,000 instances (of the largest node).
    """
    found = nodes.Nodes(count)
    try:
        began, scripts = launch(found)
        request = instance_list("first") if count == 1 else register("first", IP, ephemeral=False)
        seconds = until(found.addresses[0], request, began)
        finish(scripts)
        time.sleep(3)
        resting = max(map(nodes.resident, found.pids))
        seed(found.addresses[0], 1000, 10)
        time.sleep(1)
        return [seconds, resting, max(map(nodes.resident, found.pids))]
    finally:
        found.close()


def fresh() -> float:
    """
    Start a new cluster, write, read that on all nodes, and see that all agree on a leader.

    @return: the seconds that all this took; SystemExit if it does not work.
    """
    found = nodes.Nodes(3)
    try:
        began, scripts = launch(found)
        until(found.addresses[0], register("first", IP, ephemeral=False), began)
        finish(scripts)
        for address in found.addresses:
            with Connection(address) as connection:
                nodes.wait_for(
                    lambda ask=connection.ask: (IP, 8080) in addresses_in(ask(instance_list("first"))),
                    f"{address} to list it",
                    5,
                )
        found.leader()
        return time.monotonic() - began
    finally:
        found.close()


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fresh", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    nodes.install()
    if not arguments.fresh:
        rows = []
        for name, count in (("one node, first answer", 1), ("three nodes, first write", 3)):
            found = list(zip(*[measure(count) for _ in range(arguments.rounds)], strict=True))
            times = f"{nodes.percentile(found[0], 0.5):.2f}", f"{max(found[0]):.2f}"
            rows.append([name, *times, f"{max(found[1]):.0f}", f"{max(found[2]):.0f}"])
        print(nodes.table(["start", "median s", "longest s", "MB at rest", "MB with 10,000 instances"], rows))
        return 0
    times: list[float] = []
    failures: list[str] = []
    number = 0
    while number < arguments.fresh:
        try:
            times.append(fresh())
        except SystemExit as error:
            if TAKEN in str(error):
                continue  # by somebody else, since it was found free: nothing that was measured here
            failures.append(f"start {number}: {error}")
            print(failures[-1], file=sys.stderr, flush=True)
        number += 1
    median, longest = nodes.percentile(times, 0.5), max(times, default=float("nan"))
    head = ["fresh starts", "failed", "median s", "longest s"]
    print(nodes.table(head, [[arguments.fresh, len(failures), f"{median:.2f}", f"{longest:.2f}"]]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
